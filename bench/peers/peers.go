package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A peer is one side of the comparison.
type peer struct {
	name, title string
	sources     string   // folder
	build       []string // command; % is the program to make
	command     []string // to run; % is the program made, @python the interpreter
}

// The first is ours. Others are left out if they cannot be built or started.
var peers = []peer{
	{"descent", "descent", "descent", []string{"go", "build", "-o", "%", "."}, []string{"%"}},
	{"torch", "PyTorch", "torch", nil, []string{"@python", "torch/peer.py"}},
	{"libtorch", "libtorch", "libtorch", []string{"g++", "-O3", "-march=native", "-std=c++17", "-I/usr/include/torch/csrc/api/include",
		"peer.cpp", "-ltorch", "-ltorch_cpu", "-lc10", "-o", "%"}, []string{"%"}},
	{"gorgonia", "gorgonia", "gorgonia", []string{"go", "build", "-o", "%", "."}, []string{"%"}},
	{"dlib", "dlib", "dlib", []string{"g++", "-O3", "-march=native", "-std=c++17", "-DDLIB_USE_BLAS",
		"peer.cpp", "-ldlib", "-lopenblas", "-o", "%"}, []string{"%"}},
	{"onnx", "onnxruntime", "onnx", []string{"@python", "export.py", "%"}, []string{"node", "onnx/peer.js", "%"}},
	{"c", "C on OpenBLAS", "c", []string{"gcc", "-Ofast", "-march=native", "peer.c", "-lopenblas", "-lm", "-o", "%"}, []string{"%"}},
}

// make builds the peer if its sources are newer than its program, and returns
// how to run it.
func (p peer) make(here, programs, python string) ([]string, error) {
	program := filepath.Join(programs, p.name)
	command := make([]string, len(p.command))
	for i, arg := range p.command {
		command[i] = strings.NewReplacer("%", program, "@python", python).Replace(arg)
	}
	if p.build == nil {
		return command, nil
	}
	if p.build[0] != "go" && !newer(filepath.Join(here, p.sources), program) {
		return command, nil
	}
	args := append([]string(nil), p.build...)
	for i := range args {
		args[i] = strings.NewReplacer("%", program, "@python", python).Replace(args[i])
	}
	c := exec.Command(args[0], args[1:]...)
	c.Dir = filepath.Join(here, p.sources)
	if out, err := c.CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return nil, fmt.Errorf("cannot be built: %w: %s", err, first)
	}
	return command, nil
}

// newer reports whether a file of the folder is newer than the program.
func newer(folder, program string) bool {
	made, err := os.Stat(program)
	if err != nil {
		return true
	}
	files, err := os.ReadDir(folder)
	for _, f := range files {
		if i, err := f.Info(); err == nil && i.ModTime().After(made.ModTime()) {
			return true
		}
	}
	return err != nil
}

// environment is what every peer runs in: nothing that slows OpenBLAS or Go
// down, no more threads than asked for, and a malloc that keeps its memory.
func environment(threads int, measured kind) []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case strings.HasPrefix(name, "OPENBLAS_"), strings.HasPrefix(name, "OMP_"), strings.HasPrefix(name, "GOMP_"),
			strings.HasPrefix(name, "MALLOC_"), strings.HasPrefix(name, "DESCENT_") && name != "DESCENT_ISA", name == "LD_LIBRARY_PATH",
			name == "GOMAXPROCS", name == "GOGC", name == "GODEBUG":
		default:
			env = append(env, v)
		}
	}
	n := strconv.Itoa(threads)
	env = append(env, "OMP_NUM_THREADS="+n, "OPENBLAS_NUM_THREADS="+n)
	if os.Getenv("DESCENT_ISA") == "avx2" { // on all sides
		env = append(env, "OPENBLAS_CORETYPE=Haswell", "ATEN_CPU_CAPABILITY=avx2", "ONEDNN_MAX_CPU_ISA=AVX2")
	}
	if measured != peak { // there, what malloc keeps would count
		env = append(env, "MALLOC_MMAP_THRESHOLD_=1073741824", "MALLOC_TRIM_THRESHOLD_=2147483648", "MALLOC_TOP_PAD_=268435456")
	}
	// Debian's other libblas is slow; for two threads, OpenMP's OpenBLAS does
	// not fight with PyTorch's OpenMP.
	builds := []string{"pthread", "openmp", "serial"}
	if threads > 1 {
		builds = []string{"openmp", "pthread"}
	}
	for _, b := range builds {
		if found, _ := filepath.Glob("/usr/lib/*/openblas-" + b); found != nil {
			return append(env, "LD_LIBRARY_PATH="+found[0])
		}
	}
	return env
}

// launch returns the command for a peer on some processors.
func launch(here string, command []string, cpus []int, threads int, measured kind, args ...string) program {
	line := append(slices.Clone(command[1:]), strconv.Itoa(threads))
	c := exec.Command(command[0], append(line, args...)...)
	c.Dir, c.Env, c.Stderr = here, environment(threads, measured), os.Stderr
	return program{c, cpus}
}

// A program is about to be started, on some processors.
type program struct {
	*exec.Cmd
	cpus []int
}

// An answer is what a peer prints.
type answer struct {
	Work    string             `json:"work"`
	Version string             `json:"version,omitempty"`
	Error   string             `json:"error,omitempty"`
	Check   map[string]float64 `json:"check,omitempty"`
	US      map[string]float64 `json:"us,omitempty"`
	PeakKB  float64            `json:"peak_kb,omitempty"`
}

// A server is a peer that is running.
type server struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func serve(c program) (*server, error) {
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &server{c.Cmd, in, bufio.NewReader(out)}, c.start()
}

func (s *server) ask(work string, ms float64) (a answer, err error) {
	if _, err = fmt.Fprintln(s.in, work, ms); err != nil {
		return a, err
	}
	return s.read()
}

func (s *server) read() (a answer, err error) {
	line, err := s.out.ReadBytes('\n')
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(line, &a)
}

func (s *server) stop() {
	s.in.Close()
	s.cmd.Wait()
}

// oneOff runs a process for a work and returns its answer with the time of
// the kind, in microseconds for all of its ways.
func oneOff(c program, measured kind) (answer, error) {
	began := time.Now()
	s, err := serve(c)
	if err != nil {
		return answer{}, err
	}
	s.in.Close()
	a, err := s.read()
	answered := time.Since(began)
	s.cmd.Wait()
	took := map[kind]float64{
		start:   float64(answered.Microseconds()) / 1e3,
		process: float64(time.Since(began).Microseconds()) / 1e3,
		peak:    a.PeakKB * 1024 / 1e6,
	}[measured]
	a.US = map[string]float64{}
	for way := range a.Check {
		a.US[way] = took
	}
	return a, err
}
