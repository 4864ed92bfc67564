package plot

import (
	"math"
	"math/rand/v2"
)

func pit(x, y float64) float64 { return x*x + 10*math.Sin(x) + y*y + 5*math.Sin(y) }

// descend is gradient descent on pit.
func descend(x, y, lr, momentum float64) (xs, ys []float64) {
	var vx, vy float64
	for range 50 {
		xs, ys = append(xs, x), append(ys, y)
		vx = momentum*vx + 2*x + 10*math.Cos(x)
		vy = momentum*vy + 2*y + 5*math.Cos(y)
		x, y = x-lr*vx, y-lr*vy
	}
	return xs, ys
}

var optimizers = []string{"sgd", "momentum(0.9)", "adam", "rmsprop", "lion"}

func curvesFigure() *Figure {
	r := rand.New(rand.NewPCG(1, 2))
	f := &Figure{Title: "Training loss on digits, 5 seeds", X: Axis{Label: "step"}, Y: Axis{Label: "loss (nats)", Log: true}}
	for k, name := range optimizers {
		var y, lo, hi []float64
		for i := range 200 {
			v := 2.3*math.Exp(-float64(i)/(16+12*float64(k))) + .02*float64(k+1)
			v *= math.Exp(.08 * r.NormFloat64())
			y, lo, hi = append(y, v), append(lo, v*.75), append(hi, v*1.3)
		}
		f.Layers = append(f.Layers, Line{Name: name, Y: y, Lo: lo, Hi: hi})
	}
	return f
}

func sensitivityFigure() *Figure {
	f := &Figure{Title: "Sensitivity to the learning rate", X: Axis{Label: "learning rate", Log: true}, Y: Axis{Label: "final loss", Log: true}}
	for k, name := range optimizers[:3] {
		var x, y []float64
		for i := range 13 {
			d := -4 + float64(i)*.4 + float64(k)
			x, y = append(x, math.Pow(10, -5+float64(i)*.4)), append(y, .05+.2*d*d)
		}
		f.Layers = append(f.Layers, Line{Name: name, X: x, Y: y, Marks: true})
	}
	f.Layers = append(f.Layers, HRule{Name: "2 × best", At: .1}, VRule{At: 1e-3})
	return f
}

func fitFigure() *Figure {
	r := rand.New(rand.NewPCG(3, 4))
	var x, y, c, lo, hi []float64
	for i := range 60 {
		v := float64(i) / 6
		x, y, c = append(x, v), append(y, 2*v+3+2*r.NormFloat64()), append(c, 2.03*v+2.64)
		d := .4 + .03*(v-5)*(v-5)
		lo, hi = append(lo, c[i]-d), append(hi, c[i]+d)
	}
	return &Figure{Title: "Least squares: y = 2.03 x + 2.64", X: Axis{Label: "x (m)"}, Y: Axis{Label: "y (kg)"},
		Layers: []Layer{Scatter{Name: "data", X: x, Y: y}, Line{Name: "fit, 95 % band", X: x, Y: c, Lo: lo, Hi: hi}}}
}

func confusionFigure() *Figure {
	r := rand.New(rand.NewPCG(5, 6))
	h := Heat{Label: "images", Numbers: true}
	for i := range 10 {
		var row []float64
		for j := range 10 {
			v := r.IntN(4)
			if i == j {
				v += 80 + r.IntN(15)
			}
			row = append(row, float64(v))
		}
		h.Z = append(h.Z, row)
	}
	return &Figure{Title: "Confusion matrix", X: Axis{Label: "predicted"}, Y: Axis{Label: "true"}, Width: 560, Height: 480, Layers: []Layer{h}}
}

func heatFigure() *Figure {
	return &Figure{Title: "Gradient evaluations to the target", Layers: []Layer{Heat{
		Label: "evaluations", Log: true, Numbers: true,
		Rows: []string{"rosenbrock", "styblinski-tang", "digits mlp"}, Cols: optimizers,
		Z: [][]float64{{9560, 1868, 430, 68, 41}, {29, 4193, math.NaN(), 191, 64}, {16, 658, 125, 0, 3.5e6}},
	}}}
}

func square10(label string) (x, y Axis) {
	return Axis{Label: "x", Min: -5, Max: 5}, Axis{Label: label, Min: -5, Max: 5}
}

func paths() []Layer {
	ax, ay := descend(4, 3, .05, 0)
	bx, by := descend(-4, 4, .01, .9)
	return []Layer{Path{Name: "sgd(0.05)", X: ax, Y: ay, Color: Vermillion}, Path{Name: "momentum(0.01)", X: bx, Y: by, Color: Black}}
}

func contourFigure() *Figure {
	x, y := square10("y")
	return &Figure{Title: "x² + 10 sin x + y² + 5 sin y", X: x, Y: y, Height: 520,
		Layers: append([]Layer{Contour{Label: "f(x, y)", F: pit, N: 81}}, paths()...)}
}

