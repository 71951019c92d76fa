// Package crypt holds the key material of one installation and the three things done with it: sealing values that must not be
// readable in a database file, keyed hashes that find such a value again without opening it, and keys derived for other parts
// of the system.
//
// One key file holds two kinds of material. They age differently:
//
//   - The sealing keys are a keyset: [Rotate] adds a new primary key and keeps the old ones, so that what was sealed before
//     still opens.
//   - The root key never changes. The keyed hashes are the only way to find a sealed identity number and the only guard that
//     the same number is not registered twice; under a new key every stored hash would be orphaned without an error. Changing
//     it is therefore a migration of stored data (open, hash anew, write back), not a rotation.
//
// A lost key file is lost data: it is backed up apart from the databases.
package crypt

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// DerivedSize is the length in bytes of what [Keys.Derive] and [Keys.Hash] return.
const DerivedSize = 32

// ErrUnseal says that a sealed value could not be opened: it was altered, belongs to another place (other associated data),
// or was sealed by another installation. The three cannot be told apart, by design.
var ErrUnseal = errors.New("crypt: the sealed value cannot be opened with these keys and this associated data")

// ErrNoAssociatedData says that a caller sealed or opened a value without saying where it belongs.
var ErrNoAssociatedData = errors.New("crypt: associated data is required, so that a sealed value cannot be moved to another row")

// Keys is the key material of one installation. It is safe for concurrent use, and prints as a description without any secret
// whatever the format verb.
type Keys struct {
	// The material sits behind a pointer, so that printing a struct that contains Keys in an unexported field, where fmt
	// cannot call methods, shows an address instead of bytes.
	secret *material
}

type material struct {
	aead    tink.AEAD
	info    string
	prk     []byte // HKDF pseudo-random key of the root key
	hashKey []byte
}

func newKeys(handle *keyset.Handle, root []byte) (*Keys, error) {
	if err := checkRoot(root); err != nil {
		return nil, err
	}
	if err := checkKeyset(handle); err != nil {
		return nil, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("crypt: use the sealing keys: %w", err)
	}
	prk, err := hkdf.Extract(sha256.New, root, []byte("coworkcare/crypt/v1"))
	if err != nil {
		return nil, fmt.Errorf("crypt: extract from the root key: %w", err)
	}
	hashKey, err := expand(prk, "hash", "")
	if err != nil {
		return nil, err
	}
	return &Keys{secret: &material{
		aead:    primitive,
		info:    fmt.Sprintf("crypt.Keys(primary %d of %d)", handle.KeysetInfo().GetPrimaryKeyId(), handle.Len()),
		prk:     prk,
		hashKey: hashKey,
	}}, nil
}

// expand derives DerivedSize bytes. Kind keeps the package's own keys apart from those made for others, whatever purpose they name.
func expand(prk []byte, kind, purpose string) ([]byte, error) {
	key, err := hkdf.Expand(sha256.New, prk, kind+"\x00"+purpose, DerivedSize)
	if err != nil {
		return nil, fmt.Errorf("crypt: derive a key: %w", err)
	}
	return key, nil
}

// Seal encrypts plaintext (AES-256-GCM, random nonce) and binds it to associatedData, which must name the place of the value
// (such as table, column and row id), is not stored, and must be given again to open it. The result is 33 bytes longer than
// the plaintext. The same plaintext gives another result each time.
func (k *Keys) Seal(plaintext, associatedData []byte) ([]byte, error) {
	if len(associatedData) == 0 {
		return nil, ErrNoAssociatedData
	}
	sealed, err := k.secret.aead.Encrypt(plaintext, associatedData)
	if err != nil {
		return nil, fmt.Errorf("crypt: seal: %w", err)
	}
	return sealed, nil
}

// Unseal opens what Seal made, by any key of the keyset. It returns [ErrUnseal] when the value or its place does not fit.
func (k *Keys) Unseal(sealed, associatedData []byte) ([]byte, error) {
	if len(associatedData) == 0 {
		return nil, ErrNoAssociatedData
	}
	plaintext, err := k.secret.aead.Decrypt(sealed, associatedData)
	if err != nil {
		return nil, ErrUnseal
	}
	return plaintext, nil
}

// Hash returns a keyed hash (HMAC-SHA256, 32 bytes) of data within a domain, for looking up sealed values and for comparing
// requests. Equal input gives equal output for the life of the installation. Hashes of different domains never meet, and the
// parts are framed by their lengths, so ("ab","c") and ("a","bc") differ. Without the key file a hash cannot be tried against
// guessed values, which a plain hash of a twelve-digit number could be.
func (k *Keys) Hash(domain string, data ...[]byte) []byte {
	mac := hmac.New(sha256.New, k.secret.hashKey)
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(domain)))
	mac.Write(length[:])
	mac.Write([]byte(domain))
	for _, part := range data {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write(part)
	}
	return mac.Sum(make([]byte, 0, sha256.Size))
}

// Derive returns 32 bytes for one purpose (HKDF-SHA256 of the root key), the same on every replica and after every restart.
// Different purposes give independent keys; none of them reveals another, the root, or the hash key.
func (k *Keys) Derive(purpose string) []byte {
	// The error is ruled out: length and hash are constant, and newKeys has derived the hash key in the same way.
	key, _ := expand(k.secret.prk, "derive", purpose)
	return key
}

// String describes the keys by the number and id of the sealing keys, never by their content.
func (k Keys) String() string {
	if k.secret == nil {
		return "crypt.Keys(none)"
	}
	return k.secret.info
}

// GoString is String, so that %#v shows no material.
func (k Keys) GoString() string { return k.String() }

// Format is String for every verb; without it %d and %x would print the fields.
func (k Keys) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(k.String())) }

// LogValue is String, for structured logs.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalJSON is String, so that a configuration dump shows no material.
func (k Keys) MarshalJSON() ([]byte, error) { return []byte(`"` + k.String() + `"`), nil }
