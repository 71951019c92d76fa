package devissuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"

	"github.com/go-jose/go-jose/v4"
)

// Forgery says in what a token departs from a well-formed one; the zero value departs in nothing. Tests use it to attack what
// verifies tokens.
type Forgery struct {
	// Header and Claims replace or add fields; a nil value takes the field away. The algorithm signed with is the `alg` of the
	// resulting header: ES256, RS256, HS256 or "none"; any other gets a signature of zeros.
	Header, Claims map[string]any
	// Payload, when not nil, is signed in place of the claims, JSON or not.
	Payload []byte
	// Key signs in place of the issuer's own: *ecdsa.PrivateKey, *rsa.PrivateKey, or the bytes of an HMAC secret.
	Key any
}

// OtherKey returns a signing key that the issuer does not publish, for the algorithm it signs with.
func (i *Issuer) OtherKey() (any, error) {
	key, err := newKey(i.signingKey().Algorithm)
	return key.Key, err
}

// MintWith returns a token altered by a forgery, signed accordingly. Nothing in it is checked.
func (i *Issuer) MintWith(c Claims, f Forgery) (string, error) {
	key := i.signingKey()
	header := map[string]any{"alg": key.Algorithm, "typ": "JWT", "kid": key.KeyID}
	change(header, f.Header)
	claims := i.payload(c)
	change(claims, f.Claims)

	head, err := encodePart(header)
	if err != nil {
		return "", err
	}
	body := base64.RawURLEncoding.EncodeToString(f.Payload)
	if f.Payload == nil {
		if body, err = encodePart(claims); err != nil {
			return "", err
		}
	}
	signingKey := key.Key
	if f.Key != nil {
		signingKey = f.Key
	}
	algorithm, _ := header["alg"].(string)
	signature, err := sign(algorithm, signingKey, head+"."+body)
	if err != nil {
		return "", err
	}
	return head + "." + body + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func change(fields, by map[string]any) {
	maps.Copy(fields, by)
	maps.DeleteFunc(fields, func(_ string, value any) bool { return value == nil })
}

// sign makes a JWS signature (RFC 7518 section 3).
func sign(algorithm string, key any, input string) ([]byte, error) {
	digest := sha256.Sum256([]byte(input))
	switch jose.SignatureAlgorithm(algorithm) {
	case jose.ES256:
		private, ok := key.(*ecdsa.PrivateKey)
		if !ok {
			return nil, errors.New("devissuer: ES256 needs an ECDSA key")
		}
		r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
		if err != nil {
			return nil, fmt.Errorf("devissuer: sign: %w", err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
	case jose.RS256:
		private, ok := key.(*rsa.PrivateKey)
		if !ok {
			return nil, errors.New("devissuer: RS256 needs an RSA key")
		}
		return rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, digest[:])
	case jose.HS256:
		secret, ok := key.([]byte)
		if !ok {
			return nil, errors.New("devissuer: HS256 needs the bytes of a secret")
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return mac.Sum(nil), nil
	case "none":
		return nil, nil
	default:
		return make([]byte, 64), nil
	}
}
