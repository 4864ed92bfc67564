package browser

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"descent/internal/numjson"

	"github.com/chromedp/chromedp"
)

// studies are reports that verify themselves.
var studies = map[string][]string{
	"set":       {"iris", "-o", "sgd", "-o", "adam", "-o", "lbfgs", "-e", "5"},
	"functions": {"--suite", "classic", "--budget", "30", "-o", "sgd", "-o", "adam"},
	"file":      {"rows.csv", "-t", "price", "--model", "mlp(4)", "-e", "5", "-o", "sgd", "-o", "adam(lr=0.001..0.1, beta2=0.9..0.99)"},
}

// report makes one, and returns where it is.
func report(t testing.TB, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	table := "area,kind,price\n" + strings.Repeat("1.5,a,3.1\n2.5,b,7\n4,a,8.25\n3,b,9\n2,a,4.5\n", 16)
	if err := os.WriteFile(filepath.Join(dir, "rows.csv"), []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	program(t, dir, append(append([]string{"bench"}, args...), "--seeds", "2", "--trials", "2", "--live-report", "--out", "out")...)
	return filepath.Join(dir, "out", "report.html")
}

const (
	state    = `document.getElementById('state').textContent`
	marked   = `document.querySelectorAll('#shown .differs').length`
	verified = state + `.includes('from what was derived')`
)

// Every number of a report is derived again in a browser, with no difference.
func TestReportVerifiesItself(t *testing.T) {
	for name, args := range studies {
		t.Run(name, func(t *testing.T) {
			b := open(t, 1280, report(t, args...), "")
			b.do(chromedp.Click("#verify"))
			b.until(verified)
			text := b.text(state)
			if !regexp.MustCompile(`^(\d+) of (\d+) runs done again, [0-9,]+ values compared: 0 differ from .* What the page shows is what its results say\.`).MatchString(text) || b.text(marked) != "0" {
				t.Errorf("%s; %s places are marked", text, b.text(marked))
			}
			t.Log(text)
			b.complaints()
		})
	}
}

// A number that was changed in what a report carries, or in what it shows, is found and
// marked.
func TestReportIsTamperedWith(t *testing.T) {
	file := report(t, studies["set"]...)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`<td>[0-9.]+ %<small>`).Find(text)
	for name, c := range map[string]struct {
		page []byte
		says string
	}{
		"carried": {carrying(t, text, func(results map[string]any) {
			run := results["runs"].([]any)[3].(map[string]any)
			run["test_loss"] = run["test_loss"].(float64) + 1e-12
		}), `compared: [1-9]\d* differ.* What the page shows is what its results say\. `},
		"shown": {bytes.Replace(text, shown, []byte("<td>99.99 %<small>"), 1), `compared: 0 differ .* What the page shows is not what its results say, in 1 place,`},
	} {
		other := filepath.Join(t.TempDir(), "other.html")
		if err := os.WriteFile(other, c.page, 0o600); err != nil {
			t.Fatal(err)
		}
		b := open(t, 1280, other, "")
		b.do(chromedp.Click("#verify"))
		b.until(verified)
		if text := b.text(state); !regexp.MustCompile(c.says).MatchString(text) || b.text(marked) == "0" {
			t.Errorf("%s: %s; %s places are marked", name, text, b.text(marked))
		}
		if name == "carried" {
			if row := b.text(`document.querySelector('#differences tbody tr').textContent`); !strings.Contains(row, "run 1.test_loss") {
				t.Errorf("the difference is said to be %s", row)
			}
		}
		b.picture("report-" + name)
		b.complaints()
	}
}

// carrying is a page whose results were changed.
func carrying(t testing.TB, page []byte, change func(results map[string]any)) []byte {
	t.Helper()
	place := regexp.MustCompile(`(?s)<div id="carried" hidden>(.*?)</div>`).FindSubmatchIndex(page)
	in, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(strings.ReplaceAll(string(page[place[2]:place[3]]), "&#43;", "+"))))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := numjson.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	change(c["Results"].(map[string]any))
	if text, err = numjson.Marshal(c); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := gzip.NewWriter(&b)
	if _, err = out.Write(text); err == nil {
		err = out.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{page[:place[2]], []byte(base64.StdEncoding.EncodeToString(b.Bytes())), page[place[3]:]}, nil)
}

// A setting is changed and tried: a verdict of its own stands beside the published one, which
// stays; a mistake is told; the engine can be stopped.
func TestReportTriesSettings(t *testing.T) {
	file := report(t, studies["set"]...)
	b := open(t, 380, file, "")
	published := b.text(`document.querySelector('#shown .verdict').textContent`)
	b.do(chromedp.Click("#trying > summary"), chromedp.SetValue("#entrants p:nth-child(2) input", "adam(lr=0"),
		chromedp.Evaluate(`document.querySelector('#entrants p:nth-child(2) input').dispatchEvent(new Event('input'))`, nil), chromedp.Click("#try button[type=submit]"))
	b.until(`!document.getElementById('error').hidden`)
	b.do(chromedp.SetValue("#entrants p:nth-child(2) input", "adam(lr=1e-6)"),
		chromedp.Evaluate(`document.querySelector('#entrants p:nth-child(2) input').dispatchEvent(new Event('input'))`, nil), chromedp.Click("#try button[type=submit]"))
	b.until(`!document.getElementById('tried').hidden && document.getElementById('error').hidden`)
	if tried := b.text(`document.getElementById('concluded').textContent`); !strings.Contains(tried, "adam(lr=1e-6)") {
		t.Errorf("tried: %s", tried)
	}
	if asked := b.text(`document.getElementById('asked').textContent`); !strings.Contains(asked, "With adam(lr=1e-6). Without adam.") || !strings.Contains(asked, "2 runs done in this window, 7 runs of those that were published") {
		t.Errorf("asked: %s", asked)
	}
	if now := b.text(`document.querySelector('#shown .verdict').textContent`); now != published || b.text(`document.getElementById('published').textContent`) != published {
		t.Errorf("the published verdict is %q, and was %q", now, published)
	}
	b.picture("report-tried")
	b.wrong("tried", "wide()")
	b.wrong("tried", "contrast()")
	// It is stopped as soon as it has begun: it may be done before a click comes from outside.
	b.do(chromedp.Evaluate(`new MutationObserver((_, o) => { if (`+state+`.includes(' so far')) { o.disconnect(); document.getElementById('stop').click(); } }).observe(document.getElementById('state'), { childList: true })`, nil), chromedp.Click("#verify"))
	b.until(state + `.startsWith('Stopped. ') && document.getElementById('stop').hidden`)
	b.complaints()
}
