package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"descent/bench"
	"descent/internal/live"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Spectators look on in browsers.
type spectators struct {
	addr string // of --watch
	page *live.Page

	final sync.Mutex
	text  []byte // of the page in the end, nil before
}

func (s *spectators) flags(fs *pflag.FlagSet, here string) {
	textFlag(fs, &s.addr, "watch", "", "", about("watch", here), parseAddress)
}

// on tells whether there may be some.
func (s *spectators) on() bool { return s.addr != "" }

// begin begins to show what write writes. away waits until all have seen the last page.
func (s *spectators) begin(cmd *cobra.Command, write func(io.Writer) error) (away func(), err error) {
	if !s.on() {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return nil, fmt.Errorf("--watch %s: %w", s.addr, err)
	}
	s.page = live.New(func(w io.Writer) error {
		s.final.Lock()
		defer s.final.Unlock()
		if s.text != nil {
			_, err := w.Write(s.text)
			return err
		}
		return write(w)
	})
	ctx, stop := context.WithCancel(context.WithoutCancel(cmd.Context()))
	over := make(chan error, 1)
	go func() { over <- s.page.Serve(ctx, l) }()
	fmt.Fprintf(cmd.ErrOrStderr(), "watch it at http://%s/\n", l.Addr())
	return func() { s.page.End(); stop(); <-over }, nil
}

// last is the page in the end.
func (s *spectators) last(text []byte) {
	if s.page == nil {
		return
	}
	s.final.Lock()
	s.text = text
	s.final.Unlock()
	s.page.Changed()
}

// look lets browsers see how far the study is.
func (o *benchOptions) look(cmd *cobra.Command) (away func(), err error) {
	if !o.followed.on() {
		return func() {}, nil
	}
	var now atomic.Pointer[bench.Tally]
	now.Store(&bench.Tally{Phase: "the first runs", Elapsed: 1})
	name := cmp.Or(o.study.Name, o.net.Data)
	away, err = o.followed.spectators.begin(cmd, func(w io.Writer) error { return now.Load().WriteProgress(w, name) })
	show := o.study.OnJob
	o.study.OnJob = func(p bench.Tally) {
		show(p)
		now.Store(&p)
		if o.followed.page != nil {
			o.followed.page.Changed()
		}
	}
	return away, err
}
