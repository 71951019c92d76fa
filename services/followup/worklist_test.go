package followup_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
)

func (c *centre) create(ctx context.Context, title, due string, role accessv1.Role, person string) *followupv1.FollowUp {
	c.t.Helper()
	f, err := c.client.CreateFollowUp(ctx, &followupv1.CreateFollowUpRequest{FollowUp: &followupv1.FollowUp{
		PatientId: c.patient, Title: title, OwnerRole: role, OwnerPractitionerId: person, DueDate: due}})
	require.NoError(c.t, err)
	return f
}

// mine are the ids of what a caller has to see to.
func (c *centre) mine(ctx context.Context) []string {
	c.t.Helper()
	answer, err := c.client.ListMyFollowUps(ctx, &followupv1.ListMyFollowUpsRequest{PageSize: 200})
	require.NoError(c.t, err)
	var ids []string
	for _, f := range answer.GetFollowUps() {
		ids = append(ids, f.GetFollowUpId())
	}
	return ids
}

const (
	roleManager     = accessv1.Role_ROLE_CARE_MANAGER
	roleCoordinator = accessv1.Role_ROLE_REHABILITATION_COORDINATOR
	roleGP          = accessv1.Role_ROLE_GP
)

// R28: one line, in the receiver's list at once, linked to the case.
func TestHandoverInOneLine(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		c.accept(e)
		f := c.create(c.asGP(), "Ring the patient about sleep", "", roleManager, "")
		require.Equal(t, "2026-03-03", f.GetDueDate())
		require.Equal(t, c.manager, f.GetOwnerPractitionerId(), "the team's care manager")
		require.Equal(t, e.GetCareEpisodeId(), f.GetCareEpisodeId())
		require.Equal(t, c.gp, f.GetCreatedByPractitionerId())
		require.Contains(t, c.mine(c.asManager()), f.GetFollowUpId())
		require.Equal(t, "Ring the patient about sleep", c.get(f.GetFollowUpId()).GetTitle())

		saturday := c.create(c.asGP(), "x", "2026-03-07", roleManager, "")
		require.Equal(t, "2026-03-09", saturday.GetDueDate())

		for name, test := range map[string]struct {
			ask    *followupv1.FollowUp
			reason string
		}{
			"no title":      {&followupv1.FollowUp{OwnerRole: roleManager, Title: " "}, "FIELD_REQUIRED"},
			"no role":       {&followupv1.FollowUp{Title: "x"}, "FIELD_REQUIRED"},
			"no such owner": {&followupv1.FollowUp{Title: "x", OwnerRole: roleManager, OwnerPractitionerId: uuid.NewString()}, "OWNER_NOT_AT_UNIT"},
			"other role":    {&followupv1.FollowUp{Title: "x", OwnerRole: roleManager, OwnerPractitionerId: c.gp}, "OWNER_NOT_AT_UNIT"},
			"cannot own":    {&followupv1.FollowUp{Title: "x", OwnerRole: accessv1.Role_ROLE_UNIT_MANAGER}, "ROLE_CANNOT_OWN"},
			"yesterday":     {&followupv1.FollowUp{Title: "x", OwnerRole: roleManager, DueDate: "2026-03-01"}, "DATE_TOO_EARLY"},
			"in years":      {&followupv1.FollowUp{Title: "x", OwnerRole: roleManager, DueDate: "2028-03-01"}, "DATE_TOO_LATE"},
			"no episode":    {&followupv1.FollowUp{Title: "x", OwnerRole: roleManager, CareEpisodeId: uuid.NewString()}, "CARE_EPISODE_NOT_OPEN"},
		} {
			test.ask.PatientId = c.patient
			_, err := c.client.CreateFollowUp(c.asGP(), &followupv1.CreateFollowUpRequest{FollowUp: test.ask})
			require.Error(t, err, name)
			refused(t, err, codes.InvalidArgument, test.reason)
		}
	})
}

