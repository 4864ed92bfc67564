package external

import (
	"testing"
	"time"
)

// SetPatience makes programs answer sooner, in a test.
func SetPatience(t *testing.T, d time.Duration) {
	old := patience
	patience = d
	t.Cleanup(func() { patience = old })
}
