package devissuer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// maxRequestSize bounds what POST /token reads.
const maxRequestSize = 64 << 10

// ServeHTTP serves GET /.well-known/openid-configuration, GET /jwks and POST /token under the issuer's URL.
//
// POST /token takes JSON, {"subject", "practitioner_id", "assignments": [...], "ttl": "30m" or seconds}, or a form with the same
// fields, the assignments as JSON text. It answers like an OAuth 2.0 token endpoint (RFC 6749 section 5.1), and only requests that
// come from this machine and name it: a page in a browser that resolves its own name to this machine is refused.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if base, err := url.Parse(i.config.URL); err == nil {
		path = strings.TrimPrefix(path, strings.TrimSuffix(base.Path, "/"))
	}
	var method string
	var serve func(http.ResponseWriter, *http.Request)
	switch path {
	case "/.well-known/openid-configuration":
		method, serve = http.MethodGet, i.serveDiscovery
	case "/jwks":
		method, serve = http.MethodGet, i.serveKeys
	case "/token":
		method, serve = http.MethodPost, i.serveToken
	default:
		refuse(w, http.StatusNotFound, "invalid_request", "no such page; see /.well-known/openid-configuration")
		return
	}
	if r.Method != method {
		w.Header().Set("Allow", method)
		refuse(w, http.StatusMethodNotAllowed, "invalid_request", "use "+method)
		return
	}
	serve(w, r)
}

func (i *Issuer) serveDiscovery(w http.ResponseWriter, _ *http.Request) {
	base := strings.TrimSuffix(i.config.URL, "/")
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                i.config.URL,
		"jwks_uri":                              base + "/jwks",
		"token_endpoint":                        base + "/token",
		"id_token_signing_alg_values_supported": []string{"ES256", "RS256"},
	})
}

func (i *Issuer) serveKeys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, i.published())
}

func (i *Issuer) serveToken(w http.ResponseWriter, r *http.Request) {
	if !loopback(r.RemoteAddr) || !loopback(r.Host) {
		refuse(w, http.StatusForbidden, "access_denied", "tokens are given to this machine alone, asked for by a loopback name")
		return
	}
	claims, err := readClaims(http.MaxBytesReader(w, r.Body, maxRequestSize), r.Header.Get("Content-Type"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	token, err := i.Mint(claims)
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	lifetime := claims.TTL
	if lifetime == 0 {
		lifetime = DefaultLifetime
	}
	answer(w, http.StatusOK, map[string]any{
		"access_token": token,
		"token_type":   "Bearer",
		"expires_in":   int64(lifetime / time.Second),
	})
}

// loopback reports whether an address or a host, with or without a port, is this machine's own.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func readClaims(body io.Reader, contentType string) (Claims, error) {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return Claims{}, errors.New("Content-Type must be application/json or application/x-www-form-urlencoded")
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return Claims{}, fmt.Errorf("read the request: %w", err)
	}
	switch mediaType {
	case "application/json":
		return claimsFromJSON(data)
	case "application/x-www-form-urlencoded":
		return claimsFromForm(string(data))
	default:
		return Claims{}, errors.New("Content-Type must be application/json or application/x-www-form-urlencoded")
	}
}

func claimsFromJSON(data []byte) (Claims, error) {
	var request struct {
		Subject        string                `json:"subject"`
		PractitionerID string                `json:"practitioner_id"`
		Assignments    []identity.Assignment `json:"assignments"`
		TTL            any                   `json:"ttl"`
	}
	if err := decode(string(data), &request); err != nil {
		return Claims{}, fmt.Errorf("the request is not the expected JSON object: %w", err)
	}
	ttl := ""
	if request.TTL != nil {
		ttl = fmt.Sprint(request.TTL)
	}
	return newClaims(request.Subject, request.PractitionerID, request.Assignments, ttl)
}

func claimsFromForm(data string) (Claims, error) {
	form, err := url.ParseQuery(data)
	if err != nil {
		return Claims{}, errors.New("the request is not a form")
	}
	for name, values := range form {
		switch name {
		case "subject", "practitioner_id", "assignments", "ttl":
		default:
			return Claims{}, fmt.Errorf("unknown field %.40q; known are subject, practitioner_id, assignments, ttl", name)
		}
		if len(values) != 1 {
			return Claims{}, fmt.Errorf("field %s stands %d times", name, len(values))
		}
	}
	var assignments []identity.Assignment
	if text := form.Get("assignments"); text != "" {
		if err := decode(text, &assignments); err != nil {
			return Claims{}, fmt.Errorf("assignments are not the expected JSON list: %w", err)
		}
	}
	return newClaims(form.Get("subject"), form.Get("practitioner_id"), assignments, form.Get("ttl"))
}

func decode(text string, target any) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(target); err != nil {
		return err
	}
	if decoder.More() {
		return errors.New("more than one value")
	}
	return nil
}

// newClaims reads a ttl given as a duration ("30m") or in whole seconds; "" is the default.
func newClaims(subject, practitionerID string, assignments []identity.Assignment, ttl string) (Claims, error) {
	claims := Claims{Subject: subject, PractitionerID: practitionerID, Assignments: assignments}
	if ttl == "" {
		return claims, nil
	}
	var err error
	if claims.TTL, err = time.ParseDuration(ttl); err != nil {
		seconds, err := strconv.ParseInt(ttl, 10, 32)
		if err != nil {
			return Claims{}, errors.New(`ttl is not a duration such as "30m" or a number of seconds`)
		}
		claims.TTL = time.Duration(seconds) * time.Second
	}
	if claims.TTL == 0 {
		return Claims{}, errors.New("ttl is zero")
	}
	return claims, nil
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone cannot be told
}

// refuse answers with an OAuth 2.0 error (RFC 6749 section 5.2).
func refuse(w http.ResponseWriter, status int, code, description string) {
	answer(w, status, map[string]string{"error": code, "error_description": description})
}
