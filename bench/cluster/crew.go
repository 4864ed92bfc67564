package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"descent/bench"
	"descent/internal/numjson"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var unmarshal = numjson.Unmarshal

// A Crew is the side of a study that hands out jobs. It implements [bench.Crew].
type Crew struct {
	room
	warn func(error)
	stop context.CancelFunc

	making sync.Mutex // of what servers lack
	made   time.Time
	mu     sync.Mutex
	waits  map[string]chan *entry // for the outcomes of jobs, by their keys
	crew   map[string]*member     // by name
}

// A member is a worker, and when it was heard of last.
type member struct {
	bench.Worker
	heard time.Time
}

// Begin begins a study, or goes on with it where servers have it still. Servers that find
// each other only now have some time for it. What goes wrong later and is tried again is told
// to warn.
func (l *Cluster) Begin(ctx context.Context, s Study, warn func(error)) (*Crew, error) {
	id, err := s.id()
	if err != nil {
		return nil, err
	}
	c := &Crew{room: room{Cluster: l, id: id, study: s}, warn: warn, waits: map[string]chan *entry{}, crew: map[string]*member{}}
	for end := time.Now().Add(settling); ; {
		if err = c.make(ctx); err == nil {
			break
		}
		if time.Now().After(end) || !sleep(ctx, breath) {
			return nil, err
		}
	}
	for of, hear := range map[string]func([]byte){done: c.arrived, alive: c.lives} {
		if _, err := l.conn.Subscribe(c.subject(of), func(m *nats.Msg) { hear(m.Data) }); err != nil {
			return nil, err
		}
	}
	going, stop := context.WithCancel(ctx)
	c.stop = stop
	go c.tell(going)
	return c, nil
}

// make makes what a study needs on the servers, if it is not there.
func (c *Crew) make(ctx context.Context) error {
	text, err := numjson.Marshal(c.study)
	if err != nil {
		return err
	}
	list, err := c.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: studies, Replicas: c.replicas})
	if err != nil {
		return err
	}
	if err := c.forget(ctx, list); err != nil {
		return err
	}
	bucket, err := c.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: c.bucket(), Replicas: c.replicas})
	if err != nil {
		return err
	}
	if c.outcomes == nil { // else others use it
		c.outcomes = bucket
	}
	_, err = c.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: c.jobs(), Subjects: []string{c.job(">")}, Retention: jetstream.WorkQueuePolicy, Replicas: c.replicas})
	if err != nil {
		return err
	}
	_, err = c.js.CreateOrUpdateConsumer(ctx, c.jobs(), jetstream.ConsumerConfig{Durable: consumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: c.study.silence(),
		MaxAckPending: -1, MaxWaiting: 1 << 16})
	if err != nil {
		return err
	}
	_, err = list.Put(ctx, c.id, text)
	return err
}

