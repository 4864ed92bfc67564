package main

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

type isa int

const (
	avx2 isa = iota
	avx512
)

// A machine writes vector code for one instruction set and element type. Its
// methods are the instructions a formula is made of; each works on all
// registers of a value, so that the chains of an unrolled loop are interleaved.
type machine struct {
	*build.Context
	isa    isa
	double bool

	unroll int // registers per value

	globals map[string]Mem              // every constant of the file, by its name
	hoisted map[argument]reg.VecVirtual // constants and tables
	uses    map[argument]int            // how often the current kernel reads each
	order   []argument                  // the same in order of first use
	labels  int
}

// A value is one vector per unrolled step.
type value []reg.VecVirtual

// A mask is one truth vector per unrolled step: a vector register of ones and
// zeros with AVX2, a mask register with AVX-512.
type mask []Op

// A constant is an element that fills a vector.
type constant uint64

// An argument is a value, a constant or a table.
type argument any

func (m *machine) suffix() string {
	s := "F32"
	if m.double {
		s = "F64"
	}
	if m.isa == avx512 {
		return s + "AVX512"
	}
	return s + "AVX2"
}

func (m *machine) elem() int { // bytes
	if m.double {
		return 8
	}
	return 4
}

func (m *machine) shift() int { return map[bool]int{false: 2, true: 3}[m.double] }

func (m *machine) width() int { // bytes in a register
	if m.isa == avx512 {
		return 64
	}
	return 32
}

func (m *machine) lanes() int { return m.width() / m.elem() }

func (m *machine) ctype() string {
	if m.double {
		return "float64"
	}
	return "float32"
}

func (m *machine) reg() reg.VecVirtual {
	if m.isa == avx512 {
		return m.ZMM()
	}
	return m.YMM()
}

func (m *machine) value() value {
	v := make(value, m.unroll)
	for i := range v {
		v[i] = m.reg()
	}
	return v
}

// emit writes one instruction. In its name # stands for S or D, the floating
// point type, and % for D or Q, the integer type of the same size.
func (m *machine) emit(name string, ops ...Op) {
	f, i := "S", "D"
	if m.double {
		f, i = "D", "Q"
	}
	name = strings.NewReplacer("#", f, "%", i).Replace(name)
	method := reflect.ValueOf(m.Context).MethodByName(name)
	if !method.IsValid() {
		panic("no instruction " + name)
	}
	args := make([]reflect.Value, len(ops))
	for i, o := range ops {
		args[i] = reflect.ValueOf(o)
	}
	method.Call(args)
}

func (m *machine) label() string {
	m.labels++
	return fmt.Sprintf("l%d", m.labels)
}

// k is a number as a constant of the machine's element type.
func (m *machine) k(x float64) constant {
	if m.double {
		return constant(math.Float64bits(x))
	}
	return constant(math.Float32bits(float32(x)))
}

// pick chooses between the constants of the two element types.
func (m *machine) pick(single, double float64) constant {
	if m.double {
		return m.k(double)
	}
	return m.k(single)
}

func (m *machine) signBit() constant { return m.k(math.Copysign(0, -1)) }

func (m *machine) absBits() constant {
	if m.double {
		return constant(1<<63 - 1)
	}
	return constant(1<<31 - 1)
}

// memory returns the constant's place: 32 bytes, so that it can be an operand
// of an AVX2 instruction.
func (m *machine) memory(c constant) Mem {
	key := uint64(c)
	if !m.double {
		key |= key << 32
	}
	return m.global(fmt.Sprintf("vec%016x", key), key, key, key, key)
}

// global returns the place of the words, which it writes once per file.
func (m *machine) global(name string, words ...uint64) Mem {
	if a, ok := m.globals[name]; ok {
		return a
	}
	a := m.StaticGlobal(name)
	m.DataAttributes(attr.RODATA | attr.NOPTR)
	for i, w := range words {
		m.AddDatum(8*i, U64(w))
	}
	m.globals[name] = a
	return a
}

// constant returns a register with a constant or table, loaded here unless the
// kernel keeps it in one.
func (m *machine) constant(x argument) reg.VecVirtual {
	m.count(x)
	if r, ok := m.hoisted[x]; ok {
		return r
	}
	return m.loaded(x)
}

func (m *machine) count(x argument) {
	if m.uses[x] == 0 {
		m.order = append(m.order, x)
	}
	m.uses[x]++
}

func (m *machine) broadcast(a Mem, r reg.VecVirtual) { m.emit("VBROADCASTS#", a, r) }

// last resolves the operand that an instruction may take from memory.
func (m *machine) last(x argument) func(i int) Op {
	switch x := x.(type) {
	case value:
		return func(i int) Op { return x[i] }
	case constant:
		if _, ok := m.hoisted[x]; !ok && m.isa == avx2 && m.unroll == 1 {
			m.count(x)
			a := m.memory(x)
			return func(int) Op { return a }
		}
	}
	return m.register(x)
}

// register resolves an operand that has to be in a register.
func (m *machine) register(x argument) func(i int) Op {
	switch x := x.(type) {
	case value:
		return func(i int) Op { return x[i] }
	case constant, table:
		r := m.constant(x)
		return func(int) Op { return r }
	}
	panic(fmt.Sprintf("operand %T", x))
}

// op2 is a new value a·b.
func (m *machine) op2(name string, a, b argument) value {
	x, y, d := m.register(a), m.last(b), m.value()
	for i := range d {
		m.emit(name, y(i), x(i), d[i])
	}
	return d
}

