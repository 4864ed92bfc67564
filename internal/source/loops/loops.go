// Package loops holds the loops of exported models: what [descent/internal/kernel]
// computes with DESCENT_ISA=portable, in the same order of operations, without
// pointers, tiles or workers. Arrays are given as where they begin, and how long they
// are; results come first.
//
// It is written in the part of Go that [descent/internal/source] translates.
package loops

import "math"

// real is the type of elements, width its bits; an exported model may have the other.
type real = float32

const width = 32

// The primitives that are no operator and no function of another package.

func sign(a float64) float64 {
	if a > 0 {
		return 1
	}
	if a < 0 {
		return -1
	}
	if a == 0 {
		return 0
	}
	return a
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func choose(c, a, b float64) float64 {
	if c != 0 {
		return a
	}
	return b
}

// fill sets n elements.
func fill(dst []real, n int, x real) {
	for i := 0; i < n; i++ {
		dst[i] = x
	}
}

// move copies n elements.
func move(dst, src []real, n int) {
	for i := 0; i < n; i++ {
		dst[i] = src[i]
	}
}

// product sets c to the m×n products of rows of a and columns of b, of k elements.
// Neighbours of a are ai and ak apart, those of b bk and bj.
func product(c, a, b []real, m, n, k, ai, ak, bk, bj int) {
	for i := 0; i < m; i++ {
		for j := 0; j < n; j++ {
			c[i*n+j] = dotted(a[i*ai:], b[j*bj:], k, ak, bk)
		}
	}
}

// dotted returns the sum of k products of elements that are ak and bk apart.
func dotted(a, b []real, k, ak, bk int) real {
	var t real
	for l := 0; l < k; l++ {
		t += real(a[l*ak] * b[l*bk])
	}
	return t
}

// addProduct is [product], times s[0], added to c.
func addProduct(c, a, b, s []real, m, n, k, ai, ak, bk, bj int) {
	for i := 0; i < m; i++ {
		for j := 0; j < n; j++ {
			c[i*n+j] += real(dotted(a[i*ai:], b[j*bj:], k, ak, bk) * s[0])
		}
	}
}

// addRow adds a row to each of m rows of n elements.
func addRow(c, row []real, m, n int) {
	for i := 0; i < m; i++ {
		for j := 0; j < n; j++ {
			c[i*n+j] += row[j]
		}
	}
}

// rectify takes max(x, 0) of n elements.
func rectify(c []real, n int) {
	for i := 0; i < n; i++ {
		c[i] = max(c[i], 0)
	}
}

// lanes adds up to 2048 elements in 32 lanes, which are joined in halves.
func lanes(x []real, n int) float64 {
	var lane [32]float64
	for i := 0; i < n; i++ {
		lane[i%32] += float64(x[i])
	}
	for w := 16; w > 0; w /= 2 {
		for i := 0; i < w; i++ {
			lane[i] += lane[i+w]
		}
	}
	return lane[0]
}

// laneProduct multiplies them.
func laneProduct(x []real, n int) float64 {
	var lane [32]float64
	for i := 0; i < 32; i++ {
		lane[i] = 1
	}
	for i := 0; i < n; i++ {
		lane[i%32] *= float64(x[i])
	}
	for w := 16; w > 0; w /= 2 {
		for i := 0; i < w; i++ {
			lane[i] *= lane[i+w]
		}
	}
	return lane[0]
}

// block adds up to 2048 neighbours: float64 in lanes, float32 in parts of 256 elements, whose
// last has what is left behind 16 times a number of them, each in 16 chains.
func block(x []real, n int) float64 {
	if width == 64 {
		return lanes(x, n)
	}
	sum, at := 0.0, 0
	for at < n {
		end := at + 256
		if end >= n/16*16 {
			end = n
		}
		var chain [16]real
		for ; at < end; at++ {
			chain[at%16] += x[at]
		}
		sum += lanes(chain[:], 16)
	}
	return sum
}

// total returns the sum of n neighbours: of halves, in whole blocks.
func total(x []real, n int) float64 {
	if n <= 2048 {
		return block(x, n)
	}
	h := (n/2 + 2047) / 2048 * 2048
	return total(x, h) + total(x[h:], n-h)
}

// apart adds up n elements that are stride apart, 128 at a time.
func apart(x []real, n, stride int) float64 {
	sum, block := 0.0, 0.0
	for k := 0; k < n; k++ {
		block += float64(x[k*stride])
		if (k+1)%128 == 0 || k == n-1 {
			sum, block = sum+block, 0
		}
	}
	return sum
}

// apartProduct multiplies them.
func apartProduct(x []real, n, stride int) float64 {
	p, block := 1.0, 1.0
	for k := 0; k < n; k++ {
		block *= float64(x[k*stride])
		if (k+1)%128 == 0 || k == n-1 {
			p, block = p*block, 1
		}
	}
	return p
}

// sums reduces the middle axis of outer×n×inner elements.
func sums(dst, src []real, outer, n, inner int) {
	for o := 0; o < outer; o++ {
		for i := 0; i < inner; i++ {
			if inner == 1 {
				dst[o] = real(total(src[o*n:], n))
			} else {
				dst[o*inner+i] = real(apart(src[o*n*inner+i:], n, inner))
			}
		}
	}
}

// products is as [sums].
func products(dst, src []real, outer, n, inner int) {
	for o := 0; o < outer; o++ {
		for i := 0; i < inner; i++ {
			if inner == 1 {
				dst[o] = real(laneProduct(src[o*n:], n))
			} else {
				dst[o*inner+i] = real(apartProduct(src[o*n*inner+i:], n, inner))
			}
		}
	}
}

// largest returns the place of the first of the largest of flip times n elements, and
// NaN's if one is.
func largest(x []real, n, stride int, flip float64) int {
	best, at := math.Inf(-1), 0
	for k := 0; k < n; k++ {
		v := float64(flip * float64(x[k*stride]))
		if v != v {
			return k
		}
		if v > best {
			best, at = v, k
		}
	}
	return at
}

// extremes is as [sums]: the largest elements, or the smallest if flip is -1; 0 is
// larger than -0.
func extremes(dst, src []real, outer, n, inner int, flip float64) {
	for o := 0; o < outer; o++ {
		for i := 0; i < inner; i++ {
			x := src[o*n*inner+i:]
			best := float64(flip * float64(x[largest(x, n, inner, flip)*inner]))
			for k := 0; k < n && best == 0; k++ {
				best = max(best, float64(flip*float64(x[k*inner])))
			}
			dst[o*inner+i] = real(flip * best)
		}
	}
}

// places is as [extremes], of where they are.
func places(dst, src []real, outer, n, inner int, flip float64) {
	for o := 0; o < outer; o++ {
		for i := 0; i < inner; i++ {
			dst[o*inner+i] = real(largest(src[o*n*inner+i:], n, inner, flip))
		}
	}
}

// columns adds up long columns: 16 stripes of some rows element by element, what that
// comes to as float64, and 64 stripes apart from the others.
func columns(dst, src []real, rows, n, stripe int) {
	for j := 0; j < n; j++ {
		var all float64
		for block := 0; block < rows; block += 64 * stripe {
			var sum float64
			for chain := block; chain < rows && chain < block+64*stripe; chain += 16 * stripe {
				var part float64
				for i := chain; i < chain+stripe; i++ {
					var t real
					for k := i; k < rows && k < chain+16*stripe; k += stripe {
						t += src[k*n+j]
					}
					part += float64(t)
				}
				sum += part
			}
			if block == 0 {
				all = sum
			} else {
				all += sum
			}
		}
		dst[j] = real(all)
	}
}

// softmax sets rows of dst to the softmax of those of src, and lse to the logarithms of
// the sums of their exponentials.
func softmax(dst, lse, src []real, rows, n int) {
	for r := 0; r < rows; r++ {
		top := math.Inf(-1)
		for i := 0; i < n; i++ {
			top = max(top, float64(src[r*n+i]))
		}
		if math.IsInf(top, 0) {
			top = 0
		}
		sum := 0.0
		for i := 0; i < n; i++ {
			sum += Exp(float64(src[r*n+i]) - top)
		}
		for i := 0; i < n; i++ {
			dst[r*n+i] = real(Exp(float64(src[r*n+i])-top) / sum)
		}
		lse[r] = real(top + Log(sum))
	}
}

// softmaxLoss sets nll to -log softmax(z)[y] of each of some rows, and grad to its
// gradient; both are 0 where y is no class.
func softmaxLoss(grad, nll, lse, z, y []real, rows, n int) {
	softmax(grad, lse, z, rows, n)
	for r := 0; r < rows; r++ {
		if !(y[r] >= 0 && y[r] < real(n)) {
			nll[r] = 0
			fill(grad[r*n:], n, 0)
			continue
		}
		k := r*n + int(y[r])
		l := real(Log(float64(grad[k])))
		grad[k]--
		if l < -7 { // where the difference is exact enough, and does not underflow
			nll[r] = lse[r] - z[k]
		} else {
			nll[r] = 0 - l
		}
	}
}

// take sets rows of dst to those of x that index names, of outer tables of n rows of
// inner elements, and to 0 where it names none.
func take(dst, x, index []real, outer, n, count, inner int) {
	for r := 0; r < outer*count; r++ {
		k := index[r%count]
		if k >= 0 && k < real(n) {
			move(dst[r*inner:], x[(r/count*n+int(k))*inner:], inner)
		} else {
			fill(dst[r*inner:], inner, 0)
		}
	}
}

// scatter sets dst to the sums of those rows of dy whose index names its rows.
func scatter(dst, dy, index []real, outer, n, count, inner int) {
	fill(dst, outer*n*inner, 0)
	for r := 0; r < outer*count; r++ {
		k := index[r%count]
		if k >= 0 && k < real(n) {
			addRow(dst[(r/count*n+int(k))*inner:], dy[r*inner:], 1, inner)
		}
	}
}

// widen copies n elements.
func widen(dst []float64, src []real, n int) {
	for i := 0; i < n; i++ {
		dst[i] = float64(src[i])
	}
}
