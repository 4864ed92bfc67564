package data

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // so that image.Decode knows it
	_ "image/png"  // this too
	"io"
	"os"
)

// A picture is bytes: channels × rows × columns.
type picture struct {
	channels, height, width int
	pix                     []uint8
}

// maxPixels is the largest picture that is decoded, 33 million pixels: decoders take
// a few bytes for each, whatever the size of the file.
const maxPixels = 1 << 25

// readPicture reads a file of PNG or JPEG, told apart by content. What is
// transparent shows white. A picture is grey if all of its pixels are.
func readPicture(path string, o PictureOptions) (p *picture, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	if p, err = decodePicture(f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if o.Colors == 1 {
		p.grey()
	} else if o.Colors == 3 && p.channels == 1 {
		p.channels, p.pix = 3, inColor(p.pix, len(p.pix))
	}
	if o.Width > 0 {
		p.resize(o.Width, o.Height)
	}
	return p, nil
}

// decodePicture decodes a picture whose size is not too large.
func decodePicture(r io.ReadSeeker) (*picture, error) {
	c, _, err := image.DecodeConfig(r)
	if err != nil {
		return nil, pictureError(err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return nil, fmt.Errorf("%dx%d pixels; a picture has at least one, and at most %d million", c.Width, c.Height, maxPixels/1_000_000)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	m, _, err := image.Decode(r)
	if err != nil {
		return nil, pictureError(err)
	}
	return pictureOf(m), nil
}

func pictureError(err error) error {
	if err == image.ErrFormat {
		return fmt.Errorf("neither PNG nor JPEG, whatever its name says")
	}
	return fmt.Errorf("a damaged picture: %w", err)
}

// pictureOf takes the bytes of an image.
func pictureOf(m image.Image) *picture {
	b := m.Bounds()
	p := &picture{channels: 1, height: b.Dy(), width: b.Dx()}
	if g, ok := m.(*image.Gray); ok {
		for y := b.Min.Y; y < b.Max.Y; y++ {
			p.pix = append(p.pix, g.Pix[g.PixOffset(b.Min.X, y):][:p.width]...)
		}
		return p
	}
	flat := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	draw.Draw(flat, flat.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(flat, flat.Rect, m, b.Min, draw.Over)
	n, same := p.width*p.height, true
	p.pix = make([]uint8, 3*n)
	for i := range n {
		red, green, blue := flat.Pix[4*i], flat.Pix[4*i+1], flat.Pix[4*i+2]
		p.pix[i], p.pix[n+i], p.pix[2*n+i] = red, green, blue
		same = same && red == green && green == blue
	}
	if p.channels = 3; same {
		p.channels, p.pix = 1, p.pix[:n:n]
	}
	return p
}

// grey makes the picture one of the luma of ITU-R BT.601, as package color does.
func (p *picture) grey() {
	if p.channels == 1 {
		return
	}
	n := p.width * p.height
	for i := range n {
		p.pix[i] = color.GrayModel.Convert(color.RGBA{R: p.pix[i], G: p.pix[n+i], B: p.pix[2*n+i], A: 255}).(color.Gray).Y
	}
	p.channels, p.pix = 1, p.pix[:n:n]
}
