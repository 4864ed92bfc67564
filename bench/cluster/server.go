package cluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"descent/internal/atomicfile"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// A server of one's own keeps all in a folder that only the user can look into.
const (
	keeps       = "nats"
	addressFile = "url"       // with the token
	storeFolder = "jetstream" // which the server calls so
)

// Here opens a cluster with a server of its own, which keeps what it has in a folder. No
// port is opened if it is for this process alone; else one is, on the loopback
// interface, for who knows a random token: [AddressFile] says both. Opened again, it is
// found at the same address.
func Here(folder string, alone bool) (*Cluster, error) {
	dir := filepath.Join(folder, keeps)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	o := &server.Options{ServerName: "descent", DontListen: alone, StoreDir: dir, JetStream: true, SyncAlways: true, NoSigs: true, NoLog: true, MaxPayload: 8 << 20}
	if !alone {
		if err := listen(o, AddressFile(folder)); err != nil {
			return nil, err
		}
	}
	s, err := start(o)
	if err != nil { // what it kept may be damaged, and can be made again
		if err := os.RemoveAll(filepath.Join(dir, storeFolder)); err != nil {
			return nil, err
		}
		if s, err = start(o); err != nil {
			return nil, fmt.Errorf("the server of the study: %w", err)
		}
	}
	conn, err := nats.Connect("", append(common, nats.InProcessServer(s), nats.Token(o.Authorization))...)
	if err != nil {
		return nil, err
	}
	l, err := newCluster(conn, 1)
	if err == nil {
		l.own, l.dir = s, dir
	}
	return l, err
}

// AddressFile is the name of the file that tells workers on this machine the address of a
// server that keeps what it has in a folder.
func AddressFile(folder string) string { return filepath.Join(folder, keeps, addressFile) }

// listen chooses address and token, those of the file if it is there and the port free.
func listen(o *server.Options, file string) error {
	o.Host, o.Authorization = "127.0.0.1", rand.Text()
	want := "127.0.0.1:0"
	if text, err := os.ReadFile(file); err == nil {
		if u, err := url.Parse(strings.TrimSpace(string(text))); err == nil && u.User != nil && u.Hostname() == o.Host {
			want, o.Authorization = u.Host, u.User.Username()
		}
	}
	port, err := net.Listen("tcp", want)
	if err != nil {
		port, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return err
	}
	o.Port = port.Addr().(*net.TCPAddr).Port
	u := url.URL{Scheme: "nats", User: url.User(o.Authorization), Host: port.Addr().String()}
	if err := port.Close(); err != nil {
		return err
	}
	return atomicfile.Write(file, []byte(u.String()+"\n"))
}

// start starts a server, and waits until it is ready.
func start(o *server.Options) (*server.Server, error) {
	s, err := server.NewServer(o)
	if err != nil {
		return nil, err
	}
	s.Start()
	if s.ReadyForConnections(patience) && s.JetStreamEnabled() {
		return s, nil
	}
	s.Shutdown()
	s.WaitForShutdown()
	return nil, errors.New("it does not start")
}

// clear ends a server of one's own, and removes what it kept.
func (l *Cluster) clear() error {
	if l.own == nil {
		return nil
	}
	l.Close()
	return os.RemoveAll(l.dir)
}
