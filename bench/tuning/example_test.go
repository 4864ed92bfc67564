package tuning_test

import (
	"fmt"

	"descent/bench/tuning"
	"descent/internal/spec"
	"descent/models"
)

// Four points of a search over models of two kinds and the rate: texts, which [models.Parse]
// and the like read.
func ExampleJoint() {
	layers := tuning.RowsOf("layer", models.Table)
	small, err := tuning.ParseText("linear", layers)
	if err != nil {
		panic(err)
	}
	wide, err := tuning.ParseText("dense(16..128) | relu | dropout(0..0.5)", layers)
	if err != nil {
		panic(err)
	}
	rate, err := tuning.ParseNumber("1e-4..1e-1", spec.Setting{Name: "lr", Kind: spec.Number, Search: &spec.Range{Scale: spec.Log}})
	if err != nil {
		panic(err)
	}
	space := tuning.Joint{{Name: "model", Alternatives: []*tuning.Text{small, wide}}, {Name: "lr", Alternatives: []*tuning.Text{rate}}}
	for i := range 4 {
		fmt.Println(space.Draw(1, i+1).Texts)
	}
	// Output:
	// [linear 0.00371]
	// [dense(96) | relu | dropout(0.126) 0.000515]
	// [linear 0.000192]
	// [dense(60) | relu | dropout(0.426) 0.0267]
}
