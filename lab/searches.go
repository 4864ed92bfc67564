package lab

import (
	"context"
	"fmt"
	"math"
	"slices"

	"descent/internal/plot"
	"descent/optimizers/search"
)

// Searches on the function of one variable of tutorial 2.
var searches = []Experiment{
	{Name: "default-rate", Tutorial: "2.9", Wrong: true,
		Title:   Text{"Two starts, and the default step", "两个起点与默认步长"},
		Claim:   Text{"from 2.5 gradient descent with its default lr = 0.01 finds the minimum", "默认 lr=0.01 从 2.5 出发能找到极小点"},
		Truth:   Text{"It jumps for ever, between 2.36 and 2.88 and without a pattern (over such values as 2.4216 and 2.8480): there 2/f'' = 0.0065. With lr ≤ 0.005 it ends at 2.7219; from 0.5 it ends at 0.779.", "它永远在 2.36 与 2.88 之间无规律地跳（经过 2.4216、2.8480 等值）：那里 2/f''=0.0065。lr≤0.005 时到 2.7219；从 0.5 出发到 0.779。"},
		Params:  Text{"starts 0.5 and 2.5, lr = 0.005 and 0.01, 1500 steps", "起点 0.5 与 2.5，lr = 0.005 与 0.01，1500 步"},
		Free:    []Param{symbol("x", 2.5, -0.5, 3.2), rate(0.01, 0.0005, 0.02), stepsTo(1500, 3000)},
		General: true,
		Try:     "descent min '" + waves1 + "' --start x=2.5 -o 'sgd(lr=0.01)' --steps 200 --plot jump.svg",
		run: func(r *Run) {
			f := fun(waves1, "x")
			start, lr, steps := r.Param("x"), r.Param("lr"), r.count("steps")
			r.near("from 0.5, lr 0.005", last(f.sgd(0.005, steps, 0.5)).X[0], 0.7790213824761505, 1e-9)
			r.near("from "+show(start)+", lr 0.005", last(f.sgd(0.005, steps, start)).X[0], 2.7219054235371014, 1e-9)
			jump := f.sgd(lr, steps, start)
			x, _ := walk(jump)
			first := min(steps/3, len(x[0])-1)
			late := x[0][first:]
			r.near("it visits, nearest to 2.4216", nearest(late, 2.4216), 2.4216, 1e-3)
			r.near("it visits, nearest to 2.8480", nearest(late, 2.8480), 2.8480, 1e-3)
			r.near("least x after "+show(float64(first))+" steps", slices.Min(late), 2.36, 1e-2)
			r.near("largest", slices.Max(late), 2.88, 1e-2)
			a := nearest(x[0][max(0, len(x[0])-11):], 2.36)
			r.near("bound 2/f''", 2/f.second([]float64{1}, 2.7219054235371014), 0.00655, 1e-3)
			r.claim(math.Abs(a-2.7219) < 1e-2)
			jump.Trace = jump.Trace[:min(60, len(jump.Trace))]
			fig := figure("lr = "+show(lr)+" from "+show(start), "x", "f", curve("f", f, -0.5, 3.2), path1("lr = "+show(lr), jump), path1("lr = 0.005", f.sgd(0.005, 60, start)))
			r.draw(inside(fig))
		}},
	{Name: "multi-start", Tutorial: "2.10", Wrong: true,
		Title:  Text{"Several starts", "多起点"},
		Claim:  Text{"the best of five starts finds the global minimum, which is at x = 3.0", "五个起点中最好的找到全局最小点 x=3.0"},
		Truth:  Text{"The best start, 3.2, does find the global minimum, but that is at 2.7219: the marker at 3.0 is wrong.", "最好的起点 3.2 确实找到全局最小点，但它在 2.7219，图中 3.0 的标记是错的。"},
		Params: Text{"starts -0.2, 0.8, 1.5, 2.2, 3.2, lr = 0.005, 1500 steps", "起点 -0.2、0.8、1.5、2.2、3.2，lr = 0.005，1500 步"},
		Free:   []Param{named("shift", Text{"shift of the starts", "起点的平移"}, 0, -0.3, 0.3), rate(0.005, 0.0005, 0.02), stepsTo(1500, 3000)},
		Try:    "optimizers.MultiStart{Local: optimizers.With(optimizers.SGD(), 0.005), Starts: 5}",
		run: func(r *Run) {
			f := fun(waves1, "x")
			fig := figure("five starts", "x", "f", curve("f", f, -0.5, 3.3))
			best := math.Inf(1)
			var at float64
			for _, c := range [][2]float64{{-0.2, 0}, {0.8, 0.7790213824761515}, {1.5, 1.7873970292237606}, {2.2, 1.7873970292237609}, {3.2, 2.7219054235371005}} {
				start := c[0] + r.Param("shift")
				res := f.sgd(r.Param("lr"), r.count("steps"), start)
				r.exact("end from "+show(start), last(res).X[0], c[1])
				if last(res).F < best {
					best, at = last(res).F, last(res).X[0]
				}
				if len(res.Trace) > 200 {
					res.Trace = append(res.Trace[:200], last(res))
				}
				fig.Layers = append(fig.Layers, path1("from "+show(start), res))
			}
			r.near("best value", best, -3.432576936758876, 1e-12)
			r.claim(math.Abs(at-3) < 0.05)
			r.draw(inside(fig))
		}},
	{Name: "annealing", Tutorial: "2.11", Wrong: true,
		Title:   Text{"Simulated annealing that cannot escape", "逃不出去的模拟退火"},
		Claim:   Text{"annealing escapes the local minimum where SGD stays", "模拟退火能逃出 SGD 陷入的局部极小"},
		Truth:   Text{"Its proposals are deterministic gradient steps: 200 of 200 seeds end at 0.779, as SGD does. With random proposals nearly all end at the global minimum. It also ran with lr = 0.01, SGD with 0.005.", "它的候选点就是确定的梯度步：200 个种子全部停在 0.779，与 SGD 相同。改用高斯候选点几乎都到全局最小。另外它用 lr=0.01 而 SGD 用 0.005，并不公平。"},
		Params:  Text{"x0 = 0.8, T0 = 10, cooling 0.995, 2000 steps, 200 seeds; gradient steps of lr = 0.01, or normal ones with σ = 0.5", "x0 = 0.8，T0 = 10，冷却系数 0.995，2000 步，200 个种子；lr = 0.01 的梯度步，或 σ = 0.5 的高斯步"},
		Free:    []Param{symbol("x", 0.8, -0.5, 3.2), named("temperature", Text{"temperature", "温度"}, 10, 0.01, 100).byFactors(), named("cool", Text{"cooling", "冷却系数"}, 0.995, 0.9, 0.999), rate(0.01, 0.0005, 0.02), named("sigma", Text{EN: "σ"}, 0.5, 0.01, 2).byFactors(), stepsTo(2000, 3000), named("seed", Text{"first seed", "第一个种子"}, 0, 0, 999).whole(), named("seeds", Text{"seeds", "种子数"}, 200, 1, 200).whole()},
		General: true,
		Try:     "descent min '" + waves1 + "' --start x=0.8 --anneal --steps 2000",
		run:     annealing},
	{Name: "regularised", Tutorial: "2.12", Wrong: true,
		Title:   Text{"Does L2 remove local minima?", "L2 正则会减少局部极小吗"},
		Claim:   Text{"L2 with λ = 0.1 leaves fewer local minima and a better optimum", "λ=0.1 的 L2 使局部极小更少、结果更好"},
		Truth:   Text{"Both false: the same basin (0.7717 against 0.7790, f = 0.308477 against 0.307909) and the same five minima.", "两点都错：还是同一盆地（0.7717 对 0.7790，f=0.308477 对 0.307909），极小点仍是五个。"},
		Params:  Text{"x0 = 0.8, lr = 0.005, 1500 steps, λ = 0.1", "x0 = 0.8，lr = 0.005，1500 步，λ = 0.1"},
		Free:    []Param{lambda(0.1, 0.001, 30), symbol("x", 0.8, -0.5, 3.3), rate(0.005, 0.0005, 0.02), stepsTo(1500, 3000)},
		General: true,
		Try:     "descent min '" + waves1 + " + 0.1*x^2' --start x=0.8 -o 'sgd(lr=0.005)' --steps 1500",
		run: func(r *Run) {
			f, g := fun(waves1, "x"), fun(fmt.Sprintf("%s + %v*x^2", waves1, r.Param("lambda")), "x")
			a, b := f.sgd(r.Param("lr"), r.count("steps"), r.Param("x")), g.sgd(r.Param("lr"), r.count("steps"), r.Param("x"))
			r.exact("without", last(a).X[0], 0.7790213824761515)
			r.exact("its f", last(a).F, 0.3079085666689175)
			r.exact("with L2", last(b).X[0], 0.771726017538944)
			r.exact("its f", f.at(last(b).X[0]), 0.3084766889521119)
			r.exact("its f + penalty", last(b).F, 0.3680327935667637)
			n, m := minima(f), minima(g)
			r.exact("minima without", n, 5)
			r.exact("minima with", m, 5)
			r.claim(m < n || f.at(last(b).X[0]) < last(a).F)
			panel := func(title string, f function, res *search.Result) *plot.Figure {
				line := curve("f", f, -0.5, 3.3)
				line.Color = plot.Gray // SGD has its own
				return inside(figure(title, "x", "f", line, path1("SGD", res)))
			}
			r.draw(&plot.Grid{Cols: 2, Figures: []*plot.Figure{panel("without penalty", f, a), panel("with "+show(r.Param("lambda"))+" x²", g, b)}})
		}},
}

