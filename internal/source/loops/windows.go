package loops

import "math"

// Convolutions and pools of images × rows × columns × channels, and attention.

// conv sets y to the convolution of x with w, whose channels are in groups. Rows of the
// kernel that meet the image are sums of their own, and in them runs of so many columns; with
// runs of 0 all of a channel is one sum.
func conv(y, x, w []real, batch, rows, cols, in, out, groups, kRows, kCols, run, outRows, outCols, rowStride, colStride, rowApart, colApart, above, left int) {
	cin, cout := in/groups, out/groups
	for at := 0; at < batch*outRows*outCols; at++ {
		image, r, q := at/outCols/outRows, at/outCols%outRows, at%outCols
		for co := 0; co < out; co++ {
			var sum real
			started := false
			step := max(run, 1)
			for k0 := 0; k0 < kCols; k0 += step {
				if run == 0 {
					step = kCols
				}
				for i := 0; i < kRows; i++ {
					row := r*rowStride + i*rowApart - above
					if row < 0 || row >= rows {
						continue
					}
					var t real
					if run == 0 {
						t = sum
					}
					for k := k0; k < k0+step; k++ {
						col := q*colStride + k*colApart - left
						for c := 0; c < cin; c++ {
							var v real
							if col >= 0 && col < cols {
								v = x[((image*rows+row)*cols+col)*in+co/cout*cin+c]
							}
							t += real(v * w[((i*kCols+k)*cin+c)*out+co])
						}
					}
					if started && run > 0 {
						t += sum
					}
					sum, started = t, true
				}
			}
			y[at*out+co] = sum
		}
	}
}

// convInput sets dx to the gradient of [conv] by x, as a convolution of dy: elements of the
// kernel are met from the last to the first, those of a stride apart by one element.
func convInput(dx, dy, w []real, batch, rows, cols, in, out, groups, kRows, kCols, run, outRows, outCols, rowStride, colStride, rowApart, colApart, above, left int) {
	cin, cout := in/groups, out/groups
	for at := 0; at < batch*rows*cols; at++ {
		image, r, q := at/cols/rows, at/cols%rows, at%cols
		for ci := 0; ci < in; ci++ {
			var sum real
			started := false
			for k0 := kCols - 1; k0 >= 0; k0-- {
				last := k0 // of the columns of the kernel whose products are one sum
				if run != 1 {
					last = 0
				}
				for i := kRows - 1; i >= 0; i-- {
					row := r + above - i*rowApart
					if row < 0 || row%rowStride != 0 || row/rowStride >= outRows || (q+left-k0*colApart)%colStride != 0 && run == 1 {
						continue
					}
					var t real
					if run == 0 {
						t = sum
					}
					for k := k0; k >= last; k-- {
						col := q + left - k*colApart
						if col%colStride != 0 {
							continue
						}
						col /= colStride
						for c := 0; c < cout; c++ {
							var v real
							if col >= 0 && col < outCols {
								v = dy[((image*outRows+row/rowStride)*outCols+col)*out+ci/cin*cout+c]
							}
							t += real(v * w[((i*kCols+k)*cin+ci%cin)*out+ci/cin*cout+c])
						}
					}
					if started && run > 0 {
						t += sum
					}
					sum, started = t, true
				}
				if run != 1 {
					break
				}
			}
			dx[at*in+ci] = sum
		}
	}
}

// convWeights sets dw to the gradient of [conv] by w of one image: rows of dy are sums of their
// own, unless a channel is alone.
func convWeights(dw, x, dy []real, rows, cols, in, out, groups, kRows, kCols, run, outRows, outCols, rowStride, colStride, rowApart, colApart, above, left int) {
	cin, cout := in/groups, out/groups
	for at := 0; at < kRows*kCols*cin*out; at++ {
		i, k, ci, co := at/out/cin/kCols, at/out/cin%kCols, at/out%cin, at%out
		var sum real
		for r := 0; r < outRows; r++ {
			row := r*rowStride + i*rowApart - above
			if row < 0 || row >= rows {
				continue
			}
			var t real
			if run == 0 {
				t = sum
			}
			for q := 0; q < outCols; q++ {
				col := q*colStride + k*colApart - left
				var v real
				if col >= 0 && col < cols {
					v = x[(row*cols+col)*in+co/cout*cin+ci]
				}
				t += real(v * dy[(r*outCols+q)*out+co])
			}
			if run > 0 {
				t += sum
			}
			sum = t
		}
		dw[at] = sum
	}
}

