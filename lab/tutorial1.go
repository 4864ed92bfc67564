package lab

import (
	"math"
	"math/rand/v2"

	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/plot"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/search"

	"gonum.org/v1/gonum/mat"
)

// Tutorial 1: optimisation and loss minimisation.
var lines = []Experiment{
	{Name: "update-table", Tutorial: "1.2", Wrong: true,
		Title:  Text{"Three updates by hand", "手算三步更新"},
		Claim:  Text{"for J = (θ-3)² from 8 with α = 0.1 the third value is 5.76", "J=(θ-3)²，θ0=8，α=0.1，第三个值是 5.76"},
		Truth:  Text{"7, then 6.2, then 5.56 (6.2 - 0.1·6.4); the tutorial prints 5.76.", "依次为 7、6.2、5.56（6.2-0.1×6.4）；书中印成 5.76。"},
		Params: Text{EN: "θ0 = 8, α = 0.1"},
		Free:   []Param{symbol("x", 8, -3, 9), rate(0.1, 0.01, 1.1), stepsTo(5, 50)},
		Try:    "descent min '(t-3)^2' --start t=8 -o 'sgd(lr=0.1)' --steps 5",
		run: func(r *Run) {
			f := fun("(t-3)^2", "t")
			res := f.sgd(r.Param("lr"), r.count("steps"), r.Param("x"))
			for i, want := range []float64{7, 6.2, 5.56, 5.048, 4.6384} {
				r.exact("θ"+string(rune('1'+i)), after(res, i+1).X[0], want)
			}
			r.claim(math.Abs(after(res, 3).X[0]-5.76) < 0.005)
			lo := min(2, r.Param("x"))
			r.draw(inside(figure("(θ-3)²", "θ", "J", curve("J", f, lo, 9), path1("updates", res))))
		}},
	{Name: "scaling", Tutorial: "1.6",
		Title:   Text{"Feature scaling", "特征缩放"},
		Claim:   Text{"scaling house area and rooms makes descent faster", "缩放面积与房间数可加速收敛"},
		Truth:   Text{"True: the Hessian's condition number falls from about 2.5e5 (raw) to 25 (min-max) and about 1 (standardised); descent needs about as many steps.", "正确：Hessian 条件数从约 2.5e5（原始）降到约 25（min-max）与约 1（标准化），所需步数与之成正比。"},
		Params:  Text{"400 houses, area 0 to 300, 1 to 5 rooms; lr = 1 / largest eigenvalue", "400 套房屋，面积 0 到 300，1 到 5 间；lr = 1 / 最大特征值"},
		Free:    []Param{named("area", Text{"largest area", "最大面积"}, 300, 10, 3000).byFactors(), named("noise", Text{"noise", "噪声"}, 20, 0, 100), named("seed", Text{"seed", "种子"}, 6, 0, 99).whole(), stepsTo(2000, 4000)},
		General: true,
		Try:     "data.Prepare(table, \"price\", data.Options{Scaling: data.Standard})",
		run:     scaling},
	{Name: "rate-one", Tutorial: "1.7",
		Title:  Text{"A learning rate of 1.0 oscillates", "学习率 1.0 会振荡"},
		Claim:  Text{"lr = 1.0 oscillates", "lr=1.0 时振荡"},
		Truth:  Text{"True, exactly: for (θ-3)² the iterates are 8, -2, 8, -2 for ever.", "完全正确：对 (θ-3)²，迭代永远在 8 与 -2 之间跳。"},
		Params: Text{"θ0 = 8, lr = 1.0, and 0.01, 0.1, 0.9 beside it", "θ0 = 8，lr = 1.0，并与 0.01、0.1、0.9 对照"},
		Free:   []Param{symbol("x", 8, -5, 11), rate(1, 0.01, 1.2), stepsTo(12, 50)},
		Try:    "descent min '(t-3)^2' --start t=8 -o 'sgd(lr=1)' --steps 10",
		run: func(r *Run) {
			f := fun("(t-3)^2", "t")
			fig := figure("θ by step size", "step", "θ")
			for i, lr := range []float64{0.01, 0.1, 0.9, r.Param("lr")} {
				res := f.sgd(lr, r.count("steps"), r.Param("x"))
				x, _ := walk(res)
				fig.Layers = append(fig.Layers, plot.Line{Name: "lr = " + show(lr), Y: x[0], Marks: true})
				if i == 3 {
					r.exact("θ1", after(res, 1).X[0], -2)
					r.exact("θ2", after(res, 2).X[0], 8)
					r.exact("θ11", after(res, 11).X[0], -2)
				}
			}
			r.draw(fig)
		}},
	{Name: "regression", Tutorial: "1.8",
		Title:   Text{"Linear regression, half the squared error", "线性回归（半均方误差）"},
		Claim:   Text{"1000 steps with α = 0.1 find about (4, 3); the plot shows the MSE", "α=0.1、1000 步得到约 (4, 3)；图示为 MSE"},
		Truth:   Text{"The steps converge, to (4.2151, 2.7701): that is the least-squares line of these 100 noisy points, near (4, 3) only loosely. The axis says MSE and shows half of it.", "收敛到 (4.2151, 2.7701)，即这 100 个含噪点的最小二乘解，只是大致接近 (4, 3)。坐标轴写 MSE，实际画的是它的一半。"},
		Params:  Text{"seed 42, y = 4 + 3x + noise, θ0 = (0.0130, 1.4535), α = 0.1", "种子 42，y = 4 + 3x + 噪声，θ0 = (0.0130, 1.4535)，α = 0.1"},
		Free:    []Param{symbol("a", 0.01300189187790702, -5, 10), symbol("b", 1.4535340771573169, -5, 10), rate(0.1, 0.001, 1), stepsTo(1000, 3000), noise},
		General: true,
		Try:     "descent fit 'y ~ a+b*x' lab/testdata/tutorial1_linreg_xy.csv --start a=0,b=0",
		run: func(r *Run) {
			x, y := noisy("tutorial1_linreg_xy", 4, 3, r.Param("noise"))
			f := fun("mean((a + b*x - y)^2)/2", "a", "b").with("x", x).with("y", y)
			res := f.sgd(r.Param("lr"), r.count("steps"), r.Param("a"), r.Param("b"))
			end := last(res)
			r.exact("θ0", end.X[0], 4.215096094633133)
			r.exact("θ1", end.X[1], 2.7701134419877866)
			r.exact("cost after the first step", after(res, 1).F, 10.060033208844322)
			r.exact("cost after the last step", end.F, 0.4032922819835273)
			r.claim(math.Abs(end.X[0]-4) < 0.3 && math.Abs(end.X[1]-3) < 0.3)
			r.draw(logY(figure("cost", "step", "half the mean squared error", descentCurve("gradient descent", res))))
		}},
	{Name: "unconverged", Tutorial: "1.9", Wrong: true,
		Title:   Text{"The PyTorch snippet", "PyTorch 片段"},
		Claim:   Text{"100 steps of SGD with lr = 0.01 minimise (w-3)²", "SGD lr=0.01 跑 100 步就最小化了 (w-3)²"},
		Truth:   Text{"w = 3 - 2·0.98¹⁰⁰ = 2.7348: it has not converged; 0.01 would need about 900 steps for six digits.", "w = 3-2·0.98¹⁰⁰ = 2.7348，尚未收敛；lr=0.01 要约 900 步才有六位精度。"},
		Params:  Text{"w0 = 1, lr = 0.01, 100 steps, float64 and float32", "w0 = 1，lr = 0.01，100 步，双精度与单精度"},
		Free:    []Param{symbol("w", 1, -3, 9), rate(0.01, 0.001, 1.1), stepsTo(100, 1000)},
		General: true,
		Try:     "descent min '(w-3)^2' --start w=1 -o 'sgd(lr=0.01)' --steps 100",
		run: func(r *Run) {
			f := fun("(w-3)^2", "w")
			w, lr, steps := r.Param("w"), r.Param("lr"), r.count("steps")
			res := f.sgd(lr, steps, w)
			r.exact("w", last(res).X[0], 2.734760888210494)
			r.near("w in float32", float32Steps(w, lr, steps), 2.7347609996795654, 1e-6)
			r.claim(math.Abs(last(res).X[0]-3) < 0.01)
			x, _ := walk(f.sgd(lr, max(600, steps), w))
			r.draw(figure("w at each step", "step", "w", plot.Line{Name: "w", Y: x[0]}, plot.HRule{Name: "minimum", At: 3}, plot.VRule{Name: show(float64(steps)) + " steps", At: float64(steps)}))
		}},
	{Name: "normal-equation", Tutorial: "1.10",
		Title:   Text{"Normal equation or descent", "正规方程与梯度下降"},
		Claim:   Text{"both find the same θ; the normal equation needs an invertible XᵀX", "两者得到同样的 θ；正规方程要求 XᵀX 可逆"},
		Truth:   Text{"True: with the tutorial's data both give (4.2151, 2.7701). With a column twice XᵀX is singular, and descent still finds one of the many minima.", "正确：对书中数据两者都得 (4.2151, 2.7701)。若一列重复则 XᵀX 奇异，而梯度下降仍能找到众多最小点之一。"},
		Params:  Text{"the data of 1.8; then x twice", "1.8 的数据；然后把 x 列重复一次"},
		Free:    []Param{symbol("a", 0, -1, 7), symbol("b", 0, -1, 6), rate(0.1, 0.001, 1), stepsTo(2000, 3000), noise},
		General: true,
		Try:     "descent fit 'y ~ a+b*x' lab/testdata/tutorial1_linreg_xy.csv --start a=0,b=0",
		run:     normalEquation},
	{Name: "misconceptions", Tutorial: "1.11",
		Title:   Text{"A saddle point is not a minimum", "鞍点不是最小值"},
		Claim:   Text{"a zero gradient need not be a minimum", "梯度为零不一定是极小值"},
		Truth:   Text{"True: x² - y² has a zero gradient at the origin and curvatures 2 and -2. Descent that starts exactly on the ridge stays.", "正确：x²-y² 在原点梯度为零，曲率为 2 与 -2；正好从脊线出发会停在鞍点。"},
		Params:  Text{"f = x² - y², starts (1, 0) and (1, 1e-6), lr = 0.1", "f = x² - y²，起点 (1, 0) 与 (1, 1e-6)，lr = 0.1"},
		Free:    []Param{symbol("x", 1, -2, 2), named("y", Text{"y beside the ridge", "脊线旁的 y"}, 1e-6, 1e-12, 1).byFactors(), rate(0.1, 0.01, 1.1), stepsTo(80, 150)},
		General: true,
		Try:     "descent min 'x^2-y^2' --start x=1,y=0",
		run: func(r *Run) {
			f := fun("x^2 - y^2", "x", "y")
			g := f.grad(0, 0)
			r.exact("gradient", elementary.Hypot(g[0], g[1]), 0)
			r.exact("curvature along x", f.second([]float64{1, 0}, 0, 0), 2)
			r.exact("curvature along y", f.second([]float64{0, 1}, 0, 0), -2)
			x, y, lr, steps := r.Param("x"), r.Param("y"), r.Param("lr"), r.count("steps")
			stay, leave := f.sgd(lr, steps, x, 0), f.sgd(lr, steps, x, y)
			r.claim(math.Abs(last(stay).X[1]) == 0 && math.Abs(last(leave).X[1]) > 1)
			r.draw(plane("x² - y²", f, [2]float64{-2, -2}, [2]float64{2, 2}, path2("from ("+show(x)+", 0)", stay), path2("from ("+show(x)+", "+show(y)+")", leave)))
		}},
}

