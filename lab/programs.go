package lab

import (
	"context"
	"fmt"
	"math"

	"descent/data"
	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/plot"
	"descent/losses"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
	"descent/train"
)

// The five programs of tutorial 0.
var programs = []Experiment{
	{Name: "square", Tutorial: "0.12",
		Title:   Text{"Gradient descent on x²", "x² 上的梯度下降"},
		Claim:   Text{"from 10 with step 0.1 it reaches 0.000000", "从 10 出发、步长 0.1，到达 0.000000"},
		Truth:   Text{"True to six digits: |gradient| < 1e-6 after 76 updates, each of which multiplies x by 0.8.", "按六位小数正确：76 次更新后 |梯度| < 1e-6，每步使 x 乘以 0.8。"},
		Params:  Text{"x0 = 10, lr = 0.1, stop at |gradient| < 1e-6, at most 1000 steps", "x0 = 10，lr = 0.1，|梯度| < 1e-6 时停止，最多 1000 步"},
		Free:    []Param{symbol("x", 10, -11, 11), rate(0.1, 0.001, 1.2), named("tol", Text{"tolerance", "容差"}, 1e-6, 1e-12, 1).byFactors()},
		General: true,
		Try:     "descent min x^2 --start x=10 -o 'sgd(lr=0.1)' --tol 1e-6 --plot square.svg",
		run: func(r *Run) {
			f := fun("x^2", "x")
			res := f.search(search.With(optimizers.SGD(), r.Param("lr")), search.Stop{Grad: r.Param("tol"), Iterations: 1000}, r.Param("x"))
			r.exact("x", res.X[0], 4.313591466744105e-07)
			r.exact("updates", float64(len(res.Trace)-1), 76)
			r.claim(fmt.Sprintf("%.6f", res.X[0]) == "0.000000")
			r.draw(inside(figure("Gradient Descent for f(x)=x²", "x", "f(x)", curve("x²", f, -11, 11), path1("steps", res))))
		}},
	{Name: "bowl", Tutorial: "0.14",
		Title:  Text{"Gradient descent on x² + y²", "x² + y² 上的梯度下降"},
		Claim:  Text{"from (5, -3) it reaches the minimum at (0, 0)", "从 (5, -3) 到达最小值 (0, 0)"},
		Truth:  Text{"True: 73 updates until the gradient's norm is below 1e-6; the path is a straight line to the centre.", "正确：73 次更新后梯度范数小于 1e-6；路径是指向中心的直线。"},
		Params: Text{"start (5, -3), lr = 0.1, tol = 1e-6", "起点 (5, -3)，lr = 0.1，容差 1e-6"},
		Free:   []Param{symbol("x", 5, -6, 6), symbol("y", -3, -6, 6), rate(0.1, 0.001, 1.2), named("k", Text{"weight of y²", "y² 的系数"}, 1, 0.1, 10).byFactors()},
		Try:    "descent min 'x^2+y^2' --start x=5,y=-3 -o 'sgd(lr=0.1)' --tol 1e-6 --plot bowl.svg",
		run: func(r *Run) {
			k := r.Param("k")
			f := fun(fmt.Sprintf("x^2 + %v*y^2", k), "x", "y")
			res := f.sgd(r.Param("lr"), 200, r.Param("x"), r.Param("y"))
			steps, at := len(res.Trace)-1, f.gradients()
			for i, p := range res.Trace {
				if g := at(p.X...); elementary.Hypot(g[0], g[1]) < 1e-6 {
					steps = i
					break
				}
			}
			end := res.Trace[steps].X
			r.exact("updates", float64(steps), 73)
			r.exact("x", end[0], 4.2124916667422894e-07)
			r.exact("y", end[1], -2.5274950000453747e-07)
			res.Trace = res.Trace[:steps+1]
			r.draw(plane("x² + "+times(k)+"y²", f, [2]float64{-6, -6}, [2]float64{6, 6}, path2("path", res)))
		}},
	{Name: "two-goals", Tutorial: "0.15",
		Title:  Text{"Two goals at once", "两个目标的折中"},
		Claim:  Text{"x² + (x-2)² has its minimum at 1", "x² + (x-2)² 的最小值在 1"},
		Truth:  Text{"True: 33 updates from 5, and the value there is 2.", "正确：从 5 出发 33 次更新，函数值为 2。"},
		Params: Text{"x0 = 5, lr = 0.1, tol = 1e-6", "x0 = 5，lr = 0.1，容差 1e-6"},
		Free:   []Param{symbol("x", 5, -10, 10), rate(0.1, 0.001, 0.6), named("goal", Text{"second goal", "第二个目标"}, 2, -5, 5), named("k", Text{"its weight", "其权重"}, 1, 0.1, 10).byFactors()},
		Try:    "descent min 'x^2+(x-2)^2' --start x=5 -o 'sgd(lr=0.1)' --tol 1e-6",
		run: func(r *Run) {
			goal, k := r.Param("goal"), r.Param("k")
			f := fun(fmt.Sprintf("x^2 + %v*(x-(%v))^2", k, goal), "x")
			res := f.search(search.With(optimizers.SGD(), r.Param("lr")), search.Stop{Grad: 1e-6, Iterations: 1000}, r.Param("x"))
			r.exact("x", res.X[0], 1.0000001910078666)
			r.exact("updates", float64(len(res.Trace)-1), 33)
			r.exact("f", f.at(res.X[0]), 2.000000000000073)
			x, _ := walk(res)
			least := k * goal / (1 + k)
			r.draw(figure("x at each step", "step", "x", plot.Line{Name: "x", Y: x[0], Marks: true}, plot.HRule{Name: show(least), At: least}))
		}},
	{Name: "line", Tutorial: "0.16",
		Title:   Text{"Linear regression by gradient descent", "用梯度下降做线性回归"},
		Claim:   Text{"1000 steps give w = 2.03, b = 2.64, close to 2 and 3", "1000 步得到 w=2.03、b=2.64，接近 2 和 3"},
		Truth:   Text{"True for these data; the exact least-squares line is 2.0276 x + 2.6544, so b has not quite arrived.", "对该数据正确；精确最小二乘为 2.0276x+2.6544，b 还没有完全收敛。"},
		Params:  Text{"seed 42, 100 points, y = 2x + 3 + 2·noise, w = b = 0, lr = 0.01, 1000 steps", "种子 42，100 个点，y = 2x + 3 + 2·噪声，w = b = 0，lr = 0.01，1000 步"},
		Free:    []Param{symbol("w", 0, -5, 5), symbol("b", 0, -5, 5), rate(0.01, 0.0001, 0.05), stepsTo(1000, 3000), noise},
		General: true,
		Try:     "descent fit 'y ~ w*x+b' lab/testdata/tutorial0_linreg_xy.csv --start w=0,b=0",
		run: func(r *Run) {
			x, y := noisy("tutorial0_linreg_xy", 3, 2, r.Param("noise"))
			f := fun("mean((w*x + b - y)^2)", "w", "b").with("x", x).with("y", y)
			res := f.sgd(r.Param("lr"), r.count("steps"), r.Param("w"), r.Param("b"))
			end := last(res)
			r.exact("w", end.X[0], 2.029969961121298)
			r.exact("b", end.X[1], 2.63852284499613)
			r.exact("loss after the first step", after(res, 1).F, 24.150094883170837)
			r.exact("loss after the last step", end.F, 3.2596826285211415)
			best := f.search(search.NewtonCG{}, search.Stop{Grad: 1e-10}, 0, 0)
			r.near("least squares w", best.X[0], 2.0275865346733135, 1e-9)
			r.near("least squares b", best.X[1], 2.654374291845247, 1e-9)
			r.near("least squares loss", best.F, 3.259618853992314, 1e-12)
			r.claim(math.Abs(end.X[0]-2.03) < 0.005 && math.Abs(end.X[1]-2.64) < 0.005)
			r.draw(logY(figure("loss", "step", "mean squared error", descentCurve("gradient descent", res))),
				figure("data and line", "x", "y", plot.Scatter{Name: "data", X: x, Y: y}, plot.Line{Name: "fit", X: []float64{0, 10}, Y: []float64{end.X[1], end.X[1] + float64(10*end.X[0])}}))
		}},
	{Name: "logistic-0", Tutorial: "0.17", Title: Text{"Regularised logistic regression, data of seed 0", "正则化逻辑回归（种子 0）"},
		Claim:   Text{"1000 steps converge", "1000 步收敛"},
		Truth:   Text{"True, but the program as printed is irreproducible: its data have no seed. These are of random_state=0; the bias is regularised too.", "正确，但原程序没有随机种子、无法复现；这里取 random_state=0。偏置也被正则化。"},
		Params:  Text{"λ = 0.1 on Σw², lr = 0.1, 1000 steps from 0, y = ±1", "对 Σw² 取 λ = 0.1，lr = 0.1，从 0 出发 1000 步，y = ±1"},
		Free:    []Param{lambda(0.1, 0.001, 1), rate(0.1, 0.001, 10), stepsTo(1000, 3000)},
		General: true,
		Try:     "losses.SoftMargin + losses.SumSquares(0.1, w)",
		run: func(r *Run) {
			logistic(r, "tutorial0_logreg_rs0", []float64{0.8965377803846186, 0.10258371623517876, 0.06828226669234201}, 0.4871265511558993, 0.89)
		}},
	{Name: "logistic-42", Tutorial: "0.17", Title: Text{"Regularised logistic regression, data of seed 42", "正则化逻辑回归（种子 42）"},
		Claim:   Text{"1000 steps converge", "1000 步收敛"},
		Truth:   Text{"True; other data, other weights: compare with seed 0.", "正确；数据不同，权重也不同，可与种子 0 对比。"},
		Params:  Text{"λ = 0.1 on Σw², lr = 0.1, 1000 steps from 0, y = ±1", "对 Σw² 取 λ = 0.1，lr = 0.1，从 0 出发 1000 步，y = ±1"},
		Free:    []Param{lambda(0.1, 0.001, 1), rate(0.1, 0.001, 10), stepsTo(1000, 3000)},
		General: true,
		Try:     "losses.SoftMargin + losses.SumSquares(0.1, w)",
		run: func(r *Run) {
			logistic(r, "tutorial0_logreg_rs42", []float64{1.0607762053416945, -0.1110342616364125, 0.007422526774811039}, 0.4145303494212949, 0.96)
		}},
	{Name: "batch-sizes", Tutorial: "0.10",
		Title:  Text{"Batch, stochastic and mini-batch", "批量、随机与小批量"},
		Claim:  Text{"\"SGD\" takes batches of batch_size, and the loop shuffles", "“SGD”每次取 batch_size 个样本，且循环会打乱数据"},
		Truth:  Text{"False twice: that is mini-batch descent, and the printed loop slices the rows in order. With sorted x an unshuffled epoch sees one end of the line first.", "两处都错：那是小批量；且代码按顺序切片、没有打乱。x 有序时，不打乱的一轮总先看到直线的一端。"},
		Wrong:  true,
		Params: Text{"the line of 0.16, lr = 0.01, 30 epochs, batches of 1, 32 and 100, shuffled or not", "0.16 的直线，lr = 0.01，30 轮，每批 1、32 或 100 行，打乱或不打乱"},
		Free:   []Param{rate(0.01, 0.0001, 0.012), named("epochs", Text{"epochs", "轮数"}, 30, 1, 60).whole(), named("batch", Text{"rows of a batch", "每批行数"}, 32, 2, 99).whole(), named("seed", Text{"seed", "种子"}, 1, 0, 99).whole()},
		Try:    "data.NewBatches(100, 32, seed, shuffle).Epoch(e)",
		run:    batchSizes},
}

