package installation_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/installation"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

func TestAFolderIsOneProcesss(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	first, err := installation.OpenFolder(path)
	require.NoError(t, err)
	_, err = installation.OpenFolder(path)
	require.ErrorIs(t, err, installation.ErrFolderInUse)
	require.NoError(t, first.Close())
	second, err := installation.OpenFolder(path)
	require.NoError(t, err)
	require.NoError(t, second.Close())
}

func TestANewerFolderIsRefusedUntouched(t *testing.T) {
	path := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(path, "format"), []byte("99\n"), 0o600))
	_, err := installation.OpenFolder(path)
	require.ErrorContains(t, err, "newer program")
	text, err := os.ReadFile(filepath.Join(path, "format"))
	require.NoError(t, err)
	require.Equal(t, "99\n", string(text))
}

func TestStoresAreCopiedBeforeOtherMigrations(t *testing.T) {
	folder, err := installation.OpenFolder(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = folder.Close() })
	copied, err := folder.CopyBefore("one")
	require.NoError(t, err)
	require.Empty(t, copied, "nothing is there to copy")
	require.NoError(t, os.WriteFile(filepath.Join(folder.Path, "patient.db"), []byte("rows"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder.Path, "patient.db-wal"), []byte("more"), 0o600))
	copied, err = folder.CopyBefore("one")
	require.NoError(t, err)
	require.Empty(t, copied, "the migrations are the same")
	copied, err = folder.CopyBefore("two")
	require.NoError(t, err)
	for name, want := range map[string]string{"patient.db": "rows", "patient.db-wal": "more"} {
		got, err := os.ReadFile(filepath.Join(copied, name))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}

func TestDevelopmentAndProductionNeverShareADatabase(t *testing.T) {
	for engine, database := range map[string]func(*testing.T) sqldb.Config{
		"sqlite":   func(t *testing.T) sqldb.Config { return sqldb.Config{Dir: t.TempDir()} },
		"postgres": func(t *testing.T) sqldb.Config { return sqldb.Config{URL: sqldbtest.PostgresURL(t)} },
	} {
		t.Run(engine, func(t *testing.T) {
			config := database(t)
			open := func(command string) error {
				i, err := installation.Open(t.Context(), config, command)
				if err != nil {
					return err
				}
				return i.Close()
			}
			require.NoError(t, open(installation.Production))
			require.ErrorContains(t, open(installation.Development), "belongs to `coworkcare serve`")
			require.NoError(t, open(installation.Production))
		})
	}
}

func TestTheClockStandsWhereItWasLeft(t *testing.T) {
	i, err := installation.Open(t.Context(), sqldb.Config{Dir: t.TempDir()}, installation.Development)
	require.NoError(t, err)
	t.Cleanup(func() { _ = i.Close() })
	_, moved, err := i.ClockOffset(t.Context())
	require.NoError(t, err)
	require.False(t, moved)
	require.NoError(t, i.SetClockOffset(t.Context(), -36*time.Hour))
	offset, moved, err := i.ClockOffset(t.Context())
	require.NoError(t, err)
	require.True(t, moved)
	require.Equal(t, -36*time.Hour, offset)
}
