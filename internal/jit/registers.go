package jit

import "math/bits"

// micro compiles one micro.
func (c *compiler) micro(m *micro) {
	for k, a := range m.args {
		c.operands[a].next = m.next[k]
	}
	c.pinned = 0
	switch m.form {
	case store:
		c.store(m)
	case accumulate:
		c.addToChains(m)
	case guardLanes, guardSplat:
		c.guard(m)
	case testMask:
		all := byte(0xff)
		if c.double {
			all = 0x0f
		}
		c.rr(m.op, rax, 0, c.fetch(m.args[1]))
		c.b = append(c.b, 0x3c, all) // cmp al, all
		c.releaseAll(m)
	default:
		c.compute(m)
	}
}

// compute compiles a micro that makes an operand or k1.
func (c *compiler) compute(m *micro) {
	x, y, third := m.args[0], m.args[1], m.args[2]
	if (m.op == &vAdd || m.op == &vMul) && c.operands[x].reg < 0 && c.operands[y].reg >= 0 {
		x, y = y, x
	}
	for _, a := range m.args {
		c.pin(a)
	}
	rx, r3 := 0, 0
	if x != 0 {
		rx = c.fetch(x)
	}
	if third != 0 {
		r3 = c.fetch(third)
	}
	last := c.operands[y].next == never
	ry := int(c.operands[y].reg)
	if ry < 0 && (c.throughMask(y) || !(c.inMemory(y) && (last || c.free == 0))) {
		ry = c.fetch(y)
	}
	dst := 1 // k1
	switch {
	case m.form == tied:
		dst = c.inPlaceOf(third)
	case m.dst != 0:
		c.releaseAll(m) // the machine reads all before it writes
		dst = c.fresh()
	}
	if ry >= 0 {
		c.rr(m.op, dst, rx, ry)
	} else {
		c.rm(m.op, dst, rx, c.memory(y))
	}
	if m.form == select4 {
		c.b = append(c.b, byte(r3)<<4)
	} else if m.imm != 0 {
		c.b = append(c.b, byte(m.imm))
	}
	c.releaseAll(m)
	if m.dst != 0 {
		c.result(dst, m.dst)
	}
}

// inPlaceOf returns a register that holds what a does, for good: a's own if
// nobody reads it later.
func (c *compiler) inPlaceOf(a int32) int {
	r := int(c.operands[a].reg)
	if c.operands[a].next == never && c.reg[r] == a {
		c.drop(r)
		c.free &^= 1 << r
		return r
	}
	dst := c.fresh()
	c.rr(&vMov, dst, 0, r)
	return dst
}

// guard compiles the test of a quotient.
func (c *compiler) guard(m *micro) {
	x, splat, sum := m.args[0], &c.operands[m.args[1]], m.args[2]
	c.pin(x)
	c.pin(sum)
	s := slowPath{x: c.fetch(x), divisor: c.tableEntry(splat.index)}
	c.fetch(sum)
	s.dst = c.inPlaceOf(sum)
	if m.form == guardLanes {
		if c.wide {
			c.b = append(c.b, 0xc5, 0xf8, 0x98, 0xc9) // kortestw k1, k1
		}
		s.jump = c.jump(jne, 0)
	} else {
		bound := c.divEntry(int(c.divisors[splat.index-fixedCount])) + divBound
		c.b = append(c.b, 0x80) // cmp byte [bound], 0xff
		c.address(7, c.tableEntry(int32(bound)), 0)
		c.b = append(c.b, 0xff)
		s.jump = c.jump(je, 0)
	}
	s.back = len(c.b)
	c.slow = append(c.slow, s)
	c.releaseAll(m)
	c.result(s.dst, m.dst)
}

// store writes a result to a stream. Elements of the same array that later
// instructions still want are brought to a register first.
func (c *compiler) store(m *micro) {
	r := c.fetch(m.args[1])
	for p := c.same[m.dst]; p != 0; p = c.sameNext[p-1] {
		a := c.id(Operand{Stream, c.block.Same[p-1][0]})
		if c.operands[a].dirty {
			continue
		}
		if c.operands[a].next != never {
			c.fetch(a)
		}
		c.operands[a].dirty = true
	}
	c.write(r, int(m.dst))
	c.releaseAll(m)
}