func logY(f *plot.Figure) *plot.Figure {
	f.Y.Log = true
	return f
}

func logistic(r *Run, file string, want []float64, loss, accuracy float64) {
	x1, x2, y := column(file, "x1"), column(file, "x2"), column(file, "y")
	f := fun(fmt.Sprintf("mean(softplus(-y*(u*x1 + v*x2 + b))) + %v*(u^2 + v^2 + b^2)", r.Param("lambda")), "u", "v", "b").with("x1", x1).with("x2", x2).with("y", y)
	res := f.sgd(r.Param("lr"), r.count("steps"), 0, 0, 0)
	end := last(res)
	r.exact("w1", end.X[0], want[0])
	r.exact("w2", end.X[1], want[1])
	r.near("bias", end.X[2], want[2], 1e-11)
	r.exact("first loss", res.Trace[0].F, math.Ln2)
	r.exact("last loss", end.F, loss)
	right := 0.0
	for i := range y {
		if y[i]*(float64(end.X[0]*x1[i])+float64(end.X[1]*x2[i])+end.X[2]) > 0 {
			right++
		}
	}
	r.exact("accuracy", right/float64(len(y)), accuracy)
	r.claim(after(res, r.count("steps")-1).F-end.F < 1e-9)
	r.draw(figure("regularised logistic loss", "step", "loss", descentCurve("gradient descent", res)))
}

