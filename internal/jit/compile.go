package jit

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// The frame that code reads: how many bytes of whole vectors to do, the table,
// the mask of the elements that are left (their bits, or without opmasks its
// address; 0 if there are none), and the address of each stream,
// column and place for the chains of a sum. The table has entries of one vector each: fixed numbers, the
// block's splats, what is known of those that are divisors, and spilled
// registers.
const (
	frameBytes   = 0
	frameTable   = 8
	frameMask    = 16
	frameStreams = 24 // and then of each column and sum, and how many parts of the row are left
	frameWords   = frameStreams / 8
)

// streamRegs hold the addresses of the first streams; the others are fetched
// from the frame each time. rax is for that, rcx, rdx, rsi and rdi are the
// loop's.
var streamRegs = []int{rbx, r8, r9, r10, r11, r12, r13, r14, r15}

// compiler turns a block into micros and those into code, one at a time, with
// the vector registers as a cache of values, streams and table entries. It
// knows operands by number, see id; 0 is none.
type compiler struct {
	asm
	block       *Block
	divisors    []int32 // of splats: number among the divisors, or -1
	numDivisors int
	operands    []operand
	micros      []micro
	at          int       // micro being compiled
	reg         [32]int32 // operand that each register holds
	free        uint32    // registers that hold none
	pinned      uint32    // registers that must stay
	spills      int
	mostSpills  int
	same        []int32 // of streams that are written: 1 + the first pair in block.Same
	sameNext    []int32 // of pairs: 1 + the next of the stream
	slow        []slowPath
	masked      bool // the tail is compiled, not the loop
	turn        int  // of the vectors that a sum's chains are, the one that is compiled
}

// operand is what is known of one.
type operand struct {
	kind  OperandKind // Splat: any table entry
	dirty bool        // a stream: written, the old elements are gone
	reg   int8        // register that holds it, -1 for none
	index int32       // stream or table entry
	slot  int32       // table entry that it is spilled to, -1 for none
	next  int32       // the micro yet to come that reads it, or never
	uses  int32       // reads in all, of table entries
}

const never = math.MaxInt32

// slowPath is a division that guards jump to.
type slowPath struct {
	jump, back int // ends of the jump there, and of the guard
	dst, x     int
	divisor    mem
}

// id numbers the operands of a block: values, streams, table entries.
func (c *compiler) id(a Operand) int32 {
	switch a.Kind {
	case Value:
		return int32(1 + a.Index)
	case Stream:
		return int32(1 + len(c.block.Instrs) + a.Index)
	case Column:
		return c.column(a.Index)
	}
	return c.entry(fixedCount + a.Index)
}

func (c *compiler) entry(e int) int32 {
	return int32(1 + len(c.block.Instrs) + c.block.Streams + e)
}

// column is the entry that has a column's element of the row.
func (c *compiler) column(i int) int32 {
	return c.entry(fixedCount + c.block.Splats + c.numDivisors*divEntries + i)
}

// entries returns how many there are before spilled registers.
func (c *compiler) entries() int {
	return fixedCount + c.block.Splats + c.numDivisors*divEntries + c.block.Columns
}

func newCompiler(b *Block, a asm) *compiler {
	c := &compiler{asm: a, block: b}
	c.findDivisors()
	n, entries := len(b.Instrs), c.entries()
	c.operands = make([]operand, 1+n+b.Streams+entries, 1+2*n+b.Streams+entries)
	c.micros = make([]micro, 0, 2*n+len(b.Stores))
	for i := range c.operands {
		o := &c.operands[i]
		*o = operand{kind: Value, reg: -1, slot: -1, next: never}
		if e := i - int(c.entry(0)); e >= 0 {
			o.kind, o.index = Splat, int32(e)
		} else if s := i - 1 - n; s >= 0 {
			o.kind, o.index = Stream, int32(s)
		}
	}
	c.same, c.sameNext = make([]int32, b.Streams), make([]int32, len(b.Same))
	for i, p := range b.Same {
		c.sameNext[i] = c.same[p[1]]
		c.same[p[1]] = int32(1 + i)
	}
	return c
}

