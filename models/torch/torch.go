// Package torch names and lays out the arrays of layers as PyTorch does, so that its
// load_state_dict takes them: an array of a layer is called layer.array, of the same
// layer's name here and there.
package torch

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"descent/graph"
	"descent/internal/safetensors"
)

// A Row says what PyTorch calls one of the arrays of a kind of layer.
type Row struct {
	Kind         string // of layer, as [graph.Part] has it
	Ours, Theirs string // name of the array
	// Transposed arrays are outputs × inputs there, inputs × outputs here. All others
	// have the same layout.
	Transposed bool
}

// Table has a row for each array of the layers of package models whose name or layout
// differs. Those of recurrent layers and of attentions are called and laid out as in
// PyTorch: gates of an LSTM are in the order i, f, g, o, of a GRU r, z, n.
var Table = []Row{
	{"Dense", "w", "weight", true},
	{"Dense", "b", "bias", false},
	{"Conv", "w", "weight", false},
	{"Conv", "b", "bias", false},
	{"Dense", "v", "weight_v", true},
	{"Dense", "g", "weight_g", true},
	{"Dense", "orig", "weight_orig", true},
	{"Dense", "u", "weight_u", false},
	{"Conv", "v", "weight_v", false},
	{"Conv", "g", "weight_g", false},
	{"Conv", "orig", "weight_orig", false},
	{"Conv", "u", "weight_u", false},
	{"ConvTranspose", "w", "weight", false},
	{"ConvTranspose", "b", "bias", false},
	{"InstanceNorm", "gain", "weight", false},
	{"InstanceNorm", "shift", "bias", false},
	{"Embed", "w", "weight", false},
	{"Position", "w", "weight", false},
	{"BatchNorm", "gain", "weight", false},
	{"BatchNorm", "shift", "bias", false},
	{"BatchNorm", "mean", "running_mean", false},
	{"BatchNorm", "var", "running_var", false},
	{"LayerNorm", "gain", "weight", false},
	{"LayerNorm", "shift", "bias", false},
	{"GroupNorm", "gain", "weight", false},
	{"GroupNorm", "shift", "bias", false},
	{"RMSNorm", "gain", "weight", false},
}

// An array is a variable of a layer.
type array struct {
	*graph.Variable
	layer, kind string // "" if it belongs to none
	name        string // PyTorch's, after the layer
	transposed  bool
}

// full is the name of the array in a file of PyTorch's.
func (a *array) full() string {
	if a.layer == "" {
		return a.name
	}
	return a.layer + "." + a.name
}

// shape is its shape there.
func (a *array) shape() []int {
	s := a.Shape().Dims()
	if a.transposed {
		slices.Reverse(s)
	}
	return s
}

// arrays are the variables of a graph, layer by layer in the order of its parts.
func arrays(g *graph.Graph) (all []array) {
	order := map[string]int{}
	parts := g.Parts()
	for i, p := range parts {
		if _, ok := order[p.Name]; !ok {
			order[p.Name] = i
		}
	}
	for _, v := range g.Store().Variables() {
		if g.Leaf(v.Name()) == nil {
			continue
		}
		a := array{Variable: v, name: v.Name()}
		for _, p := range parts {
			if rest, ok := strings.CutPrefix(v.Name(), p.Name+"."); ok && len(p.Name) > len(a.layer) {
				a.layer, a.kind, a.name = p.Name, p.Kind, rest
			}
		}
		if i := slices.IndexFunc(Table, func(r Row) bool { return r.Kind == a.kind && r.Ours == a.name }); i >= 0 {
			a.name, a.transposed = Table[i].Theirs, Table[i].Transposed
		}
		all = append(all, a)
	}
	slices.SortStableFunc(all, func(a, b array) int { return order[a.layer] - order[b.layer] })
	return all
}

// transpose returns a matrix of so many rows with rows and columns exchanged.
func transpose(values []float64, rows int) []float64 {
	columns := len(values) / max(rows, 1)
	out := make([]float64, len(values))
	for i, x := range values {
		out[i%columns*rows+i/columns] = x
	}
	return out
}

// Encode returns the parameters and running statistics that a graph uses as a file of
// safetensors for PyTorch, with meta in its metadata: torch.load_state_dict takes it as
// safetensors.torch.load_file returns it. Elements have the graph's type.
func Encode(g *graph.Graph, meta map[string]string) []byte {
	file := safetensors.File{Meta: map[string]string{"format": "pt"}}
	maps.Copy(file.Meta, meta)
	for _, a := range arrays(g) {
		values := a.Float64s()
		if a.transposed {
			values = transpose(values, a.Shape().Dim(0))
		}
		file.Tensors = append(file.Tensors, safetensors.Of(a.full(), a.Dtype() == graph.Float32, a.shape(), values))
	}
	return safetensors.Encode(file)
}

// Names lists the arrays of a file of [Encode], with their shapes, in the order of the
// layers.
func Names(g *graph.Graph) (names []string) {
	for _, a := range arrays(g) {
		names = append(names, fmt.Sprintf("%s %v", a.full(), graph.Dims(a.shape()...)))
	}
	return names
}