// R04: a person who holds two roles has one list.
func TestOneListForTwoRoles(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		both := uuid.NewString()
		ctx := c.h.AsAll([]string{"care_manager", "rehabilitation_coordinator"}, c.place, both)
		third := c.create(c.asGP(), "three", "2026-03-05", roleManager, "")
		first := c.create(c.asGP(), "one", "2026-03-03", roleCoordinator, "")
		second := c.create(c.asGP(), "two", "2026-03-04", roleManager, "")
		c.create(c.asGP(), "not hers", "2026-03-04", roleManager, c.manager)
		c.create(c.asGP(), "nor this", "2026-03-04", roleGP, "")
		require.Equal(t, []string{first.GetFollowUpId(), second.GetFollowUpId(), third.GetFollowUpId()}, c.mine(ctx))
		_, err := c.client.CompleteFollowUp(ctx, &followupv1.CompleteFollowUpRequest{FollowUpId: first.GetFollowUpId()})
		require.NoError(t, err)
		require.Equal(t, []string{second.GetFollowUpId(), third.GetFollowUpId()}, c.mine(ctx))
	})
}

func TestVerbs(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		f := c.create(c.asGP(), "x", "2026-03-03", roleManager, "")
		id := f.GetFollowUpId()

		_, err := c.client.ClaimFollowUp(c.asCoordinator(), &followupv1.ClaimFollowUpRequest{FollowUpId: id})
		refused(t, err, codes.PermissionDenied, "OWNER_ROLE_REQUIRED")
		claimed, err := c.client.ClaimFollowUp(c.asManager(), &followupv1.ClaimFollowUpRequest{FollowUpId: id})
		require.NoError(t, err)
		require.Equal(t, c.manager, claimed.GetOwnerPractitionerId())
		again, err := c.client.ClaimFollowUp(c.asManager(), &followupv1.ClaimFollowUpRequest{FollowUpId: id})
		require.NoError(t, err)
		require.Equal(t, claimed.GetEtag(), again.GetEtag(), "claiming what is one's own changes nothing")
		_, err = c.client.ClaimFollowUp(c.as("care_manager", uuid.NewString()), &followupv1.ClaimFollowUpRequest{FollowUpId: id})
		refused(t, err, codes.FailedPrecondition, "FOLLOW_UP_OWNED")

		_, err = c.client.SnoozeFollowUp(c.asManager(), &followupv1.SnoozeFollowUpRequest{FollowUpId: id, UntilDate: "2026-04-02", Reason: "holiday"})
		refused(t, err, codes.InvalidArgument, "DATE_TOO_LATE")
		snoozed, err := c.client.SnoozeFollowUp(c.asManager(), &followupv1.SnoozeFollowUpRequest{FollowUpId: id, UntilDate: "2026-03-10", Reason: "holiday", Etag: claimed.GetEtag()})
		require.NoError(t, err)
		require.Equal(t, "2026-03-10", snoozed.GetSnoozedUntilDate())
		require.Equal(t, "2026-03-03", snoozed.GetDueDate())
		_, err = c.client.CompleteFollowUp(c.asManager(), &followupv1.CompleteFollowUpRequest{FollowUpId: id, Etag: claimed.GetEtag()})
		refused(t, err, codes.Aborted, "ETAG_MISMATCH")
		c.until("2026-03-09", 12, 0)
		require.False(t, c.get(id).GetOverdue())
		require.Zero(t, c.get(id).GetReminders(), "nobody is reminded of what is put off")
		c.until("2026-03-10", 8, 0)
		back := c.get(id)
		require.True(t, back.GetOverdue())
		require.EqualValues(t, 1, back.GetReminders())
		require.Empty(t, back.GetSnoozeReason())

		_, err = c.client.ReassignFollowUp(c.asManager(), &followupv1.ReassignFollowUpRequest{FollowUpId: id, OwnerPractitionerId: c.coordinator, Reason: "r"})
		refused(t, err, codes.InvalidArgument, "OWNER_NOT_AT_UNIT")
		_, err = c.client.ReassignFollowUp(c.asManager(), &followupv1.ReassignFollowUpRequest{FollowUpId: id, OwnerPractitionerId: c.manager, Reason: "r"})
		refused(t, err, codes.InvalidArgument, "OWNER_UNCHANGED")
		moved, err := c.client.ReassignFollowUp(c.as("unit_manager", uuid.NewString()), &followupv1.ReassignFollowUpRequest{
			FollowUpId: id, OwnerRole: roleCoordinator, OwnerPractitionerId: c.coordinator, Reason: "concerns work"})
		require.NoError(t, err)
		require.Equal(t, "2026-03-03", moved.GetDueDate(), "the due day is unchanged unless said")
		require.Len(t, moved.GetOwnerChanges(), 2)
		change := moved.GetOwnerChanges()[1]
		require.Equal(t, c.manager, change.GetFromPractitionerId())
		require.Equal(t, c.coordinator, change.GetToPractitionerId())
		require.Equal(t, "concerns work", change.GetReason())

		_, err = c.client.CompleteFollowUp(c.as("unit_manager", uuid.NewString()), &followupv1.CompleteFollowUpRequest{FollowUpId: id})
		refused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = c.client.CompleteFollowUp(c.asManager(), &followupv1.CompleteFollowUpRequest{FollowUpId: id})
		refused(t, err, codes.PermissionDenied, "OWNER_ROLE_REQUIRED")
		request := &followupv1.CompleteFollowUpRequest{FollowUpId: id, Note: "rang", RequestId: uuid.NewString()}
		done, err := c.client.CompleteFollowUp(c.asCoordinator(), request)
		require.NoError(t, err)
		require.Equal(t, "rang", done.GetEnd().GetNote())
		repeat, err := c.client.CompleteFollowUp(c.asCoordinator(), request)
		require.NoError(t, err)
		require.Equal(t, done.GetEtag(), repeat.GetEtag())
		_, err = c.client.CancelFollowUp(c.asCoordinator(), &followupv1.CancelFollowUpRequest{FollowUpId: id, Reason: "r"})
		refused(t, err, codes.FailedPrecondition, "FOLLOW_UP_NOT_OPEN")
	})
}

