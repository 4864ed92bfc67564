package augment

import "descent/internal/elementary"

// A move says from where the pixels of a picture come: that at (y, x) from
// (yy·y + yx·x + .y, xy·y + xx·x + .x), both counted from the middle of the picture.
type move struct{ yy, yx, xy, xx, y, x float64 }

var still = move{yy: 1, xx: 1}

func shift(y, x float64) move { return move{yy: 1, xx: 1, y: -y, x: -x} }

func turn(angle float64) move {
	c, s := elementary.Cos(angle), elementary.Sin(angle)
	return move{yy: c, yx: s, xy: -s, xx: c}
}

func slant(angle float64) move {
	return move{yy: 1, xx: 1, xy: elementary.Sin(angle) / elementary.Cos(angle)}
}

func zoom(by float64) move { return move{yy: by, xx: by} }

// after returns the move that does m, and then next.
func (m move) after(next move) move {
	return move{
		yy: float64(m.yy*next.yy) + float64(m.yx*next.xy), yx: float64(m.yy*next.yx) + float64(m.yx*next.xx),
		xy: float64(m.xy*next.yy) + float64(m.xx*next.xy), xx: float64(m.xy*next.yx) + float64(m.xx*next.xx),
		y: float64(m.yy*next.y) + float64(m.yx*next.x) + m.y, x: float64(m.xy*next.y) + float64(m.xx*next.x) + m.x,
	}
}

// framed copies a picture into one with a frame of zeros, a pixel wide.
func framed(to, from []float32, s size) {
	clear(to)
	width := s.width + 2
	for c := range s.channels {
		for y := range s.height {
			copy(to[(c*(s.height+2)+y+1)*width+1:], from[(c*s.height+y)*s.width:][:s.width])
		}
	}
}

// sample makes a moved picture of a framed one. Between pixels it is linear in each
// direction; beyond the edge there are zeros.
func (m move) sample(to, from []float32, s size) {
	midY, midX := float64(float64(s.height-1)/2), float64(float64(s.width-1)/2)
	plane, width := (s.height+2)*(s.width+2), s.width+2
	bottom, end := float64(s.height+1), float64(s.width+1)
	for i := range s.height {
		y := float64(i) - midY
		startY, startX := float64(m.yy*y)+m.y+midY+1, float64(m.xy*y)+m.x+midX+1
		for j := range s.width {
			x := float64(j) - midX
			fromY, fromX := startY+float64(m.yx*x), startX+float64(m.xx*x)
			at := i*s.width + j
			if !(fromY >= 0 && fromX >= 0 && fromY < bottom && fromX < end) {
				for c := range s.channels {
					to[c*s.height*s.width+at] = 0
				}
				continue
			}
			row, column := int(fromY), int(fromX)
			down, right := float32(fromY-float64(row)), float32(fromX-float64(column))
			for c := range s.channels {
				four := from[c*plane+row*width+column:]
				upper := four[0] + float32(right*(four[1]-four[0]))
				lower := four[width] + float32(right*(four[width+1]-four[width]))
				to[c*s.height*s.width+at] = upper + float32(down*(lower-upper))
			}
		}
	}
}
