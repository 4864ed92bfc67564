package jit

import "descent/internal/kernel"

// micro is one machine instruction on operands, before they have registers.
type micro struct {
	op   *vop
	form form
	imm  uint16   // immediate operand, if hasImm
	dst  int32    // operand that it makes, 0 for k1; of a store the stream, of an accumulate the sum
	args [3]int32 // x, y and the form's own; 0 for none
	next [3]int32 // the next micro that reads each of args
}

const hasImm = 0x100

// form says how a micro uses its operands.
type form uint8

const (
	plain      form = iota // dst = op(x, y); y may come from memory
	tied                   // dst = op(x, y, what was in dst: the third)
	select4                // dst = op(x, y, mask: the third)
	store                  // y to a stream
	accumulate             // y to a sum's chains
	// Guards of a quotient by a splat, the third, of a dividend x. Where it
	// may be wrong they go to a real division.
	guardLanes // some elements are not safe: k1, or the flags after testMask
	guardSplat // the splat is not fit
	testMask   // compares the signs of y with all ones
)

func (c *compiler) add(m micro) { c.micros = append(c.micros, m) }

// temp makes an operand that is used within one primitive.
func (c *compiler) temp() int32 {
	c.operands = append(c.operands, operand{kind: Value, reg: -1, slot: -1, next: never})
	return int32(len(c.operands) - 1)
}

func (c *compiler) op(o *vop, dst, x, y int32) { c.add(micro{op: o, dst: dst, args: [3]int32{x, y}}) }

func (c *compiler) opImm(o *vop, dst, x, y int32, imm uint16) {
	c.add(micro{op: o, imm: imm | hasImm, dst: dst, args: [3]int32{x, y}})
}

// opKeep is op where k1 is set and third elsewhere.
func (c *compiler) opKeep(o *vop, dst, x, y, third int32) {
	c.add(micro{op: o, form: tied, dst: dst, args: [3]int32{x, y, third}})
}

// primitive lowers instruction i.
func (c *compiler) primitive(i int) {
	in := &c.block.Instrs[i]
	var x [3]int32
	for k, a := range in.Args[:in.Code.Arity()] {
		x[k] = c.id(a)
	}
	dst := c.id(Operand{Value, i})
	switch in.Code {
	case kernel.Add:
		c.op(&vAdd, dst, x[0], x[1])
	case kernel.Sub:
		c.op(&vSub, dst, x[0], x[1])
	case kernel.Mul:
		c.op(&vMul, dst, x[0], x[1])
	case kernel.Div:
		if d := c.divisor(in); d >= 0 {
			c.quotient(in, dst, x[0], d)
		} else {
			c.op(&vDiv, dst, x[0], x[1])
		}
	case kernel.Neg:
		c.op(&vXor, dst, x[0], c.entry(fixedSign))
	case kernel.Abs:
		c.op(&vAnd, dst, x[0], c.entry(fixedAbs))
	case kernel.Sqrt:
		c.op(&vSqrt, dst, 0, x[0])
	case kernel.Floor:
		c.opImm(&vRound, dst, 0, x[0], roundFloor)
	case kernel.Ceil:
		c.opImm(&vRound, dst, 0, x[0], roundCeil)
	case kernel.Round:
		c.opImm(&vRound, dst, 0, x[0], roundEven)
	case kernel.Lt:
		c.compare(dst, x[0], x[1], cmpLtOQ)
	case kernel.Le:
		c.compare(dst, x[0], x[1], cmpLeOQ)
	case kernel.Eq:
		c.compare(dst, x[0], x[1], cmpEqOQ)
	case kernel.Ne:
		c.compare(dst, x[0], x[1], cmpNeqUQ)
	case kernel.Min:
		c.extreme(dst, x[0], x[1], &vMin, &vOr, rangeMin)
	case kernel.Max:
		c.extreme(dst, x[0], x[1], &vMax, &vAnd, rangeMax)
	case kernel.Where:
		c.where(dst, x)
	case kernel.Sign:
		c.sign(dst, x[0])
	}
}

// compare makes 1 or 0.
func (c *compiler) compare(dst, x, y int32, predicate uint16) {
	if c.wide {
		c.opImm(&vCmp, 0, x, y, predicate)
		c.op(&vMovZero, dst, 0, c.entry(fixedOne))
		return
	}
	t := c.temp()
	c.opImm(&vCmp, t, x, y, predicate)
	c.op(&vAnd, dst, t, c.entry(fixedOne))
}

// extreme makes the smaller or larger. AVX-512 orders zeros; NaN is put in
// where there was one. The older instruction returns its second operand for NaN
// and for zeros of unlike sign, so both orders are joined (or keeps -0, and
// keeps +0).
func (c *compiler) extreme(dst, x, y int32, op, join *vop, mode uint16) {
	t := c.temp()
	if c.wide {
		c.opImm(&vRange, t, x, y, mode)
		c.opImm(&vCmp, 0, x, y, cmpUnordQ)
		c.opKeep(&vAddKeep, dst, x, y, t)
		return
	}
	u, both, nan := c.temp(), c.temp(), c.temp()
	c.op(op, t, x, y)
	c.op(op, u, y, x)
	c.op(join, both, t, u)
	c.opImm(&vCmp, nan, x, y, cmpUnordQ)
	c.op(&vOr, dst, both, nan)
}

func (c *compiler) where(dst int32, x [3]int32) {
	if c.wide {
		c.opImm(&vCmp, 0, x[0], c.entry(fixedZero), cmpNeqUQ)
		c.op(&vBlendK, dst, x[2], x[1])
		return
	}
	t := c.temp()
	c.opImm(&vCmp, t, x[0], c.entry(fixedZero), cmpNeqUQ)
	c.add(micro{op: &vBlend, form: select4, dst: dst, args: [3]int32{x[2], x[1], t}})
}

// sign makes (0 < x) - (x < 0), and NaN of NaN.
func (c *compiler) sign(dst, x int32) {
	zero, one := c.entry(fixedZero), c.entry(fixedOne)
	plus, minus := c.temp(), c.temp()
	if c.wide {
		c.opImm(&vCmp, 0, zero, x, cmpLtOQ)
		c.op(&vMovZero, plus, 0, one)
		c.opImm(&vCmp, 0, x, zero, cmpLtOQ)
		c.opKeep(&vSubKeep, minus, zero, one, plus)
		c.opImm(&vCmp, 0, x, x, cmpUnordQ)
		c.opKeep(&vAddKeep, dst, x, x, minus)
		return
	}
	above, below, both, nan := c.temp(), c.temp(), c.temp(), c.temp()
	c.opImm(&vCmp, above, zero, x, cmpLtOQ)
	c.opImm(&vCmp, below, x, zero, cmpLtOQ)
	c.op(&vAnd, plus, above, one)
	c.op(&vAnd, minus, below, one)
	c.op(&vSub, both, plus, minus)
	c.opImm(&vCmp, nan, x, x, cmpUnordQ)
	c.op(&vOr, dst, both, nan)
}
