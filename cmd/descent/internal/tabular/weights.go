package tabular

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"descent/data"
	"descent/internal/spec"
	"descent/internal/suggest"
	"descent/losses"
)

// Weigh notes whether rows have weights, and reads those of classes, as --class-weight has
// them. These have mean 1 over the training rows, so that the loss keeps its scale.
func (s *Setup) Weigh(classWeight string, d *data.Dataset) error {
	s.Weighted = d.Weight != nil
	if classWeight == "" {
		return nil
	}
	if s.Classes == 0 {
		return fmt.Errorf("--class-weight %s: the target is a number; --weight names a column of weights", classWeight)
	}
	count, total := make([]float64, s.Classes), 0.0
	for i, c := range d.Class {
		w := 1.0
		if s.Weighted {
			w = d.Weight[i]
		}
		count[c] += w
		total += w
	}
	each, err := classWeights(classWeight, d.Classes, count)
	if err != nil {
		return fmt.Errorf("--class-weight %s: %w", classWeight, err)
	}
	mean := 0.0
	for c, w := range each {
		mean += float64(w * count[c] / total)
	}
	s.ClassWeights = each
	for c := range each {
		each[c] /= mean
	}
	return nil
}

// classWeights reads "balanced", which is 1 over how many rows a class has, or a weight
// for each class.
func classWeights(text string, classes []string, count []float64) ([]float64, error) {
	each := make([]float64, len(classes))
	if text == "balanced" {
		for c := range each {
			if each[c] = 1 / count[c]; count[c] == 0 {
				return nil, fmt.Errorf("no training row is of class %s", classes[c])
			}
		}
		return each, nil
	}
	for _, part := range strings.Split(text, ",") {
		at := strings.LastIndex(part, "=")
		if at < 0 {
			return nil, fmt.Errorf("balanced, or a weight for each class, such as %s=20,%s=1", classes[len(classes)-1], classes[0])
		}
		name, number := strings.TrimSpace(part[:at]), strings.TrimSpace(part[at+1:])
		c := slices.Index(classes, name)
		if c < 0 {
			return nil, noSuchClass(name, classes)
		}
		w, err := strconv.ParseFloat(number, 64)
		if err != nil || !(w > 0 && w <= 1e6) {
			return nil, fmt.Errorf("the weight %q of %s: it is a number above 0, up to a million", number, name)
		}
		if each[c] > 0 {
			return nil, fmt.Errorf("class %s is given twice", name)
		}
		each[c] = w
	}
	for c, w := range each {
		if w == 0 {
			return nil, fmt.Errorf("class %s has no weight: each of %s needs one", classes[c], strings.Join(classes, ", "))
		}
	}
	return each, nil
}

func noSuchClass(name string, classes []string) error {
	if near := suggest.Nearest(name, classes); near != "" {
		return fmt.Errorf("no class %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("no class %q; there are %s", name, strings.Join(classes, ", "))
}

// Unreduced is a loss that gives one for each row, which weights can multiply.
func Unreduced(loss *losses.Spec) (*losses.Spec, error) {
	if losses.IsFormula(loss.String()) || !loss.Args.Has("reduction") {
		return nil, fmt.Errorf("loss %s gives one number for all rows, so that rows and classes cannot have weights; write the weights into the formula, or choose a named loss", loss)
	}
	if !loss.Args.Is("reduction", "mean") {
		return nil, fmt.Errorf("loss %s: with weights of rows or classes the loss is their mean; leave the reduction out", loss)
	}
	call := loss.Args.Call()
	call.Args = append(call.Args, spec.Arg{Name: "reduction", Value: losses.None.String()})
	return losses.ByName(call.String())
}

// LossText is the loss with the weights of classes that it has.
func (s *Setup) LossText(classWeight string) string {
	if classWeight == "" {
		return s.Loss.String()
	}
	return s.Loss.String() + ", class weights " + classWeight
}
