package fit_test

import (
	"context"
	"fmt"
	"log"

	"descent/data"
	"descent/optimizers/search/fit"
)

// A falling stone: columns are slices here, and may be those of a file as well.
func Example() {
	table, err := data.NewTable("falls",
		data.Column{Name: "h", Kind: data.Numeric, Values: data.ArrayOf([]float64{10, 20, 30, 40, 50}, 1)},
		data.Column{Name: "t", Kind: data.Numeric, Values: data.ArrayOf([]float64{1.44, 2.01, 2.48, 2.85, 3.19}, 1)})
	if err != nil {
		log.Fatal(err)
	}
	model, err := fit.New("t ~ sqrt(2*h/g)", table, []fit.Parameter{{Name: "g", Start: 5}}, fit.Weights{})
	if err != nil {
		log.Fatal(err)
	}
	f, err := model.Fit(context.Background(), fit.How{Steps: 100, Level: 0.95})
	if err != nil {
		log.Fatal(err)
	}
	g := f.Parameters["g"]
	fmt.Printf("g = %.2f ± %.2f, from %.2f to %.2f\n", g.Estimate, g.Stderr, g.Lower, g.Upper)
	// Output:
	// g = 9.82 ± 0.03, from 9.73 to 9.90
}
