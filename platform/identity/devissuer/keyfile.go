package devissuer

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-jose/go-jose/v4"
)

// keyFileName is the file of the private keys in the data folder: a JWK set, the signing key first.
const keyFileName = "issuer-keys.json"

// loadKeys returns the stored keys, none when there is no file.
func loadKeys(dir string) ([]jose.JSONWebKey, error) {
	if dir == "" {
		return nil, nil
	}
	path := filepath.Join(dir, keyFileName)
	stat, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("devissuer: %w", err)
	}
	if stat.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("devissuer: key file %s has mode %v; nobody but its owner may use it (chmod 600)", path, stat.Mode())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("devissuer: %w", err)
	}
	var set jose.JSONWebKeySet
	// The parser's text is left out: it may quote the content.
	if json.Unmarshal(data, &set) != nil || len(set.Keys) == 0 {
		return nil, fmt.Errorf("devissuer: key file %s is damaged; remove it to start with a fresh key", path)
	}
	for _, key := range set.Keys {
		switch key.Key.(type) {
		case *ecdsa.PrivateKey, *rsa.PrivateKey:
		default:
			return nil, fmt.Errorf("devissuer: key file %s holds something else than private signing keys", path)
		}
	}
	return set.Keys, nil
}

// storeKeys replaces the key file in one step.
func storeKeys(dir string, keys []jose.JSONWebKey) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("devissuer: make the data folder: %w", err)
	}
	data, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		return fmt.Errorf("devissuer: encode keys: %w", err)
	}
	file, err := os.CreateTemp(dir, ".issuer-keys-*") // CreateTemp makes 0600
	if err != nil {
		return fmt.Errorf("devissuer: store keys: %w", err)
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(dir, keyFileName))
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("devissuer: store keys: %w", err)
	}
	return nil
}
