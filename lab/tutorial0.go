package lab

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/plot"
	"descent/losses"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/search"
)

// lossGradient returns the derivative of a loss by its predictions.
func lossGradient(loss losses.Loss, pred, target []float64) []float64 {
	g := graph.New(graph.Float64, 0)
	p := g.Param("pred", graph.From(pred...), len(pred))
	y := g.Input("target", len(target))
	return compute([]graph.Feed{graph.Let(y, target)}, graph.Grad(loss(p, y), p)...)
}

// slopes draws a loss of one prediction and its derivative.
func slopes(title string, f function, lo, hi float64) plot.Picture {
	d, at := plot.Line{Name: "derivative"}, f.gradients()
	for _, x := range ramp(lo, hi, 160) {
		d.X, d.Y = append(d.X, x), append(d.Y, at(x)[0])
	}
	return figure(title, f.names[0], "value", curve("loss", f, lo, hi), d)
}

var basics = []Experiment{
	{Name: "mse-gradient", Tutorial: "0.1", Wrong: true,
		Title:  Text{"The gradient of the squared error", "均方误差的梯度"},
		Claim:  Text{"dL/dp = 2/N (y - p)", "dL/dŷ = 2/N (y - ŷ)"},
		Truth:  Text{"The sign is wrong, three times: it is 2/N (p - y). Descending with the printed formula would climb.", "符号错了三次：应为 2/N (ŷ - y)。按书中公式“下降”反而会上升。"},
		Params: Text{EN: "y = [1, 2, 3], p = [1.5, 1, 3.2]"},
		Free:   []Param{symbol("p0", 1.5, -4, 4), symbol("p1", 1, -4, 4), symbol("p2", 3.2, -4, 4), named("target", Text{"target of the picture", "图中的目标"}, 0, -2, 2)},
		Try:    "descent grad 'mse(p, y)' p=[1.5,1,3.2] y=[1,2,3] --wrt p --check",
		run: func(r *Run) {
			g := lossGradient(losses.MSE, []float64{r.Param("p0"), r.Param("p1"), r.Param("p2")}, []float64{1, 2, 3})
			for i, want := range []float64{1.0 / 3, -2.0 / 3, 0.4 / 3} {
				r.exact("derivative by p["+string(rune('0'+i))+"]", g[i], want)
			}
			r.claim(g[0] < 0) // (y-p) is negative there
			target := r.Param("target")
			r.draw(slopes("squared error, target "+show(target), fun(fmt.Sprintf("(p-(%v))^2", target), "p"), -3, 3))
		}},
	{Name: "huber-gradient", Tutorial: "0.2",
		Title:  Text{"Huber's loss and its derivative", "Huber 损失及其导数"},
		Claim:  Text{"-(y-p) inside delta, -delta·sign(y-p) outside", "δ 以内为 -(y-ŷ)，以外为 -δ·sign(y-ŷ)"},
		Truth:  Text{"True: linear growth bounds the pull of an outlier.", "正确：线性增长限制了离群点的拉力。"},
		Params: Text{"delta = 1, target 0", "δ = 1，目标 0"},
		Free:   []Param{named("delta", Text{EN: "δ"}, 1, 0.1, 3), symbol("p", 0.5, 0, 3)},
		Try:    "descent grad 'huber(p, y, delta=1)' p=0.5 y=0 --symbolic",
		run: func(r *Run) {
			delta, p := r.Param("delta"), r.Param("p")
			f := fun(fmt.Sprintf("huber([p], [0], delta=%v)", delta), "p")
			r.exact("derivative at "+show(p), f.grad(p)[0], 0.5)
			r.exact("derivative at "+show(-p), f.grad(-p)[0], -0.5)
			r.exact("derivative at 3", f.grad(3)[0], 1)
			r.exact("derivative at -3", f.grad(-3)[0], -1)
			r.draw(slopes("Huber loss, delta = "+show(delta), f, -3, 3))
		}},
	{Name: "bce-gradient", Tutorial: "0.3", Wrong: true,
		Title:  Text{"The gradient of binary cross-entropy", "二元交叉熵的梯度"},
		Claim:  Text{"with L = -1/N Σ..., dL/dz = p - y", "L = -1/N Σ… 时 dL/dz = ŷ - y"},
		Truth:  Text{"That is the gradient of one sample's loss. With the printed 1/N it is (p - y)/N.", "那是单个样本的梯度；带上式中的 1/N 应为 (ŷ - y)/N。"},
		Params: Text{EN: "z = [0.3, -1.2], y = [1, 0]"},
		Free:   []Param{symbol("z0", 0.3, -5, 5), symbol("z1", -1.2, -5, 5), symbol("y0", 1, 0, 1)},
		Try:    "descent grad 'bce_logits(z, y)' z=[0.3,-1.2] y=[1,0] --wrt z",
		run: func(r *Run) {
			target := r.Param("y0")
			g := lossGradient(losses.BCELogits, []float64{r.Param("z0"), r.Param("z1")}, []float64{target, 0})
			r.exact("derivative by z[0]", g[0], -0.2127787415941705)
			r.exact("derivative by z[1]", g[1], 0.115737608250491)
			r.claim(math.Abs(g[0]+2*0.2127787415941705) < 1e-9)
			r.draw(slopes("binary cross-entropy of a logit, target "+show(target), fun(fmt.Sprintf("bce_logits([z], [%v])", target), "z"), -5, 5))
		}},
	{Name: "softmax-gradient", Tutorial: "0.4", Wrong: true,
		Title:  Text{"The gradient of softmax cross-entropy", "多类交叉熵的梯度"},
		Claim:  Text{"with L = -1/N ΣΣ..., dL/dz = p - y", "L = -1/N ΣΣ… 时 dL/dz = ŷ - y"},
		Truth:  Text{"Again the 1/N is missing: (p - y)/N.", "同样漏了 1/N：应为 (ŷ - y)/N。"},
		Params: Text{"two rows z = [1, 2, 3], classes 0 and 2", "两行 z = [1, 2, 3]，类别 0 和 2"},
		Free:   []Param{symbol("z0", 1, -5, 5), symbol("z1", 2, -5, 5), symbol("z2", 3, -5, 5)},
		Try:    "descent grad 'cross_entropy(z, y)' z=[[1,2,3],[1,2,3]] y=[0,2]",
		run: func(r *Run) {
			f := fun("cross_entropy([[a, b, c], [1, 2, 3]], [0, 2])", "a", "b", "c")
			g := f.grad(r.Param("z0"), r.Param("z1"), r.Param("z2"))
			p := []float64{0.09003057317038046, 0.24472847105479764, 0.6652409557748218}
			r.exact("derivative by z[0][0]", g[0], (p[0]-1)/2)
			r.exact("derivative by z[0][1]", g[1], p[1]/2)
			r.exact("derivative by z[0][2]", g[2], p[2]/2)
			r.claim(math.Abs(g[1]-p[1]) < 1e-9)
		}},
	{Name: "l2-factor", Tutorial: "0.5", Wrong: true,
		Title:  Text{"A factor 2 between formula and program", "公式与代码差一个因子 2"},
		Claim:  Text{"the L2 penalty is λ/2·‖θ‖² in the text and in program 2.5", "正文与程序 2.5 用同一个 L2 正则 λ/2·‖θ‖²"},
		Truth:  Text{"The program adds λΣw², whose gradient 2λw is twice the text's λw: the same λ regularises twice as strongly.", "程序加的是 λΣw²，梯度 2λw 是正文 λw 的两倍：同一个 λ 强度翻倍。"},
		Params: Text{EN: "w = (1, -2), λ = 0.1"},
		Free:   []Param{lambda(0.1, 0.001, 1), symbol("w0", 1, -3, 3), symbol("w1", -2, -3, 3)},
		Try:    "descent grad 'l2(w, lambda=0.1)' w=[1,-2]; descent grad 'sum_squares(w, lambda=0.1)' w=[1,-2]",
		run: func(r *Run) {
			by := func(penalty string) []float64 {
				return fun(fmt.Sprintf("%s([u, v], lambda=%v)", penalty, r.Param("lambda")), "u", "v").grad(r.Param("w0"), r.Param("w1"))
			}
			a, b := by("l2"), by("sum_squares")
			r.exact("l2: by w[0]", a[0], 0.1)
			r.exact("l2: by w[1]", a[1], -0.2)
			r.exact("λΣw²: by w[0]", b[0], 0.2)
			r.exact("λΣw²: by w[1]", b[1], -0.4)
			r.claim(a[0] == b[0])
		}},
	{Name: "l1-penalty", Tutorial: "0.6",
		Title:  Text{"The L1 penalty: diamond and circle", "L1 正则：菱形与圆"},
		Claim:  Text{"the gradient of λ‖θ‖₁ is λ·sign(θ)", "λ‖θ‖₁ 的梯度是 λ·sign(θ)"},
		Truth:  Text{"True with sign(0) = 0, the smallest subgradient. The set of equal L1 penalty is a diamond, whose corners lie on the axes; that of L2 a circle.", "取 sign(0)=0（最小范数次梯度）时正确。L1 等值线是顶点在坐标轴上的菱形，L2 是圆。"},
		Params: Text{EN: "w = (2, -3, 0), λ = 0.1"},
		Free:   []Param{lambda(0.1, 0.001, 1), symbol("w0", 2, -3, 3), symbol("w1", -3, -3, 3), symbol("w2", 0, -3, 3), named("power", Text{"power in the first picture", "第一幅图中的幂"}, 1, 0.3, 4)},
		Try:    "descent grad 'l1(w, lambda=0.1)' w=[2,-3,0]",
		run: func(r *Run) {
			g := fun(fmt.Sprintf("l1([u, v, w], lambda=%v)", r.Param("lambda")), "u", "v", "w").grad(r.Param("w0"), r.Param("w1"), r.Param("w2"))
			for i, want := range []float64{0.1, -0.1, 0} {
				r.exact("derivative by w["+string(rune('0'+i))+"]", g[i], want)
			}
			lo, hi := [2]float64{-2, -2}, [2]float64{2, 2}
			power, title := r.Param("power"), "|u| + |v|"
			if power != 1 {
				title = fmt.Sprintf("|u|^%[1]s + |v|^%[1]s", show(power))
			}
			r.draw(&plot.Grid{Cols: 2, Figures: []*plot.Figure{plane(title, fun(fmt.Sprintf("abs(u)^%[1]v + abs(v)^%[1]v", power), "u", "v"), lo, hi), plane("u² + v²", fun("u^2+v^2", "u", "v"), lo, hi)}})
		}},
}

