package elementary

import "embed"

// Source is the text of the package, but for what loops of unknown length compute, for exported models that bring what they need
// of it.
//
//go:embed arc.go elementary.go erf.go exp.go gauss.go hyperbolic.go log.go pow.go tables.go trig.go
var Source embed.FS
