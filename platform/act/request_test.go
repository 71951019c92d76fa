package act_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// create is an act that makes something: each run makes another id.
func create(acts *act.Acts, runs *atomic.Int32) func(ctx context.Context, request *patientv1.CreateCareProviderRequest) (*patientv1.CareProvider, error) {
	return func(ctx context.Context, request *patientv1.CreateCareProviderRequest) (*patientv1.CareProvider, error) {
		return act.Do(ctx, acts, request, func(tx *act.Tx) (*patientv1.CareProvider, error) {
			runs.Add(1)
			id := tx.NewID()
			if err := note(tx, id); err != nil {
				return nil, err
			}
			return &patientv1.CareProvider{CareProviderId: id, DisplayName: request.GetCareProvider().GetDisplayName(), Etag: `"r1"`, CreateTime: timestamppb.New(tx.Now)}, nil
		})
	}
}

func TestRepeatGivesTheFirstAnswer(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		var runs atomic.Int32
		do, request := create(acts, &runs), ask(uuid.NewString(), "Norr")
		before := proto.CloneOf(request)
		first, err := do(as(t, "anna"), request)
		require.NoError(t, err)
		again, err := do(as(t, "anna"), request)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(first, again, protocmp.Transform()))
		require.EqualValues(t, 1, runs.Load())
		require.Len(t, notes(t, acts), 1)
		require.Empty(t, cmp.Diff(before, request, protocmp.Transform()), "the request is not touched")
	})
}

func TestWithoutRequestIDEveryCallIsAnAct(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		var runs atomic.Int32
		for range 2 {
			_, err := create(acts, &runs)(as(t, "anna"), ask("", "Norr"))
			require.NoError(t, err)
		}
		require.Len(t, notes(t, acts), 2)
		require.Zero(t, count(t, acts, `SELECT count(*) FROM request`))
	})
}

func TestRepeatsAtOnceHaveOneEffect(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		var runs atomic.Int32
		do, request := create(acts, &runs), ask(uuid.NewString(), "Norr")
		answers := make([]*patientv1.CareProvider, 16)
		var group errgroup.Group
		for i := range answers {
			group.Go(func() (err error) {
				answers[i], err = do(as(t, "anna"), proto.CloneOf(request))
				return err
			})
		}
		require.NoError(t, group.Wait())
		written := notes(t, acts)
		require.Len(t, written, 1)
		for _, answer := range answers {
			require.Equal(t, written[0], answer.GetCareProviderId())
			require.Empty(t, cmp.Diff(answers[0], answer, protocmp.Transform()))
		}
	})
}

func TestOtherBodyIsRefused(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		var runs atomic.Int32
		id := uuid.NewString()
		_, err := create(acts, &runs)(as(t, "anna"), ask(id, "Norr"))
		require.NoError(t, err)
		answer, err := create(acts, &runs)(as(t, "anna"), ask(id, "Söder"))
		require.Nil(t, answer)
		f, ok := fault.As(err)
		require.True(t, ok, "%v", err)
		require.Equal(t, "REQUEST_ID_REUSED", f.Reason)
		require.Equal(t, codes.FailedPrecondition, f.Code)
		require.NotContains(t, err.Error(), "Norr")
		require.EqualValues(t, 1, runs.Load())
		require.Len(t, notes(t, acts), 1)
	})
}

// Another person's id, and the same person's through another service, is another id.
func TestSubjectsDoNotShareRequestIDs(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		var runs atomic.Int32
		do, id := create(acts, &runs), uuid.NewString()
		onBehalf := identity.NewContext(t.Context(), identity.Caller{Subject: "anna", Service: "followup"})
		worker := identity.NewContext(t.Context(), identity.Caller{Subject: "service:followup", Service: "followup"})
		seen := map[string]bool{}
		for _, ctx := range []context.Context{as(t, "anna"), as(t, "bo"), onBehalf, worker} {
			answer, err := do(ctx, ask(id, "Norr"))
			require.NoError(t, err)
			require.False(t, seen[answer.GetCareProviderId()], "an answer given to somebody else")
			seen[answer.GetCareProviderId()] = true
			_, err = do(ctx, ask(id, "Söder"))
			require.ErrorContains(t, err, "another request")
		}
		require.EqualValues(t, 4, runs.Load())
	})
}

