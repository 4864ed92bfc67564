package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"descent/internal/safetensors"
	"descent/internal/spec"
)

// A File is a model that was read.
type File struct{ f *file }

// Read reads a file of ONNX, of whatever program. Nothing in it is believed: arrays are as
// large as what is in the file, and it has at most 200,000 parts.
func Read(text []byte) (*File, error) {
	f, err := decode(text)
	if err != nil {
		return nil, err
	}
	return &File{f}, nil
}

// Meta returns the metadata.
func (f *File) Meta() map[string]string { return f.f.meta }

// Weights returns the arrays of numbers by their names, as a file of safetensors.
func (f *File) Weights() ([]byte, error) {
	var out safetensors.File
	seen := map[string]bool{}
	for i := range f.f.constants {
		t := &f.f.constants[i]
		if seen[t.name] {
			return nil, fmt.Errorf("two arrays are called %q", t.name)
		}
		if seen[t.name] = true; t.floats != nil {
			out.Tensors = append(out.Tensors, safetensors.Tensor{Name: t.name, Shape: t.dims, F32: t.floats})
		}
	}
	return safetensors.Encode(out), nil
}

// A Net is a model that was read, as layers.
type Net struct {
	Model   string // as text, see models.Parse
	Shape   []int  // of a row of its input
	Outputs int    // numbers of its last layer, 0 if that has none of its own
	// Link is what follows the last layer: "softmax", "log_softmax", "sigmoid", or nothing.
	Link string
	// Weights is a file of safetensors with the arrays of the layers as PyTorch lays them
	// out. Modules are numbered in the order of the layers, see torch.Decode.
	Weights []byte
}

// maxNodes bounds the nodes of a net that is made layers.
const maxNodes = 20_000

// Net makes layers of the graph of a file: those that PyTorch writes for its modules, one
// after the other, with sums and joints of what is computed of one value. An operator that
// is part of no layer is an error that names it.
func (f *File) Net() (*Net, error) {
	r := &reader{constants: map[string]*tensor{}, made: map[string]*step{}, place: map[string]int{}, work: maxWork}
	if err := r.index(&f.f.block); err != nil {
		return nil, err
	}
	input, shape, err := r.input(&f.f.block)
	if err != nil {
		return nil, err
	}
	if n := len(f.f.outputs); n != 1 {
		return nil, fmt.Errorf("it has %d outputs; a net of layers has one", n)
	}
	c, err := r.walk(f.f.outputs[0].name, input, chain{rank: len(shape) + 1})
	if err != nil {
		return nil, err
	}
	if c.timeFirst || c.apart {
		return nil, errors.New("its output has the steps of sequences before the rows")
	}
	n := &Net{Shape: shape, Link: c.link}
	if last := len(c.calls) - 1; last >= 0 && c.calls[last].Name == "sigmoid" {
		n.Link, c.calls = "sigmoid", c.calls[:last]
	}
	if last := len(c.calls) - 1; last >= 0 && c.calls[last].Name == "dense" {
		units, _ := c.calls[last].Get("units").(float64)
		n.Outputs = int(units)
	}
	n.Model = c.calls.String()
	var out safetensors.File
	for i, m := range c.modules {
		for name, t := range m {
			out.Tensors = append(out.Tensors, safetensors.Tensor{Name: fmt.Sprintf("%d.%s", i, name), Shape: t.dims, F32: t.floats})
		}
	}
	n.Weights = safetensors.Encode(out)
	return n, nil
}

// A reader finds layers in a graph.
type reader struct {
	constants map[string]*tensor
	made      map[string]*step // by what it makes
	place     map[string]int   // of the nodes that make values, in their order
	work      int              // that is left for finding where branches fork
}

// maxWork bounds that: many times what nets need.
const maxWork = 1_000_000

