package onnx

import (
	"fmt"
	"slices"
	"strings"

	"descent/internal/safetensors"
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
	Tokens  bool   // its input are whole numbers
	Outputs int    // numbers of its last layer, which is dense: of a row, or of each step
	// Steps tells that a net of tokens gives what comes next, after each step; also if it
	// gives that after the last one alone.
	Steps bool
	// Link is what follows the last layer: "softmax", "log_softmax", "sigmoid", or nothing.
	Link string
	// Weights is a file of safetensors with the arrays of the layers as PyTorch lays them
	// out. Modules are numbered in the order of the layers, see torch.Decode.
	Weights []byte
}

// maxNodes bounds the nodes of a net that is made layers.
const maxNodes = 20_000

// Net makes layers of the graph of a file: those that PyTorch writes for its modules, one
// after the other, with sums and joints of what is computed of one value. The lengths of a
// row are those of the file; shape says what it does not tell. A net whose last layer is no
// dense one gets one that gives what it is given. An operator that is part of no layer is
// an error that names it.
func (f *File) Net(shape ...int) (*Net, error) {
	r := &reader{constants: map[string]*tensor{}, dims: map[string][]int{}, made: map[string]*step{}, place: map[string]int{}, work: maxWork, room: roomOf(&f.f.block)}
	input, tokens, err := r.begin(&f.f.block, shape)
	if err == nil {
		err = r.index(&f.f.block)
	}
	if err != nil {
		return nil, err
	}
	if n := len(f.f.outputs); n != 1 {
		return nil, fmt.Errorf("it has %d outputs; a net of layers has one", n)
	}
	start := startOf(r.dims[input])
	start.tokens, r.next = tokens, tokens && r.ofTokens(f.f.outputs[0].name)
	c, err := r.walk(f.f.outputs[0].name, input, start)
	if err != nil {
		return nil, err
	}
	n := &Net{Shape: r.dims[input][1:], Tokens: tokens}
	if err := n.end(c, r.next); err != nil {
		return nil, err
	}
	n.Model = grouped(c.calls).String()
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
	dims      map[string][]int // lengths of values, as far as they are known
	made      map[string]*step // by what it makes
	place     map[string]int   // of the nodes that make values, in their order
	work      int              // that is left for finding where branches fork
	room      int              // elements that may be computed yet
	next      bool             // what comes next is computed of tokens: of all steps, if only the last is wanted
}

// maxWork bounds the first: many times what nets need.
const maxWork = 1_000_000

// roomOf bounds the second: some times what a file has.
func roomOf(g *block) int {
	room := 1 << 22
	for i := range g.constants {
		room += 4 * g.constants[i].size()
	}
	return room
}

// index notes what each value is made of, and what is known of it.
func (r *reader) index(g *block) error {
	if len(g.nodes) > maxNodes {
		return fmt.Errorf("%d nodes; at most %d are made layers", len(g.nodes), maxNodes)
	}
	for i := range g.nodes {
		for _, name := range g.nodes[i].out {
			if _, twice := r.place[name]; twice && name != "" {
				return fmt.Errorf("two nodes make %q", name)
			}
			r.made[name], r.place[name] = &g.nodes[i], i
		}
	}
	for i := range g.nodes {
		s := &g.nodes[i]
		for _, name := range s.in {
			if place, ok := r.place[name]; ok && place >= i {
				return fmt.Errorf("operator %s takes %q before it is made", s.op, name)
			}
		}
		r.infer(s)
	}
	return nil
}

// begin finds the one input, and the lengths of its rows.
func (r *reader) begin(g *block, given []int) (name string, tokens bool, err error) {
	for i := range g.constants {
		t := &g.constants[i]
		r.constants[t.name] = t
		r.note(t.name, t.dims)
	}
	var all []value
	for _, v := range g.inputs {
		if r.constants[v.name] == nil {
			all = append(all, v)
		}
	}
	if len(all) != 1 {
		return "", false, fmt.Errorf("it has %d inputs; a net of layers has one", len(all))
	}
	in := all[0]
	tokens = in.elem == int64s || in.elem == int32s
	switch {
	case !tokens && in.elem != float32s:
		return "", false, fmt.Errorf("its input %s has neither float32 numbers nor whole ones", in.name)
	case len(in.dims) < 2:
		return "", false, fmt.Errorf("its input %s has no rows of numbers", in.name)
	case given != nil && len(given) != len(in.dims)-1:
		return "", false, fmt.Errorf("a row of its input %s has %d lengths, not %d", in.name, len(in.dims)-1, len(given))
	}
	dims, size := []int{in.dims[0].n}, 1
	if dims[0] < 1 {
		dims[0] = anyRows
	}
	for i, d := range in.dims[1:] {
		switch {
		case d.n < 1 && given != nil:
			d.n = given[i]
		case given != nil && given[i] != d.n:
			return "", false, fmt.Errorf("axis %d of its input %s has %d places, not %d", i+1, in.name, d.n, given[i])
		}
		if d.n < 1 || d.n > maxRow/size {
			return "", false, &UntoldError{in.name, tokens}
		}
		dims, size = append(dims, d.n), size*d.n
	}
	r.note(in.name, dims)
	if r.dims[in.name] == nil {
		return "", false, fmt.Errorf("its input %s has %d rows", in.name, dims[0])
	}
	return in.name, tokens, nil
}

// maxRow bounds the numbers of a row.
const maxRow = 1 << 24

// An UntoldError says that an input has lengths, besides that of its rows, that the file
// does not tell, or that are too large.
type UntoldError struct {
	Input  string
	Tokens bool // it is whole numbers
}

func (e *UntoldError) Error() string {
	return fmt.Sprintf("the input %s has lengths that are not told, or too large, besides that of the batch", e.Input)
}

// A pattern finds a layer whose result a node makes: it returns the value that goes into
// the layer, and what adds it to those before; an empty value if it is no such layer.
type pattern struct {
	op   string // of the node that ends it
	read func(r *reader, s *step, value string) (from string, then func(c *chain) error)
}

// walk returns the layers between two values, which begin as start says.
func (r *reader) walk(value, stop string, start *chain) (*chain, error) {
	if value == stop {
		return start.branch(), nil
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

// operandAt is the i-th input of a node, if it is a constant.
func (r *reader) operandAt(s *step, i int) *tensor {
	if i >= len(s.in) {
		return nil
	}
	return r.constants[s.in[i]]
}

// constant is the same, if it has numbers that are not whole.
func (r *reader) constant(s *step, i int) *tensor {
	if t := r.operandAt(s, i); t != nil && t.floats != nil {
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
