package lab

import (
	"fmt"
	"math"

	"descent/internal/elementary"
	"descent/internal/plot"
	"descent/optimizers"
	"descent/optimizers/search"
)

// Tutorial 3: three points and a line, in JavaScript.

var threeX, threeY = []float64{-1, 0, 1}, []float64{-3, 0, 1}

// three is the sum of squared distances of the three points from w·x + b.
func three() function { return distances(threeY) }

func distances(y []float64) function {
	return fun("sum((y - (w*x + b))^2)", "w", "b").with("x", threeX).with("y", y)
}

// Where most of the experiments stand.
var weight, bias = symbol("w", 3, -1, 6), symbol("b", 1, -3, 4)

var points = []Experiment{
	{Name: "three-points", Tutorial: "3.1",
		Title:  Text{"Distances from y = 3x + 1", "到 y=3x+1 的距离"},
		Claim:  Text{"the squared distances of (-1,-3), (0,0), (1,1) are 1, 1, 9, in total 11", "(-1,-3)、(0,0)、(1,1) 的平方距离为 1、1、9，共 11"},
		Truth:  Text{"True; the printed formula of the total lacks its Σ.", "正确；书中的总和公式漏了 Σ。"},
		Params: Text{EN: "w = 3, b = 1"},
		Free:   []Param{weight, bias},
		Try:    "descent grad 'sum((y-(w*x+b))^2)' w=3 b=1 x=[-1,0,1] y=[-3,0,1] --wrt w,b",
		run: func(r *Run) {
			w, b := r.Param("w"), r.Param("b")
			for i, want := range []float64{1, 1, 9} {
				r.exact("distance of point "+string(rune('1'+i)), fun("(y - (w*x + b))^2", "w", "b", "x", "y").at(w, b, threeX[i], threeY[i]), want)
			}
			r.exact("total", three().at(w, b), 11)
			r.draw(figure("three points", "x", "y", plot.Scatter{Name: "points", X: threeX, Y: threeY}, plot.Line{Name: "y = " + show(w) + "x + " + show(b), X: []float64{-1.5, 1.5}, Y: []float64{b - float64(1.5*w), b + float64(1.5*w)}}))
		}},
	{Name: "one-point-gradient", Tutorial: "3.2",
		Title:  Text{"The gradient for one point", "单个点的梯度"},
		Claim:  Text{"for (-1, -3) at (3, 1) the derivatives are -2 by w and 2 by b", "点 (-1,-3) 在 (3,1) 处对 w、b 的导数为 -2、2"},
		Truth:  Text{"True, and so is the expansion; \"the point (-3, -1)\" further on is a slip.", "正确，展开式也对；后文“点 (-3,-1)”是笔误。"},
		Params: Text{EN: "L = (-3 + w - b)²"},
		Free:   []Param{symbol("w", 3, 0, 6), symbol("b", 1, -2, 4)},
		Try:    "descent grad '(-3+w-b)^2' w=3 b=1 --symbolic",
		run: func(r *Run) {
			f := fun("(-3 + w - b)^2", "w", "b")
			w, b := r.Param("w"), r.Param("b")
			g := f.grad(w, b)
			r.exact("loss", f.at(w, b), 1)
			r.exact("by w", g[0], -2)
			r.exact("by b", g[1], 2)
			r.draw(plane("(-3 + w - b)²", f, [2]float64{0, -2}, [2]float64{6, 4}, plot.Scatter{Name: "(" + show(w) + ", " + show(b) + ")", X: []float64{w}, Y: []float64{b}}))
		}},
	{Name: "cubic", Tutorial: "3.3", Wrong: true,
		Title:  Text{"The derivative of x³ + x² + x", "x³+x²+x 的导数"},
		Claim:  Text{"y' = 3x + 2x + 1, with values 6, 1, -1, -6", "y' = 3x+2x+1，取值 6、1、-1、-6"},
		Truth:  Text{"y' = 3x² + 2x + 1, with values 6, 1, 2, 9 at 1, 0, -1, -2: it is positive everywhere, the curve only rises.", "y' = 3x²+2x+1，在 1、0、-1、-2 处为 6、1、2、9：处处为正，曲线单调上升。"},
		Params: Text{EN: "x = 1, 0, -1, -2"},
		Free:   []Param{symbol("a", 1, -3, 3), symbol("b", 1, -3, 3), symbol("c", 1, -3, 3)},
		Try:    "descent grad 'x^3+x^2+x' x=-1 --symbolic",
		run: func(r *Run) {
			a, b, c := r.Param("a"), r.Param("b"), r.Param("c")
			f := fun(fmt.Sprintf("%v*x^3 + %v*x^2 + %v*x", a, b, c), "x")
			for i, want := range []float64{6, 1, 2, 9} {
				r.exact("derivative at "+fmt.Sprint(1-float64(i)), f.grad(1 - float64(i))[0], want)
			}
			r.claim(f.grad(-1)[0] == -1 && f.grad(-2)[0] == -6)
			r.draw(slopes(times(a)+"x³ + "+times(b)+"x² + "+times(c)+"x", f, -2, 1.2))
		}},
	{Name: "one-step", Tutorial: "3.4",
		Title:  Text{"One step, and overshooting", "一步更新与过冲"},
		Claim:  Text{"one step with α = 0.5 for the first point gives y = 4x, total distance 10", "对第一个点以 α=0.5 走一步得 y=4x，总距离 10"},
		Truth:  Text{"True; but the loss of that point stays 1: the step jumped to the other side of its valley.", "正确；但该点自己的损失仍是 1：这一步跳到了谷的另一侧。"},
		Params: Text{"from (3, 1), the point (-1, -3), α = 0.5", "从 (3, 1) 出发，点 (-1, -3)，α = 0.5"},
		Free:   []Param{weight, bias, rate(0.5, 0.01, 2)},
		Try:    "descent min '(-3+w-b)^2' --start w=3,b=1 -o 'sgd(lr=0.5)' --steps 1",
		run: func(r *Run) {
			f := fun("(-3 + w - b)^2", "w", "b")
			x := last(f.sgd(r.Param("lr"), 1, r.Param("w"), r.Param("b"))).X
			r.exact("w", x[0], 4)
			r.exact("b", x[1], 0)
			r.exact("total", three().at(x...), 10)
			r.exact("that point's loss", f.at(x...), 1)
			r.claim(three().at(x...) == 10)
		}},
	{Name: "direction", Tutorial: "3.5", Wrong: true,
		Title:  Text{"Which way to go", "往哪个方向走"},
		Claim:  Text{"the gradient by w is negative, so decreasing w lowers L", "对 w 的梯度为负，所以减小 w 会降低 L"},
		Truth:  Text{"The other way round: a negative derivative means that increasing w lowers L (the tutorial says so one line later).", "恰好相反：导数为负说明增大 w 才降低 L（书中下一行自己也这么说）。"},
		Params: Text{"L of 3.2 at (3, 1), w moved by ±0.1", "3.2 的 L，在 (3, 1) 处，w 移动 ±0.1"},
		Free:   []Param{weight, bias, symbol("h", 0.1, 0.001, 1).byFactors()},
		Try:    "descent grad '(-3+w-b)^2' w=3 b=1 --direction w=1",
		run: func(r *Run) {
			f := fun("(-3 + w - b)^2", "w", "b")
			w, b, h := r.Param("w"), r.Param("b"), r.Param("h")
			less, more := f.at(w-h, b), f.at(w+h, b)
			r.exact("L at w = "+show(w-h), less, 1.21)
			r.exact("L at w = "+show(w+h), more, 0.81)
			r.claim(less < f.at(w, b))
		}},
	{Name: "signs", Tutorial: "3.6", Wrong: true,
		Title:  Text{"Two wrong signs", "两个错误的符号"},
		Claim:  Text{"(y-(wx+b))² has the term +2yb, and the derivative by b is 2y + 2xw + 2b", "(y-(wx+b))² 含 +2yb，对 b 的导数是 2y+2xw+2b"},
		Truth:  Text{"The term is -2yb and the derivative -2y + 2xw + 2b; the JavaScript has it right.", "应为 -2yb 与 -2y+2xw+2b；JavaScript 代码是对的。"},
		Params: Text{EN: "x = -1, y = -3, w = 3, b = 1"},
		Free:   []Param{symbol("x", -1, -3, 3), symbol("y", -3, -5, 5), weight, bias},
		Try:    "descent grad '(y-(w*x+b))^2' w=3 b=1 x=-1 y=-3 --wrt b --symbolic",
		run: func(r *Run) {
			at := []float64{r.Param("b"), r.Param("w"), r.Param("x"), r.Param("y")}
			g := fun("(y - (w*x + b))^2", "b", "w", "x", "y").grad(at...)
			r.exact("derivative by b", g[0], 2)
			claimed := fun("2*y + 2*x*w + 2*b", "b", "w", "x", "y").at(at...)
			r.exact("as printed", claimed, -10)
			r.claim(g[0] == claimed)
		}},
	{Name: "script", Tutorial: "3.7",
		Title:   Text{"The JavaScript program", "JavaScript 程序"},
		Claim:   Text{"500 steps with α = 0.001 lower the squared distance step by step", "α=0.001 的 500 步使平方距离逐步下降"},
		Truth:   Text{"True: from 11 to 0.7233. It starts from w = 3; the comment says 1.", "正确：从 11 降到 0.7233。实际从 w=3 开始，注释写的是 1。"},
		Params:  Text{"w = 3, b = 1, α = 0.001, 500 steps", "w = 3，b = 1，α = 0.001，500 步"},
		Free:    []Param{symbol("w", 3, 0, 4), symbol("b", 1, -2, 2), rate(0.001, 0.0001, 0.5), stepsTo(500, 3000)},
		General: true,
		Try:     "descent min 'sum((y-(w*x+b))^2)' --start w=3,b=1 x=[-1,0,1] y=[-3,0,1] -o 'sgd(lr=0.001)' --steps 500",
		run: func(r *Run) {
			res := three().sgd(r.Param("lr"), r.count("steps"), r.Param("w"), r.Param("b"))
			end := last(res)
			r.exact("w", end.X[0], 2.1347935812106407)
			r.exact("b", end.X[1], -0.5844346486368056)
			r.exact("after the first step", after(res, 1).F, 10.884331999999999)
			r.exact("after the last", end.F, 0.7232916001056362)
			for i := range res.Trace[1:] {
				r.claim(res.Trace[i+1].F < res.Trace[i].F)
			}
			y := make([]float64, 3)
			for i, x := range threeX {
				y[i] = float64(end.X[0]*x) + end.X[1]
			}
			fig := figure("points and predictions", "x", "y", plot.Scatter{Name: "points", X: threeX, Y: threeY}, plot.Scatter{Name: "predictions", X: threeX, Y: y},
				plot.Line{Name: "line", X: []float64{-3, 4}, Y: []float64{end.X[1] - float64(3*end.X[0]), end.X[1] + float64(4*end.X[0])}})
			fig.X.Min, fig.X.Max, fig.Y.Min, fig.Y.Max = -3, 4, -3.5, 4
			r.draw(fig, plane("path", three(), [2]float64{0, -2}, [2]float64{4, 2}, path2("gradient descent", res)))
		}},
	{Name: "zero-distance", Tutorial: "3.8", Wrong: true,
		Title:   Text{"How close can a line get?", "直线能有多近"},
		Claim:   Text{"iterate until the distance is close to 0", "迭代到距离接近 0"},
		Truth:   Text{"Impossible: the three points are not on a line. The best one, w = 2, b = -2/3, leaves 2/3.", "不可能：三点不共线，最优 w=2、b=-2/3 仍剩 2/3。"},
		Params:  Text{"least squares", "最小二乘"},
		Free:    []Param{named("y", Text{"y of the third point", "第三个点的 y"}, 1, -3, 5), rate(0.001, 0.0001, 0.5), stepsTo(3000, 3000)},
		General: true,
		Try:     "descent min 'sum((y-(w*x+b))^2)' --start w=3,b=1 x=[-1,0,1] y=[-3,0,1]",
		run: func(r *Run) {
			f := distances([]float64{threeY[0], threeY[1], r.Param("y")})
			res := f.search(search.NewtonCG{}, search.Stop{Grad: 1e-12, Iterations: 100}, 3, 1)
			r.near("w", res.X[0], 2, 1e-10)
			r.near("b", res.X[1], -2.0/3, 1e-10)
			r.exact("least total", res.F, 2.0/3)
			r.claim(res.F < 0.01)
			lr, least := r.Param("lr"), "2/3"
			if r.Moved() {
				least = show(res.F)
			}
			r.draw(logY(figure("total squared distance", "step", "total", descentCurve("gradient descent, α = "+show(lr), f.sgd(lr, r.count("steps"), 3, 1)), plot.HRule{Name: least, At: res.F})))
		}},
}

