//go:build nogorgonia

package graphtest

// sameByGorgonia has nothing to compare with.
func (k *trial) sameByGorgonia([]float64) error { return nil }
