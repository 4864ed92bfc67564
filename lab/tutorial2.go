package lab

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/internal/elementary"
	"descent/internal/plot"
	"descent/optimizers"
	"descent/optimizers/search"
)

// Tutorial 2: convergence, adaptive rules, non-convex functions.

const (
	waves2 = "x^2 + 10*sin(x) + y^2 + 5*sin(y)"
	waves1 = "x^4 - 4*x^3 + 4*x^2 + x^2*sin(2*pi*x)"
)

// amplitude is that of the waves of waves1, and wavy that function with it.
var amplitude = named("amplitude", Text{"amplitude of the waves", "波的振幅"}, 1, 0, 2)

func wavy(amplitude float64, x string) string {
	return strings.ReplaceAll(fmt.Sprintf("X^4 - 4*X^3 + 4*X^2 + %v*X^2*sin(2*pi*X)", amplitude), "X", x)
}

var steps = []Experiment{
	{Name: "step-sizes", Tutorial: "2.1",
		Title:  Text{"Three step sizes on x²", "x² 上的三种步长"},
		Claim:  Text{"0.1 converges, 0.5 too, 1.1 diverges: the bound is about 1/L", "0.1 与 0.5 收敛，1.1 发散；上界约为 1/L"},
		Truth:  Text{"True of the three; 0.5 = 1/L is exact after one step. The bound for convergence is 2/L = 1, and the diverging path leaves the plot.", "三者都对；0.5=1/L 一步到位。收敛的真正上界是 2/L=1，发散的轨迹跑出了图。"},
		Params: Text{"x0 = 5, 10 steps, lr = 0.1, 0.5, 1.1; drawn on [-6, 6]", "x0 = 5，10 步，lr = 0.1、0.5、1.1；画在 [-6, 6] 上"},
		Free:   []Param{symbol("x", 5, -6, 6), named("lr1", Text{"first rate", "第一个步长"}, 0.1, 0.001, 2).byFactors(), named("lr2", Text{"second rate", "第二个步长"}, 0.5, 0.001, 2).byFactors(), named("lr3", Text{"third rate", "第三个步长"}, 1.1, 0.001, 2).byFactors(), stepsTo(10, 50)},
		Try:    "descent min x^2 --start x=5 -o 'sgd(lr=0.1)' -o 'sgd(lr=0.5)' -o 'sgd(lr=1.1)' --steps 10 --plot rates.svg",
		run: func(r *Run) {
			f := fun("x^2", "x")
			fig := figure("x² with three step sizes", "x", "f(x)", curve("x²", f, -6, 6))
			fig.X.Min, fig.X.Max, fig.Y.Min, fig.Y.Max = -6, 6, -1, 37
			for _, c := range []struct {
				lr   string
				want float64
			}{{"lr1", 0.5368709120000001}, {"lr2", 0}, {"lr3", 30.958682112000048}} {
				lr := r.Param(c.lr)
				res := f.sgd(lr, r.count("steps"), r.Param("x"))
				r.exact("x after "+show(r.Param("steps"))+" steps of "+show(lr), last(res).X[0], c.want)
				fig.Layers = append(fig.Layers, path1("lr = "+show(lr), res))
			}
			r.exact("bound 2/L", 2/f.second([]float64{1}, 0), 1)
			r.claim(math.Abs(r.Numbers[0].Got) < 5 && r.Numbers[1].Got == 0 && math.Abs(r.Numbers[2].Got) > 5)
			r.draw(fig)
		}},
	{Name: "stationary", Tutorial: "2.2", Wrong: true,
		Title:   Text{"What convergence guarantees", "收敛保证了什么"},
		Claim:   Text{"gradient descent converges to a local minimum", "梯度下降收敛到局部极小值"},
		Truth:   Text{"The guarantee is a stationary point: started at the maximum in x of the wavy function, x never moves.", "保证的只是驻点：若 x 正好从极大点出发，它永远不动。"},
		Params:  Text{waves2 + " from x = 1.977383 (a maximum in x), y = 3, lr = 0.05", waves2 + "，从 x = 1.977383（x 方向的极大点）、y = 3 出发，lr = 0.05"},
		Free:    []Param{named("dx", Text{"distance from the ridge", "与脊线的距离"}, 0, -0.1, 0.1), symbol("y", 3, -5, 5), rate(0.05, 0.001, 0.2), stepsTo(40, 500)},
		General: true,
		Try:     "descent min '" + waves2 + "' --start x=1.9773830293288412,y=3 -o 'sgd(lr=0.05)' --steps 40",
		run: func(r *Run) {
			f := fun(waves2, "x", "y")
			x := f.newton(2, -1)
			res := f.sgd(r.Param("lr"), r.count("steps"), x[0]+r.Param("dx"), r.Param("y"))
			r.near("x at the start", x[0], 1.977383029328841, 1e-12)
			r.near("x after "+show(r.Param("steps"))+" steps", last(res).X[0], 1.977383029328841, 1e-6)
			r.near("curvature along x there", f.second([]float64{1, 0}, x[0], x[1]), -7.184760498852931, 1e-9)
			r.claim(f.second([]float64{1, 0}, last(res).X...) > 0)
			r.draw(plane("stuck on the ridge", f, [2]float64{-5, -5}, [2]float64{5, 5}, path2("from the ridge", res)))
		}},
	{Name: "adagrad-eps", Tutorial: "2.3",
		Title:  Text{"Where AdaGrad's ε stands", "AdaGrad 的 ε 放在哪里"},
		Claim:  Text{"the step is η/√(G+ε)·g", "步长是 η/√(G+ε)·g"},
		Truth:  Text{"One of two conventions: PyTorch adds ε to the root. They differ only where gradients are tiny.", "这是两种约定之一：PyTorch 把 ε 加在根号外，只在梯度很小时有差别。"},
		Params: Text{"gradient 1e-4, ε = 1e-8, lr = 1, one step", "梯度 1e-4，ε = 1e-8，lr = 1，一步"},
		Free:   []Param{named("gradient", Text{"gradient", "梯度"}, 1e-4, 1e-8, 1).byFactors(), named("eps", Text{EN: "ε"}, 1e-8, 1e-12, 1e-2).byFactors(), rate(1, 0.01, 10)},
		Try:    "descent min '1e-4*x+x^2' --start x=0 -o 'adagrad(lr=1,eps=1e-8,inside=true)' --steps 1",
		run: func(r *Run) {
			eps := r.Param("eps")
			f := fun(fmt.Sprintf("%v*x", r.Param("gradient")), "x")
			in, out := optimizers.AdaGrad(), optimizers.AdaGrad()
			in.Eps, in.Inside, out.Eps = eps, true, eps
			one := func(rule optimizers.Rule) float64 {
				return f.search(search.With(rule, r.Param("lr")), search.Stop{Iterations: 1}, 0).Trace[1].X[0]
			}
			r.exact("step with ε inside", one(in), -1e-4/math.Sqrt(2e-8))
			r.exact("step with ε outside", one(out), -1e-4/(1e-4+1e-8))
			r.claim(math.Abs(one(in)+1e-4/math.Sqrt(1e-8+1e-8)) < 1e-12)
		}},
	{Name: "sgd-adam", Tutorial: "2.5", Wrong: true,
		Title:   Text{"SGD against Adam on a wavy plane", "波浪面上的 SGD 与 Adam"},
		Claim:   Text{"Adam ends better than SGD", "Adam 的结果比 SGD 好"},
		Truth:   Text{"Both end in the same local basin, SGD lower (5.0692) than Adam (5.4400); SGD is within 1e-3 of the basin's floor after 42 steps, Adam after 60.", "两者落在同一局部盆地，SGD（5.0692）低于 Adam（5.4400）；到离盆底 1e-3 内，SGD 要 42 步，Adam 要 60 步。"},
		Params:  Text{"from (4, 3), SGD lr = 0.05, Adam lr = 0.1, 50 steps", "从 (4, 3) 出发，SGD lr = 0.05，Adam lr = 0.1，50 步"},
		Free:    []Param{symbol("x", 4, -5, 5), symbol("y", 3, -5, 5), named("sgd", Text{"learning rate of SGD", "SGD 的学习率"}, 0.05, 0.001, 0.3).byFactors(), named("adam", Text{"learning rate of Adam", "Adam 的学习率"}, 0.1, 0.001, 3).byFactors(), named("beta1", Text{EN: "β1"}, 0.9, 0, 0.99), named("beta2", Text{EN: "β2"}, 0.999, 0.5, 0.9999), stepsTo(50, 500)},
		General: true,
		Try:     "descent min '" + waves2 + "' --start x=4,y=3 -o 'sgd(lr=0.05)' -o 'adam(lr=0.1)' --steps 50 --plot race.svg --animate race.html",
		run:     sgdAdam},
	{Name: "adam-formula", Tutorial: "2.4",
		Title:  Text{"Adam's formula", "Adam 公式"},
		Claim:  Text{"momentum, a mean square, and bias correction, with ε outside the root", "动量、二阶矩与偏差校正，ε 在根号外"},
		Truth:  Text{"True, and what PyTorch computes: the whole path of 50 steps agrees with its.", "正确，与 PyTorch 一致：50 步轨迹全部吻合。"},
		Params: Text{"β1 = 0.9, β2 = 0.999, ε = 1e-8, the path of 2.5", "β1 = 0.9，β2 = 0.999，ε = 1e-8，2.5 的轨迹"},
		Free:   []Param{rate(0.1, 0.001, 3), named("beta1", Text{EN: "β1"}, 0.9, 0, 0.99), named("beta2", Text{EN: "β2"}, 0.999, 0.5, 0.9999), named("eps", Text{EN: "ε"}, 1e-8, 1e-12, 1).byFactors(), stepsTo(50, 50)},
		Try:    "descent min '" + waves2 + "' --start x=4,y=3 -o 'adam(lr=0.1)' --steps 50",
		run: func(r *Run) {
			rule := optimizers.Adam()
			rule.Beta1, rule.Beta2, rule.Eps = r.Param("beta1"), r.Param("beta2"), r.Param("eps")
			res := fun(waves2, "x", "y").search(search.With(rule, r.Param("lr")), search.Stop{Iterations: r.count("steps")}, 4, 3)
			x, _ := walk(res)
			worst := 0.0
			for i, name := range []string{"adam_x", "adam_y"} {
				for k, want := range column("tutorial2_sgd_adam_traj", name)[:len(x[i])] {
					worst = max(worst, math.Abs(x[i][k]-want))
				}
			}
			r.exact("first step's x", x[0][1], 3.9000000006832636)
			r.near("largest difference from PyTorch's path", worst, 0, 1e-8)
			r.draw(figure("Adam's coordinates", "step", "value", plot.Line{Name: "x", Y: x[0]}, plot.Line{Name: "y", Y: x[1]}))
		}},
	{Name: "lipschitz", Tutorial: "2.14", Wrong: true,
		Title:  Text{"Are the losses Lipschitz?", "损失函数都是 Lipschitz 的吗"},
		Claim:  Text{"all losses in machine learning, such as MSE and cross-entropy, are Lipschitz", "MSE、交叉熵等机器学习损失都是 Lipschitz 的"},
		Truth:  Text{"The slope of the squared error grows without bound; its gradient is Lipschitz. The slope of logistic loss is bounded by 1.", "平方误差的斜率无界，只有它的梯度是 Lipschitz 的；logistic 损失的斜率以 1 为界。"},
		Params: Text{"slopes at 1, 100, 10000", "1、100、10000 处的斜率"},
		Free:   []Param{named("far", Text{"where the slope is taken", "取斜率处"}, 10000, 1, 1e6).byFactors(), named("width", Text{"width of the pictures", "图的宽度"}, 4, 1, 100).byFactors()},
		Try:    "descent grad 'mse([p],[0])' p=10000",
		run: func(r *Run) {
			far, width := r.Param("far"), r.Param("width")
			square, logistic := fun("mse([p], [0])", "p"), fun("bce_logits([p], [0])", "p")
			r.exact("slope of the squared error at 1", square.grad(1)[0], 2)
			r.exact("at "+show(far), square.grad(far)[0], 20000)
			r.exact("curvature at "+show(far), square.second([]float64{1}, far), 2)
			r.exact("slope of the logistic loss at "+show(far), logistic.grad(far)[0], 1)
			r.claim(square.grad(far)[0] <= 10)
			r.draw(slopes("squared error", square, -width, width), slopes("logistic loss", logistic, -2*width, 2*width))
		}},
}

