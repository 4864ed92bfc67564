package numjson_test

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"descent/internal/numjson"
)

type inner struct {
	Rates []float64 `json:"rates,omitempty"`
	Pair  [2]float64
}

type outer struct {
	inner
	Value  float64            `json:"value"`
	Narrow float32            `json:"narrow"`
	Maybe  *float64           `json:"maybe,omitempty"`
	None   *float64           `json:"none"`
	By     map[string]float64 `json:"by"`
	Any    any                `json:"any"`
	Empty  []int              `json:"empty"`
	Text   string             `json:"text"`
	hidden float64
}

func sample(x float64) outer {
	return outer{inner{[]float64{1, x}, [2]float64{x, 1e-7}}, x, float32(x), &x, nil, map[string]float64{"b": x, "a": 1e21}, x, []int{}, "nan & <inf>", x}
}

// With finite numbers the text is that of encoding/json, byte for byte.
func TestSameAsStandard(t *testing.T) {
	for _, v := range []any{sample(0.1), &outer{}, []any{}, map[string]any{}, [][]float64{{1, 2}, {}}, nil, math.MaxFloat64, "日本"} {
		want, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := numjson.Write(&got, v, "  "); err != nil || got.String() != string(want)+"\n" {
			t.Errorf("%v: %s, want %s", err, got.String(), want)
		}
		want, _ = json.Marshal(v)
		if got, err := numjson.Marshal(v); err != nil || string(got) != string(want) {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}

func TestNotFinite(t *testing.T) {
	for name, x := range map[string]float64{"nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1)} {
		text, err := numjson.Marshal(sample(x))
		if err != nil {
			t.Fatal(err)
		}
		want := strings.ReplaceAll(`{"rates":[1,"X"],"Pair":["X",1e-7],"value":"X","narrow":"X","maybe":"X","none":null,"by":{"a":1e+21,"b":"X"},"any":"X","empty":[],"text":"nan \u0026 \u003cinf\u003e"}`, "X", name)
		if string(text) != want {
			t.Errorf("%s\nwant %s", text, want)
		}
		type plain struct {
			Value float64            `json:"value"`
			Maybe *float64           `json:"maybe"`
			By    map[string]float64 `json:"by"`
			Rates []float64          `json:"rates"`
		}
		var back plain
		if err := numjson.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		for _, got := range []float64{back.Value, *back.Maybe, back.By["b"], back.Rates[1]} {
			if got != x && !(math.IsNaN(got) && math.IsNaN(x)) {
				t.Errorf("%v, want %v", got, x)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	var to struct{ X float64 }
	for _, text := range []string{`{"X":"1"}`, `{"X":"NaN "}`, `{"X":`, `{"X":[]}`} {
		if err := numjson.Unmarshal([]byte(text), &to); err == nil {
			t.Errorf("%s is taken as %v", text, to.X)
		}
	}
	if err := numjson.UnmarshalStrict([]byte(`{"X":1,"Y":2}`), &to); err == nil || !strings.Contains(err.Error(), "Y") {
		t.Errorf("unknown member: %v", err)
	}
	if err := numjson.UnmarshalStrict([]byte(`{"x":"-inf"}`), &to); err != nil || !reflect.DeepEqual(to.X, math.Inf(-1)) {
		t.Errorf("%v %v", to, err)
	}
}
