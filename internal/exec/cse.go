package exec

import (
	"hash/maphash"
	"math"
	"math/bits"
	"slices"
)

// cse merges values that compute the same thing: each becomes the first of them.
func cse(f *Func) {
	// Values are found by their hash, in the first free slot from there on. There
	// are twice as many slots, and none holds more than a number.
	slots := make([]Val, 1<<bits.Len(uint(2*len(f.vals))))
	mask := uint64(len(slots) - 1)
	rewrite(f, func(i Val, v *value) Val {
		if v.kind == kLeaf {
			return i
		}
		for at := v.hash() & mask; ; at = (at + 1) & mask {
			j := slots[at] - 1
			if j < 0 {
				slots[at] = i + 1
				return i
			}
			if v.same(&f.vals[j]) {
				return j
			}
		}
	})
}

// same reports whether two values compute the same. Shapes count because a
// reshape and a constant are the same but for them.
func (v *value) same(w *value) bool {
	return v.kind == w.kind && v.code == w.code && math.Float64bits(v.imm) == math.Float64bits(w.imm) && v.from == w.from &&
		slices.Equal(v.args, w.args) && slices.Equal(v.dims, w.dims) && (v.kind != kOperation || v.key() == w.key())
}

var keySeed = maphash.MakeSeed()

// hash returns a number that values which are the same have in common.
func (v *value) hash() uint64 {
	h := uint64(v.kind)<<8 | uint64(v.code)
	mix := func(x uint64) {
		hi, lo := bits.Mul64(h^x, 0x9e3779b97f4a7c15)
		h = hi ^ lo
	}
	mix(math.Float64bits(v.imm))
	mix(uint64(v.from))
	for _, a := range v.args {
		mix(uint64(a))
	}
	for _, d := range v.dims {
		mix(uint64(d))
	}
	if v.kind == kOperation {
		mix(maphash.Comparable(keySeed, v.key()))
	}
	return h
}