func sgdAdam(r *Run) {
	f := fun(waves2, "x", "y")
	x, y, steps := r.Param("x"), r.Param("y"), r.count("steps")
	rule := optimizers.Adam()
	rule.Beta1, rule.Beta2 = r.Param("beta1"), r.Param("beta2")
	bySGD := func(steps int) *search.Result { return f.sgd(r.Param("sgd"), steps, x, y) }
	byAdam := func(steps int) *search.Result {
		return f.search(search.With(rule, r.Param("adam")), search.Stop{Iterations: steps}, x, y)
	}
	sgd, adam := bySGD(steps), byAdam(steps)
	r.exact("SGD ends at x", last(sgd).X[0], 3.837467106499253)
	r.exact("SGD ends at y", last(sgd).X[1], -1.1099826402504096)
	r.exact("SGD ends at f", last(sgd).F, 5.069192209472228)
	r.exact("Adam ends at x", last(adam).X[0], 3.838303956988838)
	r.exact("Adam ends at y", last(adam).X[1], -1.4436179661188298)
	r.exact("Adam ends at f", last(adam).F, 5.440002723402546)
	within := func(res *search.Result) float64 {
		steps := 0 // after the last point that is not within
		for i, p := range res.Trace {
			if p.F-5.069191306508776 > 1e-3 {
				steps = i + 1
			}
		}
		return float64(steps)
	}
	r.exact("steps of SGD to the floor", within(bySGD(200)), 42)
	r.near("steps of Adam to the floor", firstWithin(byAdam(200)), 60, 1e-12)
	r.claim(last(adam).F < last(sgd).F)
	lo, hi := [2]float64{-5, -5}, [2]float64{5, 5}
	r.draw(plane("x² + 10 sin x + y² + 5 sin y", f, lo, hi, path2("SGD, lr = "+show(r.Param("sgd")), sgd), path2("Adam, lr = "+show(r.Param("adam")), adam)),
		figure("f at each step", "step", "f", descentCurve("SGD", sgd), descentCurve("Adam", adam)))
}

