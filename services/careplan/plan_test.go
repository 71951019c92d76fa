package careplan_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

func (f *fixture) plan(id string) *careplanv1.CarePlan {
	f.Helper()
	p, err := f.client.GetCarePlan(f.cm, &careplanv1.GetCarePlanRequest{PatientId: f.patient, CarePlanId: id})
	require.NoError(f, err)
	return p
}

func dates(p *careplanv1.CarePlan) []string {
	var out []string
	for _, planned := range p.GetPlannedContacts() {
		out = append(out, planned.GetPlannedDate()+" "+planned.GetState().String())
	}
	return out
}

func kinds(p *careplanv1.CarePlan) []careplanv1.CarePlanWarning_Kind {
	var out []careplanv1.CarePlanWarning_Kind
	for _, w := range p.GetWarnings() {
		out = append(out, w.GetKind())
	}
	return out
}

func TestAPlanFromDraftToOutcome(t *testing.T) {
	run(t, func(f *fixture) {
		draft := f.draft()
		require.Equal(f, f.manager, draft.GetCareManagerId(), "the episode's care manager")
		require.Equal(f, []int32{1, 2, 3, 4, 6, 8, 10, 12}, draft.GetSchedule().GetWeeks())
		require.Equal(f, []careplanv1.CarePlanWarning_Kind{careplanv1.CarePlanWarning_FIRST_CONTACT_NOT_HELD}, kinds(draft))
		require.Empty(f, draft.GetPlannedContacts())

		active, err := f.client.ActivateCarePlan(f.cm, &careplanv1.ActivateCarePlanRequest{PatientId: f.patient, CarePlanId: draft.GetCarePlanId(), Etag: draft.GetEtag()})
		require.NoError(f, err)
		require.Equal(f, "2026-03-02", active.GetStartDate())
		require.Equal(f, "2026-03-09 PLANNED", dates(active)[0])
		require.Len(f, dates(active), 8)
		require.Equal(f, "2026-03-09", active.GetNextContact().GetContactDate())
		require.True(f, proto.Equal(active, f.plan(active.GetCarePlanId())), "what is answered is what is read")

		done, err := f.client.CompleteCarePlan(f.cm, &careplanv1.CompleteCarePlanRequest{PatientId: f.patient, CarePlanId: active.GetCarePlanId(), Outcome: careplanv1.CarePlan_GOALS_PARTLY_REACHED})
		require.NoError(f, err)
		require.Equal(f, careplanv1.CarePlan_COMPLETED, done.GetState())
		require.Equal(f, "2026-03-09 DROPPED", dates(done)[0])
		require.Nil(f, done.GetNextContact())
		_, err = f.client.CompleteCarePlan(f.cm, &careplanv1.CompleteCarePlanRequest{PatientId: f.patient, CarePlanId: active.GetCarePlanId(), Outcome: careplanv1.CarePlan_GOALS_REACHED})
		refused(f, err, codes.FailedPrecondition, "CARE_PLAN_NOT_ACTIVE")
		_, err = f.client.RegisterCarePlanInError(f.cm, &careplanv1.RegisterCarePlanInErrorRequest{PatientId: f.patient, CarePlanId: active.GetCarePlanId(), Reason: "canary-reason"})
		require.NoError(f, err)
		require.Equal(f, []string{"care_plan.created", "care_plan.activated", "care_plan.completed", "care_plan.registered_in_error"}, f.told())
	})
}

