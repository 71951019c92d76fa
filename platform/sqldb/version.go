package sqldb

import (
	"context"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// PendingError tells that a database lacks migrations of this program: it was
// restored from an older copy, or put in the place of the right one.
type PendingError struct {
	Name     string // of the database
	Set      string // of the migrations
	Database int64  // version of the database
	Program  int64  // highest version that this program knows
}

func (e *PendingError) Error() string {
	return fmt.Sprintf("sqldb: database %q has migrations %q at version %d, and this program needs version %d", e.Name, e.Set, e.Database, e.Program)
}

// Version compares the database with the migrations in fsys and changes
// nothing: nil when they agree, else [*PendingError] or [*NewerError]. With
// several processes on one database either may come about while they serve.
func (db *DB) Version(ctx context.Context, set string, fsys fs.FS) error {
	if err := checkName("migration set", set); err != nil {
		return err
	}
	program, err := highest(fsys)
	if err != nil {
		return fmt.Errorf("sqldb: read migrations %q: %w", set, err)
	}
	var database int64
	if err := db.Read(ctx).QueryRow("SELECT COALESCE(MAX(version_id), 0) FROM goose_" + set + " WHERE is_applied").Scan(&database); err != nil {
		return fmt.Errorf("sqldb: read the version of migrations %q in %s %q: %w", set, db.engine, db.name, err)
	}
	switch {
	case database > program:
		return &NewerError{Name: db.name, Set: set, Database: database, Program: program}
	case database < program:
		return &PendingError{Name: db.name, Set: set, Database: database, Program: program}
	}
	return nil
}

// highest is the number of the last migration.
func highest(fsys fs.FS) (int64, error) {
	files, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return 0, err
	}
	var last int64
	for _, file := range files {
		number, _, _ := strings.Cut(file, "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s does not begin with a number", file)
		}
		last = max(last, n)
	}
	return last, nil
}
