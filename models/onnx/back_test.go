package onnx_test

import (
	"strings"
	"testing"

	"descent/models/onnx"
)

// unread are models whose files are read by what they say of their model alone, with the
// reason why their operators are no layers.
var unread = []struct{ begins, why string }{
	{"rnn", "recurrent layers are a Scan, whatever their cell"}, {"lstm", "as rnn"}, {"gru", "as rnn"}, {"leaky(64", "as rnn"}, {"bidirectional", "as rnn"}, {"ode", "as rnn"},
	{"autoencoder(16, encoder=conv", "rows are made pictures within the net"}, {"vae(20, encoder=conv", "as autoencoder"},
	{"adaptive_pool", "windows of several lengths are slices"}, {"avg_pool(3, stride=2, ceil=true)", "means at the edge are corrected by a factor for each place"}, {"avg_pool(3, stride=2, padding=1, inside=true)", "as ceil"},
	{"gpt(layers=2, heads=2, position=rotary)", "turned queries are sums of products with constants for each step"},
	{"upsample(size=[5, 7], mode=linear)", "axes are resized one by one, side by side with others"}, {"pad([1, 2, 2, 1], mode=circular)", "slices are put side by side"},
}

// TestThereAndBack: what is written of each layer is read as layers that compute the same,
// without what the file says of its model.
func TestThereAndBack(t *testing.T) {
	used := map[string]bool{}
	for _, text := range texts() {
		s := subjectOf(t, text)
		if s == nil {
			t.Fatalf("%s: no shape of rows fits", text)
		}
		feed, want := s.rows(t, 3)
		file, err := s.encode()
		if err != nil {
			t.Fatal(err)
		}
		f, err := onnx.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		net, err := f.Net()
		begins := ""
		for _, u := range unread {
			if strings.HasPrefix(text, u.begins) {
				begins = u.begins
			}
		}
		if used[begins] = true; (err != nil) != (begins != "") {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil {
			continue
		}
		var in []float64
		for _, x := range feed.Data {
			if n, ok := x.(int); ok {
				in = append(in, float64(n))
			}
		}
		if in == nil {
			in = feed.Numbers()
		}
		if worst := apart(computed(t, net, in, 10, len(want)), want); !(worst <= 1e-5) {
			t.Errorf("%s: as %s off by %v", text, net.Model, worst)
		}
	}
	for _, u := range unread {
		if !used[u.begins] {
			t.Errorf("no model is %s", u.begins)
		}
	}
}
