package lab

import (
	_ "embed"
	"html/template"
	"io"

	"descent/internal/page"
)

//go:embed book.html
var bookBody string

//go:embed book.css
var bookStyle string

var bookTemplate = page.Body(bookBody)

// A chapter is an experiment in the book.
type chapter struct {
	*Run
	lang     string
	Pictures []template.HTML
}

// Title, Claim, Truth and Ruling are in the book's language.
func (c chapter) Title() string  { return c.Experiment.Title.In(c.lang) }
func (c chapter) Claim() string  { return c.Experiment.Claim.In(c.lang) }
func (c chapter) Truth() string  { return c.Experiment.Truth.In(c.lang) }
func (c chapter) Ruling() string { return c.Verdict().In(c.lang) }

// words are those of the book itself.
var words = map[string]map[string]string{
	"en": {"title": "Gradient descent, claim by claim", "claim": "Claim", "truth": "Truth", "verdict": "Verdict", "params": "Parameters", "try": "Try it",
		"number": "number", "got": "measured", "want": "expected", "tutorial": "Tutorial", "false": "false", "true": "true",
		"intro": "Every formula, program, number and picture of five tutorials on gradient descent, run again. Each derivative is taken by reverse mode; nothing was derived by hand."},
	"zh": {"title": "梯度下降：逐条验证", "claim": "说法", "truth": "事实", "verdict": "结论", "params": "参数", "try": "自己试",
		"number": "数值", "got": "实测", "want": "期望", "tutorial": "教程", "false": "不成立", "true": "成立",
		"intro": "五篇梯度下降教程里的每个公式、程序、数值与图，全部重新运行。所有导数都由反向模式自动求出，没有一处手推。"},
}

// WriteBook writes runs as one HTML page that needs nothing from outside, in
// the language lang, "en" or "zh".
func WriteBook(w io.Writer, runs []*Run, lang string) error {
	var chapters []chapter
	for _, r := range runs {
		c := chapter{Run: r, lang: lang}
		for _, p := range r.Pictures {
			svg, err := page.SVG(p)
			if err != nil {
				return err
			}
			c.Pictures = append(c.Pictures, svg)
		}
		chapters = append(chapters, c)
	}
	p := page.Page{Lang: lang, Title: words[lang]["title"], Heading: words[lang]["title"], Style: bookStyle}
	return p.Write(w, bookTemplate, map[string]any{"W": words[lang], "Chapters": chapters})
}