// Of two who take the same follow-up at the same time, one gets it and the other is told.
func TestTwoClaims(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		for range 5 {
			f := c.create(c.asGP(), "x", "", roleManager, "")
			var wait sync.WaitGroup
			errs := make([]error, 4)
			for i := range errs {
				ctx := c.as("care_manager", uuid.NewString())
				wait.Go(func() {
					_, errs[i] = c.client.ClaimFollowUp(ctx, &followupv1.ClaimFollowUpRequest{FollowUpId: f.GetFollowUpId()})
				})
			}
			wait.Wait()
			taken := 0
			for _, err := range errs {
				if err == nil {
					taken++
				} else {
					refused(t, err, codes.FailedPrecondition, "FOLLOW_UP_OWNED")
				}
			}
			require.Equal(t, 1, taken)
		}
	})
}

func TestWorklistOfAUnit(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		for i := range 7 {
			role, person := roleManager, c.manager
			if i%3 == 0 {
				role, person = roleCoordinator, ""
			}
			c.create(c.asGP(), fmt.Sprint(i), fmt.Sprintf("2026-03-%02d", 3+i%4), role, person)
		}
		other := c.h.NewPlace()
		stranger := uuid.NewString()
		c.h.PlacePatient(stranger, other)
		foreign, err := c.client.CreateFollowUp(c.h.As("gp", other), &followupv1.CreateFollowUpRequest{FollowUp: &followupv1.FollowUp{PatientId: stranger, Title: "x", OwnerRole: roleManager}})
		require.NoError(t, err)

		list := func(request *followupv1.ListCareUnitFollowUpsRequest) []*followupv1.FollowUp {
			request.CareUnitId = c.place.UnitID
			var all []*followupv1.FollowUp
			for {
				answer, err := c.client.ListCareUnitFollowUps(c.asGP(), request)
				require.NoError(t, err)
				all = append(all, answer.GetFollowUps()...)
				if answer.GetNextPageToken() == "" {
					return all
				}
				require.Len(t, answer.GetFollowUps(), int(request.GetPageSize()))
				request.PageToken = answer.GetNextPageToken()
			}
		}
		all := list(&followupv1.ListCareUnitFollowUpsRequest{PageSize: 2})
		require.Len(t, all, 7)
		require.True(t, slices.IsSortedFunc(all, func(a, b *followupv1.FollowUp) int {
			if d := a.GetDueTime().AsTime().Compare(b.GetDueTime().AsTime()); d != 0 {
				return d
			}
			return slices.Compare([]byte(a.GetFollowUpId()), []byte(b.GetFollowUpId()))
		}))
		require.Len(t, list(&followupv1.ListCareUnitFollowUpsRequest{OwnerRole: roleCoordinator}), 3)
		require.Len(t, list(&followupv1.ListCareUnitFollowUpsRequest{OwnerPractitionerId: c.manager, PageSize: 3}), 4)
		require.Len(t, list(&followupv1.ListCareUnitFollowUpsRequest{DueBeforeDate: "2026-03-04"}), 2)
		require.Empty(t, list(&followupv1.ListCareUnitFollowUpsRequest{OverdueOnly: true}))
		require.Empty(t, list(&followupv1.ListCareUnitFollowUpsRequest{Kind: followupv1.FollowUp_ASSESS_RISK}))
		c.until("2026-03-04", 17, 1)
		require.Len(t, list(&followupv1.ListCareUnitFollowUpsRequest{OverdueOnly: true}), 4, "overdue at once, by reading")
		_, err = c.client.CompleteFollowUp(c.asGP(), &followupv1.CompleteFollowUpRequest{FollowUpId: all[0].GetFollowUpId()})
		require.NoError(t, err)
		require.Len(t, list(&followupv1.ListCareUnitFollowUpsRequest{}), 6)
		require.Len(t, list(&followupv1.ListCareUnitFollowUpsRequest{State: followupv1.FollowUp_COMPLETED}), 1)
		require.Empty(t, list(&followupv1.ListCareUnitFollowUpsRequest{State: followupv1.FollowUp_COMPLETED, OverdueOnly: true}))

		page, err := c.client.ListCareUnitFollowUps(c.asGP(), &followupv1.ListCareUnitFollowUpsRequest{CareUnitId: c.place.UnitID, PageSize: 2})
		require.NoError(t, err)
		_, err = c.client.ListCareUnitFollowUps(c.asGP(), &followupv1.ListCareUnitFollowUpsRequest{CareUnitId: c.place.UnitID, OverdueOnly: true, PageToken: page.GetNextPageToken()})
		refused(t, err, codes.InvalidArgument, "BAD_PAGE_TOKEN")

		_, err = c.client.ListCareUnitFollowUps(c.asGP(), &followupv1.ListCareUnitFollowUpsRequest{CareUnitId: other.UnitID})
		refused(t, err, codes.NotFound, "CARE_UNIT_NOT_FOUND")
		_, err = c.client.GetFollowUp(c.asGP(), &followupv1.GetFollowUpRequest{FollowUpId: foreign.GetFollowUpId()})
		absent := func() error {
			_, err := c.client.GetFollowUp(c.asGP(), &followupv1.GetFollowUpRequest{FollowUpId: uuid.NewString()})
			return err
		}()
		refused(t, err, codes.NotFound, "RESOURCE_NOT_FOUND")
		require.Equal(t, absent.Error(), err.Error())
		require.NotContains(t, c.mine(c.asManager()), foreign.GetFollowUpId())
	})
}

