package main

import (
	"encoding/json"
	"errors"
	"net/http"
)

// before answers GET /docs/token in front of REST, so that the page of the API can try a call as anybody of the demo without a
// token being pasted. The token goes to pages of this very server alone: the desk's own rules hold (loopback, by a loopback name,
// no foreign origin), and a browser must say that the page asking is of the same origin. It is given as JSON, which no page of
// another origin can read, and never as a script, which any page could include.
func (d *tokenDesk) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/docs/token" {
			next.ServeHTTP(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		status, answer := http.StatusOK, tokenAnswer{}
		var err error
		switch {
		case r.Method != http.MethodGet:
			header.Set("Allow", http.MethodGet)
			status, err = http.StatusMethodNotAllowed, errors.New("this path takes GET")
		case !fromLoopback(r) || r.Header.Get("Sec-Fetch-Site") != "same-origin":
			status, err = http.StatusForbidden, errors.New("tokens are given to the page at /docs on loopback only; elsewhere use `coworkctl token`")
		default:
			if answer, err = d.token(r.Context(), tokenRequest{Role: r.URL.Query().Get("role")}); err != nil {
				status = http.StatusBadRequest
			}
		}
		if err != nil {
			answer = tokenAnswer{Error: err.Error()}
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer)
	})
}
