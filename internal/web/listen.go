package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// headTime is how long the head of a request may take, idleTime how long a connection
// stays open without one, before the first as after others: longer than
// clients keep one (Go's 90 seconds), who would ask just when it is closed.
const headTime, idleTime = 5 * time.Second, 100 * time.Second

// maxHead is the size of the head of a request.
const maxHead = 16 << 10

// Serve answers requests that come to l until ctx ends, and then those that have begun;
// it closes l. A request must have come some time after its first byte, and its answer after
// twice that: a client that sends or reads more slowly is cut off. So many connections are open at
// once, and more wait.
func Serve(ctx context.Context, l net.Listener, h http.Handler, within time.Duration, connections int) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: min(headTime, within), ReadTimeout: within, WriteTimeout: 2 * within,
		IdleTimeout: idleTime, MaxHeaderBytes: maxHead}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(bound(l, connections)) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*within)
	defer stop()
	err := srv.Shutdown(last)
	if failed := <-ended; !errors.Is(failed, http.ErrServerClosed) {
		err = errors.Join(err, failed)
	}
	return errors.Join(err, srv.Close())
}

// A bounded listener has some connections open at most, and hands one over when its first
// byte has come. The server counts the time of a first request from when it is given the
// connection, and clients open some ahead: those would be cut off as slow, just when they ask.
type bounded struct {
	net.Listener
	room  chan struct{}
	ready chan accepted
	open  context.Context // until the listener is closed
	close func()
}

// An accepted is a connection, or why there is none.
type accepted struct {
	conn net.Conn
	err  error
}

func bound(l net.Listener, connections int) *bounded {
	b := &bounded{Listener: l, room: make(chan struct{}, connections), ready: make(chan accepted)}
	b.open, b.close = context.WithCancel(context.Background())
	go b.listen()
	return b
}

// listen accepts connections.
func (b *bounded) listen() {
	for {
		select {
		case b.room <- struct{}{}:
		case <-b.open.Done():
			return
		}
		conn, err := b.Listener.Accept()
		if err == nil {
			go b.await(&counted{Conn: conn, leave: sync.OnceFunc(func() { <-b.room })})
			continue
		}
		<-b.room
		select {
		case b.ready <- accepted{err: err}:
		case <-b.open.Done():
			return
		}
	}
}

// await hands a connection over when its first byte has come, and closes it if none does.
func (b *bounded) await(c *counted) {
	_ = c.SetReadDeadline(time.Now().Add(idleTime)) // a connection that has none fails to be read
	interrupted := context.AfterFunc(b.open, func() { c.Close() })
	first := make([]byte, 1)
	n, err := c.Conn.Read(first)
	if !interrupted() || n == 0 || errors.Join(err, c.SetReadDeadline(time.Time{})) != nil {
		c.Close()
		return
	}
	c.first = first
	select {
	case b.ready <- accepted{conn: c}:
	case <-b.open.Done():
		c.Close()
	}
}

// Accept implements [net.Listener].
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case a := <-b.ready:
		return a.conn, a.err
	case <-b.open.Done():
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (b *bounded) Close() error {
	b.close()
	return b.Listener.Close()
}

// A counted connection leaves its room when it is closed.
type counted struct {
	net.Conn
	leave func()
	first []byte // that was read already
}

// Read implements [net.Conn].
func (c *counted) Read(p []byte) (int, error) {
	if len(c.first) > 0 && len(p) > 0 {
		n := copy(p, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// Close implements [net.Conn].
func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
