// The generators of the assembly in internal/kernel. They are a module of their
// own so that avo is not a dependency of the library.
module descent/internal/kernel/asm

go 1.26

require github.com/mmcloughlin/avo v0.6.0

require (
	golang.org/x/mod v0.21.0 // indirect
	golang.org/x/sync v0.8.0 // indirect
	golang.org/x/tools v0.26.0 // indirect
)