func (m *machine) add(a, b argument) value { return m.op2("VADDP#", a, b) }
func (m *machine) sub(a, b argument) value { return m.op2("VSUBP#", a, b) }
func (m *machine) mul(a, b argument) value { return m.op2("VMULP#", a, b) }
func (m *machine) div(a, b argument) value { return m.op2("VDIVP#", a, b) }
func (m *machine) and(a, b argument) value { return m.op2("VANDP#", a, b) }
func (m *machine) or(a, b argument) value  { return m.op2("VORP#", a, b) }
func (m *machine) xor(a, b argument) value { return m.op2("VXORP#", a, b) }

// minimum and maximum return the second operand when either is NaN or both are
// zeros.
func (m *machine) minimum(a, b argument) value { return m.op2("VMINP#", a, b) }
func (m *machine) maximum(a, b argument) value { return m.op2("VMAXP#", a, b) }

// Integer operations on the bits.
func (m *machine) iadd(a, b argument) value { return m.op2("VPADD%", a, b) }
func (m *machine) isub(a, b argument) value { return m.op2("VPSUB%", a, b) }

func (m *machine) shl(a value, n int) value { return m.op1i("VPSLL%", n, a) }
func (m *machine) shr(a value, n int) value { return m.op1i("VPSRL%", n, a) }

func (m *machine) op1i(name string, n int, a value) value {
	d := m.value()
	for i := range d {
		m.emit(name, U8(n), a[i], d[i])
	}
	return d
}

func (m *machine) sqrt(a value) value {
	d := m.value()
	for i := range d {
		m.emit("VSQRTP#", a[i], d[i])
	}
	return d
}

// round rounds to an integer: 0 to nearest even, 1 down, 2 up. 8 stands for
// "no inexact exception" as compilers have it.
func (m *machine) round(a value, mode int) value {
	if m.isa == avx512 {
		return m.op1i("VRNDSCALEP#", 8|mode, a)
	}
	return m.op1i("VROUNDP#", 8|mode, a)
}

// copy is a value that fused operations may overwrite.
func (m *machine) copy(a argument) value {
	x, d := m.register(a), m.value()
	for i := range d {
		m.emit("VMOVAP#", x(i), d[i])
	}
	return d
}

// The fused operations overwrite p and return it.

// mulAdd is p·b + c.
func (m *machine) mulAdd(p value, b, c argument) value { return m.fma("VFMADD213P#", p, b, c) }

// addMul is p + a·b.
func (m *machine) addMul(p value, a, b argument) value { return m.fma("VFMADD231P#", p, a, b) }

// subMul is p - a·b.
func (m *machine) subMul(p value, a, b argument) value { return m.fma("VFNMADD231P#", p, a, b) }

func (m *machine) fma(name string, p value, a, b argument) value {
	x, y := m.register(a), m.last(b)
	for i := range p {
		m.emit(name, y(i), x(i), p[i])
	}
	return p
}

// Predicates of compare. Comparisons with NaN are false, but for those that say
// otherwise.
const (
	equal           = 0x00
	unordered       = 0x03
	notEqual        = 0x04 // true for NaN
	less            = 0x11
	lessEqual       = 0x12
	notLess         = 0x15 // true for NaN
	notGreaterEqual = 0x19 // true for NaN
	notGreater      = 0x1a // true for NaN
	greater         = 0x1e
)

func (m *machine) compare(predicate int, a, b argument) mask {
	x, y := m.register(a), m.last(b)
	d := make(mask, m.unroll)
	for i := range d {
		if m.isa == avx512 {
			d[i] = m.K()
		} else {
			d[i] = m.YMM()
		}
		m.emit("VCMPP#", U8(predicate), y(i), x(i), d[i])
	}
	return d
}

// negative is the mask of the sign bits.
func (m *machine) negative(a value) mask {
	d := make(mask, m.unroll)
	for i := range d {
		if m.isa == avx2 {
			d[i] = a[i] // blends look at the sign bit only
			continue
		}
		d[i] = m.K()
		m.emit("VPMOV%2M", a[i], d[i])
	}
	return d
}

// blend is k ? a : b.
func (m *machine) blend(k mask, a, b argument) value {
	d := m.value()
	if m.isa == avx512 {
		x, y := m.last(a), m.register(b)
		for i := range d {
			m.emit("VBLENDMP#", x(i), y(i), k[i], d[i])
		}
		return d
	}
	x, y := m.last(a), m.register(b)
	for i := range d {
		m.emit("VBLENDVP#", k[i], x(i), y(i), d[i])
	}
	return d
}

// where is k ? a : 0, for a mask that compare made.
func (m *machine) where(k mask, a argument) value {
	d := m.value()
	if m.isa == avx512 {
		x := m.register(a)
		for i := range d {
			m.emit("VMOVAP#_Z", x(i), k[i], d[i])
		}
		return d
	}
	x := m.last(a)
	for i := range d {
		m.emit("VANDP#", x(i), k[i], d[i])
	}
	return d
}

// either is the mask of the lanes that are in j or k, which compare made.
func (m *machine) either(j, k mask) mask {
	d := make(mask, len(j))
	for i := range d {
		if m.isa == avx512 {
			d[i] = m.K()
			m.KORW(j[i], k[i], d[i])
			continue
		}
		d[i] = m.YMM()
		m.emit("VORP#", j[i], k[i], d[i])
	}
	return d
}

// jumpIfAny jumps if any lane of the mask is set.
func (m *machine) jumpIfAny(k mask, target string) {
	for len(k) > 1 {
		h := len(k) / 2
		k = append(m.either(k[:h], k[h:2*h]), k[2*h:]...)
	}
	if m.isa == avx512 {
		m.KORTESTW(k[0], k[0])
	} else {
		m.emit("VTESTP#", k[0], k[0])
	}
	m.JNZ(LabelRef(target))
}
