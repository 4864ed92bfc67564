package fit

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"descent/internal/spec"
	"descent/losses"
)

// A Shape is a formula with a name that finds its own start: parameters that enter
// linearly are solved for by least squares, for each of the combinations of the others
// that are tried, and the least sum of squares is where a fit begins.
type Shape struct {
	spec.Row
	Formula string // with {x} for what it is a function of, and {dose} for a factor
	Params  []ShapeParam
}

// A ShapeParam is a parameter of a shape.
type ShapeParam struct {
	Name string
	Doc  string
	try  func(x scales) []float64 // nil if it is solved for
}

func linear(name, doc string) ShapeParam { return ShapeParam{name, doc, nil} }

func shapeRow(name, formula, doc, source string, params ...ShapeParam) Shape {
	return Shape{spec.Row{Name: name, Doc: doc, Source: source}, formula, params}
}

func (s Shape) as(aliases ...string) Shape { s.Aliases = aliases; return s }

const (
	ofR     = "R's "
	seber   = "Seber, Wild 1989, https://doi.org/10.1002/0471725315"
	ratkow  = "Ratkowsky 1990, Handbook of Nonlinear Regression Models"
	gadagk  = "Gadagkar, Call 2015, https://doi.org/10.1016/j.vascn.2014.08.006"
	isother = "Foo, Hameed 2010, https://doi.org/10.1016/j.cej.2009.09.013"
)

