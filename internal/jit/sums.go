package jit

import (
	"encoding/binary"
	"unsafe"

	"descent/internal/kernel"
)

// The sums of a block's rows are made in registers: chains, to which the vectors of a
// row are added in turn. At the end of each part of a row (see [kernel.Chains]) they
// are written to where the sum's chains go.
const (
	groupLen = 16 // chains of a sum
	partLen  = 16 * groupLen
)

// MostSums is how many sums a block may have.
func MostSums[T kernel.Float]() int { return mostSums[T](kernel.Active()) }

func mostSums[T kernel.Float](isa kernel.ISA) int {
	switch {
	case unsafe.Sizeof(T(0)) != 4:
		return 0
	case isa >= kernel.AVX512:
		return 8
	}
	return 3 // of two registers each
}

// turns is how many vectors the chains of a sum are, which the loop does in turn.
func (c *compiler) turns() int {
	if len(c.block.Sums) == 0 {
		return 1
	}
	return groupLen / c.lanes()
}

// accumulators is how many registers, the last ones, have chains.
func (c *compiler) accumulators() int { return len(c.block.Sums) * c.turns() }

func (c *compiler) accumulator(sum, turn int) int {
	return c.registers() - 1 - sum*c.turns() - turn
}

// accumulate adds micros for the sums of an operand.
func (c *compiler) accumulate(a Operand) {
	for i, s := range c.block.Sums {
		if s == a {
			c.add(micro{op: &vAdd, form: accumulate, dst: int32(i), args: [3]int32{0, c.id(a)}})
		}
	}
}

// addToChains compiles an accumulate. In the tail the other elements are left out.
func (c *compiler) addToChains(m *micro) {
	acc, r := c.accumulator(int(m.dst), c.turn), c.fetch(m.args[1])
	switch {
	case !c.masked:
		c.rr(&vAdd, acc, acc, r)
	case c.wide:
		c.rr(&vAddTail, acc, acc, r)
	default:
		t := c.fresh()
		c.rm(&vAnd, t, r, mem{rcx, -1, 0})
		c.rr(&vAdd, acc, acc, t)
		c.free |= 1 << t
	}
	c.releaseAll(m)
}

// parts compiles a row: a loop over the parts that are whole, and the last one, which
// has what is behind the last whole group.
func (c *compiler) parts() {
	row, counter := c.block.Row, frameStreams+8*(c.block.Streams+c.block.Columns+len(c.block.Sums))
	whole := kernel.Chains(row) / groupLen
	if row%partLen != 0 {
		whole--
	}
	if whole > 0 {
		c.b = append(c.b, 0x48, 0xc7, 0x87) // mov qword [rdi+counter], whole
		c.b = binary.LittleEndian.AppendUint32(c.b, uint32(counter))
		c.b = binary.LittleEndian.AppendUint32(c.b, uint32(whole))
		top := len(c.b)
		c.part(partLen)
		c.b = append(c.b, 0x48, 0xff, 0x8f) // dec qword [rdi+counter]
		c.b = binary.LittleEndian.AppendUint32(c.b, uint32(counter))
		c.jump(jne, top)
	}
	if row%partLen != 0 {
		if whole > 0 {
			c.link()
		}
		c.part(row - whole*partLen)
	}
}

// part compiles a part of a row, n elements, and writes its chains.
func (c *compiler) part(n int) {
	size, rest := c.vector()/c.lanes(), n%groupLen
	for i := range c.accumulators() {
		acc := c.registers() - 1 - i
		c.rr(&vXor, acc, acc, acc)
	}
	first := true
	again := func() {
		if !first {
			c.link()
		}
		first = false
	}
	if n > rest {
		again()
		c.until((n - rest) * size)
		c.loop()
	}
	if rest >= c.lanes() {
		again()
		c.step()
		c.turn = 1
	}
	if rest%c.lanes() > 0 {
		again()
		c.tail()
		c.masked = false
	}
	c.turn = 0
	for i := range c.block.Sums {
		at := frameStreams + 8*(c.block.Streams+c.block.Columns+i)
		c.load(rax, mem{rdi, -1, int32(at)})
		for t := range c.turns() {
			c.rm(&vMovStore, c.accumulator(i, t), 0, mem{rax, -1, int32(t * c.vector())})
		}
		c.b = append(c.b, 0x48, 0x83, 0x87) // add qword [rdi+at], bytes of the chains
		c.b = binary.LittleEndian.AppendUint32(c.b, uint32(at))
		c.b = append(c.b, byte(groupLen*size))
	}
}
