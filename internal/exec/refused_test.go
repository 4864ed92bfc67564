package exec

import (
	"errors"
	"testing"

	"descent/internal/jit"
)

// A host that allowed an executable page before may refuse the next. The program is
// then interpreted, with the same bits, alone and in a team.
func TestPagesRefused(t *testing.T) {
	refused := 0
	seal = func(*jit.Pages) error {
		refused++
		return errors.New("no more of these")
	}
	defer func() { seal = (*jit.Pages).Seal }()
	team := newTeam(2)
	defer team.Close()
	for seed := range uint64(60) {
		for _, o := range []Options{{}, {Team: team}} {
			if err := compareBits(newTrial[float64](seed, small, nil), o, oracleBits(seed, small)); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
	wanted, err := jit.Wanted()
	if err != nil {
		t.Fatal(err)
	}
	if jit.Available() && wanted && refused < 120 { // bodies of loops have pages of their own
		t.Errorf("%d programs were refused their pages, of 120 and those in loops", refused)
	}
}

// A word for machine code that means nothing is an error, not the default.
func TestEnvironment(t *testing.T) {
	for _, text := range []string{"0", "false", "OFF", "no"} {
		t.Setenv("DESCENT_JIT", text)
		if _, err := newTrial[float64](1, small, nil).run(Options{}); err == nil {
			t.Errorf("DESCENT_JIT=%s is taken", text)
		}
	}
	for _, text := range []string{"", "on", "off"} {
		t.Setenv("DESCENT_JIT", text)
		if _, err := newTrial[float64](1, small, nil).run(Options{}); err != nil {
			t.Errorf("DESCENT_JIT=%s: %v", text, err)
		}
	}
}
