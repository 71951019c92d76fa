// Package installation keeps what is true of an installation as a whole: which command it belongs to, and where its test clock
// stands. It stands in a store of its own, so that it holds on SQLite and PostgreSQL alike.
package installation

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// The commands that an installation can belong to. Development trusts keys and an issuer of its own, so its data and those
// of a service for real patients never meet.
const (
	Development = "dev"
	Production  = "serve"
)

// Installation is the store.
type Installation struct{ db *sqldb.DB }

// Open opens the store and claims the installation for a command: the first one to come has it for ever.
func Open(ctx context.Context, database sqldb.Config, command string) (*Installation, error) {
	db, err := sqldb.Open(ctx, database, "installation")
	if err != nil {
		return nil, fmt.Errorf("opening the store of the installation: %w", err)
	}
	i := &Installation{db: db}
	if err := i.claim(ctx, command); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return i, nil
}

func (i *Installation) claim(ctx context.Context, command string) error {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("finding the migrations of the installation: %w", err)
	}
	if err := i.db.Migrate(ctx, "installation", folder); err != nil {
		return fmt.Errorf("migrating the store of the installation: %w", err)
	}
	owner, err := i.first(ctx, "command", command)
	if err != nil {
		return err
	}
	if owner != command {
		return fmt.Errorf("this database belongs to `coworkcare %s`; `coworkcare %s` does not touch it. Name another database or data folder", owner, command)
	}
	return nil
}

// first sets a fact unless it stands, and gives what stands.
func (i *Installation) first(ctx context.Context, name, value string) (string, error) {
	var stands string
	err := i.db.Tx(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(`INSERT INTO fact (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, value); err != nil {
			return err
		}
		return tx.QueryRow(`SELECT value FROM fact WHERE name = $1`, name).Scan(&stands)
	})
	if err != nil {
		return "", fmt.Errorf("reading %s of the installation: %w", name, err)
	}
	return stands, nil
}

// Get reads a fact; empty when it does not stand.
func (i *Installation) Get(ctx context.Context, name string) (string, error) {
	var value string
	err := i.db.Read(ctx).QueryRow(`SELECT value FROM fact WHERE name = $1`, name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading %s of the installation: %w", name, err)
	}
	return value, nil
}

// Set writes a fact.
func (i *Installation) Set(ctx context.Context, name, value string) error {
	err := i.db.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO fact (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
		return err
	})
	if err != nil {
		return fmt.Errorf("writing %s of the installation: %w", name, err)
	}
	return nil
}

const clockOffset = "clock_offset_microseconds"

// ClockOffset is how far the test clock stands from wall time; false when it was never moved.
func (i *Installation) ClockOffset(ctx context.Context) (time.Duration, bool, error) {
	text, err := i.Get(ctx, clockOffset)
	if err != nil || text == "" {
		return 0, false, err
	}
	micros, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("reading where the test clock stands: %w", err)
	}
	return time.Duration(micros) * time.Microsecond, true, nil
}

// SetClockOffset keeps how far the test clock stands from wall time.
func (i *Installation) SetClockOffset(ctx context.Context, offset time.Duration) error {
	return i.Set(ctx, clockOffset, strconv.FormatInt(offset.Microseconds(), 10))
}

// Close closes the store.
func (i *Installation) Close() error { return i.db.Close() }
