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
// stays open without one.
const headTime, idleTime = 5 * time.Second, time.Minute

// maxHead is the size of the head of a request.
const maxHead = 16 << 10

// Serve answers requests that come to l until ctx ends, and then those that have begun;
// it closes l. A request must have come after some time, and its answer after twice that:
// a client that sends or reads more slowly is cut off. So many connections are open at
// once, and more wait.
func Serve(ctx context.Context, l net.Listener, h http.Handler, within time.Duration, connections int) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: min(headTime, within), ReadTimeout: within, WriteTimeout: 2 * within,
		IdleTimeout: idleTime, MaxHeaderBytes: maxHead}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(&bounded{Listener: l, room: make(chan struct{}, connections)}) }()
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

// A bounded listener has some connections open at most.
type bounded struct {
	net.Listener
	room chan struct{}
}

// Accept implements [net.Listener].
func (b *bounded) Accept() (net.Conn, error) {
	b.room <- struct{}{}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.room
		return nil, err
	}
	return &counted{Conn: c, leave: sync.OnceFunc(func() { <-b.room })}, nil
}

// A counted connection leaves its room when it is closed.
type counted struct {
	net.Conn
	leave func()
}

// Close implements [net.Conn].
func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
