package ops_test

import (
	"fmt"
	"testing"

	"descent/graph/graphtest"
	"descent/ops"
)

func TestTable(t *testing.T) {
	for _, c := range ops.Table {
		t.Run(c.Name, func(t *testing.T) {
			r := graphtest.Check(c, 20)
			if err := r.Err(); err != nil {
				t.Error(err)
			}
			fmt.Printf("%-14s %.1e %.1e %.1e\n", c.Name, r.Worst1, r.Worst2, r.Worst32)
		})
	}
}
