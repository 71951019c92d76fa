package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// DefaultAudience is the audience of callers' tokens.
	DefaultAudience = "coworkcare"

	defaultCacheSize = 10_000
)

// Config configures a Verifier.
type Config struct {
	// Issuer is the exact `iss` of the tokens, an https URL (http is accepted for a loopback host).
	Issuer string
	// JWKSURL is where the issuer publishes its keys; "" asks the issuer's discovery document.
	JWKSURL string
	// KeySet replaces fetching: the keys of an issuer in the same process. It must refuse a token whose key id it does not
	// know. When it has a method Generation() uint64, a change of the value makes the Verifier forget the tokens it has verified.
	KeySet oidc.KeySet
	// Audience must be among the token's `aud`; default DefaultAudience.
	Audience string
	// Algorithms are the accepted signature algorithms, asymmetric ones only; default RS256 and ES256.
	Algorithms []string
	// AllowHTTP accepts an issuer and keys over plain http on any host. The keys then are as trustworthy as the network.
	AllowHTTP bool
	// CacheSize bounds the number of verified tokens remembered; default 10,000.
	CacheSize int
	// Now is wall time; nil is time.Now. Tokens never follow a test clock: their issuer does not.
	Now func() time.Time
	// Transport fetches the keys; nil is http.DefaultTransport.
	Transport http.RoundTripper
}

// Verifier verifies callers' tokens. It is safe for concurrent use.
type Verifier struct {
	config Config
	oidc   *oidc.IDTokenVerifier
	keys   oidc.KeySet
	remote *remoteKeys // nil with Config.KeySet
	cache  *lru.Cache[[sha256.Size]byte, verified]
}

// verified is a remembered token.
type verified struct {
	caller     Caller
	generation uint64
}

// NewVerifier returns a Verifier. It asks the network for nothing yet, so that a process starts while the issuer is down; use
// Ready to ask. The context ends background fetching of keys and is never a request's.
func NewVerifier(ctx context.Context, config Config) (*Verifier, error) {
	if config.Audience == "" {
		config.Audience = DefaultAudience
	}
	if len(config.Algorithms) == 0 {
		config.Algorithms = []string{oidc.RS256, oidc.ES256}
	}
	if config.CacheSize == 0 {
		config.CacheSize = defaultCacheSize
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	asymmetric := []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
	}
	for _, algorithm := range config.Algorithms {
		if !slices.Contains(asymmetric, algorithm) {
			return nil, fmt.Errorf("identity: %q is not an asymmetric signature algorithm; use some of %v", algorithm, asymmetric)
		}
	}
	if err := checkURL("issuer", config.Issuer, config.AllowHTTP); err != nil {
		return nil, err
	}
	if config.JWKSURL != "" {
		if err := checkURL("JWKS URL", config.JWKSURL, config.AllowHTTP); err != nil {
			return nil, err
		}
	}
	cache, err := lru.New[[sha256.Size]byte, verified](config.CacheSize)
	if err != nil {
		return nil, fmt.Errorf("identity: cache of %d tokens: %w", config.CacheSize, err)
	}
	v := &Verifier{config: config, keys: config.KeySet, cache: cache}
	if v.keys == nil {
		v.remote = newRemoteKeys(ctx, config)
		v.keys = v.remote
	}
	v.oidc = oidc.NewVerifier(config.Issuer, witness{v.keys}, &oidc.Config{
		ClientID:             config.Audience,
		SupportedSigningAlgs: config.Algorithms,
		Now:                  config.Now,
	})
	return v, nil
}

func checkURL(what, text string, allowHTTP bool) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.Fragment != "" {
		return fmt.Errorf("identity: the %s must be an absolute https URL", what)
	}
	ip := net.ParseIP(parsed.Hostname())
	loopback := parsed.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if parsed.Scheme != "https" && !(parsed.Scheme == "http" && (loopback || allowHTTP)) {
		return fmt.Errorf("identity: the %s must be an https URL; over plain http anybody on the network could replace the keys", what)
	}
	return nil
}

// Ready fetches the issuer's keys when there are none yet. It returns an error matching ErrKeysUnavailable when tokens cannot
// be judged now.
func (v *Verifier) Ready(ctx context.Context) error {
	if v.remote == nil {
		return nil
	}
	return v.remote.ready(ctx)
}