func TestFailedActLeavesTheRequestIDFree(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		var runs atomic.Int32
		request := ask(uuid.NewString(), "Norr")
		refused := fault.State("REFERRAL_NOT_PENDING", "the referral is answered", "ACCEPTED", "assignTeam")
		for _, cause := range []error{refused, errors.New("broken")} {
			answer, err := act.Do(as(t, "anna"), acts, request, func(tx *act.Tx) (*patientv1.CareProvider, error) {
				require.NoError(t, note(tx, "lost"))
				return &patientv1.CareProvider{DisplayName: "half done"}, cause
			})
			require.ErrorIs(t, err, cause)
			require.Nil(t, answer)
			require.Zero(t, count(t, acts, `SELECT count(*) FROM request`))
			require.Empty(t, notes(t, acts))
		}
		_, err := create(acts, &runs)(as(t, "anna"), request)
		require.NoError(t, err)
		require.Len(t, notes(t, acts), 1)
	})
}

// What is written before a panic is rolled back, and the id stays free.
func TestPanicLeavesNothing(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		request := ask(uuid.NewString(), "Norr")
		require.Panics(t, func() {
			_, _ = act.Do(as(t, "anna"), acts, request, func(tx *act.Tx) (*patientv1.CareProvider, error) {
				require.NoError(t, note(tx, "lost"))
				panic("boom")
			})
		})
		require.Empty(t, notes(t, acts))
		require.Zero(t, count(t, acts, `SELECT count(*) FROM request`))
	})
}

func TestKeptErrorIsAnsweredAndReplayed(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		cause := fault.State("FORM_REFUSED", "the form is not complete; its safety item is kept", "DRAFT", "complete", "discard")
		request := ask(uuid.NewString(), "Norr")
		runs := 0
		do := func() error {
			answer, err := act.Do(as(t, "anna"), acts, request, func(tx *act.Tx) (*patientv1.CareProvider, error) {
				runs++
				if err := note(tx, "safety item"); err != nil {
					return nil, err
				}
				return &patientv1.CareProvider{DisplayName: "not to be answered"}, act.Keep(cause)
			})
			require.Nil(t, answer)
			return err
		}
		first := do()
		require.ErrorIs(t, first, cause)
		require.Equal(t, []string{"safety item"}, notes(t, acts))
		again := do()
		require.Equal(t, 1, runs)
		require.Equal(t, []string{"safety item"}, notes(t, acts))
		f, _ := fault.As(first)
		require.Empty(t, cmp.Diff(f.GRPCStatus().Proto(), status.Convert(again).Proto(), protocmp.Transform()), "the same code, text, reason and details")
		require.Len(t, status.Convert(again).Details(), 2)
	})
}

func TestKeptErrorWithoutRequestID(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		cause := fault.Invalid(fault.Violation{Field: "answers[3]", Reason: "ANSWER_MISSING", Message: "is missing"})
		_, err := act.Do(as(t, "anna"), acts, ask("", "Norr"), func(tx *act.Tx) (*patientv1.CareProvider, error) {
			return nil, errors.Join(note(tx, "kept"), act.Keep(cause))
		})
		require.ErrorIs(t, err, cause)
		require.Equal(t, []string{"kept"}, notes(t, acts))
	})
}

// Nothing is kept by a transaction in which a statement failed, whatever fn says.
func TestKeepCannotKeepWhatFailed(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		cause := fault.Denied("NO", "no")
		for _, id := range []string{"", uuid.NewString()} {
			_, err := act.Do(as(t, "anna"), acts, ask(id, "Norr"), func(tx *act.Tx) (*patientv1.CareProvider, error) {
				_, _ = tx.Exec(`INSERT INTO no_such_table VALUES (1)`)
				return nil, act.Keep(cause)
			})
			require.Error(t, err)
			require.NotErrorIs(t, err, cause, "a caller who is told this error believes that the rest is kept")
		}
		require.Zero(t, count(t, acts, `SELECT count(*) FROM request`))
	})
}