// firstWithin is the first step within 1e-3 of the basin's floor.
func firstWithin(res *search.Result) float64 {
	for i, p := range res.Trace {
		if p.F-5.069191306508776 <= 1e-3 {
			return float64(i)
		}
	}
	return math.NaN()
}

var landscapes = []Experiment{
	{Name: "global-minima", Tutorial: "2.6", Wrong: true,
		Title:  Text{"The claimed global minima", "所谓的全局最小点"},
		Claim:  Text{"the global minima are (π, π) and (-π, -π)", "全局最小点是 (π, π) 与 (-π, -π)"},
		Truth:  Text{"They are not even stationary: f = 19.739 there, with gradients (-3.72, 1.28) and (-16.28, -11.28). The global minimum is -11.1922 at (-1.3064, -1.1105); (3.8375, -1.1105) is a local one.", "它们连驻点都不是：f=19.739，梯度为 (-3.72, 1.28) 与 (-16.28, -11.28)。全局最小是 (-1.3064, -1.1105) 处的 -11.1922；(3.8375, -1.1105) 是局部极小。"},
		Params: Text{EN: waves2},
		Free:   []Param{named("a", Text{"amplitude along x", "x 方向的振幅"}, 10, 0, 20), named("b", Text{"amplitude along y", "y 方向的振幅"}, 5, 0, 20)},
		Try:    "descent grad '" + waves2 + "' x=pi y=pi; descent min '" + waves2 + "' --start x=0,y=0 --multistart 20",
		run: func(r *Run) {
			f := fun(fmt.Sprintf("x^2 + %v*sin(x) + y^2 + %v*sin(y)", r.Param("a"), r.Param("b")), "x", "y")
			r.exact("f(π, π)", f.at(math.Pi, math.Pi), 19.739208802178716)
			r.exact("f(-π, -π)", f.at(-math.Pi, -math.Pi), 19.739208802178716)
			up, down := f.grad(math.Pi, math.Pi), f.grad(-math.Pi, -math.Pi)
			r.exact("gradient at (π, π), x", up[0], 2*math.Pi-10)
			r.exact("gradient at (π, π), y", up[1], 2*math.Pi-5)
			r.exact("gradient at (-π, -π), x", down[0], -2*math.Pi-10)
			r.exact("gradient at (-π, -π), y", down[1], -2*math.Pi-5)
			best, other, top := f.newton(-1, -1), f.newton(4, -1), f.newton(2, -1)
			r.exact("global minimum, x", best[0], -1.306440008369511)
			r.exact("global minimum, y", best[1], -1.110510503581112)
			r.exact("its value", f.at(best...), -11.192217648306823)
			r.exact("other minimum, x", other[0], 3.837467106499049)
			r.near("its value", f.at(other...), 5.069191306508776, 1e-9)
			r.exact("maximum in x", top[0], 1.977383029328841)
			r.claim(elementary.Hypot(up[0], up[1]) < 1e-6)
			mark := func(name string, x []float64) plot.Layer {
				return plot.Scatter{Name: name, X: []float64{x[0]}, Y: []float64{x[1]}}
			}
			r.draw(plane("where the minima are", f, [2]float64{-5, -5}, [2]float64{5, 5},
				plot.Scatter{Name: "claimed", X: []float64{math.Pi, -math.Pi}, Y: []float64{math.Pi, -math.Pi}}, mark("global minimum", best), mark("local minimum", other)))
		}},
	{Name: "extrema", Tutorial: "2.7", Wrong: true,
		Title:  Text{"A non-convex function of one variable", "一元非凸函数"},
		Claim:  Text{"the global minimum is near x = 3.0", "全局最小点在 x≈3.0"},
		Truth:  Text{"It is at 2.7219 with f = -3.4326; the tutorial's own finder says 2.7192. There are five minima in [-0.5, 4].", "在 2.7219，f=-3.4326；书中自己的程序也给出 2.7192。[-0.5, 4] 内共有五个极小点。"},
		Params: Text{EN: waves1},
		Free:   []Param{amplitude},
		Try:    "descent min '" + waves1 + "' --start x=2.5 -o newton",
		run:    extrema},
	{Name: "surface", Tutorial: "2.8",
		Title:  Text{"The surface f(x) + f(y)", "曲面 f(x)+f(y)"},
		Claim:  Text{"the sum of two such functions has a grid of minima", "两个这样的函数之和有成片的极小点"},
		Truth:  Text{"True: 5 by 5 of them; the lowest is -6.8652 at (2.7219, 2.7219).", "正确：共 5×5 个；最低为 (2.7219, 2.7219) 处的 -6.8652。"},
		Params: Text{"f(x) + f(y) on [-0.5, 3.2]²", "[-0.5, 3.2]² 上的 f(x) + f(y)"},
		Free:   []Param{amplitude},
		Try:    "descent min 'x^4-4*x^3+4*x^2+x^2*sin(2*pi*x)+y^4-4*y^3+4*y^2+y^2*sin(2*pi*y)' --start x=2.5,y=2.5 --plot s.svg --surface",
		run: func(r *Run) {
			f := fun(wavy(r.Param("amplitude"), "x")+" + "+wavy(r.Param("amplitude"), "y"), "x", "y")
			best := f.newton(2.72, 2.72)
			r.exact("least value", f.at(best...), 2*-3.432576936758876)
			at := f.values()
			r.draw(&plot.Figure{Title: "f(x) + f(y)", X: plot.Axis{Label: "x", Min: -0.5, Max: 3.2}, Y: plot.Axis{Label: "y", Min: -0.5, Max: 3.2},
				Layers: []plot.Layer{plot.Surface{Z: plot.Axis{Label: "f"}, F: func(x, y float64) float64 { return at(x, y) }}}})
		}},
}

