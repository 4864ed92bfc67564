package loops

import "embed"

// Source is the text of the loops.
//
//go:embed loops.go decide.go cells.go dates.go texts.go windows.go
var Source embed.FS
