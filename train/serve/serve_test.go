package serve_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"descent/data"
	"descent/graph"
	"descent/internal/numjson"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/train"
	"descent/train/serve"
)

// An answer writes the first output of each row.
type answer struct {
	p    serve.Predictor
	w    io.Writer
	csv  bool
	rows [][]float64
	hold func()
}

func (a *answer) Rows(d *data.Dataset, where func(int) string) error {
	if a.hold != nil {
		a.hold()
	}
	return a.p.Each(d, func(first, n int, out []train.Output) error {
		for i := range n {
			width := len(out[0].Values) / n
			a.rows = append(a.rows, slices.Clone(out[0].Values[i*width:(i+1)*width]))
		}
		if math.IsNaN(out[0].Values[0]) {
			return errors.New(where(first))
		}
		return nil
	})
}

func (a *answer) End() error {
	if !a.csv {
		return numjson.Write(a.w, a.rows, "")
	}
	w := csv.NewWriter(a.w)
	_ = w.Write([]string{"prediction"})
	for _, row := range a.rows {
		_ = w.Write([]string{fmt.Sprint(row[0])})
	}
	w.Flush()
	return w.Error()
}

// model returns one of so many inputs, untrained; of a table if there is a schema.
func model(t *testing.T, inputs int, dtype graph.Dtype, schema *data.Schema, hold func()) serve.Model {
	t.Helper()
	tr, err := train.New(train.Task{Model: models.MLP(ops.Tanh, 32, 3), Loss: losses.CrossEntropy, Features: inputs, Classes: 3}, optimizers.SGD(), dtype, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tr.Predictor()
	if err != nil {
		t.Fatal(err)
	}
	return serve.Model{Name: "a & <b>", About: "of a test", Predictor: p, Schema: schema, Shape: []int{inputs / 28, 28},
		Answer: func(p serve.Predictor, w io.Writer, csv bool) serve.Answer {
			return &answer{p: p, w: w, csv: csv, hold: hold}
		}}
}

// flowers is a table with a column of each kind.
const flowers = "size,<b>color,when,note,kind\n" +
	"1.5,red,2024-01-01,a b c d e f g,a\n2.5,blue,2024-02-01,b c d e f g h,b\n3.5,red,2024-03-09,c d e f g h i,a\n,blue,2024-04-01,d e f g h i j,b\n5.5,,2024-05-01,e f g h i j k,a\n6.5,red,2024-06-01,f g h i j k l,b\n"

// schema is that of the flowers.
func schema(t *testing.T) *data.Schema {
	t.Helper()
	table, err := data.ReadCSV(strings.NewReader(flowers), data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := (&data.Source{Name: "flowers", Table: table}).Prepare("kind", data.Options{Seed: 1, Text: []string{"note"}})
	if err != nil {
		t.Fatal(err)
	}
	return parts.Schema
}

func tableServer(t *testing.T, limits serve.Limits, hold func()) http.Handler {
	t.Helper()
	s := schema(t)
	return serve.New(model(t, len(s.Features()), graph.Float32, s, hold), limits, "models.example.com")
}

// ask sends a request.
func ask(h http.Handler, method, path, kind, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	jsonType = "application/json"
	csvType  = "text/csv"
	formType = "application/x-www-form-urlencoded"

	head    = "size,<b>color,when,note\n"
	goodCSV = head + "2,red,2024-01-01,a b\n,blue,2024-02-01,\n"
	good    = `{"size": 2, "<b>color": "red", "when": "2024-01-01", "note": "a b", "more": [{"is": 1}]}`
	other   = `{"note": null, "size": null, "<b>color": "blue", "when": "2024-02-01"}`
)

// The same rows have the same answers, however they are written.
func TestAnswers(t *testing.T) {
	h := tableServer(t, serve.Usual, nil)
	want := ask(h, "POST", "/predict", csvType, goodCSV, "Accept", jsonType).Body.String()
	if strings.Count(want, ",") != 5 {
		t.Fatal(want)
	}
	for _, body := range []string{"[" + good + "," + other + "]", good + "\n" + other, " [\n" + good + ",\n" + strings.Replace(other, `"blue"`, `" Blue\n"`, 1) + "]"} {
		if w := ask(h, "POST", "/predict", jsonType+"; charset=utf-8", body); w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%s: %d %s, want %s", body, w.Code, w.Body, want)
		}
	}
	as := ask(h, "POST", "/predict", jsonType, good, "Accept", csvType)
	if body := as.Body.String(); !strings.HasPrefix(body, "prediction\n") || as.Header().Get("Content-Type") != csvType+"; charset=utf-8" {
		t.Errorf("as CSV: %v %s", as.Header(), body)
	}
	unseen := ask(h, "POST", "/predict", jsonType, strings.Replace(good, "red", "gr\u00fcn", 1))
	if note := unseen.Header().Get("Descent-Note"); unseen.Code != http.StatusOK || !strings.Contains(note, `gr\u00fcn`) {
		t.Errorf("an unknown word: %d %v", unseen.Code, unseen.Header())
	}
}

// What cannot be answered is refused, with the reason, and named by its row.
func TestRefused(t *testing.T) {
	limits := serve.Usual
	limits.Bytes, limits.Rows = 10_000, 20
	h := tableServer(t, limits, nil)
	pictures := serve.New(model(t, 784, graph.Float32, nil, nil), limits)
	for _, c := range []struct {
		h                        http.Handler
		method, path, kind, body string
		status                   int
		want                     string
		header                   []string
	}{
		{h, "POST", "/predict", jsonType, "", 400, "there are no rows", nil},
		{h, "POST", "/predict", jsonType, "[]", 400, "there are no rows", nil},
		{h, "POST", "/predict", jsonType, "[" + good, 400, "JSON: unexpected EOF", nil},
		{h, "POST", "/predict", jsonType, "[" + good + "] 1", 400, "behind the list of rows", nil},
		{h, "POST", "/predict", jsonType, "[" + good + ", 3]", 400, "row 2: it is not an object", nil},
		{h, "POST", "/predict", jsonType, `{"size": 1, "size": 2}`, 400, "duplicate object member", nil},
		{h, "POST", "/predict", jsonType, `{"size": 1}`, 400, `no column \"\u003cb\u003ecolor\"`, nil},
		{h, "POST", "/predict", jsonType, good + `{"size": 1}`, 400, `row 2: there is no \"\u003cb\u003ecolor\"; null stands`, nil},
		{h, "POST", "/predict", jsonType, good + strings.Replace(good, "2", "[2]", 1), 400, `row 2: \"size\" is a list`, nil},
		{h, "POST", "/predict", jsonType, good + strings.Replace(good, "2", `"x"`, 1), 400, `row 2: column \"size\": \"x\" is not a number`, nil},
		{h, "POST", "/predict", jsonType, strings.Replace(good, "2024-01-01", "soon", 1), 400, `row 1: column \"when\": \"soon\" is not a date`, nil},
		{h, "POST", "/predict", jsonType, strings.Repeat(good, 21), 413, "more than 20 rows", nil},
		{h, "POST", "/predict", jsonType, strings.Repeat(" ", 20_000), 413, "more than 10000 bytes", nil},
		{h, "POST", "/predict", csvType, head + strings.Repeat("2,red,2024-01-01,a\n", 21), 413, "more than 20 rows", nil},
		{h, "POST", "/predict", csvType, head + strings.Repeat("2,red,2024-01-01,a\n", 2000), 413, "more than 10000 bytes", nil},
		{h, "POST", "/predict", csvType, head + "2,red,2024-01-01,a\n2,red\n", 400, "request:3: 2 fields, the header has 4", nil},
		{h, "POST", "/predict", csvType, "size\n1\n", 400, "no column", nil},
		{h, "POST", "/predict", "text/html", good, 415, "application/json or text/csv", nil},
		{h, "GET", "/predict", "", "", 405, "", nil},
		{h, "DELETE", "/", "", "", 405, "", nil},
		{h, "GET", "/etc/passwd", "", "", 404, "", nil},
		{h, "GET", "/..%2f..%2fetc/passwd", "", "", 404, "", nil},
		{h, "GET", "/", "", "", 421, "evil.example.com", []string{"Host", "evil.example.com"}},
		{h, "GET", "/", "", "", 200, "", []string{"Host", "models.example.com:8080"}},
		{h, "GET", "/", "", "", 200, "", []string{"Host", "LOCALHOST:8080"}},
		{h, "GET", "/", "", "", 200, "", []string{"Host", "[::1]:8080"}},
		{h, "POST", "/predict", jsonType, good, 403, "another site", []string{"Origin", "http://evil.example.com"}},
		{h, "POST", "/predict", jsonType, good, 403, "another site", []string{"Sec-Fetch-Site", "cross-site"}},
		{h, "POST", "/predict", jsonType, good, 200, "", []string{"Origin", "http://127.0.0.1"}},
		{pictures, "POST", "/predict", csvType, "a\n1\n", 415, "a request is application/json", nil},
		{pictures, "POST", "/predict", jsonType, "", 400, "a list of pictures", nil},
		{pictures, "POST", "/predict", jsonType, "[[", 400, "JSON: unexpected EOF", nil},
		{pictures, "POST", "/predict", jsonType, "[0.5]", 400, "row 1 is not a list", nil},
		{pictures, "POST", "/predict", jsonType, "[[0.5, 1]]", 400, "row 1 has not the 784 numbers of a picture of [28 28]", nil},
		{pictures, "POST", "/predict", jsonType, "[[0.5, 2]]", 400, "row 1: 2 is not from 0 to 1", nil},
		{pictures, "POST", "/predict", jsonType, `[[0.5, "a"]]`, 400, "row 1: a picture has numbers", nil},
		{pictures, "POST", "/predict", jsonType, "[[" + strings.Repeat("0,", 784) + "0]]", 400, "row 1 has not the 784", nil},
		{pictures, "POST", "/", formType, "", 400, "POST /predict", nil},
	} {
		w := ask(c.h, c.method, c.path, c.kind, c.body, c.header...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s %.60q %v: %d %.300s, want %d %s", c.method, c.path, c.body, c.header, w.Code, w.Body, c.status, c.want)
		}
	}
}

// An answer has the same bits whoever else asks, also where sums of a program for one
// row have another order than those of one for many.
func TestCompanyChangesNothing(t *testing.T) {
	h := serve.New(model(t, 784, graph.Float64, nil, nil), serve.Usual)
	body := func(k int) string {
		var rows []string
		for i := range 1 + k%20 {
			numbers := make([]string, 784)
			for j := range numbers {
				numbers[j] = strconv.FormatFloat(0.5+0.5*math.Sin(float64(j*(k+3)+7*i)), 'g', 6, 64)
			}
			rows = append(rows, "["+strings.Join(numbers, ",")+"]")
		}
		return "[" + strings.Join(rows, ",") + "]"
	}
	const requests = 40
	alone := make([]string, requests)
	for k := range alone {
		w := ask(h, "POST", "/predict", jsonType, body(k))
		if alone[k] = w.Body.String(); w.Code != http.StatusOK || strings.Count(alone[k], ",") != 3*(1+k%20)-1 {
			t.Fatalf("%d: %s", w.Code, alone[k])
		}
	}
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			for i := range requests {
				k := (i*7 + c*5) % requests
				if got := ask(h, "POST", "/predict", jsonType, body(k)).Body.String(); got != alone[k] {
					t.Errorf("request %d among others: %.100s, want %.100s", k, got, alone[k])
				}
			}
		})
	}
	clients.Wait()
	text := ask(h, "GET", "/metrics", "", "").Body.String()
	batches, rows := metric(t, text, "descent_batches_total"), metric(t, text, "descent_batch_rows_total")
	if want := metric(t, text, "descent_rows_total"); rows != want || batches >= want {
		t.Errorf("%v batches of %v rows, and %v rows were answered", batches, rows, want)
	}
}

