package jit

import (
	"fmt"
	"os"
)

// variable turns machine code off, to compare or where it is not trusted.
const variable = "DESCENT_JIT"

// Wanted tells whether the environment asks for machine code, as it does unless it
// says off; another word than on or off is an error.
func Wanted() (bool, error) {
	switch text := os.Getenv(variable); text {
	case "", "on":
		return true, nil
	case "off":
		return false, nil
	default:
		return false, fmt.Errorf("%s=%q: want on or off", variable, text)
	}
}
