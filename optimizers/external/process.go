package external

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
	"unsafe"

	"descent/internal/numjson"
)

// patience is how long a program may take for an answer.
var patience = time.Minute

// smallest is how much a pipe takes at least before its reader has begun.
const smallest = 1 << 12

// longestLine is that of an answer, an error included.
const longestLine = 1 << 12

// A process is a program that runs, or that is to be started. When nobody has it any
// more its input ends, and so does a program that keeps to the protocol.
type process struct {
	command string
	in, out *os.File // nil until it is started
	from    *bufio.Reader
	said    *tail // on its standard error
	running *exec.Cmd
	ended   chan struct{}
	seen    int // steps since it was told of a training
	buf     []byte
	failed  error // once it has, all that follows has
}

func newProcess(command string) *process { return &process{command: command} }

// stepWith tells the program of a step and reads what it answers into dst. The first
// step of a training announces the parameters.
func stepWith[T float32 | float64](x *exchange, now int, lr float64, dst, grads, params [][]T) error {
	if x.failed != nil {
		return x.failed
	}
	if x.failed = func() error {
		if now == 1 {
			if err := announce[T](x); err != nil {
				return err
			}
		}
		if now != x.seen+1 {
			return fmt.Errorf("step %d follows step %d for it: what it remembers is not in a checkpoint, so its run cannot be resumed", now, x.seen)
		}
		x.seen = now
		x.buf = fmt.Appendf(x.buf[:0], "step %d %v\n", now, lr)
		for _, arrays := range [][][]T{grads, params} {
			for _, a := range arrays {
				x.buf = append(x.buf, bytesOf(a)...)
			}
		}
		return x.ask(func() error {
			for _, a := range dst {
				if n, err := io.ReadFull(x.from, bytesOf(a)); err != nil {
					return fmt.Errorf("its answer to step %d ends after %d of the %d bytes of a parameter: %w", now, n, len(bytesOf(a)), err)
				}
			}
			return nil
		})
	}(); x.failed != nil {
		x.end()
	}
	return x.failed
}

// announce starts the program if it does not run, and tells it of a training.
func announce[T float32 | float64](x *exchange) error {
	if x.in == nil {
		if err := x.start(); err != nil {
			return err
		}
	}
	var zero T
	plan, err := numjson.Marshal(struct {
		Protocol int     `json:"protocol"`
		Dtype    string  `json:"dtype"`
		Seed     uint64  `json:"seed"`
		Params   []param `json:"params"`
	}{1, fmt.Sprintf("float%d", 8*unsafe.Sizeof(zero)), x.store.Seed(), x.params})
	if err != nil {
		return err
	}
	x.seen = 0
	x.buf = fmt.Appendf(x.buf[:0], "init %s\n", plan)
	return x.ask(func() error { return nil })
}

// start runs the program. Pipes are made here, so that nothing but the process
// holds them, and they are closed with it.
func (p *process) start() error {
	words := strings.Fields(p.command)
	if !little {
		return errors.New("numbers are sent least byte first, which this machine does not have")
	}
	theirs, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirs.Close()
	out, answers, err := os.Pipe()
	if err != nil {
		return errors.Join(err, in.Close())
	}
	defer answers.Close()
	p.said = &tail{}
	p.running = exec.Command(words[0], words[1:]...)
	p.running.Stdin, p.running.Stdout, p.running.Stderr = theirs, answers, p.said
	if err := p.running.Start(); err != nil {
		return errors.Join(err, in.Close(), out.Close())
	}
	p.in, p.out, p.from = in, out, bufio.NewReaderSize(out, 1<<16)
	p.ended = make(chan struct{})
	go func(running *exec.Cmd, ended chan struct{}) {
		defer close(ended)
		running.Wait() // its status says nothing that its answers do not
	}(p.running, p.ended)
	return nil
}

// ask sends what is in the buffer while it reads the answer: a line, and what read
// reads.
func (p *process) ask(read func() error) error {
	end := time.Now().Add(patience)
	for _, err := range []error{p.in.SetWriteDeadline(end), p.out.SetReadDeadline(end)} {
		if err != nil && !errors.Is(err, os.ErrNoDeadline) { // pipes of Windows have none
			return err
		}
	}
	sent := make(chan error, 1)
	if len(p.buf) > smallest { // it may answer before it has read all, and wait for us
		go func(b []byte) { _, err := p.in.Write(b); sent <- err }(p.buf)
	} else {
		_, err := p.in.Write(p.buf)
		sent <- err
	}
	err := p.answer()
	if err == nil {
		err = read()
	}
	if err == nil {
		err = <-sent
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("it has not answered within %v", patience)
	}
	return err
}

// answer reads the line that begins an answer.
func (p *process) answer() error {
	line, err := p.from.ReadSlice('\n')
	switch text := strings.TrimRight(string(line[:min(len(line), longestLine)]), "\r\n"); {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case err == io.EOF && text == "":
		select { // until all that it said of its end is here
		case <-p.ended:
		case <-time.After(patience):
		}
		return fmt.Errorf("it has ended; its last words were %q", cmp.Or(p.said.String(), "none"))
	case err != nil && !errors.Is(err, bufio.ErrBufferFull):
		return err
	case text == "ok":
		return nil
	case strings.HasPrefix(text, "error "):
		return errors.New(text[len("error "):])
	default:
		return fmt.Errorf("it answers %.60q, not ok, or error and why: what a program prints for people belongs on its standard error", text)
	}
}

// end kills the program.
func (p *process) end() {
	if p.in != nil {
		p.in.Close()
		p.out.Close()
		p.running.Process.Kill()
	}
}

// little tells whether numbers lie in memory as they are sent.
var little = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// bytesOf returns the memory of numbers, which are sent least byte first.
func bytesOf[T float32 | float64](a []T) []byte {
	if len(a) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&a[0])), len(a)*int(unsafe.Sizeof(a[0])))
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if n := len(t.buf) - 1<<10; n > 0 {
		t.buf = append(t.buf[:0], t.buf[n:]...)
	}
	return len(b), nil
}

// String returns the last line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := bytes.Split(bytes.TrimSpace(t.buf), []byte("\n"))
	return string(lines[len(lines)-1])
}
