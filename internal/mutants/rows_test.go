package mutants

// The planted errors. Tests are named where a package's take long; what is
// compared there is a value, a gradient, a step or a bound, as the error is.
const (
	rules  = "Plain|FarOut|Defaults|Torch|Laws|Averages|Cautious|NoGradient"
	values = "Values|Torch|Corners|JustAllowed|Draws|Where"
)

var mutants = []mutant{
	// Rules.
	{"optimizers/adam.go", "s.Size = ops.Div(s.Size, correction(s, r.Beta1))\n	if r.EpsHat", "if r.EpsHat", rules},
	{"optimizers/adam.go", "AdamRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-7, EpsHat: true}", "AdamRule{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, EpsHat: true}", rules},
	{"optimizers/adam.go", "mix(beta1, m, s.Grad), mixSquare(beta2, v, s.Grad)", "mix(beta2, m, s.Grad), mixSquare(beta1, v, s.Grad)", rules},
	{"optimizers/adam.go", "square = ops.Max(top, square)", "square = ops.Min(top, square)", rules},
	{"optimizers/adagrad.go", "next := ops.Add(G, ops.Square(s.Grad))", "next := ops.Add(G, ops.Abs(s.Grad))", rules},
	{"optimizers/adagrad.go", "s.Set(u, mixSquare(r.Rho, u, d))", "s.Set(u, mixSquare(r.Rho, u, s.Grad))", rules},
	{"optimizers/sgd.go", "s.Const(1-r.Dampening)", "s.Const(1+r.Dampening)", rules},
	{"optimizers/sgd.go", "turned := ops.Less(same, zero)", "turned := ops.LessEqual(same, zero)", rules},
	{"optimizers/sign.go", "return ops.Sign(mix(r.Beta1, m, s.Grad))", "return ops.Sign(mix(r.Beta2, m, s.Grad))", rules},
	{"optimizers/relatives.go", "s.Scale(1-r.Beta2", "s.Scale(1+r.Beta2", rules},
	{"optimizers/relatives.go", "most := ops.Pow(ops.Shift(-1, s.T), s.Const(0.25))", "most := ops.Pow(s.T, s.Const(0.25))", rules},
	{"optimizers/layer.go", "next := ops.Add(v, ops.Mul(fresh, ops.Sub(x, v)))", "next := ops.Add(v, ops.Mul(fresh, x))", rules},
	{"optimizers/layer.go", "ops.Keep(ops.Mean(g2, -2), g2, -2)", "ops.Keep(ops.Mean(g2, 0), g2, 0)", rules},
	{"optimizers/layer.go", "ops.Scale(2.0315, ", "ops.Scale(2.0316, ", rules},
	{"optimizers/decay.go", "s.LR, s.Size = ops.Scale(r.LR, s.LR), ops.Scale(r.LR, s.Size)", "s.Size = ops.Scale(r.LR, s.Size)", rules},
	{"optimizers/decay.go", "ops.Sub(s.Const(1), ops.Scale(r.Lambda, s.LR))", "ops.Sub(s.Const(1), ops.Scale(r.Lambda, s.Size))", rules},
	{"optimizers/clip.go", "norm = ops.Shift(1e-6, norm)", "norm = ops.Shift(1e-5, norm)", rules},
	{"optimizers/average.go", "back := mix(1-r.Alpha, start, fast)", "back := mix(r.Alpha, start, fast)", rules},
	{"optimizers/average.go", "weight := ops.Square(most)", "weight := most", rules},
	{"optimizers/shape.go", "s.Set(sum, ops.Where(last, s.Const(0), total))", "s.Set(sum, total)", rules},
	{"optimizers/curvature.go", "every(ops.Shift(-1, s.T), r.Every)", "every(s.T, r.Every)", rules},
	{"optimizers/free.go", "beta3 := math.Sqrt(r.Beta2)", "beta3 := math.Cbrt(r.Beta2)", rules},

	// Schedules.
	{"optimizers/schedule/cosine.go", "case t == n && !s.Periodic:\n		return s.Final", "case t == n && !s.Periodic:\n		return lr", ""},
	{"optimizers/schedule/cosine.go", "for t >= n {", "for t > n {", ""},
	{"optimizers/schedule/plateau.go", "if p.bad > p.Patience {", "if p.bad >= p.Patience {", ""},

	// Operations.
	{"ops/elementwise.go", "return dx, Neg(Mul(dx, z))", "return dx, Mul(dx, z)", "Table"},
	{"ops/elementwise.go", "flat := Mul(Equal(x, zero), LessEqual(zero, y))", "flat := Mul(Equal(x, zero), Less(zero, y))", values},
	{"ops/elementwise.go", "func (round) value(b *builder, x value) value { return b.Round(x) }", "func (round) value(b *builder, x value) value { return b.Floor(b.Add(x, b.Const(0.5))) }", values},
	{"ops/compare.go", "return toWinner(Less(x, y), Less(y, x), Equal(x, y), z, dz)", "return toWinner(LessEqual(x, y), Less(y, x), Equal(x, y), z, dz)", values},
	{"ops/compare.go", "if !(lo <= hi) {", "if !(lo < hi) {", values},
	{"ops/compare.go", "return graph.Broadcast(s, in[2])", "return s, nil", values},
	{"ops/functions.go", "2/math.Sqrt(math.Pi)", "1.12838", "Table"},
	{"ops/functions.go", "func (tanh) value(b *builder, x value) value { return b.Tanh(x) }", "func (tanh) value(b *builder, x value) value { return b.Sin(x) }", values},
	{"ops/activation.go", "Scale(0.044715, Cube(x))", "Scale(0.044716, Cube(x))", values},
	{"ops/activation.go", "1.6732632423543772848170429916717", "1.67326", values},
	{"ops/indexing.go", "if j >= 0 && j < T(w.n) {\n				dst[at] = x", "if j > 0 && j < T(w.n) {\n				dst[at] = x", values},
	{"ops/indexing.go", "dst[at] = 0\n", "\n", "Gather"},
	{"ops/indexing.go", "dst[(o*w.n+int(j))*w.inner+i] += dy[at]", "dst[(o*w.n+int(j))*w.inner+i] = dy[at]", "Table"},
	{"ops/linear.go", "dx = mul(false, !o.ty, dz, y)", "dx = mul(false, o.ty, dz, y)", "Table"},
	{"ops/random.go", "step*rng.Golden", "step", values},
	{"ops/reduce.go", "return Div(s, constant(x, count(x, s)))", "return Div(s, constant(x, count(x, s)+1))", values},
	{"ops/shape.go", "return start, (span + by - 1) / by, nil", "return start, span / by, nil", values},
	{"ops/elementwise.go", "func (round) kink() graph.Kink                { return atWhole(0.5) }", "func (round) kink() graph.Kink                { return atWhole(0) }", "Kinks"},
	{"ops/activation.go", "x == 0 && o.alpha != 1", "x == 0", "Kinks"},
	{"ops/softmax.go", "b.Where(b.Lt(b.Abs(m), b.Const(math.Inf(1))), m, b.Const(0))", "b.Where(b.Lt(m, b.Const(math.Inf(1))), m, b.Const(0))", values},
	{"ops/conv.go", "return []*node{o.as(graph.ConvInput, b, dz), o.as(graph.ConvForward, a, dz)}", "return []*node{o.as(graph.ConvInput, b, dz), o.as(graph.ConvForward, a, a)}", "Table"},
	{"ops/conv.go", "w.Before = padding / 2", "w.Before = (padding + 1) / 2", "ByHand"},
	{"ops/pool.go", "over < w.In+w.Before {", "over <= w.In+w.Before {", "Layers"},
	{"ops/norm.go", "if o.centred {\n		d = Sub(d, mean(dz))", "if !o.centred {\n		d = Sub(d, mean(dz))", "Table"},
	{"internal/kernel/window.go", "if from := first + w.Before - k*w.Dilation; from%w.Stride == 0 {", "if from := first + w.Before - k*w.Dilation; from%w.Stride >= 0 {", "Conv"},
	{"internal/kernel/conv.go", "for k, x := range from {\n			to[k] += x", "for k, x := range from {\n			to[k] = x", "Conv"},
	{"internal/exec/layout.go", "if v.dims[k] != x.dims[k] {", "if v.dims[i] != x.dims[k] {", "Layout"},
	{"models/norm.go", "ops.Scale(n/(n-1), ops.Variance(x, over...))", "ops.Variance(x, over...)", "BatchNorm"},
	{"models/init.go", "return max(in*lengths, 1), max(out*lengths, 1)", "return max(in, 1), max(out, 1)", "Inits"},
	{"graph/mask.go", "adjoint{d: SumTo(a.clean(), s), live", "adjoint{d: a.clean(), live", ""},

	// Losses.
	{"losses/regression.go", "return ops.Mul(c, ops.Sub(r, ops.Scale(0.5, c)))", "return ops.Mul(c, ops.Sub(r, c))", "Plain"},
	{"losses/regression.go", "ops.Scale(tau-1, e)", "ops.Scale(1-tau, e)", "Plain"},
	{"losses/binary.go", "ops.Add(ops.Scale(alpha, t), ops.Scale(1-alpha, not(t)))", "ops.Add(ops.Scale(1-alpha, t), ops.Scale(alpha, not(t)))", "Plain"},
	{"losses/classes.go", "return ratio(ops.Sum(loss), ops.Sum(w))\n	}\n	return o.Reduction.of(loss)\n}\n\n// marked", "return ops.Mean(loss)\n	}\n	return o.Reduction.of(loss)\n}\n\n// marked", "Plain"},
	{"losses/likelihood.go", "ops.Scale(0.5, ops.Log(ops.Scale(2*math.Pi, n)))", "ops.Scale(0.5, ops.Log(n))", "Plain"},
	{"losses/comparison.go", "far = ops.Min(far, distance(positive, negative))", "far = distance(positive, negative)", "Plain"},
	{"losses/likelihood.go", "eps := or(o.Eps, 1e-8)", "eps := or(o.Eps, 1e-7)", "Defaults"},
	{"losses/losses.go", "return x.Shape().Dim(0)", "return x.Shape().Size()", "Plain"},

	// Layers.
	{"models/norm.go", "return 1e-5", "return 1e-4", ""},
	{"models/init.go", "uniform(rng, math.Sqrt(6/float64(in+out)), dst)", "uniform(rng, math.Sqrt(3/float64(in+out)), dst)", ""},
	{"models/models.go", "if !o.NoBias {", "if o.NoBias {", ""},
	{"models/table.go", "slope(\"leaky_relu\", \"x, below 0 times slope\", \"slope\", 0.01", "slope(\"leaky_relu\", \"x, below 0 times slope\", \"slope\", 0.1", ""},

	// Data and training.
	{"data/fit.go", "in.Offset, in.Scale = lo, hi-lo", "in.Offset, in.Scale = lo, hi", ""},
	{"data/fit.go", "squares += float64((v - mean) * (v - mean))", "squares += v*v - mean*mean", ""},
	{"data/apply.go", "d.X[i*w+at+level] = 1", "d.X[i*w+at] = 1", ""},
	{"data/batches.go", "return (b.n-1)/b.size + 1", "return b.n / b.size", ""},
	{"data/split.go", "d.owed[i] += exact", "d.owed[i] = exact", ""},
	{"data/split.go", "return len(seen) == slices.Max(class)+1", "return len(seen) > slices.Max(class)+1", ""},
	{"data/arrays.go", "table[i] = T(float64(i) / 255)", "table[i] = T(i) * T(1.0/255)", ""},
	{"data/stream.go", "		st.cut(n)\n	}\n	return nil, st.err", "		n = 0\n	}\n	return nil, st.err", "Stream"},
	{"data/stream.go", "f.digits = f.digits && !strings.ContainsAny(c.text.String(), \".,\")", "f.digits = f.digits && len(c.ends) > 0", "Stream"},
	{"train/task.go", "old.name == f.name && old.kind == f.kind", "old.name == f.name && old.kind != f.kind", "Taken"},
	{"train/scores.go", "s.R2 = 1 - square/total", "s.R2 = 1 - math.Sqrt(square/total)", ""},
	{"train/epoch.go", "f.Wait >= p {", "f.Wait > p {", ""},
	{"train/objective.go", "share := float64(len(rows)) / float64(len(o.rows))", "share := float64(chunk) / float64(len(o.rows))", ""},

	// The engine.
	{"internal/exec/program.go", "p.steps, p.stepOf, p.ends, p.shares = nil, nil, nil, false", "p.shares = false", "Refused"},
	{"internal/kernel/code.go", "return bool1(a <= b)", "return bool1(a < b)", "Vector|Special|Primitive"},
	{"internal/kernel/matmul_portable.go", "v += *element(bias, j+y)", "v += *element(bias, y)", "Product"},
	{"internal/kernel/reduce.go", "(k+1)%columnBlock == 0 || k == n-1", "(k+1)%columnBlock == 0", "Reduc"},
	{"internal/elementary/exp.go", "r2*(0.5+float64(r*(1.0/6)))", "r2*(0.5+float64(r*0.16666))", ""},
	{"internal/exec/shape.go", "v.args[0], v.from = x.args[0], v.from+x.from", "v.args[0] = x.args[0]", "Random"},
	{"internal/exec/reduce.go", "return x * float64(o.mid), true", "return x * float64(o.mid+1), true", "Constant"},

	// Files.
	{"internal/atomicfile/set.go", "	if err := s.sync(); err != nil {\n		return err\n	}\n	if err := last.Commit()", "	if err := last.Commit()", "Set"},
	{"internal/atomicfile/set.go", "	if err := s.Finish(); err != nil {\n		return err\n	}\n	names :=", "	names :=", "Set"},
	{"internal/atomicfile/set.go", "if err := last.Commit(); err != nil {", "if err := last.rename(); err != nil {", "Set"},
	{"internal/atomicfile/atomicfile.go", "err = f.Sync()", "err = nil", "Set"},
	{"internal/atomicfile/system.go", "os.O_EXCL", "os.O_TRUNC", "Links"},
	{"internal/atomicfile/lock_unix.go", "syscall.LOCK_EX", "syscall.LOCK_SH", "Lock"},
	{"internal/safetensors/seal.go", "k == sealKey || ", "", ""},
	{"train/identity.go", "m[validationKey] = \"none\"", "", "Resume"},
	{"train/checkpoint.go", "f.unsaved = nil", "", "Faults"},
	{"cmd/descent/saved.go", "m.meta = map[string]string{schemaKey: atomicfile.Sum(schema)}", "_ = schema", "NoModel"},
}
