package main

// Coefficients of (sinh(x) - x)/x³ in x²: 1/(2k+3)!, as for such small x a fit
// would not be shorter.
var (
	sinh32 = []float64{1. / 6, 1. / 120, 1. / 5040, 1. / 362880, 1. / 39916800, 1. / 6227020800}
	sinh64 = []float64{1. / 6, 1. / 120, 1. / 5040, 1. / 362880, 1. / 39916800, 1. / 6227020800,
		1. / 1307674368000, 1. / 355687428096000}
)

// halfExp is exp(|x|)/2, which does not overflow before sinh and cosh do.
func (m *machine) halfExp(x value) value {
	p, e := m.expReduced(m.minimum(m.pick(92, 712), m.and(x, m.absBits())))
	return m.scale(p, exponent{m.sub(e.number, m.k(1)), m.isub(e.bits, constant(1<<e.fraction)), e.fraction})
}

// coshFormula is h + 1/(4h) for h = exp(|x|)/2.
func coshFormula(m *machine, x value) value {
	h := m.halfExp(x)
	return m.add(h, m.div(m.k(0.25), h))
}

// sinhFormula is h - 1/(4h) with the sign of x, and a polynomial where much of
// that would cancel. In float32 it goes beyond where h is at least 2 and the
// result is less: h is then known to two units of that.
func sinhFormula(m *machine, x value) value {
	h := m.halfExp(x)
	far := m.or(m.sub(h, m.div(m.k(0.25), h)), m.and(x, m.signBit()))
	z := m.mul(x, x)
	near := m.mul(m.pairs(z, m.mul(z, z), m.fit(sinh32, sinh64)), z)
	near = m.mulAdd(near, x, x)
	return m.blend(m.compare(less, m.and(x, m.absBits()), m.pick(1.5, 1)), near, far)
}