// compiled is the code of a block.
type compiled struct {
	code     []byte
	at       int     // where the code is, once it has been added to pages
	vector   int     // bytes
	entries  int     // of the table
	divisors []int32 // of splats: the first of their entries as divisors, or -1
}

func compile(b *Block, a asm) compiled {
	c := newCompiler(b, a)
	c.lower()
	hoisted := c.hoistable()
	loop, tail := b.needs(c.lanes())
	c.b = make([]byte, 0, 64+12*len(c.micros)*int(flag(loop)+flag(tail)))
	c.load(rcx, mem{rdi, -1, frameBytes})
	c.load(rsi, mem{rdi, -1, frameTable})
	for i := range min(b.Streams, len(streamRegs)) {
		c.load(streamRegs[i], mem{rdi, -1, frameStreams + 8*int32(i)})
	}
	c.b = append(c.b, 0x31, 0xd2) // xor edx, edx
	c.hoist(hoisted)
	if b.Row > 0 {
		c.rows()
	} else {
		c.vectors(loop, tail)
	}
	c.b = append(c.b, 0xc3) // ret
	for _, s := range c.slow {
		c.land(s.jump)
		c.rm(&vDiv, s.dst, s.x, s.divisor)
		c.jump(jmp, s.back)
	}
	for i, d := range c.divisors {
		if d >= 0 {
			c.divisors[i] = int32(c.divEntry(int(d)))
		}
	}
	return compiled{code: c.b, vector: c.vector(), entries: c.entries() + c.mostSpills, divisors: c.divisors}
}

// vectors compiles the loop over whole vectors and the tail, as far as they are needed.
func (c *compiler) vectors(loop, tail bool) {
	if loop {
		c.loop()
	}
	if loop && tail {
		c.link() // once more from the first micro
	}
	if tail {
		c.tail()
	}
}

// rows compiles the loop over rows around the loop over vectors. Before each row it
// fills a vector with the element of each column.
func (c *compiler) rows() {
	per, size := c.lanes(), c.vector()/c.lanes()
	whole, left := c.block.Row/per*c.vector(), c.block.Row%per*size
	top := len(c.b)
	for i := range c.block.Columns {
		a := c.column(i)
		if c.operands[a].uses == 0 {
			continue
		}
		at := frameStreams + 8*(c.block.Streams+i)
		c.load(rax, mem{rdi, -1, int32(at)})
		if r := int(c.operands[a].reg); r >= 0 { // for good
			c.rm(&vBroadcast, r, 0, mem{rax, -1, 0})
		} else {
			r = c.fresh()
			c.rm(&vBroadcast, r, 0, mem{rax, -1, 0})
			c.rm(&vMovStore, r, 0, c.memory(a))
			c.free |= 1 << r
		}
		c.b = append(c.b, 0x48, 0x83, 0x87) // add qword [rdi+at], size
		c.b = binary.LittleEndian.AppendUint32(c.b, uint32(at))
		c.b = append(c.b, byte(size))
	}
	if len(c.block.Sums) > 0 {
		c.parts()
	} else {
		c.until(whole)
		c.vectors(whole > 0, left > 0)
	}
	if left > 0 {
		c.addImm(rdx, left)
	}
	c.b = append(c.b, 0x48, 0x3b, 0x17) // cmp rdx, [rdi]
	c.jump(jb, top)
}

// until makes the loop end after so many bytes.
func (c *compiler) until(bytes int) {
	c.b = append(c.b, 0x48, 0x8d, 0x8a) // lea rcx, [rdx+bytes]
	c.b = binary.LittleEndian.AppendUint32(c.b, uint32(bytes))
}

// loop compiles the loop over whole vectors; there may be none.
func (c *compiler) loop() {
	c.b = append(c.b, testRCX...)
	none := c.jump(je, 0)
	top := len(c.b)
	c.step()
	for c.turn = 1; c.turn < c.turns(); c.turn++ {
		c.link()
		c.step()
	}
	c.turn = 0
	c.b = append(c.b, 0x48, 0x39, 0xca) // cmp rdx, rcx
	c.jump(jb, top)
	c.land(none)
}

