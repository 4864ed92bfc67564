package play

import (
	"math"

	"descent/graph"
	"descent/train"
)

// A Matrix is the weights of a layer after each epoch that is shown: rows are its inputs, columns its
// units.
type Matrix struct {
	Name    string  `json:"name"`
	Rows    int     `json:"rows"`
	Cols    int     `json:"cols"`
	Largest float64 `json:"largest"` // of all cells of all epochs, without sign
	Cells   [][]int `json:"cells"`   // from -100 to 100, beside the largest

	values [][]float64
}

// mostWeights bounds a matrix that is shown.
const mostWeights = 32 * 32

// weigh notes the weights as they are: of all matrices that are small enough.
func (n *Net) weigh(t *train.Trainer) {
	k := 0
	for _, v := range t.Store().Variables() {
		if v.Role() != graph.Param || v.Shape().Rank() != 2 || v.Shape().Size() > mostWeights {
			continue
		}
		if k == len(n.Weights) {
			n.Weights = append(n.Weights, Matrix{Name: v.Name(), Rows: v.Shape().Dim(0), Cols: v.Shape().Dim(1)})
		}
		n.Weights[k].values = append(n.Weights[k].values, v.Float64s())
		k++
	}
}

// show makes cells of the weights that were noted.
func (m *Matrix) show() {
	for _, values := range m.values {
		for _, w := range values {
			if !math.IsInf(w, 0) && !math.IsNaN(w) {
				m.Largest = max(m.Largest, math.Abs(w))
			}
		}
	}
	for _, values := range m.values {
		cells := make([]int, len(values))
		for i, w := range values {
			if share := w / m.Largest; !math.IsNaN(share) {
				cells[i] = int(math.Round(100 * min(max(share, -1), 1)))
			}
		}
		m.Cells = append(m.Cells, cells)
	}
}

// How many units are shown: of each layer, and layers.
const (
	mostUnits  = 16
	mostLayers = 3
	unitSize   = 16 // cells along each axis
)

// units returns what the units of hidden layers give at each place, from -100 to 100,
// beside the largest of the layer: of each matrix product but the first its left factor,
// in the order of the net.
func (r *NetReply) units(t *train.Trainer) (layers [][][]int, err error) {
	p, err := t.Predictor()
	if err != nil {
		return nil, err
	}
	const rows = unitSize * unitSize
	outputs, err := p.Graph(rows)
	if err != nil {
		return nil, err
	}
	var input *graph.Node
	var hidden []*graph.Node
	for _, n := range graph.Below(outputs[0].Node) {
		if n.Role() == graph.Input {
			input = n
		}
		if call, ok := n.Describe(); ok && call.Name == "matmul" {
			if x := n.Arg(0); x.Role() != graph.Input && len(hidden) < mostLayers {
				hidden = append(hidden, x)
			}
		}
	}
	if len(hidden) == 0 || input == nil {
		return nil, nil
	}
	program, err := graph.Function{Outputs: hidden}.Compile()
	if err != nil {
		return nil, err
	}
	places := make([]float32, 0, 2*rows)
	for i := range rows {
		x, y := place(i, unitSize, r.Size)
		places = append(places, float32(x), float32(y))
	}
	if err := program.Run(graph.Let(input, places)); err != nil {
		return nil, err
	}
	for _, n := range hidden {
		values := program.Float64s(n)
		width, largest := len(values)/rows, 0.0
		for _, v := range values {
			largest = max(largest, math.Abs(v))
		}
		layer := make([][]int, min(width, mostUnits))
		for u := range layer {
			for i := range rows {
				share := 0.0
				if largest > 0 {
					share = values[i*width+u] / largest
				}
				layer[u] = append(layer[u], int(math.Round(100*share)))
			}
		}
		layers = append(layers, layer)
	}
	return layers, nil
}

// place is the middle of a cell, of so many along each axis from -size to size.
func place(i, cells int, size float64) (x, y float64) {
	at := func(k int) float64 { return size * (float64(2*(float64(k)+0.5)/float64(cells)) - 1) }
	return at(i % cells), at(i / cells)
}
