package draw

import (
	"fmt"
	"html"
	"io"
	"strings"

	"descent/graph"
)

// maxDrawn is the number of nodes up to which a graph is drawn.
const maxDrawn = 400

// Graph draws an expression's nodes, of which operands come first, as SVG.
func Graph(w io.Writer, nodes []*graph.Node) error {
	if len(nodes) > maxDrawn {
		return fmt.Errorf("a graph of %d nodes is too large to draw; at most %d are possible", len(nodes), maxDrawn)
	}
	_, err := io.WriteString(w, svg(nodes))
	return err
}

func label(n *graph.Node) string {
	if n.Op() == nil {
		return n.Name()
	}
	return n.Op().Name()
}

// layered puts each node one layer above the highest of its operands, and
// leaves just below the lowest of their users.
func layered(nodes []*graph.Node) (layers [][]*graph.Node) {
	layer, below := map[*graph.Node]int{}, map[*graph.Node]int{}
	for _, n := range nodes {
		for k := range n.Arity() {
			layer[n] = max(layer[n], layer[n.Arg(k)]+1)
		}
		for k := range n.Arity() {
			if at, ok := below[n.Arg(k)]; !ok || layer[n]-1 < at {
				below[n.Arg(k)] = layer[n] - 1
			}
		}
	}
	for _, n := range nodes {
		at := layer[n]
		if n.Arity() == 0 {
			at = below[n]
		}
		for len(layers) <= at {
			layers = append(layers, nil)
		}
		layers[at] = append(layers[at], n)
	}
	return layers
}

// svg draws the graph in layers, the result on top.
func svg(nodes []*graph.Node) string {
	const dx, dy, pad, height = 20, 70, 20, 36
	layers := layered(nodes)
	width := func(n *graph.Node) int { return 24 + 8*max(len([]rune(label(n))), len(n.Shape().String())) }
	total := 0
	span := make([]int, len(layers))
	for i, l := range layers {
		for _, n := range l {
			span[i] += width(n) + dx
		}
		total = max(total, span[i])
	}
	x, y := map[*graph.Node]int{}, map[*graph.Node]int{}
	for i, l := range layers {
		at := pad + (total-span[i])/2
		for _, n := range l {
			x[n], y[n] = at+width(n)/2, pad+(len(layers)-1-i)*dy
			at += width(n) + dx
		}
	}
	var b strings.Builder
	w, h := total+2*pad, len(layers)*dy+pad
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" text-anchor="middle">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", w, h)
	for _, n := range nodes {
		for k := range n.Arity() {
			a := n.Arg(k)
			fmt.Fprintf(&b, `<path d="M%d %d C%d %d %d %d %d %d" fill="none" stroke="#888"/>`+"\n", x[a], y[a], x[a], y[a]-20, x[n], y[n]+height+20, x[n], y[n]+height)
		}
	}
	for _, n := range nodes {
		fill, round := "#e8f1fa", 4
		if n.Op() == nil {
			fill, round = "#fdf0d5", 18
		}
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="%d" fill="%s" stroke="#444"/>`, x[n]-width(n)/2, y[n], width(n), height, round, fill)
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text><text x="%d" y="%d" font-size="10" fill="#555">%s</text>`+"\n", x[n], y[n]+16, html.EscapeString(label(n)), x[n], y[n]+30, n.Shape())
	}
	b.WriteString("</svg>\n")
	return b.String()
}