// float32Steps takes steps on (w-3)² in float32; searches are in float64.
func float32Steps(start, lr float64, n int) float64 {
	g := graph.New(graph.Float32, 0)
	w := g.Param("w", graph.Fill(start), 1)
	t := optimizers.Descend(ops.Sum(ops.Square(ops.Shift(-3, w))), optimizers.SGD())
	p, err := t.Compile()
	must(err)
	for range n {
		must(p.Run(graph.Let(t.LR, []float64{lr})))
	}
	return w.Variable().Float64s()[0]
}

// hessian returns the matrix of second derivatives.
func (f function) hessian(x ...float64) *mat.SymDense {
	y, params, feeds := f.build(x...)
	p, err := search.ProblemOf(y, params, feeds...)
	must(err)
	h, err := p.Hessian(x)
	must(err)
	return mat.NewSymDense(len(x), h)
}

func eigenvalues(h *mat.SymDense) []float64 {
	var e mat.EigenSym
	e.Factorize(h, false)
	return e.Values(nil)
}

func scaling(r *Run) {
	const n = 400
	rng := rand.New(rand.NewPCG(uint64(r.count("seed")), 1))
	area, rooms, price := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		area[i], rooms[i] = r.Param("area")*rng.Float64(), float64(1+rng.IntN(5))
		price[i] = float64(3*area[i]) + float64(40*rooms[i]) + float64(r.Param("noise")*elementary.Normal(rng))
	}
	fig := logY(figure("distance to the least loss", "step", "loss - least loss"))
	fig.X.Log = true
	var steps []float64
	for _, c := range []struct {
		name      string
		scale     func([]float64) []float64
		want, tol float64
	}{{"raw", func(x []float64) []float64 { return x }, 2.5e5, 0.2}, {"min-max", minMax, 25, 0.2}, {"standardised", standard, 1.06, 0.1}} {
		f := fun("mean((a + u*s + v*t - p)^2)/2", "a", "u", "v").with("s", c.scale(area)).with("t", c.scale(rooms)).with("p", price)
		e := eigenvalues(f.hessian(0, 0, 0))
		r.near("condition number, "+c.name, e[2]/e[0], c.want, c.tol)
		res := f.sgd(1/e[2], r.count("steps"), 0, 0, 0)
		best := f.search(search.NewtonCG{}, search.Stop{Grad: 1e-9}, 0, 0, 0)
		line, count := plot.Line{Name: c.name}, 0.0
		for i, p := range res.Trace {
			if d := p.F - best.F; d > 1e-6 && i > 0 {
				line.X, line.Y = append(line.X, float64(i)), append(line.Y, d)
				count++
			}
		}
		steps = append(steps, count)
		fig.Layers = append(fig.Layers, line)
	}
	r.claim(steps[0] > steps[1] && steps[1] > steps[2])
	r.draw(fig)
}

