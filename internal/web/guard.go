// Package web is what the servers of this module have in common: who may call them, how
// long that may take, and how they end.
package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"descent/internal/numjson"
)

// headers are those of all answers.
var headers = map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
	"Content-Security-Policy": "form-action 'self'; frame-ancestors 'none'; base-uri 'none'", "Cache-Control": "no-store"}

// Guard returns h behind two checks. A server is called by an IP address, as localhost or
// by one of the given hosts: else a page of another site could let its own name point
// here (DNS rebinding). And pages of other sites may not send anything.
func Guard(h http.Handler, hosts ...string) http.Handler {
	own := http.NewCrossOriginProtection()
	own.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		Fail(w, http.StatusForbidden, errors.New("a page of another site asks; this server answers its own page, and programs"))
	}))
	h = own.Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		if !called(r.Host, hosts) {
			Fail(w, http.StatusMisdirectedRequest, fmt.Errorf("this server is not called %.100q: use its address", r.Host))
			return
		}
		h.ServeHTTP(w, r)
	})
}

// called tells whether a server has that name.
func called(host string, hosts []string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	return host == "localhost" || net.ParseIP(host) != nil || slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// Fail answers with an error, as JSON.
func Fail(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = numjson.Write(w, map[string]string{"error": err.Error()}, "") // who asked may have gone
}
