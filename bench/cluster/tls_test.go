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

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
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

// identity makes a key of a kind.
func identity(t testing.TB, kind nkeys.PrefixByte) (key nkeys.KeyPair, public string) {
	t.Helper()
	key, err := nkeys.CreatePair(kind)
	if err != nil {
		t.Fatal(err)
	}
	if public, err = key.PublicKey(); err != nil {
		t.Fatal(err)
	}
	return key, public
}

// signed is a claim as text, signed by who stands above.
func signed(t testing.TB, claim jwt.Claims, by nkeys.KeyPair) string {
	t.Helper()
	text, err := claim.Encode(by)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Servers of an operator let in users whom an account of theirs has signed: their
// credentials are a file, as NATS' tools write it.
func TestCredentials(t *testing.T) {
	t.Parallel()
	operator, operatorID := identity(t, nkeys.PrefixByteOperator)
	account, accountID := identity(t, nkeys.PrefixByteAccount)
	_, systemID := identity(t, nkeys.PrefixByteAccount)
	stranger, _ := identity(t, nkeys.PrefixByteAccount)
	league := jwt.NewAccountClaims(accountID)
	league.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: jwt.NoLimit, DiskStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit}
	accounts := &server.MemAccResolver{}
	for id, text := range map[string]string{accountID: signed(t, league, operator), systemID: signed(t, jwt.NewAccountClaims(systemID), operator)} {
		if err := accounts.Store(id, text); err != nil {
			t.Fatal(err)
		}
	}
	s, err := start(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, StoreDir: t.TempDir(), JetStream: true, NoSigs: true, NoLog: true,
		TrustedOperators: []*jwt.OperatorClaims{jwt.NewOperatorClaims(operatorID)}, SystemAccount: systemID, AccountResolver: accounts})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown()
	for what, signer := range map[string]nkeys.KeyPair{"the account": account, "a stranger": stranger, "": nil} {
		address := Address{URLs: "nats://" + s.Addr().String()}
		if signer != nil {
			user, userID := identity(t, nkeys.PrefixByteUser)
			seed, err := user.Seed()
			if err != nil {
				t.Fatal(err)
			}
			text, err := jwt.FormatUserConfig(signed(t, jwt.NewUserClaims(userID), signer), seed)
			if err != nil {
				t.Fatal(err)
			}
			address.Credentials = filepath.Join(t.TempDir(), "league.creds")
			if err := os.WriteFile(address.Credentials, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l, err := Join(t.Context(), address, time.Second)
		if (err == nil) != (signer == account) {
			t.Errorf("signed by %q: %v", what, err)
		}
		if err == nil {
			begin(t, l, study(t, t.TempDir()))
			l.Close()
		}
	}
}
