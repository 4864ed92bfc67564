package data

import "math"

// taps are the pixels that one of a resized picture is a mean of, along one axis,
// and their weights.
type taps struct {
	first   int
	weights []float64
}

// triangle returns the taps of each of so many pixels that are made of n: those
// nearer than a pixel of the smaller length, with weights that fall linearly. Pixels
// have their place in their middle, and there are none beyond the edge.
func triangle(n, to int) []taps {
	scale := float64(n) / float64(to)
	reach := max(scale, 1)
	all := make([]taps, to)
	for i := range all {
		center := float64((float64(i) + 0.5) * scale)
		lo, hi := max(int(center-reach+0.5), 0), min(int(center+reach+0.5), n)
		sum := 0.0
		t := taps{first: lo}
		for k := lo; k < hi; k++ {
			w := max(1-math.Abs((float64(k)+0.5-center)/reach), 0)
			t.weights, sum = append(t.weights, w), sum+w
		}
		for k := range t.weights {
			t.weights[k] /= sum
		}
		all[i] = t
	}
	return all
}

// at returns the weighted mean of elements that are step apart.
func (t taps) at(x []float64, step int) (sum float64) {
	for k, w := range t.weights {
		sum += float64(w * x[(t.first+k)*step])
	}
	return sum
}

// A resizer makes pictures of one size of those of another.
type resizer struct {
	h, w, toH, toW int
	rows, columns  []taps
	in, narrow     []float64 // a channel, and with its new width
}

func newResizer(h, w, toH, toW int) *resizer {
	return &resizer{h, w, toH, toW, triangle(h, toH), triangle(w, toW), make([]float64, h*w), make([]float64, h*toW)}
}

// resize makes a channel of r.in, and gives f its numbers in order.
func (r *resizer) resize(f func(i int, x float64)) {
	for y := range r.h {
		for x, t := range r.columns {
			r.narrow[y*r.toW+x] = t.at(r.in[y*r.w:], 1)
		}
	}
	for y, t := range r.rows {
		for x := range r.toW {
			f(y*r.toW+x, t.at(r.narrow[x:], r.toW))
		}
	}
}

// resized returns channels of one size as channels of another.
func resized[T float64 | float32 | uint8](channels []T, r *resizer) []T {
	size, to := r.h*r.w, r.toH*r.toW
	out := make([]T, len(channels)/size*to)
	for c := range len(channels) / size {
		for i, x := range channels[c*size : (c+1)*size] {
			r.in[i] = float64(x)
		}
		put := out[c*to : (c+1)*to]
		r.resize(func(i int, x float64) { put[i] = nearest[T](x) })
	}
	return out
}

// nearest returns a number as an element: bytes are rounded.
func nearest[T float64 | float32 | uint8](x float64) T {
	if half := T(1) / 2; half == 0 { // T has no fractions
		x += 0.5
	}
	return T(x)
}

func (p *picture) resize(width, height int) {
	if p.width == width && p.height == height {
		return
	}
	p.pix = resized(p.pix, newResizer(p.height, p.width, height, width))
	p.height, p.width = height, width
}

// resize resizes the pictures of a dataset.
func (d *Dataset) resize(width, height int) {
	k := len(d.Shape) - 2
	h, w := d.Shape[k], d.Shape[k+1]
	if w == width && h == height {
		return
	}
	r := newResizer(h, w, height, width)
	d.Shape[k], d.Shape[k+1] = height, width
	n, _ := product(d.Shape)
	switch x := d.X; {
	case x.bytes != nil:
		d.X = PixelsOf(resized(x.bytes, r), n)
	case x.f32 != nil:
		d.X = ArrayOf(resized(x.f32, r), n)
	default:
		d.X = ArrayOf(resized(x.f64, r), n)
	}
	d.Inputs = pixelNames(d.Shape, n)
}
