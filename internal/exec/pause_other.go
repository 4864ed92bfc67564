//go:build !amd64

package exec

import "runtime"

// pause lets others run.
func pause() { runtime.Gosched() }
