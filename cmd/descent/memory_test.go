package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"descent/internal/numjson"
)

// built returns the command as users have it.
func built(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("peak memory is read in /proc")
	}
	if testing.Short() {
		t.Skip("builds the command")
	}
	path := filepath.Join(t.TempDir(), "descent")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// peak runs a command and returns the most memory that it had in bytes, as the
// system saw it shortly before the end.
func peak(t *testing.T, c *exec.Cmd) int {
	t.Helper()
	return most(t, c, "VmHWM:")
}

// most is the largest number of bytes that the system was seen to count so for a command.
func most(t *testing.T, c *exec.Cmd, kind string) int {
	t.Helper()
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- c.Wait() }()
	most := 0
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("%v: %s", err, errs.String())
			}
			return most
		case <-time.After(time.Millisecond):
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
			_, rest, _ := strings.Cut(string(status), kind)
			if fields := strings.Fields(rest); len(fields) > 0 {
				kilobytes, _ := strconv.Atoi(fields[0])
				most = max(most, 1024*kilobytes)
			}
		}
	}
}

// predict has the memory of some rows, however many there are: a million of 10
// classes once took 1.4 GB.
func TestPredictStreams(t *testing.T) {
	command := built(t)
	rows := 200_000
	if os.Getenv("DESCENT_SLOW") != "" {
		rows = 1_000_000
	}
	folder := t.TempDir()
	model := filepath.Join(folder, "model")
	var small strings.Builder
	small.WriteString("a,b,c,d,kind\n")
	for i := range 500 {
		fmt.Fprintf(&small, "%d,%d,%d,%d,k%d\n", i%7, i%11, i%13, i%5, i%10)
	}
	if status, _, errs := descent("train", file(t, "small.csv", small.String()), "-t", "kind", "--out", model, "--epochs", "1", "-q"); status != 0 {
		t.Fatal(errs)
	}
	path := filepath.Join(folder, "large.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	w.WriteString("d,c,b,a\n")
	for i := range rows {
		fmt.Fprintf(w, "%d,%d.5,%d,%d\n", i%5, i%13, i%11, i%7)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	const most = 64 << 20
	for _, args := range [][]string{{path}, {"-"}, {path, "--json", "--keep", "a"}} {
		c := exec.Command(command, append([]string{"predict", model}, args...)...)
		if args[0] == "-" {
			in, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			c.Stdin = in
		}
		out := &counted{ends: []byte{'\n', '{'}}
		c.Stdout = out
		got := peak(t, c)
		t.Logf("%v: %d rows in %.1f MiB", args, rows, float64(got)/(1<<20))
		if got > most || got == 0 {
			t.Errorf("%v: %d rows took %d bytes, more than %d", args, rows, got, most)
		}
		if lines := out.n['\n']; len(args) == 1 && lines != rows+1 {
			t.Errorf("%v: %d lines for %d rows", args, lines, rows)
		}
		if objects := out.n['{']; len(args) > 1 && objects != 3*rows {
			t.Errorf("%v: %d objects for %d rows of three", args, objects, rows)
		}
	}
}

// counted counts some bytes of what is written.
type counted struct {
	ends []byte
	n    [256]int
}

func (c *counted) Write(p []byte) (int, error) {
	for _, b := range c.ends {
		c.n[b] += bytes.Count(p, []byte{b})
	}
	return len(p), nil
}

// Pictures are kept as bytes, those that are held out and those for training:
// 55 MB of them once took 1.1 GB.
func TestPicturesStayBytes(t *testing.T) {
	command := built(t)
	const n, side = 60_000, 28
	folder := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	pixels := make([]byte, side*side)
	write := func(name string, dims []uint32, row func(w io.Writer) error) {
		f, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriter(f)
		w.Write([]byte{0, 0, 8, byte(len(dims))})
		binary.Write(w, binary.BigEndian, dims)
		for range n {
			if err := row(w); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write("train-images-idx3-ubyte", []uint32{n, side, side}, func(w io.Writer) error {
		for i := range pixels {
			pixels[i] = byte(r.Uint32())
		}
		_, err := w.Write(pixels)
		return err
	})
	write("train-labels-idx1-ubyte", []uint32{n}, func(w io.Writer) error {
		_, err := w.Write([]byte{byte(r.IntN(10))})
		return err
	})
	c := exec.Command(command, "train", folder, "--model", "mlp(16)", "--epochs", "1", "-q")
	got := peak(t, c)
	t.Logf("%.1f MiB of pictures in %.1f MiB", float64(n*side*side)/(1<<20), float64(got)/(1<<20))
	if most := 4 * n * side * side; got > most || got == 0 {
		t.Errorf("%d bytes, want less than %d", got, most)
	}
}

// What a run says that it needs is what it takes, within half of it.
func TestMemoryIsTold(t *testing.T) {
	command := built(t)
	for _, args := range [][]string{
		{"--model", "mlp(1500,1500)"},
		{"--model", "mlp(1500,1500)", "--optimizer", "sgd", "--batch", "0"},
		{"--model", "mlp(1500,1500)", "--dtype", "float64", "--optimizer", "adagrad"},
	} {
		c := exec.Command(command, append([]string{"train", "digits", "--epochs", "2", "--json", "-q"}, args...)...)
		var out bytes.Buffer
		c.Stdout = &out
		got := peak(t, c)
		var r report
		if err := numjson.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		const program = 32 << 20 // and what is not the run's
		t.Logf("%v: %d told, %d taken", args, r.Memory, got)
		if got > r.Memory+program || got < r.Memory/2 {
			t.Errorf("%v: %d bytes were told, %d were taken", args, r.Memory, got)
		}
	}
}

// Each command that may need much refuses before it takes it.
func TestMaxMemory(t *testing.T) {
	model := filepath.Join(t.TempDir(), "model")
	if status, _, errs := descent("train", "iris", "--model", "mlp(512,512)", "--epochs", "1", "-q", "--out", model); status != 0 {
		t.Fatal(errs)
	}
	const huge = "mlp(10000,10000)"
	for _, args := range [][]string{
		{"train", "iris", "--model", huge, "--max-memory", "1GB"},
		{"bench", "iris", "--model", huge, "--max-memory", "1.5GiB", "--workers", "3", "--out", filepath.Join(t.TempDir(), "r")},
		{"predict", model, "iris", "--max-memory", "16MiB"},
		{"train", "iris", "--max-memory", "1"},
	} {
		status, out, errs := descent(args...)
		if status != exitFailure || out != "" || !strings.Contains(errs, " of memory, more than --max-memory ") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, %s%s", args, status, out, errs)
		}
	}
	for _, text := range []string{"none", "16e9", "1TB"} {
		if status, _, errs := descent("predict", model, "iris", "--max-memory", text); status != 0 {
			t.Errorf("%s: %s", text, errs)
		}
	}
	debug.SetMemoryLimit(math.MaxInt64) // for other tests
	for text, want := range map[string]int64{"1": 1, "2k": 2048, "2kB": 2000, "1.5MiB": 3 << 19, "512 MB": 512e6, "1G": 1 << 30, "2tib": 2 << 40} {
		if m, err := parseMemory(text); err != nil || m.most != want {
			t.Errorf("%s is %d: %v, want %d", text, m.most, err, want)
		}
	}
	for _, text := range []string{"", "much", "-1", "0", "1XB", "nan", "inf", "1e300", "MB", "1.2.3"} {
		if status, _, errs := descent("predict", model, "iris", "--max-memory", text); status != exitUsage {
			t.Errorf("%q: status %d: %s", text, status, errs)
		}
	}
}
