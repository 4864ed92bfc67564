package engine

import (
	"context"
	"errors"
	"math"
	"testing"
)

// A question is answered with an object: the reply, or what is wrong, after whatever was
// told before.
func TestAnswer(t *testing.T) {
	for _, c := range []struct {
		subject Subject
		parts   []string
		want    string
	}{
		{func(_ context.Context, q []byte, _ func(any)) (any, error) { return string(q), nil }, nil, `{"reply":"q"}`},
		{func(context.Context, []byte, func(any)) (any, error) { return []float64{1, math.NaN()}, nil }, nil, `{"reply":[1,"nan"]}`},
		{func(context.Context, []byte, func(any)) (any, error) { return nil, errors.New(`no "f"`) }, nil, `{"error":"no \"f\""}`},
		{func(context.Context, []byte, func(any)) (any, error) { return make(chan int), nil }, nil, `{"error":"json: unsupported type: chan int"}`},
		{func(_ context.Context, q []byte, _ func(any)) (any, error) { return q[7], nil }, nil, `{"error":"this question has no answer: runtime error: index out of range [7] with length 1"}`},
		{func(_ context.Context, _ []byte, tell func(any)) (any, error) { tell(1); tell("b"); return 3, nil }, []string{"1", `"b"`}, `{"reply":3}`},
	} {
		var parts []string
		got := string(c.subject.Answer(t.Context(), []byte("q"), func(text []byte) { parts = append(parts, string(text)) }))
		if got != c.want || len(parts) != len(c.parts) {
			t.Errorf("%s and %q, not %s and %q", got, parts, c.want, c.parts)
		}
		for i := range parts {
			if parts[i] != c.parts[i] {
				t.Errorf("part %d is %s, not %s", i, parts[i], c.parts[i])
			}
		}
	}
}

// Everybody who opens a page has the engine to read: 6 MB of it, at most.
func TestEngineIsSmall(t *testing.T) {
	e, err := Load("of the test")
	if err != nil {
		t.Skip("skipped: ", err)
	}
	if n := len(e.WASM); n > 6e6 {
		t.Errorf("the engine has %d bytes", n)
	}
}