func TestContactsFulfilThePlan(t *testing.T) {
	run(t, func(f *fixture) {
		plan := f.activePlan()
		planned := plan.GetPlannedContacts()[0]
		contact := f.contact(f.in(7 * 24 * time.Hour))
		contact.Kind, contact.PlannedContactId = careplanv1.Contact_KIND_UNSPECIFIED, planned.GetPlannedContactId()
		booked, err := f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: contact})
		require.NoError(f, err)
		require.Equal(f, careplanv1.Contact_SCHEDULED, booked.GetKind())
		next := f.plan(plan.GetCarePlanId()).GetNextContact()
		require.Equal(f, booked.GetContactId(), next.GetContactId())
		require.Equal(f, planned.GetPlannedContactId(), next.GetPlannedContactId())
		require.False(f, next.GetOverdue())
		contact.ScheduledTime = f.in(8 * 24 * time.Hour)
		_, err = f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: contact})
		refused(f, err, codes.AlreadyExists, "PLANNED_CONTACT_BOOKED")

		f.Advance(8 * 24 * time.Hour)
		require.True(f, f.plan(plan.GetCarePlanId()).GetNextContact().GetOverdue(), "overdue is told when it is read")
		_, err = f.client.RecordContact(f.cm, &careplanv1.RecordContactRequest{PatientId: f.patient, ContactId: booked.GetContactId(), Result: result()})
		require.NoError(f, err)
		read := f.plan(plan.GetCarePlanId())
		require.Equal(f, "2026-03-09 HELD", dates(read)[0])
		require.Equal(f, "2026-03-16", read.GetNextContact().GetContactDate())
		require.Empty(f, kinds(read), "a contact has been held")

		_, err = f.client.RegisterContactInError(f.cm, &careplanv1.RegisterContactInErrorRequest{PatientId: f.patient, ContactId: booked.GetContactId(), Reason: "wrong patient"})
		require.NoError(f, err)
		require.Equal(f, "2026-03-09 PLANNED", dates(f.plan(plan.GetCarePlanId()))[0])
		at := f.contact(nil)
		at.Kind, at.PlannedContactId, at.Result = careplanv1.Contact_SCHEDULED, planned.GetPlannedContactId(), result()
		_, err = f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: at})
		require.NoError(f, err)
		require.Equal(f, "2026-03-09 HELD", dates(f.plan(plan.GetCarePlanId()))[0])
		require.Equal(f, []string{"care_plan.created", "care_plan.activated", "contact.booked", "care_plan.updated", "contact.held", "care_plan.updated",
			"contact.registered_in_error", "care_plan.updated", "contact.held", "care_plan.updated"}, f.told())
	})
}

func TestARevisionKeepsTheOneBefore(t *testing.T) {
	run(t, func(f *fixture) {
		plan := f.activePlan()
		rc := f.As("rehabilitation_coordinator", f.place)
		goals := append(plan.GetGoals(), &careplanv1.Goal{Kind: careplanv1.Goal_RETURN_TO_WORK, Target: "canary-other target", Owner: careplanv1.Goal_REHABILITATION_COORDINATOR})
		revised, err := f.client.ReviseCarePlan(rc, &careplanv1.ReviseCarePlanRequest{
			PatientId: f.patient, CarePlanId: plan.GetCarePlanId(), Reason: "canary-why",
			Content: &careplanv1.CarePlanContent{Goals: goals, Schedule: &careplanv1.ContactSchedule{Weeks: []int32{2, 5}, Channel: careplanv1.Contact_VISIT}},
		})
		require.NoError(f, err)
		require.EqualValues(f, 2, revised.GetContentRevision())
		require.Equal(f, "canary-strengths", revised.GetStrengths())
		require.Contains(f, dates(revised), "2026-04-07 PLANNED") // week 5 is Easter Monday
		kept := map[string]string{}
		for _, planned := range revised.GetPlannedContacts() {
			kept[planned.GetPlannedDate()] = planned.GetPlannedContactId()
		}
		require.Equal(f, plan.GetPlannedContacts()[1].GetPlannedContactId(), kept["2026-03-16"])
		require.Equal(f, careplanv1.CarePlanWarning_GOAL_CONFLICT, revised.GetWarnings()[0].GetKind())
		require.Equal(f, f.manager, revised.GetWarnings()[0].GetAuthorPractitionerIds()[0])
		require.NotEqual(f, f.manager, revised.GetWarnings()[0].GetAuthorPractitionerIds()[1])

		var read []*careplanv1.CarePlanRevision
		token := ""
		for {
			page, err := f.client.ListCarePlanRevisions(f.cm, &careplanv1.ListCarePlanRevisionsRequest{PatientId: f.patient, CarePlanId: plan.GetCarePlanId(), PageSize: 1, PageToken: token})
			require.NoError(f, err)
			read = append(read, page.GetRevisions()...)
			if token = page.GetNextPageToken(); token == "" {
				break
			}
		}
		require.Len(f, read, 2)
		require.Equal(f, "canary-why", read[0].GetReason())
		require.Equal(f, []int32{2, 5}, read[0].GetSchedule().GetWeeks())
		require.Len(f, read[1].GetGoals(), 1)
		require.Len(f, read[1].GetSchedule().GetWeeks(), 8)

		_, err = f.client.ReviseCarePlan(f.cm, &careplanv1.ReviseCarePlanRequest{PatientId: f.patient, CarePlanId: plan.GetCarePlanId(),
			Content: &careplanv1.CarePlanContent{}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"goals"}}})
		refused(f, err, codes.FailedPrecondition, "GOAL_MISSING")
		_, err = f.client.ReviseCarePlan(f.cm, &careplanv1.ReviseCarePlanRequest{PatientId: f.patient, CarePlanId: plan.GetCarePlanId(),
			Content: &careplanv1.CarePlanContent{Schedule: &careplanv1.ContactSchedule{Weeks: []int32{3, 1}}}})
		require.Equal(f, []string{"content.schedule.weeks[1]"}, refused(f, err, codes.InvalidArgument, "SCHEDULE_INVALID"))
	})
}

