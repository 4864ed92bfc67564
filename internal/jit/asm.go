package jit

import "encoding/binary"

// asm appends instructions: on 256 bits in their VEX encoding, with registers
// 0 to 15, or on 512 bits in their EVEX encoding, with registers 0 to 31 and
// opmasks k1, of an instruction, and k2, of the tail.
type asm struct {
	b      []byte
	double bool // float64 elements
	wide   bool // 512 bits
}

// vector returns the length of a vector in bytes.
func (a *asm) vector() int {
	if a.wide {
		return 64
	}
	return 32
}

// lanes returns how many elements a vector has.
func (a *asm) lanes() int {
	if a.double {
		return a.vector() / 8
	}
	return a.vector() / 4
}

// registers returns how many vector registers there are.
func (a *asm) registers() int {
	if a.wide {
		return 32
	}
	return 16
}

// General registers, by their numbers.
const (
	rax, rcx, rdx, rbx = 0, 1, 2, 3
	rsp, rbp, rsi, rdi = 4, 5, 6, 7
	r8, r9, r10, r11   = 8, 9, 10, 11
	r12, r13, r14, r15 = 12, 13, 14, 15
)

// mem is the address base + index (index < 0: none) + disp.
type mem struct {
	base, index int
	disp        int32
}

// vop is a vector instruction on packed elements.
type vop struct {
	m, op byte // opcode: its map (1: 0F, 2: 0F38, 3: 0F3A) and its byte
	typed bool // the prefix tells the element type; else it is 66
	f64   byte // what op is for float64, if it differs
	w     bool // W tells the element type, in VEX too
	k     byte // k1: keep the other elements, or zero them
}

const (
	keep = 0x01
	zero = 0x81
)

var (
	vMovLoad  = vop{m: 1, op: 0x10, typed: true}
	vMovStore = vop{m: 1, op: 0x11, typed: true}
	vMov      = vop{m: 1, op: 0x28, typed: true}
	vMovZero  = vop{m: 1, op: 0x10, typed: true, k: zero}
	vSqrt     = vop{m: 1, op: 0x51, typed: true}
	vAnd      = vop{m: 1, op: 0x54, typed: true}
	vOr       = vop{m: 1, op: 0x56, typed: true}
	vXor      = vop{m: 1, op: 0x57, typed: true}
	vAdd      = vop{m: 1, op: 0x58, typed: true}
	vAddTail  = vop{m: 1, op: 0x58, typed: true, k: 0x02} // where k2 is set; EVEX only
	vAddKeep  = vop{m: 1, op: 0x58, typed: true, k: keep}
	vMul      = vop{m: 1, op: 0x59, typed: true}
	vSub      = vop{m: 1, op: 0x5c, typed: true}
	vSubKeep  = vop{m: 1, op: 0x5c, typed: true, k: keep}
	vMin      = vop{m: 1, op: 0x5d, typed: true}
	vDiv      = vop{m: 1, op: 0x5e, typed: true}
	vMax      = vop{m: 1, op: 0x5f, typed: true}
	vCmp      = vop{m: 1, op: 0xc2, typed: true}

	vBroadcast = vop{m: 2, op: 0x18, f64: 0x19}
	vRound     = vop{m: 3, op: 0x08, f64: 0x09}
	vAddMul    = vop{m: 2, op: 0xb8, w: true}   // dst += x·y, rounded once
	vAddInt    = vop{m: 1, op: 0xfe, f64: 0xd4} // integers of the element size
	vGreater32 = vop{m: 1, op: 0x66}            // signed integers; VEX only
	vGreater64 = vop{m: 2, op: 0x37}
	vMoveMask  = vop{m: 1, op: 0x50, typed: true} // signs, to a general register
	vBlend     = vop{m: 3, op: 0x4a, f64: 0x4b}   // by a register
	vBlendK    = vop{m: 2, op: 0x65, k: keep}     // by k1; EVEX only, as what follows
	vRange     = vop{m: 3, op: 0x50}              // smaller or larger
	vFixup     = vop{m: 3, op: 0x54}              // replaces special values
	vCmpInt    = vop{m: 3, op: 0x1f}              // signed

	vMaskLoad   = vop{m: 2, op: 0x2c, f64: 0x2d} // where x is set, else zero; VEX only
	vMaskStore  = vop{m: 2, op: 0x2e, f64: 0x2f}
	vMaskLoadK  = vop{m: 1, op: 0x10, typed: true, k: 0x82} // where k2 is set; EVEX only
	vMaskStoreK = vop{m: 1, op: 0x11, typed: true, k: 0x02}
)

