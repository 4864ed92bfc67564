// Package misuse tests what a call with something wrong in it ends in.
package misuse

import (
	"fmt"
	"runtime"
	"testing"
)

// Outcome returns the text of the error that f returns, or of its panic. A panic
// that nobody meant, such as an index out of range, fails the test.
func Outcome(t *testing.T, f func() any) (text string) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			if _, raw := r.(runtime.Error); raw {
				t.Errorf("an accident: %v", r)
			}
			text = "panic: " + fmt.Sprint(r)
		}
	}()
	return fmt.Sprint(f())
}
