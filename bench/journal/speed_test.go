package journal

import (
	"path/filepath"
	"testing"
)

// BenchmarkPut adds entries as long as the run of a net with its curves, 10 kB.
func BenchmarkPut(b *testing.B) {
	j, err := Open(filepath.Join(b.TempDir(), "journal.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	curve := make([]float64, 500)
	for i := range curve {
		curve[i] = 1 / (float64(i) + 0.7)
	}
	for b.Loop() {
		key, err := Key(b.N, curve[0])
		if err == nil {
			curve[0]++
			err = j.Put(key, curve)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
