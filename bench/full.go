package bench

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"descent/data"
	"descent/internal/rng"
	"descent/internal/spec"
	"descent/models"
	"descent/ops"
)

const mnistSource = "https://doi.org/10.1109/5.726791"

// mnist are the 10,000 test pictures of MNIST, as they are distributed.
var mnist = map[string]string{
	"mnist/t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
	"mnist/t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}

// Full are the workloads that the suite full has beside those of small and medium: their
// rows are in files that are not part of the program.
var Full = []Workload{
	{Row: spec.Row{Name: "mnist-lenet", Doc: "the convolutional net of 1998 on its data", Source: mnistSource}, Data: "mnist", Model: lenet, Loss: "cross_entropy",
		Files: mnist, From: pictures, Task: written(lenet, 28, 28), Epochs: 3, Batch: 64, Reference: Reference{0.114, 0.956, 0.93}},
	{Row: spec.Row{Name: "mnist-mlp", Doc: "a net with a hundred thousand weights", Source: mnistSource}, Data: "mnist", Model: "mlp(128)", Loss: "cross_entropy",
		Files: mnist, From: pictures, Task: written("mlp(128)", 28, 28), Epochs: 5, Batch: 64, Reference: Reference{0.11, 0.95, 0.93}},
	{Row: spec.Row{Name: "shakespeare-lstm", Doc: "a recurrent net over 32 letters of a long text", Source: "https://github.com/karpathy/char-rnn"}, Data: "shakespeare", Model: "embed(32) | lstm(128)", Loss: "cross_entropy",
		Files: map[string]string{"text/shakespeare.txt": "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"},
		From:  textRows, Task: nextLetter(32, func() models.Layer { return recurrent(32, 128) }), Epochs: 4, Batch: 32, Reference: Reference{3.33, 1.75, 2}},
	{Row: spec.Row{Name: "telco-mlp", Doc: "a table of words and numbers, of customers who left", Source: "https://www.kaggle.com/datasets/blastchar/telco-customer-churn"}, Data: "telco", Model: "mlp(32)", Loss: "cross_entropy",
		Files: map[string]string{"tables/telco.csv": "58af395c4e0c763dc3cd777abd27d67d425776d590ffdcebc13a8a214fce06f6"},
		From:  tableRows("tables/telco.csv", "Churn"), Task: classes(func(n int) models.Layer { return models.MLP(ops.ReLU, 32, n) }), Epochs: 5, Batch: 64, Reference: Reference{0.735, 0.8, 0.78}},
	{Row: spec.Row{Name: "abalone-mlp", Doc: "a regression on 4177 rows", Source: "https://doi.org/10.24432/C55C7W"}, Data: "abalone", Model: "mlp(32,32)", Loss: "mse",
		Files: map[string]string{"tables/abalone.csv": "6ef10d5c6fe8470a80cc27309248cef1ffe66a96d3fdf838fb4f40a8bea02f96"},
		From:  tableRows("tables/abalone.csv", "column_9"), Task: numbers(func() models.Layer { return models.MLP(ops.ReLU, 32, 32, 1) }), Epochs: 10, Batch: 64, Reference: Reference{0.94, 0.4, 0.48}},
}

// missing says which file of a workload a folder does not have as it is meant, "" if it
// has all.
func (w *Workload) missing(folder string) (string, error) {
	for _, name := range slices.Sorted(maps.Keys(w.Files)) {
		text, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
		sum := sha256.Sum256(text)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return name + " is not there", nil
		case err != nil:
			return "", err
		case hex.EncodeToString(sum[:]) != w.Files[name]:
			return name + " is another file (SHA-256)", nil
		}
	}
	return "", nil
}

// opened is a file, unpacked if it is compressed.
func opened(folder, name string) (io.Reader, error) {
	text, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(name, ".gz") {
		return gzip.NewReader(bytes.NewReader(text))
	}
	return bytes.NewReader(text), nil
}

// pictures divides MNIST's pictures: 6,500 to train on, 1,500 to validate, 2,000 to test.
func pictures(folder string) func(k int) (*data.Parts, error) {
	return func(k int) (*data.Parts, error) {
		images, err := opened(folder, "mnist/t10k-images-idx3-ubyte.gz")
		if err != nil {
			return nil, err
		}
		labels, err := opened(folder, "mnist/t10k-labels-idx1-ubyte.gz")
		if err != nil {
			return nil, err
		}
		d, err := data.ReadImages(images, labels)
		if err != nil {
			return nil, err
		}
		return (&data.Source{Name: "mnist", Images: d, Shape: d.Shape, Task: data.Classification}).Prepare("", data.Options{Fractions: data.Fractions{Val: 0.15, Test: 0.2}, Seed: rng.Mix(uint64(k))})
	}
}

// tableRows divides a table.
func tableRows(name, target string) func(folder string) func(k int) (*data.Parts, error) {
	return func(folder string) func(k int) (*data.Parts, error) {
		return func(k int) (*data.Parts, error) {
			in, err := opened(folder, name)
			if err != nil {
				return nil, err
			}
			t, err := data.ReadCSV(in, data.CSVOptions{})
			if err != nil {
				return nil, err
			}
			src := &data.Source{Name: name, Table: t}
			parts, err := src.Prepare(target, data.Options{Scaling: data.Standard, Fractions: data.Fractions{Val: 0.15, Test: 0.2}, Seed: rng.Mix(uint64(k))})
			if err == nil {
				standardise(parts)
			}
			return parts, err
		}
	}
}

// textRows are windows of 32 letters of a text.
func textRows(folder string) func(k int) (*data.Parts, error) {
	return func(k int) (*data.Parts, error) {
		in, err := opened(folder, "text/shakespeare.txt")
		if err != nil {
			return nil, err
		}
		s, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		return cutOut(letters(string(s)), k, 32, 3200)
	}
}
