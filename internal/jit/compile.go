package jit

import (
	"math"
	"unsafe"

	"descent/internal/kernel"
)

// The frame that code reads: how many bytes to do, the table of splats, and
// the address of each stream. Fixed numbers come first in the table, then the
// block's splats, then spilled registers.
const (
	frameBytes   = 0
	frameTable   = 8
	frameStreams = 16
)

// Fixed entries of the table, one vector each.
const (
	fixedSign = iota // only the sign bit
	fixedAbs         // all but the sign bit
	fixedOne         // 1
	fixedZero        // 0
	fixedCount
)

const vector = 32 // bytes

// streamRegs hold the addresses of the first streams; the others are fetched
// from the frame each time. rax is for that, rcx, rdx, rsi and rdi are the
// loop's.
var streamRegs = []int{rbx, r8, r9, r10, r11, r12, r13, r14, r15}

// compiler turns a block into code, a value at a time, with the sixteen vector
// registers as a cache of values, streams and splats.
type compiler struct {
	asm
	block  *Block
	uses   map[Operand][]int // instructions yet to come that read an operand, in order
	stores map[int][]int     // streams that take the result of an instruction
	same   map[int][]int     // streams that are one array with a stream that is written
	at     int               // instruction being compiled
	reg    [16]Operand       // what each register holds
	where  map[Operand]int
	slot   map[Operand]int // spilled to this table entry
	pinned [16]bool
	spills int
	dirty  map[Operand]bool // written: the stream's old elements are gone
}

func compile(b *Block, double bool) (code []byte, spills int) {
	c := &compiler{asm: asm{double: double}, block: b, uses: map[Operand][]int{}, stores: map[int][]int{}, same: map[int][]int{}, where: map[Operand]int{}, slot: map[Operand]int{}, dirty: map[Operand]bool{}}
	for i, in := range b.Instrs {
		for _, a := range in.Args[:in.Code.Arity()] {
			c.uses[a] = append(c.uses[a], i)
		}
	}
	for _, s := range b.Stores {
		c.stores[s.Instr] = append(c.stores[s.Instr], s.Stream)
	}
	for _, p := range b.Same {
		c.same[p[1]] = append(c.same[p[1]], p[0])
	}
	c.load(rcx, mem{rdi, -1, frameBytes})
	c.load(rsi, mem{rdi, -1, frameTable})
	for i := range min(b.Streams, len(streamRegs)) {
		c.load(streamRegs[i], mem{rdi, -1, frameStreams + 8*int32(i)})
	}
	c.b = append(c.b, 0x31, 0xd2) // xor edx, edx
	top := len(c.b)
	for i := range b.Instrs {
		c.at = i
		c.instr(i)
	}
	c.loop(top)
	c.b = append(c.b, 0xc3) // ret
	return c.b, c.spills
}

func (c *compiler) instr(i int) {
	in := &c.block.Instrs[i]
	c.pinned = [16]bool{}
	var x [3]int
	n := in.Code.Arity()
	last := n - 1
	for k, a := range in.Args[:n] {
		// The last operand of a plain operation may come from memory.
		if r, ok := c.where[a]; k == last && n == 2 && c.plain(in.Code) {
			if ok {
				c.pinned[r] = true
			}
			break
		}
		x[k] = c.fetch(a)
		c.pinned[x[k]] = true
	}
	dst := c.fresh()
	c.pinned[dst] = true
	c.emit(in, dst, x)
	for _, a := range in.Args[:n] {
		c.release(a)
	}
	v := Operand{Value, i}
	c.hold(dst, v)
	for _, s := range c.stores[i] {
		c.store(s, dst)
	}
	c.release(v)
}

// plain reports whether a primitive is one instruction of two operands.
func (c *compiler) plain(code kernel.Code) bool {
	_, ok := plainOps[code]
	return ok
}

var plainOps = map[kernel.Code]vop{kernel.Add: vAdd, kernel.Sub: vSub, kernel.Mul: vMul, kernel.Div: vDiv}

