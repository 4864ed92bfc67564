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
		if v.kind == kLeaf || v.kind == kPlace || len(v.args) > 3 || (v.kind == kCall && v.call.Key == nil) {
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
	if v.kind != w.kind || v.code != w.code || v.fold != w.fold || math.Float64bits(v.imm) != math.Float64bits(w.imm) ||
		v.mid != w.mid || v.inner != w.inner || v.from != w.from || !slices.Equal(v.args, w.args) || !slices.Equal(v.dims, w.dims) {
		return false
	}
	switch v.kind {
	case kGather:
		return v.views[0] == w.views[0]
	case kDot:
		return v.dot.ta == w.dot.ta && v.dot.tb == w.dot.tb
	case kCall:
		return v.call.Key == w.call.Key
	}
	return true
}

var callSeed = maphash.MakeSeed()

// hash returns a number that values which are the same have in common.
func (v *value) hash() uint64 {
	h := uint64(v.kind)<<16 | uint64(v.code)<<8 | uint64(v.fold)
	mix := func(x uint64) {
		hi, lo := bits.Mul64(h^x, 0x9e3779b97f4a7c15)
		h = hi ^ lo
	}
	mix(math.Float64bits(v.imm))
	mix(uint64(v.mid))
	mix(uint64(v.inner))
	mix(uint64(v.from))
	for _, a := range v.args {
		mix(uint64(a))
	}
	for _, d := range v.dims {
		mix(uint64(d))
	}
	switch v.kind {
	case kGather:
		w := &v.views[0]
		mix(uint64(w.Offset))
		for _, s := range w.Stride[:w.Rank] {
			mix(uint64(s))
		}
	case kCall:
		mix(maphash.Comparable(callSeed, v.call.Key))
	}
	return h
}
