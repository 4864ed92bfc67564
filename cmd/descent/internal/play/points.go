package play

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/internal/elementary"
	"descent/internal/rng"
)

// A Shape is how points of two classes lie, without noise.
type Shape struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
	// At is the point of two random numbers from 0 to 1.
	At func(class int, u, v float64) (x, y float64) `json:"-"`
}

// Shapes are those that a page offers.
var Shapes = []Shape{
	{"circles", "one around the other", func(class int, u, _ float64) (x, y float64) { return turn(1-float64(0.5*float64(class)), u) }},
	{"moons", "two half moons, each in the other's bay", func(class int, u, _ float64) (x, y float64) {
		x, y = turn(0.8, u/2)
		if class == 1 {
			return 0.4 - x, 0.25 - y
		}
		return x - 0.4, y - 0.25
	}},
	{"spirals", "two arms, each once and a half around", func(class int, u, _ float64) (x, y float64) {
		return turn(0.1+float64(1.1*u), float64(1.5*u)+float64(0.5*float64(class)))
	}},
	{"xor", "four squares, as on a chess board", func(class int, u, v float64) (x, y float64) {
		x, y = float64(2*u)-1, float64(2*v)-1
		if (x*y > 0) != (class == 0) {
			y = -y
		}
		return x, y
	}},
	{"blobs", "two heaps that a line divides", func(class int, u, v float64) (x, y float64) {
		x, y = turn(float64(0.4*math.Sqrt(u)), v)
		return x + 0.5 - float64(class), y + 0.5 - float64(class)
	}},
}

// turn is the point at a distance from the middle, so many turns around.
func turn(r, turns float64) (x, y float64) {
	a := float64(2 * math.Pi * turns)
	return float64(r * elementary.Cos(a)), float64(r * elementary.Sin(a))
}

// points are those of a question, in an order in which classes are mixed, and how far
// what is shown of them reaches.
func (q *NetQuestion) points() (points [][3]float64, size float64, err error) {
	if q.Points == "own" {
		size = 1
		for _, p := range q.Own {
			if math.IsNaN(p[0]+p[1]) || math.IsInf(p[0]+p[1], 0) || p[2] != 0 && p[2] != 1 {
				return nil, 0, fmt.Errorf("a point is %v; it is two numbers and a class, 0 or 1", p)
			}
			size = max(size, math.Abs(p[0]), math.Abs(p[1]))
		}
		points, size = slices.Clone(q.Own), 1.2*size
	} else {
		i := slices.IndexFunc(Shapes, func(s Shape) bool { return s.Name == q.Points })
		if i < 0 {
			return nil, 0, fmt.Errorf("points %q; there are %s and own", q.Points, shapeNames())
		}
		random := func(k, what int) float64 { // from 0 to 1, without the ends
			return (float64(rng.Mix(rng.Mix(q.Seed+rng.Golden*uint64(4*k+what))+1)>>11) + 0.5) / (1 << 53)
		}
		for k := range q.Rows {
			x, y := Shapes[i].At(k%2, random(k, 0), random(k, 3))
			r := float64(q.Noise * math.Sqrt(-2*elementary.Log(random(k, 1)))) // Box and Muller
			dx, dy := turn(r, random(k, 2))
			points = append(points, [3]float64{x + dx, y + dy, float64(k % 2)})
		}
		size = 1.6
	}
	// Fisher and Yates' shuffle.
	for k := len(points) - 1; k > 0; k-- {
		j := int(rng.Mix(q.Seed+rng.Golden*uint64(k)+2) % uint64(k+1))
		points[k], points[j] = points[j], points[k]
	}
	return points, size, nil
}

// shapeNames lists the shapes.
func shapeNames() string {
	var names []string
	for _, s := range Shapes {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}
