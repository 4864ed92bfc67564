package augment

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"descent/data"
)

// Against scipy's, see testdata/moves.py.
func TestMoves(t *testing.T) {
	text, err := os.ReadFile("testdata/moves.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		In    []float32
		Cases []struct {
			Move [6]float64
			Want []float64
		}
	}
	if err := json.Unmarshal(text, &file); err != nil || len(file.Cases) == 0 {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		m := move{c.Move[0], c.Move[1], c.Move[2], c.Move[3], c.Move[4], c.Move[5]}
		both, from := append(slices.Clone(file.In), file.In...), make([]float32, 2*7*9) // two channels
		s, to := size{2, 5, 7}, make([]float32, 2*35)
		framed(from, both, s)
		m.sample(to, from, s)
		for i, x := range to {
			if math.Abs(float64(x)-c.Want[i%35]) > 1e-4 {
				t.Errorf("%v: pixel %d is %v, want %v", m, i, x, c.Want[i%35])
				break
			}
		}
	}
}

// A move after another does one and then the other, as points show.
func TestAfter(t *testing.T) {
	at := func(m move, y, x float64) (float64, float64) { return m.yy*y + m.yx*x + m.y, m.xy*y + m.xx*x + m.x }
	m, next := move{0.8, 0.3, -0.4, 1.1, 0.25, -0.6}, move{0.9, -0.1, 0.2, 1.3, 2, 3}
	y, x := at(next, 1.5, -2)
	wantY, wantX := at(m, y, x)
	if y, x = at(m.after(next), 1.5, -2); math.Abs(y-wantY)+math.Abs(x-wantX) > 1e-12 {
		t.Errorf("(%v, %v), want (%v, %v)", y, x, wantY, wantX)
	}
	// What text calls these is what they do to a pixel that is 1 up and 2 right of the middle.
	for _, c := range []struct {
		name string
		m    move
		y, x float64
	}{{"shift by 1 down, 2 right", shift(1, 2), -2, 0}, {"an eighth of a turn", turn(math.Pi / 2), 2, 1}, {"slant", slant(math.Pi / 4), -1, 1}, {"to half", zoom(2), -2, 4}} {
		if y, x := at(c.m, -1, 2); math.Abs(y-c.y)+math.Abs(x-c.x) > 1e-12 {
			t.Errorf("%s: from (%v, %v), want (%v, %v)", c.name, y, x, c.y, c.x)
		}
	}
}

