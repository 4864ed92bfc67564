package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// Gradients that are right are called so, also beside poles and where the domain
// is small, and with the domain given.
func TestCheckRightLosses(t *testing.T) {
	for _, c := range []struct{ loss, domain string }{
		{"mean(abs(pred-target)/target)", ""}, // MAPE
		{"mean(-(target*log(pred)+(1-target)*log(1-pred)))", ""},
		{"mean(-(target*log(pred)+(1-target)*log(1-pred)))", "pred=0:1,target=0:1"},
		{"1-2*sum(pred*target)/(sum(pred)+sum(target))", ""}, // Dice
		{"1-2*sum(pred*target)/(sum(pred)+sum(target))", "pred=0:1,target=0:1"},
		{"mean((log(pred+1)-log(target+1))^2)", ""}, // MSLE
		{"mean((log(pred+1)-log(target+1))^2)", "pred=-1:5"},
		{"mean(1/pred)", "pred=-0.1:0.1"},
		{"mean(acos(pred)*target)", ""},
		{"mean(log(pred-1)*target)", ""},
		{"mean(target*log(target/pred))", "pred=0:1, target=0:1"},
		{"mean(where(abs(pred-target) < 1, (pred-target)^2, abs(pred-target)))", ""},
		{"mean(sqrt(abs(pred-target)))", ""},
		{"mean(pred^target)", ""},
		{"mean(exp(-target*pred))", ""},
		{"mean(softplus(-target*pred))", ""},
		{"logsumexp(pred)-mean(pred*target)", ""},
		{"cross_entropy(pred, target)", ""},
		{"huber", ""},
		{"bce", "pred=0:1,target=0:1"},
	} {
		status, out, errs := descent("check", "--loss", c.loss, "--domain", c.domain, "--json")
		var r lossCheck
		if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 || r.Points < 25 {
			t.Errorf("%s on %q: status %d, %d points: %v %s", c.loss, c.domain, status, r.Points, err, errs)
		}
	}
}

// Formulas that overflow where their value is small name the stable form, and
// where it is needed.
func TestCheckOverflow(t *testing.T) {
	for loss, want := range map[string]string{
		"log(1+exp(-target*pred))":                                         "softplus(-target*pred)",
		"mean(log(exp(pred)+1)-pred*target)":                               "softplus(pred)",
		"mean(-log(sigmoid(pred)))":                                        "logsigmoid(pred)",
		"mean(-log(1-sigmoid(target*pred)))":                               "logsigmoid(-target*pred)",
		"-mean(log(softmax(pred))*target)":                                 "logsoftmax(pred)",
		"-mean(log(softmax(pred, axis=1))*target)":                         "logsoftmax(pred, 1)",
		"log(sum(exp(pred)))-mean(target*pred)":                            "logsumexp(pred)",
		"mean(log(sum(exp(pred), axis=1)))-mean(target*pred)":              "logsumexp(pred, 1)",
		"log(mean(exp(pred)))-mean(target*pred)":                           "logsumexp(pred)",
		"mean((1/(1+exp(-pred))-target)^2)":                                "sigmoid(pred)",
		"mean((exp(pred)/(1+exp(pred))-target)^2)":                         "sigmoid(pred)",
		"mean(log(cosh(pred-target)))":                                     "softplus(-2*t1)",
		"mean(log(exp(pred)+exp(target))-pred)":                            "softplus(",
		"np.mean(np.log(1 + np.exp(-target*pred)))":                        "softplus(-target*pred)",
		"-mean(target*log(1/(1+exp(-pred)))+(1-target)*logsigmoid(-pred))": "sigmoid(pred)",
	} {
		status, out, errs := descent("check", "--loss", loss)
		if status != exitFailure || !strings.Contains(errs, want) || !strings.Contains(out, "float32: not finite from pred = ") || !strings.Contains(out, "trap: ") {
			t.Errorf("%s: status %d, want %q in %s%s", loss, status, want, out, errs)
		}
	}
}

// What is no mistake is said, too.
func TestCheckSays(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"mean((log(pred+1)-log(target+1))^2)"}, 0, "hint: log(pred + 1): digits are lost where the argument is near 0: log1p(pred)"},
		{[]string{"mean(target*log(pred))"}, 0, "xlogy(target, pred)"},
		{[]string{"mean((exp(pred)-1)*target)"}, 0, "expm1(pred)"},
		{[]string{"mean((pred-target)^2)"}, 0, "float32: finite up to |pred| = 1.8"},
		{[]string{"mean(log(pred)*target)", "--domain", "pred=-1:3"}, 0, "more points are not finite: they are outside the domain, which --domain gives"},
		{[]string{"mean(log(pred)*target)"}, 0, "pred: 0.2 to 3; target: normal numbers"},
		{[]string{"mean(log(-1-pred^2))"}, 1, "finite at none of 50 points: say where it is, such as --domain pred=0:1,target=0:1"},
		{[]string{"mean(sin(1e8*pred)*target)"}, 1, "nothing could be compared: the value is not finite at 0 of 50 points, differences say nothing at 50"},
		{[]string{"mse", "--domain", "x=0:1"}, 2, "--domain: x is neither pred nor target"},
		{[]string{"mse", "--domain", "pred=1"}, 2, "write name=lo:hi"},
		{[]string{"mse", "--domain", "pred=0:"}, 2, "pred needs two ends"},
		{[]string{"cross_entropy", "--domain", "target=0:1"}, 2, "the target is a class"},
		{[]string{"mean((y-pred)^2)"}, 2, "y is neither"},
		{[]string{"mean((sum(pred, axis=1, 0) - target)^2)"}, 2, "settings such as axis= come last"},
		{[]string{"mean((sum(expand_dims(pred, 0), axis=2) - target[:, 0])^2)"}, 0, ""},
		{[]string{"mean((target - reshape(sum(pred, axis=1), 4)[0:3])^2)"}, 0, ""},
		{[]string{"mean((reshape(sum(pred, axis=1), 4, 1) - sum(target, axis=1))^2)"}, 2, "4x1 and 4 make 4x4"},
	} {
		status, out, errs := descent(append([]string{"check", "--loss"}, c.args...)...)
		if slices.Contains(c.args, "") || status != c.status && c.want != "" || !strings.Contains(out+errs, c.want) {
			t.Errorf("%q: status %d, want %d, %q: %s%s", c.args, status, c.status, c.want, out, errs)
		}
	}
	if status, _, errs := descent("check", "--domain", "pred=0:1"); status != exitUsage || !strings.Contains(errs, "--loss") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// The kinks of a loss are all shown, its traps once for each part.
func TestCheckKinks(t *testing.T) {
	_, out, _ := descent("check", "--loss", "huber")
	if !strings.Contains(out, "the argument is -1") || !strings.Contains(out, "the argument is 1,") {
		t.Error(out)
	}
	_, out, _ = descent("check", "--loss", "mean(-log(pred)*target)")
	if n := strings.Count(out, "log(pred): the value is"); n != 1 {
		t.Errorf("%d times: %s", n, out)
	}
}