// Verify returns who a token names. Errors match ErrNoToken (raw is ""), ErrInvalidToken (an *InvalidTokenError with the
// cause), ErrKeysUnavailable (what it wraps is for logs), or the context's error. A token verified before costs a hash and a look-up until it expires or
// the issuer withdraws a key. The Caller is the receiver's own to change.
func (v *Verifier) Verify(ctx context.Context, raw string) (Caller, error) {
	if raw == "" {
		return Caller{}, ErrNoToken
	}
	if len(raw) > maxTokenSize {
		return Caller{}, invalid(CauseMalformed, "longer than 16 kB")
	}
	now := v.config.Now()
	if v.remote != nil {
		v.remote.refreshWhenDue(now)
	}
	generation := v.generation()
	digest := sha256.Sum256([]byte(raw))
	if known, ok := v.cache.Get(digest); ok {
		if known.generation == generation && now.Before(known.caller.Expiry) {
			return known.caller.clone(), nil
		}
		v.cache.Remove(digest)
	}
	caller, err := v.verify(ctx, raw, now)
	if err != nil {
		return Caller{}, err
	}
	// The generation was read before the signature was judged: a key withdrawn meanwhile makes the entry stale at once.
	v.cache.Add(digest, verified{caller: caller.clone(), generation: generation})
	return caller, nil
}

// generation changes when a key is withdrawn.
func (v *Verifier) generation() uint64 {
	if keys, ok := v.keys.(interface{ Generation() uint64 }); ok {
		return keys.Generation()
	}
	return 0
}

// verify judges a token twice: go-oidc verifies signature, issuer, audience and time; the claims are then read strictly and
// checked for what go-oidc leaves out or is lenient about, and to give a refusal its cause.
func (v *Verifier) verify(ctx context.Context, raw string, now time.Time) (Caller, error) {
	head, err := parseHeader(raw)
	if err != nil {
		return Caller{}, err
	}
	switch {
	case !slices.Contains(v.config.Algorithms, head.Algorithm):
		return Caller{}, invalid(CauseSignature, "alg is not among the accepted algorithms")
	case !callerTokenType(head.Type):
		return Caller{}, invalid(CauseMalformed, "typ is not JWT or at+jwt")
	case head.KeyID == "" || len(head.KeyID) > maxKeyIDSize:
		return Caller{}, invalid(CauseMalformed, "kid is missing or longer than 256 bytes")
	}
	var seen testimony
	_, oidcErr := v.oidc.Verify(context.WithValue(ctx, testimonyKey{}, &seen), raw)
	switch {
	case errors.Is(seen.err, ErrKeysUnavailable):
		return Caller{}, seen.err
	case seen.err != nil && ctx.Err() != nil:
		return Caller{}, fmt.Errorf("verify token: %w", context.Cause(ctx))
	case seen.err != nil:
		return Caller{}, invalid(CauseSignature, "no key of the issuer with this kid verifies the signature")
	case seen.payload == nil:
		return Caller{}, invalid(CauseMalformed, "not a JWS with one signature and a header that is understood")
	}
	parsed, err := parseClaims(seen.payload)
	if err != nil {
		return Caller{}, err
	}
	if err := parsed.check(v.config.Issuer, v.config.Audience, now); err != nil {
		return Caller{}, err
	}
	if oidcErr != nil {
		return Caller{}, invalid(CauseMalformed, "refused by the OpenID Connect verifier")
	}
	return parsed.caller()
}

// callerTokenType accepts the types of access and id tokens (RFC 9068 section 2.1; RFC 7519 section 5.1), so that a token made
// for another use, such as a logout token, is none of ours.
func callerTokenType(typ string) bool {
	switch strings.TrimPrefix(strings.ToLower(typ), "application/") {
	case "", "jwt", "at+jwt":
		return true
	}
	return false
}

// witness tells Verifier.verify what the key set said; go-oidc turns every error into text.
type witness struct{ keys oidc.KeySet }

type testimonyKey struct{}

type testimony struct {
	payload []byte
	err     error
}

func (w witness) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	payload, err := w.keys.VerifySignature(ctx, raw)
	if seen, ok := ctx.Value(testimonyKey{}).(*testimony); ok {
		seen.payload, seen.err = payload, err
	}
	return payload, err
}

// signatureAlgorithms converts algorithm names for go-jose.
func signatureAlgorithms(names []string) []jose.SignatureAlgorithm {
	algorithms := make([]jose.SignatureAlgorithm, len(names))
	for i, name := range names {
		algorithms[i] = jose.SignatureAlgorithm(name)
	}
	return algorithms
}

// Cached returns the number of verified tokens remembered, for a metric.
func (v *Verifier) Cached() int { return v.cache.Len() }
