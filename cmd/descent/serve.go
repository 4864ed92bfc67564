package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"

	"descent/data"
	"descent/train/serve"

	"github.com/spf13/cobra"
)

func serveCommand() *cobra.Command {
	o := &serveOptions{limits: serve.Usual}
	cmd := &cobra.Command{
		Use:   "serve DIR",
		Short: "Answer requests for predictions over HTTP",
		Long: "Serve the model that train --out DIR has saved over HTTP, until it is interrupted: rows as JSON or CSV\n" +
			"to POST /predict are answered as predict answers, / is a form to fill in, /healthz says that it runs,\n" +
			"/metrics has numbers for Prometheus. Only programs of this machine reach it unless --addr says otherwise.",
		Example: "  descent train iris --out model\n  descent serve model &\n" +
			"  curl -H 'Content-Type: application/json' http://127.0.0.1:8080/predict \\\n" +
			"      -d '[{\"sepal_length\": 5.1, \"sepal_width\": 3.5, \"petal_length\": 1.4, \"petal_width\": 0.2}]'",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.execute(cmd, args[0]) },
	}
	o.cmd = cmd
	f := cmd.Flags()
	f.SortFlags = false
	textFlag(f, &o.addr, "addr", "", "127.0.0.1:8080", "address and port to listen on; 0.0.0.0:8080 is every network of the machine, port 0 any that is free", parseAddress)
	f.StringSliceVar(&o.hosts, "host", nil, "names by which requests may call the server, besides localhost and addresses, separated by commas")
	o.rowFlags(f)
	f.Int64Var(&o.limits.Bytes, "max-bytes", o.limits.Bytes, "bytes of a request at most")
	f.IntVar(&o.limits.Rows, "max-rows", o.limits.Rows, "rows of a request at most")
	f.DurationVar(&o.limits.Time, "timeout", o.limits.Time, "time for reading and answering a request, and as much again for sending the answer")
	f.IntVar(&o.limits.Requests, "max-requests", o.limits.Requests, "requests that are answered at once; more are told to come again")
	f.IntVar(&o.limits.Connections, "max-connections", o.limits.Connections, "connections that are open at once; more wait")
	o.memory.flag(f)
	o.addr = f.Lookup("addr").DefValue
	return cmd
}

// serveOptions are the flags of serve.
type serveOptions struct {
	predictOptions
	addr   string
	hosts  []string
	limits serve.Limits
}

// parseAddress checks an address to listen on.
func parseAddress(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil || strings.ContainsAny(host, "%/ ") {
		return "", fmt.Errorf("%q is no address with a port, such as 127.0.0.1:8080", text)
	}
	return text, nil
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$`)

// check refuses flags that nothing can be served by.
func (o *serveOptions) check() error {
	for _, h := range o.hosts {
		if !hostName.MatchString(h) {
			return fmt.Errorf("--host %q: a name such as models.example.com, without port, is wanted", h)
		}
	}
	for flag, n := range map[string]int64{"max-bytes": o.limits.Bytes, "max-rows": int64(o.limits.Rows), "timeout": int64(o.limits.Time),
		"max-requests": int64(o.limits.Requests), "max-connections": int64(o.limits.Connections)} {
		if n < 1 {
			return fmt.Errorf("--%s must be above 0", flag)
		}
	}
	return checkUnknown(o.unknown)
}

func (o *serveOptions) execute(cmd *cobra.Command, dir string) error {
	if err := o.check(); err != nil {
		return usage(err)
	}
	m, err := readSaved(dir)
	if err != nil {
		return err
	}
	switch {
	case m.Text != nil:
		return usage(fmt.Errorf("%s: a model of text; serve has models of tables and pictures, and generate writes on with this one", dir))
	case m.Series != nil:
		return usage(fmt.Errorf("%s: a model of a series; serve has models of tables and pictures, and predict forecasts with this one", dir))
	}
	if err := m.shows(o.output); err != nil {
		return usage(err)
	}
	p, err := o.predictor(m, dir)
	if err != nil {
		return err
	}
	model := serve.Model{Name: cmp.Or(m.Target, strings.Join(m.predicted(), ", ")) + " of " + m.Data, About: m.about(), Predictor: p, Schema: m.Schema, Shape: m.RowShape(),
		Answer: func(p serve.Predictor, w io.Writer, csv bool) serve.Answer {
			return &rowsAnswer{o, m, p, o.begin(m, w, nil, csv)}
		}}
	l, err := listen(cmd, "--addr", o.addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "serving %s at http://%s/\n", dir, l.Addr())
	return serve.Serve(cmd.Context(), l, serve.New(model, o.limits, o.hosts...), o.limits)
}

// listen listens on the address of a flag, and says where others reach it.
func listen(cmd *cobra.Command, flag, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, addr, err)
	}
	if at, ok := l.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() {
		fmt.Fprintf(cmd.ErrOrStderr(), "note: other machines reach %s; there is no password, and nothing is encrypted\n", l.Addr())
	}
	return l, nil
}

// about says what a model is.
func (m *saved) about() string {
	what := "regression"
	switch {
	case m.Model.Codes():
		what = "autoencoder"
	case m.Targets != nil:
		what = "several targets"
	case m.Classes > 0:
		what = fmt.Sprintf("%d classes", m.Classes)
	}
	return fmt.Sprintf("%s, %s, %d inputs", m.Model, what, m.Features)
}

// A rowsAnswer writes what predict prints.
type rowsAnswer struct {
	o   *serveOptions
	m   *saved
	p   predictor
	out output
}

// Rows implements [serve.Answer].
func (a *rowsAnswer) Rows(d *data.Dataset, where func(row int) string) error {
	if err := a.o.block(a.m, a.p, d, where, func(int) []string { return nil }, a.out); err != nil {
		return err
	}
	return a.out.flush()
}

// End implements [serve.Answer].
func (a *rowsAnswer) End() error { return a.out.end() }