// Shapes lists the formulas that have names. Those with an alias that begins with SS
// have the formula and the parameters of R's self-starting model of that name.
var Shapes = []Shape{
	shapeRow("exponential", "a*exp(-k*{x})", "decay to 0, or growth if k is negative", seber,
		linear("a", "at 0"), ShapeParam{"k", "rate", rate}),
	shapeRow("decay", "c+a*exp(-k*{x})", "decay to c", seber,
		linear("c", "far off"), linear("a", "at 0, above c"), ShapeParam{"k", "rate", rate}),
	shapeRow("asymptotic", "Asym+(R0-Asym)*exp(-exp(lrc)*{x})", "approach to an asymptote", ofR+"SSasymp",
		linear("Asym", "asymptote"), linear("R0", "at 0"), ShapeParam{"lrc", "logarithm of the rate", logRate}).as("SSasymp"),
	shapeRow("asymptotic_origin", "Asym*(1-exp(-exp(lrc)*{x}))", "approach to an asymptote from 0", ofR+"SSasympOrig",
		linear("Asym", "asymptote"), ShapeParam{"lrc", "logarithm of the rate", logRate}).as("SSasympOrig"),
	shapeRow("asymptotic_offset", "Asym*(1-exp(-exp(lrc)*({x}-c0)))", "approach to an asymptote, 0 at c0; von Bertalanffy's growth", ofR+"SSasympOff",
		linear("Asym", "asymptote"), ShapeParam{"lrc", "logarithm of the rate", logRate}, ShapeParam{"c0", "where it is 0", place}).as("SSasympOff", "von_bertalanffy"),
	shapeRow("biexponential", "A1*exp(-exp(lrc1)*{x})+A2*exp(-exp(lrc2)*{x})", "two decays", ofR+"SSbiexp",
		linear("A1", "of the fast decay, at 0"), ShapeParam{"lrc1", "logarithm of its rate", logRate}, linear("A2", "of the slow decay, at 0"), ShapeParam{"lrc2", "logarithm of its rate", slowLogRate}).as("SSbiexp"),
	shapeRow("first_order", "{dose}*exp(lKe+lKa-lCl)*(exp(-exp(lKe)*{x})-exp(-exp(lKa)*{x}))/(exp(lKa)-exp(lKe))", "a dose absorbed and eliminated; of dose and time", ofR+"SSfol",
		ShapeParam{"lKe", "logarithm of the rate of elimination", slowLogRate}, ShapeParam{"lKa", "logarithm of the rate of absorption", logRate}, ShapeParam{"lCl", "logarithm of the clearance", logSize}).as("SSfol"),
	shapeRow("stretched", "a*exp(-(k*{x})^b)", "decay by a stretched exponential", "Kohlrausch 1854, https://doi.org/10.1002/andp.18541670103",
		linear("a", "at 0"), ShapeParam{"k", "rate", positiveRate}, ShapeParam{"b", "1 is exponential", order}),
	shapeRow("michaelis_menten", "Vm*{x}/(K+{x})", "rate of an enzyme, by concentration", ofR+"SSmicmen; Michaelis, Menten 1913",
		linear("Vm", "largest rate"), ShapeParam{"K", "where half of it is reached", size}).as("SSmicmen", "monod"),
	shapeRow("haldane", "Vm*{x}/(K+{x}+{x}^2/Ki)", "michaelis_menten with inhibition by much of it", "Andrews 1968, https://doi.org/10.1002/bit.260100602",
		linear("Vm", "rate without inhibition"), ShapeParam{"K", "where half of it is reached", size}, ShapeParam{"Ki", "where inhibition halves it", size}),
	shapeRow("hill", "Vmax*{x}^n/(K^n+{x}^n)", "response to a dose, from 0", gadagk,
		linear("Vmax", "far off"), ShapeParam{"K", "where half of it is reached", size}, ShapeParam{"n", "steepness", order}),
	shapeRow("hill4", "bottom+(top-bottom)*{x}^n/(EC50^n+{x}^n)", "response to a dose", gadagk,
		linear("bottom", "without a dose"), linear("top", "far off"), ShapeParam{"EC50", "half way", size}, ShapeParam{"n", "steepness", order}).as("emax"),
	shapeRow("logistic", "Asym/(1+exp((xmid-{x})/scal))", "growth from 0 to an asymptote", ofR+"SSlogis",
		linear("Asym", "asymptote"), ShapeParam{"xmid", "half way", place}, ShapeParam{"scal", "width of the rise", width}).as("SSlogis", "logistic3"),
	shapeRow("logistic4", "A+(B-A)/(1+exp((xmid-{x})/scal))", "from one asymptote to another", ofR+"SSfpl",
		linear("A", "left asymptote"), linear("B", "right asymptote"), ShapeParam{"xmid", "half way", place}, ShapeParam{"scal", "width of the rise", width}).as("SSfpl"),
	shapeRow("logistic5", "A+(B-A)/(1+exp((xmid-{x})/scal))^s", "from one asymptote to another, not the same on both sides; Richards' curve", "Richards 1959, https://doi.org/10.1093/jxb/10.2.290",
		linear("A", "left asymptote"), linear("B", "right asymptote"), ShapeParam{"xmid", "half way if s is 1", place}, ShapeParam{"scal", "width of the rise", width}, ShapeParam{"s", "1 is the same on both sides", order}).as("richards"),
	shapeRow("gompertz", "Asym*exp(-b2*b3^{x})", "growth to an asymptote, fastest early", ofR+"SSgompertz",
		linear("Asym", "asymptote"), ShapeParam{"b2", "logarithm of the asymptote over what is at 0", factor}, ShapeParam{"b3", "what is left of that after one unit", base}).as("SSgompertz"),
	shapeRow("weibull", "Asym-Drop*exp(-exp(lrc)*{x}^pwr)", "growth to an asymptote, by Weibull's distribution", ofR+"SSweibull",
		linear("Asym", "asymptote"), linear("Drop", "how far below it is at 0"), ShapeParam{"lrc", "logarithm of the rate", logPowerRate}, ShapeParam{"pwr", "power of x", order}).as("SSweibull"),
	shapeRow("gaussian", "a*exp(-(({x}-mid)/width)^2/2)", "a peak", seber,
		linear("a", "height"), ShapeParam{"mid", "where it is", place}, ShapeParam{"width", "its standard deviation", width}),
	shapeRow("gaussian_base", "base+a*exp(-(({x}-mid)/width)^2/2)", "a peak on a base line", seber,
		linear("base", "far off"), linear("a", "height"), ShapeParam{"mid", "where it is", place}, ShapeParam{"width", "its standard deviation", width}),
	shapeRow("lorentzian", "base+a/(1+(({x}-mid)/width)^2)", "a peak with wide wings on a base line", "Olver and others, NIST DLMF, 7.19",
		linear("base", "far off"), linear("a", "height"), ShapeParam{"mid", "where it is", place}, ShapeParam{"width", "half of its width at half of its height", width}),
	shapeRow("power", "a*{x}^b", "a power law", seber,
		linear("a", "at 1"), ShapeParam{"b", "exponent", exponent}).as("allometric"),
	shapeRow("power_offset", "c+a*{x}^b", "a power law above c", seber,
		linear("c", "at 0"), linear("a", "at 1, above c"), ShapeParam{"b", "exponent", exponent}),
	shapeRow("arrhenius", "A*exp(-Ea/(8.314462618*{x}))", "rate by absolute temperature; Ea in joules per mole", "Arrhenius 1889, https://doi.org/10.1515/zpch-1889-0416",
		linear("A", "far off"), ShapeParam{"Ea", "activation energy", energy}),
	shapeRow("langmuir", "qmax*K*{x}/(1+K*{x})", "what a surface adsorbs, by concentration", isother,
		linear("qmax", "far off"), ShapeParam{"K", "one over where half of it is reached", inverse}),
	shapeRow("freundlich", "K*{x}^(1/n)", "what a rough surface adsorbs", isother,
		linear("K", "at 1"), ShapeParam{"n", "one over the exponent", order}),
	shapeRow("hyperbola", "a/(1+k*{x})", "decay of the second order", seber,
		linear("a", "at 0"), ShapeParam{"k", "rate", positiveRate}),
	shapeRow("ricker", "a*{x}*exp(-b*{x})", "recruits by stock", "Ricker 1954, https://doi.org/10.1139/f54-039",
		linear("a", "slope at 0"), ShapeParam{"b", "one over where it is largest", positiveRate}),
	shapeRow("beverton_holt", "a*{x}/(1+b*{x})", "recruits by stock, to an asymptote", "Beverton, Holt 1957",
		linear("a", "slope at 0"), ShapeParam{"b", "one over where half of a/b is reached", inverse}),
	shapeRow("antoine", "A-B/(C+{x})", "logarithm of a vapour's pressure, by temperature", "Thomson 1946, https://doi.org/10.1021/cr60119a001",
		linear("A", "far off"), linear("B", "slope"), ShapeParam{"C", "offset of the temperature", size}),
	shapeRow("sine", "mean+a*cos(2*pi*{x}/period)+b*sin(2*pi*{x}/period)", "a wave", "Bloomfield 2000, https://doi.org/10.1002/0471722235",
		linear("mean", ""), linear("a", "of the cosine"), linear("b", "of the sine"), ShapeParam{"period", "", period}),
	shapeRow("line", "a+b*{x}", "a line", ratkow, linear("a", "at 0"), linear("b", "slope")),
	shapeRow("parabola", "a+b*{x}+c*{x}^2", "a parabola", ratkow, linear("a", "at 0"), linear("b", "slope at 0"), linear("c", "half of the curvature")),
}

