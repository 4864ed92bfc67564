package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// asCommand makes the test binary be the command, for tests that kill it.
const asCommand = "DESCENT_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	foldsRows = 0 // folds take time: tests ask for them
	os.Exit(m.Run())
}

// TestKills kills trainings, each into the folder of an older model, at random
// moments, and resumes them: a thousand kills with DESCENT_SLOW=1, else a few. After
// each kill the folder has the old model or the new one, whole, and what is resumed
// ends with the bits of a run that nobody disturbed.
func TestKills(t *testing.T) {
	const lines = 4 // of kills, at once
	kills := 3
	if os.Getenv("DESCENT_SLOW") != "" {
		kills = 1000 / lines
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	victim := &victim{program: self, kills: kills}
	for seed := range victim.want {
		began := time.Now()
		dir := t.TempDir()
		if errs, killed := victim.run(dir, seed, false, time.Hour); errs != "" || killed {
			t.Fatal(errs)
		}
		victim.takes = time.Since(began)
		victim.want[seed] = predicted(t, dir, newRows)
	}
	for line := range lines {
		t.Run(fmt.Sprint(line), func(t *testing.T) {
			t.Parallel()
			victim.suffer(t, rand.New(rand.NewPCG(uint64(line), 1)))
		})
	}
}

// A victim is a training that is killed.
type victim struct {
	program string
	kills   int
	takes   time.Duration // undisturbed
	want    [2]string     // what models predict, by seed
}

// run trains for at most so long. It returns the errors of a training that was not
// killed.
func (v *victim) run(dir string, seed int, resume bool, limit time.Duration) (errs string, killed bool) {
	args := trainArgs(dir, "--epochs", "20", "--checkpoint-every", "1ns", "--seed", fmt.Sprint(seed))
	if resume {
		args = append(args, "--resume")
	}
	var text bytes.Buffer
	c := exec.Command(v.program, args...)
	c.Env, c.Stderr = append(os.Environ(), asCommand+"=1"), &text
	if err := c.Start(); err != nil {
		return err.Error(), false
	}
	timer := time.AfterFunc(limit, func() { c.Process.Kill() })
	defer timer.Stop()
	c.Wait()
	return text.String(), c.ProcessState.ExitCode() < 0
}

// suffer kills trainings, first one of seed 0 over a model of seed 1.
func (v *victim) suffer(t *testing.T, rng *rand.Rand) {
	dir := t.TempDir()
	if errs, _ := v.run(dir, 1, false, time.Hour); errs != "" {
		t.Fatal(errs)
	}
	seed, resume := 0, false
	for killed := 0; killed < v.kills; {
		errs, dead := v.run(dir, seed, resume, time.Duration(rng.Int64N(int64(v.takes))))
		if dead {
			killed++
		} else if resume && strings.Contains(errs, "another run") { // killed before its first checkpoint
			resume = false
			continue
		} else if errs != "" {
			t.Fatal(errs)
		}
		got := predicted(t, dir, newRows)
		if got != v.want[seed] && (got != v.want[1-seed] || !dead) {
			t.Fatalf("after %d kills it predicts %s", killed, got)
		}
		if n := strings.Count(textOf(t, dir, logFile), `"epoch"`); n != 20 {
			t.Fatalf("after %d kills the log has %d epochs", killed, n)
		}
		resume = true
		if dead {
			continue
		}
		if files, _ := os.ReadDir(dir); len(files) != 5 {
			t.Fatalf("after %d kills there are %v", killed, files)
		}
		seed, resume = 1-seed, false
	}
}
