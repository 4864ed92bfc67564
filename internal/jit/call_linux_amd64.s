#include "textflag.h"

// func call(entry uintptr, frame unsafe.Pointer)
// The code uses no stack and calls nothing. R14 and R15 may be lost in it:
// the wrapper that the linker makes for this function restores what Go needs.
TEXT ·call(SB), NOSPLIT, $0-16
	MOVQ entry+0(FP), AX
	MOVQ frame+8(FP), DI
	CALL AX
	VZEROUPPER
	RET
