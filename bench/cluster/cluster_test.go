package cluster

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"descent/bench"
	"descent/bench/journal"
	"descent/internal/numjson"

	"github.com/nats-io/nats.go"
)

// wait is how long anything may take in these tests.
const wait = 20 * time.Second

// study is one that takes a moment, with a journal in a folder.
func study(t testing.TB, dir string) *bench.Study {
	t.Helper()
	s := &bench.Study{Name: "few", Budget: 50, Seed: 1, Seeds: 3, Trials: 4, Workers: 2}
	for _, f := range bench.Functions[:3] {
		s.Problems = append(s.Problems, f)
	}
	for _, text := range []string{"sgd", "adam"} {
		e, err := bench.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		s.Entrants = append(s.Entrants, e)
	}
	var err error
	if s.Journal, err = journal.Open(filepath.Join(dir, "journal.jsonl")); err != nil {
		t.Fatal(err)
	}
	return s
}

const jobs = 3 * 2 * (1 + 4 + 3) // of this study

// runner does the jobs of a study.
func runner(t testing.TB, s *bench.Study) *bench.Runner {
	t.Helper()
	r, err := bench.NewRunner(s.Problems, s.Entrants...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// unmeasured is all of results that is the same on every machine.
func unmeasured(t testing.TB, r *bench.Results) []byte {
	t.Helper()
	own := *r
	own.Measured = bench.Measured{}
	text, err := numjson.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// want are the results that a study has without a crew.
func want(t testing.TB) []byte {
	t.Helper()
	r, err := study(t, t.TempDir()).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return unmeasured(t, r)
}

// begin begins a study; what is warned of fails the test.
func begin(t testing.TB, l *Cluster, s *bench.Study) (*Crew, Study) {
	t.Helper()
	d, err := Describe(s.Name, map[string]any{"seed": 1.0}, time.Second, runner(t, s))
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Begin(t.Context(), d, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	s.Crew = c
	return c, d
}

// A study has the same results with a crew, in one process and no port, and on the
// loopback interface; its journal has each job once, and nothing is left of servers.
func TestSameResults(t *testing.T) {
	t.Parallel()
	want := want(t)
	for name, alone := range map[string]bool{"process": true, "loopback": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, err := Here(dir, alone)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			s := study(t, dir)
			c, d := begin(t, l, s)
			const workers = 3
			ends := make(chan error, workers)
			for range workers {
				go func() {
					from, err := l, error(nil)
					if !alone {
						if from, err = Join(t.Context(), Address{URLs: AddressFile(dir)}, wait); err != nil {
							ends <- err
							return
						}
						defer from.Close()
					}
					found, err := from.Find(t.Context(), wait)
					if err == nil && found.Problems != d.Problems {
						t.Errorf("found %+v", found)
					}
					_, err = from.Work(t.Context(), found, runner(t, s), 2, wait)
					ends <- err
				}()
			}
			r, err := s.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := unmeasured(t, r); !bytes.Equal(got, want) {
				t.Errorf("the results are others:\n%s\n%s", got, want)
			}
			runs := 0
			for _, w := range r.Measured.Crew {
				runs += w.Runs
			}
			if runs != jobs || s.Journal.Len() != jobs || len(r.Measured.Crew) != workers || r.Measured.Workers != 2*workers {
				t.Errorf("%d runs, %d in the journal, of %d; workers %+v", runs, s.Journal.Len(), jobs, r.Measured.Crew)
			}
			if err := c.Finish(context.Background()); err != nil {
				t.Error(err)
			}
			for range workers {
				if err := <-ends; err != nil {
					t.Error(err)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(dir, keeps)); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// A crewed study, whose workers do jobs as do says; it returns how the study ended.
func crewed(t testing.TB, s *bench.Study, l *Cluster, d Study, workers int, do doer) *bench.Results {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			if _, err := l.work(ctx, d, do, 1, wait); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		})
	}
	r, err := s.Run(t.Context())
	stop()
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// here opens a cluster of this process alone.
func here(t testing.TB, dir string) *Cluster {
	t.Helper()
	l, err := Here(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// A job at which every worker fails is given up after so many deliveries, and counts as a
// run that diverged. Its error is told, and the next start of the study tries it again.
func TestPoison(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, s := here(t, dir), study(t, dir)
	_, d := begin(t, l, s)
	do, bad, tries := runner(t, s).Do, errors.New("no memory is left"), atomic.Int64{}
	r := crewed(t, s, l, d, 2, func(ctx context.Context, j bench.Job) (*bench.Outcome, error) {
		if j.Problem == s.Problems[0].(bench.Function).Name && j.Optimizer == "adam" && j.Phase == bench.Score && j.Case == 2 {
			tries.Add(1)
			return nil, bad
		}
		return do(ctx, j)
	})
	failed := 0
	for _, o := range r.Runs {
		if o.Error == bad.Error() && o.DivergedAt == 1 {
			failed++
		}
	}
	if failed != 1 || tries.Load() != deliveries || s.Journal.Len() != jobs-1 {
		t.Errorf("%d runs failed, after %d tries; %d in the journal", failed, tries.Load(), s.Journal.Len())
	}
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil || !strings.Contains(page.String(), "No worker could do 1 of the runs") {
		t.Errorf("%v: %v", err, r.Verdict)
	}
}

// asked is a job that somebody waits for, whose answer comes out of the channel.
func asked(t testing.TB, c *Crew) <-chan error {
	t.Helper()
	answer := make(chan error, 1)
	go func() {
		_, err := c.Do(t.Context(), "key", bench.Job{Problem: "p", Optimizer: "adam"})
		answer <- err
	}()
	return answer
}

// taken takes a job out of the queue as often as it may be begun, and says no more of it, as a
// worker that is lost.
func taken(t *testing.T, silent *worker, begins bool) {
	t.Helper()
	for k := range deliveries {
		m, err := silent.next(t.Context())
		if err != nil || m == nil {
			t.Fatal(m, err)
		}
		if begins {
			if tried, kept, err := silent.tried(t.Context(), "key", uint64(k+1)); tried != k || kept != nil || err != nil {
				t.Fatal(tried, kept, err)
			}
		}
		if err := m.Nak(); err != nil { // as the silence of a worker would
			t.Fatal(err)
		}
	}
}

// lost is what comes of a job that was delivered often, if some that it was delivered to have
// begun it, with a worker that does it in the end.
func lost(t *testing.T, begun bool, do func(context.Context, bench.Job) (*bench.Outcome, error)) error {
	dir := t.TempDir()
	l := here(t, dir)
	c, d := begin(t, l, study(t, dir))
	answer := asked(t, c)
	taken(t, &worker{room: c.room}, begun)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go l.work(ctx, d, do, 1, wait)
	return <-answer
}

// A job that was delivered often, and that nobody has begun, is done: deliveries are lost with
// servers.
func TestLostDeliveries(t *testing.T) {
	t.Parallel()
	if err := lost(t, false, func(_ context.Context, j bench.Job) (*bench.Outcome, error) { return &bench.Outcome{Job: j}, nil }); err != nil {
		t.Error(err)
	}
}

// A job that no worker has lived to answer is done by nobody any more.
func TestLost(t *testing.T) {
	t.Parallel()
	err := lost(t, true, func(context.Context, bench.Job) (*bench.Outcome, error) {
		t.Error("it is done once more")
		return nil, errors.ErrUnsupported
	})
	if !errors.As(err, new(*bench.GivenUpError)) || !strings.Contains(err.Error(), "none has answered") {
		t.Error(err)
	}
}

// A worker whose outcome is another than the one that is kept ends; the first stays.
func TestOtherBits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := here(t, dir)
	c, d := begin(t, l, study(t, dir))
	answer := asked(t, c)
	w := &worker{room: c.room, me: bench.Worker{Name: "first"}}
	_, err := l.work(t.Context(), d, func(ctx context.Context, j bench.Job) (*bench.Outcome, error) {
		text, err := numjson.Marshal(entry{Key: "key", Worker: "first", Outcome: &bench.Outcome{Job: j, Hits: []int{1}}})
		if err == nil {
			_, err = w.outcomes.Create(ctx, "key", text) // just before this one is handed in
		}
		return &bench.Outcome{Job: j, Hits: []int{2}}, err
	}, 1, wait)
	if err == nil || !strings.Contains(err.Error(), "has another outcome here than with first") {
		t.Error(err)
	}
	if err := <-answer; err != nil {
		t.Error(err)
	}
}

// Servers may lose everything, while a study is under way and between two starts of it: the
// results are the same, and what the journal has is not done again.
func TestRebuilt(t *testing.T) {
	t.Parallel()
	want, dir := want(t), t.TempDir()
	do, done := runner(t, study(t, t.TempDir())).Do, atomic.Int64{}
	for _, lost := range []string{"queue", "outcomes", "store", ""} {
		l, s := here(t, dir), study(t, dir)
		c, d := begin(t, l, s)
		c.warn = func(error) {}
		ctx, stop := context.WithCancel(t.Context())
		before := done.Load()
		s.OnJob = func(p bench.Tally) {
			switch n := p.Done - int(before); {
			case n == 10 && lost == "queue":
				c.js.DeleteStream(ctx, c.jobs())
			case n == 10 && lost == "outcomes":
				c.js.DeleteKeyValue(ctx, c.bucket())
			case n == 14 && lost != "":
				stop()
			}
		}
		go l.work(ctx, d, func(ctx context.Context, j bench.Job) (*bench.Outcome, error) {
			done.Add(1)
			return do(ctx, j)
		}, 1, wait)
		r, err := s.Run(ctx)
		stop()
		if err := s.Journal.Close(); err != nil {
			t.Fatal(err)
		}
		if lost != "" {
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s: %v", lost, err)
			}
			l.Close()
			if lost == "store" {
				os.RemoveAll(filepath.Join(dir, keeps))
			}
			continue
		}
		if err != nil || !bytes.Equal(unmeasured(t, r), want) || s.Journal.Len() != jobs {
			t.Errorf("%v; %d in the journal", err, s.Journal.Len())
		}
	}
}

// Workers of another revision or instruction set, or with other rows, are refused, and so
// are addresses that would let in anybody.
func TestRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, s := here(t, dir), study(t, dir)
	_, d := begin(t, l, s)
	for want, change := range map[string]func(*Study){
		"done by revision": func(s *Study) { s.Revision = "other" }, "done with sse instructions": func(s *Study) { s.Instructions = "sse" }, "about other rows": func(s *Study) { s.Problems = "others" },
	} {
		other := d
		change(&other)
		if _, err := l.Work(t.Context(), other, runner(t, s), 1, wait); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	foreign := d
	foreign.Revision = "other"
	c, err := l.Begin(t.Context(), foreign, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Find(t.Context(), wait); err == nil || !strings.Contains(err.Error(), "other") {
		t.Errorf("a study of another revision is found: %v", err)
	}
	if err := c.remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Find(t.Context(), time.Second/4); err == nil || !strings.Contains(err.Error(), "no study") {
		t.Error(err)
	}
	d.Name = "nobody's"
	if _, err := l.work(t.Context(), d, nil, 1, time.Second/4); err == nil || !strings.Contains(err.Error(), "nothing was heard") {
		t.Errorf("a worker waits for a coordinator that is away: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "url")
	os.WriteFile(secret, []byte("tls://a:b@far:4222\n"), 0o600)
	for urls, want := range map[string]string{
		"nats://127.0.0.1:4222": "", "nats://localhost:1,nats://[::1]:2": "", "tls://user:word@far:4222,tls://token@near": "", secret: "",
		"nats://far:4222": "must be tls://", "nats://a:b@far:4222": "must be tls://", "tls://far:4222": "needs credentials", "nats://127.0.0.1:1,tls://far": "needs credentials",
		"http://far": "not of the form", "nats://": "not of the form", "nats://0.0.0.0:4222": "must be tls://", filepath.Join(secret, "none"): "not a directory",
	} {
		if err := (Address{URLs: urls}).Check(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", urls, err)
		}
	}
	if err := (Address{URLs: "tls://far:4222", Credentials: "file"}).Check(); err != nil {
		t.Error(err)
	}
}

// The loopback server lets nobody in who does not know the token, and another start of the
// study is found at the same address.
func TestToken(t *testing.T) {
	t.Parallel()
	dir, text := t.TempDir(), ""
	for range 2 {
		l, err := Here(dir, false)
		if err != nil {
			t.Fatal(err)
		}
		address, err := os.ReadFile(AddressFile(dir))
		if err != nil || text != "" && text != string(address) {
			t.Errorf("%v: %s, and then %s", err, text, address)
		}
		text = string(address)
		info, err := os.Stat(filepath.Dir(AddressFile(dir)))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v: others can read the token: %v", err, info.Mode())
		}
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil || u.Hostname() != "127.0.0.1" || len(u.User.Username()) < 20 {
			t.Errorf("%v: %s", err, text)
		}
		u.User = url.User("guess")
		if _, err := Join(t.Context(), Address{URLs: u.String()}, wait); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("somebody is let in: %v", err)
		}
		l.Close()
	}
}
