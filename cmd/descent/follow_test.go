package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Who watches a run sees it go on and, in the end, the report; TensorBoard has a file of
// it. Neither changes the model.
func TestFollowed(t *testing.T) {
	dir := t.TempDir()
	tall := file(t, "tall.csv", table(60))
	for name, c := range map[string]struct{ args, want []string }{
		"table":   {[]string{"train", tall, "-t", "y", "-m", "mlp(8)", "--epochs", "3", "--val", "0.2", "--folds", "0"}, []string{"loss/train", "loss/val", "val/r2", "weights/dense.w", "lr"}},
		"solved":  {[]string{"train", tall, "-t", "y", "-m", "linear", "--folds", "0"}, []string{"loss/train", "weights/dense.w"}},
		"targets": {[]string{"train", tall, "-t", "y,z", "-m", "mlp(8)", "--epochs", "3"}, []string{"loss/train", "lr"}},
		"bench":   {[]string{"bench", tall, "-t", "y", "-m", "linear", "-o", "sgd(lr=0.1)", "--epochs", "2", "--out", filepath.Join(dir, "results")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			report := filepath.Join(dir, "results", pageFile)
			args := append(c.args, "-q", "--watch", "127.0.0.1:0")
			if c.want != nil {
				report = filepath.Join(dir, name+".html")
				args = append(args, "--report", report, "--tensorboard", filepath.Join(dir, name))
			}
			if seen := lookedOn(t, args...); strings.TrimSpace(seen) != strings.TrimSpace(textOf(t, filepath.Dir(report), filepath.Base(report))) {
				t.Errorf("the last page is not the report: %.300s", seen)
			}
			if c.want == nil {
				return
			}
			files, err := filepath.Glob(filepath.Join(dir, name, "events.out.tfevents.*"))
			if err != nil || len(files) != 1 {
				t.Fatalf("files %v, %v", files, err)
			}
			text, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			for _, tag := range c.want {
				if !bytes.Contains(text, []byte(tag)) {
					t.Errorf("no %s in the events", tag)
				}
			}
		})
	}
	if status, _, errs := descent("train", tall, "-t", "y", "--tensorboard", filepath.Join(tall, "x")); status != exitFailure || !strings.Contains(errs, "--tensorboard") {
		t.Errorf("a folder in a file: status %d: %s", status, errs)
	}
	if status, _, errs := descent("train", tall, "-t", "y", "--watch", "localhost"); status != exitUsage || !strings.Contains(errs, "address with a port") {
		t.Errorf("no address: status %d: %s", status, errs)
	}
}

// An onlooker is the standard error of a command that says where it can be watched, and
// watches it from then on.
type onlooker struct {
	text   bytes.Buffer
	stream io.ReadCloser
}

func (o *onlooker) Write(p []byte) (int, error) {
	o.text.Write(p)
	if _, url, ok := strings.Cut(o.text.String(), "watch it at "); ok && o.stream == nil && strings.Contains(url, "\n") {
		r, err := http.Get(strings.TrimSpace(url) + "events")
		if err != nil {
			return 0, err
		}
		o.stream = r.Body
	}
	return len(p), nil
}

// lookedOn runs a command, looks on, and returns the last page.
func lookedOn(t *testing.T, args ...string) (last string) {
	t.Helper()
	o := &onlooker{}
	var out bytes.Buffer
	status := run(context.Background(), args, strings.NewReader(""), &out, o)
	if status != 0 || o.stream == nil {
		t.Fatalf("%v: status %d: %s", args, status, o.text.String())
	}
	defer o.stream.Close()
	all, err := io.ReadAll(o.stream)
	pages := strings.Split(string(all), "event: ")
	if n := len(pages); err != nil || n < 4 || !strings.HasPrefix(pages[n-1], "end") {
		t.Fatalf("%d events, the last %.40q, %v", n-1, pages[n-1], err)
	}
	for line := range strings.Lines(pages[len(pages)-2]) {
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			last += text
		}
	}
	return last
}