// unpool sets dx to 0 and adds each element of dy at its pixel.
func unpool(dx, dy, index []real, batch, rows, cols, channels, outRows, outCols int) {
	fill(dx, batch*rows*cols*channels, 0)
	for n := 0; n < batch*outRows*outCols; n++ {
		for c := 0; c < channels; c++ {
			i := int(index[n*channels+c])
			if i >= 0 && i < rows*cols {
				dx[(n/outCols/outRows*rows*cols+i)*channels+c] += dy[n*channels+c]
			}
		}
	}
}

// window returns which elements of an axis are in the window of a place: from, before to.
// Of an adaptive pool windows divide the axis.
func window(place, in, out, kernel, stride, apart, before int, adaptive bool) (from, to int) {
	if adaptive {
		return place * in / out, ((place+1)*in + out - 1) / out
	}
	from = place*stride - before
	to = min(from+(kernel-1)*apart+1, in)
	for from < 0 {
		from += apart
	}
	return from, to
}

// maxPool sets y to the largest elements of windows, and index to the pixels of the first of
// them.
func maxPool(y, index, x []real, batch, rows, cols, channels, outRows, outCols, kRows, kCols, rowStride, colStride, rowApart, colApart, above, left int, adaptive, inside bool, divisor int) {
	if adaptive {
		rowApart, colApart = 1, 1
	}
	for at := 0; at < batch*outRows*outCols; at++ {
		image := at / outCols / outRows
		r0, r1 := window(at/outCols%outRows, rows, outRows, kRows, rowStride, rowApart, above, adaptive)
		c0, c1 := window(at%outCols, cols, outCols, kCols, colStride, colApart, left, adaptive)
		for c := 0; c < channels; c++ {
			best, pixel := real(math.Inf(-1)), -1
			if r0 < r1 && c0 < c1 {
				pixel = r0*cols + c0
			}
			for r := r0; r < r1; r += rowApart {
				for q := c0; q < c1; q += colApart {
					v := x[((image*rows+r)*cols+q)*channels+c]
					if v > best || v != v {
						best, pixel = v, r*cols+q
					}
				}
			}
			y[at*channels+c], index[at*channels+c] = best, real(pixel)
		}
	}
}

// meanPool sets y to the means of windows: over what is in the image if inside, over so many
// elements if divisor is not 0, else over padding, too.
func meanPool(y, x []real, batch, rows, cols, channels, outRows, outCols, kRows, kCols, rowStride, colStride, rowApart, colApart, above, left int, adaptive, inside bool, divisor int) {
	if adaptive {
		rowApart, colApart = 1, 1
	}
	for at := 0; at < batch*outRows*outCols; at++ {
		image, row, col := at/outCols/outRows, at/outCols%outRows, at%outCols
		r0, r1 := window(row, rows, outRows, kRows, rowStride, rowApart, above, adaptive)
		c0, c1 := window(col, cols, outCols, kCols, colStride, colApart, left, adaptive)
		by := min(kRows, rows+above-row*rowStride+above) * min(kCols, cols+left-col*colStride+left)
		if inside || adaptive {
			by = max(0, r1-r0) * max(0, c1-c0)
		}
		if divisor != 0 {
			by = divisor
		}
		for c := 0; c < channels; c++ {
			var sum real
			for r := r0; r < r1; r += rowApart {
				for q := c0; q < c1; q += colApart {
					sum += x[((image*rows+r)*cols+q)*channels+c]
				}
			}
			y[at*channels+c] = sum / real(by)
		}
	}
}

// attention sets y to softmax(scale·q·kᵀ)·v of pairs, and weights to the softmax. Keys whose
// mask is 0 are not seen; if it is causal, nor are those after the query, and blocks of queries
// have no weights for keys that none of them sees.
func attention(y, weights, q, k, v, mask []real, pairs, queries, keys, width, values, heads, block int, scale real, causal bool) {
	at := 0
	for p := 0; p < pairs; p++ {
		for row := 0; row < queries; row++ {
			seen := keys
			if causal {
				seen = min(keys, min(queries, (row/block+1)*block))
			}
			for j := 0; j < seen; j++ {
				var t real
				for l := 0; l < width; l++ {
					t += real(q[(p*queries+row)*width+l] * k[(p*keys+j)*width+l])
				}
				t *= scale
				if heads > 0 && mask[p/max(heads, 1)*keys+j] == 0 || causal && j > row {
					t = real(math.Inf(-1))
				}
				weights[at+j] = t
			}
			var lse [1]real
			softmax(weights[at:], lse[:], weights[at:], 1, seen)
			for j := 0; j < values; j++ {
				y[(p*queries+row)*values+j] = dotted(weights[at:], v[p*keys*values+j:], seen, 1, values)
			}
			at += seen
		}
	}
}
