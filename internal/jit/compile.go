package jit

import (
	"math"
	"slices"
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
// registers as a cache of values, streams and splats. It knows operands by
// number, see id; 0 is none.
type compiler struct {
	asm
	block  *Block
	uses   [][]int // of operands: instructions yet to come that read them, in order
	stores [][]int // of instructions: streams that take the result
	same   [][]int // of streams that are written: streams that are the same array
	at     int     // instruction being compiled
	reg    [16]int // operand that each register holds
	where  []int   // register that holds an operand, -1 for none
	slot   []int   // table entry that an operand is spilled to, -1 for none
	pinned [16]bool
	spills int
	dirty  []bool // of streams: written, the old elements are gone
}

// id numbers the operands of a block: values, streams, splats.
func (c *compiler) id(a Operand) int {
	switch a.Kind {
	case Value:
		return 1 + a.Index
	case Stream:
		return 1 + len(c.block.Instrs) + a.Index
	}
	return 1 + len(c.block.Instrs) + c.block.Streams + a.Index
}

// isStream returns the number of the stream that an operand is.
func (c *compiler) isStream(a int) (int, bool) {
	s := a - 1 - len(c.block.Instrs)
	return s, s >= 0 && s < c.block.Streams
}

// isSplat returns the number of the splat that an operand is.
func (c *compiler) isSplat(a int) (int, bool) {
	s := a - 1 - len(c.block.Instrs) - c.block.Streams
	return s, s >= 0
}

func newCompiler(b *Block, double bool) *compiler {
	n := 1 + len(b.Instrs) + b.Streams + b.Splats
	c := &compiler{asm: asm{double: double, b: make([]byte, 0, 64+24*len(b.Instrs))}, block: b}
	c.uses, c.where, c.slot = make([][]int, n), slices.Repeat([]int{-1}, n), slices.Repeat([]int{-1}, n)
	c.stores, c.same, c.dirty = make([][]int, len(b.Instrs)), make([][]int, b.Streams), make([]bool, b.Streams)
	for i, in := range b.Instrs {
		for _, a := range in.Args[:in.Code.Arity()] {
			c.uses[c.id(a)] = append(c.uses[c.id(a)], i)
		}
	}
	for _, s := range b.Stores {
		c.stores[s.Instr] = append(c.stores[s.Instr], s.Stream)
	}
	for _, p := range b.Same {
		c.same[p[1]] = append(c.same[p[1]], p[0])
	}
	return c
}

func compile(b *Block, double bool) (code []byte, spills int) {
	c := newCompiler(b, double)
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
	var args, x [3]int // operands, and the registers that hold them
	n := in.Code.Arity()
	last := n - 1
	for k, a := range in.Args[:n] {
		args[k] = c.id(a)
		// The last operand of a plain operation may come from memory.
		if k == last && n == 2 && c.plain(in.Code) {
			if r := c.where[args[k]]; r >= 0 {
				c.pinned[r] = true
			}
			break
		}
		x[k] = c.fetch(args[k])
		c.pinned[x[k]] = true
	}
	dst := c.fresh()
	c.pinned[dst] = true
	c.emit(in.Code, dst, x, args[1])
	for _, a := range args[:n] {
		c.release(a)
	}
	v := c.id(Operand{Value, i})
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

// emit writes the instructions of a primitive of the registers x. The operand
// second need not be in a register if the primitive is plain.
func (c *compiler) emit(code kernel.Code, dst int, x [3]int, second int) {
	pp := c.pp()
	fixed := func(k int) mem { return mem{rsi, -1, int32(k * vector)} }
	switch code {
	case kernel.Add, kernel.Sub, kernel.Mul, kernel.Div:
		op := plainOps[code]
		if r := c.where[second]; r < 0 && c.lastUse(second) {
			c.rm(op, pp, dst, x[0], c.memory(second))
		} else {
			c.rr(op, pp, dst, x[0], c.fetch(second))
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
func (c *compiler) fetch(a int) int {
	if r := c.where[a]; r >= 0 {
		return r
	}
	r := c.fresh()
	c.rm(vMovLoad, c.pp(), r, 0, c.memory(a))
	c.hold(r, a)
	return r
}

// inMemory reports whether an operand can be read from memory.
func (c *compiler) inMemory(a int) bool {
	stream, isStream := c.isStream(a)
	_, isSplat := c.isSplat(a)
	return c.slot[a] >= 0 || isSplat || isStream && !c.dirty[stream]
}

// memory returns where in memory an operand is. It may take rax for the
// address, so the next instruction must be the one that uses it.
func (c *compiler) memory(a int) mem {
	if s := c.slot[a]; s >= 0 {
		return c.spillSlot(s)
	}
	if s, ok := c.isSplat(a); ok {
		return mem{rsi, -1, int32((fixedCount + s) * vector)}
	}
	if s, ok := c.isStream(a); ok && !c.dirty[s] {
		return c.stream(s)
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
		if c.dirty[read] {
			continue
		}
		if a := c.id(Operand{Stream, read}); !c.lastUse(a) {
			c.fetch(a)
		}
		c.dirty[read] = true
	}
	c.rm(vMovStore, c.pp(), r, 0, c.stream(stream))
}

func (c *compiler) hold(r, a int) {
	c.reg[r] = a
	c.where[a] = r
}

// drop empties a register.
func (c *compiler) drop(r int) {
	c.where[c.reg[r]] = -1
	c.reg[r] = 0
}

// nextUse returns the next instruction after the current that reads a.
func (c *compiler) nextUse(a int) int {
	left := c.uses[a]
	for len(left) > 0 && left[0] <= c.at {
		left = left[1:]
	}
	c.uses[a] = left
	if len(left) == 0 {
		return math.MaxInt
	}
	return left[0]
}

func (c *compiler) lastUse(a int) bool { return c.nextUse(a) == math.MaxInt }

// release forgets an operand that no later instruction reads.
func (c *compiler) release(a int) {
	if r := c.where[a]; r >= 0 && c.lastUse(a) {
		c.drop(r)
	}
}

// fresh returns a free register, making one by giving up the operand that is
// needed last; one that cannot be read again is spilled.
func (c *compiler) fresh() int {
	best, far := -1, -1
	for r, a := range c.reg {
		if c.pinned[r] {
			continue
		}
		if a == 0 {
			return r
		}
		if u := c.nextUse(a); u > far {
			best, far = r, u
		}
	}
	if a := c.reg[best]; !c.inMemory(a) {
		c.slot[a] = c.spills
		c.spills++
		c.rm(vMovStore, c.pp(), best, 0, c.spillSlot(c.slot[a]))
	}
	c.drop(best)
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