// batchSizes trains the line with batches, epoch by epoch.
func batchSizes(r *Run) {
	x, y := column("tutorial0_linreg_xy", "x"), column("tutorial0_linreg_xy", "y")
	all := fun("mean((w*x + b - y)^2)", "w", "b").with("x", x).with("y", y).values()
	rows := data.Arrays{}
	for name, values := range map[string][]float64{"x": x, "y": y} {
		a, err := data.NewArray(values)
		must(err)
		rows[name] = a
	}
	batch := r.count("batch")
	some := show(float64(batch)) + " rows"
	fig := logY(figure("loss after each epoch", "epoch", "mean squared error"))
	var ends, updates []float64
	for _, c := range []struct {
		name    string
		size    int
		shuffle bool
	}{{"all 100 rows", 100, false}, {some + ", shuffled", batch, true}, {some + ", in order", batch, false}, {"1 row, shuffled", 1, true}} {
		t, err := train.New(line(), optimizers.SGD(), graph.Float64, 0)
		must(err)
		curve, steps := plot.Line{Name: c.name, Y: []float64{all(0, 0)}}, 0
		_, err = t.Fit(context.Background(), train.Run{Train: rows, Epochs: r.count("epochs"), Batch: c.size, Seed: uint64(r.count("seed")), InOrder: !c.shuffle, Schedule: schedule.Constant(r.Param("lr")),
			OnEpoch: func(e train.Epoch) {
				curve.Y = append(curve.Y, all(t.Store().Lookup("w").Float64s()[0], t.Store().Lookup("b").Float64s()[0]))
				steps = e.Step
			}})
		must(err)
		ends, updates = append(ends, curve.Y[len(curve.Y)-1]), append(updates, float64(steps))
		fig.Layers = append(fig.Layers, curve)
	}
	r.exact("last loss, all 100 rows", ends[0], 4.2535862284219625)
	r.exact("last loss, "+some+" in order", ends[2], 3.7766313718664795)
	r.exact("updates with "+some, updates[2], 120)
	r.exact("updates with 1 row", updates[3], 3000)
	// If the loop shuffled, both ways would be one.
	r.claim(math.Abs(ends[2]-ends[1]) < 1e-12)
	r.draw(fig)
}

// line is the task of fitting w·x + b.
func line() train.Task {
	return train.Task{Compute: func(b *train.Batch) train.Result {
		g := b.Graph()
		f, err := losses.Parse("mse(w*x + b, y)")
		must(err)
		loss, err := f.Build(g, map[string]*graph.Node{"x": b.Numbers("x"), "y": b.Numbers("y"), "w": g.Param("w", graph.Zeros), "b": g.Param("b", graph.Zeros)})
		must(err)
		return train.Result{Losses: []train.Loss{{Name: "mse", Weight: 1, Node: loss}}}
	}}
}
