package fit

import (
	"math"

	"descent/internal/elementary"
	"descent/internal/leastsq"
)

// Criteria compare models of the same response: the logarithm of the likelihood of
// normal errors, and what it costs to have k parameters, of which one is the
// variance unless sigma is absolute.
//
//	AIC = 2k - 2 log L,  AICc = AIC + 2k(k+1)/(n-k-1),  BIC = k log n - 2 log L
//
// Akaike 1974, https://doi.org/10.1109/TAC.1974.1100705; Hurvich, Tsai 1989,
// https://doi.org/10.1093/biomet/76.2.297; Schwarz 1978,
// https://doi.org/10.1214/aos/1176344136. They are R's logLik, AIC and BIC.
type Criteria struct {
	LogLikelihood float64 `json:"log_likelihood"`
	K             int     `json:"k"`
	AIC           float64 `json:"aic"`
	AICc          float64 `json:"aicc"` // infinite where there are too few rows for it
	BIC           float64 `json:"bic"`
}

// criteria are those of n rows with square roots of weights, nil if all count alike.
func (f *Fit) criteria(root []float64) *Criteria {
	n, k := float64(f.Rows), f.Rows-f.DOF
	var logs leastsq.Sum // log of the weights, half
	for _, r := range root {
		logs.Add(elementary.Log(r))
	}
	c := &Criteria{K: k + 1}
	if f.model.Weights.Absolute {
		c.K = k
		c.LogLikelihood = logs.Value() - float64(n/2*elementary.Log(2*math.Pi)) - float64(f.RSS/2)
	} else {
		c.LogLikelihood = logs.Value() - float64(n/2*(elementary.Log(2*math.Pi)+1+elementary.Log(f.RSS/n)))
	}
	p := float64(c.K)
	c.AIC = float64(2*p) - float64(2*c.LogLikelihood)
	c.BIC = float64(p*elementary.Log(n)) - float64(2*c.LogLikelihood)
	c.AICc = math.Inf(1)
	if n-p-1 > 0 {
		c.AICc = c.AIC + float64(2*p*(p+1))/(n-p-1)
	}
	return c
}
