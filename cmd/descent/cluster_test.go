//go:build cluster

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// asServer makes the test binary be a NATS server, with the configuration of that file.
const asServer = "DESCENT_TEST_AS_SERVER"

func init() {
	file := os.Getenv(asServer)
	if file == "" {
		return
	}
	o, err := server.ProcessConfigFile(file)
	if err == nil {
		o.NoLog, o.NoSigs = true, true
		var s *server.Server
		if s, err = server.NewServer(o); err == nil {
			s.Start()
			s.WaitForShutdown()
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// clusterRuns is how many runs the study of these tests has.
const clusterRuns = 2 * (1 + 20 + 20)

// clusterArgs is a study whose runs take about 50 ms.
func clusterArgs(dir string, more ...string) []string {
	return append([]string{"bench", "digits", "-m", "mlp(32)", "-o", "sgd", "-o", "adam", "--trials", "20", "--seeds", "20", "--epochs", "40", "-q", "--silence", "1s", "--out", dir}, more...)
}

// processes starts this test binary, as the command or as a server, and ends what is left.
type processes struct {
	t   *testing.T
	ctx context.Context
}

func (p processes) start(env string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	c := exec.CommandContext(p.ctx, os.Args[0], args...)
	var said bytes.Buffer
	c.Env, c.Stdout, c.Stderr = append(os.Environ(), env), &said, &said
	if err := c.Start(); err != nil {
		p.t.Error(err)
	}
	return c, &said
}

func (p processes) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	return p.start(asCommand+"=1", args...)
}

// A gang is four workers, of which each that is killed is followed by another.
type gang struct {
	processes
	servers string
	all     []member
	kills   int
}

// A member is a worker.
type member struct {
	*exec.Cmd
	said *bytes.Buffer
	late bool // it may come when all is done
}

func (g *gang) hire(late bool) member {
	c, said := g.command("worker", "--nats", g.servers, "--workers", "1", "--wait", "1m")
	return member{c, said, late}
}

// kill ends one with -9, and hires another.
func (g *gang) kill(rng *rand.Rand) {
	m := &g.all[rng.IntN(len(g.all))]
	m.Process.Kill()
	m.Wait()
	*m = g.hire(true)
	g.kills++
}

// rest waits for the end of all, which is no failure of theirs.
func (g *gang) rest() {
	for _, m := range g.all {
		if m.late {
			m.Process.Kill()
		}
		if err := m.Wait(); !m.late && (err != nil || !strings.Contains(m.said.String(), "it is finished")) {
			g.t.Errorf("a worker: %v: %s", err, m.said)
		}
	}
}

// startServers starts three servers, and returns their addresses and what kills one and starts
// it again.
func startServers(p processes) (servers string, kill func(i int)) {
	dir := p.t.TempDir()
	var clients, routes []string
	for range 6 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			p.t.Fatal(err)
		}
		defer l.Close()
		if clients = append(clients, l.Addr().String()); len(clients) > 3 {
			clients, routes = clients[:3], append(routes, l.Addr().String())
		}
	}
	var running [3]*exec.Cmd
	start := func(i int) {
		file := filepath.Join(dir, fmt.Sprint(i))
		text := fmt.Sprintf("server_name: s%d\nlisten: %q\njetstream {store_dir: %q, sync_interval: always}\nauthorization {user: cluster, password: secret}\ncluster {name: c, listen: %q, routes: [nats://%s, nats://%s, nats://%s]}\n",
			i, clients[i], filepath.Join(dir, "store", fmt.Sprint(i)), routes[i], routes[0], routes[1], routes[2])
		os.WriteFile(file, []byte(text), 0o600)
		running[i], _ = p.start(asServer + "=" + file)
	}
	p.t.Cleanup(func() {
		for _, c := range running {
			c.Process.Kill()
			c.Wait()
		}
	})
	defer func() {
		for i := range running {
			start(i)
		}
	}()
	return "nats://cluster:secret@" + strings.Join(clients, ",nats://cluster:secret@"), func(i int) {
		running[i].Process.Kill()
		running[i].Wait()
		time.Sleep(time.Second)
		start(i)
	}
}

// A cluster has the results of a benchmark that nobody disturbed, whoever is killed: each
// run is in the journal once. DESCENT_SLOW=1 does all, which takes minutes.
func TestCluster(t *testing.T) {
	slow := os.Getenv("DESCENT_SLOW") != ""
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	whole := t.TempDir()
	began := time.Now()
	p := processes{t, ctx}
	if c, said := p.command(clusterArgs(whole, "--nats", "process")...); c.Wait() != nil {
		t.Fatal(said)
	}
	takes, want := time.Since(began), unmeasured(t, whole)
	plain := t.TempDir()
	if status, _, errs := descent(append(clusterArgs(plain), "--silence=15s")...); status != exitUsage || !strings.Contains(errs, "--silence has no meaning without --nats") {
		t.Errorf("status %d: %s", status, errs)
	}
	if c, said := p.command(without(clusterArgs(plain), "--silence", "1s")...); c.Wait() != nil || unmeasured(t, plain) != want {
		t.Fatalf("without a cluster the results are others: %s", said)
	}
	for name, do := range map[string]func(t *testing.T, s *siege){
		"calm":        func(*testing.T, *siege) {},
		"workers":     func(t *testing.T, s *siege) { s.killWorkers(5) },
		"coordinator": func(t *testing.T, s *siege) { s.killCoordinator(4) },
		"servers":     func(t *testing.T, s *siege) { s.killServers() },
	} {
		t.Run(name, func(t *testing.T) {
			if !slow && name != "calm" {
				t.Skip("takes a minute: DESCENT_SLOW=1")
			}
			s := besiege(processes{t, ctx}, name == "servers", takes)
			do(t, s)
			s.end(want)
		})
	}
}

