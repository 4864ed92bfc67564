package lab

import "testing"

// Every number of every experiment is what the table says, and every claim as
// true or false.
func TestExperiments(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Table() {
		t.Run(e.Name, func(t *testing.T) {
			if seen[e.Name] {
				t.Error("twice in the table")
			}
			seen[e.Name] = true
			for _, x := range []Text{e.Title, e.Claim, e.Truth} {
				if x.EN == "" || x.ZH == "" {
					t.Error("a text is missing")
				}
			}
			if e.Params == "" || e.Try == "" || e.Tutorial == "" {
				t.Error("parameters, command or tutorial are missing")
			}
			r := e.Do()
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if len(r.Numbers) == 0 {
				t.Error("no numbers")
			}
			for _, n := range r.Numbers {
				if !n.Agrees() {
					t.Error(n)
				}
			}
			if r.Holds == e.Wrong {
				t.Errorf("the claim holds: %v, the table says %v", r.Holds, !e.Wrong)
			}
		})
	}
}
