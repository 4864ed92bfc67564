package main

// Coefficients of the error function: (erf(x)/x - 2/√π)/x² in x² for small x,
// and log(1-erf(x))/x for larger ones.
var (
	erfNear32 = []float64{-0.376126349, 0.1128370389, -0.02685959078, 0.005201154388, -0.000814152474, 8.357615297e-5}
	erfFar32  = []float64{-1.12864852, -0.6351512671, -0.1062369421, 0.02376211993,
		-0.003642487805, 0.0003228113928, -1.123212223e-5}
)

const sqrtPi = 1.77245385090551602729816748334114518279754945612239

// erfFormula is for float32: x + x·p(x²) below the bound and 1 - exp(x·p(x))
// above it.
func erfFormula(m *machine, x value) value {
	const bound, limit = 0.925, 4 // erf is 1 beyond the limit
	a := m.minimum(m.k(limit), m.and(x, m.absBits()))
	z := m.mul(x, x)
	near := m.mulAdd(m.horner(z, erfNear32), z, m.k(2/sqrtPi-1))
	near = m.mulAdd(near, x, x)

	e := m.exp(m.mul(a, m.horner(a, erfFar32)))
	far := m.or(m.sub(m.k(1), e), m.and(x, m.signBit()))
	return m.blend(m.compare(less, a, m.k(bound)), near, far)
}
