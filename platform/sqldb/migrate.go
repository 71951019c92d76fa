package sqldb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// NewerError tells that a database was migrated by a newer program than this.
type NewerError struct {
	Name     string // of the database
	Set      string // of the migrations
	Database int64  // version of the database
	Program  int64  // highest version that this program knows
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("sqldb: database %q has migrations %q at version %d, but this program knows only up to version %d: start the newer program, or restore the copy made before its first start",
		e.Name, e.Set, e.Database, e.Program)
}

// Migrate brings the database up to the newest of the migrations in fsys: goose
// files at its root, one text for both engines (0001_x.sql, with "-- +goose
// Up"). Several sets may live in one database; each keeps its versions in a
// table goose_<set>. Any number of processes may call it at once; one works and
// the others wait for it. A database ahead of this program is left alone:
// *NewerError. Migrations have no time limit but ctx's.
func (db *DB) Migrate(ctx context.Context, set string, fsys fs.FS) error {
	if err := checkName("migration set", set); err != nil {
		return err
	}
	if err := db.migrate(ctx, set, fsys); err != nil {
		if newer := (*NewerError)(nil); errors.As(err, &newer) {
			return err
		}
		return fmt.Errorf("sqldb: migrate %q in %s %q: %w", set, db.engine, db.name, err)
	}
	return nil
}

func (db *DB) migrate(ctx context.Context, set string, fsys fs.FS) error {
	pool, release, err := db.lockedPool(ctx)
	if err != nil {
		return err
	}
	defer release()
	dialect := goose.DialectSQLite3
	if db.engine == Postgres {
		dialect = goose.DialectPostgres
	}
	provider, err := goose.NewProvider(dialect, pool, fsys,
		goose.WithTableName("goose_"+set), goose.WithDisableGlobalRegistry(true), goose.WithVerbose(false))
	if err != nil {
		return err
	}
	database, program, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if database > program {
		return &NewerError{Name: db.name, Set: set, Database: database, Program: program}
	}
	if _, err = provider.Up(ctx); err != nil {
		if partial := (*goose.PartialError)(nil); errors.As(err, &partial) {
			return fmt.Errorf("%s: %w", partial.Failed.Source.Path, partial.Err)
		}
	}
	return err
}
