package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// A column that tells the target alone is named, with the flag that leaves it out, and
// scores are told without the rows that are copies of training rows.
func TestOddities(t *testing.T) {
	var leak, copied strings.Builder
	fmt.Fprintln(&leak, "x,price eur,y")
	fmt.Fprintln(&copied, "x,z,y")
	for i := range 200 {
		x, z := math.Sin(float64(7*i)), math.Cos(float64(5*i*i))
		y := x + z + math.Sin(float64(11*i*i))
		fmt.Fprintf(&leak, "%v,%v,%v\n", x, 3*y, y)
		for range 1 + i%2 {
			fmt.Fprintf(&copied, "%v,%v,%v\n", x, z, y)
		}
	}
	for _, c := range []struct {
		text  string
		args  []string
		want  string
		times int
	}{
		{leak.String(), nil, "note: column price eur alone tells y (", 1},
		{leak.String(), nil, "; leave it out with --drop 'price eur'\n", 1},
		{leak.String(), []string{"--drop", "price eur"}, "alone tells", 0},
		{leak.String(), []string{"--model", "autoencoder(1)"}, "alone tells", 0},
		{leak.String(), nil, "copies of", 0},
		{copied.String(), nil, "of the 60 held-out rows are copies of training rows; on the others r2 is ", 1},
		{copied.String(), []string{"--val", "0.2", "--test", "0"}, "copies of training rows", 1},
		{copied.String(), []string{"--test", "0"}, "copies of", 0},
	} {
		args := append([]string{"train", file(t, "a.csv", c.text), "-t", "y", "-q", "--epochs", "2"}, c.args...)
		status, out, errs := descent(args...)
		if n := strings.Count(out, c.want); status != 0 || n != c.times {
			t.Errorf("%v: status %d, %q %d times, want %d: %s%s", c.args, status, c.want, n, c.times, out, errs)
		}
	}
}
