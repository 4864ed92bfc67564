package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"descent/bench"
	"descent/data"
	"descent/internal/numjson"
	"descent/internal/spec"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A suiteFile is a suite of workloads of one's own.
type suiteFile struct {
	Name      string         `json:"name"`
	Workloads []workloadFile `json:"workloads"`
}

// A workloadFile is one of them: rows, a model and a loss by the flags of bench, and what its
// scores are measured against.
type workloadFile struct {
	Name      string           `json:"name"`
	About     string           `json:"about"`
	SHA256    string           `json:"sha256"` // of the file with the rows; "" is whatever is in it
	Flags     plan             `json:"flags"`
	Reference *bench.Reference `json:"reference"`
}

// readSuite takes the problems of a file. Files with rows are looked for beside it, or in
// --files.
func (o *benchOptions) readSuite() error {
	text, err := os.ReadFile(o.suite)
	if err != nil {
		return fmt.Errorf("--suite: %w", err)
	}
	var file suiteFile
	if err := numjson.UnmarshalStrict(text, &file); err != nil {
		return fmt.Errorf("--suite %s: %w", o.suite, err)
	}
	o.study.Name = cmp.Or(file.Name, strings.TrimSuffix(filepath.Base(o.suite), ".json"))
	for i := range file.Workloads {
		w := &file.Workloads[i]
		p, missing, err := o.workload(w)
		switch {
		case err != nil:
			return fmt.Errorf("--suite %s: workload %d, %q: %w", o.suite, i+1, w.Name, err)
		case missing != "":
			o.study.LeftOut = append(o.study.LeftOut, w.Name+" ("+missing+")")
		default:
			o.study.Problems = append(o.study.Problems, p)
		}
	}
	if len(o.study.Problems) == 0 {
		return fmt.Errorf("--suite %s: it has no workload that can be run; the left out: %s", o.suite, strings.Join(o.study.LeftOut, ", "))
	}
	return nil
}

// workload makes the net of a row, or says why its file is not what is meant.
func (o *benchOptions) workload(w *workloadFile) (p bench.Problem, missing string, err error) {
	if w.Name == "" {
		return nil, "", errors.New("a name is missing")
	}
	for name := range w.Flags {
		if slices.Contains(suiteFlags, name) {
			return nil, "", fmt.Errorf("%q is for the whole suite, not for a workload", name)
		}
	}
	cmd, own := newBench()
	if err := w.Flags.set(cmd.Flags()); err != nil {
		return nil, "", err
	}
	own.live = o.live
	if own.study.Seed = o.study.Seed; !embedded(own.data) {
		folder := cmp.Or(o.files, filepath.Dir(o.suite))
		if own.data = filepath.Join(folder, filepath.FromSlash(own.data)); w.SHA256 != "" {
			if missing, err := unlike(own.data, w.SHA256); missing != "" || err != nil {
				return nil, missing, err
			}
		}
	}
	own.net.Name, own.net.About, own.net.Reference = w.Name, w.About, w.Reference
	if err := cmp.Or(own.check(cmd), own.prepare()); err != nil {
		return nil, "", err
	}
	o.nets = append(o.nets, own.net)
	return own.problem, "", nil
}

// embedded tells whether data are part of the program.
func embedded(name string) bool {
	return slices.ContainsFunc(data.Embedded(), func(s data.Set) bool { return s.Name == name })
}

// unlike says why a file is not the one with that SHA-256, "" if it is.
func unlike(name, sum string) (string, error) {
	text, err := os.ReadFile(name)
	got := sha256.Sum256(text)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return filepath.Base(name) + " is not there", nil
	case err != nil:
		return "", err
	case hex.EncodeToString(got[:]) != strings.ToLower(sum):
		return filepath.Base(name) + " is another file (SHA-256)", nil
	}
	return "", nil
}

// suiteFlags are the flags that a suite has a use for.
var suiteFlags = []string{"suite", "files", "budget", "dim", "optimizer", "track", "trials", "seeds", "margin", "schedule", "seed", "workers", "out", "json", "quiet", "plan", "programs", "shard", "table", "diagnose", "live-report", "watch"}

// checkSuite finds the suite, and refuses flags that would be ignored.
func (o *benchOptions) checkSuite(cmd *cobra.Command, args []string) error {
	if o.suite == "" {
		for name, instead := range map[string]string{"budget": "a --suite; training goes by --epochs", "files": "a --suite of files", "dim": "--suite bbob"} {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("--%s is for %s", name, instead)
			}
		}
		return nil
	}
	var err error
	if strings.HasSuffix(o.suite, ".json") {
		err = o.readSuite()
	} else {
		err = o.findSuite()
	}
	if err != nil {
		return err
	}
	if len(args) > 0 {
		return fmt.Errorf("either data (%s) or --suite", args[0])
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(suiteFlags, f.Name) {
			err = fmt.Errorf("--%s has no meaning for a --suite", f.Name)
		}
	})
	if err != nil {
		return err
	}
	if cmd.Flags().Changed("budget") && o.study.Budget < 2 {
		return fmt.Errorf("--budget %d: at least 2 is needed", o.study.Budget)
	}
	return nil
}

// findSuite takes the problems of a suite that has a name.
func (o *benchOptions) findSuite() error {
	suite, err := spec.Find("suite", bench.Suites, o.suite)
	switch {
	case err != nil:
		return fmt.Errorf("--suite: %w", err)
	case o.files != "" && !suite.Files:
		return fmt.Errorf("--files has no meaning for the suite %s, which names none", suite.Name)
	case len(o.dims) > 0 && !suite.Dims:
		return fmt.Errorf("--dim has no meaning for the suite %s, whose problems have dimensions of their own; those of bbob can be chosen", suite.Name)
	}
	o.study.Name = suite.Name
	o.study.Problems, o.study.LeftOut, err = suite.Problems(bench.SuiteOptions{Files: o.files, Dims: o.dims})
	if err != nil {
		return fmt.Errorf("--suite %s: %w", suite.Name, err)
	}
	if o.files == "" && len(o.study.LeftOut) > 0 {
		return fmt.Errorf("--suite %s: --files names the folder with its files; the suite medium needs none", suite.Name)
	}
	return nil
}