func (c *compiler) emit(in *Instr, dst int, x [3]int) {
	pp := c.pp()
	fixed := func(k int) mem { return mem{rsi, -1, int32(k * vector)} }
	switch in.Code {
	case kernel.Add, kernel.Sub, kernel.Mul, kernel.Div:
		op := plainOps[in.Code]
		if r, ok := c.where[in.Args[1]]; ok {
			c.rr(op, pp, dst, x[0], r)
		} else if c.lastUse(in.Args[1]) {
			c.rm(op, pp, dst, x[0], c.memory(in.Args[1]))
		} else {
			c.rr(op, pp, dst, x[0], c.fetch(in.Args[1]))
		}
	case kernel.Neg:
		c.rm(vXor, pp, dst, x[0], fixed(fixedSign))
	case kernel.Abs:
		c.rm(vAnd, pp, dst, x[0], fixed(fixedAbs))
	case kernel.Sqrt:
		c.rr(vSqrt, pp, dst, 0, x[0])
	case kernel.Floor:
		c.round(dst, x[0], roundFloor)
	case kernel.Ceil:
		c.round(dst, x[0], roundCeil)
	case kernel.Round:
		c.round(dst, x[0], roundEven)
	case kernel.Lt:
		c.compare(dst, x[0], x[1], cmpLtOQ)
	case kernel.Le:
		c.compare(dst, x[0], x[1], cmpLeOQ)
	case kernel.Eq:
		c.compare(dst, x[0], x[1], cmpEqOQ)
	case kernel.Ne:
		c.compare(dst, x[0], x[1], cmpNeqUQ)
	case kernel.Min:
		c.extreme(vMin, vOr, dst, x[0], x[1])
	case kernel.Max:
		c.extreme(vMax, vAnd, dst, x[0], x[1])
	case kernel.Where:
		c.rm(vCmp, pp, dst, x[0], fixed(fixedZero), cmpNeqUQ)
		blend := byte(0x4a) // vblendvps
		if c.double {
			blend = 0x4b
		}
		c.rr(vop{3, blend}, 1, dst, x[2], x[1], byte(dst)<<4)
	case kernel.Sign:
		t := c.temporary()
		c.rr(vXor, pp, t, t, t)
		c.rr(vCmp, pp, dst, t, x[0], cmpLtOQ) // 0 < x
		c.rr(vCmp, pp, t, x[0], t, cmpLtOQ)   // x < 0
		c.rm(vAnd, pp, dst, dst, fixed(fixedOne))
		c.rm(vAnd, pp, t, t, fixed(fixedOne))
		c.rr(vSub, pp, dst, dst, t)
		c.rr(vCmp, pp, t, x[0], x[0], cmpUnordQ)
		c.rr(vOr, pp, dst, dst, t)
	}
}

// round rounds to an integer; its opcode differs by element type.
func (c *compiler) round(dst, x int, mode byte) {
	op := byte(0x08)
	if c.double {
		op = 0x09
	}
	c.rr(vop{3, op}, 1, dst, 0, x, mode)
}

// compare makes 1 or 0.
func (c *compiler) compare(dst, x, y int, predicate byte) {
	c.rr(vCmp, c.pp(), dst, x, y, predicate)
	c.rm(vAnd, c.pp(), dst, dst, mem{rsi, -1, fixedOne * vector})
}

// extreme makes the smaller or larger: the machine's instruction returns its
// second operand for NaN and for zeros of unlike sign, so both orders are
// joined (or keeps -0, and keeps +0), and NaN is put in where there was one.
func (c *compiler) extreme(op, join vop, dst, x, y int) {
	pp, t := c.pp(), c.temporary()
	c.rr(op, pp, dst, x, y)
	c.rr(op, pp, t, y, x)
	c.rr(join, pp, dst, dst, t)
	c.rr(vCmp, pp, t, x, y, cmpUnordQ)
	c.rr(vOr, pp, dst, dst, t)
}

// fetch brings an operand into a register.
func (c *compiler) fetch(a Operand) int {
	if r, ok := c.where[a]; ok {
		return r
	}
	r := c.fresh()
	c.rm(vMovLoad, c.pp(), r, 0, c.memory(a))
	c.hold(r, a)
	return r
}