// index notes what each value is made of.
func (r *reader) index(g *block) error {
	if len(g.nodes) > maxNodes {
		return fmt.Errorf("%d nodes; at most %d are made layers", len(g.nodes), maxNodes)
	}
	for i := range g.constants {
		r.constants[g.constants[i].name] = &g.constants[i]
	}
	for i := range g.nodes {
		s := &g.nodes[i]
		for _, name := range s.out {
			if _, twice := r.place[name]; twice && name != "" {
				return fmt.Errorf("two nodes make %q", name)
			}
			r.made[name], r.place[name] = s, i
		}
		r.fold(s)
	}
	for i, s := range g.nodes {
		for _, name := range s.in {
			if place, ok := r.place[name]; ok && place >= i {
				return fmt.Errorf("operator %s takes %q before it is made", s.op, name)
			}
		}
	}
	return nil
}

// fold notes constants that nodes make.
func (r *reader) fold(s *step) {
	if len(s.out) == 0 {
		return
	}
	switch s.op {
	case "Constant":
		for _, a := range s.set {
			switch v := a.value.(type) {
			case *tensor:
				r.constants[s.out[0]] = v
			case float32:
				r.constants[s.out[0]] = &tensor{floats: []float32{v}}
			case int:
				r.constants[s.out[0]] = &tensor{ints: []int64{int64(v)}}
			}
		}
	case "Identity":
		if len(s.in) == 1 && r.constants[s.in[0]] != nil {
			r.constants[s.out[0]] = r.constants[s.in[0]]
		}
	case "Unsqueeze":
		if len(s.in) > 0 && r.constants[s.in[0]] != nil {
			if t := r.constants[s.in[0]]; len(t.floats)+len(t.ints) == 1 {
				r.constants[s.out[0]] = &tensor{dims: []int{1}, floats: t.floats, ints: t.ints}
			}
		}
	}
}

// input finds the one input, and the shape of its rows.
func (r *reader) input(g *block) (name string, shape []int, err error) {
	var all []value
	for _, v := range g.inputs {
		if r.constants[v.name] == nil {
			all = append(all, v)
		}
	}
	switch {
	case len(all) != 1:
		return "", nil, fmt.Errorf("it has %d inputs; a net of layers has one", len(all))
	case all[0].elem != float32s:
		return "", nil, fmt.Errorf("its input %s has no float32 numbers", all[0].name)
	case len(all[0].dims) < 2:
		return "", nil, fmt.Errorf("its input %s has no rows of numbers", all[0].name)
	}
	size := 1
	for _, d := range all[0].dims[1:] {
		if d.n < 1 || d.n > 1<<24/size {
			return "", nil, fmt.Errorf("the input %s has lengths that are not told, or too large, besides that of the batch", all[0].name)
		}
		shape, size = append(shape, d.n), size*d.n
	}
	return all[0].name, shape, nil
}

// A module is the arrays of a layer, by PyTorch's names.
type module map[string]*tensor

// A chain is layers one after the other, and what is known of what they make.
type chain struct {
	calls     spec.Chain
	modules   []module
	rank      int    // axes, with the batch's
	timeFirst bool   // the steps of sequences come before the batch
	apart     bool   // directions of a recurrent layer have an axis of their own
	link      string // what follows the last layer
}

// add adds a layer, with arrays if it has some.
func (c *chain) add(call spec.Call, m module) error {
	if c.link != "" {
		return fmt.Errorf("%s follows a %s, which is only known at the end", call.Name, c.link)
	}
	if c.apart {
		return fmt.Errorf("%s follows a recurrent layer whose directions have an axis of their own", call.Name)
	}
	c.calls = append(c.calls, call)
	if m != nil {
		c.modules = append(c.modules, m)
	}
	return nil
}

// layer adds a layer of settings by name.
func (c *chain) layer(name string, m module, settings ...any) error {
	return c.add(spec.Of(name, settings...), m)
}

// A pattern finds a layer whose result a node makes: it returns the value that goes into
// the layer, and what adds it to those before; an empty value if it is no such layer.
type pattern struct {
	op   string // of the node that ends it
	read func(r *reader, s *step, value string) (from string, then func(c *chain) error)
}

