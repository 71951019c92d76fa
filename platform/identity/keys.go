package identity

import (
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

const (
	keysMaxAge       = 5 * time.Minute // then fetched again in the background, so that a withdrawn key stops counting
	keysMaxStaleness = 24 * time.Hour  // an issuer out of reach does not stop care; a blocked one must not keep a withdrawn key alive
	keysFetchTimeout = 10 * time.Second
	keysFetchEvery   = 5 * time.Second // tokens with invented key ids must not become a flood on the issuer …
	keysFetchBurst   = 3               // … and a real rotation is seen at once
	maxKeys          = 100
	maxFetchSize     = 1 << 20
	minRSABits       = 2048 // RFC 7518 section 3.3
)

var (
	errUnknownKey   = errors.New("no key with this kid")
	errBadSignature = errors.New("signature does not verify")
)

// remoteKeys is an oidc.KeySet of keys fetched from the issuer. Beyond go-oidc's own it bounds how often, how long and how much
// it fetches, notices withdrawn keys, and keeps an unreachable issuer apart from a bad signature.
type remoteKeys struct {
	ctx        context.Context
	config     Config
	algorithms []jose.SignatureAlgorithm
	client     *http.Client
	limit      *rate.Limiter
	flight     singleflight.Group
	due        atomic.Int64 // unix nanoseconds of the next fetch in the background; 0 before the first success
	withdrawn  atomic.Uint64

	mu      sync.RWMutex
	known   keyring
	lastErr error // of the latest fetch; nil when it succeeded
}

// keyring is the result of one fetch.
type keyring struct {
	keys    []jose.JSONWebKey
	prints  map[string]bool // RFC 7638 thumbprints
	fetched time.Time
	number  uint64 // of the fetch; 0 is none
}

func newRemoteKeys(ctx context.Context, config Config) *remoteKeys {
	transport := config.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	return &remoteKeys{
		ctx:        ctx,
		config:     config,
		algorithms: signatureAlgorithms(config.Algorithms),
		client: &http.Client{
			Transport: transport,
			// Keys are taken from where the configuration says, not from where a redirect leads.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		limit: rate.NewLimiter(rate.Every(keysFetchEvery), keysFetchBurst),
	}
}

// Generation changes whenever a key that was known is no longer published.
func (r *remoteKeys) Generation() uint64 { return r.withdrawn.Load() }

// VerifySignature implements oidc.KeySet.
func (r *remoteKeys) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(raw, r.algorithms)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadSignature, err)
	}
	known, _ := r.snapshot()
	payload, err := known.verify(jws)
	if !errors.Is(err, errUnknownKey) {
		return payload, err
	}
	if err := r.fetchAfter(ctx, known.number); err != nil {
		return nil, err
	}
	known, lastErr := r.snapshot()
	payload, err = known.verify(jws)
	if errors.Is(err, errUnknownKey) && (lastErr != nil || len(known.keys) == 0) {
		// The key may be one that the issuer has published since.
		return nil, unavailable(lastErr)
	}
	return payload, err
}

// verify tries the keys with the token's key id.
func (k keyring) verify(jws *jose.JSONWebSignature) ([]byte, error) {
	head := jws.Signatures[0].Header
	err := errUnknownKey
	for i := range k.keys {
		key := &k.keys[i]
		if key.KeyID != head.KeyID {
			continue
		}
		err = errBadSignature
		if key.Algorithm != "" && key.Algorithm != head.Algorithm {
			continue
		}
		if payload, verifyErr := jws.Verify(key); verifyErr == nil {
			return payload, nil
		}
	}
	return nil, err
}

func (r *remoteKeys) ready(ctx context.Context) error {
	known, _ := r.snapshot()
	if len(known.keys) != 0 {
		return nil
	}
	if err := r.fetchAfter(ctx, known.number); err != nil {
		return err
	}
	if known, lastErr := r.snapshot(); len(known.keys) == 0 {
		return unavailable(lastErr)
	}
	return nil
}

// snapshot returns the keys that may be used now, and the error of the latest fetch.
func (r *remoteKeys) snapshot() (keyring, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.known.number != 0 && r.config.Now().Sub(r.known.fetched) > keysMaxStaleness {
		return keyring{number: r.known.number}, r.lastErr
	}
	return r.known, r.lastErr
}

