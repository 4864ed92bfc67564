package main

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"descent/data"
	"descent/internal/ram"

	"github.com/spf13/pflag"
)

// A memoryLimit is what a run may take.
type memoryLimit struct {
	most  int64
	given bool
}

// flag adds --max-memory.
func (m *memoryLimit) flag(f *pflag.FlagSet) {
	textFlag(f, m, "max-memory", "", "", "refuse what would need more memory, such as 512MB or 2GiB, or none for no limit (default: what the machine has free)", parseMemory)
}

// units of memory: those of two's powers, and those of ten's.
var units = map[string]float64{"": 1, "b": 1, "k": 1 << 10, "kib": 1 << 10, "kb": 1e3, "m": 1 << 20, "mib": 1 << 20, "mb": 1e6,
	"g": 1 << 30, "gib": 1 << 30, "gb": 1e9, "t": 1 << 40, "tib": 1 << 40, "tb": 1e12}

func parseMemory(text string) (memoryLimit, error) {
	if text == "none" {
		return memoryLimit{math.MaxInt64, true}, nil
	}
	at := strings.LastIndexAny(text, "0123456789.") + 1
	n, err := strconv.ParseFloat(text[:at], 64)
	unit, ok := units[strings.ToLower(strings.TrimSpace(text[at:]))]
	if err != nil || !ok || !(n*unit >= 1) || n*unit > math.MaxInt64/2 {
		return memoryLimit{}, fmt.Errorf("%q is no amount of memory, such as 512MB or 2GiB, nor none", text)
	}
	return memoryLimit{int64(n * unit), true}, nil
}

// heed makes the garbage collector keep to a limit that was given.
func (m *memoryLimit) heed() {
	if m.given {
		debug.SetMemoryLimit(m.most)
	}
}

// allow refuses work that needs more memory than may be taken; more is besides what
// is in use now.
func (m *memoryLimit) allow(what string, more int64) error {
	const program = 16 << 20 // what the command itself has
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	need := program + more
	if need < 0 {
		need = math.MaxInt64 // the sum does not fit
	}
	if m.given {
		if need += min(int64(now.HeapAlloc), math.MaxInt64-need); need > m.most {
			return fmt.Errorf("%s needs about %s of memory, more than --max-memory %s", what, amount(need), amount(m.most))
		}
		return nil
	}
	if free, ok := ram.Free(); ok && need > free {
		return fmt.Errorf("%s needs about %s of memory, and %s are free; --max-memory none tries nevertheless", what, amount(need), amount(free))
	}
	return nil
}

// allowReading refuses files that alone are too large.
func (m *memoryLimit) allowReading(name string) error {
	var n int64
	for _, file := range data.Files(name) {
		if info, err := os.Stat(file); err == nil {
			n += info.Size()
		}
	}
	filepath.WalkDir(name, func(path string, e fs.DirEntry, err error) error { // of images
		if path == name || err != nil {
			return nil // reading will tell
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	return m.allow("reading "+called(name), n)
}

// amount prints an amount of memory.
func amount(n int64) string {
	x, unit := float64(n), ""
	for _, u := range []string{"kB", "MB", "GB", "TB", "PB", "EB"} {
		if x < 1000 {
			break
		}
		x, unit = x/1000, u
	}
	if unit == "" {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.3g %s", x, unit)
}