// names are those of the parameters.
func (s *Shape) names() (out []string) {
	for _, p := range s.Params {
		out = append(out, p.Name)
	}
	return out
}

// Usage is how the shape is called.
func (s *Shape) Usage() string {
	if s.doses() {
		return s.Name + "(dose, x)"
	}
	return s.Name + "(x)"
}

// Text is the formula as one would write it, of x and dose.
func (s *Shape) Text() string {
	return strings.NewReplacer("{x}", "x", "{dose}", "dose").Replace(s.Formula)
}

func (s *Shape) doses() bool { return strings.Contains(s.Formula, "{dose}") }

// A called is a shape with what it is called with.
type called struct {
	*Shape
	inputs []*losses.Formula // what it is a function of: {x} last
	params []string          // by names of the caller's
}

var callOfShape = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z_0-9]*)\s*\((.*)\)\s*$`)

// expand returns the formula of a text that is one call of a shape, such as
// "logistic(log(x))", or with other names, "logistic(log(x), top, half, wide)". The
// call is nil if the text is none.
func expand(text string) (string, *called, error) {
	match := callOfShape.FindStringSubmatch(text)
	if match == nil {
		return text, nil, nil
	}
	i := slices.IndexFunc(Shapes, func(s Shape) bool { return s.Name == match[1] || slices.Contains(s.Aliases, match[1]) })
	if i < 0 {
		return text, nil, nil
	}
	c, args := &called{Shape: &Shapes[i]}, arguments(match[2])
	if args == nil {
		return text, nil, nil // the brackets are not those of one call
	}
	inputs := 1
	if c.doses() {
		inputs = 2
	}
	if c.params = c.names(); len(args) == inputs+len(c.params) {
		c.params = args[inputs:]
	} else if len(args) != inputs {
		return "", nil, fmt.Errorf("write %s, or with other names of its parameters after that: %s", c.Usage(), strings.Join(c.params, ", "))
	}
	places := map[string]string{"{x}": "(" + args[inputs-1] + ")", "{dose}": "(" + args[0] + ")"}
	for k, name := range c.names() {
		if places[name] = c.params[k]; !word.MatchString(c.params[k]) || word.FindString(c.params[k]) != c.params[k] {
			return "", nil, fmt.Errorf("%s: %q is no name for the parameter %s", c.Name, c.params[k], name)
		}
	}
	for _, arg := range args[:inputs] {
		f, err := losses.Parse(arg)
		if err != nil {
			return "", nil, err
		}
		c.inputs = append(c.inputs, f)
	}
	return word.ReplaceAllStringFunc(c.Formula, func(name string) string {
		if to, ok := places[name]; ok {
			return to
		}
		return name
	}), c, nil
}

// word is a name of a formula, or a place for one.
var word = regexp.MustCompile(`\{[a-z]+\}|[A-Za-z_][A-Za-z_0-9]*`)

// arguments divides a text at the commas that stand in no brackets; nil if brackets
// close that were not opened.
func arguments(text string) (out []string) {
	depth, from, quoted := 0, 0, false
	for i, c := range text {
		switch {
		case c == '`':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			if depth--; depth < 0 {
				return nil
			}
		case c == ',' && depth == 0:
			out, from = append(out, strings.TrimSpace(text[from:i])), i+1
		}
	}
	return append(out, strings.TrimSpace(text[from:]))
}
