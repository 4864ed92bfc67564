package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// certificate makes one for this machine, and a file of it for who is to trust it.
func certificate(t testing.TB) (pair tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// Servers are believed by their certificate, and users by their password.
func TestTLS(t *testing.T) {
	t.Parallel()
	pair, ca := certificate(t)
	s, err := start(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, StoreDir: t.TempDir(), JetStream: true, NoSigs: true, NoLog: true, Username: "user", Password: "word",
		TLS: true, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}}, TLSTimeout: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown()
	at := s.Addr().String()
	for _, c := range []struct {
		what, user, ca string
		let            bool
	}{{"the right ones", "user:word", ca, true}, {"an unknown certificate", "user:word", "", false}, {"a wrong password", "user:guess", ca, false}} {
		l, err := Join(t.Context(), Address{URLs: "tls://" + c.user + "@" + at, CA: c.ca}, time.Second)
		if (err == nil) != c.let {
			t.Errorf("%s: %v", c.what, err)
		}
		if err == nil {
			begin(t, l, study(t, t.TempDir()))
			l.Close()
		}
	}
}
