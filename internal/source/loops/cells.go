package loops

import (
	"math"
	"math/bits"
)

// A row of a table as a model's inputs, as package data reads and encodes it. A cell is
// its bytes, at most 255, and how many there are; -1 if there is no cell.

// nextCell copies the cell of a line of CSV that begins at a place, without the quotes
// and the spaces around it. It returns where the next begins, or -1 after the last.
func nextCell(line string, n, at int, cell []uint8) (size, next int) {
	if at < 0 {
		return -1, -1
	}
	i := at
	for i < n && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	quoted := i < n && line[i] == '"'
	if quoted {
		i++
	}
	for i < n && (quoted || line[i] != ',' && line[i] != '\r' && line[i] != '\n') {
		if quoted && line[i] == '"' {
			i++
			if i >= n || line[i] != '"' {
				quoted = false
				continue
			}
		}
		if size >= 255 {
			return -1, -1
		}
		cell[size] = line[i]
		size++
		i++
	}
	for size > 0 && (cell[size-1] == ' ' || cell[size-1] == '\t') {
		size--
	}
	if i < n && line[i] == ',' {
		return size, i + 1
	}
	return size, -1
}

// The words for missing cells, of package data: anywhere, and among numbers and dates.
var missingWords = [...]string{"na", "n/a", "nan", "-nan", "nat", "null", "(null)", "<null>", "<na>", "#n/a", "#n/a n/a", "#na", "\\n", "1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind",
	"#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"}
var blankWords = [...]string{"none", "nil", "missing", "unknown", "n.a.", "n.d.", "-", "--", "---", "\u2013", "\u2014", ".", "..", "*"}

func isDigit(c uint8) bool { return '0' <= c && c <= '9' }

// small returns a letter of ASCII as a small one.
func small(c uint8) uint8 {
	if 'A' <= c && c <= 'Z' {
		return c + 32
	}
	return c
}

// isWord tells whether a cell is a word, whatever its letters' case if that does not
// matter.
func isWord(cell []uint8, size int, word string, exactly bool) bool {
	if size != len(word) {
		return false
	}
	for i := 0; i < size; i++ {
		if cell[i] != word[i] && (exactly || small(cell[i]) != small(word[i])) {
			return false
		}
	}
	return true
}

// isMissing tells whether a cell is missing; blank says that it is among numbers or
// dates.
func isMissing(cell []uint8, size int, blank bool) bool {
	if size == 0 || size == 1 && cell[0] == '?' {
		return true
	}
	for _, w := range missingWords {
		if isWord(cell, size, w, false) {
			return true
		}
	}
	for _, w := range blankWords {
		if blank && isWord(cell, size, w, false) {
			return true
		}
	}
	return false
}

// number reads a decimal number. It rounds once: digits are a whole number of many
// words, times or divided by a power of ten.
func number(cell []uint8, size int, decimal uint8) (v float64, ok bool) {
	var big [128]uint32
	words, exponent, i := 0, 0, 0
	negative := size > 0 && cell[0] == '-'
	if size > 0 && (cell[0] == '-' || cell[0] == '+') {
		i = 1
	}
	fraction, any := false, false
	for i < size && (isDigit(cell[i]) || !fraction && cell[i] == decimal) {
		if cell[i] == decimal {
			fraction = true
		} else {
			any = true
			words = times(big[:], words, 10, uint32(cell[i]-'0'))
			if fraction {
				exponent--
			}
		}
		i++
	}
	if i < size && any && (cell[i] == 'e' || cell[i] == 'E') {
		i++
		down := i < size && cell[i] == '-'
		if i < size && (cell[i] == '-' || cell[i] == '+') {
			i++
		}
		e := 0
		any = i < size
		for i < size && isDigit(cell[i]) {
			e = min(10*e+int(cell[i]-'0'), 9999)
			i++
		}
		if down {
			e = -e
		}
		exponent += e
	}
	if !any || i < size {
		return 0, false
	}
	v = scaled(big[:], words, exponent)
	if negative {
		v = -v
	}
	return v, !math.IsInf(v, 0)
}

// times multiplies a whole number of words, the least first, and adds to it; it returns
// how many words there are then.
func times(big []uint32, words int, factor, add uint32) int {
	carry := uint64(add)
	for k := 0; k < words; k++ {
		carry += uint64(big[k]) * uint64(factor)
		big[k] = uint32(carry)
		carry >>= 32
	}
	if carry == 0 {
		return words
	}
	big[words] = uint32(carry)
	return words + 1
}

