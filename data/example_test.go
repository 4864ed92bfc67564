package data_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"descent/data"
)

// Batches of an embedded data set, split and scaled.
func Example() {
	src, err := data.Open("iris", data.CSVOptions{})
	if err != nil {
		panic(err)
	}
	parts, err := src.Prepare("", data.Options{
		Scaling:   data.Standard,
		Fractions: data.Fractions{Val: 0.1, Test: 0.2},
		Seed:      1,
	})
	if err != nil {
		panic(err)
	}
	train := parts.Train
	batches := data.NewBatches(train.Rows(), 32, 1, true)
	x := make([]float32, batches.Size()*train.Features())
	class := make([]int, batches.Size())
	for epoch := range 2 {
		for rows := range batches.Epoch(epoch) {
			data.GatherArray(x[:len(rows)*train.Features()], train.X, rows)
			data.Gather(class[:len(rows)], train.Class, 1, rows)
			fmt.Print(len(rows), " ")
		}
	}
	fmt.Println("of", train.Rows())
	fmt.Println(parts.Val.Rows(), parts.Test.Rows(), train.Classes)
	// Output:
	// 32 32 32 9 32 32 32 9 of 105
	// 15 30 [setosa versicolor virginica]
}

const houses = `area,rooms,town,price
120,4,Rome,310.5
80,,Oslo,420
95,3,Rome,
60,2,Bern,380
`

// A table with words and missing cells.
func ExamplePrepare() {
	table, err := data.ReadCSV(strings.NewReader(houses), data.CSVOptions{Name: "houses.csv"})
	if err != nil {
		panic(err)
	}
	parts, err := data.Prepare(table, "price", data.Options{})
	if err != nil {
		panic(err)
	}
	d := parts.Train
	fmt.Println(d.Inputs)
	for i := range d.Rows() {
		fmt.Println(d.X.Row(nil, i), d.Y[i])
	}
	for _, note := range parts.Schema.Notes() {
		fmt.Println(note)
	}
	// Output:
	// [area rooms town=Bern town=Oslo town=Rome]
	// [120 4 0 0 1] 310.5
	// [80 3 0 1 0] 420
	// [60 2 1 0 0] 380
	// column "rooms": 1 missing in the training rows, set to their mean 3
	// target "price": 1 rows left out because it is missing
}

// A schema is kept as JSON, and encodes new rows as the training rows were.
func ExampleSchema_Apply() {
	table, err := data.ReadCSV(strings.NewReader(houses), data.CSVOptions{Name: "houses.csv"})
	if err != nil {
		panic(err)
	}
	parts, err := data.Prepare(table, "price", data.Options{Scaling: data.MinMax, Unknown: data.UnknownRefuse})
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(parts.Schema)
	if err != nil {
		panic(err)
	}

	var schema data.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		panic(err)
	}
	for _, rows := range []string{"town,rooms,area\nOslo,4,90\n", "town,rooms,area\nOslo,4,90\nRme,2,60\n"} {
		table, err := data.ReadCSV(strings.NewReader(rows), data.CSVOptions{Name: "new.csv", Schema: &schema})
		if err != nil {
			panic(err)
		}
		d, err := schema.Apply(table)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(d.X.Numbers())
	}
	// Output:
	// [0.5 1 0 1 0]
	// new.csv:3: column "town": unknown level "Rme"; known are "Bern", "Oslo", "Rome" (did you mean "Rome"?); correct it, or set Unknown to "missing" before training
}

// Rows that a program computes.
func ExampleFromFunc() {
	d, err := data.FromFunc(100, func(i int) (x []float64, y float64) {
		t := float64(i) / 100
		return []float64{t, t * t}, 1 + 2*t
	})
	if err != nil {
		panic(err)
	}
	parts, err := data.Split(d, data.Fractions{Test: 0.25}, 1)
	if err != nil {
		panic(err)
	}
	fmt.Println(parts.Train.Rows(), parts.Test.Rows(), d.Inputs)
	// Output: 75 25 [x0 x1]
}

// A run that stopped after the second step of epoch 7 goes on with the third.
func ExampleBatches_From() {
	batches := data.NewBatches(10, 4, 42, true)
	for rows := range batches.From(7, 2) {
		fmt.Println(len(rows), "rows left of", batches.Steps(), "steps")
	}
	// Output: 2 rows left of 3 steps
}
