package bench

import "io"

// WriteHTML is a stub for the first end-to-end run.
func (r *Results) WriteHTML(w io.Writer) error { return nil }