// R31: a whole list is handed over in one call, none lost.
func TestReassignAll(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		leaving := uuid.NewString()
		c.tellPractitioner(leaving, roleManager, roleCoordinator)
		for i := range 5 {
			role := roleManager
			if i == 0 {
				role = roleCoordinator
			}
			c.create(c.asGP(), fmt.Sprint(i), "", role, leaving)
		}
		boss := c.as("unit_manager", uuid.NewString())
		ask := func(ctx context.Context, to string, role accessv1.Role, dry bool) (*followupv1.ReassignAllFollowUpsResponse, error) {
			return c.client.ReassignAllFollowUps(ctx, &followupv1.ReassignAllFollowUpsRequest{CareUnitId: c.place.UnitID,
				FromPractitionerId: leaving, ToPractitionerId: to, OwnerRole: role, Reason: "leaves", ValidateOnly: dry})
		}
		_, err := ask(boss, c.manager, 0, false)
		refused(t, err, codes.InvalidArgument, "OWNER_NOT_AT_UNIT")
		_, err = ask(c.asManager(), "", 0, false)
		refused(t, err, codes.PermissionDenied, "OWNER_ROLE_REQUIRED")
		dry, err := ask(boss, c.manager, roleManager, true)
		require.NoError(t, err)
		require.EqualValues(t, 4, dry.GetReassignedCount())
		require.EqualValues(t, 1, dry.GetRemainingCount())
		require.Empty(t, c.mine(c.asManager()), "nothing has moved yet")
		done, err := ask(boss, c.manager, roleManager, false)
		require.NoError(t, err)
		require.EqualValues(t, 4, done.GetReassignedCount())
		require.EqualValues(t, 1, done.GetRemainingCount())
		require.Len(t, c.mine(c.asManager()), 4)
		rest, err := ask(c.h.AsAll([]string{"care_manager", "rehabilitation_coordinator"}, c.place, leaving), "", 0, false)
		require.NoError(t, err)
		require.EqualValues(t, 1, rest.GetReassignedCount())
		require.Zero(t, rest.GetRemainingCount())
		require.Len(t, c.mine(c.asCoordinator()), 1, "left to anyone with the role")
	})
}