var losses0 = []Experiment{
	{Name: "outlier-pull", Tutorial: "0.7",
		Title:  Text{"How far one outlier pulls", "一个离群点能拉多远"},
		Claim:  Text{"squared error is sensitive to outliers, Huber and absolute error are not", "MSE 对离群点敏感，Huber 与 L1 不敏感"},
		Truth:  Text{"True: of 1, 2, 3, 4, 100 the squared error finds the mean 22, the others stay at 3.", "正确：对 1, 2, 3, 4, 100，MSE 给出均值 22，其余停在 3。"},
		Params: Text{"data 1, 2, 3, 4, 100", "数据 1, 2, 3, 4, 100"},
		Free:   []Param{named("outlier", Text{"outlier", "离群点"}, 100, 5, 190), named("delta", Text{EN: "δ"}, 1, 0.1, 10).byFactors()},
		Try:    "descent min 'mean(huber(a+0*x, x))' --start a=10 x=[1,2,3,4,100]",
		run: func(r *Run) {
			outlier := r.Param("outlier")
			fig := figure("mean loss of one number for 1, 2, 3, 4, "+show(outlier), "estimate", "loss, scaled to its minimum")
			for _, c := range []struct {
				loss, settings string
				lr, want       float64
			}{{"mse", "", 0.1, 22}, {"huber", fmt.Sprintf(", delta=%v", r.Param("delta")), 0.5, 3}, {"mae", "", 0.01, 3}} {
				f := fun(c.loss+"(a + 0*x, x"+c.settings+")", "a").with("x", []float64{1, 2, 3, 4, outlier})
				res := f.search(search.With(optimizers.SGD(), c.lr), search.Stop{Iterations: 3000, Grad: 1e-12}, 10)
				r.near("minimiser of "+c.loss, res.X[0], c.want, 1e-2)
				line := curve(c.loss, f, -5, 40)
				least := f.at(res.X[0])
				for i := range line.Y {
					line.Y[i] /= least
				}
				fig.Layers = append(fig.Layers, line)
			}
			r.claim(r.Numbers[0].Got > 20 && r.Numbers[2].Got < 4)
			r.draw(fig)
		}},
	{Name: "sparsity", Tutorial: "0.7",
		Title:   Text{"L1 makes exact zeros, L2 does not", "L1 产生精确的零，L2 不会"},
		Claim:   Text{"L1 gives sparse solutions, L2 small ones", "L1 得到稀疏解，L2 得到较小的解"},
		Truth:   Text{"True, with the step that suits L1 (shrink by lr·λ, then stop at 0): plain subgradient steps only jitter around 0.", "正确，但要用适合 L1 的近端步（收缩 lr·λ 并停在 0）：普通次梯度只会在 0 附近抖动。"},
		Params:  Text{"f = ½Σ(w - c)², c = (3, 0.2, -0.1, 1.5, 0.05, -2), λ = 0.5, lr = 0.1, 200 steps", "f = ½Σ(w - c)²，c = (3, 0.2, -0.1, 1.5, 0.05, -2)，λ = 0.5，lr = 0.1，200 步"},
		Free:    []Param{lambda(0.5, 0.01, 3), rate(0.1, 0.01, 1.5), stepsTo(200, 2000)},
		General: true,
		Try:     "graph.Update{Target: w, Value: ops.SoftShrink(ops.Sub(w, ops.Scale(lr, grad)), lr*lambda)}",
		run:     sparsity},
	{Name: "convexity", Tutorial: "0.8",
		Title:   Text{"Convex and not convex", "凸与非凸"},
		Claim:   Text{"the loss of linear regression is convex, that of a neural net is not", "线性回归的损失是凸的，神经网络的不是"},
		Truth:   Text{"True: along every direction the second derivative of the first is at least 0; one hidden tanh unit has directions where it is negative.", "正确：前者沿任何方向二阶导数非负；只要一个 tanh 隐藏单元就会出现负曲率。"},
		Params:  Text{"x = -1, 0, 1, y = -3, 0, 1; net v·tanh(w·x) at w = v = 0.1", "x = -1, 0, 1，y = -3, 0, 1；网络 v·tanh(w·x)，w = v = 0.1"},
		Free:    []Param{symbol("w", 0.1, -2, 2), symbol("v", 0.1, -2, 2), named("y", Text{"first target", "第一个目标"}, -3, -5, 5)},
		General: true,
		Try:     "descent grad 'mean((v*tanh(w*x)-y)^2)' w=0.1 v=0.1 x=[-1,0,1] y=[-3,0,1] --wrt w,v --hessian",
		run: func(r *Run) {
			x, y := []float64{-1, 0, 1}, []float64{r.Param("y"), 0, 1}
			line := fun("mean((w*x+b-y)^2)", "w", "b").with("x", x).with("y", y)
			net := fun("mean((v*tanh(w*x)-y)^2)", "w", "v").with("x", x).with("y", y)
			least, lines, hv := math.Inf(1), line.problem(0.3, -2), make([]float64, 2)
			for _, a := range ramp(0, math.Pi, 180) {
				along := []float64{elementary.Cos(a), elementary.Sin(a)}
				lines.HVP(lines.Start, along, hv)
				least = min(least, float64(along[0]*hv[0])+float64(along[1]*hv[1]))
			}
			r.exact("least curvature of the line's loss", least, 4.0/3)
			w, v := r.Param("w"), r.Param("v")
			low := net.second([]float64{math.Sqrt2 / 2, math.Sqrt2 / 2}, w, v)
			high := net.second([]float64{math.Sqrt2 / 2, -math.Sqrt2 / 2}, w, v)
			r.claim(least >= 0 && min(low, high) < 0)
			r.draw(&plot.Grid{Cols: 2, Figures: []*plot.Figure{plane("line", line, [2]float64{-2, -4}, [2]float64{6, 3}), plane("one hidden unit", net, [2]float64{-4, -4}, [2]float64{4, 4}, plot.Scatter{Name: "(" + show(w) + ", " + show(v) + ")", X: []float64{w}, Y: []float64{v}})}})
		}},
	{Name: "rmsprop-moments", Tutorial: "0.11", Wrong: true,
		Title:  Text{"What RMSProp remembers", "RMSProp 记住了什么"},
		Claim:  Text{"Adam and RMSProp use the first and the second moment", "Adam 和 RMSProp 都用一阶和二阶矩"},
		Truth:  Text{"RMSProp keeps the mean square only; Adam keeps the mean too.", "RMSProp 只保留二阶矩；Adam 还保留一阶矩。"},
		Params: Text{"states that each rule declares for one parameter", "每种方法为一个参数保存的状态"},
		Try:    "optimizers.Descend(loss, optimizers.RMSProp()).Updates",
		run: func(r *Run) {
			adam, rms := states(optimizers.Adam()), states(optimizers.RMSProp())
			r.exact("states of adam", adam, 2)
			r.exact("states of rmsprop", rms, 1)
			r.claim(rms == 2)
		}},
	{Name: "attribution", Tutorial: "0.13",
		Title:  Text{"Which input mattered: integrated gradients", "哪个输入重要：积分梯度"},
		Claim:  Text{"the gradient by the inputs attributes a prediction to them", "对输入求梯度可以做特征归因"},
		Truth:  Text{"True; integrated along a line from 0, the attributions add up to the change of the prediction.", "正确；沿从 0 出发的直线积分后，归因之和等于预测值的变化。"},
		Params: Text{"f = sigmoid(2a - b + ab), from (0, 0) to (1, 2), 1000 midpoints", "f = σ(2a - b + ab)，从 (0, 0) 到 (1, 2)，1000 个中点"},
		Free:   []Param{symbol("a", 1, -3, 3), symbol("b", 2, -3, 3), named("points", Text{"midpoints", "中点数"}, 1000, 1, 5000).byFactors().whole()},
		Try:    "descent grad 'sigmoid(2*a - b + a*b)' a=1 b=2",
		run: func(r *Run) {
			f := fun("sigmoid(2*a - b + a*b)", "a", "b")
			a, b, n := r.Param("a"), r.Param("b"), r.Param("points")
			sum := 0.0
			at := f.gradients()
			for i := range int(n) {
				t := (float64(i) + 0.5) / n
				g := at(a*t, b*t)
				sum += (float64(a*g[0]) + float64(b*g[1])) / n
			}
			r.near("sum of the attributions", sum, f.at(a, b)-f.at(0, 0), 1e-6)
		}},
}

