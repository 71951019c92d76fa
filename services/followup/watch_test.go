package followup_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"pgregory.net/rapid"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/accesslog"
)

// watching is somebody who keeps her list by watching it.
type watching struct {
	c      *centre
	ctx    context.Context
	cursor string
	list   map[string]bool
	told   []string // the type of each change, and whether the follow-up is in the list now
}

func (c *centre) watch(ctx context.Context) *watching {
	c.t.Helper()
	w := &watching{c: c, ctx: ctx, list: map[string]bool{}}
	c.h.Settle()
	begin, err := c.client.WatchFollowUps(ctx, &followupv1.WatchFollowUpsRequest{})
	require.NoError(c.t, err)
	require.Empty(c.t, begin.GetChanges())
	w.cursor = begin.GetNextCursor()
	for _, id := range c.mine(ctx) {
		w.list[id] = true
	}
	return w
}

// catchUp takes what has been told, a few changes at a time, and gives what this was.
func (w *watching) catchUp(size int32) []string {
	w.c.t.Helper()
	w.c.h.Settle()
	w.told = nil
	for {
		answer, err := w.c.client.WatchFollowUps(w.ctx, &followupv1.WatchFollowUpsRequest{Cursor: w.cursor, PageSize: size})
		require.NoError(w.c.t, err)
		require.LessOrEqual(w.c.t, len(answer.GetChanges()), int(size))
		for _, change := range answer.GetChanges() {
			w.told = append(w.told, fmt.Sprintf("%s %v", change.GetType(), change.GetListed()))
			id := change.GetFollowUp().GetFollowUpId()
			if delete(w.list, id); change.GetListed() {
				w.list[id] = true
			}
		}
		done := w.cursor == answer.GetNextCursor()
		w.cursor = answer.GetNextCursor()
		if done {
			return w.told
		}
	}
}

func TestWatch(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		own := c.create(c.asGP(), "own", "", roleManager, c.manager)
		w := c.watch(c.asManager())
		other := c.watch(c.asCoordinator())
		third := c.watch(c.as("care_manager", uuid.NewString())) // whose list was empty so far
		require.True(t, w.list[own.GetFollowUpId()])

		colleague := uuid.NewString()
		c.tellPractitioner(colleague, roleManager)
		c.create(c.asGP(), "of a colleague", "", roleManager, colleague)
		free := c.create(c.asGP(), "anybody's", "", roleManager, "")
		require.Equal(t, []string{"follow_up.created true"}, w.catchUp(10), "not what never concerned her")
		require.Equal(t, []string{"follow_up.created true"}, third.catchUp(10))
		require.True(t, slices.ContainsFunc(c.h.AccessRecords(c.patient), func(r accesslog.Shown) bool {
			return strings.HasSuffix(r.Method, "WatchFollowUps")
		}), "whoever is told of a patient is on record")
		_, err := c.client.ClaimFollowUp(c.as("care_manager", colleague), &followupv1.ClaimFollowUpRequest{FollowUpId: free.GetFollowUpId()})
		require.NoError(t, err)
		require.Equal(t, []string{"follow_up.claimed false"}, w.catchUp(10), "a colleague took what was anybody's")
		_, err = c.client.CompleteFollowUp(c.as("care_manager", colleague), &followupv1.CompleteFollowUpRequest{FollowUpId: free.GetFollowUpId()})
		require.NoError(t, err)
		require.Empty(t, w.catchUp(10), "it is no longer hers")
		_, err = c.client.ReassignFollowUp(c.asManager(), &followupv1.ReassignFollowUpRequest{FollowUpId: own.GetFollowUpId(), OwnerPractitionerId: colleague, Reason: "r"})
		require.NoError(t, err)
		require.Equal(t, []string{"follow_up.reassigned false"}, w.catchUp(10))
		_, err = c.client.ReassignFollowUp(c.as("care_manager", colleague), &followupv1.ReassignFollowUpRequest{FollowUpId: own.GetFollowUpId(), OwnerPractitionerId: c.manager, Reason: "r"})
		require.NoError(t, err)
		_, err = c.client.CompleteFollowUp(c.asManager(), &followupv1.CompleteFollowUpRequest{FollowUpId: own.GetFollowUpId()})
		require.NoError(t, err)
		require.Equal(t, []string{"follow_up.reassigned false", "follow_up.completed false"}, w.catchUp(1), "as it is now, one by one")
		require.Empty(t, w.list)
		require.Empty(t, other.catchUp(10))

		for _, cursor := range []string{"x", "followup:999999999", "patient:1", "followup:1.patient:1"} {
			_, err = c.client.WatchFollowUps(c.asManager(), &followupv1.WatchFollowUpsRequest{Cursor: cursor})
			refused(t, err, codes.InvalidArgument, "BAD_CURSOR")
		}
	})
}

// Escalation brings a follow-up into a list, a new due day takes it out again.
func TestWatchEscalation(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		c.accept(e)
		c.onSickLeave("2026-08-30")
		c.until("2026-05-01", 0, 1)
		w := c.watch(c.as("gp", uuid.NewString()))
		flag := c.one(followupv1.FollowUp_MEETING_MISSING_SECOND)
		c.until("2026-05-04", 8, 1)
		require.Contains(t, w.catchUp(10), "follow_up.escalated true")
		require.True(t, w.list[flag.GetFollowUpId()])
		c.consent(patientv1.Consent_WITHDRAWN)
		w.catchUp(10)
		require.False(t, w.list[flag.GetFollowUpId()], "nobody is nagged")
	})
}