// write stores a register to a stream.
func (c *compiler) write(r, stream int) {
	switch {
	case !c.masked:
		c.rm(&vMovStore, r, 0, c.stream(stream))
	case c.wide:
		c.rm(&vMaskStoreK, r, 0, c.stream(stream))
	default:
		mask := c.fresh()
		c.rm(&vMovLoad, mask, 0, mem{rcx, -1, 0})
		c.rm(&vMaskStore, r, mask, c.stream(stream))
		c.free |= 1 << mask
	}
}

// throughMask reports whether an operand is read through the mask of a tail.
func (c *compiler) throughMask(a int32) bool {
	o := &c.operands[a]
	return c.masked && o.kind == Stream && o.slot < 0
}

func (c *compiler) pin(a int32) {
	if r := c.operands[a].reg; r >= 0 {
		c.pinned |= 1 << r
	}
}

// fetch brings an operand into a register, where it stays for this micro.
func (c *compiler) fetch(a int32) int {
	r := int(c.operands[a].reg)
	if r < 0 {
		r = c.fresh()
		switch {
		case !c.throughMask(a):
			c.rm(&vMovLoad, r, 0, c.memory(a))
		case c.wide:
			c.rm(&vMaskLoadK, r, 0, c.memory(a))
		default:
			c.rm(&vMovLoad, r, 0, mem{rcx, -1, 0})
			c.rm(&vMaskLoad, r, r, c.memory(a))
		}
		c.hold(r, a)
	}
	c.pinned |= 1 << r
	return r
}

// inMemory reports whether an operand can be read from memory.
func (c *compiler) inMemory(a int32) bool {
	o := &c.operands[a]
	return o.slot >= 0 || o.kind == Splat || o.kind == Stream && !o.dirty
}

// memory returns where in memory an operand is. It may take rax for the
// address, so the next instruction must be the one that uses it.
func (c *compiler) memory(a int32) mem {
	switch o := &c.operands[a]; {
	case o.slot >= 0:
		return c.tableEntry(o.slot)
	case o.kind == Splat:
		return c.tableEntry(o.index)
	case o.kind == Stream && !o.dirty:
		return c.stream(int(o.index))
	}
	panic("jit: operand is nowhere")
}

func (c *compiler) tableEntry(e int32) mem { return mem{rsi, -1, e * int32(c.vector())} }

func (c *compiler) stream(i int) mem {
	if i < len(streamRegs) {
		return mem{streamRegs[i], rdx, 0}
	}
	c.load(rax, mem{rdi, -1, frameStreams + 8*int32(i)})
	return mem{rax, rdx, 0}
}

func (c *compiler) hold(r int, a int32) {
	c.free &^= 1 << r
	c.reg[r] = a
	c.operands[a].reg = int8(r)
}

// result puts what a micro made where it is.
func (c *compiler) result(r int, a int32) {
	c.hold(r, a)
	if c.operands[a].next == never { // nobody reads it
		c.drop(r)
	}
}

// drop empties a register.
func (c *compiler) drop(r int) {
	c.operands[c.reg[r]].reg = -1
	c.reg[r] = 0
	c.free |= 1 << r
}

// releaseAll forgets the operands of m that no later micro reads.
func (c *compiler) releaseAll(m *micro) {
	for _, a := range m.args {
		o := &c.operands[a]
		if o.reg >= 0 && o.next == never && c.reg[o.reg] == a {
			c.drop(int(o.reg))
		}
	}
}

// fresh returns a free register, making one by giving up the operand that is
// needed last; one that cannot be read again is spilled.
func (c *compiler) fresh() int {
	if c.free != 0 {
		r := bits.TrailingZeros32(c.free)
		c.free &^= 1 << r
		return r
	}
	best, far := -1, int32(-1)
	for r, a := range c.reg {
		if a == 0 || c.pinned>>r&1 != 0 { // 0: kept for the loop
			continue
		}
		if u := c.operands[a].next; u > far {
			best, far = r, u
		}
	}
	a := c.reg[best]
	if !c.inMemory(a) {
		c.operands[a].slot = int32(c.entries() + c.spills)
		c.spills++
		c.mostSpills = max(c.mostSpills, c.spills)
		c.rm(&vMovStore, best, 0, c.memory(a))
	}
	c.drop(best)
	c.free &^= 1 << best
	return best
}