func TestOnlyADraftIsUpdated(t *testing.T) {
	run(t, func(f *fixture) {
		draft := f.draft()
		update := func(mask ...string) (*careplanv1.CarePlan, error) {
			return f.client.UpdateCarePlan(f.cm, &careplanv1.UpdateCarePlanRequest{
				CarePlan:   &careplanv1.CarePlan{PatientId: f.patient, CarePlanId: draft.GetCarePlanId(), Problems: "canary-new", Schedule: &careplanv1.ContactSchedule{IntervalWeeks: 4}},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: mask}})
		}
		changed, err := update("problems", "strengths", "schedule.interval_weeks", "etag")
		require.NoError(f, err)
		require.Equal(f, "canary-new", changed.GetProblems())
		require.Empty(f, changed.GetStrengths())
		require.Equal(f, []int32{4, 8, 12}, changed.GetSchedule().GetWeeks())
		require.Equal(f, "canary-relapse", changed.GetRelapsePrevention())
		require.EqualValues(f, 1, changed.GetContentRevision())
		_, err = update("diagnosis")
		refused(f, err, codes.InvalidArgument, "UPDATE_MASK_INVALID")
		_, err = f.client.ActivateCarePlan(f.cm, &careplanv1.ActivateCarePlanRequest{PatientId: f.patient, CarePlanId: draft.GetCarePlanId()})
		require.NoError(f, err)
		_, err = update("problems")
		refused(f, err, codes.FailedPrecondition, "CARE_PLAN_NOT_DRAFT")
	})
}

func TestOnePlanOfAnEpisodeIsActive(t *testing.T) {
	run(t, func(f *fixture) {
		drafts := []*careplanv1.CarePlan{f.draft(), f.draft(), f.draft()}
		errs := make(chan error, len(drafts))
		for _, draft := range drafts {
			go func() {
				_, err := f.client.ActivateCarePlan(f.cm, &careplanv1.ActivateCarePlanRequest{PatientId: f.patient, CarePlanId: draft.GetCarePlanId()})
				errs <- err
			}()
		}
		won := 0
		for range drafts {
			if err := <-errs; err == nil {
				won++
			} else {
				refused(f, err, codes.AlreadyExists, "CARE_PLAN_ACTIVE_EXISTS")
			}
		}
		require.Equal(f, 1, won)
		page, err := f.client.ListCarePlans(f.cm, &careplanv1.ListCarePlansRequest{PatientId: f.patient, CareEpisodeId: f.episode, State: careplanv1.CarePlan_DRAFT, PageSize: 1})
		require.NoError(f, err)
		require.Len(f, page.GetCarePlans(), 1)
		require.NotEmpty(f, page.GetNextPageToken())
	})
}