// metric returns a number of /metrics.
func metric(t *testing.T, text, name string) float64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in %s", name, text)
	}
	x, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// All lines are as Prometheus reads them, and say what was asked.
func TestMetrics(t *testing.T) {
	h := tableServer(t, serve.Usual, nil)
	ask(h, "POST", "/predict", jsonType, good+other)
	ask(h, "POST", "/predict", jsonType, "x")
	ask(h, "GET", "/nowhere", "", "")
	ask(h, "GET", "/"+strings.Repeat("x", 50), "", "")
	w := ask(h, "GET", "/metrics", "", "")
	line := regexp.MustCompile(`^(# (HELP|TYPE) descent_[a-z_]+ .+|descent_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+)$`)
	for s := range strings.Lines(w.Body.String()) {
		if !line.MatchString(strings.TrimSuffix(s, "\n")) {
			t.Errorf("line %q", s)
		}
	}
	for name, want := range map[string]float64{`descent_requests_total{path="/predict",code="200"}`: 1, `descent_requests_total{path="/predict",code="400"}`: 1,
		`descent_requests_total{path="other",code="404"}`: 2, "descent_rows_total": 2, "descent_request_seconds_count": 4, `descent_request_seconds_bucket{le="+Inf"}`: 4, "descent_requests_in_flight": 1} {
		if got := metric(t, w.Body.String(), name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if w := ask(h, "GET", "/healthz", "", ""); w.Code != http.StatusOK || w.Body.String() != "ok\n" {
		t.Errorf("health: %d %s", w.Code, w.Body)
	}
}

// The form has a field for each column, and what is filled in is predicted.
func TestForm(t *testing.T) {
	h := tableServer(t, serve.Usual, nil)
	page := ask(h, "GET", "/", "", "").Body.String()
	for _, want := range []string{"a &amp; &lt;b&gt;", "&lt;b&gt;color", `<option value="blue"`, `<option value="">(missing)`, "1.5 to 6.5 in training", "a date", "<textarea", "http://127.0.0.1/predict", "default-src &#39;none&#39;"} {
		if !strings.Contains(page, want) && !strings.Contains(page, strings.ReplaceAll(want, "&#39;", "'")) {
			t.Errorf("no %s in %s", want, page)
		}
	}
	if strings.Contains(page, "<b>color") || strings.Contains(page, "<script") {
		t.Error("a name is not escaped, or there is a script")
	}
	want := ask(h, "POST", "/predict", jsonType, good, "Accept", csvType).Body.String()
	number := strings.Split(want, "\n")[1]
	filled := ask(h, "POST", "/", formType, "c0=2&c1=red&c2=2024-01-01&c3=a%0Ab")
	if filled.Code != http.StatusOK || !strings.Contains(filled.Body.String(), "<td>"+number+"</td>") || !strings.Contains(filled.Body.String(), `<option value="red" selected>`) {
		t.Errorf("%d, no %s in %s", filled.Code, number, filled.Body)
	}
	for body, want := range map[string]string{"c0=%3Cx%3E&c1=red&c2=2024-01-01&c3=": "&lt;x&gt;", "c0=2": "is not in the form"} {
		if w := ask(h, "POST", "/", formType, body); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

// At most so many requests are answered at once, and none for longer than allowed.
func TestLimits(t *testing.T) {
	limits := serve.Usual
	limits.Requests = 1
	begun, release := make(chan bool), make(chan bool)
	h := tableServer(t, limits, func() { begun <- true; <-release })
	first := make(chan int)
	go func() { first <- ask(h, "POST", "/predict", jsonType, good).Code }()
	<-begun
	if w := ask(h, "POST", "/predict", jsonType, good); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" {
		t.Errorf("a second request: %d %v", w.Code, w.Header())
	}
	if w := ask(h, "GET", "/healthz", "", ""); w.Code != http.StatusOK {
		t.Errorf("health while a request is answered: %d", w.Code)
	}
	close(release)
	if code := <-first; code != http.StatusOK {
		t.Errorf("the first request: %d", code)
	}
	limits.Time = time.Nanosecond
	if w := ask(tableServer(t, limits, nil), "POST", "/predict", jsonType, good); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "not answered within 1ns") {
		t.Errorf("without time: %d %s", w.Code, w.Body)
	}
}

// listen serves until the function that is returned is called, which returns what Serve does.
func listen(t *testing.T, h http.Handler, limits serve.Limits) (addr string, end func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve.Serve(ctx, l, h, limits) }()
	once := sync.OnceValue(func() error { stop(); return <-ended })
	t.Cleanup(func() {
		if err := once(); err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), once
}

func dial(t *testing.T, addr, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err == nil {
		_, err = io.WriteString(c, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A client that is too slow is cut off, and takes nobody else's place for longer.
func TestSlowClients(t *testing.T) {
	limits := serve.Usual
	limits.Time, limits.Connections = 200*time.Millisecond, 1
	addr, _ := listen(t, tableServer(t, limits, nil), limits)
	for text, want := range map[string]string{
		"POST /predict HTTP/1.1\r\nHost: local": "", // the head does not end
		"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + jsonType + "\r\nContent-Length: 100\r\n\r\n[{": "408 Request Timeout",
	} {
		slow := dial(t, addr, text)
		waits := dial(t, addr, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		got, err := io.ReadAll(slow)
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%.60q: %q, %v", text, got, err)
		}
		if got, err := io.ReadAll(waits); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 200 OK") {
			t.Errorf("a connection that waited: %q, %v", got, err)
		}
	}
}

// What has begun when the server is ended is answered, and nothing after it.
func TestOrderlyEnd(t *testing.T) {
	begun, release := make(chan bool), make(chan bool)
	addr, end := listen(t, tableServer(t, serve.Usual, func() { begun <- true; <-release }), serve.Usual)
	idle := dial(t, addr, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if _, err := bufio.NewReader(idle).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	busy := dial(t, addr, fmt.Sprintf("POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", jsonType, len(good), good))
	<-begun
	ended := make(chan error)
	go func() { ended <- end() }()
	if _, err := io.ReadAll(idle); err != nil {
		t.Error(err)
	}
	select {
	case err := <-ended:
		t.Fatalf("ended before the answer: %v", err)
	default:
	}
	close(release)
	if got, err := io.ReadAll(busy); err != nil || !strings.Contains(string(got), "200 OK") {
		t.Errorf("%q, %v", got, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("a connection after the end")
	}
}