// The first answer lies in the database as cipher text, and opens only in its own row.
func TestAnswersAreSealed(t *testing.T) {
	const canary = "Kanariefågeln-191212121212"
	var runs atomic.Int32
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		db, err := sqldb.Open(t.Context(), sqldb.Config{Dir: dir}, "care")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		acts := newActs(t, db)
		_, err = create(acts, &runs)(as(t, "anna"), ask(uuid.NewString(), canary))
		require.NoError(t, err)
		files, err := filepath.Glob(filepath.Join(dir, "care.db*"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		found := false
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NotContains(t, string(content), canary, file)
			require.NotContains(t, string(content), "191212121212", file)
			found = found || len(content) > 0 && containsText(content, "CreateCareProvider") || containsText(content, "anna")
		}
		require.True(t, found, "the search would find what is there")
	})
	run(t, func(t *testing.T, acts *act.Acts) {
		request := ask(uuid.NewString(), canary)
		_, err := create(acts, &runs)(as(t, "anna"), request)
		require.NoError(t, err)
		var digest, response []byte
		require.NoError(t, acts.DB.Read(t.Context()).QueryRow(`SELECT digest, response FROM request`).Scan(&digest, &response))
		require.NotEmpty(t, response)
		require.NotContains(t, string(response), canary)
		require.NotContains(t, string(response), "CareProvider")
		require.Len(t, digest, 32)

		// Moved to another subject's row it opens no more.
		require.NoError(t, acts.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(`UPDATE request SET subject = 'bo/'`); return err }))
		answer, err := create(acts, &runs)(as(t, "bo"), request)
		require.Error(t, err)
		require.Nil(t, answer)
	})
}

func containsText(content []byte, text string) bool {
	for i := 0; i+len(text) <= len(content); i++ {
		if string(content[i:i+len(text)]) == text {
			return true
		}
	}
	return false
}

// A writer whose caller lost the connection in the middle of the commit retries by another handle and gets the first answer.
func TestRetryAfterUnknownCommit(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		acts := newActs(t, open("care"))
		other := *acts
		other.DB = open("care")
		var runs atomic.Int32
		request := ask(uuid.NewString(), "Norr")
		first, err := create(acts, &runs)(as(t, "anna"), request)
		require.NoError(t, err)
		again, err := create(&other, &runs)(as(t, "anna"), request)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(first, again, protocmp.Transform()))
		require.EqualValues(t, 1, runs.Load())
	})
}

// The second of two equal requests waits for the first and runs when that one is rolled back.
func TestSecondRequestRunsWhenTheFirstIsRolledBack(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		request := ask(uuid.NewString(), "Norr")
		inside, release := make(chan struct{}), make(chan struct{})
		broken := errors.New("broken")
		var group errgroup.Group
		group.Go(func() error {
			_, err := act.Do(as(t, "anna"), acts, request, func(tx *act.Tx) (*patientv1.CareProvider, error) {
				if err := note(tx, "first"); err != nil {
					return nil, err
				}
				close(inside)
				<-release
				return nil, broken
			})
			if !errors.Is(err, broken) {
				return errors.Join(errors.New("the first must fail"), err)
			}
			return nil
		})
		<-inside
		var runs atomic.Int32
		group.Go(func() error {
			_, err := create(acts, &runs)(as(t, "anna"), proto.CloneOf(request))
			return err
		})
		close(release)
		require.NoError(t, group.Wait())
		require.EqualValues(t, 1, runs.Load())
		require.Len(t, notes(t, acts), 1)
		require.NotContains(t, notes(t, acts), "first")
	})
}

func TestOldRequestIDsAreForgotten(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		var runs atomic.Int32
		require.NoError(t, acts.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`INSERT INTO request (subject, method, request_id, digest, created)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) SELECT 's', 'm', CAST(i AS TEXT), $1, $2 FROM n`,
				[]byte{1}, sqldb.Micros(time.Now().Add(-act.RequestsKept-time.Minute)))
			return err
		}))
		request := ask(uuid.NewString(), "Norr")
		_, err := create(acts, &runs)(as(t, "anna"), request)
		require.NoError(t, err)
		var removed []int64
		for {
			var n int64
			require.NoError(t, acts.DB.Tx(t.Context(), func(tx *sqldb.Tx) (err error) { n, err = act.ForgetRequests(tx, time.Now()); return err }))
			removed = append(removed, n)
			if n == 0 {
				break
			}
		}
		require.Equal(t, []int64{1000, 500, 0}, removed)
		_, err = create(acts, &runs)(as(t, "anna"), request)
		require.NoError(t, err)
		require.EqualValues(t, 1, runs.Load(), "a young id is still known")
	})
}