func TestAPlanNeedsAGoal(t *testing.T) {
	run(t, func(f *fixture) {
		draft, err := f.client.CreateCarePlan(f.cm, &careplanv1.CreateCarePlanRequest{CarePlan: &careplanv1.CarePlan{PatientId: f.patient, CareEpisodeId: f.episode}})
		require.NoError(f, err)
		_, err = f.client.ActivateCarePlan(f.cm, &careplanv1.ActivateCarePlanRequest{PatientId: f.patient, CarePlanId: draft.GetCarePlanId()})
		refused(f, err, codes.FailedPrecondition, "GOAL_MISSING")
		_, err = f.client.CreateCarePlan(f.cm, &careplanv1.CreateCarePlanRequest{CarePlan: &careplanv1.CarePlan{PatientId: f.patient}})
		require.Equal(f, []string{"care_plan.care_episode_id"}, refused(f, err, codes.InvalidArgument, "FIELD_REQUIRED"))
		_, err = f.client.ActivateCarePlan(f.cm, &careplanv1.ActivateCarePlanRequest{PatientId: f.patient, CarePlanId: f.draft().GetCarePlanId(), StartDate: "2027-01-01"})
		refused(f, err, codes.InvalidArgument, "DATE_OUT_OF_RANGE")
		_, err = f.client.ActivateCarePlan(f.As("rehabilitation_coordinator", f.place), &careplanv1.ActivateCarePlanRequest{PatientId: f.patient, CarePlanId: draft.GetCarePlanId()})
		refused(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
	})
}

func TestThePlanFollowsTheTeamAndEndsWithTheEpisode(t *testing.T) {
	run(t, func(f *fixture) {
		plan, draft := f.activePlan(), f.draft()
		other := uuid.NewString()
		f.tellEpisode("care_episode.handed_over", patientv1.CareEpisode_OPEN, other)
		read := f.plan(plan.GetCarePlanId())
		require.Equal(f, other, read.GetCareManagerId())
		require.EqualValues(f, 1, read.GetCareManagerChanges())

		f.tellEpisode("care_episode.closed", patientv1.CareEpisode_CLOSED, other)
		read = f.plan(plan.GetCarePlanId())
		require.Equal(f, careplanv1.CarePlan_COMPLETED, read.GetState())
		require.Equal(f, careplanv1.CarePlan_EPISODE_CLOSED, read.GetOutcome())
		require.Equal(f, "2026-03-09 DROPPED", dates(read)[0])
		events := f.Events("careplan")
		last := events[len(events)-1]
		require.Equal(f, "care_plan.completed", last.GetType())
		require.Equal(f, "careplan", last.GetActor().GetService())
		require.Equal(f, f.place.UnitID, last.GetCareUnitId())
		_, err := f.client.ActivateCarePlan(f.cm, &careplanv1.ActivateCarePlanRequest{PatientId: f.patient, CarePlanId: draft.GetCarePlanId()})
		refused(f, err, codes.FailedPrecondition, "CARE_EPISODE_CLOSED")
	})
}

func TestAUnitChoosesItsSchedule(t *testing.T) {
	run(t, func(f *fixture) {
		manager := f.As("unit_manager", f.place)
		get := func() *careplanv1.CarePlanSettings {
			settings, err := f.client.GetCarePlanSettings(f.cm, &careplanv1.GetCarePlanSettingsRequest{CareUnitId: f.place.UnitID})
			require.NoError(f, err)
			return settings
		}
		require.Len(f, get().GetSchedule().GetWeeks(), 8)
		change := &careplanv1.UpdateCarePlanSettingsRequest{CarePlanSettings: &careplanv1.CarePlanSettings{
			CareUnitId: f.place.UnitID, Etag: get().GetEtag(), Schedule: &careplanv1.ContactSchedule{IntervalWeeks: 3, Channel: careplanv1.Contact_VIDEO}}}
		_, err := f.client.UpdateCarePlanSettings(manager, change)
		require.NoError(f, err)
		_, err = f.client.UpdateCarePlanSettings(manager, change)
		refused(f, err, codes.Aborted, "ETAG_MISMATCH")
		require.Equal(f, []int32{3, 6, 9, 12}, get().GetSchedule().GetWeeks())
		require.Equal(f, careplanv1.Contact_VIDEO, f.draft().GetSchedule().GetChannel())
		_, err = f.client.UpdateCarePlanSettings(f.cm, change)
		refused(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		back, err := f.client.UpdateCarePlanSettings(manager, &careplanv1.UpdateCarePlanSettingsRequest{
			CarePlanSettings: &careplanv1.CarePlanSettings{CareUnitId: f.place.UnitID}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"schedule"}}})
		require.NoError(f, err)
		require.Len(f, back.GetSchedule().GetWeeks(), 8)
	})
}
