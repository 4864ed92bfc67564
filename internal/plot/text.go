package plot

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sizes of text. At a width of 480 px the default figure's ticks are 9 px high.
const (
	titleSize = 16.0
	labelSize = 13.5
	tickSize  = 12.0
	noteSize  = 11.0
)

// The font of a page is whatever the reader has, so text is given the room it
// needs in the widest of the usual ones.
const fontFamily = "Helvetica,Arial,'Liberation Sans','DejaVu Sans','Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif"

// asciiWidths are the widths of ' ' to '~' in thousandths of the font's size: for
// each the wider of DejaVu Sans, the widest usual sans-serif, and Go Regular,
// which the PNG uses.
var asciiWidths = [...]uint16{
	318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 584, 838, 318, 584, 318, 337,
	636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 556,
	1015, 684, 686, 722, 770, 667, 611, 778, 752, 399, 496, 667, 557, 863, 748, 787,
	667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838, 556,
	500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
	635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
}

func runeWidth(r rune) float64 {
	switch {
	case r >= ' ' && r <= '~':
		return float64(asciiWidths[r-' ']) / 1000
	case unicode.Is(unicode.Mn, r):
		return 0
	case r < 0x2e80: // other alphabets and mathematical signs
		return .85
	case r < 0x10000: // Chinese, Japanese, Korean
		return 1.05
	}
	return 1.4 // emoji
}

// supScale is the size of a superscript, supRise how far it is lifted.
const supScale, supRise = .72, .38

func textWidth(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		w += runeWidth(r)
	}
	return w * size
}

func lineHeight(size float64) float64 { return 1.3 * size }

// clean makes a string fit to be shown: one line, valid, without control
// characters (XML has none, and some reorder the text around them).
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.C, r) || r&0xfffe == 0xfffe:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// fit shortens a text to a width.
func fit(s string, size, width float64) string {
	s = clean(s)
	if textWidth(s, size) <= width {
		return s
	}
	room := width - textWidth("…", size)
	for i, r := range s {
		if room -= runeWidth(r) * size; room < 0 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return s
}

// wrap breaks a text into at most so many lines of a width; the last is
// shortened if need be. Chinese breaks anywhere.
func wrap(s string, size, width float64, lines int) []string {
	s = strings.TrimSpace(clean(s))
	var out []string
	for s != "" && len(out) < lines-1 {
		n := breakAt(s, size, width)
		out = append(out, strings.TrimRight(s[:n], " "))
		s = strings.TrimLeft(s[n:], " ")
	}
	if s != "" {
		out = append(out, fit(s, size, width))
	}
	return out
}

// breakAt is how much of s goes on a line of this width: never nothing.
func breakAt(s string, size, width float64) int {
	w, last := 0.0, 0
	for i, r := range s {
		if r == ' ' || r >= 0x2e80 && i > 0 {
			last = i
		}
		if w += runeWidth(r) * size; w <= width {
			continue
		}
		if last > 0 {
			return last
		}
		if i > 0 {
			return i
		}
		_, n := utf8.DecodeRuneInString(s)
		return n
	}
	return len(s)
}
