package torch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"descent/graph"
	"descent/internal/safetensors"
)

// A Match says from which module of PyTorch's a layer takes its arrays.
type Match struct{ Layer, Module string }

// Decode finds the arrays of a graph in a file of safetensors that PyTorch has written, or
// [Encode], and returns them as a file of our own, for train.Trainer.Start. A layer takes
// the arrays of the module that given names for it; else of that of its own name; else, if
// modules are as many numbers from 0 on as there are layers, of that of its place; else of
// the first that has arrays of its shapes and that no layer before it has taken, where
// modules differ by numbers in their names alone: conv1 comes before conv2, layers.2 before
// layers.10. That several modules fit otherwise is an error, and so is an array that is
// missing, or left over; counts of batches and causal masks are not. Attentions may call their
// arrays as nanoGPT's do: c_attn and c_proj.
func Decode(text []byte, g *graph.Graph, given map[string]string) (ours []byte, taken []Match, err error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return nil, nil, err
	}
	m := &matcher{given: given, tensors: map[string]*safetensors.Tensor{}, used: map[string]bool{}}
	for i := range file.Tensors {
		x := &file.Tensors[i]
		m.tensors[x.Name] = x
		m.modules = append(m.modules, above(x.Name)...)
	}
	slices.SortFunc(m.modules, natural)
	m.modules = slices.Compact(m.modules)
	layers := layersOf(g)
	for name := range given {
		if !slices.ContainsFunc(layers, func(l []array) bool { return l[0].layer == name }) {
			return nil, nil, fmt.Errorf("the model has no layer %s with arrays; there are %s", name, strings.Join(namesOf(layers), ", "))
		}
	}
	out := safetensors.File{Meta: map[string]string{"format": "pt"}}
	counted := m.counted(len(layers))
	for i, l := range layers {
		place := l[0].layer
		if counted {
			place = strconv.Itoa(i)
		}
		module, err := m.module(l, place)
		if err != nil {
			return nil, nil, err
		}
		for _, a := range l {
			x := m.take(module, a)
			values := x.Float64s()
			if a.transposed {
				values = transpose(values, x.Shape[0])
			}
			out.Tensors = append(out.Tensors, safetensors.Of(a.Name(), a.Dtype() == graph.Float32, a.Shape().Dims(), values))
		}
		taken = append(taken, Match{l[0].layer, module})
	}
	if rest := m.rest(); rest != nil {
		return nil, nil, fmt.Errorf("the model has no place for %s: has it other layers, or other settings, such as bias?", strings.Join(rest, ", "))
	}
	return safetensors.Encode(out), taken, nil
}

// layersOf are the arrays of each layer that has some.
func layersOf(g *graph.Graph) (layers [][]array) {
	for _, a := range arrays(g) {
		if n := len(layers); n > 0 && layers[n-1][0].layer == a.layer {
			layers[n-1] = append(layers[n-1], a)
		} else {
			layers = append(layers, []array{a})
		}
	}
	return layers
}

func namesOf(layers [][]array) (names []string) {
	for _, l := range layers {
		names = append(names, l[0].layer)
	}
	return names
}

// above are the modules that an array may be one of: all that its name begins with.
func above(name string) []string {
	modules := []string{""}
	for i, c := range name {
		if c == '.' {
			modules = append(modules, name[:i])
		}
	}
	return modules
}

// A matcher finds modules.
type matcher struct {
	given   map[string]string
	tensors map[string]*safetensors.Tensor
	modules []string // in their natural order
	used    map[string]bool
}

// in is the name of an array in a module.
func in(module string, a array) string {
	if module == "" {
		return a.name
	}
	return module + "." + a.name
}

// byHand are what attentions that are written by hand call the arrays of nn.MultiheadAttention.
var byHand = map[string][]string{
	"in_proj_weight": {"c_attn.weight", "qkv.weight"}, "in_proj_bias": {"c_attn.bias", "qkv.bias"},
	"out_proj.weight": {"c_proj.weight", "proj.weight"}, "out_proj.bias": {"c_proj.bias", "proj.bias"},
}

// find returns an array of a module, nil if there is none.
func (m *matcher) find(module string, a array) *safetensors.Tensor {
	x := m.tensors[in(module, a)]
	if a.kind != "Attention" {
		return x
	}
	for _, name := range byHand[a.name] {
		if x == nil {
			a.name = name
			x = m.tensors[in(module, a)]
		}
	}
	return x
}

