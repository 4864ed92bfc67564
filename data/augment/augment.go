// Package augment changes the pictures of training, each time anew: what is written
//
//	shift(2) | rotate(10) | flip | crop(0.8) | cutout(8) | mixup(0.2)
//
// moves, turns, mirrors, cuts out and mixes them. What becomes of a picture depends on
// the run's seed, the number of the epoch and that of its row alone (a mixture on that
// of the batch, too), so that a run has the same bits on any number of workers, and
// when it is resumed.
package augment

import (
	"fmt"
	"slices"

	"descent/data"
	"descent/internal/spec"
)

// Pictures changes rows that are pictures: rows × columns, or channels × rows ×
// columns. It keeps the memory of a batch, so that one is for one run at a time.
type Pictures struct {
	steps []step
	draws draws
	rows  batch

	plane, other []float32 // the batch, and what it is made of
}

// A step is a change with its settings.
type step struct {
	row  *Row
	args spec.Args
}

// Parse reads changes as text has them, joined by |. Names and settings are those of
// [Table].
func Parse(text string) (*Pictures, error) {
	calls, err := spec.ParseChain(text)
	if err != nil {
		return nil, fmt.Errorf("augmentation %w", err)
	}
	p := &Pictures{}
	for i, c := range calls {
		row, err := spec.Find("augmentation", Table, c.Name)
		if err != nil {
			return nil, fmt.Errorf("augmentation %q: %w", text, err)
		}
		a, err := row.Bind(c)
		if err != nil {
			return nil, fmt.Errorf("augmentation %q: %w", text, err)
		}
		if row.mix != nil && i != len(calls)-1 {
			return nil, fmt.Errorf("augmentation %q: %s mixes pictures as they are learned from, and comes last", text, row.Name)
		}
		p.steps = append(p.steps, step{row, a})
	}
	return p, nil
}

// String writes the changes as they are parsed.
func (p *Pictures) String() string {
	var calls spec.Chain
	for _, s := range p.steps {
		calls = append(calls, s.args.Call())
	}
	return calls.String()
}

// Clone returns the same changes with a memory of their own: two runs at once need one
// each.
func (p *Pictures) Clone() *Pictures { return &Pictures{steps: p.steps} }

// Mixes tells whether targets are mixed, so that the loss must be, too: see
// [descent/train.Task].Mixed.
func (p *Pictures) Mixes() bool { return p.steps[len(p.steps)-1].row.mix != nil }

// Augment implements [data.Augmenter].
func (p *Pictures) Augment(d data.Rows, rows []int, seed uint64, epoch, number int) (data.Rows, error) {
	x, ok := d.Array(inputs)
	if !ok {
		return nil, fmt.Errorf("augment: the rows have no array %q", inputs)
	}
	size, err := sizeOf(x.Shape())
	if err != nil {
		return nil, err
	}
	width := size.channels * size.height * size.width
	p.plane = slices.Grow(p.plane[:0], len(rows)*width)[:len(rows)*width]
	room := max(len(rows)*width, size.channels*(size.height+2)*(size.width+2))
	p.other = slices.Grow(p.other[:0], room)[:room]
	data.GatherArray(p.plane, x, rows)
	pictures, err := data.NewArray(p.plane, x.Shape()...)
	if err != nil {
		return nil, err
	}
	p.rows.begin(d, rows, pictures)
	for i, row := range rows {
		p.draws.begin(seed, epoch, row)
		p.change(p.plane[i*width:(i+1)*width], size)
	}
	if last := p.steps[len(p.steps)-1]; last.row.mix != nil {
		p.draws.begin(seed, epoch, -1-number)
		p.mix(last.row.mix(last.args, &p.draws), width)
	}
	return &p.rows, nil
}

// change changes a picture. Moves that follow one another are one, which is sampled
// once.
func (p *Pictures) change(picture []float32, s size) {
	m := still
	for _, step := range p.steps {
		switch {
		case step.row.move != nil:
			m = m.after(step.row.move(step.args, &p.draws, s))
		case step.row.paint != nil:
			m = p.sample(picture, s, m)
			step.row.paint(step.args, &p.draws, picture, s)
		}
	}
	p.sample(picture, s, m)
}

// sample moves a picture, and returns the move that is left.
func (p *Pictures) sample(picture []float32, s size, m move) move {
	if m != still {
		from := p.other[:s.channels*(s.height+2)*(s.width+2)]
		framed(from, picture, s)
		m.sample(picture, from, s)
	}
	return still
}

// mix makes each picture a share of itself and the rest of another of the batch.
func (p *Pictures) mix(share float64, width int) {
	copy(p.other, p.plane)
	p.rows.mix(share, &p.draws)
	a, b := float32(share), float32(1-share)
	for i, k := range p.rows.partner {
		to, other := p.plane[i*width:(i+1)*width], p.other[k*width:(k+1)*width]
		for j := range to {
			to[j] = float32(a*to[j]) + float32(b*other[j])
		}
	}
}

// A size is that of a picture.
type size struct{ channels, height, width int }

func sizeOf(shape []int) (size, error) {
	switch len(shape) {
	case 2:
		return size{1, shape[0], shape[1]}, nil
	case 3:
		return size{shape[0], shape[1], shape[2]}, nil
	}
	return size{}, fmt.Errorf("augment: rows are of shape %v; pictures are rows x columns, or channels x rows x columns", shape)
}