// states counts the arrays a rule keeps for one parameter.
func states(rule optimizers.Rule) float64 {
	g := graph.New(graph.Float64, 0)
	w := g.Param("w", graph.Zeros, 3)
	t := optimizers.Descend(ops.Sum(ops.Square(w)), rule)
	n := 0.0
	for _, u := range t.Updates {
		if u.Target.Role() == graph.State && u.Target != t.T {
			n++
		}
	}
	return n
}

func sparsity(r *Run) {
	c := []float64{3, 0.2, -0.1, 1.5, 0.05, -2}
	lambda, lr, steps := r.Param("lambda"), r.Param("lr"), r.count("steps")
	solve := func(l1 bool) []float64 {
		g := graph.New(graph.Float64, 0)
		w := g.Param("w", graph.Zeros, len(c))
		target := g.Input("c", len(c))
		loss := ops.Scale(0.5, ops.Sum(ops.Square(ops.Sub(w, target))))
		if !l1 {
			loss = ops.Add(loss, losses.L2(lambda, w))
		}
		// Not a rule but the step that the tutorial writes, so the loop is its own.
		next := ops.Sub(w, ops.Scale(lr, graph.Grad(loss, w)[0]))
		if l1 {
			next = ops.SoftShrink(next, lr*lambda)
		}
		p, err := graph.Function{Outputs: []*graph.Node{loss}, Updates: []graph.Update{{Target: w, Value: next}}}.Compile()
		must(err)
		for range steps {
			must(p.Run(graph.Let(target, c)))
		}
		return w.Variable().Float64s()
	}
	zeros := func(w []float64) (n float64) {
		for _, x := range w {
			if x == 0 {
				n++
			}
		}
		return n
	}
	a, b := solve(true), solve(false)
	r.exact("exact zeros with L1", zeros(a), 3)
	r.exact("exact zeros with L2", zeros(b), 0)
	r.near("first weight with L1", a[0], 2.5, 1e-6)
	r.near("first weight with L2", b[0], 2, 1e-6)
	r.claim(zeros(a) > zeros(b))
	fig := figure("weights with L1 and with L2", "weight", "value", plot.Bars{Name: "without penalty", Y: c}, plot.Bars{Name: "L1", Y: a}, plot.Bars{Name: "L2", Y: b})
	r.draw(fig)
}
