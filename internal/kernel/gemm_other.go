//go:build !amd64

package kernel

func gemmFor(isa ISA, double bool) *gemmKernels { return nil }