// nearest returns the element nearest to a value.
func nearest(x []float64, to float64) float64 {
	best := x[0]
	for _, v := range x {
		if math.Abs(v-to) < math.Abs(best-to) {
			best = v
		}
	}
	return best
}

// minima counts the changes of the slope from down to up in [-0.5, 4].
func minima(f function) (n float64) {
	slope, before := f.gradients(), 0.0
	for _, x := range ramp(-0.5, 4, 4000) {
		now := slope(x + 1e-7)[0]
		if before < 0 && now >= 0 {
			n++
		}
		before = now
	}
	return n
}

func annealing(r *Run) {
	f := fun(waves1, "x")
	p := f.problem(r.Param("x"))
	end := func(m search.Annealing) *search.Result {
		res, err := search.Minimize(context.Background(), p, m, search.Stop{Iterations: r.count("steps"), Path: true})
		must(err)
		return res
	}
	byGradient := search.Annealing{Temperature: r.Param("temperature"), Cool: r.Param("cool"), LR: r.Param("lr")}
	byChance := byGradient
	byChance.LR, byChance.Sigma = 0, r.Param("sigma")
	seeds, local, global := r.Param("seeds"), 0.0, 0.0
	first := uint64(r.count("seed"))
	for seed := range uint64(seeds) {
		byGradient.Seed, byChance.Seed = first+seed, first+seed
		if math.Abs(last(end(byGradient)).X[0]-0.7790213824761505) < 1e-6 {
			local++
		}
		if math.Abs(last(end(byChance)).X[0]-2.7219054235371014) < 0.1 {
			global++
		}
	}
	r.exact("seeds that end at 0.779021", local, seeds)
	r.near("share of global minima with random proposals", global/seeds, 0.995, 0.02)
	r.near("SGD ends at", last(f.sgd(0.005, r.count("steps"), r.Param("x"))).X[0], 0.7790213824761505, 1e-9)
	r.claim(local < seeds)
	byGradient.Seed, byChance.Seed = first, first
	fig := figure("x at each step", "step", "x")
	for _, c := range []struct {
		name string
		m    search.Annealing
	}{{"gradient proposals", byGradient}, {"normal proposals", byChance}} {
		x, _ := walk(end(c.m))
		fig.Layers = append(fig.Layers, plot.Line{Name: c.name, Y: x[0]})
	}
	fig.Layers = append(fig.Layers, plot.HRule{Name: "global minimum", At: 2.7219})
	r.draw(fig)
}