// inMemory reports whether an operand can be read from memory.
func (c *compiler) inMemory(a Operand) bool {
	_, spilled := c.slot[a]
	return spilled || a.Kind == Splat || a.Kind == Stream && !c.dirty[a]
}

// memory returns where in memory an operand is. It may take rax for the
// address, so the next instruction must be the one that uses it.
func (c *compiler) memory(a Operand) mem {
	if s, ok := c.slot[a]; ok {
		return c.spillSlot(s)
	}
	switch {
	case a.Kind == Splat:
		return mem{rsi, -1, int32((fixedCount + a.Index) * vector)}
	case a.Kind == Stream && !c.dirty[a]:
		return c.stream(a.Index)
	}
	panic("jit: operand is nowhere")
}

func (c *compiler) spillSlot(s int) mem {
	return mem{rsi, -1, int32((fixedCount + c.block.Splats + s) * vector)}
}

func (c *compiler) stream(i int) mem {
	if i < len(streamRegs) {
		return mem{streamRegs[i], rdx, 0}
	}
	c.load(rax, mem{rdi, -1, frameStreams + 8*int32(i)})
	return mem{rax, rdx, 0}
}

// store writes a result to a stream. Elements of the same array that later
// instructions still want are brought to a register first.
func (c *compiler) store(stream, r int) {
	for _, read := range c.same[stream] {
		a := Operand{Stream, read}
		if c.dirty[a] {
			continue
		}
		if c.nextUse(a) < math.MaxInt {
			c.fetch(a)
		}
		c.dirty[a] = true
	}
	c.rm(vMovStore, c.pp(), r, 0, c.stream(stream))
}

func (c *compiler) hold(r int, a Operand) {
	c.reg[r] = a
	c.where[a] = r
}

// nextUse returns the next instruction after the current that reads a.
func (c *compiler) nextUse(a Operand) int {
	left := c.uses[a]
	if len(left) == 0 {
		return math.MaxInt
	}
	if left[0] > c.at {
		return left[0]
	}
	for len(left) > 0 && left[0] <= c.at {
		left = left[1:]
	}
	c.uses[a] = left
	return c.nextUse(a)
}

func (c *compiler) lastUse(a Operand) bool { return c.nextUse(a) == math.MaxInt }

// release forgets an operand that no later instruction reads.
func (c *compiler) release(a Operand) {
	if r, ok := c.where[a]; ok && c.lastUse(a) {
		delete(c.where, a)
		c.reg[r] = Operand{}
	}
}

// fresh returns a free register, making one by giving up the operand that is
// needed last; one that cannot be read again is spilled.
func (c *compiler) fresh() int {
	best, far := -1, -1
	for r := range c.reg {
		if c.pinned[r] {
			continue
		}
		if c.reg[r].Kind == None {
			return r
		}
		if u := c.nextUse(c.reg[r]); u > far {
			best, far = r, u
		}
	}
	a := c.reg[best]
	if !c.inMemory(a) {
		c.slot[a] = c.spills
		c.spills++
		c.rm(vMovStore, c.pp(), best, 0, c.spillSlot(c.slot[a]))
	}
	delete(c.where, a)
	c.reg[best] = Operand{}
	return best
}

// temporary returns a register for use within one instruction.
func (c *compiler) temporary() int {
	r := c.fresh()
	c.pinned[r] = true
	return r
}

// fillFixed writes the fixed entries of a table.
func fillFixed[T kernel.Float](table []T) {
	per := vector / int(unsafe.Sizeof(table[0]))
	set := func(k int, x T) {
		for i := range per {
			table[k*per+i] = x
		}
	}
	set(fixedSign, T(math.Copysign(0, -1)))
	set(fixedOne, 1)
	set(fixedZero, 0)
	switch t := any(table).(type) {
	case []float32:
		for i := range per {
			t[fixedAbs*per+i] = math.Float32frombits(0x7fffffff)
		}
	case []float64:
		for i := range per {
			t[fixedAbs*per+i] = math.Float64frombits(0x7fffffffffffffff)
		}
	}
}
