package soft

import _ "embed"

// Source is the text of the functions.
//
//go:embed soft.go
var Source string