// Immediate operands: predicates of vCmp and vCmpInt, modes of vRound and
// vRange.
const (
	cmpEqOQ    = 0x00
	cmpLtOQ    = 0x11
	cmpLeOQ    = 0x12
	cmpUnordQ  = 0x03
	cmpOrdQ    = 0x07
	cmpNeqUQ   = 0x04
	cmpIntLe   = 0x02
	roundEven  = 0x08
	roundFloor = 0x09
	roundCeil  = 0x0a
	rangeMin   = 0x04
	rangeMax   = 0x05
)

// prefix writes the VEX or EVEX prefix and the opcode; rm and index are
// registers of either kind, x is 0 when unused.
func (a *asm) prefix(o *vop, reg, x, rm, index int) {
	pp := byte(1)
	if o.typed && !a.double {
		pp = 0
	}
	op := o.op
	if a.double && o.f64 != 0 {
		op = o.f64
	}
	if a.wide {
		a.evex(o, pp, reg, x, rm, index)
	} else {
		a.vex(o, pp, reg, x, rm, index)
	}
	a.b = append(a.b, op)
}

// rr encodes op dst, x, y on registers.
func (a *asm) rr(o *vop, dst, x, y int) {
	a.prefix(o, dst, x, y, y>>1) // EVEX: bit 4 of y is where an index has bit 3
	a.b = append(a.b, 0xc0|byte(dst&7)<<3|byte(y&7))
}

// rm encodes op dst, x, [y].
func (a *asm) rm(o *vop, dst, x int, y mem) {
	a.prefix(o, dst, x, y.base, max(y.index, 0))
	scale := 0
	if a.wide {
		scale = 6 // short displacements count vectors
	}
	a.address(dst, y, scale)
}

// address writes ModRM, SIB and the shortest displacement; one of a byte is in
// units of 1<<scale.
func (a *asm) address(reg int, y mem, scale int) {
	mod, short := byte(0x80), y.disp>>scale
	switch {
	case y.disp == 0 && y.base&7 != rbp:
		mod = 0
	case short<<scale == y.disp && short == int32(int8(short)):
		mod = 0x40
	}
	if y.index < 0 && y.base&7 != rsp {
		a.b = append(a.b, mod|byte(reg&7)<<3|byte(y.base&7))
	} else {
		index := byte(rsp) // none
		if y.index >= 0 {
			index = byte(y.index & 7)
		}
		a.b = append(a.b, mod|byte(reg&7)<<3|rsp, index<<3|byte(y.base&7))
	}
	switch mod {
	case 0x40:
		a.b = append(a.b, byte(short))
	case 0x80:
		a.b = binary.LittleEndian.AppendUint32(a.b, uint32(y.disp))
	}
}

// load moves a 64-bit word from memory to a general register.
func (a *asm) load(reg int, y mem) {
	rex := byte(0x48) | byte(reg>>3&1)<<2 | byte(y.base>>3&1)
	a.b = append(a.b, rex, 0x8b)
	a.address(reg, y, 0)
}

// addImm adds a number to one of the first eight general registers.
func (a *asm) addImm(reg, n int) {
	a.b = append(a.b, 0x48, 0x81, 0xc0|byte(reg))
	a.b = binary.LittleEndian.AppendUint32(a.b, uint32(n))
}

// Conditional jumps.
var (
	jb  = []byte{0x0f, 0x82}
	je  = []byte{0x0f, 0x84}
	jne = []byte{0x0f, 0x85}
	jmp = []byte{0xe9}
)

var testRCX = []byte{0x48, 0x85, 0xc9} // test rcx, rcx

// jump writes a jump to a place and returns where it ends; see [asm.land].
func (a *asm) jump(op []byte, to int) (end int) {
	a.b = append(a.b, op...)
	a.b = binary.LittleEndian.AppendUint32(a.b, uint32(int32(to-len(a.b)-4)))
	return len(a.b)
}

// land makes a jump that ends at end go here.
func (a *asm) land(end int) {
	binary.LittleEndian.PutUint32(a.b[end-4:], uint32(int32(len(a.b)-end)))
}
