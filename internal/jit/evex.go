package jit

// evex writes an EVEX prefix for 512 bits (Intel, Software Developer's Manual,
// volume 2, section 2.7). Bit 3 of index is bit 4 of rm if that is a vector
// register.
func (a *asm) evex(o *vop, pp byte, reg, x, rm, index int) {
	inv := func(bit int) byte { return byte(^bit & 1) }
	w := byte(0)
	if a.double {
		w = 1 << 7
	}
	a.b = append(a.b, 0x62,
		inv(reg>>3)<<7|inv(index>>3)<<6|inv(rm>>3)<<5|inv(reg>>4)<<4|o.m,
		w|byte(^x&15)<<3|1<<2|pp,
		o.k&0x80|2<<5|inv(x>>4)<<3|o.k&7)
}