// scaled returns a whole number times 10^e.
func scaled(big []uint32, words, e int) float64 {
	if words == 0 || e < -700 {
		return 0
	}
	if e > 310 {
		return math.Inf(1)
	}
	for k := 0; k < e; k++ {
		words = times(big, words, 10, 0)
	}
	// Enough bits are left when it is divided; what is left over only tells whether the
	// result is exact.
	down := 0
	if e < 0 {
		down = 3 - e/9
	}
	for k := words - 1; k >= 0 && down > 0; k-- {
		big[k+down] = big[k]
		big[k] = 0
	}
	for k := words; k < down; k++ {
		big[k] = 0
	}
	words += down
	var rest uint64
	for ; e < 0; e++ {
		var r uint64
		for k := words - 1; k >= 0; k-- {
			r = r<<32 | uint64(big[k])
			big[k] = uint32(r / 10)
			r %= 10
		}
		rest |= r
	}
	for words > 0 && big[words-1] == 0 {
		words--
	}
	return rounded(big, words, -32*down, rest != 0)
}

// rounded returns a whole number, and a bit more, times 2^e as the nearest number.
func rounded(big []uint32, words, e int, more bool) float64 {
	var next, last uint64
	if words > 1 {
		next = uint64(big[words-2])
	}
	if words > 2 {
		last = uint64(big[words-3])
	}
	for k := 0; k < words-3; k++ {
		more = more || big[k] != 0
	}
	shift := bits.LeadingZeros64(uint64(big[words-1])) - 32
	m := (uint64(big[words-1])<<32|next)<<uint(shift) | last>>uint(32-shift)
	more = more || uint32(last<<uint(shift)) != 0
	e += 32*(words-2) - shift
	drop := max(11, -1074-e) // of 64 bits
	if drop > 64 {
		return 0
	}
	q, left := m>>uint(drop), m<<uint(64-drop)
	if left > 1<<63 || left == 1<<63 && (more || q&1 == 1) {
		q++
	}
	e += drop
	if e > 971 || e == 971 && q>>53 != 0 {
		return math.Inf(1)
	}
	return float64(q) * power(e/2) * power(e-e/2)
}

// power returns 2^e for a normal number.
func power(e int) float64 { return math.Float64frombits(uint64(e+1023) << 52) }

// numberInput sets an input to (v - offset) / scale of the number in a cell, or of impute
// where it is missing. It is not ok if there is no cell, or no number in it.
func numberInput(x []real, cell []uint8, size int, decimal uint8, impute, offset, scale float64) bool {
	if size < 0 {
		return false
	}
	v := impute
	if !isMissing(cell, size, true) {
		read, ok := number(cell, size, decimal)
		if !ok {
			return false
		}
		v = read
	}
	v = (v - offset) / scale
	x[0] = real(v)
	return v-v == 0
}

// fold writes a word as it is compared: one space between its parts, which have small
// letters if all but the first are small, or all are capitals. Letters are those of ASCII.
func fold(word []uint8, size int, to []uint8) int {
	n := 0
	for i := 0; i < size; {
		for i < size && word[i] == ' ' {
			i++
		}
		end, capitals, smalls := i, 0, 0
		for end < size && word[end] != ' ' {
			c := word[end]
			if end > i && small(c) != c {
				capitals++
			}
			if 'a' <= c && c <= 'z' {
				smalls++
			}
			end++
		}
		if n > 0 && end > i {
			to[n] = ' '
			n++
		}
		for ; i < end; i++ {
			to[n] = word[i]
			if capitals == 0 || smalls == 0 {
				to[n] = small(word[i])
			}
			n++
		}
	}
	return n
}

// level returns the place of a cell among words, or -1: as it stands, else without regard
// to case and spaces, else as a number, unless two words are the same then.
func level(cell []uint8, size int, words []string, n int) int {
	for k := 0; k < n; k++ {
		if isWord(cell, size, words[k], true) {
			return k
		}
	}
	var plain, word, folded [256]uint8
	length := fold(cell, size, plain[:])
	v, isNumber := number(cell, size, '.')
	alike, equal, same, numbers := -1, -1, 0, 0
	for k := 0; k < n; k++ {
		wide := len(words[k])
		if wide > 255 {
			continue
		}
		for i := 0; i < wide; i++ {
			word[i] = words[k][i]
		}
		if other := fold(word[:], wide, folded[:]); other == length {
			is := true
			for i := 0; i < other; i++ {
				is = is && folded[i] == plain[i]
			}
			if is {
				alike, same = k, same+1
			}
		}
		w, ok := number(word[:], wide, '.')
		if isNumber && ok && w == v {
			equal, numbers = k, numbers+1
		}
	}
	if same > 0 {
		if same == 1 {
			return alike
		}
		return -1
	}
	if numbers == 1 {
		return equal
	}
	return -1
}

// wordInput sets the inputs of n words, of which missing (or -1) stands for cells that are
// missing or unknown: 1 for that of a cell and 0 for others, or one input, the place of the
// word. It is not ok if there is no cell, or if unknown words are refused and it is one.
func wordInput(x []real, cell []uint8, size int, words []string, n, missing int, coded, refuse bool) bool {
	if size < 0 {
		return false
	}
	k := missing
	absent := isMissing(cell, size, false)
	if !absent {
		k = level(cell, size, words, n)
	}
	if k < 0 {
		if refuse && (missing < 0 || !absent) {
			return false
		}
		k = missing
	}
	if coded {
		x[0] = real(k)
		return true
	}
	choice(x, n, k)
	return true
}
