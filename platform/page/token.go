package page

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// ErrBadToken says that a page token was not made by this server for this
// query: it was altered, belongs to another list, or the filter or order was
// changed between two pages.
var ErrBadToken = errors.New("the page token does not belong to this query; leave it out to start from the first page")

const (
	tokenVersion = 1
	macSize      = 16   // 128 bits of HMAC-SHA256
	maxToken     = 4096 // characters; far above what ids and instants need
	minKey       = 16   // bytes
)

// Tokens makes and reads page tokens. It is safe for concurrent use.
type Tokens struct {
	key []byte
}

// New returns the maker of tokens signed with key: 32 random bytes, the same
// for all replicas and over restarts. With a key under 16 bytes no token is
// ever accepted.
func New(key []byte) *Tokens { return &Tokens{key: append([]byte(nil), key...)} }

// Encode returns the token of the page that follows the row with these keys.
// The query is any text that is the same for every page of one list and
// differs between lists: method, parent, filter, order and, where the answer
// depends on who asks, the caller.
func (t *Tokens) Encode(query string, keys ...string) string {
	body := []byte{tokenVersion}
	for _, key := range keys {
		body = binary.AppendUvarint(body, uint64(len(key)))
		body = append(body, key...)
	}
	return base64.RawURLEncoding.EncodeToString(append(t.mac(query, body), body...))
}

// Decode returns the keys put into a token by Encode with the same query, in
// their order. The empty token means the first page and gives no keys. Any
// other token gives an error that is ErrBadToken.
func (t *Tokens) Decode(query, token string) ([]string, error) {
	if token == "" {
		return nil, nil
	}
	if len(t.key) < minKey {
		return nil, fmt.Errorf("no page tokens can be read without a key: %w", ErrBadToken)
	}
	// The decoder skips line breaks; a token has one spelling only.
	if len(token) > maxToken || strings.ContainsAny(token, "\r\n") {
		return nil, ErrBadToken
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) <= macSize {
		return nil, ErrBadToken
	}
	sum, body := raw[:macSize], raw[macSize:]
	if !hmac.Equal(sum, t.mac(query, body)) || body[0] != tokenVersion {
		return nil, ErrBadToken
	}
	return keysOf(body[1:])
}

func keysOf(body []byte) ([]string, error) {
	keys := []string{}
	for len(body) > 0 {
		size, n := binary.Uvarint(body)
		if n <= 0 || size > uint64(len(body)-n) {
			return nil, ErrBadToken
		}
		keys = append(keys, string(body[n:n+int(size)]))
		body = body[n+int(size):]
	}
	return keys, nil
}

// mac signs the query and the body; the length in front keeps a longer query
// with a shorter body from giving the same text.
func (t *Tokens) mac(query string, body []byte) []byte {
	h := hmac.New(sha256.New, t.key)
	h.Write([]byte("coworkcare page token\x00"))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(query))))
	h.Write([]byte(query))
	h.Write(body)
	return h.Sum(nil)[:macSize]
}
