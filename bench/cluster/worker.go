package cluster

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"descent/bench"
	"descent/internal/numjson"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A worker does jobs of a study.
type worker struct {
	room
	me    bench.Worker
	slots chan struct{} // full while so many jobs are computed
	runs  atomic.Int64
	heard atomic.Int64 // when something of the study was heard last
	wait  time.Duration
	leave context.CancelCauseFunc

	mu    sync.Mutex
	queue jetstream.Consumer // nil until servers have it
}

// errEnded is that the study is finished.
var errEnded = errors.New("the study is finished")

// Find finds the study that was begun last, of those that this program can take part in. It
// waits for one for so long. The error says why the program is refused, if there are only
// others.
func (l *Cluster) Find(ctx context.Context, wait time.Duration) (Study, error) {
	refused := error(nil)
	for end := time.Now().Add(wait); time.Now().Before(end); {
		all, err := l.open(ctx)
		if err == nil {
			refused = nil
		}
		for _, s := range all {
			why := s.Refuses()
			if why == nil {
				return s, nil
			}
			refused = why
		}
		if refused != nil {
			return Study{}, refused
		}
		if !sleep(ctx, time.Second/5) {
			return Study{}, ctx.Err()
		}
	}
	return Study{}, fmt.Errorf("no study was begun for %v", wait)
}

