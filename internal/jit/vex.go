package jit

// vex writes a three-byte VEX prefix for 256 bits (Intel, Software Developer's
// Manual, volume 2, section 2.3).
func (a *asm) vex(o *vop, pp byte, reg, x, rm, index int) {
	inv := func(bit int) byte { return byte(^bit & 1) }
	w := byte(0)
	if o.w && a.double {
		w = 1 << 7
	}
	a.b = append(a.b, 0xc4,
		inv(reg>>3)<<7|inv(index>>3)<<6|inv(rm>>3)<<5|o.m,
		w|byte(^x&15)<<3|1<<2|pp)
}