// take returns an array, which is then used.
func (m *matcher) take(module string, a array) *safetensors.Tensor {
	x := m.find(module, a)
	m.used[x.Name] = true
	return x
}

// fits reports what is wrong with the arrays of a module for a layer.
func (m *matcher) fits(module string, layer []array) error {
	for _, a := range layer {
		x := m.find(module, a)
		switch {
		case x == nil:
			return fmt.Errorf("there is no %s", in(module, a))
		case m.used[x.Name]:
			return fmt.Errorf("%s is taken by another layer", x.Name)
		case !slices.Equal(x.Shape, a.shape()):
			return fmt.Errorf("%s is %v, and the layer's %v", x.Name, graph.Dims(x.Shape...), graph.Dims(a.shape()...))
		}
	}
	return nil
}

// counted tells whether the modules are n numbers from 0 on.
func (m *matcher) counted(n int) bool {
	top := map[string]bool{}
	for name := range m.tensors {
		module, _, _ := strings.Cut(name, ".")
		top[module] = true
	}
	for i := range n {
		if !top[strconv.Itoa(i)] {
			return false
		}
	}
	return len(top) == n
}

// module finds the module of a layer, whose place says which it may be.
func (m *matcher) module(layer []array, place string) (string, error) {
	name := layer[0].layer
	if module, ok := m.given[name]; ok {
		if err := m.fits(module, layer); err != nil {
			return "", fmt.Errorf("layer %s: %w", name, err)
		}
		return module, nil
	}
	for _, module := range []string{name, place} {
		if m.fits(module, layer) == nil {
			return module, nil
		}
	}
	var fitting []string
	for _, module := range m.modules {
		if m.fits(module, layer) == nil && !slices.Contains(slices.Collect(maps.Values(m.given)), module) {
			fitting = append(fitting, module)
		}
	}
	switch {
	case len(fitting) == 0:
		return "", fmt.Errorf("layer %s: no module has its arrays, %s; there are %s", name, wanted(layer), m.listed())
	case slices.ContainsFunc(fitting, func(f string) bool { return plain(f) != plain(fitting[0]) }):
		return "", &AmbiguousError{name, fitting}
	}
	return fitting[0], nil
}

// An AmbiguousError says that a layer may be one of several modules.
type AmbiguousError struct {
	Layer   string
	Modules []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("layer %s may be one of %s", e.Layer, strings.Join(e.Modules, ", "))
}

func wanted(layer []array) string {
	var all []string
	for _, a := range layer {
		all = append(all, fmt.Sprintf("%s %v", a.name, graph.Dims(a.shape()...)))
	}
	return strings.Join(all, " and ")
}

// listed are the arrays that no layer has taken, some of them if there are many.
func (m *matcher) listed() string {
	const most = 12
	rest := m.rest()
	if len(rest) == 0 {
		return "none left"
	}
	if len(rest) > most {
		rest = append(rest[:most], fmt.Sprintf("and %d more", len(rest)-most))
	}
	return strings.Join(rest, ", ")
}

// rest are the arrays that no layer has taken.
func (m *matcher) rest() (all []string) {
	for name, x := range m.tensors {
		if !m.used[name] && !strings.HasSuffix(name, "num_batches_tracked") && !causal(x) {
			all = append(all, fmt.Sprintf("%s %v", name, graph.Dims(x.Shape...)))
		}
	}
	slices.SortFunc(all, natural)
	return all
}

// causal tells whether an array is a mask of what is behind a step: 1 up to it, 0 behind.
func causal(x *safetensors.Tensor) bool {
	n := len(x.Shape)
	if n < 2 || x.Shape[n-1] != x.Shape[n-2] || x.Shape[n-1] < 2 {
		return false
	}
	steps := x.Shape[n-1]
	for i, y := range x.Float64s() {
		if seen := i%steps <= i/steps%steps; seen != (y == 1) || !seen && y != 0 {
			return false
		}
	}
	return true
}

// plain is a name without its numbers.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, name)
}

// natural compares names by their letters, and by their numbers where they have some.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x > 0 && y > 0 {
			m, n := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
			if c := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); c != 0 {
				return c
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits is how many digits a text begins with.
func digits(s string) int {
	n := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if n < 0 {
		return len(s)
	}
	return n
}

// Meta returns the metadata of a file of safetensors, if it is one.
func Meta(text []byte) (map[string]string, error) {
	file, err := safetensors.Decode(text)
	if err != nil {
		return nil, err
	}
	return file.Meta, nil
}