// open returns the studies that are under way, the one that was begun last first. A server
// that ends while it lists them would never say that this was the last.
func (l *Cluster) open(ctx context.Context) (all []Study, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	list, err := l.js.KeyValue(ctx, studies)
	if err != nil {
		return nil, err
	}
	ids, err := list.Keys(ctx)
	if err != nil {
		return nil, err
	}
	var kept []jetstream.KeyValueEntry
	for _, id := range ids {
		if k, err := list.Get(ctx, id); err == nil {
			kept = append(kept, k)
		}
	}
	slices.SortFunc(kept, func(a, b jetstream.KeyValueEntry) int { return int(b.Revision()) - int(a.Revision()) })
	for _, k := range kept {
		var s Study
		if err := unmarshal(k.Value(), &s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Work does jobs of a study, so many at a time, until it is finished, which is no error.
// The runner must have the study's problems. It ends with an error when nothing was heard
// of the study for so long, or when an outcome is another than one that is kept. Jobs that
// are not done when ctx ends are given back.
func (l *Cluster) Work(ctx context.Context, s Study, r *bench.Runner, slots int, wait time.Duration) (runs int, err error) {
	own, err := Describe(s.Name, s.Plan, s.silence(), r)
	if err == nil {
		err = s.differs(own)
	}
	if err != nil {
		return 0, err
	}
	return l.work(ctx, s, r.Do, slots, wait)
}

// A doer does a job.
type doer func(context.Context, bench.Job) (*bench.Outcome, error)

// work is Work with anything that does jobs. There are twice as many goroutines as jobs are
// computed at a time, so that one hands in while another computes.
func (l *Cluster) work(ctx context.Context, s Study, do doer, slots int, wait time.Duration) (runs int, err error) {
	id, err := s.id()
	if err != nil {
		return 0, err
	}
	host, _ := os.Hostname() // "" will do
	w := &worker{room: room{Cluster: l, id: id, study: s}, slots: make(chan struct{}, slots), wait: wait,
		me: bench.Worker{Name: fmt.Sprintf("%s-%d-%s", host, os.Getpid(), rand.Text()[:4]), CPU: bench.ThisMachine().CPU, Slots: slots}}
	going, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	w.leave = leave
	w.hear()
	for of, hear := range map[string]func(){goes: w.hear, ended: func() { leave(errEnded) }} {
		sub, err := l.conn.Subscribe(w.subject(of), func(*nats.Msg) { hear() })
		if err != nil {
			return 0, err
		}
		defer sub.Unsubscribe()
	}
	var wg sync.WaitGroup
	wg.Go(func() { w.beat(going) })
	for range 2 * slots {
		wg.Go(func() { w.serve(going, do) })
	}
	wg.Wait()
	w.say(true)
	if err = ctx.Err(); err == nil {
		err = context.Cause(going)
	}
	if errors.Is(err, errEnded) {
		err = nil
	}
	return int(w.runs.Load()), err
}

// hear notes that something was heard of the study.
func (w *worker) hear() { w.heard.Store(time.Now().UnixNano()) }

// beat says that the worker is there, and looks whether the study is.
func (w *worker) beat(ctx context.Context) {
	for {
		w.say(false)
		if silent := time.Duration(time.Now().UnixNano() - w.heard.Load()); silent > w.wait {
			w.leave(fmt.Errorf("nothing was heard of the study %s for %v; it goes on when its coordinator is started again, and this worker too", w.study.Name, w.wait))
		}
		if !sleep(ctx, w.study.silence()/beats) {
			return
		}
	}
}

// say tells the coordinator of the worker.
func (w *worker) say(gone bool) {
	me := w.me
	me.Gone = gone
	text, err := numjson.Marshal(me)
	if err == nil {
		_ = w.conn.Publish(w.subject(alive), text) // said again soon
		_ = w.conn.FlushTimeout(patience)
	}
}

// serve takes jobs, one after the other.
func (w *worker) serve(ctx context.Context, do doer) {
	for ctx.Err() == nil {
		select {
		case w.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		free := sync.OnceFunc(func() { <-w.slots })
		m, err := w.next(ctx)
		if err == nil && m != nil {
			w.hear()
			err = w.one(ctx, m, do, free)
		}
		free()
		if err != nil && ctx.Err() == nil && !sleep(ctx, time.Second/5) { // servers are away, or the study's end is about to be said
			return
		}
	}
}

// next takes a job out of the queue, nil if there is none yet.
func (w *worker) next(ctx context.Context) (jetstream.Msg, error) {
	queue, err := w.find(ctx)
	if err != nil {
		return nil, err
	}
	some, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	got, err := queue.Fetch(1, jetstream.FetchContext(some))
	if err != nil {
		return nil, err
	}
	for m := range got.Messages() {
		return m, nil
	}
	if some.Err() != nil {
		return nil, nil
	}
	return nil, got.Error()
}

// find finds the study's queue, and the bucket of its outcomes.
func (w *worker) find(ctx context.Context) (queue jetstream.Consumer, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queue != nil {
		return w.queue, nil
	}
	if w.outcomes, err = w.js.KeyValue(ctx, w.bucket()); err == nil {
		w.queue, err = w.js.Consumer(ctx, w.jobs(), consumer)
	}
	return w.queue, err
}

// one does a job, and calls free when nothing is computed any more. One that has failed, or
// was not answered, too often ends with an error in place of an outcome.
func (w *worker) one(ctx context.Context, m jetstream.Msg, do doer, free func()) error {
	var t task
	meta, err := m.Metadata()
	if err == nil {
		err = unmarshal(m.Data(), &t)
	}
	if err != nil {
		return err
	}
	busy, rest := context.WithCancel(context.WithoutCancel(ctx))
	defer rest()
	go w.keep(busy, m)
	e := &entry{Key: t.Key, Worker: w.me.Name}
	tried, kept, err := w.tried(ctx, t.Key, meta.NumDelivered)
	if kept != nil || err != nil {
		return cmp.Or(err, m.DoubleAck(ctx))
	}
	if tried == deliveries {
		e.Error = fmt.Sprintf("%d workers have taken it, and none has answered: each was lost", deliveries)
		return w.handIn(ctx, m, e)
	}
	began := time.Now()
	e.Outcome, err = do(ctx, t.Job)
	free()
	e.Seconds = time.Since(began).Seconds()
	switch {
	case ctx.Err() != nil:
		return m.Nak()
	case err != nil && tried+1 < deliveries:
		return m.NakWithDelay(w.study.silence() / beats)
	case err != nil:
		e.Outcome, e.Error = nil, err.Error()
	}
	return w.handIn(ctx, m, e)
}

// tried returns how often a job was begun before this delivery, or what came of it. How often
// it was delivered says less: while servers choose who leads, a delivery may reach nobody, and
// what a worker says may not reach them. So from the second on a worker writes down that it
// begins. The last of too many waits for those who may still hand in.
func (w *worker) tried(ctx context.Context, key string, delivery uint64) (tried int, kept *entry, err error) {
	if delivery == 1 {
		return 0, nil, nil
	}
	tried = 1 // the first, which nobody has written down
	for k := uint64(2); k < delivery && tried < deliveries; k++ {
		_, err := w.outcomes.Get(ctx, attempt(key, k))
		if err == nil {
			tried++
		} else if !errors.Is(err, jetstream.ErrKeyNotFound) {
			return 0, nil, err
		}
	}
	for end := time.Now().Add(patience + w.study.silence()); ; {
		if kept, err = w.fetched(ctx, key); kept != nil || err != nil {
			return tried, kept, err
		}
		if tried < deliveries {
			_, err = w.outcomes.Put(ctx, attempt(key, delivery), []byte(w.me.Name))
			return tried, nil, err
		}
		if time.Now().After(end) || !sleep(ctx, w.study.silence()/beats) {
			return tried, nil, ctx.Err()
		}
	}
}

// attempt is where it is written that a worker has begun a job that was delivered so often.
func attempt(key string, delivery uint64) string { return fmt.Sprintf("began.%s.%d", key, delivery) }

// keep says that a job is being done.
func (w *worker) keep(ctx context.Context, m jetstream.Msg) {
	for sleep(ctx, w.study.silence()/beats) {
		_ = m.InProgress() // said again soon
	}
}

// handIn creates an entry, until that is done or somebody else's is there, and takes the
// job out of the queue.
func (w *worker) handIn(ctx context.Context, m jetstream.Msg, e *entry) error {
	text, err := numjson.Marshal(e)
	if err != nil {
		return err
	}
	const head = 4096 // what a message has beside its content, at most
	if n := int64(len(text)); n > w.conn.MaxPayload()-head {
		e.Outcome, e.Error = nil, fmt.Sprintf("its outcome has %d bytes, and the servers take %d (max_payload)", n, w.conn.MaxPayload())
		return w.handIn(ctx, m, e)
	}
	for {
		_, err = w.outcomes.Create(ctx, e.Key, text)
		if err == nil {
			w.runs.Add(1)
			_ = w.conn.Publish(w.subject(done), text) // who waits asks, too
			return m.DoubleAck(ctx)
		}
		if errors.Is(err, jetstream.ErrKeyExists) {
			return cmp.Or(w.compare(ctx, e), m.DoubleAck(ctx))
		}
		if !sleep(ctx, time.Second/5) {
			return m.Nak()
		}
	}
}

// compare ends the worker if its outcome is another than that which is kept.
func (w *worker) compare(ctx context.Context, e *entry) error {
	kept, err := w.fetched(ctx, e.Key)
	if err != nil || kept == nil || kept.Outcome == nil || e.Outcome == nil {
		return err
	}
	own, err := numjson.Marshal(e.Outcome)
	if err != nil {
		return err
	}
	other, err := numjson.Marshal(kept.Outcome)
	if err == nil && !bytes.Equal(own, other) {
		w.leave(fmt.Errorf("%s on %s with seed %d has another outcome here than with %s: one of the two machines computes wrongly; bench verify tells which", e.Outcome.Optimizer, e.Outcome.Problem, e.Outcome.Seed, kept.Worker))
	}
	return err
}
