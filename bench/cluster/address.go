package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// An Address is where servers are, and how to be let in.
type Address struct {
	// URLs are the servers, such as tls://user:password@host:4222, with commas between
	// several, or the name of a file that has them in a line.
	URLs string
	// Credentials is a file of a user's JWT and key, as NATS' tools make it, and CA a file of
	// certificates that sign those of servers; "" if there is none.
	Credentials, CA string
}

// urls reads the addresses, and refuses those that would send runs over a network in the
// clear, or let in anybody.
func (a Address) urls() ([]string, error) {
	text := a.URLs
	if !strings.Contains(text, "://") {
		content, err := os.ReadFile(text)
		if err != nil {
			return nil, err
		}
		text = strings.TrimSpace(string(content))
	}
	all := strings.Split(text, ",")
	for i, one := range all {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.Hostname() == "" || u.Scheme != "nats" && u.Scheme != "tls" {
			return nil, &AddressError{"not of the form nats://127.0.0.1:4222 or tls://user:password@host:4222"} // which it may be nearly: with a password
		}
		all[i] = u.String()
		if local(u.Hostname()) {
			continue
		}
		if u.Scheme != "tls" {
			return nil, &AddressError{u.Host + " is another machine: it must be tls://, since runs would go over the network in the clear"}
		}
		if u.User == nil && a.Credentials == "" {
			return nil, &AddressError{u.Host + " is another machine: it needs credentials, as tls://user:password@host or in a file"}
		}
	}
	return all, nil
}

// Check reports a mistake in an address, before anybody is connected.
func (a Address) Check() error {
	_, err := a.urls()
	return err
}

// local reports whether a host is this machine alone.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// An AddressError is a mistake in an address.
type AddressError struct{ why string }

func (e *AddressError) Error() string { return "the address of servers: " + e.why }

// Join connects to servers that may not be there yet, for so long. Later it connects anew as
// often as it is cut off.
func Join(ctx context.Context, a Address, wait time.Duration) (*Cluster, error) {
	end := time.Now().Add(wait)
	for {
		urls, err := a.urls()
		if err == nil {
			var conn *nats.Conn
			if conn, err = nats.Connect(strings.Join(urls, ","), a.options()...); err == nil {
				return newCluster(conn, replicasOn(urls))
			}
		}
		if errors.As(err, new(*AddressError)) || errors.Is(err, nats.ErrAuthorization) {
			return nil, err
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("no server after %v: %w", wait, err)
		}
		if !sleep(ctx, time.Second/5) {
			return nil, ctx.Err()
		}
	}
}

// options are those of every connection. Servers that others tell of are ignored: only the
// ones that were given have been looked at.
func (a Address) options() []nats.Option {
	all := append(common, nats.IgnoreDiscoveredServers())
	if a.Credentials != "" {
		all = append(all, nats.UserCredentials(a.Credentials))
	}
	if a.CA != "" {
		all = append(all, nats.RootCAs(a.CA))
	}
	return all
}

// common are the options of connections to servers of one's own, too.
var common = []nats.Option{nats.Name("descent"), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second / 5), nats.ReconnectBufSize(-1), nats.Timeout(patience),
	nats.PingInterval(patience), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})} // which requests return, too

// replicasOn is how many servers keep each thing: three, where there are as many.
func replicasOn(urls []string) int {
	if len(urls) >= 3 {
		return 3
	}
	return 1
}

// sleep waits, and reports whether ctx lasts.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
	return ctx.Err() == nil
}
