package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

const addItem = "INSERT INTO items (id, label) VALUES ($1, $1)"

func TestTxCommits(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		var calls []string
		require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			tx.AfterCommit(func() {
				calls = append(calls, "first")
				require.Equal(t, []string{"a"}, ids(t, db.Read(t.Context())), "hooks run after the commit")
			})
			tx.AfterCommit(func() { calls = append(calls, "second") })
			_, err := tx.Exec(addItem, "a")
			require.Empty(t, calls)
			return err
		}))
		require.Equal(t, []string{"first", "second"}, calls)
		require.Equal(t, []string{"a"}, ids(t, open("shop").Read(t.Context())))
	})
}

func TestTxRollsBack(t *testing.T) {
	errChanged := errors.New("changed its mind")
	for name, leave := range map[string]func(*sqldb.Tx) error{
		"error":   func(*sqldb.Tx) error { return errChanged },
		"panic":   func(*sqldb.Tx) error { panic(errChanged) },
		"goexit":  func(*sqldb.Tx) error { runtime.Goexit(); return nil },
		"unique":  func(tx *sqldb.Tx) error { _, err := tx.Exec(addItem, "a"); return err },
		"ignored": func(tx *sqldb.Tx) error { _, _ = tx.Exec(addItem, "a"); _, _ = tx.Exec(addItem, "b"); return nil },
		"ignored row": func(tx *sqldb.Tx) error {
			var id string
			_ = tx.QueryRow(addItem+" RETURNING id", "a").Scan(&id)
			require.Empty(t, id)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
				db := openItems(t, open)
				var err error
				var panicked any
				var wg sync.WaitGroup
				wg.Go(func() {
					defer func() { panicked = recover() }()
					err = db.Tx(t.Context(), func(tx *sqldb.Tx) error {
						tx.AfterCommit(func() { t.Error("hook of a lost transaction ran") })
						if _, err := tx.Exec(addItem, "a"); err != nil {
							return err
						}
						return leave(tx)
					})
				})
				wg.Wait()
				switch name {
				case "error":
					require.Equal(t, errChanged, err, "the closure's own error, not wrapped")
				case "panic":
					require.Equal(t, errChanged, panicked)
				case "unique", "ignored", "ignored row":
					require.True(t, sqldb.IsUnique(err), "%v", err)
				}
				require.Empty(t, ids(t, db.Read(t.Context())))
				insert(t, db, "z") // the connection is fit for work again
			})
		})
	}
}

func TestTxTriesAgain(t *testing.T) {
	deadlock := &pgconn.PgError{Code: "40P01", Message: "deadlock detected"}
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		for _, tc := range []struct {
			name        string
			failures    int
			cause       error
			tries, rung int
		}{
			{"none", 0, deadlock, 1, 1},
			{"three", 3, deadlock, 4, 1},
			{"four", 4, deadlock, 4, 0},
			{"another error", 1, errors.New("no such item"), 1, 0},
		} {
			t.Run(tc.name, func(t *testing.T) {
				tries, rung := 0, 0
				err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
					tries++
					tx.AfterCommit(func() { rung++ })
					if _, err := tx.Exec(addItem, tc.name); err != nil {
						return err
					}
					if tries <= tc.failures {
						return tc.cause
					}
					return nil
				})
				require.Equal(t, tc.tries, tries)
				require.Equal(t, tc.rung, rung, "hooks of lost tries are dropped")
				if tc.rung == 0 {
					require.ErrorIs(t, err, tc.cause)
				} else {
					require.NoError(t, err)
				}
			})
		}
		require.Equal(t, []string{"none", "three"}, ids(t, db.Read(t.Context())))
	})
}

// Two transactions that lock two rows in opposite order: PostgreSQL ends one
// of them, and the second try of that one succeeds. SQLite takes turns.
func TestTxSurvivesDeadlock(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		insert(t, db, "a", "b")
		var bothHoldOne sync.WaitGroup
		bothHoldOne.Add(2)
		bump := func(first, second string) func() error {
			try := 0
			return func() error {
				return db.Tx(t.Context(), func(tx *sqldb.Tx) error {
					try++
					if _, err := tx.Exec("UPDATE items SET amount = amount + 1 WHERE id = $1", first); err != nil {
						return err
					}
					if try == 1 && db.Engine() == sqldb.Postgres {
						bothHoldOne.Done()
						bothHoldOne.Wait()
					}
					_, err := tx.Exec("UPDATE items SET amount = amount + 1 WHERE id = $1", second)
					return err
				})
			}
		}
		var group errgroup.Group
		group.Go(bump("a", "b"))
		group.Go(bump("b", "a"))
		require.NoError(t, group.Wait())
		var sum int64
		require.NoError(t, db.Read(t.Context()).QueryRow("SELECT CAST(SUM(amount) AS BIGINT) FROM items").Scan(&sum))
		require.EqualValues(t, 4, sum)
	})
}

