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
)

// An importSource is a file that is imported.
type importSource struct {
	meta    map[string]string
	weights []byte    // with PyTorch's names and layouts, as a file of safetensors
	net     *onnx.Net // the layers, if the file says them
	own     []byte    // the weights with our names, of a file of ours that has these
}

// sourceOf reads a file of safetensors, which begins with the length of a text in braces, or
// one of ONNX.
func sourceOf(text []byte) (*importSource, error) {
	if len(text) > 8 && text[8] == '{' {
		meta, err := torch.Meta(text)
		return &importSource{meta: meta, weights: text}, err
	}
	f, err := onnx.Read(text)
	if err != nil {
		return nil, fmt.Errorf("it is no file of safetensors, and %w", err)
	}
	src := &importSource{meta: f.Meta()}
	if src.meta[modelKey] != "" {
		src.own, err = f.Weights()
		return src, err
	}
	if src.net, err = f.Net(); err != nil {
		return nil, fmt.Errorf("it cannot be made layers: %w", err)
	}
	src.weights = src.net.Weights
	return src, nil
}

// ofNet fills in what a file of ONNX says of layers, inputs and outputs.
func (o *importOptions) ofNet(src *importSource, given bool) (err error) {
	net := src.net
	switch {
	case given:
		return usage(errors.New("--model: a file of ONNX says its layers; leave out --model"))
	case o.lengths != nil && !slices.Equal(o.lengths, net.Shape):
		return usage(fmt.Errorf("--shape: its rows are %v; leave out --shape", net.Shape))
	case o.columns != nil && len(net.Shape) > 1:
		return usage(fmt.Errorf("--columns: its rows are %v, as of pictures; leave out --columns", net.Shape))
	case net.Outputs == 0:
		return fmt.Errorf("its layers are %s, and the last of a model of ours is dense", net.Model)
	}
	if o.Model, err = models.Parse(net.Model); err != nil {
		return err
	}
	if o.lengths = nil; len(net.Shape) > 1 {
		o.lengths = net.Shape
	} else if o.columns == nil {
		o.columns = []string{strconv.Itoa(net.Shape[0])}
	}
	return usage(o.linked(net))
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
