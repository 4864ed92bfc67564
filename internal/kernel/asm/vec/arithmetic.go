package main

// arithmetic lists the primitives that are exact or rounded once. They give the
// bits of the portable loops, whatever the instruction set.
func arithmetic() []kernel {
	unary := func(name string, f func(m *machine, a value) value) kernel {
		return kernel{name: name, arity: 1, unroll: 4, formula: func(m *machine, x []value) (value, mask) {
			return f(m, x[0]), nil
		}}
	}
	binary := func(name string, f func(m *machine, a, b argument) value) kernel {
		return kernel{name: name, arity: 2, unroll: 4, formula: func(m *machine, x []value) (value, mask) {
			return f(m, x[0], x[1]), nil
		}}
	}
	comparison := func(name string, predicate int) kernel {
		return binary(name, func(m *machine, a, b argument) value {
			return m.where(m.compare(predicate, a, b), m.k(1))
		})
	}
	return []kernel{
		unary("Neg", func(m *machine, a value) value { return m.xor(a, m.signBit()) }),
		unary("Abs", func(m *machine, a value) value { return m.and(a, m.absBits()) }),
		unary("Sign", signFormula),
		unary("Sqrt", (*machine).sqrt),
		unary("Floor", func(m *machine, a value) value { return m.round(a, 1) }),
		unary("Ceil", func(m *machine, a value) value { return m.round(a, 2) }),
		unary("Round", func(m *machine, a value) value { return m.round(a, 0) }),
		binary("Add", (*machine).add),
		binary("Sub", (*machine).sub),
		binary("Mul", (*machine).mul),
		binary("Div", (*machine).div),
		binary("Min", minFormula),
		binary("Max", maxFormula),
		comparison("Lt", less),
		comparison("Le", lessEqual),
		comparison("Eq", equal),
		comparison("Ne", notEqual),
		{name: "Where", arity: 3, unroll: 4, formula: func(m *machine, x []value) (value, mask) {
			return m.blend(m.compare(notEqual, x[0], m.k(0)), x[1], x[2]), nil
		}},
	}
}

func signFormula(m *machine, a value) value {
	zero := m.k(0)
	s := m.or(m.where(m.compare(greater, a, zero), m.k(1)), m.where(m.compare(less, a, zero), m.k(-1)))
	return m.blend(m.compare(unordered, a, a), a, s)
}

// minFormula repairs the instruction, which returns its second operand when
// one is NaN or both are zeros: taken both ways round and joined by "or", a NaN
// stays NaN and a negative zero wins over a positive one.
func minFormula(m *machine, a, b argument) value {
	return m.or(m.minimum(a, b), m.minimum(b, a))
}

// maxFormula joins by "and", which keeps the positive zero but not NaN.
func maxFormula(m *machine, a, b argument) value {
	top := m.and(m.maximum(a, b), m.maximum(b, a))
	return m.blend(m.compare(unordered, a, b), m.add(a, b), top)
}
