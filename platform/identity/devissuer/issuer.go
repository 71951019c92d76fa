// Package devissuer is an OpenID Connect issuer for laptops and tests. It gives a token for anybody to whoever asks from the same
// machine, so it must never be reachable from elsewhere and never stand before real data.
package devissuer

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/coworkcare/coworkcare/platform/identity"
)

const (
	// DefaultLifetime is how long a token lives when Claims do not say: a working day.
	DefaultLifetime = 8 * time.Hour
	// MaxLifetime is the longest life of a token that a Verifier accepts.
	MaxLifetime = 24 * time.Hour
)

// Config configures an Issuer.
type Config struct {
	// URL is the issuer's `iss` and, for discovery, where its handler is reached. Required.
	URL string
	// Dir keeps the signing keys (issuer-keys.json, 0600), so that tokens survive a restart; "" keeps them in memory only.
	Dir string
	// Algorithm of keys made from now on: "ES256" (default) or "RS256".
	Algorithm string
	// Audience of the tokens; default identity.DefaultAudience.
	Audience string
	// Now is wall time; nil is time.Now.
	Now func() time.Time
}

// Issuer mints tokens and publishes its keys. It is safe for concurrent use and is an http.Handler.
type Issuer struct {
	config    Config
	withdrawn atomic.Uint64

	mu   sync.RWMutex
	keys []jose.JSONWebKey // private; the first one signs, all are published
}

// New returns an issuer with the keys of its folder, or with a fresh one.
func New(config Config) (*Issuer, error) {
	if config.URL == "" {
		return nil, errors.New("devissuer: the issuer needs a URL")
	}
	if config.Algorithm == "" {
		config.Algorithm = oidc.ES256
	}
	if config.Audience == "" {
		config.Audience = identity.DefaultAudience
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	keys, err := loadKeys(config.Dir)
	if err != nil {
		return nil, err
	}
	issuer := &Issuer{config: config, keys: keys}
	if len(keys) == 0 {
		if err := issuer.RotateKey(); err != nil {
			return nil, err
		}
	}
	return issuer, nil
}

// URL returns the issuer's `iss`.
func (i *Issuer) URL() string { return i.config.URL }

// RotateKey makes a fresh key that signs from now on. Tokens signed before stay valid: the old keys are still published.
func (i *Issuer) RotateKey() error {
	fresh, err := newKey(i.config.Algorithm)
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.replaceKeys(append([]jose.JSONWebKey{fresh}, i.keys...))
}

// WithdrawOldKeys publishes the signing key alone: tokens signed by others stop being valid.
func (i *Issuer) WithdrawOldKeys() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.replaceKeys(i.keys[:1:1]); err != nil {
		return err
	}
	i.withdrawn.Add(1)
	return nil
}

// replaceKeys stores the keys before it uses them; the lock is held.
func (i *Issuer) replaceKeys(keys []jose.JSONWebKey) error {
	if err := storeKeys(i.config.Dir, keys); err != nil {
		return err
	}
	i.keys = keys
	return nil
}

// Claims are what a token says of its holder.
type Claims struct {
	Subject        string
	PractitionerID string
	Assignments    []identity.Assignment
	// TTL is how long the token lives, at most MaxLifetime; 0 is DefaultLifetime.
	TTL time.Duration
}

// Mint returns a signed token.
func (i *Issuer) Mint(c Claims) (string, error) {
	if c.Subject == "" {
		return "", errors.New("devissuer: a token needs a subject")
	}
	if c.TTL != 0 && (c.TTL < time.Second || c.TTL > MaxLifetime) {
		return "", fmt.Errorf("devissuer: a token lives between a second and %v, not %v", MaxLifetime, c.TTL)
	}
	for n, assignment := range c.Assignments {
		if err := assignment.Validate(); err != nil {
			return "", fmt.Errorf("devissuer: assignment %d: %w", n+1, err)
		}
	}
	return i.MintWith(c, Forgery{})
}

// payload returns the claims of a well-formed token.
func (i *Issuer) payload(c Claims) map[string]any {
	now := i.config.Now().Unix()
	ttl := c.TTL
	if ttl == 0 {
		ttl = DefaultLifetime
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // crypto/rand ends the process rather than fail
	payload := map[string]any{
		"iss": i.config.URL,
		"aud": i.config.Audience,
		"sub": c.Subject,
		"iat": now,
		"nbf": now,
		"exp": now + int64(ttl/time.Second),
		"jti": base64.RawURLEncoding.EncodeToString(id),
	}
	if c.PractitionerID != "" {
		payload["practitioner_id"] = c.PractitionerID
	}
	if len(c.Assignments) > 0 {
		payload["assignments"] = c.Assignments
	}
	return payload
}

// signingKey returns the private key that signs.
func (i *Issuer) signingKey() jose.JSONWebKey {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.keys[0]
}

// PublicKey returns the public half of the signing key.
func (i *Issuer) PublicKey() jose.JSONWebKey {
	key := i.signingKey()
	return key.Public()
}

// published returns the public halves of all keys.
func (i *Issuer) published() jose.JSONWebKeySet {
	i.mu.RLock()
	defer i.mu.RUnlock()
	set := jose.JSONWebKeySet{Keys: make([]jose.JSONWebKey, len(i.keys))}
	for n := range i.keys {
		set.Keys[n] = i.keys[n].Public()
	}
	return set
}

// KeySet returns the issuer's keys for a Verifier in the same process (identity.Config.KeySet): always the current ones, without
// a request to itself.
func (i *Issuer) KeySet() oidc.KeySet { return keySet{i} }

type keySet struct{ issuer *Issuer }

// Generation changes when keys are withdrawn.
func (s keySet) Generation() uint64 { return s.issuer.withdrawn.Load() }

// VerifySignature implements oidc.KeySet.
func (s keySet) VerifySignature(_ context.Context, raw string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		return nil, fmt.Errorf("devissuer: parse token: %w", err)
	}
	set := s.issuer.published()
	for _, key := range set.Key(jws.Signatures[0].Header.KeyID) {
		if payload, err := jws.Verify(key); err == nil {
			return payload, nil
		}
	}
	return nil, errors.New("devissuer: no key verifies the token")
}

// newKey makes a private key whose id is its RFC 7638 thumbprint.
func newKey(algorithm string) (jose.JSONWebKey, error) {
	var private crypto.Signer
	var err error
	switch algorithm {
	case oidc.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case oidc.RS256:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		return jose.JSONWebKey{}, fmt.Errorf("devissuer: algorithm %q; use ES256 or RS256", algorithm)
	}
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("devissuer: make a key: %w", err)
	}
	key := jose.JSONWebKey{Key: private, Algorithm: algorithm, Use: "sig"}
	thumbprint, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("devissuer: thumbprint: %w", err)
	}
	key.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	return key, nil
}

// encodePart is one base64url part of a compact JWS.
func encodePart(value any) (string, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("devissuer: encode token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(data), nil
}
