package data

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkReadCSV(b *testing.B) {
	var text strings.Builder
	text.WriteString("a,b,c,d,e,word\n")
	for i := range 20000 {
		fmt.Fprintf(&text, "%d,%.3f,%.6g,0,%d.25,level %d\n", i, float64(i)/7, float64(i)*1e-5, i%17, i%5)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadCSV(strings.NewReader(text.String()), CSVOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