func valleyFigure() *Figure {
	f := func(x, y float64) float64 {
		if x*x+y*y > 9 {
			return math.NaN()
		}
		return (1-x)*(1-x) + 100*(y-x*x)*(y-x*x)
	}
	return &Figure{Title: "Rosenbrock's valley, undefined far out", X: Axis{Label: "x", Min: -2.5, Max: 2.5}, Y: Axis{Label: "y", Min: -1, Max: 3.5},
		Layers: []Layer{Contour{Label: "f", F: f, Log: true, N: 101}}}
}

func surfaceFigure() *Figure {
	x, y := square10("y")
	return &Figure{Title: "x² + 10 sin x + y² + 5 sin y", X: x, Y: y, Height: 480,
		Layers: append([]Layer{Surface{Z: Axis{Label: "f(x, y)"}, F: pit, N: 25}}, paths()...)}
}

func barsFigure() *Figure {
	return &Figure{Title: "Steps to 1e-3 of the minimum",
		X: Axis{Label: "problem", Names: []string{"rosenbrock, from (-1.2, 1)", "rastrigin", "styblinski-tang", "himmelblau"}}, Y: Axis{Label: "steps"},
		Layers: []Layer{
			Bars{Name: "sgd", Y: []float64{42, 70, 33, 55}, Lo: []float64{40, 60, 30, 50}, Hi: []float64{45, 75, 35, 60}},
			Bars{Name: "adam", Y: []float64{60, 20, 53, 25}},
		}}
}

func histogramFigure() *Figure {
	return &Figure{Title: "Residuals", X: Axis{Label: "residual"}, Y: Axis{Label: "count"},
		Layers: []Layer{Bars{X: []float64{-2, -1, 0, 1, 2}, Y: []float64{3, 11, 25, 9, 2}, Touch: true}, VRule{Name: "mean", At: .1}}}
}

func profileFigure() *Figure {
	f := &Figure{Title: "Performance profile", X: Axis{Label: "τ: cost as a multiple of the best", Log: true, Min: 1, Max: 16},
		Y: Axis{Label: "share of problems solved", Min: 0, Max: 1.02}}
	for k, name := range optimizers {
		x, y := []float64{1}, []float64{.05 * float64(k)}
		for i := range 12 {
			x, y = append(x, x[i]*1.2), append(y, min(1, y[i]+.01*float64((i*7+k*5)%11)))
		}
		f.Layers = append(f.Layers, Line{Name: name, X: x, Y: y, Step: true})
	}
	return f
}

func pathFigure() *Figure {
	var x, y, ix, iy []float64
	for i := range 121 {
		v := float64(i)/10 - 6
		x, y = append(x, v), append(y, v*v)
	}
	for v := 5.0; len(ix) < 11; v *= .8 {
		ix, iy = append(ix, v), append(iy, v*v)
	}
	return &Figure{Title: "Gradient descent on x², step 0.1", X: Axis{Label: "x"}, Y: Axis{Label: "f(x)"},
		Layers: []Layer{Line{Name: "x²", X: x, Y: y}, Path{Name: "iterates", X: ix, Y: iy}, Text{X: 5, Y: 25, S: "start"}}}
}

const nasty = "损失 loss</script><script>alert(1)</script> \"'& ∇f\x00\u202e"

func oddFigure() *Figure {
	return &Figure{Title: nasty, X: Axis{Label: "步数 " + nasty, Log: true}, Y: Axis{Label: "时间 (秒) " + nasty},
		Layers: []Layer{
			Line{Name: nasty, X: []float64{0, 1, 2, 3, 4, 5, 6, 1000}, Y: []float64{1, 2e-6, math.NaN(), 3e-6, math.Inf(1), 1e-6, 2e-6, 4e-6}},
			Text{X: 1000, Y: 3e-6, S: nasty},
		}}
}

// gallery is a figure for each layer and each thing that is special.
var gallery = []struct {
	name    string
	picture Picture
}{
	{"curves", curvesFigure()},
	{"sensitivity", sensitivityFigure()},
	{"fit", fitFigure()},
	{"confusion", confusionFigure()},
	{"heat", heatFigure()},
	{"contour", contourFigure()},
	{"valley", valleyFigure()},
	{"surface", surfaceFigure()},
	{"bars", barsFigure()},
	{"histogram", histogramFigure()},
	{"profile", profileFigure()},
	{"path", pathFigure()},
	{"odd", oddFigure()},
	{"empty", &Figure{Title: "Nothing", X: Axis{Label: "x"}, Y: Axis{Label: "y"}, Layers: []Layer{Line{Name: "nothing"}}}},
	{"grid", &Grid{Title: "Two panels", Figures: []*Figure{fitFigure(), barsFigure()}}},
}
