package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// served runs serve and returns where it answers, and what ends it.
func served(t *testing.T, args ...string) (url string, end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan string, 1)
	go func() {
		var errs bytes.Buffer
		status := run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...), strings.NewReader(""), w, &errs)
		w.Close()
		ended <- fmt.Sprint(status, errs.String())
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	at := strings.Index(line, "http://")
	if err != nil || at < 0 {
		stop()
		t.Fatalf("%q, %v: %s", line, err, <-ended)
	}
	return strings.TrimSuffix(line[at:], "/\n"), func() {
		stop()
		if got := <-ended; got != "0" {
			t.Errorf("serve ended with %s", got)
		}
	}
}

// post asks a server.
func post(url, kind, body string, header ...string) (string, error) {
	req, err := http.NewRequest("POST", url+"/predict", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", kind)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", r.Status, text)
	}
	return string(text), err
}

// What is served is what predict prints, byte for byte: of classes, numbers with
// intervals, several targets, codes.
func TestServesPredictions(t *testing.T) {
	tall := file(t, "tall.csv", table(60))
	for name, c := range map[string]struct{ train, flags []string }{
		"classes": {[]string{"-t", "class", "--drop", "y", "-m", "mlp(8)"}, []string{"--outside"}},
		"numbers": {[]string{"-t", "y", "-m", "mlp(8)", "--interval"}, []string{"--interval", "90"}},
		"targets": {[]string{"-t", "y,z", "-m", "mlp(8)"}, nil},
		"codes":   {[]string{"-t", "y", "-m", "autoencoder(8, 2)"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "m")
			if status, _, errs := descent(append([]string{"train", tall, "-q", "--epochs", "2", "--out", dir}, c.train...)...); status != 0 {
				t.Fatal(errs)
			}
			url, end := served(t, append([]string{dir}, c.flags...)...)
			defer end()
			text, err := os.ReadFile(tall)
			if err != nil {
				t.Fatal(err)
			}
			for accept, flags := range map[string][]string{"application/json": {"--json"}, "text/csv": nil} {
				status, want, errs := descent(append(append([]string{"predict", dir, tall}, c.flags...), flags...)...)
				if status != 0 {
					t.Fatal(errs)
				}
				if got, err := post(url, "text/csv", string(text), "Accept", accept); err != nil || got != want {
					t.Errorf("%s: %v, %.200s\nwant %.200s", accept, err, got, want)
				}
			}
		})
	}
}

// Models that cannot be served, and addresses that cannot be listened on, are told.
func TestServeRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "m")
	if status, _, errs := descent("train", file(t, "tall.csv", table(60)), "-t", "y", "-q", "-m", "linear", "--out", dir); status != 0 {
		t.Fatal(errs)
	}
	url, end := served(t, dir)
	defer end()
	for want, args := range map[string][]string{
		"address already in use":         {dir, "--addr", strings.TrimPrefix(url, "http://")},
		"no address with a port":         {dir, "--addr", "localhost"},
		"--max-rows must be above 0":     {dir, "--max-rows", "0"},
		"--host \"a b\"":                 {dir, "--host", "a b"},
		"not a folder that train --out ": {t.TempDir()},
	} {
		if status, _, errs := descent(append([]string{"serve"}, args...)...); status == 0 || !strings.Contains(errs, want) {
			t.Errorf("%v: status %d: %s", args, status, errs)
		}
	}
}

// Eight clients ask for a while, for ten minutes with DESCENT_SLOW=1: memory and goroutines
// are as many as after the first tenth of the time.
func TestServeStaysFlat(t *testing.T) {
	lasts := time.Second
	if os.Getenv("DESCENT_SLOW") != "" {
		lasts = 10 * time.Minute
	}
	dir := filepath.Join(t.TempDir(), "m")
	if status, _, errs := descent("train", file(t, "tall.csv", table(60)), "-t", "class", "--drop", "y", "-q", "--epochs", "2", "-m", "mlp(16)", "--out", dir); status != 0 {
		t.Fatal(errs)
	}
	url, end := served(t, dir)
	defer end()
	ctx, stop := context.WithTimeout(context.Background(), lasts)
	defer stop()
	var clients sync.WaitGroup
	var asked [8]int
	for c := range asked {
		clients.Go(func() {
			for ; ctx.Err() == nil; asked[c]++ {
				body := strings.TrimSuffix(strings.Repeat(`{"x": 1, "z": 2.5}`+"\n", 1+(asked[c]*7+c)%50), "\n")
				if got, err := post(url, "application/json", body); err != nil || strings.Count(got, "prediction") != 1+strings.Count(body, "\n") {
					t.Errorf("%v: %.200s", err, got)
					return
				}
				time.Sleep(lasts / 50_000) // so that ten minutes leave others a processor
			}
		})
	}
	time.Sleep(lasts / 10)
	heap, goroutines := inUse()
	clients.Wait()
	after, g := inUse()
	total := 0
	for _, n := range asked {
		total += n
	}
	t.Logf("%d requests in %v: heap %.2f MB and %d goroutines, then %.2f MB and %d", total, lasts, heap/1e6, goroutines, after/1e6, g)
	if after > heap+4e6 || g > goroutines+8 {
		t.Error("memory or goroutines grow")
	}
}

// inUse are bytes of the heap, and goroutines.
func inUse() (heap float64, goroutines int) {
	for range 3 { // what has finalizers takes several
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc), runtime.NumGoroutine()
}
