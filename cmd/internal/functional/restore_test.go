package functional_test

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/platform/throwaway"
)

// program of PostgreSQL, which lies beside the server's own.
func postgresProgram(t testing.TB, name string) string {
	t.Helper()
	path, err := throwaway.Find(name, "/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin")
	throwaway.Require(t, err)
	return path
}

func run(t testing.TB, program string, args ...string) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	require.NoErrorf(t, err, "%s: %s", filepath.Base(program), said)
}

// A backup that is taken while everybody writes holds what was acknowledged before it, whole: restored into another database, with
// the same keys and an empty Redis, nothing in it points to what is not there, and work goes on.
func TestRestoreOfABackupUnderLoad(t *testing.T) {
	t.Parallel()
	dump, restore := postgresProgram(t, "pg_dump"), postgresProgram(t, "pg_restore")
	r := newRegion(t, newSite(t).onPostgres().withRedis())
	p := r.start("serve")
	storm := newStorm(r.found(), date.Of(time.Now()))
	end := storm.rage(t, writers)
	storm.reach(t, 60)
	storm.mu.Lock()
	before := slices.Clone(storm.courses)
	storm.mu.Unlock()
	file := filepath.Join(t.TempDir(), "backup")
	run(t, dump, "--format=custom", "--file="+file, r.store.URL)
	storm.reach(t, storm.acknowledged.Load()+30)
	end()
	p.stop(syscall.SIGTERM)
	require.Greater(t, len(storm.courses), len(before), "writing went on meanwhile")
	require.NotEmpty(t, before)

	other := *r.site
	restored := &region{site: &other, issuer: r.issuer}
	restored.settings = maps.Clone(r.settings)
	restored.move()
	restored.withRedis()
	restored.store = sqldb.Config{URL: sqldbtest.PostgresURL(t)}
	restored.settings["COWORKCARE_DATABASE_URL"] = restored.store.URL
	run(t, restore, "--exit-on-error", "--no-owner", "--dbname="+restored.store.URL, file)
	p = restored.start("serve")
	restored.settled(2*leaseTime + 30*time.Second) // the leases of the process that was running stand in the backup
	there := storm.at(restored.rest)
	storm.clinic.client = there
	for _, c := range before {
		require.NoError(t, storm.shows(t, c))
	}
	require.NoError(t, storm.follow(t.Context()), "work goes on")
	restored.settled(30 * time.Second)
	p.stop(syscall.SIGTERM)
	restored.audit()
}
