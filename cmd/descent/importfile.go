package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"descent/losses"
	"descent/models"
	"descent/models/onnx"
	"descent/models/torch"
	"descent/text"
)

// An importSource is a file that is imported.
type importSource struct {
	meta    map[string]string
	weights []byte    // with PyTorch's names and layouts, as a file of safetensors
	net     *onnx.Net // the layers, if the file says them
	own     []byte    // the weights with our names, of a file of ours that has these
}

// source reads a file of safetensors, which begins with the length of a text in braces, or
// one of ONNX.
func (o *importOptions) source(file []byte) (*importSource, error) {
	if len(file) > 8 && file[8] == '{' {
		meta, err := torch.Meta(file)
		return &importSource{meta: meta, weights: file}, err
	}
	f, err := onnx.Read(file)
	if err != nil {
		return nil, fmt.Errorf("it is no file of safetensors, and %w", err)
	}
	src := &importSource{meta: f.Meta()}
	if src.meta[modelKey] != "" {
		src.own, err = f.Weights()
		return src, err
	}
	if src.net, err = o.layers(f); err != nil {
		return nil, fmt.Errorf("it cannot be made layers: %w", err)
	}
	src.weights = src.net.Weights
	return src, nil
}

// layers are those of a file; flags say lengths that it does not.
func (o *importOptions) layers(f *onnx.File) (*onnx.Net, error) {
	net, err := f.Net()
	untold := (*onnx.UntoldError)(nil)
	if !errors.As(err, &untold) {
		return net, err
	}
	if o.context > 0 && untold.Tokens {
		return f.Net(o.context)
	}
	if o.lengths != nil {
		return f.Net(o.lengths...)
	}
	if untold.Tokens {
		return nil, usage(fmt.Errorf("%w: --context says how many tokens there are", err))
	}
	return nil, usage(fmt.Errorf("%w: --shape says them", err))
}

// ofNet fills in what a file of ONNX says of layers, inputs and outputs.
func (o *importOptions) ofNet(src *importSource, given bool) (err error) {
	net := src.net
	switch {
	case given:
		return usage(errors.New("--model: a file of ONNX says its layers; leave out --model"))
	case net.Tokens && !net.Steps:
		return fmt.Errorf("its input are whole numbers, and what comes out are %d numbers, not one for each of them that may come next; a model of ours that takes whole numbers is one of text, and says what comes next", net.Outputs)
	case net.Tokens && o.context > 0 && o.context != net.Shape[0]:
		return usage(fmt.Errorf("--context: it sees %d tokens; leave out --context", net.Shape[0]))
	case o.lengths != nil && !slices.Equal(o.lengths, net.Shape):
		return usage(fmt.Errorf("--shape: its rows are %v; leave out --shape", net.Shape))
	case o.columns != nil && len(net.Shape) > 1:
		return usage(fmt.Errorf("--columns: its rows are %v, as of pictures; leave out --columns", net.Shape))
	}
	if o.Model, err = models.Parse(net.Model); err != nil {
		return err
	}
	if net.Tokens {
		o.context = net.Shape[0]
		return nil
	}
	if o.lengths = nil; len(net.Shape) > 1 {
		o.lengths, o.Sequence = net.Shape, len(net.Shape) == 2
	} else if o.columns == nil {
		o.columns = []string{strconv.Itoa(net.Shape[0])}
	}
	return usage(o.linked(net))
}

// asText says what the tokens of a model of text are.
func (o *importOptions) asText(m *saved) (err error) {
	switch {
	case o.columns != nil || o.lengths != nil || o.classes != nil || o.numbers != nil:
		return fmt.Errorf("model %s is one of text: --characters and --context are for it, and not --columns, --shape, --class-names and --outputs", o.Model)
	case o.context < 1 || o.context > 1<<16:
		return fmt.Errorf("--context %d: it is 1 to %d tokens, which the model sees at once", o.context, 1<<16)
	}
	kind, of, what := text.Bytes, "", "bytes, if --characters names no text"
	if o.characters != "" {
		kind, what = text.Chars, "the characters of "+called(o.characters)
		if of, err = readText(o.characters); err != nil {
			return err
		}
	}
	v, err := text.Learn(kind, 0, of)
	if err != nil {
		return fmt.Errorf("--characters %s: %w", o.characters, err)
	}
	if m.Loss == nil {
		m.Loss = must(losses.ByName("cross_entropy"))
	}
	m.Text = &textSetup{v, o.context}
	if _, _, err := m.Model.ForTokens(o.context, v.Size()); err != nil {
		return fmt.Errorf("%d tokens, %s: %w", v.Size(), what, err)
	}
	return nil
}

// linked says what the outputs of a net are, by what follows its last layer.
func (o *importOptions) linked(net *onnx.Net) error {
	byDefault := ""
	switch {
	case net.Link == "softmax" || net.Link == "log_softmax":
		byDefault = "cross_entropy"
		if o.classes == nil {
			o.classes = countedFrom(0, net.Outputs, "")
		}
	case net.Link == "sigmoid" && net.Outputs == 1:
		byDefault = "bce_logits"
		if o.classes == nil {
			o.classes = countedFrom(0, 2, "")
		}
	case net.Link == "sigmoid":
		o.labels = true
	case net.Outputs == 1 && o.classes != nil:
		byDefault = "bce_logits"
	}
	if o.classes == nil && o.numbers == nil && net.Outputs > 1 {
		o.numbers = countedFrom(1, net.Outputs, "prediction")
	}
	if o.Loss == nil && byDefault != "" {
		o.Loss = must(losses.ByName(byDefault))
	}
	if n, want := len(o.numbers), net.Outputs; o.classes == nil && n > 0 && n != want {
		return fmt.Errorf("--outputs names %d numbers, and %d come out", n, want)
	}
	return nil
}

// countedFrom are n names: numbers behind a word.
func countedFrom(first, n int, word string) (names []string) {
	for i := range n {
		names = append(names, word+strconv.Itoa(first+i))
	}
	return names
}
