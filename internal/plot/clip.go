package plot

import (
	"math"
	"slices"
)

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// clipLine returns the parts of a polyline inside a rectangle.
func clipLine(pts []point, r rect) [][]point {
	var out [][]point
	var run []point
	for i := 1; i < len(pts); i++ {
		a, b, ok := clipSegment(pts[i-1], pts[i], r)
		if !ok {
			continue
		}
		if len(run) == 0 || run[len(run)-1] != a {
			if run != nil {
				out = append(out, run)
			}
			run = []point{a}
		}
		run = append(run, b)
	}
	if run != nil {
		out = append(out, run)
	}
	return out
}

// clipSegment is Liang and Barsky's algorithm. Ends inside are returned as they
// are, so that neighbours still join.
func clipSegment(a, b point, r rect) (point, point, bool) {
	t0, t1 := 0.0, 1.0
	dx, dy := b.x-a.x, b.y-a.y
	for _, e := range [4][2]float64{{-dx, a.x - r.x0}, {dx, r.x1 - a.x}, {-dy, a.y - r.y0}, {dy, r.y1 - a.y}} {
		p, q := e[0], e[1]
		switch {
		case p == 0 && q < 0:
			return a, b, false
		case p < 0:
			t0 = max(t0, q/p)
		case p > 0:
			t1 = min(t1, q/p)
		}
	}
	if t0 > t1 {
		return a, b, false
	}
	p, q := a, b
	if t0 > 0 {
		p = point{a.x + t0*dx, a.y + t0*dy}
	}
	if t1 < 1 {
		q = point{a.x + t1*dx, a.y + t1*dy}
	}
	return p, q, true
}

// clipArea is Sutherland and Hodgman's algorithm: one side after the other.
func clipArea(pts []point, r rect) []point {
	sides := [4]func(p point) float64{
		func(p point) float64 { return p.x - r.x0 },
		func(p point) float64 { return r.x1 - p.x },
		func(p point) float64 { return p.y - r.y0 },
		func(p point) float64 { return r.y1 - p.y },
	}
	for _, inside := range sides {
		var out []point
		for i, b := range pts {
			a := pts[(i+len(pts)-1)%len(pts)]
			da, db := inside(a), inside(b)
			if (da < 0) != (db < 0) {
				t := da / (da - db)
				out = append(out, point{a.x + t*(b.x-a.x), a.y + t*(b.y-a.y)})
			}
			if db >= 0 {
				out = append(out, b)
			}
		}
		pts = out
	}
	return pts
}

// simplify leaves out points that nobody would miss: those within tolerance of
// the line between the ones kept (Douglas and Peucker). The picture stays the
// same and the file gets small.
func simplify(pts []point, tolerance float64) []point {
	if len(pts) < 3 {
		return pts
	}
	keep := make([]bool, len(pts))
	keep[0], keep[len(pts)-1] = true, true
	stack := [][2]int{{0, len(pts) - 1}}
	for len(stack) > 0 {
		i, j := stack[len(stack)-1][0], stack[len(stack)-1][1]
		stack = stack[:len(stack)-1]
		far, at := tolerance, -1
		for k := i + 1; k < j; k++ {
			if d := distance(pts[k], pts[i], pts[j]); d > far {
				far, at = d, k
			}
		}
		if at >= 0 {
			keep[at] = true
			stack = append(stack, [2]int{i, at}, [2]int{at, j})
		}
	}
	out := make([]point, 0, len(pts))
	for i, k := range keep {
		if k {
			out = append(out, pts[i])
		}
	}
	return out
}

// distance is from p to the segment ab.
func distance(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	l := dx*dx + dy*dy
	if l == 0 {
		return math.Hypot(p.x-a.x, p.y-a.y)
	}
	t := min(max(((p.x-a.x)*dx+(p.y-a.y)*dy)/l, 0), 1)
	return math.Hypot(p.x-a.x-t*dx, p.y-a.y-t*dy)
}

// thin keeps of a long curve that goes rightwards only what can be seen: in
// each third of a pixel the first, lowest, highest and last point.
func thin(pts []point) []point {
	if len(pts) < 2000 || !slices.IsSortedFunc(pts, func(a, b point) int {
		if a.x < b.x {
			return -1
		}
		return 1
	}) {
		return pts
	}
	var out []point
	for i := 0; i < len(pts); {
		lo, hi, j := i, i, i
		for ; j < len(pts) && math.Floor(3*pts[j].x) == math.Floor(3*pts[i].x); j++ {
			if pts[j].y < pts[lo].y {
				lo = j
			}
			if pts[j].y > pts[hi].y {
				hi = j
			}
		}
		idx := []int{i, lo, hi, j - 1}
		slices.Sort(idx)
		for _, k := range slices.Compact(idx) {
			out = append(out, pts[k])
		}
		i = j
	}
	return out
}
