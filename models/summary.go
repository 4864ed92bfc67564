package models

import (
	"fmt"
	"strings"

	"descent/graph"
	"descent/ops"
)

// A Summary lists the layers of a model.
type Summary struct {
	Rows      []SummaryRow
	Trainable int // numbers that training changes
	Frozen    int // numbers of parameters that are frozen
	Kept      int // numbers that layers keep besides, and no rule changes
	Products  int // multiplications, each with an addition, for one row

	output []int // shape of the result for one row
}

// A SummaryRow is one layer.
type SummaryRow struct {
	Name, Kind string
	Output     []int // shape of its result for one row, without the batch axis
	Params     int   // numbers it keeps, trained or not
	Products   int   // multiplications of its matrix products and convolutions, each with an addition, for one row
	Frozen     bool  // training leaves it as it is
}

// Summarize builds a model for rows of the given number of inputs and lists its
// layers. Parameters that belong to no marked layer are listed last, one row
// for each. Its error is that of [graph.Mistakes].
func Summarize(model Layer, features int) (*Summary, error) {
	if features < 1 {
		return nil, fmt.Errorf("models: rows of %d inputs; at least 1 is needed", features)
	}
	return summarize(model, func(g *graph.Graph) *node { return g.Input("x", 1, features) })
}

// SummarizeTokens is [Summarize] for sequences of so many tokens, which are below a
// number.
func SummarizeTokens(model Layer, length, below int) (*Summary, error) {
	if length < 1 || below < 1 {
		return nil, fmt.Errorf("models: sequences of %d tokens below %d; at least 1 is needed", length, below)
	}
	return summarize(model, func(g *graph.Graph) *node { return Tokens(g, "x", 1, length, below) })
}

// Tokens declares an index input of sequences, batch × time, of tokens below a number.
func Tokens(g *graph.Graph, name string, batch, length, below int) *node {
	x := g.Indices(name, batch, length)
	graph.LimitIndex(x, below, nil)
	return x
}

func summarize(model Layer, input func(g *graph.Graph) *node) (*Summary, error) {
	g := graph.Outline(graph.Float32).Evaluation()
	out := model(input(g))
	if err := graph.Mistakes(out); err != nil {
		return nil, err
	}
	s := &Summary{output: rowShape(out)}
	owner, seen := map[string]int{}, map[*node]bool{}
	for _, p := range g.Parts() {
		kind := p.Kind
		if _, again := owner[p.Name]; again {
			kind += ", shared"
		} else {
			owner[p.Name] = len(s.Rows)
		}
		row := SummaryRow{Name: p.Name, Kind: kind, Output: rowShape(p.Out), Products: products(p.Out, seen), Frozen: p.Frozen}
		s.Products += row.Products
		s.Rows = append(s.Rows, row)
	}
	trained := map[string]bool{}
	for _, p := range g.Params() {
		trained[p.Name()] = true
	}
	for _, v := range g.Store().Variables() {
		n := v.Shape().Size()
		switch {
		case trained[v.Name()]:
			s.Trainable += n
		case v.Role() == graph.Param:
			s.Frozen += n
		default:
			s.Kept += n
		}
		if i, ok := owned(owner, v.Name()); ok {
			s.Rows[i].Params += n
		} else {
			s.Rows = append(s.Rows, SummaryRow{Name: v.Name(), Kind: "variable", Output: v.Shape().Dims(), Params: n})
		}
	}
	return s, nil
}

// owned returns the row of the layer in whose scope a variable is.
func owned(owner map[string]int, name string) (row int, ok bool) {
	for at := strings.LastIndexByte(name, '.'); at > 0 && !ok; at = strings.LastIndexByte(name[:at], '.') {
		row, ok = owner[name[:at]]
	}
	return row, ok
}

// products adds up those of n and of what it is made of, but for nodes that have been
// seen.
func products(n *node, seen map[*node]bool) int {
	if seen[n] {
		return 0
	}
	seen[n] = true
	sum := ops.Products(n)
	for i := range n.Arity() {
		sum += products(n.Arg(i), seen)
	}
	return sum
}

// rowShape is a node's shape without its first axis, the batch.
func rowShape(n *node) []int {
	d := n.Shape().Dims()
	if len(d) == 0 {
		return d
	}
	return d[1:]
}

// String prints the table with the columns that Keras has, and the products.
func (s *Summary) String() string {
	table := [][4]string{{"Layer (type)", "Output shape", "Param #", "Mult-adds"}}
	for _, r := range s.Rows {
		dims := []string{"n"}
		for _, d := range r.Output {
			dims = append(dims, fmt.Sprint(d))
		}
		if r.Kind == "variable" {
			dims = dims[1:]
		}
		kind := r.Kind
		if r.Frozen {
			kind += ", frozen"
		}
		table = append(table, [4]string{fmt.Sprintf("%s (%s)", r.Name, kind), "(" + strings.Join(dims, ", ") + ")", thousands(r.Params), thousands(r.Products)})
	}
	var width [4]int
	for _, row := range table {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	for _, row := range table {
		fmt.Fprintf(&b, "%-*s  %-*s  %*s  %*s\n", width[0], row[0], width[1], row[1], width[2], row[2], width[3], row[3])
	}
	fmt.Fprintf(&b, "Total params: %s (trainable %s", thousands(s.Trainable+s.Frozen+s.Kept), thousands(s.Trainable))
	if s.Frozen > 0 {
		fmt.Fprintf(&b, ", frozen %s", thousands(s.Frozen))
	}
	if s.Kept > 0 {
		fmt.Fprintf(&b, ", non-trainable %s", thousands(s.Kept))
	}
	fmt.Fprintf(&b, "); mult-adds for one row: %s\n", thousands(s.Products))
	return b.String()
}

// thousands groups digits: 12,345.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
