package functional_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// doctor runs `coworkctl doctor` and gives its exit status and what it says.
func (s *site) doctor(settings ...string) (int, string) {
	s.t.Helper()
	with := maps.Clone(s.settings)
	for i := 0; i < len(settings); i += 2 {
		with[settings[i]] = settings[i+1]
	}
	p := launch(s.t, "coworkctl", with, "doctor")
	code := p.exit(time.Minute)
	require.NotContains(s.t, p.out.String(), "\x1b", "no colour in a pipe")
	return code, p.out.String()
}

// alter changes a store behind the process's back.
func (s *site) alter(store, statement string) {
	s.t.Helper()
	require.NoError(s.t, s.open(store).Tx(s.t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(statement)
		return err
	}))
}

// ails requires that the doctor finds one thing wrong, and says so in some words.
func (s *site) ails(says ...string) {
	s.t.Helper()
	code, text := s.doctor()
	require.Equal(s.t, 1, code, text)
	require.Equal(s.t, 1, strings.Count(text, "wrong"), text)
	require.Equal(s.t, 1, strings.Count(text, "to do: "), text)
	for _, words := range says {
		require.Contains(s.t, text, words)
	}
}

// The doctor finds what is broken in a running installation, on both engines, and finds nothing once it is mended.
func TestDoctor(t *testing.T) {
	onEngines(t, func(t *testing.T, s *site) {
		p := s.start("dev")
		well := func() {
			t.Helper()
			eventually(t, 30*time.Second, "the doctor finds nothing", func() error {
				if code, text := s.doctor(); code != 0 {
					return errors.New(text)
				}
				return nil
			})
		}
		well()

		require.NoError(t, s.redis.Kill())
		s.ails("Redis", "does not answer", "COWORKCARE_REDIS_URL")
		require.NoError(t, s.redis.Restart(t.Context()))
		well()

		s.alter("followup", `INSERT INTO goose_chassis (version_id, is_applied) VALUES (9999, true)`)
		s.ails("migrations", "followup", "newer program", "9999")
		s.alter("followup", `DELETE FROM goose_chassis WHERE version_id = 9999`)
		s.alter("careplan", `UPDATE goose_careplan SET version_id = 0`)
		s.ails("migrations", "careplan", "lacks migrations", "restart")
		s.alter("careplan", `UPDATE goose_careplan SET version_id = id - 1`)
		well()

		s.alter("sickleave", `INSERT INTO event_parked (source, sequence, resource_id, body, failures, next_try) VALUES ('patient', 1, 'r', '', 5, 9000000000000000)`)
		s.ails("events", "sickleave could not handle 1 event", "the log")
		s.alter("sickleave", `DELETE FROM event_parked`)
		well()

		code, text := s.doctor("COWORKCARE_TOKEN", "garbage")
		require.Equal(t, 1, code)
		require.Contains(t, text, "not a JWT")
		code, text = s.doctor("COWORKCARE_OPS_ADDR", freeAddress(t))
		require.Equal(t, 1, code)
		require.Contains(t, text, "operations port: nothing listens")
		p.kill()
		code, text = s.doctor()
		require.Equal(t, 1, code)
		require.Contains(t, text, "nothing listens at http://"+s.rest)
	})
}