// step compiles the body for a vector.
func (c *compiler) step() {
	c.body()
	c.b = append(c.b, 0x48, 0x83, 0xc2, byte(c.vector())) // add rdx, vector
}

// tail compiles the body once more, for the elements that are left. Streams are
// read and written through a mask, in k2 or at rcx.
func (c *compiler) tail() {
	c.load(rcx, mem{rdi, -1, frameMask})
	c.b = append(c.b, testRCX...)
	none := c.jump(je, 0)
	if c.wide {
		c.b = append(c.b, 0xc5, 0xf8, 0x92, 0xd1) // kmovw k2, ecx
	}
	c.masked = true
	c.body()
	c.land(none)
}

func (c *compiler) body() {
	for i := range c.micros {
		c.at = i
		c.micro(&c.micros[i])
	}
}

// lower makes the micros: each instruction's, and then its stores.
func (c *compiler) lower() {
	stores := c.block.Stores
	if !slices.IsSortedFunc(stores, byInstr) {
		stores = slices.Clone(stores)
		slices.SortStableFunc(stores, byInstr)
	}
	for i := range c.block.Streams {
		c.accumulate(Operand{Stream, i})
	}
	for i := range c.block.Instrs {
		c.primitive(i)
		c.accumulate(Operand{Value, i})
		for len(stores) > 0 && stores[0].Instr == i {
			c.add(micro{op: &vMovStore, form: store, dst: int32(stores[0].Stream), args: [3]int32{0, c.id(Operand{Value, i})}})
			stores = stores[1:]
		}
	}
}

func byInstr(a, b Store) int { return cmp.Compare(a.Instr, b.Instr) }

// link finds the next reader of every operand, as it is before the first micro.
func (c *compiler) link() {
	for i := range c.operands {
		o := &c.operands[i]
		o.dirty, o.slot, o.next = false, -1, never
	}
	c.spills = 0
	for i := len(c.micros) - 1; i >= 0; i-- {
		m := &c.micros[i]
		for k, a := range m.args {
			m.next[k] = c.operands[a].next
		}
		for _, a := range m.args {
			c.operands[a].next = int32(i)
		}
	}
	c.operands[0] = operand{reg: -1}
}

// hoistable links the micros and returns the table entries that can stay in
// registers: those read most, as many as registers are left where most are in
// use.
func (c *compiler) hoistable() (hoisted []int32) {
	c.link()
	for i := range c.micros {
		for _, a := range c.micros[i].args {
			c.operands[a].uses++
		}
	}
	for a := c.entry(0); a < c.entry(c.entries()); a++ {
		if c.operands[a].uses > 0 {
			hoisted = append(hoisted, a)
		}
	}
	slices.SortStableFunc(hoisted, func(a, b int32) int { return cmp.Compare(c.operands[b].uses, c.operands[a].uses) })
	const least = 6 // registers for one micro: its operands, its result and more
	left := c.registers() - c.accumulators() - max(c.pressure()+1, least)
	return hoisted[:min(len(hoisted), max(left, 0))]
}

// pressure returns how many values and streams are wanted at the same time.
func (c *compiler) pressure() int {
	live, most := 0, 0
	for i := range c.micros {
		m := &c.micros[i]
		for k, a := range m.args {
			// A stream is wanted from its first reader on.
			if o := &c.operands[a]; o.kind == Stream && o.next == int32(i) && !slices.Contains(m.args[:k], a) {
				live++
			}
		}
		most = max(most, live)
		for k, a := range m.args {
			if o := &c.operands[a]; (o.kind == Stream || o.kind == Value) && m.next[k] == never && !slices.Contains(m.args[:k], a) {
				live--
			}
		}
		if m.form != store && m.form != accumulate && m.dst != 0 && c.operands[m.dst].next != never {
			live++
		}
		most = max(most, live)
	}
	return most
}

// hoist loads table entries for the whole loop.
func (c *compiler) hoist(entries []int32) {
	c.free = uint32(1<<(c.registers()-c.accumulators()) - 1)
	for i, a := range entries {
		r := c.registers() - 1 - c.accumulators() - i
		c.rm(&vMovLoad, r, 0, c.memory(a))
		c.operands[a].reg = int8(r)
		c.free &^= 1 << r
	}
}
