package train

import (
	"descent/data"
	"descent/graph"
	"descent/optimizers"
)

// Memory returns how many bytes the trainer of a task and a run of it take besides
// the rows that are given, without making either: parameters and states, the copies
// that a run keeps of them, the programs for each size of batch, and the rows in the
// trainer's element type. What is scored after the run is counted too.
func Memory(task Task, rule optimizers.Rule, dtype graph.Dtype, r Run, scored ...data.Rows) (int, error) {
	if err := checkTask(&task, dtype); err != nil {
		return 0, err
	}
	if r.Method != nil {
		dtype = graph.Float64 // searches are in it
	}
	t := &Trainer{task: task, rule: rule, root: graph.Outline(dtype)}
	keys := map[programKey]bool{{1, evaluate}: true}
	add := func(b data.Batches, modes ...mode) {
		for _, m := range modes {
			keys[programKey{b.Size(), m}], keys[programKey{b.Last(), m}] = true, true
		}
	}
	switch {
	case r.Method != nil:
		add(data.NewBatches(r.Train.Rows(), chunkRows, 0, false), value, slope)
	case r.Accumulate > 1:
		keys[programKey{1, step}] = true
		add(r.batches(), gather, apply)
	default:
		keys[programKey{1, step}] = true
		add(r.batches(), step)
	}
	for _, d := range append(scored, r.Val) {
		if d != nil && !none(d) && d.Rows() > 0 {
			add(data.NewBatches(d.Rows(), evalRows, 0, false), evaluate)
		}
	}
	total, err := t.programBytes(keys)
	if err != nil {
		return 0, err
	}
	all, model := t.variableBytes()
	total += all + 2*model // fresh parameters are made as float64
	if r.Explain {
		total += 8 * t.elements()
	}
	if r.Stop.RestoreBest {
		total += 2 * model
	}
	if r.Checkpoint != "" {
		total += all
	}
	return total + t.rowBytes(r), nil
}

// PredictMemory is [Memory] of a predictor that one goroutine uses.
func PredictMemory(task Task, dtype graph.Dtype) (int, error) {
	if err := checkTask(&task, dtype); err != nil {
		return 0, err
	}
	t := &Trainer{task: task, root: graph.Outline(dtype)}
	keys := map[programKey]bool{}
	for _, n := range batchSizes {
		keys[programKey{n, predict}] = true
	}
	total, err := t.programBytes(keys)
	all, _ := t.variableBytes()
	return total + 2*all, err
}

// programBytes is what programs take.
func (t *Trainer) programBytes(keys map[programKey]bool) (total int, err error) {
	for key := range keys {
		if key.rows == 0 {
			continue
		}
		_, fn, err := t.outline(key.rows, key.mode)
		if err != nil {
			return 0, err
		}
		n, err := fn.Bytes()
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// variableBytes is what all variables take, and what the parameters do.
func (t *Trainer) variableBytes() (all, params int) {
	for _, v := range t.Store().Variables() {
		n := v.Shape().Size() * int(v.Dtype().Size())
		if all += n; v.Role() == graph.Param {
			params += n
		}
	}
	return all, params
}

// elements is the number of elements of all variables.
func (t *Trainer) elements() (n int) {
	for _, v := range t.Store().Variables() {
		n += v.Shape().Size()
	}
	return n
}

// rowBytes is what a run makes of its rows: their order in an epoch, and their numbers in
// the type of the trainer.
func (t *Trainer) rowBytes(r Run) int {
	if r.Generate != nil || none(r.Train) {
		return 0
	}
	const word = 8
	n := word * r.Train.Rows()
	p, _, err := t.outline(1, evaluate)
	if err != nil {
		return n
	}
	bytes := data.ConvertBytes[float64]
	if t.root.Dtype() == graph.Float32 {
		bytes = data.ConvertBytes[float32]
	}
	if n += bytes(r.Train, p.numbers()...); !none(r.Val) {
		n += bytes(r.Val, p.numbers()...)
	}
	return n
}
