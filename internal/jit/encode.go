package jit

import "encoding/binary"

// asm appends AVX2 instructions in their VEX encoding, 256 bits wide.
type asm struct {
	b      []byte
	double bool // float64 elements
}

// General registers, by their numbers.
const (
	rax, rcx, rdx, rbx = 0, 1, 2, 3
	rsp, rbp, rsi, rdi = 4, 5, 6, 7
	r8, r9, r10, r11   = 8, 9, 10, 11
	r12, r13, r14, r15 = 12, 13, 14, 15
)

// vop is an opcode: its map (1: 0F, 2: 0F38, 3: 0F3A) and its byte. Those of
// map 1 take the element type from the prefix.
type vop struct {
	m, op byte
}

var (
	vMovLoad  = vop{1, 0x10}
	vMovStore = vop{1, 0x11}
	vSqrt     = vop{1, 0x51}
	vAnd      = vop{1, 0x54}
	vOr       = vop{1, 0x56}
	vXor      = vop{1, 0x57}
	vAdd      = vop{1, 0x58}
	vMul      = vop{1, 0x59}
	vSub      = vop{1, 0x5c}
	vMin      = vop{1, 0x5d}
	vDiv      = vop{1, 0x5e}
	vMax      = vop{1, 0x5f}
	vCmp      = vop{1, 0xc2}
)

// Predicates of vCmp.
const (
	cmpEqOQ    = 0x00
	cmpLtOQ    = 0x11
	cmpLeOQ    = 0x12
	cmpUnordQ  = 0x03
	cmpNeqUQ   = 0x04
	roundEven  = 0x08
	roundFloor = 0x09
	roundCeil  = 0x0a
)

// mem is the address base + index (index < 0: none) + disp.
type mem struct {
	base, index int
	disp        int32
}

// pp returns the prefix of packed float operations of the element type.
func (a *asm) pp() byte {
	if a.double {
		return 1
	}
	return 0
}

// vex writes a three-byte VEX prefix for 256 bits; reg, vvvv, rm and index are
// register numbers (vvvv 0 when unused).
func (a *asm) vex(m, pp byte, reg, vvvv, rm, index int) {
	inv := func(bit int) byte { return byte(^bit & 1) }
	a.b = append(a.b, 0xc4,
		inv(reg>>3)<<7|inv(index>>3)<<6|inv(rm>>3)<<5|m,
		byte(^vvvv&15)<<3|1<<2|pp)
}

// rr encodes op dst, x, y on registers.
func (a *asm) rr(o vop, pp byte, dst, x, y int, imm ...byte) {
	a.vex(o.m, pp, dst, x, y, 0)
	a.b = append(a.b, o.op, 0xc0|byte(dst&7)<<3|byte(y&7))
	a.b = append(a.b, imm...)
}

// rm encodes op dst, x, [y].
func (a *asm) rm(o vop, pp byte, dst, x int, y mem, imm ...byte) {
	a.vex(o.m, pp, dst, x, y.base, max(y.index, 0))
	a.b = append(a.b, o.op)
	a.address(dst, y)
	a.b = append(a.b, imm...)
}

// address writes ModRM, SIB and a 32-bit displacement.
func (a *asm) address(reg int, y mem) {
	if y.index < 0 && y.base&7 != rsp {
		a.b = append(a.b, 0x80|byte(reg&7)<<3|byte(y.base&7))
	} else {
		index := byte(rsp) // none
		if y.index >= 0 {
			index = byte(y.index & 7)
		}
		a.b = append(a.b, 0x80|byte(reg&7)<<3|rsp, index<<3|byte(y.base&7))
	}
	a.b = binary.LittleEndian.AppendUint32(a.b, uint32(y.disp))
}

// load moves a 64-bit word from memory to a general register.
func (a *asm) load(reg int, y mem) {
	rex := byte(0x48) | byte(reg>>3&1)<<2 | byte(y.base>>3&1)
	a.b = append(a.b, rex, 0x8b)
	a.address(reg, y)
}

// loop ends the body that starts at top: the offset in rdx grows by a vector
// until it reaches rcx.
func (a *asm) loop(top int) {
	a.b = append(a.b, 0x48, 0x83, 0xc2, 32) // add rdx, 32
	a.b = append(a.b, 0x48, 0x39, 0xca)     // cmp rdx, rcx
	a.b = append(a.b, 0x0f, 0x82)           // jb top
	a.b = binary.LittleEndian.AppendUint32(a.b, uint32(int32(top-len(a.b)-4)))
}
