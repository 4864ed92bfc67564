package plot

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func pit(x, y float64) float64 { return x*x + 10*math.Sin(x) + y*y + 5*math.Sin(y) }

func sgd(x, y, lr float64, n int, mom float64) (xs, ys []float64) {
	var vx, vy float64
	for range n {
		xs, ys = append(xs, x), append(ys, y)
		vx = mom*vx + 2*x + 10*math.Cos(x)
		vy = mom*vy + 2*y + 5*math.Cos(y)
		x -= lr * vx
		y -= lr * vy
	}
	return
}

func TestLook(t *testing.T) {
	dir := os.Getenv("LOOK")
	if dir == "" {
		t.Skip()
	}
	r := rand.New(rand.NewPCG(1, 2))
	figs := map[string]Picture{}
	curves := &Figure{Title: "Training loss on digits, 5 seeds", X: Axis{Label: "step"}, Y: Axis{Label: "loss (nats)", Log: true}}
	for k, n := range []string{"sgd", "momentum(0.9)", "adam", "rmsprop", "lion"} {
		var y, lo, hi []float64
		for i := range 500 {
			v := 2.3*math.Exp(-float64(i)/(40+30*float64(k))) + 0.02*float64(k+1)
			v *= math.Exp(.08 * r.NormFloat64())
			y = append(y, v)
			lo = append(lo, v*.75)
			hi = append(hi, v*1.3)
		}
		curves.Layers = append(curves.Layers, Line{Name: n, Y: y, Lo: lo, Hi: hi})
	}
	figs["curves"] = curves
	ax, ay := sgd(4, 3, .05, 50, 0)
	bx, by := sgd(4, 3, .03, 50, .8)
	paths := []Layer{Path{Name: "sgd(0.05)", X: ax, Y: ay, Color: Vermillion}, Path{Name: "momentum(0.03, beta=0.8)", X: bx, Y: by, Color: Black}}
	box := Axis{Label: "x", Min: -5, Max: 5}
	boy := Axis{Label: "y", Min: -5, Max: 5}
	figs["contour"] = &Figure{Title: "x² + 10 sin x + y² + 5 sin y", X: box, Y: boy, Width: 640, Height: 520, Layers: append([]Layer{Contour{Label: "f(x, y)", F: pit}}, paths...)}
	figs["surface"] = &Figure{Title: "x² + 10 sin x + y² + 5 sin y", X: box, Y: boy, Width: 640, Height: 480, Layers: append([]Layer{Surface{Z: Axis{Label: "f(x, y)"}, F: pit}}, paths...)}
	g := func(x float64) float64 {
		return x*x*x*x - 4*x*x*x + 4*x*x + x*x*math.Sin(2*math.Pi*x)
	}
	figs["surface2"] = &Figure{Title: "A non-convex function", X: Axis{Label: "x", Min: -.5, Max: 3.5}, Y: Axis{Label: "y", Min: -.5, Max: 3.5}, Width: 640, Height: 480, Layers: []Layer{Surface{Z: Axis{Label: "f(x) + f(y)"}, F: func(x, y float64) float64 { return g(x) + g(y) }}}}
	rosen := func(x, y float64) float64 { return (1-x)*(1-x) + 100*(y-x*x)*(y-x*x) }
	figs["rosenbrock"] = &Figure{Title: "Rosenbrock", X: Axis{Label: "x", Min: -2, Max: 2}, Y: Axis{Label: "y", Min: -1, Max: 3}, Layers: []Layer{Contour{Label: "f", F: rosen, Log: true}}}
	h := Heat{Label: "images", Numbers: true}
	for i := range 10 {
		var row []float64
		for j := range 10 {
			v := float64(r.IntN(4))
			if i == j {
				v = float64(80 + r.IntN(20))
			}
			row = append(row, v)
		}
		h.Z = append(h.Z, row)
	}
	figs["confusion"] = &Figure{Title: "Confusion matrix, test set: 97.4 % right", X: Axis{Label: "predicted"}, Y: Axis{Label: "true"}, Width: 560, Height: 480, Layers: []Layer{h}}
	names := []string{"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "lion"}
	rows := []string{"rosenbrock", "rastrigin", "styblinski-tang", "himmelblau", "quadratic-deep", "digits mlp"}
	h2 := Heat{Label: "gradient evaluations", Log: true, Numbers: true, Rows: rows, Cols: names}
	for range rows {
		var row []float64
		for range names {
			row = append(row, math.Round(math.Pow(10, 1+3*r.Float64())))
		}
		h2.Z = append(h2.Z, row)
	}
	h2.Z[2][3] = math.NaN()
	figs["heat"] = &Figure{Title: "Gradient evaluations to the target", Layers: []Layer{h2}}
	sens := &Figure{Title: "Sensitivity to the learning rate", X: Axis{Label: "learning rate", Log: true}, Y: Axis{Label: "final loss", Log: true}}
	for k, n := range []string{"sgd", "adam", "lion"} {
		var x, y []float64
		for i := range 13 {
			lr := math.Pow(10, -5+float64(i)*.4)
			x = append(x, lr)
			d := math.Log10(lr) + 1 + float64(k)
			y = append(y, .05+.2*d*d+.01*float64(k))
		}
		sens.Layers = append(sens.Layers, Line{Name: n, X: x, Y: y, Marks: true})
	}
	sens.Layers = append(sens.Layers, HRule{Name: "2 x best", At: .1}, VRule{At: 1e-3})
	figs["sensitivity"] = sens
	var px, py, cx, cy, cl, ch []float64
	for i := range 100 {
		x := float64(i) / 99 * 10
		px, py = append(px, x), append(py, 2*x+3+2*r.NormFloat64())
		cx, cy = append(cx, x), append(cy, 2.03*x+2.64)
		d := .4 + .03*(x-5)*(x-5)
		cl, ch = append(cl, 2.03*x+2.64-d), append(ch, 2.03*x+2.64+d)
	}
	fitf := &Figure{Title: "Least squares: y = 2.03 x + 2.64", X: Axis{Label: "x (m)"}, Y: Axis{Label: "y (kg)"},
		Layers: []Layer{Scatter{Name: "data", X: px, Y: py}, Line{Name: "fit, 95 % band", X: cx, Y: cy, Lo: cl, Hi: ch}}}
	figs["fit"] = fitf
	var fx, fy []float64
	for i := range 400 {
		x := -6 + 12*float64(i)/399
		fx, fy = append(fx, x), append(fy, x*x)
	}
	ix, iy := []float64{}, []float64{}
	for x := 5.0; len(ix) < 11; x *= .8 {
		ix, iy = append(ix, x), append(iy, x*x)
	}
	figs["curve1d"] = &Figure{Title: "Gradient descent on x², step 0.1", X: Axis{Label: "x"}, Y: Axis{Label: "f(x)"},
		Layers: []Layer{Line{Name: "x²", X: fx, Y: fy}, Path{Name: "iterates", X: ix, Y: iy}, Text{X: 5, Y: 25, S: "start"}}}
	var bars Figure
	bars = Figure{Title: "Steps to 1e-3 of the minimum", X: Axis{Label: "problem", Names: rows}, Y: Axis{Label: "steps"}, Layers: []Layer{
		Bars{Name: "sgd", Y: []float64{42, 70, 33, 55, 100, 81}, Lo: []float64{40, 60, 30, 50, 90, 70}, Hi: []float64{45, 75, 35, 60, 110, 99}},
		Bars{Name: "adam", Y: []float64{60, 20, 53, 25, 66, 44}}}}
	figs["bars"] = &bars
	var prof Figure
	prof = Figure{Title: "Performance profile", X: Axis{Label: "τ: cost as a multiple of the best", Log: true, Min: 1, Max: 16}, Y: Axis{Label: "share of problems solved", Min: 0, Max: 1.02}}
	for k, n := range names {
		x, y := []float64{1}, []float64{.05 * float64(k)}
		for i := range 12 {
			x = append(x, x[i]*(1+.4*r.Float64()))
			y = append(y, min(1, y[i]+.12*r.Float64()))
		}
		prof.Layers = append(prof.Layers, Line{Name: n, X: x, Y: y, Step: true})
	}
	figs["profile"] = &prof
	figs["odd"] = &Figure{Title: "损失曲线 loss</script><script>alert(1)</script> ∇f ‖g‖", X: Axis{Label: "步数 (步)", Log: true}, Y: Axis{Label: "时间 (秒)"},
		Layers: []Layer{Line{Name: "训练损失", X: []float64{0, 1, 2, 3, 4, 5, 6, 1000}, Y: []float64{1, 2e-6, math.NaN(), 3e-6, math.Inf(1), 1e-6, 2e-6, 4e-6}}}}
	figs["empty"] = &Figure{Title: "Nothing", X: Axis{Label: "x"}, Y: Axis{Label: "y"}}
	figs["grid"] = &Grid{Title: "With and without regularisation", Cols: 2, Figures: []*Figure{fitf, sens, curves, &bars}}
	for n, f := range figs {
		if err := f.Save(filepath.Join(dir, n+".svg")); err != nil {
			t.Fatal(n, err)
		}
		if err := f.Save(filepath.Join(dir, n+".png")); err != nil {
			t.Fatal(n, err)
		}
	}
	fmt.Println(len(figs))
}
