package models

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/internal/elementary"
	"descent/ops"
)

// LevelWidth is how many numbers a level of so many is embedded by, unless that is
// said: 1.6·levels^0.56, at most 50. Howard, Gugger 2020, https://arxiv.org/abs/2002.04688.
func LevelWidth(levels int) int {
	return min(50, max(1, int(math.Round(1.6*elementary.Pow(float64(levels), 0.56)))))
}

// EmbedLevels returns the layer that takes rows of numbers of which some are numbers of
// levels (data.Dataset.Levels): input i is one of levels[i], or below 0 for none, or no
// such number if levels[i] is 0. Each becomes a row, of width numbers, of a table that is
// learned and begins small, or zeros for none; [LevelWidth] says the width if it is 0.
func EmbedLevels(levels []int, width int) Layer {
	tables := make([]Layer, len(levels))
	for i, n := range levels {
		w := width
		if w == 0 {
			w = LevelWidth(n)
		}
		tables[i] = EmbedWith(EmbedOptions{Width: w, Rows: n, Weight: Normal(0.1)})
	}
	return eachLevel(levels, func(i int, x *node) *node { return tables[i](x) })
}

// OneHotLevels returns the layer that makes a number for each level, 1 for that which it
// is and else 0, in the place of each number of a level, see [EmbedLevels].
func OneHotLevels(levels []int) Layer {
	return eachLevel(levels, func(i int, x *node) *node { return ops.OneHot(x, levels[i]) })
}

// eachLevel puts n × width numbers in the place of each number of a level.
func eachLevel(levels []int, f func(i int, x *node) *node) Layer {
	return func(x *node) *node {
		if x.Err() != nil || levels == nil {
			return x
		}
		if s := x.Shape(); s.Rank() != 2 || s.Dim(1) != len(levels) {
			return graph.Bad(fmt.Errorf("the input is %v; it takes rows of %d numbers", s, len(levels)), "levels", x)
		}
		var parts []*node
		from := 0
		numbers := func(to int) {
			if from < to {
				parts = append(parts, ops.Slice(x, 1, from, to, 1))
			}
		}
		for i, n := range levels {
			if n == 0 {
				continue
			}
			numbers(i)
			parts = append(parts, f(i, ops.Reshape(ops.Slice(x, 1, i, i+1, 1), x.Shape().Dim(0))))
			from = i + 1
		}
		numbers(len(levels))
		return ops.Concat(1, parts...)
	}
}
