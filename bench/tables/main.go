// Command tables measures the defaults of descent train on small tables: over
// several splits of each, beside the solved linear model, the constant, and
// scikit-learn's MLP and random forest on the same rows and inputs.
//
//	go run ./bench/tables --data DIR                      the table of scores; flags of train may follow --
//	go run ./bench/tables --data DIR --export SPLITS      writes the splits, for
//	python3 bench/tables/peers.py SPLITS >bench/tables/testdata/peers.csv
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"descent/data"
	"descent/internal/atomicfile"
	"descent/internal/numjson"
	"descent/internal/stats"
)

// tables are files of the folder, with their targets.
var tables = []struct {
	name, target string
	task         data.Task
}{
	{"titanic", "survived", data.Classification},
	{"penguins_sex", "sex", data.Classification},
	{"mpg", "mpg", data.Regression},
	{"auto_imports", "column_26", data.Regression},
	{"wine_red", "quality", data.Regression},
	{"abalone", "column_9", data.Regression},
	{"german", "column_21", data.Classification},
	{"telco", "Churn", data.Classification},
	{"bank4521", "deposit", data.Classification},
	{"pima", "column_9", data.Classification},
	{"ionosphere", "column_35", data.Classification},
	{"cleveland", "diagnosis", data.Classification},
	{"bike", "bike_rides", data.Regression},
	{"forestfires", "area", data.Regression},
}

// held is the share of the rows that are scored.
const held = 0.25

func main() {
	log.SetFlags(0)
	dir := flag.String("data", "", "folder with the tables")
	export := flag.String("export", "", "folder to write the splits to, instead of training")
	peers := flag.String("peers", "bench/tables/testdata/peers.csv", "scores of scikit-learn on the splits")
	splits := flag.Int("splits", 10, "splits of each table")
	command := flag.String("descent", "./descent", "the program")
	flag.Parse()
	var err error
	if *export != "" {
		err = writeSplits(*dir, *export, *splits)
	} else {
		err = measure(*command, *dir, *peers, *splits, flag.Args())
	}
	if err != nil {
		log.Fatal(err)
	}
}

// writeSplits writes the prepared rows of each split: the part, the target, the
// inputs.
func writeSplits(dir, to string, splits int) error {
	for _, t := range tables {
		src, err := data.Open(filepath.Join(dir, t.name+".csv"), data.CSVOptions{})
		if err != nil {
			return err
		}
		for seed := 1; seed <= splits; seed++ {
			parts, err := src.Prepare(t.target, data.Options{Task: t.task, Scaling: data.Standard, Fractions: data.Fractions{Test: held}, Seed: uint64(seed)})
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			var lines []byte
			for part, d := range map[string]*data.Dataset{"train": parts.Train, "test": parts.Test} {
				for i := range d.Rows() {
					y := 0.0
					if d.Class != nil {
						y = float64(d.Class[i])
					} else {
						y = d.Y[i]
					}
					lines = fmt.Appendf(lines, "%s,%v", part, y)
					for _, x := range d.X.Row(nil, i) {
						lines = fmt.Appendf(lines, ",%.9g", x)
					}
					lines = append(lines, '\n')
				}
			}
			name := fmt.Sprintf("%s,%s,%d.csv", t.name, t.task, seed)
			if err := atomicfile.Write(filepath.Join(to, name), lines); err != nil {
				return err
			}
		}
	}
	return nil
}

// entrants are what is ranked.
var entrants = []string{"descent", "linear", "sklearn MLP", "sklearn forest"}

// measure prints the mean scores of each table, what descent has beside the
// better of constant and solved linear model, and mean ranks.
func measure(command, dir, peers string, splits int, flags []string) error {
	others, err := readPeers(peers)
	if err != nil {
		return err
	}
	fmt.Printf("%-14s %8s %8s %8s %8s %8s %8s\n", "table", "constant", "linear", "sk MLP", "forest", "descent", "-better")
	ranks := make([][]float64, len(entrants))
	for _, t := range tables {
		scores, constants, edge := make([][]float64, len(entrants)), []float64{}, []float64{}
		for seed := 1; seed <= splits; seed++ {
			constant, linear, own, err := train(command, dir, t.name, t.target, t.task, seed, flags)
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			peer, ok := others[fmt.Sprintf("%s,%d", t.name, seed)]
			if !ok {
				return fmt.Errorf("%s has no scores of split %d of %s", peers, seed, t.name)
			}
			constants = append(constants, constant)
			for i, s := range []float64{own, linear, peer[0], peer[1]} {
				scores[i] = append(scores[i], s)
			}
		}
		means := make([]float64, len(entrants))
		for i, s := range scores {
			means[i] = stats.Mean(s)
		}
		better := scores[1]
		if stats.Mean(constants) > means[1] {
			better = constants
		}
		for i, s := range scores[0] {
			edge = append(edge, s-better[i])
		}
		fmt.Printf("%-14s %8.4f %8.4f %8.4f %8.4f %8.4f %+8.4f\n", t.name, stats.Mean(constants), means[1], means[2], means[3], means[0], stats.Mean(edge))
		for i, m := range means {
			ranks[i] = append(ranks[i], rank(m, means))
		}
	}
	for i, name := range entrants {
		fmt.Printf("mean rank of %-14s %.2f\n", name, stats.Mean(ranks[i]))
	}
	return nil
}

// rank is the rank of a score among all, 1 for the largest, ties in the middle.
func rank(s float64, all []float64) float64 {
	r := 0.5
	for _, x := range all {
		if x > s {
			r++
		} else if x == s {
			r += 0.5
		}
	}
	return r
}

// train runs descent train and returns accuracies or R2.
func train(command, dir, name, target string, task data.Task, seed int, flags []string) (constant, linear, own float64, err error) {
	args := append([]string{"train", filepath.Join(dir, name+".csv"), "--target", target, "--task", string(task), "--test", fmt.Sprint(held),
		"--seed", strconv.Itoa(seed), "--json", "--quiet"}, flags...)
	cmd := exec.Command(command, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, 0, err
	}
	var r struct {
		Scores    map[string]float64
		Baselines struct{ Constant, Linear map[string]float64 }
	}
	if err := numjson.Unmarshal(out, &r); err != nil {
		return 0, 0, 0, err
	}
	what := "accuracy"
	if task == data.Regression {
		what = "r2"
	}
	return r.Baselines.Constant[what], r.Baselines.Linear[what], r.Scores[what], nil
}

// readPeers reads lines of table, split, score of the MLP, score of the forest.
func readPeers(path string) (map[string][2]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	scores := map[string][2]float64{}
	for _, l := range lines[1:] {
		var s [2]float64
		for i := range s {
			if s[i], err = strconv.ParseFloat(l[2+i], 64); err != nil {
				return nil, err
			}
		}
		scores[l[0]+","+l[1]] = s
	}
	return scores, nil
}
