package installation

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// format is the number of the data folder's layout. A folder with a higher one was written by a newer program.
const format = 1

// Folder is a data folder in use by this process alone.
type Folder struct {
	Path string
	lock *flock.Flock
}

// ErrFolderInUse says that another process works on the folder.
var ErrFolderInUse = errors.New("another coworkcare works on this data folder; stop it, or name another folder by COWORKCARE_DATA_DIR")

// OpenFolder makes the folder if need be, locks it for this process, and refuses one that a newer program has written.
func OpenFolder(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder %s: %w", path, err)
	}
	f := &Folder{Path: path, lock: flock.New(filepath.Join(path, "lock"))}
	locked, err := f.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the data folder %s: %w", path, err)
	}
	if !locked {
		return nil, fmt.Errorf("%s: %w", path, ErrFolderInUse)
	}
	if err := f.checkFormat(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *Folder) checkFormat() error {
	file := filepath.Join(f.Path, "format")
	text, err := os.ReadFile(file) // #nosec G304: the operator names the folder
	if errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(file, []byte(strconv.Itoa(format)+"\n"), 0o600); err != nil {
			return fmt.Errorf("marking the data folder: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the data folder's format: %w", err)
	}
	found, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%s is not a format number; is %s a data folder?", file, f.Path)
	}
	if found > format {
		return fmt.Errorf("the data folder %s has format %d and this program knows %d: it was written by a newer program", f.Path, found, format)
	}
	return nil
}

// CopyBefore copies the stores into a folder beside them before a program with other migrations than the last one changes
// them. fingerprint stands for the program's migrations. It gives the copy's path, empty when none was needed.
func (f *Folder) CopyBefore(fingerprint string) (string, error) {
	marker := filepath.Join(f.Path, "migrations")
	last, err := os.ReadFile(marker) // #nosec G304: the operator names the folder
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("reading which migrations the data folder has: %w", err)
	}
	if string(last) == fingerprint {
		return "", nil
	}
	stores, err := filepath.Glob(filepath.Join(f.Path, "*.db*"))
	if err != nil {
		return "", fmt.Errorf("looking for stores: %w", err)
	}
	copied := ""
	if len(last) > 0 && len(stores) > 0 {
		copied = filepath.Join(f.Path, "before-"+time.Now().UTC().Format("20060102T150405Z"))
		if err := copyAll(stores, copied); err != nil {
			return "", fmt.Errorf("copying the stores before their migration: %w", err)
		}
	}
	if err := os.WriteFile(marker, []byte(fingerprint), 0o600); err != nil {
		return "", fmt.Errorf("marking which migrations the data folder has: %w", err)
	}
	return copied, nil
}

// copyAll copies closed SQLite files with their write-ahead logs, which belong to them.
func copyAll(files []string, into string) error {
	if err := os.MkdirAll(into, 0o700); err != nil {
		return err
	}
	for _, path := range files {
		if err := copyFile(path, filepath.Join(into, filepath.Base(path))); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from) // #nosec G304: found in the data folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304: made in the data folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if _, err := io.Copy(target, source); err != nil {
		return err
	}
	return target.Sync()
}

// Close gives the folder free.
func (f *Folder) Close() error {
	if err := f.lock.Unlock(); err != nil {
		return fmt.Errorf("unlocking the data folder: %w", err)
	}
	return nil
}
