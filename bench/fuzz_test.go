package bench

import (
	"bytes"
	"io"
	"testing"
)

// FuzzResults: whatever results.json holds, it is refused, or compared with
// itself and written without a panic, and what is written is read again.
func FuzzResults(f *testing.F) {
	for _, s := range []string{
		`{"format":1}`, `{"suite":"x"}`, `[]`, `{"format":1,"setup":{"score":"loss"},"optimizers":[{"optimizer":"sgd"}],"runs":[{"optimizer":"sgd","seed":1}]}`,
		`{"format":1,"setup":{"score":"R2"},"optimizers":[{"optimizer":"sgd","lr":0.1,"test_r2":{"mean":0.5,"ci":{"lo":0.1,"hi":0.9}}}],"runs":[{"optimizer":"sgd","seed":1,"test_r2":"nan"},{"optimizer":"sgd","seed":1}],"pairs":[{}]}`,
		`{"format":2,"problems":[{"name":"p","score":"area","exact":true,"budget":10}],"overall":[{"optimizer":"a"}],"optimizers":[{"problem":"p","optimizer":"a"}],"runs":[null,{"problem":"p","optimizer":"a","hits":[0,3]}]}`,
		`{"format":2,"optimizers":null}`, `{"format":1,"suite":"x"}`, `{"format":3}`, `{"format":1,"optimizers":[{"optimizer":"a"},{"optimizer":"a"}],"runs":[null]}`, `{"format":1,"runs":[{}],"trials":[{}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseResults("results.json", text)
		if err != nil {
			return
		}
		if changes, err := Compare(r, r); err == nil {
			_ = r.WriteChanges(io.Discard, changes)
		}
		_ = r.Summary()
		var b bytes.Buffer
		if err := r.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := parseResults("again", b.Bytes()); err != nil {
			t.Fatalf("what is written is not read: %v", err)
		}
	})
}