func parsed(t testing.TB, text string) *Pictures {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every row parses with its examples, prints as it is parsed, and changes pictures
// within its bounds.
func TestTable(t *testing.T) {
	for i := range Table {
		row := &Table[i]
		for _, example := range row.Examples {
			text := row.Name + "(" + example + ")"
			p := parsed(t, text)
			if again := parsed(t, p.String()); again.String() != p.String() {
				t.Errorf("%s prints as %s, then as %s", text, p, again)
			}
			d := squares(40)
			out := pixels(t, p, d, []int{0, 1, 2, 3, 39}, 1, 0)
			if slices.Equal(out, pixels(t, p, d, []int{0, 1, 2, 3, 39}, 1, 1)) {
				t.Errorf("%s does the same in each epoch", p)
			}
			for _, x := range out {
				if !(x >= 0 && x <= 1) {
					t.Fatalf("%s makes %v", p, x)
				}
			}
		}
		if row.Doc == "" || len(row.All()) == 0 {
			t.Errorf("%s is not described", row.Name)
		}
	}
	for text, want := range map[string]string{
		"shfit(2)": `unknown augmentation "shfit"; did you mean "shift"?`, "shift(-1)": "pixels=-1 is not in [0,4096]", "shift(1.5)": "not a whole number",
		"mixup(0.2) | flip": "mixup mixes pictures as they are learned from, and comes last", "": "a name is missing", "crop(0)": "share=0 is not in (0,1]",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if text := "shift(1) | rotate(20) | cutout(3, rate=0.5)"; parsed(t, text).String() != text {
		t.Errorf("printed as %s", parsed(t, text))
	}
}

// squares are pictures of 6×5 with a square of 1s somewhere, and classes.
func squares(n int) *data.Dataset {
	pixels := make([]uint8, n*30)
	d := &data.Dataset{X: data.PixelsOf(pixels, 30), Shape: []int{6, 5}, Inputs: make([]string, 30), Classes: []string{"a", "b", "c"}}
	for i := range n {
		for _, at := range []int{0, 1, 5, 6} {
			pixels[i*30+at+i%18] = 255
		}
		d.Class = append(d.Class, i%3)
	}
	return d
}

// pixels are the pictures that become of some rows.
func pixels(t testing.TB, p *Pictures, d data.Rows, rows []int, seed uint64, epoch int) []float32 {
	t.Helper()
	b, err := p.Augment(d, rows, seed, epoch, 0)
	if err != nil {
		t.Fatal(err)
	}
	x, _ := b.Array("x")
	out := make([]float32, len(rows)*30)
	all := make([]int, len(rows))
	for i := range all {
		all[i] = i
	}
	data.GatherArray(out, x, all)
	return out
}

// What becomes of a row depends on the seed, the epoch and the row alone.
func TestRowsAreTheirOwn(t *testing.T) {
	d, p := squares(9), parsed(t, "rotate(30) | shift(1) | cutout(2)")
	whole := pixels(t, p, d, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, 3, 2)
	for _, row := range []int{7, 0, 8} {
		if one := pixels(t, p, d, []int{row}, 3, 2); !slices.Equal(one, whole[row*30:(row+1)*30]) {
			t.Errorf("row %d differs in another batch", row)
		}
	}
	if slices.Equal(whole, pixels(t, p, d, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, 4, 2)) {
		t.Error("another seed does the same")
	}
	b, err := p.Augment(d, []int{4, 7}, 1, 0, 0)
	y, ok := b.Array("y")
	var classes [2]int
	if data.GatherArray(classes[:], y, []int{0, 1}); err != nil || !ok || b.Rows() != 2 || classes != [2]int{1, 1} {
		t.Errorf("classes %v, %v", classes, err)
	}
	if _, ok := b.Array(data.MixedShare); ok {
		t.Error("rows that are not mixed have a share")
	}
}

// A shift is by each whole number as often, and exact.
func TestShift(t *testing.T) {
	dot := make([]uint8, 49)
	dot[24] = 255
	d := &data.Dataset{X: data.PixelsOf(dot, 49), Shape: []int{7, 7}, Inputs: make([]string, 49)}
	p, count := parsed(t, "shift(2)"), map[int]int{}
	for epoch := range 2500 {
		b, err := p.Augment(d, []int{0}, 1, epoch, 0)
		if err != nil {
			t.Fatal(err)
		}
		x, _ := b.Array("x")
		out := make([]float32, 49)
		data.GatherArray(out, x, []int{0})
		at := slices.Index(out, 1)
		if at < 0 || slices.Index(out[at+1:], 1) >= 0 {
			t.Fatalf("%v", out)
		}
		count[at]++
	}
	if len(count) != 25 {
		t.Errorf("%d places of 25", len(count))
	}
	for at, n := range count {
		if n < 60 || n > 145 { // 100 are expected, and 4 deviations are 40
			t.Errorf("place %d: %d times", at, n)
		}
	}
}

// The arrays of a mixture: each picture has a partner, whose class comes with it.
func TestMixup(t *testing.T) {
	d, p := squares(12), parsed(t, "mixup(1)")
	rows := []int{11, 3, 5, 8}
	b, err := p.Augment(d, rows, 5, 0, 3)
	if err != nil || !p.Mixes() {
		t.Fatal(err)
	}
	x, _ := b.Array("x")
	y, _ := b.Array("y")
	z, _ := b.Array(data.MixedWith("y"))
	s, _ := b.Array(data.MixedShare)
	got, share, own, other := make([]float64, 120), make([]float64, 4), make([]int, 4), make([]int, 4)
	all := []int{0, 1, 2, 3}
	data.GatherArray(got, x, all)
	data.GatherArray(share, s, all)
	data.GatherArray(own, y, all)
	data.GatherArray(other, z, all)
	partner := slices.Clone(p.rows.partner)
	if slices.Sort(partner); !slices.Equal(partner, all) || share[0] <= 0 || share[0] >= 1 {
		t.Errorf("partners %v, share %v", p.rows.partner, share)
	}
	for i, row := range rows {
		k := rows[p.rows.partner[i]]
		if own[i] != d.Class[row] || other[i] != d.Class[k] || share[i] != share[0] {
			t.Errorf("row %d has classes %d and %d, share %v", row, own[i], other[i], share[i])
		}
		for j := range 30 {
			want := share[0]*d.X.Row(nil, row)[j] + (1-share[0])*d.X.Row(nil, k)[j]
			if math.Abs(got[i*30+j]-want) > 1e-6 {
				t.Fatalf("row %d, pixel %d: %v, want %v", row, j, got[i*30+j], want)
			}
		}
	}
}

// The moments of the beta distribution.
func TestBeta(t *testing.T) {
	for _, alpha := range []float64{0.01, 0.2, 0.5, 1} {
		var d draws
		d.begin(1, 0, 0)
		const n = 40000
		mean, square := 0.0, 0.0
		for range n {
			x := d.beta(alpha)
			mean, square = mean+x/n, square+(x-0.5)*(x-0.5)/n
		}
		want := 1 / (4 * (2*alpha + 1))
		if math.Abs(mean-0.5) > 5*math.Sqrt(want/n) || math.Abs(square-want) > 0.02*want {
			t.Errorf("alpha %v: mean %v, variance %v, want ½ and %v", alpha, mean, square, want)
		}
	}
}

func TestNoPictures(t *testing.T) {
	p := parsed(t, "flip")
	table := &data.Dataset{X: data.ArrayOf([]float64{1, 2}, 2), Inputs: []string{"a", "b"}, Shape: []int{2}}
	if _, err := p.Augment(table, []int{0}, 1, 0, 0); err == nil || !strings.Contains(err.Error(), "rows are of shape [2]; pictures are rows x columns") {
		t.Error(err)
	}
	if _, err := p.Augment(data.Arrays{}, nil, 1, 0, 0); err == nil || !strings.Contains(err.Error(), `no array "x"`) {
		t.Error(err)
	}
}

// Whatever the text, it is refused or prints as what does the same.
func FuzzParse(f *testing.F) {
	for i := range Table {
		f.Add(Table[i].Name + "(" + Table[i].Examples[0] + ")")
	}
	f.Add("shift(1) | cutout(3, rate=0.5) | mixup(0.1)")
	d := squares(3)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		again := parsed(t, p.String())
		a, b := pixels(t, p, d, []int{0, 2}, 1, 1), pixels(t, again, d, []int{0, 2}, 1, 1)
		if again.String() != p.String() || !slices.Equal(a, b) {
			t.Errorf("%q prints as %s, which prints as %s", text, p, again)
		}
	})
}

func BenchmarkAugment(b *testing.B) {
	d := &data.Dataset{X: data.PixelsOf(make([]uint8, 64*784), 784), Shape: []int{28, 28}, Inputs: make([]string, 784)}
	rows := make([]int, 64)
	for i := range rows {
		rows[i] = i
	}
	p := parsed(b, "rotate(10) | zoom(0.1) | shift(2)")
	for i := range b.N {
		if _, err := p.Augment(d, rows, 1, i, 0); err != nil {
			b.Fatal(err)
		}
	}
}
