package lower

import (
	"fmt"
	"strings"
	"sync"

	"descent/internal/kernel"
)

// A Pool says of what windows a pool is.
type Pool = kernel.PoolShape

// poolKey tells loops over pools apart.
type poolKey struct {
	Pool
	what string
}

// pooling is a loop over pools.
type pooling[T kernel.Float] func(p *kernel.Pool[T], dst, src [][]T, lo, hi int)

// planned is the loop over pools of a shape, which are planned when it begins.
func (f pooling[T]) planned(s Pool) func(dst, src [][]T, lo, hi int) {
	p := sync.OnceValue(func() *kernel.Pool[T] { return kernel.NewPool[T](s) })
	return func(dst, src [][]T, lo, hi int) { f(p(), dst, src, lo, hi) }
}

// pool runs a loop of which the results have the shape of a pool's, or of what it
// is of. (As a method it would be compiled by all who know Builder.)
//
// source, if not "", is what does the same in exported source.
func pool(b *Builder, what, source string, p Pool, f32 pooling[float32], f64 pooling[float64], results int, back bool, in ...Value) []Value {
	r, c := p.Rows.Out, p.Columns.Out
	if back {
		r, c = p.Rows.In, p.Columns.In
	}
	for i, x := range in {
		in[i] = b.inner(x, false)
	}
	shapes := []Shape{Dims(p.Batch, r, c, p.Channels), Dims(p.Batch, r, c, p.Channels)}
	out := b.Kernel(Kernel{Name: what, Key: poolKey{p, what}, Rows: p.Batch, Work: 2 * p.Rows.In * p.Columns.In * p.Channels,
		F32: f32.planned(p), F64: f64.planned(p), Source: poolSource(source, p),
	}, shapes[:results], in...)
	for i, y := range out {
		out[i] = b.outer(y, false)
	}
	return out
}

// poolSource writes a call of a pool; nil without a name.
func poolSource(name string, p Pool) func(dst, src []string) string {
	if name == "" {
		return nil
	}
	return func(dst, src []string) string {
		r, c := p.Rows, p.Columns
		if name == "unpool" {
			return fmt.Sprintf("unpool(%s, %s, %s, %d, %d, %d, %d, %d, %d)", dst[0], src[0], src[1], p.Batch, r.In, c.In, p.Channels, r.Out, c.Out)
		}
		return fmt.Sprintf("%s(%s, %s, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %v, %v, %d)", name, strings.Join(dst, ", "), src[0], p.Batch, r.In, c.In, p.Channels, r.Out, c.Out,
			r.Kernel, c.Kernel, r.Stride, c.Stride, r.Dilation, c.Dilation, r.Before, c.Before, p.Adaptive, p.Inside, p.Divisor)
	}
}

// whole returns the elements of an image if they are the one window of a pool, else 0.
func whole(p Pool) int {
	if !p.Adaptive || p.Rows.Out != 1 || p.Columns.Out != 1 || p.Divisor != 0 {
		return 0
	}
	return p.Rows.In * p.Columns.In
}

// MaxPool returns the largest element in each window of x, images × channels ×
// rows × columns, and the index of the first of them in its plane of rows and
// columns.
func (b *Builder) MaxPool(p Pool, x Value) (y, index Value) {
	out := pool(b, "max_pool", "maxPool", p, (*kernel.Pool[float32]).Max, (*kernel.Pool[float64]).Max, 2, false, x)
	return out[0], out[1]
}

// MaxUnpool returns zeros of the shape that p is of, to which each element of y is
// added where index says.
func (b *Builder) MaxUnpool(p Pool, y, index Value) Value {
	return pool(b, "max_unpool", "unpool", p, (*kernel.Pool[float32]).Unpool, (*kernel.Pool[float64]).Unpool, 1, true, y, index)[0]
}

// AvgPool returns the mean of each window of x. That of whole images is a sum, which
// what comes before may make.
func (b *Builder) AvgPool(p Pool, x Value) Value {
	if n := whole(p); n > 0 {
		return b.Div(b.Sum(x, 2, 3), b.Const(float64(n)))
	}
	return pool(b, "avg_pool", "meanPool", p, (*kernel.Pool[float32]).Mean, (*kernel.Pool[float64]).Mean, 1, false, x)[0]
}

// AvgPoolGrad returns the gradient of AvgPool by x.
func (b *Builder) AvgPoolGrad(p Pool, dy Value) Value {
	if n := whole(p); n > 0 {
		return b.Broadcast(b.Div(dy, b.Const(float64(n))), Dims(p.Batch, p.Channels, p.Rows.In, p.Columns.In))
	}
	return pool(b, "avg_pool_grad", "", p, (*kernel.Pool[float32]).Share, (*kernel.Pool[float64]).Share, 1, true, dy)[0]
}