// Tutorial 4: from derivatives to gradient ascent.
var gradients = []Experiment{
	{Name: "difference-quotient", Tutorial: "4.1",
		Title:   Text{"The difference quotient", "差商"},
		Claim:   Text{"the derivative is the limit of the difference quotient", "导数是差商的极限"},
		Truth:   Text{"True, but in floating point the error falls with h only until rounding takes over: at 1e-8 for forward differences, 1e-5 for central ones. The derivative by reverse mode has neither error.", "正确；但浮点运算中误差只随 h 下降到舍入占主导为止：前向约 1e-8，中心约 1e-5。反向模式没有这两种误差。"},
		Params:  Text{"sin at 1, h from 0.1 to 1e-12", "sin 在 1 处，h 从 0.1 到 1e-12"},
		Free:    []Param{symbol("x", 1, -3, 3), symbol("k", 1, 0.1, 20).byFactors()},
		General: true,
		Try:     "descent grad 'sin(x)' x=1 --check",
		run:     quotients},
	{Name: "partials", Tutorial: "4.2",
		Title:  Text{"Partial derivatives", "偏导数"},
		Claim:  Text{"z = x² + 3xy + y² has derivatives 8 and 7 at (1, 2)", "z=x²+3xy+y² 在 (1,2) 的偏导数为 8 和 7"},
		Truth:  Text{"True.", "正确。"},
		Params: Text{EN: "(1, 2)"},
		Free:   []Param{symbol("x", 1, -3, 3), symbol("y", 2, -3, 3)},
		Try:    "descent grad 'x^2+3*x*y+y^2' x=1 y=2 --symbolic",
		run: func(r *Run) {
			g := fun("x^2 + 3*x*y + y^2", "x", "y").grad(r.Param("x"), r.Param("y"))
			r.exact("by x", g[0], 8)
			r.exact("by y", g[1], 7)
		}},
	{Name: "directional", Tutorial: "4.3",
		Title:   Text{"Directional derivatives by angle", "按角度扫描方向导数"},
		Claim:   Text{"the directional derivative is largest along the gradient, where it is its norm", "沿梯度方向的方向导数最大，等于梯度的模"},
		Truth:   Text{"True: along (1,1)/√2 it is 10.6066; of all directions the largest, 10.63015, is along (8, 7).", "正确：沿 (1,1)/√2 为 10.6066；所有方向中最大的是沿 (8,7) 的 10.63015。"},
		Params:  Text{"z = x² + 3xy + y² at (1, 2), 3600 angles", "z = x² + 3xy + y² 在 (1, 2) 处，3600 个角度"},
		Free:    []Param{symbol("x", 1, -3, 3), symbol("y", 2, -3, 3)},
		General: true,
		Try:     "descent grad 'x^2+3*x*y+y^2' x=1 y=2 --direction x=1,y=1",
		run: func(r *Run) {
			f := fun("x^2 + 3*x*y + y^2", "x", "y")
			x, y := r.Param("x"), r.Param("y")
			r.exact("along (1,1)/√2", f.directional([]float64{math.Sqrt2 / 2, math.Sqrt2 / 2}, x, y), 10.606601717798213)
			g := f.grad(x, y)
			r.exact("norm of the gradient", elementary.Hypot(g[0], g[1]), 10.63014581273465)
			steepest := elementary.Atan2(g[1], g[0]) * 180 / math.Pi
			if steepest < 0 {
				steepest += 360
			}
			line := plot.Line{Name: "directional derivative"}
			best, at := math.Inf(-1), 0.0
			for _, a := range ramp(0, 2*math.Pi, 3600) {
				// The derivative is linear in the direction.
				d := float64(g[0]*elementary.Cos(a)) + float64(g[1]*elementary.Sin(a))
				line.X, line.Y = append(line.X, a*180/math.Pi), append(line.Y, d)
				if d > best {
					best, at = d, a
				}
			}
			r.near("largest of the scan", best, 10.63014581273465, 1e-5)
			r.near("its angle in degrees", at*180/math.Pi, steepest, 2e-3)
			r.claim(best <= elementary.Hypot(g[0], g[1]))
			r.draw(figure("directional derivative at ("+show(x)+", "+show(y)+")", "angle (degrees)", "derivative", line, plot.VRule{Name: "direction of the gradient", At: steepest}))
		}},
	{Name: "reciprocal", Tutorial: "4.4",
		Title:  Text{"The gradient of 1/(x²+y²)", "1/(x²+y²) 的梯度"},
		Claim:  Text{"it is (-2x, -2y)/(x²+y²)², at (1, 2): (-0.08, -0.16)", "为 (-2x,-2y)/(x²+y²)²，在 (1,2) 处 (-0.08,-0.16)"},
		Truth:  Text{"True.", "正确。"},
		Params: Text{EN: "(1, 2)"},
		Free:   []Param{symbol("x", 1, 0.5, 3), symbol("y", 2, 0.5, 3)},
		Try:    "descent grad '1/(x^2+y^2)' x=1 y=2 --symbolic",
		run: func(r *Run) {
			f := fun("1/(x^2 + y^2)", "x", "y")
			x, y := r.Param("x"), r.Param("y")
			g := f.grad(x, y)
			r.exact("by x", g[0], -0.08)
			r.exact("by y", g[1], -0.16)
			r.draw(plane("1/(x²+y²)", f, [2]float64{0.5, 0.5}, [2]float64{3, 3}, plot.Scatter{Name: "(" + show(x) + ", " + show(y) + ")", X: []float64{x}, Y: []float64{y}}))
		}},
	{Name: "terms", Tutorial: "4.6", Wrong: true,
		Title:  Text{"How many terms has the cost?", "代价函数有几项"},
		Claim:  Text{"the cost over m samples is the sum for i = 0 to m", "m 个样本的代价是 i=0 到 m 的和"},
		Truth:  Text{"That sum has m + 1 terms; and it has no 1/m, so its gradient grows with the data.", "那样是 m+1 项；而且没有 1/m，梯度会随数据量增长。"},
		Params: Text{"m = 3, the points of tutorial 3, w = 3, b = 1", "m = 3，教程 3 的三个点，w = 3，b = 1"},
		Free:   []Param{bias},
		Try:    "descent grad 'sum((w*x+b-y)^2)/3' w=3 b=1 x=[-1,0,1] y=[-3,0,1]",
		run: func(r *Run) {
			n := 0
			for i := 0; i <= len(threeX); i++ {
				n++
			}
			r.exact("terms", float64(n), 4)
			sum, mean := three().grad(3, r.Param("b")), fun("mean((y - (w*x + b))^2)", "w", "b").with("x", threeX).with("y", threeY).grad(3, r.Param("b"))
			r.exact("summed gradient by b", sum[1], 10)
			r.exact("mean gradient by b", mean[1], 10.0/3)
			r.claim(n == len(threeX))
		}},
	{Name: "epsilon-test", Tutorial: "4.7", Wrong: true,
		Title:   Text{"When to stop", "何时停止"},
		Claim:   Text{"stop when every α·∂J/∂θ < ε", "当每个 α·∂J/∂θ < ε 时停止"},
		Truth:   Text{"It needs the absolute value: as printed any negative gradient stops it, here before the first step.", "要取绝对值：照印刷的写法，任何负梯度都会立即停止，这里一步都不走。"},
		Params:  Text{EN: "J = (θ-3)², θ0 = 0, α = 0.1, ε = 1e-6"},
		Free:    []Param{symbol("x", 0, -5, 10), rate(0.1, 0.01, 0.9), named("eps", Text{EN: "ε"}, 1e-6, 1e-10, 0.1).byFactors()},
		General: true,
		Try:     "descent min '(t-3)^2' --start t=0 -o 'sgd(lr=0.1)' --tol 1e-5",
		run: func(r *Run) {
			f := fun("(t-3)^2", "t")
			lr, eps := r.Param("lr"), r.Param("eps")
			slope := f.gradients()
			path := f.sgd(lr, 200, r.Param("x")).Trace
			stops := func(test func(step float64) bool) (n float64, at float64) {
				for _, p := range path {
					if test(lr * slope(p.X...)[0]) {
						return n, p.X[0]
					}
					n++
				}
				return n, math.NaN()
			}
			n, at := stops(func(s float64) bool { return s < eps })
			r.exact("steps as printed", n, 0)
			m, end := stops(func(s float64) bool { return math.Abs(s) < eps })
			r.exact("steps with the absolute value", m, 60)
			r.near("where it ends", end, 3, 2e-6)
			r.claim(math.Abs(at-3) < 1e-3)
		}},
	{Name: "alpha-one", Tutorial: "4.7", Wrong: true,
		Title:   Text{"α = 1 with a summed loss", "对求和损失取 α=1"},
		Claim:   Text{"start with θ = 0, α = 1", "初始取 θ=0、α=1"},
		Truth:   Text{"It diverges: the largest curvature of the summed loss is 6, so α must be below 2/6.", "会发散：求和损失的最大曲率是 6，α 必须小于 2/6。"},
		Params:  Text{"the three points, θ = 0, α = 1 and 0.1", "三个点，θ = 0，α = 1 与 0.1"},
		Free:    []Param{named("big", Text{"larger α", "较大的 α"}, 1, 0.01, 2).byFactors(), named("small", Text{"smaller α", "较小的 α"}, 0.1, 0.01, 2).byFactors(), stepsTo(20, 200)},
		General: true,
		Try:     "descent min 'sum((y-(w*x+b))^2)' --start w=0,b=0 x=[-1,0,1] y=[-3,0,1] -o 'sgd(lr=1)' --steps 20",
		run: func(r *Run) {
			e := eigenvalues(three().hessian(0, 0))
			r.exact("largest curvature", e[1], 6)
			by := func(lr string) *search.Result { return three().sgd(r.Param(lr), r.count("steps"), 0, 0) }
			big, small := by("big"), by("small")
			r.claim(last(big).F < big.Trace[0].F)
			r.near("loss after "+show(r.Param("steps"))+" steps of "+show(r.Param("small")), last(small).F, 2.0/3, 1e-3)
			r.draw(logY(figure("summed loss", "step", "loss", descentCurve("α = "+show(r.Param("big")), big), descentCurve("α = "+show(r.Param("small")), small))))
		}},
	{Name: "matrix-form", Tutorial: "4.8",
		Title:  Text{"The matrix form", "矩阵形式"},
		Claim:  Text{"J = (Xθ-Y)ᵀ(Xθ-Y) has the gradient 2Xᵀ(Xθ-Y)", "J=(Xθ-Y)ᵀ(Xθ-Y) 的梯度是 2Xᵀ(Xθ-Y)"},
		Truth:  Text{"True: (10, 4) for the three points at θ = (1, 3).", "正确：三点在 θ=(1,3) 处为 (10, 4)。"},
		Params: Text{EN: "X = [[1,-1],[1,0],[1,1]], Y = (-3, 0, 1), θ = (1, 3)"},
		Free:   []Param{symbol("b", 1, -3, 4), symbol("w", 3, -1, 6)},
		Try:    "descent grad '(X@t-Y)@(X@t-Y)' X=[[1,-1],[1,0],[1,1]] Y=[-3,0,1] t=[1,3] --wrt t --symbolic",
		run: func(r *Run) {
			g := fun("let r = [[1,-1],[1,0],[1,1]] @ [b, w] - [-3,0,1]; r @ r", "b", "w").grad(r.Param("b"), r.Param("w"))
			r.exact("by b", g[0], 10)
			r.exact("by w", g[1], 4)
			claimed := fun("let X = [[1,-1],[1,0],[1,1]]; (2*transpose(X) @ (X @ [b, w] - [-3,0,1]))[0]", "b", "w").at(r.Param("b"), r.Param("w"))
			r.claim(claimed == g[0])
		}},
	{Name: "ascent", Tutorial: "4.9",
		Title:   Text{"Gradient ascent", "梯度上升"},
		Claim:   Text{"to maximise, add the gradient", "求最大值时加上梯度"},
		Truth:   Text{"True: ascent on the log-likelihood of logistic regression takes the same steps as descent on its negative.", "正确：对逻辑回归的对数似然做上升，与对其相反数做下降的步子完全相同。"},
		Params:  Text{"data of 0.17, seed 0, lr = 0.1, 200 steps", "0.17 的数据，种子 0，lr = 0.1，200 步"},
		Free:    []Param{rate(0.1, 0.001, 10), stepsTo(200, 2000)},
		General: true,
		Try:     "descent min '3-(x-2)^2' --start x=0 --maximize -o 'sgd(lr=0.1)'",
		run:     ascent},
	{Name: "step-rule", Tutorial: "4.10", Wrong: true,
		Title:   Text{"If it does not fall, which way with the step?", "不下降时步长该怎么调"},
		Claim:   Text{"try steps from large to small; if the cost does not fall, increase the step", "步长从大到小试；若代价不下降就增大步长"},
		Truth:   Text{"It must be decreased: on x² a step of 1.1 diverges, 2.2 faster still, 0.55 converges.", "应当减小：在 x² 上 1.1 发散，2.2 更快，0.55 收敛。"},
		Params:  Text{"x² from 5, 10 steps of 1.1, 2.2 and 0.55", "x²，从 5 出发，以 1.1、2.2、0.55 走 10 步"},
		Free:    []Param{symbol("x", 5, -10, 10), rate(1.1, 0.01, 3), named("factor", Text{"factor", "倍数"}, 2, 1, 10), stepsTo(10, 50)},
		General: true,
		Try:     "descent min x^2 --start x=5 -o 'sgd(lr=2.2)' -o 'sgd(lr=0.55)' --steps 10",
		run: func(r *Run) {
			f := fun("x^2", "x")
			by := func(lr float64) *search.Result { return f.sgd(lr, r.count("steps"), r.Param("x")) }
			end := func(lr float64) float64 { return math.Abs(last(by(lr)).X[0]) }
			lr := r.Param("lr")
			more, less := lr*r.Param("factor"), lr/r.Param("factor")
			r.exact("|x| with "+show(lr), end(lr), 30.958682112000048)
			r.near("|x| with "+show(more), end(more), 5*elementary.Pow(3.4, 10), 1e-9)
			r.near("|x| with "+show(less), end(less), 5*elementary.Pow(0.1, 10), 1e-6)
			r.claim(end(more) < end(lr))
			r.draw(logY(figure("x² at each step", "step", "f", descentCurve(show(lr), by(lr)), descentCurve("increased: "+show(more), by(more)), descentCurve("decreased: "+show(less), by(less)))))
		}},
}

