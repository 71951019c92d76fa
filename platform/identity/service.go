package identity

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
	lru "github.com/hashicorp/golang-lru/v2"
	"google.golang.org/grpc/credentials"
)

// Service tokens say which part of the system makes a call. They are signed with a key that all processes of an installation
// share and nobody else has, live five minutes, and differ from a caller's token in algorithm, type, issuer and audience, so
// that neither is ever accepted for the other.
const (
	serviceTokenType     = "cwc-service+jwt"
	serviceTokenIssuer   = "coworkcare"
	serviceTokenAudience = "coworkcare-internal"
	serviceTokenLifetime = 5 * time.Minute
	serviceTokenRenewal  = time.Minute // before exp
	serviceKeySize       = 32
	serviceCacheSize     = 1_000
)

// errServiceKey says that the shared key is not one.
var errServiceKey = fmt.Errorf("identity: the service token key must have %d bytes", serviceKeySize)

// ServiceSigner makes the tokens of one service. It is safe for concurrent use.
type ServiceSigner struct {
	service string
	signer  jose.Signer
	now     func() time.Time

	mu     sync.Mutex
	token  string
	expiry time.Time
}

// NewServiceSigner returns the signer of a service (1 to 40 lower-case letters, digits and '-', a letter first) for a key of 32 bytes. Now is
// wall time; nil is time.Now.
func NewServiceSigner(key []byte, service string, now func() time.Time) (*ServiceSigner, error) {
	if len(key) != serviceKeySize {
		return nil, errServiceKey
	}
	if !validServiceName(service) {
		return nil, fmt.Errorf("identity: %.40q is not a service name: 1 to 40 lower-case letters, digits and '-', a letter first", service)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: key}, (&jose.SignerOptions{}).WithType(serviceTokenType))
	if err != nil {
		return nil, fmt.Errorf("identity: sign service tokens: %w", err)
	}
	if now == nil {
		now = time.Now
	}
	return &ServiceSigner{service: service, signer: signer, now: now}, nil
}

// Token returns a token that counts for at least another minute; it makes one when there is none left.
func (s *ServiceSigner) Token() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	// A clock that was set back would otherwise leave a token from the future in use.
	if left := s.expiry.Sub(now); s.token != "" && left > serviceTokenRenewal && left <= serviceTokenLifetime {
		return s.token, nil
	}
	issued := now.Unix()
	payload, err := json.Marshal(map[string]any{
		"iss": serviceTokenIssuer,
		"aud": serviceTokenAudience,
		"sub": s.service,
		"iat": issued,
		"exp": issued + int64(serviceTokenLifetime/time.Second),
	})
	if err != nil {
		return "", fmt.Errorf("identity: make a service token: %w", err)
	}
	jws, err := s.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("identity: sign a service token: %w", err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("identity: sign a service token: %w", err)
	}
	s.token, s.expiry = token, time.Unix(issued, 0).Add(serviceTokenLifetime)
	return token, nil
}

// ServiceVerifier verifies service tokens. It is safe for concurrent use.
type ServiceVerifier struct {
	key   []byte
	now   func() time.Time
	cache *lru.Cache[[sha256.Size]byte, Caller]
}

// NewServiceVerifier returns a verifier for the shared key of 32 bytes. Now is wall time; nil is time.Now.
func NewServiceVerifier(key []byte, now func() time.Time) (*ServiceVerifier, error) {
	if len(key) != serviceKeySize {
		return nil, errServiceKey
	}
	if now == nil {
		now = time.Now
	}
	cache, err := lru.New[[sha256.Size]byte, Caller](serviceCacheSize)
	if err != nil {
		return nil, fmt.Errorf("identity: cache of service tokens: %w", err)
	}
	return &ServiceVerifier{key: append([]byte(nil), key...), now: now, cache: cache}, nil
}

// Verify returns the service a token names, as a Caller without assignments whose Subject is "service:<name>". Errors match
// ErrNoToken (raw is "") or ErrInvalidToken.
func (v *ServiceVerifier) Verify(raw string) (Caller, error) {
	if raw == "" {
		return Caller{}, ErrNoToken
	}
	if len(raw) > maxTokenSize {
		return Caller{}, invalid(CauseMalformed, "longer than 16 kB")
	}
	now := v.now()
	digest := sha256.Sum256([]byte(raw))
	if caller, ok := v.cache.Get(digest); ok {
		if now.Before(caller.Expiry) {
			return caller, nil
		}
		v.cache.Remove(digest)
	}
	caller, err := v.verify(raw, now)
	if err != nil {
		return Caller{}, err
	}
	v.cache.Add(digest, caller)
	return caller, nil
}

func (v *ServiceVerifier) verify(raw string, now time.Time) (Caller, error) {
	head, err := parseHeader(raw)
	if err != nil {
		return Caller{}, err
	}
	switch {
	case head.Algorithm != string(jose.HS256):
		return Caller{}, invalid(CauseSignature, "alg of a service token is not HS256")
	case head.Type != serviceTokenType:
		return Caller{}, invalid(CauseMalformed, "typ is not that of a service token")
	}
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return Caller{}, invalid(CauseMalformed, "not a JWS with a header that is understood")
	}
	payload, err := jws.Verify(v.key)
	if err != nil {
		return Caller{}, invalid(CauseSignature, "not signed with the installation's service token key")
	}
	parsed, err := parseClaims(payload)
	if err != nil {
		return Caller{}, err
	}
	if err := parsed.check(serviceTokenIssuer, serviceTokenAudience, now); err != nil {
		return Caller{}, err
	}
	expiry, _ := instant(parsed.Expiry)
	issued, _ := instant(parsed.IssuedAt)
	switch {
	case expiry.Sub(issued) > serviceTokenLifetime:
		return Caller{}, invalid(CauseLifetime, "a service token that lives longer than five minutes")
	case !validServiceName(parsed.Subject) || parsed.PractitionerID != "" || parsed.Assignments != nil:
		return Caller{}, invalid(CauseMalformed, "sub is not a service name, or a service token claims a person's assignments")
	}
	return Caller{Subject: serviceSubjects + parsed.Subject, Service: parsed.Subject, Expiry: expiry}, nil
}

func validServiceName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	return len(name) >= 1 && len(name) <= 40 && strings.Trim(name, letters+"0123456789-") == "" &&
		strings.ContainsRune(letters, rune(name[0]))
}

// ServiceCredentials attaches the service's token to every call and, when the context carries the caller's token (see
// WithRawToken), that one too: the callee verifies both. It implements credentials.PerRPCCredentials.
type ServiceCredentials struct {
	signer     *ServiceSigner
	requireTLS bool
}

var _ credentials.PerRPCCredentials = (*ServiceCredentials)(nil)

// NewServiceCredentials returns the credentials of the signer's service. With requireTLS gRPC refuses to send the tokens over a
// connection without transport security; the in-memory listener of one process has none and needs none.
func NewServiceCredentials(signer *ServiceSigner, requireTLS bool) *ServiceCredentials {
	return &ServiceCredentials{signer: signer, requireTLS: requireTLS}
}

// GetRequestMetadata returns the metadata to send with a call.
func (c *ServiceCredentials) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	token, err := c.signer.Token()
	if err != nil {
		return nil, err
	}
	md := map[string]string{MetadataService: token}
	if raw := RawToken(ctx); raw != "" {
		md[MetadataCaller] = "Bearer " + raw
	}
	return md, nil
}

// RequireTransportSecurity reports whether the tokens may travel over secure connections only.
func (c *ServiceCredentials) RequireTransportSecurity() bool { return c.requireTLS }