// critical points of the function of one variable: x, f, f”.
var criticalPoints = [][3]float64{
	{0, 0, 8},
	{0.49479203497235963, 0.5626844663165684, -13.616778379825003},
	{0.7790213824761505, 0.3079085666689175, 21.730768139874264},
	{1.273615143758347, 2.4601464512776547, -69.18981688359617},
	{1.7873970292237606, -2.9625932677517, 134.61285594744948},
	{2.288315956396949, 5.52065471844761, -196.61546082539684},
	{2.7219054235371014, -3.432576936758876, 305.53870172074926},
	{3.3694813944018085, 29.594632504677953, -320.66556458065554},
	{3.6292935472869616, 25.404060850879752, 392.2519169416581},
}

// finder is the tutorial's: of 1000 points, the last before the slope turns from
// down to up, where f is least.
func finder(f function) float64 {
	slope := f.gradients()
	best, at, before := math.Inf(1), math.NaN(), 0.0
	grid := ramp(-0.5, 3.5, 999)
	for i, x := range grid {
		now := slope(x)[0]
		if i > 0 && before < 0 && now >= 0 {
			if v := f.at(grid[i-1]); v < best {
				best, at = v, grid[i-1]
			}
		}
		before = now
	}
	return at
}

func extrema(r *Run) {
	f := fun(wavy(r.Param("amplitude"), "x"), "x")
	var low, high plot.Scatter
	low.Name, high.Name = "minima", "maxima"
	for _, c := range criticalPoints {
		x := f.newton(math.Round(c[0]*1000) / 1000)[0]
		again := func(other float64) bool { return math.Abs(other-x) < 1e-6 }
		if !(x > -0.5 && x < 4) || slices.ContainsFunc(low.X, again) || slices.ContainsFunc(high.X, again) {
			continue // with other waves there are fewer
		}
		curvature := f.second([]float64{1}, x)
		r.exact("critical point", x, c[0])
		r.exact("its value", f.at(x), c[1])
		r.near("its second derivative", curvature, c[2], 1e-10)
		into := &low
		if curvature < 0 {
			into = &high
		}
		into.X, into.Y = append(into.X, x), append(into.Y, f.at(x))
	}
	r.exact("minima", float64(len(low.X)), 5)
	r.near("the tutorial's own finder", finder(f), 2.7192, 1e-4)
	least := slices.Index(low.Y, slices.Min(low.Y)) // at 0 there is always a minimum
	r.claim(math.Abs(low.X[least]-3) < 0.05)
	fig := figure("x⁴ - 4x³ + 4x² + "+times(r.Param("amplitude"))+"x² sin 2πx", "x", "f", curve("f", f, -0.5, 3.5), low, high, plot.VRule{Name: "claimed minimum", At: 3})
	fig.X.Min, fig.X.Max = -0.5, 3.75
	r.draw(fig)
}