// R05: each unit follows its own limits; the defaults work with none.
func TestPolicy(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		boss := c.as("unit_manager", uuid.NewString())
		p, err := c.client.GetFollowUpPolicy(boss, &followupv1.GetFollowUpPolicyRequest{CareUnitId: c.place.UnitID})
		require.NoError(t, err)
		require.EqualValues(t, 1, p.GetBookFirstContactWorkingDays())
		require.EqualValues(t, 30, p.GetUrgentRiskEscalationMinutes())
		require.EqualValues(t, 90, p.GetMeetingThirdFlagDays())
		fields := p.ProtoReflect().Descriptor().Fields()
		for i := range fields.Len() {
			if field := fields.Get(i); field.Kind() == protoreflect.Int32Kind {
				require.Positive(t, p.ProtoReflect().Get(field).Int(), "every limit of the contract has a default: %s", field.Name())
			}
		}
		require.Nil(t, p.GetUpdateTime())

		_, err = c.client.UpdateFollowUpPolicy(c.asManager(), &followupv1.UpdateFollowUpPolicyRequest{FollowUpPolicy: &followupv1.FollowUpPolicy{CareUnitId: c.place.UnitID}})
		refused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
		changed, err := c.client.UpdateFollowUpPolicy(boss, &followupv1.UpdateFollowUpPolicyRequest{FollowUpPolicy: &followupv1.FollowUpPolicy{
			CareUnitId: c.place.UnitID, BookFirstContactWorkingDays: 3, Etag: p.GetEtag()}})
		require.NoError(t, err)
		require.EqualValues(t, 3, changed.GetBookFirstContactWorkingDays())
		require.EqualValues(t, 5, changed.GetHoldFirstContactWorkingDays())
		_, err = c.client.UpdateFollowUpPolicy(boss, &followupv1.UpdateFollowUpPolicyRequest{FollowUpPolicy: &followupv1.FollowUpPolicy{
			CareUnitId: c.place.UnitID, BookFirstContactWorkingDays: 4, Etag: p.GetEtag()}})
		refused(t, err, codes.Aborted, "ETAG_MISMATCH")

		_, err = c.client.UpdateFollowUpPolicy(boss, &followupv1.UpdateFollowUpPolicyRequest{FollowUpPolicy: &followupv1.FollowUpPolicy{
			CareUnitId: c.place.UnitID, ScreeningDays: 61}})
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		changed, err = c.client.UpdateFollowUpPolicy(boss, &followupv1.UpdateFollowUpPolicyRequest{FollowUpPolicy: &followupv1.FollowUpPolicy{
			CareUnitId: c.place.UnitID, ScreeningDays: 7}})
		require.NoError(t, err)
		require.EqualValues(t, 7, changed.GetScreeningDays())

		e := c.episode()
		c.tellEpisode("started", e)
		c.onSickLeave("2026-06-30")
		require.Equal(t, "2026-03-09", c.one(followupv1.FollowUp_SCREEN).GetDueDate())
		require.Equal(t, "2026-03-05", c.one(followupv1.FollowUp_BOOK_FIRST_CONTACT).GetDueDate())
		_, err = c.client.UpdateFollowUpPolicy(boss, &followupv1.UpdateFollowUpPolicyRequest{FollowUpPolicy: &followupv1.FollowUpPolicy{
			CareUnitId: c.place.UnitID, BookFirstContactWorkingDays: 1}})
		require.NoError(t, err)
		c.tellEpisode("team_assigned", e)
		require.Equal(t, "2026-03-05", c.one(followupv1.FollowUp_BOOK_FIRST_CONTACT).GetDueDate(), "what is open keeps the limit it was made with")
	})
}
