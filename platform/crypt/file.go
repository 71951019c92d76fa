package crypt

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

const (
	// FileName is the key file that OpenDev keeps in the data folder.
	FileName = "keys.json"

	fileFormat  = 1
	fileMode    = 0o600
	maxFileSize = 1 << 20
	rootSize    = 32
	sealKeySize = 32
)

// ErrExists says that a key file stands where a new one was to be made. It is never overwritten: what its keys sealed would be
// lost.
var ErrExists = errors.New("crypt: the key file exists already and is not overwritten")

// keyFile is the content of a key file.
type keyFile struct {
	Format int             `json:"format"`
	Root   []byte          `json:"root_key"`     // 32 bytes, base64; never changes
	Seal   json.RawMessage `json:"sealing_keys"` // tink keyset in its JSON form
}

// OpenDev opens `<dir>/keys.json`, making the folder and the file first when they are absent. Two processes starting at once
// end up with the same keys. It is for laptops and tests: production makes its keys once, deliberately, with [Generate], so
// that a wrongly mounted folder does not silently start with new keys over old data.
func OpenDev(dir string) (*Keys, error) {
	path := filepath.Join(dir, FileName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("crypt: make the data folder: %w", err)
	}
	keys, err := Open(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if err := Generate(path); err != nil && !errors.Is(err, ErrExists) {
		return nil, err
	}
	return Open(path)
}

// Open reads a key file. It refuses a file that others may read or change: at most the owner may write and the group read
// (0640; orchestrators mount secrets with a group), and a missing file is an error that matches fs.ErrNotExist.
func Open(path string) (*Keys, error) {
	handle, content, err := read(path)
	if err != nil {
		return nil, err
	}
	keys, err := newKeys(handle, content.Root)
	if err != nil {
		return nil, fmt.Errorf("crypt: key file %s: %w", path, err)
	}
	return keys, nil
}

// Generate makes a key file with fresh keys, mode 0600. It returns an error matching [ErrExists] when there is one already.
func Generate(path string) error {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("crypt: make a sealing key: %w", err)
	}
	root := make([]byte, rootSize)
	if _, err := rand.Read(root); err != nil {
		return fmt.Errorf("crypt: make the root key: %w", err)
	}
	data, err := encode(handle, root)
	if err != nil {
		return err
	}
	temp, err := writeTemp(path, data)
	if err != nil {
		return err
	}
	defer os.Remove(temp) //nolint:errcheck // the file has its final name by then, or is of no use
	// A hard link, unlike a rename, fails when the name is taken: of two processes exactly one makes the keys.
	if err := os.Link(temp, path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%w: %s", ErrExists, path)
		}
		return fmt.Errorf("crypt: put the key file in place: %w", err)
	}
	return syncFolder(path)
}

// Rotate makes another sealing key the primary one; values sealed before still open. It promotes the key that [Stage] added
// last, or adds a fresh one when none waits. Running processes keep the keys they opened until they restart, and cannot open
// what others seal with a key they have not read. So with several replicas: Stage, restart all, Rotate, restart all.
// The root key stays (see the package comment).
func Rotate(path string) error {
	return change(path, func(manager *keyset.Manager, waiting uint32) error {
		if waiting == 0 {
			added, err := manager.Add(aead.AES256GCMKeyTemplate())
			if err != nil {
				return err
			}
			waiting = added
		}
		return manager.SetPrimary(waiting)
	})
}

// Stage adds a sealing key that opens values but does not seal yet, so that every replica can learn it before [Rotate] makes
// it the primary one. It does nothing when a staged key waits already.
func Stage(path string) error {
	return change(path, func(manager *keyset.Manager, waiting uint32) error {
		if waiting != 0 {
			return nil
		}
		_, err := manager.Add(aead.AES256GCMKeyTemplate())
		return err
	})
}