func minMax(x []float64) []float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range x {
		lo, hi = min(lo, v), max(hi, v)
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = (v - lo) / (hi - lo)
	}
	return out
}

func standard(x []float64) []float64 {
	mean, sd := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean) / float64(len(x))
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = (v - mean) / math.Sqrt(sd)
	}
	return out
}

func normalEquation(r *Run) {
	x, y := noisy("tutorial1_linreg_xy", 4, 3, r.Param("noise"))
	f := fun("mean((a + b*x - y)^2)/2", "a", "b").with("x", x).with("y", y)
	// At 0 the gradient is -Xᵀy/m and the Hessian XᵀX/m: the loss is quadratic.
	g := f.grad(0, 0)
	var theta mat.VecDense
	must(theta.SolveVec(f.hessian(0, 0), mat.NewVecDense(2, []float64{-g[0], -g[1]})))
	r.near("θ0", theta.AtVec(0), 4.215096157546749, 1e-11)
	r.near("θ1", theta.AtVec(1), 2.7701133864384846, 1e-11)
	r.near("cost", f.at(theta.AtVec(0), theta.AtVec(1)), 0.40329228198352657, 1e-12)
	lr, steps := r.Param("lr"), r.count("steps")
	res := f.sgd(lr, steps, r.Param("a"), r.Param("b"))
	r.near("θ0 by descent", last(res).X[0], theta.AtVec(0), 1e-6)
	twice := fun("mean((a + b*x + c*x - y)^2)/2", "a", "b", "c").with("x", x).with("y", y)
	e := eigenvalues(twice.hessian(0, 0, 0))
	r.near("least eigenvalue with x twice", e[0], 0, 1e-9)
	again := twice.sgd(lr, steps, r.Param("a"), r.Param("b"), 0)
	r.near("cost with x twice, by descent", last(again).F, 0.40329228198352657, 1e-9)
	r.claim(math.Abs(last(res).X[1]-theta.AtVec(1)) < 1e-6)
	r.draw(plane("half the mean squared error", f, [2]float64{-1, -1}, [2]float64{7, 6}, path2("gradient descent", res),
		plot.Scatter{Name: "normal equation", X: []float64{theta.AtVec(0)}, Y: []float64{theta.AtVec(1)}}))
}
