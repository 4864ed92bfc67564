// Package cluster spreads the runs of a study over many processes and machines, by NATS
// JetStream: a coordinator hands out jobs, workers take them and hand in outcomes.
//
// Who coordinates opens a [Cluster], begins a [Study] in it, and gives the [Crew] to
// [bench.Study]. Its journal is the record of what is finished. All that the servers keep
// is made again from it and from the study, so servers may lose everything. A worker
// joins, finds the study and works; it may come and go, and the coordinator too.
//
// A job is in a queue until it is acknowledged; the server hands it to another worker when
// the one that has it is silent. So a job may be done twice, but counts once: an
// outcome is kept by creating a key that must not exist, which is the one moment at which
// a job becomes done. The bits of an outcome do not depend on who made it. Where two
// differ, the second worker ends with an error.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"descent/bench"
	"descent/bench/journal"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Cluster is a connection to servers, of which one may be a part of this process.
type Cluster struct {
	conn     *nats.Conn
	js       jetstream.JetStream
	replicas int
	own      *server.Server // nil if the servers are others'
	dir      string         // what the own server keeps
}

// newCluster is a cluster over a connection.
func newCluster(conn *nats.Conn, replicas int) (*Cluster, error) {
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(patience))
	return &Cluster{conn: conn, js: js, replicas: replicas}, err
}

// patience is how long a server has to answer.
const patience = 5 * time.Second

// Close leaves the cluster, and ends a server of its own. What is not finished stays.
func (l *Cluster) Close() {
	l.conn.Close()
	if l.own != nil {
		l.own.Shutdown()
		l.own.WaitForShutdown()
	}
}

// A Study is what a worker must know to take part in one.
type Study struct {
	Name string `json:"name"`
	// Plan is what the study follows from, as the coordinator has written it down.
	Plan         any    `json:"plan"`
	Revision     string `json:"revision"`     // of the program, see [bench.Revision]
	Instructions string `json:"instructions"` // the set that the kernels use
	Problems     string `json:"problems"`     // [bench.Runner.Sum]
	// Silence is after how many seconds a worker that is not heard of counts as gone, and
	// its jobs are given to others.
	Silence float64 `json:"silence"`
}

// Describe describes a study to workers, by the program and the machine that it is
// called on.
func Describe(name string, plan any, silence time.Duration, r *bench.Runner) (Study, error) {
	sum, err := r.Sum()
	return Study{name, plan, bench.Revision(), bench.ThisMachine().Instructions, sum, silence.Seconds()}, err
}

// differs says why another study's outcomes would be others, nil if they would not.
func (s Study) differs(own Study) error {
	switch {
	case own.Revision != s.Revision:
		return fmt.Errorf("the study %s is done by revision %s, and this program is %s: start workers with the program of the coordinator", s.Name, s.Revision, own.Revision)
	case own.Instructions != s.Instructions:
		return fmt.Errorf("the study %s is done with %s instructions, and this machine uses %s: set DESCENT_ISA on all to what all have", s.Name, s.Instructions, own.Instructions)
	case own.Problems != s.Problems:
		return fmt.Errorf("the study %s is about other rows than those that are found here: the data must be the same files", s.Name)
	}
	return nil
}

// Refuses says why this program, on this machine, cannot take part: it is of another
// revision or instruction set.
func (s Study) Refuses() error {
	return s.differs(Study{Revision: bench.Revision(), Instructions: bench.ThisMachine().Instructions, Problems: s.Problems})
}

func (s Study) silence() time.Duration { return time.Duration(s.Silence * float64(time.Second)) }

// id names a study on the servers. The silence is no part of what it is.
func (s Study) id() (string, error) {
	s.Silence = 0
	return journal.Key(s)
}

// studies is the bucket that has a study for each that is under way, by its id.
const studies = "descent_studies"

// room is what a study has on the servers.
type room struct {
	*Cluster
	id       string
	study    Study
	outcomes jetstream.KeyValue // what was handed in, by the keys of jobs
}

// The names on the servers.
func (r *room) jobs() string             { return "descent_" + r.id + "_jobs" }        // a stream
func (r *room) bucket() string           { return "descent_" + r.id + "_outcomes" }    // of outcomes
func (r *room) job(key string) string    { return "descent." + r.id + ".jobs." + key } // a subject
func (r *room) subject(of string) string { return "descent." + r.id + "." + of }

// The subjects of a study beside those of jobs. What is told there is not kept: each
// message can be lost, and somebody asks or says it again.
const (
	done  = "done"  // an entry that is in the bucket now
	alive = "alive" // a worker, as JSON
	goes  = "goes"  // the coordinator is there
	ended = "ended" // the study is finished
)

// consumer is the name of what workers take jobs from.
const consumer = "workers"

// deliveries is how often a job is begun before it is given up.
const deliveries = 5

// A task is a job in the queue.
type task struct {
	Key string    `json:"key"`
	Job bench.Job `json:"job"`
}

// An entry is what a worker hands in.
type entry struct {
	Key     string         `json:"key"`
	Worker  string         `json:"worker"`
	Seconds float64        `json:"seconds"`
	Outcome *bench.Outcome `json:"outcome,omitempty"`
	Error   string         `json:"error,omitempty"` // why there is none
}

// fetched returns the entry of a key, nil if there is none.
func (r *room) fetched(ctx context.Context, key string) (*entry, error) {
	kept, err := r.outcomes.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e := &entry{}
	return e, unmarshal(kept.Value(), e)
}
