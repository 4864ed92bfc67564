package external

import "time"

// SetPatience changes how long a program may take for an answer, until restore is
// called.
func SetPatience(d time.Duration) (restore func()) {
	old := patience
	patience = d
	return func() { patience = old }
}