// walk returns the layers between two values, which begin as start says.
func (r *reader) walk(value, stop string, start chain) (*chain, error) {
	if value == stop {
		return &chain{rank: start.rank, timeFirst: start.timeFirst}, nil
	}
	s := r.made[value]
	if s == nil {
		return nil, fmt.Errorf("%q is made of nothing that depends on the input", value)
	}
	for _, p := range patterns {
		if p.op != s.op || len(s.in) == 0 || s.domain != "" && s.domain != "ai.onnx" {
			continue
		}
		from, then := p.read(r, s, value)
		if from == "" {
			continue
		}
		c, err := r.walk(from, stop, start)
		if err != nil {
			return nil, err
		}
		if err := then(c); err != nil {
			return nil, fmt.Errorf("operator %s, which makes %q: %w", s.op, value, err)
		}
		return c, nil
	}
	return nil, fmt.Errorf("operator %s, which makes %q, is no layer, or has settings that no layer has; there are %s", s.op, value, strings.Join(readable(), ", "))
}

// readable are the operators with which layers end.
func readable() (ops []string) {
	for _, p := range patterns {
		if !slices.Contains(ops, p.op) {
			ops = append(ops, p.op)
		}
	}
	slices.Sort(ops)
	return ops
}

// live is an input of a node that is no constant; "" if it has none, or several.
func (r *reader) live(s *step) (name string) {
	for _, in := range s.in {
		if in == "" || r.constants[in] != nil {
			continue
		}
		if name != "" && name != in {
			return ""
		}
		name = in
	}
	return name
}

// of is the node that makes a value, if it is of an operator.
func (r *reader) of(value, op string) *step {
	if s := r.made[value]; s != nil && s.op == op && len(s.in) > 0 {
		return s
	}
	return nil
}

// operand returns the constant of a node with one constant and one other input.
func (r *reader) operand(s *step) (from string, t *tensor) {
	if len(s.in) != 2 {
		return "", nil
	}
	for i, in := range s.in {
		if t := r.constants[in]; t != nil && r.constants[s.in[1-i]] == nil {
			return s.in[1-i], t
		}
	}
	return "", nil
}

// constant is the i-th input of a node, if it is a constant of numbers.
func (r *reader) constant(s *step, i int) *tensor {
	if i >= len(s.in) {
		return nil
	}
	if t := r.constants[s.in[i]]; t != nil && t.floats != nil {
		return t
	}
	return nil
}

// fork is the last value that all of some values are made of.
func (r *reader) fork(values []string) string {
	front := map[string]bool{}
	for _, v := range values {
		front[v] = true
	}
	for len(front) > 1 {
		if r.work -= len(front); r.work < 0 {
			return ""
		}
		last := ""
		for v := range front {
			if r.made[v] != nil && (last == "" || r.place[v] > r.place[last]) {
				last = v
			}
		}
		if last == "" {
			return ""
		}
		delete(front, last)
		for _, in := range r.made[last].in {
			if in != "" && r.constants[in] == nil {
				front[in] = true
			}
		}
	}
	for v := range front {
		return v
	}
	return ""
}

// Settings of nodes.

func (s *step) get(name string) any {
	for _, a := range s.set {
		if a.name == name {
			return a.value
		}
	}
	return nil
}

func (s *step) whole(name string, byDefault int) int {
	if n, ok := s.get(name).(int); ok {
		return n
	}
	return byDefault
}

func (s *step) number(name string, byDefault float64) float64 {
	if x, ok := s.get(name).(float32); ok {
		return shortest(x)
	}
	return byDefault
}

// shortest is the number with the fewest digits that is x as float32: what its writer meant.
func shortest(x float32) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(float64(x), 'g', -1, 32), 64)
	return y
}

func (s *step) wholes(name string) []int {
	list, _ := s.get(name).([]int)
	return list
}

// list are whole numbers that are a setting, or an input, which they became.
func (r *reader) list(s *step, name string, i int) (list []int, ok bool) {
	if list = s.wholes(name); list != nil {
		return list, true
	}
	if i >= len(s.in) || r.constants[s.in[i]] == nil {
		return nil, false
	}
	for _, n := range r.constants[s.in[i]].ints {
		list = append(list, int(n))
	}
	return list, true
}