// A patient who moves takes her follow-ups along: they leave the lists of the old unit, which learns no more than that.
func TestWatchAMove(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		f := c.create(c.asGP(), "hers", "", roleManager, c.manager)
		w := c.watch(c.asManager())
		there := c.h.NewPlace()
		old := c.place
		c.h.PlacePatient(c.patient, there)
		c.place = there
		c.tell("patient", "patient.moved", c.patient, &patientv1.PatientSnapshot{PatientId: c.patient, CareProviderId: there.ProviderID,
			CareUnitId: there.UnitID, State: patientv1.Patient_ACTIVE})
		c.place = old
		answer, err := c.client.WatchFollowUps(c.asManager(), &followupv1.WatchFollowUpsRequest{Cursor: w.cursor})
		require.NoError(t, err)
		require.Len(t, answer.GetChanges(), 1)
		change := answer.GetChanges()[0]
		require.False(t, change.GetListed())
		require.Equal(t, f.GetFollowUpId(), change.GetFollowUp().GetFollowUpId())
		require.Empty(t, change.GetFollowUp().GetTitle(), "it is none of hers any more")
		require.Empty(t, change.GetFollowUp().GetCareUnitId())
	})
}

// Whoever waits is told of the first change that concerns her, and not of others'.
func TestWatchWaits(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		w := c.watch(c.asManager())
		type heard struct {
			answer *followupv1.WatchFollowUpsResponse
			err    error
		}
		done := make(chan heard, 1)
		go func() {
			answer, err := c.client.WatchFollowUps(w.ctx, &followupv1.WatchFollowUpsRequest{Cursor: w.cursor, WaitSeconds: 30})
			done <- heard{answer, err}
		}()
		c.create(c.asGP(), "not hers", "", roleCoordinator, "")
		c.h.Settle()
		f := c.create(c.asGP(), "hers", "", roleManager, "")
		c.h.Settle()
		got := <-done
		require.NoError(t, got.err)
		require.Len(t, got.answer.GetChanges(), 1)
		require.Equal(t, f.GetFollowUpId(), got.answer.GetChanges()[0].GetFollowUp().GetFollowUpId())
		require.Equal(t, c.patient, got.answer.GetChanges()[0].GetFollowUp().GetPatientId())
		later, err := c.client.WatchFollowUps(w.ctx, &followupv1.WatchFollowUpsRequest{Cursor: got.answer.GetNextCursor(), WaitSeconds: 1})
		require.NoError(t, err)
		require.Empty(t, later.GetChanges(), "nothing is told twice")
	})
}

// Whatever happens, and however few changes are taken at a time, the list kept by watching is the list that is read.
func TestWatchKeepsTheList(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		colleague := uuid.NewString()
		c.tellPractitioner(colleague, roleManager, roleGP)
		people := []context.Context{c.asGP(), c.asManager(), c.asCoordinator(), c.h.AsAll([]string{"care_manager", "gp"}, c.place, colleague), c.as("unit_manager", uuid.NewString())}
		watchers := make([]*watching, len(people))
		for i, ctx := range people {
			watchers[i] = c.watch(ctx)
		}
		var all []string
		draw := rapid.Custom(func(t *rapid.T) [4]int {
			return [4]int{rapid.IntRange(0, 6).Draw(t, "what"), rapid.IntRange(0, 999).Draw(t, "which"), rapid.IntRange(0, 3).Draw(t, "who"), rapid.IntRange(0, 4).Draw(t, "whom")}
		})
		for i := range 60 {
			step := draw.Example(i)
			owner := []string{"", c.manager, colleague}[step[3]%3]
			if step[0] == 0 || len(all) < 3 {
				all = append(all, c.create(c.asGP(), "x", "", roleManager, owner).GetFollowUpId())
				continue
			}
			id, who := all[step[1]%len(all)], people[step[2]]
			switch step[0] { // what is refused changes nothing
			case 1:
				_, _ = c.client.ClaimFollowUp(who, &followupv1.ClaimFollowUpRequest{FollowUpId: id})
			case 2:
				_, _ = c.client.ReassignFollowUp(who, &followupv1.ReassignFollowUpRequest{FollowUpId: id, OwnerRole: roleManager, OwnerPractitionerId: owner, Reason: "r"})
			case 3:
				_, _ = c.client.CompleteFollowUp(who, &followupv1.CompleteFollowUpRequest{FollowUpId: id})
			case 4:
				_, _ = c.client.ReassignFollowUp(who, &followupv1.ReassignFollowUpRequest{FollowUpId: id, OwnerRole: roleCoordinator, Reason: "r"})
			case 5:
				c.h.Advance(26 * 3600e9)
			case 6:
				w := watchers[step[3]]
				w.catchUp(3)
			}
		}
		for i, w := range watchers {
			w.catchUp(7)
			listed := map[string]bool{}
			for _, id := range c.mine(people[i]) {
				listed[id] = true
			}
			require.Equal(t, listed, w.list, "watcher %d", i)
		}
	})
}
