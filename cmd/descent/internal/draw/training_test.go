package draw

import (
	"bytes"
	"encoding/base64"
	"html"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"descent/internal/plot"
)

var dataURI = regexp.MustCompile(`<img src="data:image/png;base64,([^"]+)" width="(\d+)" height="(\d+)"`)

// The pictures of a page are in it, pixel by pixel, and nothing else is loaded.
func TestTraining(t *testing.T) {
	one := Picture{Shape: []int{1, 2}, Values: []float64{0, 1.5}, Caption: "3 as <5>", Alt: "a picture"}
	page := &Training{Title: "digits & co", Lead: "good", Command: "descent train 'x'", Summary: "layers",
		Sections: []Section{{
			Title:     "table",
			Figures:   []*plot.Figure{{Layers: []plot.Layer{plot.Line{X: []float64{1, 2}, Y: []float64{3, 4}}}}},
			Confusion: &Confusion{[]string{"a", "<b>"}, [][]int{{7, 0}, {2, 8}}},
			Tables:    []Table{{Head: []string{"one", "<i>"}, Rows: [][]string{{"<u>", "x"}}}, {Fold: "2 & more", Head: []string{"folded"}, Rows: [][]string{{"y"}}}},
		}, {Title: "some", Note: "note", Pictures: []Picture{
			one,
			{Shape: []int{3, 1, 1}, Values: []float64{1, 0.5, 0}},
			{Shape: []int{1, 2}, Values: []float64{-2, 1}, Signed: true},
			{Shape: []int{2, 1, 1}, Values: []float64{1, 0}},
			{Shape: []int{3, 1, 1}, Values: []float64{2, -2, 0}, Signed: true},
			Stack(one, one),
		}}}}
	var b bytes.Buffer
	if err := page.Write(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{"img-src data:; style-src", "digits &amp; co", "3 as &lt;5&gt;", "&lt;b&gt;", `<td class="worse">2</td>`, `<td class="better">8</td>`, "<svg", "descent train", "<td>&lt;u&gt;</td><td>x</td>", "<th>&lt;i&gt;</th>", "<summary>2 &amp; more</summary>", `<div class="map">`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if strings.Contains(text, "<script") || strings.Count(text, "src=") != 6 {
		t.Error("the page has a script, or loads something")
	}
	white, black, grey := color.NRGBA{255, 255, 255, 255}, color.NRGBA{0, 0, 0, 255}, color.NRGBA{128, 128, 128, 255}
	want := [][]color.NRGBA{{black, white}, {{255, 128, 0, 255}}, {{0, 114, 178, 255}, {234, 175, 128, 255}}, {white}, {{255, 0, 128, 255}}, {black, white, grey, grey, black, white}}
	for i, m := range dataURI.FindAllStringSubmatch(text, -1) {
		raw, err := base64.StdEncoding.DecodeString(html.UnescapeString(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		got, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if n := got.Bounds().Dx() * got.Bounds().Dy(); n != len(want[i]) {
			t.Fatalf("picture %d has %d pixels", i, n)
		}
		for k, c := range want[i] {
			if at := pixel(got, k); at != c {
				t.Errorf("picture %d, pixel %d: %v, want %v", i, k, at, c)
			}
		}
	}
}

func pixel(m image.Image, k int) color.NRGBA {
	w := m.Bounds().Dx()
	return color.NRGBAModel.Convert(m.At(k%w, k/w)).(color.NRGBA)
}