// change rewrites the sealing keys of a key file. Edit gets the id of the staged key, 0 when there is none: keys are only ever
// appended, so the last one waits unless it is the primary.
func change(path string, edit func(manager *keyset.Manager, waiting uint32) error) error {
	// A mounted secret is a symbolic link; the rename must replace the file, not the link.
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("crypt: find the key file: %w", err)
	}
	// Of two changes at once neither may lose the other's key: a process could have sealed with it.
	lock := flock.New(path + ".lock")
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("crypt: lock the key file: %w", err)
	}
	defer lock.Unlock() //nolint:errcheck // closing the file releases the lock in any case

	handle, content, err := read(path)
	if err != nil {
		return err
	}
	info := handle.KeysetInfo()
	waiting := info.GetKeyInfo()[handle.Len()-1].GetKeyId()
	if waiting == info.GetPrimaryKeyId() {
		waiting = 0
	}
	manager := keyset.NewManagerFromHandle(handle)
	if err := edit(manager, waiting); err != nil {
		return fmt.Errorf("crypt: change the sealing keys: %w", err)
	}
	changed, err := manager.Handle()
	if err != nil {
		return fmt.Errorf("crypt: change the sealing keys: %w", err)
	}
	data, err := encode(changed, content.Root)
	if err != nil {
		return err
	}
	temp, err := writeTemp(path, data)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("crypt: put the key file in place: %w", err)
	}
	return syncFolder(path)
}

func read(path string) (*keyset.Handle, keyFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, keyFile{}, fmt.Errorf("crypt: open the key file: %w", err)
	}
	defer file.Close() //nolint:errcheck // read only
	stat, err := file.Stat()
	if err != nil {
		return nil, keyFile{}, fmt.Errorf("crypt: key file %s: %w", path, err)
	}
	if mode := stat.Mode(); !mode.IsRegular() || mode.Perm()&0o037 != 0 {
		return nil, keyFile{}, fmt.Errorf("crypt: key file %s has mode %v; it must be a regular file that only its owner can write and nobody outside its group can read (chmod 600)", path, mode)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFileSize+1))
	if err != nil {
		return nil, keyFile{}, fmt.Errorf("crypt: read key file %s: %w", path, err)
	}
	// No error below carries the parser's text: it may quote the content.
	var content keyFile
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if len(data) > maxFileSize || decoder.Decode(&content) != nil || decoder.More() {
		return nil, keyFile{}, fmt.Errorf("crypt: key file %s is not a key file of this product, or is damaged", path)
	}
	if content.Format != fileFormat {
		return nil, keyFile{}, fmt.Errorf("crypt: key file %s has format %d; this version reads format %d", path, content.Format, fileFormat)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(content.Seal)))
	if err != nil {
		return nil, keyFile{}, fmt.Errorf("crypt: key file %s: the sealing keys are not a valid keyset", path)
	}
	return handle, content, nil
}

func encode(handle *keyset.Handle, root []byte) ([]byte, error) {
	var seal bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&seal)); err != nil {
		return nil, fmt.Errorf("crypt: write the sealing keys: %w", err)
	}
	data, err := json.MarshalIndent(keyFile{Format: fileFormat, Root: root, Seal: seal.Bytes()}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("crypt: write the key file: %w", err)
	}
	return append(data, '\n'), nil
}

// writeTemp writes data durably to a new file beside path, mode 0600 from its first byte, and returns its name.
func writeTemp(path string, data []byte) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // CreateTemp makes 0600
	if err != nil {
		return "", fmt.Errorf("crypt: write the key file: %w", err)
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Chmod(fileMode), file.Sync(), file.Close())
	if err != nil {
		_ = os.Remove(file.Name())
		return "", fmt.Errorf("crypt: write the key file: %w", err)
	}
	return file.Name(), nil
}

// syncFolder makes the new name of the file durable.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("crypt: make the key file durable: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("crypt: make the key file durable: %w", err)
	}
	return nil
}

func checkRoot(root []byte) error {
	if len(root) != rootSize {
		return fmt.Errorf("the root key has %d bytes instead of %d", len(root), rootSize)
	}
	if bytes.Count(root, root[:1]) == rootSize {
		return errors.New("the root key is a placeholder: all its bytes are equal")
	}
	return nil
}

// checkKeyset refuses keysets that would seal more weakly than the documentation promises.
func checkKeyset(handle *keyset.Handle) error {
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return fmt.Errorf("sealing key %d: %w", i+1, err)
		}
		parameters, ok := entry.Key().Parameters().(*aesgcm.Parameters)
		if !ok || parameters.KeySizeInBytes() != sealKeySize || parameters.Variant() != aesgcm.VariantTink {
			return fmt.Errorf("sealing key %d is not an AES-256-GCM key with a key id prefix", i+1)
		}
	}
	return nil
}