func quotients(r *Run) {
	x, k := r.Param("x"), r.Param("k")
	f := fun(fmt.Sprintf("sin(%v*x)", k), "x")
	at, truth := f.values(), f.grad(x)[0]
	r.near("derivative", truth, 0.5403023058681398, 1e-15)
	forward, central := plot.Line{Name: "forward (f(x+h)-f(x))/h"}, plot.Line{Name: "central (f(x+h)-f(x-h))/2h"}
	bestForward, bestCentral := math.Inf(1), math.Inf(1)
	for _, e := range ramp(-12, -1, 110) {
		h := elementary.Pow(10, e)
		a := math.Abs((at(x+h)-at(x))/h - truth)
		b := math.Abs((at(x+h)-at(x-h))/(2*h) - truth)
		forward.X, forward.Y = append(forward.X, h), append(forward.Y, a)
		central.X, central.Y = append(central.X, h), append(central.Y, b)
		bestForward, bestCentral = min(bestForward, a), min(bestCentral, b)
	}
	r.near("error of the forward quotient at 0.1", forward.Y[110], 0.0429385, 1e-3)
	r.near("error of the central one at 0.1", central.Y[110], 9.0005e-4, 1e-3)
	r.claim(bestCentral < 1e-9 && bestForward < 1e-7)
	sine := "sin"
	if k != 1 {
		sine = "sin " + show(k) + "x"
	}
	fig := logY(figure("error of the difference quotient of "+sine+" at "+show(x), "h", "error", forward, central))
	fig.X.Log = true
	r.draw(fig)
}

