package serve

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ends of the buckets of durations, in seconds.
var ends = [...]float64{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30}

// measures are what is counted of requests.
type measures struct {
	rows     atomic.Uint64
	inFlight atomic.Int64

	mu       sync.Mutex
	requests map[string]uint64 // by labels
	within   [len(ends)]uint64 // durations up to each end
	seconds  float64
	count    uint64
}

// A recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] through.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// paths are those that are told apart; nobody can make more.
var paths = []string{"/", "/predict", "/healthz", "/metrics"}

// counting counts what a handler answers.
func (m *measures) counting(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.inFlight.Add(1)
		begun, out := time.Now(), &recorder{w, http.StatusOK}
		defer func() {
			m.inFlight.Add(-1)
			path := r.URL.Path
			if !slices.Contains(paths, path) {
				path = "other"
			}
			m.add(path, out.status, time.Since(begun).Seconds())
		}()
		h.ServeHTTP(out, r)
	})
}

func (m *measures) add(path string, status int, seconds float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.requests == nil {
		m.requests = map[string]uint64{}
	}
	m.requests[fmt.Sprintf("path=%q,code=\"%d\"", path, status)]++
	m.seconds, m.count = m.seconds+seconds, m.count+1
	for i, end := range ends {
		if seconds <= end {
			m.within[i]++
		}
	}
}

// write writes all as Prometheus reads it
// (https://prometheus.io/docs/instrumenting/exposition_formats/).
func (m *measures) write(w io.Writer, b *batcher) {
	head := func(name, kind, help string) { fmt.Fprintf(w, "# HELP %s %s\n# TYPE %[1]s %[3]s\n", name, help, kind) }
	single := func(name, kind, help string, value any) {
		head(name, kind, help)
		fmt.Fprintf(w, "%s %v\n", name, value)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	head("descent_requests_total", "counter", "Requests answered, by path and status.")
	for _, labels := range slices.Sorted(maps.Keys(m.requests)) {
		fmt.Fprintf(w, "descent_requests_total{%s} %d\n", labels, m.requests[labels])
	}
	head("descent_request_seconds", "histogram", "Time from the head of a request to the end of its answer.")
	for i, end := range ends {
		fmt.Fprintf(w, "descent_request_seconds_bucket{le=\"%v\"} %d\n", end, m.within[i])
	}
	fmt.Fprintf(w, "descent_request_seconds_bucket{le=\"+Inf\"} %d\ndescent_request_seconds_sum %v\ndescent_request_seconds_count %[1]d\n", m.count, m.seconds)
	single("descent_requests_in_flight", "gauge", "Requests that are being answered.", m.inFlight.Load())
	single("descent_rows_total", "counter", "Rows predicted.", m.rows.Load())
	runs, rows := b.counts()
	single("descent_batches_total", "counter", "Batches computed.", runs)
	single("descent_batch_rows_total", "counter", "Rows in these batches, without what fills them up.", rows)
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	metrics.Read(sample)
	single("descent_memory_bytes", "gauge", "Memory that the program has from the system.", sample[0].Value.Uint64())
	single("descent_goroutines", "gauge", "Goroutines.", sample[1].Value.Uint64())
}