// refreshWhenDue starts a fetch in the background when the keys have reached their age. It costs one atomic load otherwise.
func (r *remoteKeys) refreshWhenDue(now time.Time) {
	due := r.due.Load()
	if due == 0 || now.UnixNano() < due || !r.due.CompareAndSwap(due, now.Add(keysFetchEvery).UnixNano()) {
		return
	}
	known, _ := r.snapshot()
	r.flight.DoChan("keys", func() (any, error) { return nil, r.fetch(known.number) })
}

// fetchAfter returns when a fetch later than the one with the given number has been tried, or the limit forbids trying. It
// returns an error only when the context ends first: the outcome of the fetch stands in the snapshot.
func (r *remoteKeys) fetchAfter(ctx context.Context, number uint64) error {
	result := r.flight.DoChan("keys", func() (any, error) { return nil, r.fetch(number) })
	select {
	case <-result:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// fetch replaces the keys, unless that happened since the caller looked (known number) or the limit forbids it. One runs at a
// time.
func (r *remoteKeys) fetch(number uint64) error {
	r.mu.RLock()
	current := r.known.number
	r.mu.RUnlock()
	now := r.config.Now()
	if current > number || !r.limit.AllowN(now, 1) {
		return nil
	}
	ctx, cancel := context.WithTimeout(r.ctx, keysFetchTimeout)
	defer cancel()
	keys, err := r.download(ctx)

	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastErr = err
	if err != nil {
		return err
	}
	prints := make(map[string]bool, len(keys))
	for i := range keys {
		thumbprint, err := keys[i].Thumbprint(crypto.SHA256)
		if err != nil {
			r.lastErr = fmt.Errorf("thumbprint of a key: %w", err)
			return r.lastErr
		}
		prints[string(thumbprint)] = true
	}
	for thumbprint := range r.known.prints {
		if !prints[thumbprint] {
			r.withdrawn.Add(1)
			break
		}
	}
	r.known = keyring{keys: keys, prints: prints, fetched: now, number: current + 1}
	r.due.Store(now.Add(keysMaxAge).UnixNano())
	return nil
}

// download fetches the keys, asking the discovery document (OpenID Connect Discovery 1.0 section 4) first where they are, each
// time: an issuer may move them.
func (r *remoteKeys) download(ctx context.Context) ([]jose.JSONWebKey, error) {
	address := r.config.JWKSURL
	if address == "" {
		data, err := r.get(ctx, strings.TrimSuffix(r.config.Issuer, "/")+"/.well-known/openid-configuration")
		if err != nil {
			return nil, fmt.Errorf("fetch the issuer's discovery document: %w", err)
		}
		var document struct {
			Issuer  string `json:"issuer"`
			JWKSURI string `json:"jwks_uri"`
		}
		if err := json.Unmarshal(data, &document); err != nil {
			return nil, errors.New("the issuer's discovery document is not a JSON object of the expected form")
		}
		if document.Issuer != r.config.Issuer {
			return nil, errors.New("the discovery document names another issuer than the configuration; they must match exactly")
		}
		if err := checkURL("jwks_uri of the discovery document", document.JWKSURI, r.config.AllowHTTP); err != nil {
			return nil, err
		}
		address = document.JWKSURI
	}
	data, err := r.get(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("fetch the issuer's keys: %w", err)
	}
	return usableKeys(data)
}

// get returns the body of a 200 answer. Its errors never quote the body: it can be long, and is somebody else's text.
func (r *remoteKeys) get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // read only
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxFetchSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFetchSize {
		return nil, errors.New("the answer is longer than 1 MB")
	}
	return data, nil
}

// usableKeys reads a JWK set (RFC 7517 section 5), leaving out what cannot verify a signature safely: keys of unknown or
// symmetric types, private ones, those for encryption, those without an id, and short RSA keys.
func usableKeys(data []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("the issuer's keys are not a JWK set")
	}
	var keys []jose.JSONWebKey
	for _, item := range set.Keys {
		var key jose.JSONWebKey
		if err := json.Unmarshal(item, &key); err != nil {
			continue
		}
		if !key.Valid() || !key.IsPublic() || key.KeyID == "" || key.Use != "" && key.Use != "sig" {
			continue
		}
		if rsaKey, ok := key.Key.(*rsa.PublicKey); ok && rsaKey.N.BitLen() < minRSABits {
			continue
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 || len(keys) > maxKeys {
		return nil, fmt.Errorf("the issuer publishes %d usable keys; expected 1 to %d", len(keys), maxKeys)
	}
	return keys, nil
}

func unavailable(err error) error {
	if err == nil {
		return ErrKeysUnavailable
	}
	return fmt.Errorf("%w: %w", ErrKeysUnavailable, err)
}