func ascent(r *Run) {
	x1, x2, y := column("tutorial0_logreg_rs0", "x1"), column("tutorial0_logreg_rs0", "x2"), column("tutorial0_logreg_rs0", "y")
	bind := func(text string) function {
		return fun(text, "u", "v", "b").with("x1", x1).with("x2", x2).with("y", y)
	}
	lr, steps := r.Param("lr"), r.count("steps")
	likelihood := bind("mean(logsigmoid(y*(u*x1 + v*x2 + b)))")
	up := likelihood.search(search.With(optimizers.Chain{optimizers.Maximize(), optimizers.SGD()}, lr), search.Stop{Iterations: steps}, 0, 0, 0)
	down := bind("-mean(logsigmoid(y*(u*x1 + v*x2 + b)))").sgd(lr, steps, 0, 0, 0)
	for i := range 3 {
		r.exact("weight by ascent", last(up).X[i], last(down).X[i])
	}
	r.claim(last(up).F > up.Trace[0].F)
	peak := fun("3 - (x-2)^2", "x").search(search.With(optimizers.Chain{optimizers.Maximize(), optimizers.SGD()}, 0.1), search.Stop{Iterations: 200}, 0)
	r.near("maximum of 3 - (x-2)²", last(peak).X[0], 2, 1e-9)
	r.draw(figure("mean log-likelihood", "step", "log-likelihood", descentCurve("ascent", up)))
}
