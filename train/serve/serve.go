// Package serve answers requests for predictions over HTTP: JSON and CSV in and out, a
// form made from the schema, health and metrics. It bounds what a request may cost, and
// an answer does not depend on what else is asked meanwhile.
package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"descent/data"
	"descent/internal/web"
	"descent/train"
)

// A Predictor computes the outputs of rows: a [train.Predictor] does.
type Predictor interface {
	Each(d data.Rows, f func(first, n int, out []train.Output) error) error
	Decide(row []float64) int
	Probabilities(row []float64) []float64
}

// A Model is what a server answers with.
type Model struct {
	Name, About string // what the page is headed by
	Predictor   *train.Predictor
	Schema      *data.Schema // of a table; nil of pictures
	Shape       []int        // of one picture
	// Answer begins an answer, as CSV or JSON, to be written to w.
	Answer func(p Predictor, w io.Writer, csv bool) Answer
}

// An Answer is given rows, block by block, and writes what is predicted of them.
type Answer interface {
	Rows(d *data.Dataset, where func(row int) string) error
	End() error
}

// Limits bound what requests may cost.
type Limits struct {
	Bytes       int64         // of a request
	Rows        int           // of a request
	Time        time.Duration // for reading and answering a request; as much again for sending the answer
	Requests    int           // that are answered at once; more are refused
	Connections int           // that are open at once; more wait
}

// Usual are limits for a small machine.
var Usual = Limits{Bytes: 4 << 20, Rows: 10_000, Time: 30 * time.Second, Requests: 32, Connections: 256}

// A Server is an [http.Handler]: GET / is the form, which POST / answers, POST /predict
// takes application/json or text/csv, GET /healthz and /metrics are for machines.
type Server struct {
	model   Model
	limits  Limits
	batch   *batcher
	running chan struct{} // has an element for each request that is answered
	metrics *measures
	http.Handler
}

// New returns a server of a model. Requests must call it by an IP address, localhost or
// one of the given hosts: a page of another site, whose name somebody lets point here,
// is refused. Times, rows and numbers of requests must be positive.
func New(m Model, l Limits, hosts ...string) *Server {
	s := &Server{model: m, limits: l, batch: newBatcher(m.Predictor, runtime.GOMAXPROCS(0)),
		running: make(chan struct{}, l.Requests), metrics: &measures{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { s.writeForm(w, r, http.StatusOK, &form{}) })
	mux.HandleFunc("POST /{$}", s.limited(s.answerForm))
	mux.HandleFunc("POST /predict", s.limited(s.predict))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.metrics.write(w, s.batch)
	})
	s.Handler = s.metrics.counting(web.Guard(mux, hosts...))
	return s
}

// limited is a handler with a bound on how many run at once, on what they read, and on
// their time.
func (s *Server) limited(f http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.running <- struct{}{}:
			defer func() { <-s.running }()
		default:
			w.Header().Set("Retry-After", "1")
			web.Fail(w, http.StatusServiceUnavailable, fmt.Errorf("%d requests are being answered; ask again in a second", s.limits.Requests))
			return
		}
		ctx, stop := context.WithTimeout(r.Context(), s.limits.Time)
		defer stop()
		r.Body = http.MaxBytesReader(w, r.Body, s.limits.Bytes)
		f(w, r.WithContext(ctx))
	}
}

// predict answers in the format of the request, or in that which Accept names.
func (s *Server) predict(w http.ResponseWriter, r *http.Request) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != jsonType && (kind != csvType || s.model.Schema == nil) {
		want := jsonType
		if s.model.Schema != nil {
			want += " or " + csvType
		}
		web.Fail(w, http.StatusUnsupportedMediaType, fmt.Errorf("Content-Type %.100q: a request is %s", kind, want))
		return
	}
	answer := kind
	if accept := r.Header.Get("Accept"); strings.Contains(accept, csvType) != strings.Contains(accept, jsonType) {
		answer = jsonType
		if strings.Contains(accept, csvType) {
			answer = csvType
		}
	}
	var out bytes.Buffer
	rows, err := s.rows(r.Body, kind)
	if err == nil {
		err = s.answer(r.Context(), &out, answer == csvType, rows)
	}
	if err != nil {
		s.failed(w, err)
		return
	}
	w.Header().Set("Content-Type", answer+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	for _, n := range rows.Notes() {
		w.Header().Add("Descent-Note", strings.Trim(strconv.QuoteToASCII(n.Text), `"`))
	}
	_, _ = out.WriteTo(w) // who asked may have gone
}

// answer predicts rows. All is written before any of it is sent, so that an error in a
// later row is one of the request.
func (s *Server) answer(ctx context.Context, w io.Writer, csv bool, rows blocks) error {
	a := s.model.Answer(s.batch.with(ctx), w, csv)
	n := 0
	for {
		d, err := rows.Next()
		if err == io.EOF {
			s.metrics.rows.Add(uint64(n))
			return a.End()
		}
		if err != nil {
			return err
		}
		if n += d.Rows(); n > s.limits.Rows {
			return &costError{fmt.Errorf("more than %d rows in a request", s.limits.Rows)}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := a.Rows(d, rows.Where); err != nil {
			return err
		}
	}
}

// A costError is a request that is too large.
type costError struct{ error }

// failed answers a request that has an error.
func (s *Server) failed(w http.ResponseWriter, err error) {
	status, err := s.status(err)
	web.Fail(w, status, err)
}

// status is what an error of a request means.
func (s *Server) status(err error) (int, error) {
	var large *http.MaxBytesError
	var advised *data.AdvisedError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, fmt.Errorf("more than %d bytes in a request", large.Limit)
	case errors.As(err, new(*costError)):
		return http.StatusRequestEntityTooLarge, err
	case errors.Is(err, os.ErrDeadlineExceeded): // of the connection
		return http.StatusRequestTimeout, fmt.Errorf("the request did not come within %v", s.limits.Time)
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, fmt.Errorf("not answered within %v", s.limits.Time)
	case errors.As(err, &advised):
		return http.StatusBadRequest, advised.Err // its advice is for who reads files
	}
	return http.StatusBadRequest, err
}

const jsonType, csvType = "application/json", "text/csv"

// Serve answers requests that come to l by a [Server] until ctx ends, and then those that
// have begun; it closes l. Clients that are too slow for the limits are cut off.
func Serve(ctx context.Context, l net.Listener, s http.Handler, limits Limits) error {
	return web.Serve(ctx, l, s, limits.Time, limits.Connections)
}