// without is arguments less some of them.
func without(args []string, some ...string) []string {
	return strings.Split(strings.Replace(strings.Join(args, "\n"), strings.Join(some, "\n")+"\n", "", 1), "\n")
}

// A siege is a cluster of four workers that is attacked.
type siege struct {
	processes
	dir         string
	takes       time.Duration
	rng         *rand.Rand
	gang        *gang
	args        []string
	coordinator *exec.Cmd
	said        *bytes.Buffer
	over        chan error // of the coordinator
	killServer  func(i int)
}

func besiege(p processes, others bool, takes time.Duration) *siege {
	s := &siege{processes: p, dir: p.t.TempDir(), takes: takes, rng: rand.New(rand.NewPCG(1, 2))}
	servers := filepath.Join(s.dir, "nats", "url")
	s.args = clusterArgs(s.dir, "--nats", "loopback")
	if others {
		servers, s.killServer = startServers(p)
		s.args = clusterArgs(s.dir, "--nats", servers)
	}
	s.gang = &gang{processes: p, servers: servers}
	for range 4 {
		s.gang.all = append(s.gang.all, s.gang.hire(false))
	}
	s.begin()
	return s
}

// begin starts the coordinator.
func (s *siege) begin() {
	c, said := s.command(s.args...)
	over := make(chan error, 1)
	s.coordinator, s.said, s.over = c, said, over
	go func() { over <- c.Wait() }()
}

// finished is how many runs the journal has.
func (s *siege) finished() int {
	text, _ := os.ReadFile(filepath.Join(s.dir, journalFile))
	return bytes.Count(text, []byte("\n"))
}

// until waits for so many runs, and reports whether the coordinator is still there.
func (s *siege) until(runs int) bool {
	for s.ctx.Err() == nil && s.finished() < runs {
		select {
		case err := <-s.over:
			s.over <- err
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	return s.ctx.Err() == nil
}

// pause waits for a random part of so long.
func (s *siege) pause(d time.Duration) { time.Sleep(time.Duration(s.rng.Int64N(int64(d)))) }

func (s *siege) killWorkers(n int) {
	for s.until(1) && s.finished() < clusterRuns {
		s.pause(300 * time.Millisecond)
		s.gang.kill(s.rng)
	}
	if s.gang.kills < n {
		s.t.Errorf("only %d workers were killed", s.gang.kills)
	}
}

func (s *siege) killCoordinator(n int) {
	for k := range n {
		if !s.until((k + 1) * clusterRuns / (n + 2)) {
			s.t.Fatalf("the coordinator has ended: %s", s.said)
		}
		s.pause(200 * time.Millisecond)
		if k == 0 { // Ctrl-C, which it answers
			s.coordinator.Process.Signal(os.Interrupt)
			if <-s.over; !strings.Contains(s.said.String(), "the same command goes on from there") {
				s.t.Errorf("%s", s.said)
			}
		} else {
			s.coordinator.Process.Kill()
			<-s.over
		}
		s.begin()
	}
}

func (s *siege) killServers() {
	for i := range 3 {
		if !s.until((i + 1) * clusterRuns / 5) {
			s.t.Fatalf("the coordinator has ended: %s", s.said)
		}
		s.killServer(i)
		if i == 1 {
			s.gang.kill(s.rng)
		}
	}
}

// end waits for the coordinator, and compares.
func (s *siege) end(want string) {
	select {
	case err := <-s.over:
		if err != nil {
			s.t.Fatalf("%v: %s", err, s.said)
		}
	case <-s.ctx.Done():
		s.t.Fatalf("it does not end: %s", s.said)
	}
	s.gang.rest()
	if unmeasured(s.t, s.dir) != want {
		s.t.Error("the results are others")
	}
	keys := map[string]bool{}
	for line := range strings.Lines(textOf(s.t, s.dir, journalFile)) {
		keys[strings.Fields(line)[1]] = true
	}
	if n := s.finished(); n != clusterRuns || len(keys) != clusterRuns {
		s.t.Errorf("%d runs are in the journal, %d of them once, of %d", n, len(keys), clusterRuns)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "nats")); err == nil {
		s.t.Error("the server has left something")
	}
}