func TestTxReturnsCommitError(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Tx(ctx, func(tx *sqldb.Tx) error {
			tx.AfterCommit(func() { t.Error("hook of a lost transaction ran") })
			_, err := tx.Exec(addItem, "a")
			cancel()
			return err
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, ids(t, db.Read(t.Context())))
	})
}

// A constraint that is checked at the end fails the commit itself.
func TestTxFailsAtCommit(t *testing.T) {
	deferred := fstest.MapFS{"0001_parts.sql": {Data: []byte(`-- +goose Up
CREATE TABLE parts (id TEXT PRIMARY KEY, whole TEXT NOT NULL REFERENCES parts (id) DEFERRABLE INITIALLY DEFERRED);
`)}}
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("shop")
		require.NoError(t, db.Migrate(t.Context(), "parts", deferred))
		add := func(id, whole string) error {
			return db.Tx(t.Context(), func(tx *sqldb.Tx) error {
				if whole == "absent" {
					tx.AfterCommit(func() { t.Error("hook of a lost transaction ran") })
				}
				_, err := tx.Exec("INSERT INTO parts (id, whole) VALUES ($1, $2)", id, whole)
				require.NoError(t, err)
				return nil
			})
		}
		require.ErrorContains(t, add("a", "absent"), "commit")
		require.Zero(t, rowsOf(t, db, "parts"))
		require.NoError(t, add("a", "a"))
		require.EqualValues(t, 1, rowsOf(t, db, "parts"))
	})
}

// Writers that bump one row's revision lose no update, be they in one process
// or, by handles of their own, as if in two.
func TestConcurrentWritersLoseNothing(t *testing.T) {
	const writers, each = 4, 10
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		insert(t, db, "a")
		var group errgroup.Group
		other := open("shop")
		for i := range writers {
			db := []*sqldb.DB{db, other}[i%2]
			group.Go(func() error {
				for done := 0; done < each; {
					err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
						var revision int64
						if err := tx.QueryRow("SELECT amount FROM items WHERE id = $1", "a").Scan(&revision); err != nil {
							return err
						}
						res, err := tx.Exec("UPDATE items SET amount = amount + 1 WHERE id = $1 AND amount = $2", "a", revision)
						if err != nil {
							return err
						}
						if n, err := res.RowsAffected(); err != nil || n == 0 {
							return errors.Join(err, errStale)
						}
						return nil
					})
					switch {
					case err == nil:
						done++
					case !errors.Is(err, errStale):
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		var amount int64
		require.NoError(t, db.Read(t.Context()).QueryRow("SELECT amount FROM items WHERE id = $1", "a").Scan(&amount))
		require.EqualValues(t, writers*each, amount)
	})
}

var errStale = errors.New("the row has moved on")

func TestReadSeesOnlyCommitted(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(addItem, "a")
			require.NoError(t, err)
			require.Equal(t, []string{"a"}, ids(t, tx), "its own writing")
			require.Empty(t, ids(t, db.Read(t.Context())), "others see nothing yet")
			return nil
		}))
		require.Equal(t, []string{"a"}, ids(t, db.Read(t.Context())))
	})
}

// Each of two open transactions claims what the other has not (PostgreSQL), or
// waits for it and then claims what is left (SQLite).
func TestSkipLockedClaimsDisjointRows(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		insert(t, db, "a", "b", "c", "d", "e")
		var bothHaveClaimed sync.WaitGroup
		bothHaveClaimed.Add(2)
		claim := func(into *[]string) func() error {
			return func() error {
				return db.Tx(t.Context(), func(tx *sqldb.Tx) error {
					rows, err := tx.Query(`WITH due AS MATERIALIZED (
						SELECT id FROM items WHERE NOT done ORDER BY created, id LIMIT $1`+tx.Dialect().SkipLocked()+`)
						UPDATE items SET done = TRUE WHERE id IN (SELECT id FROM due) RETURNING id`, 2)
					if err != nil {
						return err
					}
					defer rows.Close()
					*into = nil
					for rows.Next() {
						var id string
						if err := rows.Scan(&id); err != nil {
							return err
						}
						*into = append(*into, id)
					}
					if db.Engine() == sqldb.Postgres {
						bothHaveClaimed.Done()
						bothHaveClaimed.Wait()
					}
					return rows.Err()
				})
			}
		}
		var one, two []string
		var group errgroup.Group
		group.Go(claim(&one))
		group.Go(claim(&two))
		require.NoError(t, group.Wait())
		both := slices.Sorted(slices.Values(slices.Concat(one, two)))
		require.Len(t, one, 2)
		require.Len(t, two, 2)
		require.Equal(t, []string{"a", "b", "c", "d"}, both)
	})
}

func TestTxIsOverWithItsClosure(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		var leaked *sqldb.Tx
		require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error { leaked = tx; return nil }))
		_, err := leaked.Exec(addItem, "a")
		require.ErrorIs(t, err, sql.ErrTxDone)
	})
}
