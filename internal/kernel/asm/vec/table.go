package main

import "github.com/mmcloughlin/avo/reg"

// A table is different elements that fill a vector: all of it with AVX-512, its
// halves alike with AVX2, where an instruction looks up each half in itself.
type table struct {
	name     string
	elements [16]uint64
}

// loaded returns a new register with a constant or table.
func (m *machine) loaded(x argument) reg.VecVirtual {
	r := m.reg()
	switch x := x.(type) {
	case constant:
		m.broadcast(m.memory(x), r)
	case table:
		var words []uint64
		for i := 0; i < m.lanes(); i += 8 / m.elem() {
			w := x.elements[i]
			if !m.double {
				w |= x.elements[i+1] << 32
			}
			words = append(words, w)
		}
		m.emit("VMOVUP#", m.global("vec"+x.name+m.suffix(), words...), r)
	}
	return r
}

// lookup is the elements of the table at the lowest bits of the index.
func (m *machine) lookup(t table, index value) value {
	x, d := m.register(t)(0), m.value()
	for i := range d {
		if m.isa == avx512 {
			m.emit("VPERMP#", x, index[i], d[i])
		} else {
			m.emit("VPERMILP#", index[i], x, d[i])
		}
	}
	return d
}