// forget removes the studies that a server of one's own has beside this: its folder has
// one at a time.
func (c *Crew) forget(ctx context.Context, list jetstream.KeyValue) error {
	if c.own == nil {
		return nil
	}
	ids, err := list.Keys(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoKeysFound) {
		return err
	}
	for _, id := range ids {
		if other := (&room{Cluster: c.Cluster, id: id}); id != c.id {
			if err := other.remove(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove takes a study from the servers.
func (r *room) remove(ctx context.Context) error {
	list, err := r.js.KeyValue(ctx, studies)
	if err == nil {
		err = list.Purge(ctx, r.id)
	}
	return cmp.Or(there(err), there(r.js.DeleteStream(ctx, r.jobs())), there(r.js.DeleteKeyValue(ctx, r.bucket())))
}

// there is the error of taking something away, which is none if it is not there.
func there(err error) error {
	for _, gone := range []error{jetstream.ErrStreamNotFound, jetstream.ErrBucketNotFound, jetstream.ErrKeyNotFound} {
		if errors.Is(err, gone) {
			return nil
		}
	}
	return err
}

// removed is remove, again and again for a while: servers of which one has just ended answer
// when they have chosen who leads.
func (r *room) removed(ctx context.Context) error {
	const while = 12 * patience
	for end := time.Now().Add(while); ; {
		err := r.remove(ctx)
		if err == nil {
			return nil
		}
		if time.Now().After(end) || !sleep(ctx, time.Second/5) {
			return fmt.Errorf("the study is finished, and servers still keep it: %w", err)
		}
	}
}

// Do implements [bench.Crew]. It asks for the outcome and offers the job again and again,
// for servers may lose both; neither is there twice.
func (c *Crew) Do(ctx context.Context, key string, job bench.Job) (*bench.Outcome, error) {
	arrives := make(chan *entry, 1)
	c.mu.Lock()
	c.waits[key] = arrives
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waits, key)
		c.mu.Unlock()
	}()
	for {
		e, err := c.fetched(ctx, key)
		if err == nil && e == nil {
			err = c.offer(ctx, key, job)
		}
		again := c.study.silence()
		if err != nil && ctx.Err() == nil {
			again = breath
			c.mend(ctx, err)
		}
		if e == nil {
			select {
			case e = <-arrives:
			case <-time.After(again):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if e != nil {
			return c.take(e)
		}
	}
}

// settling is how long servers may take to begin with.
const settling = 30 * time.Second

// breath is how long to wait before what has failed is tried again.
const breath = time.Second

// mend tells what is wrong with servers, and gives them what they may have lost, not more
// often than once in a breath.
func (c *Crew) mend(ctx context.Context, err error) {
	c.making.Lock()
	defer c.making.Unlock()
	if time.Since(c.made) > breath {
		c.warn(err)
		if err := c.make(ctx); err != nil && ctx.Err() == nil {
			c.warn(err)
		}
		c.made = time.Now()
	}
}

// offer puts a job into the queue, if it is not there.
func (c *Crew) offer(ctx context.Context, key string, job bench.Job) error {
	text, err := numjson.Marshal(task{key, job})
	if err != nil {
		return err
	}
	_, err = c.js.Publish(ctx, c.job(key), text, jetstream.WithExpectLastSequencePerSubject(0))
	if errors.Is(err, jetstream.ErrKeyExists) { // as a wrong last sequence is called
		return nil
	}
	return err
}

// take counts an entry, and returns what it says.
func (c *Crew) take(e *entry) (*bench.Outcome, error) {
	c.mu.Lock()
	m := c.member(e.Worker)
	m.Runs++
	m.Seconds += e.Seconds
	c.mu.Unlock()
	if e.Outcome == nil {
		return nil, &bench.GivenUpError{Why: e.Error}
	}
	return e.Outcome, nil
}

// arrived hands an entry to who waits for it.
func (c *Crew) arrived(text []byte) {
	e := &entry{}
	if err := unmarshal(text, e); err != nil {
		c.warn(err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if arrives, ok := c.waits[e.Key]; ok {
		select {
		case arrives <- e:
		default: // it is there already
		}
	}
}

// member returns the worker of that name.
func (c *Crew) member(name string) *member {
	if c.crew[name] == nil {
		c.crew[name] = &member{Worker: bench.Worker{Name: name}}
	}
	return c.crew[name]
}

// lives notes that a worker is there, or says that it leaves.
func (c *Crew) lives(text []byte) {
	var w bench.Worker
	if err := unmarshal(text, &w); err != nil {
		c.warn(err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.member(w.Name)
	m.CPU, m.Slots, m.heard = w.CPU, w.Slots, time.Now()
	if w.Gone {
		m.heard = time.Time{}
	}
}

// Workers implements [bench.Crew].
func (c *Crew) Workers() (all []bench.Worker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(c.crew)) {
		m := c.crew[name]
		m.Gone = time.Since(m.heard) > c.study.silence()
		all = append(all, m.Worker)
	}
	return all
}

// tell lets workers know that the coordinator is there.
func (c *Crew) tell(ctx context.Context) {
	for {
		_ = c.conn.Publish(c.subject(goes), nil) // said again soon
		if !sleep(ctx, c.study.silence()/beats) {
			return
		}
	}
}

// beats is how often somebody says within a silence that it is there.
const beats = 4

// Finish ends the study: workers go, and servers keep nothing of it.
func (c *Crew) Finish(ctx context.Context) error {
	c.stop()
	err := c.removed(ctx)
	for end := time.Now().Add(patience); time.Now().Before(end) && slices.ContainsFunc(c.Workers(), func(w bench.Worker) bool { return !w.Gone }); {
		_ = c.conn.Publish(c.subject(ended), nil)
		if !sleep(ctx, time.Second/20) {
			break
		}
	}
	return cmp.Or(err, c.clear())
}
