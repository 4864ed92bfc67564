package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"descent/internal/atomicfile"
	"descent/internal/calc"
	"descent/internal/numjson"
	"descent/internal/plot"
	"descent/optimizers/search"

	"github.com/spf13/cobra"
)

// bindings reads name=value pairs, which may be joined by commas. Values are
// numbers or lists.
func bindings(args ...string) ([]calc.Binding, error) {
	var out []calc.Binding
	for _, arg := range args {
		for _, pair := range splitTop(arg) {
			name, text, err := binding(pair)
			if err != nil {
				return nil, err
			}
			v, err := calc.ParseValue(text)
			if err != nil {
				return nil, fmt.Errorf("%s=%s: %w", name, strings.TrimSpace(text), err)
			}
			out = append(out, calc.Binding{Name: name, Value: v})
		}
	}
	return out, nil
}

// binding cuts name=value. A name in backquotes may have any characters.
func binding(pair string) (name, value string, err error) {
	pair = strings.TrimSpace(pair)
	if quoted, ok := strings.CutPrefix(pair, "`"); ok {
		name, rest, ok := strings.Cut(quoted, "`")
		rest, equals := strings.CutPrefix(strings.TrimSpace(rest), "=")
		if !ok || !equals || name == "" {
			return "", "", fmt.Errorf("%q is not of the form `name`=value", pair)
		}
		return name, rest, nil
	}
	name, value, ok := strings.Cut(pair, "=")
	name = strings.TrimSpace(name)
	switch {
	case !ok:
		return "", "", fmt.Errorf("%q is not of the form name=value", pair)
	case !isName(name):
		return "", "", fmt.Errorf("%q is not a name", name)
	}
	return name, value, nil
}

// splitTop cuts at commas that are outside brackets and backquotes.
func splitTop(s string) (out []string) {
	depth, from, quoted := 0, 0, false
	for i, r := range s {
		switch {
		case r == '`':
			quoted = !quoted
		case quoted:
		case r == '(' || r == '[':
			depth++
		case r == ')' || r == ']':
			depth--
		case r == ',' && depth == 0:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

func isName(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// parseBounds reads "x=0:5,y=:1".
func parseBounds(text string) (map[string]search.Bound, error) {
	out := map[string]search.Bound{}
	if strings.TrimSpace(text) == "" {
		return out, nil
	}
	for _, pair := range strings.Split(text, ",") {
		name, ends, ok := strings.Cut(pair, "=")
		lo, hi, also := strings.Cut(ends, ":")
		name = strings.TrimSpace(name)
		if !ok || !also || name == "" || strings.ContainsFunc(name, unicode.IsControl) {
			return nil, fmt.Errorf("bounds %q: write name=lo:hi, such as x=0:5, or x=0: for no upper one", strings.TrimSpace(pair))
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("bounds of %s are given twice", name)
		}
		b := search.Bound{Lo: math.Inf(-1), Hi: math.Inf(1)}
		for _, end := range []struct {
			text string
			to   *float64
		}{{lo, &b.Lo}, {hi, &b.Hi}} {
			if t := strings.TrimSpace(end.text); t != "" {
				x, err := strconv.ParseFloat(t, 64)
				if err != nil || math.IsNaN(x) {
					return nil, fmt.Errorf("bounds of %s: %q is not a number", name, t)
				}
				*end.to = x
			}
		}
		if !(b.Lo < b.Hi) {
			return nil, fmt.Errorf("bounds of %s: nothing is between %v and %v", name, b.Lo, b.Hi)
		}
		out[name] = b
	}
	return out, nil
}

// printJSON writes v as indented JSON.
func printJSON(w io.Writer, v any) error { return numjson.Write(w, v, "  ") }

// checkPicture refuses the name of a file whose ending is no picture's.
func checkPicture(flag, path string, endings ...string) error {
	if len(endings) == 0 {
		endings = []string{".svg", ".png"}
	}
	for _, e := range endings {
		if strings.HasSuffix(strings.ToLower(path), e) {
			return nil
		}
	}
	if path == "" {
		return nil
	}
	return fmt.Errorf("%s %s: the name must end with %s", flag, path, strings.Join(endings, " or "))
}

// writable tells, before the work, which of the files that get its result
// cannot be written. An empty name is no file.
func writable(names ...string) error {
	var errs []error
	for _, name := range names {
		if name != "" {
			errs = append(errs, atomicfile.Check(name))
		}
	}
	return errors.Join(errs...)
}

// writableIn is writable for files of a folder, which is made if there is none.
func writableIn(folder string, names ...string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var paths []string
	for _, name := range names {
		paths = append(paths, filepath.Join(folder, name))
	}
	return writable(paths...)
}

// claim is writableIn for a folder that one process at a time writes to. It is
// this one until release is called.
func claim(folder string, names ...string) (release func(), err error) {
	if err := writableIn(folder, names...); err != nil {
		return nil, err
	}
	for _, name := range names {
		names = append(names, atomicfile.Next(name))
	}
	release, err = atomicfile.Lock(folder, names...)
	if errors.Is(err, atomicfile.ErrLocked) {
		err = fmt.Errorf("%w; wait for its end, or give another --out", err)
	}
	return release, err
}

// save writes a picture and says so.
func save(w io.Writer, p plot.Picture, path string) error {
	if err := p.Save(path); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "picture: %s\n", path)
	return err
}

// explainMinus says what to do about a formula that begins with a minus, which
// looks like a flag.
func explainMinus(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		if strings.HasPrefix(err.Error(), "unknown shorthand flag") {
			err = fmt.Errorf("%w; a formula that begins with a minus goes into brackets: '(-x)'", err)
		}
		return usage(err)
	})
}
