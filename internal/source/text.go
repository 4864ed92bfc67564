package source

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"math"
	"slices"
	"strings"
)

// Texts writes words of 32 bits as texts of 96 words each, five characters of 85 a word:
// numbers take less than half of the room that their digits would. None of the characters
// means something in a text of Go or of C.
func Texts(words []uint32) (texts []string) {
	for line := range slices.Chunk(words, 96) {
		var b strings.Builder
		for _, w := range line {
			var c [5]byte
			for i := 4; i >= 0; i-- {
				if c[i] = byte(w%85) + '('; c[i] == '?' {
					c[i] = '}'
				} else if c[i] == '\\' {
					c[i] = '~'
				}
				w /= 85
			}
			b.Write(c[:])
		}
		texts = append(texts, b.String())
	}
	return texts
}

// wideWords are the words of a float64, the first half first.
func wideWords(x float64) []uint32 {
	b := math.Float64bits(x)
	return []uint32{uint32(b >> 32), uint32(b)}
}

// inTexts are the tables of package elementary that are written as texts, and what looks
// them up then: functions in place of addresses. A table of 128 rows is longer as digits
// than all else that a small model has.
var inTexts = []struct{ table, row, before, after string }{
	{"powers", "value, rest", "&powers[i&127]", "powers(i&127)"},
	{"reciprocals", "inverse, log, rest", "&reciprocals[(bits-first)>>45&127]", "reciprocals(int((bits-first)>>45&127))"},
	{"reciprocals", "inverse, log, rest", "&reciprocals[80]", "reciprocals(80)"},
	{"reciprocals", "inverse, log, rest", "*struct{ inverse, log, rest float64 }", "struct{ inverse, log, rest float64 }"},
}

// withTexts rewrites a file of package elementary so.
func withTexts(text string) (string, error) {
	for _, t := range inTexts {
		text = strings.ReplaceAll(text, t.before, t.after)
		from := strings.Index(text, "var "+t.table+" = ")
		if from < 0 {
			continue
		}
		to := from + strings.Index(text[from:], "\n}\n") + 3
		e, err := parser.ParseExpr(strings.TrimPrefix(text[from:to-1], "var "+t.table+" = "))
		if err != nil {
			return "", err
		}
		var words []uint32
		for _, row := range e.(*ast.CompositeLit).Elts {
			for _, x := range row.(*ast.CompositeLit).Elts {
				words = append(words, wideWords(literal(x))...)
			}
		}
		var b strings.Builder
		fmt.Fprintf(&b, "var %sText = [...]string{%s}\n\n", t.table, quotedTexts(Texts(words)))
		names := strings.Split(t.row, ", ")
		fmt.Fprintf(&b, "func %s(i int) (t struct{ %s float64 }) {\n", t.table, t.row)
		for k, name := range names {
			fmt.Fprintf(&b, "\tt.%s = wide(%sText[:], %d*i+%d)\n", name, t.table, len(names), k)
		}
		b.WriteString("\treturn t\n}\n")
		text = text[:from] + b.String() + text[to:]
	}
	return text, nil
}

// literal is the value of a number, perhaps with a sign.
func literal(e ast.Expr) float64 {
	if u, ok := e.(*ast.UnaryExpr); ok {
		return -literal(u.X)
	}
	l := e.(*ast.BasicLit)
	x, _ := constant.Float64Val(constant.ToFloat(constant.MakeFromLiteral(l.Value, token.Token(l.Kind), 0)))
	return x
}

func quotedTexts(texts []string) string { return `"` + strings.Join(texts, `", "`) + `"` }
