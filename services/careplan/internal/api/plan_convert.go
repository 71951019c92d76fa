package api

import (
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// content is what a plan and a revision have in common.
type content interface {
	GetCareManagerId() string
	GetProblems() string
	GetStrengths() string
	GetGoals() []*careplanv1.Goal
	GetActivities() []*careplanv1.Activity
	GetRelapsePrevention() string
	GetSchedule() *careplanv1.ContactSchedule
}

// changeable are the fields that a mask can name, and how each goes into a change.
var changeable = []struct {
	name string
	set  func(content) bool
	put  func(content, *careplan.Change)
}{
	{"care_manager_id", func(c content) bool { return c.GetCareManagerId() != "" }, func(c content, to *careplan.Change) { to.CareManager = of(c.GetCareManagerId()) }},
	{"problems", func(c content) bool { return c.GetProblems() != "" }, func(c content, to *careplan.Change) { to.Problems = of(c.GetProblems()) }},
	{"strengths", func(c content) bool { return c.GetStrengths() != "" }, func(c content, to *careplan.Change) { to.Strengths = of(c.GetStrengths()) }},
	{"goals", func(c content) bool { return len(c.GetGoals()) > 0 }, func(c content, to *careplan.Change) { to.Goals = of(goalsFrom(c.GetGoals())) }},
	{"activities", func(c content) bool { return len(c.GetActivities()) > 0 }, func(c content, to *careplan.Change) { to.Activities = of(activitiesFrom(c.GetActivities())) }},
	{"relapse_prevention", func(c content) bool { return c.GetRelapsePrevention() != "" }, func(c content, to *careplan.Change) { to.RelapsePrevention = of(c.GetRelapsePrevention()) }},
	{"schedule", func(c content) bool { return c.GetSchedule() != nil }, func(c content, to *careplan.Change) { to.Schedule = scheduleFrom(c.GetSchedule()) }},
}

// passedOver are fields of a plan that a client may send back as it has read them (AIP-203); they change nothing.
var passedOver = map[string]bool{
	"care_plan_id": true, "patient_id": true, "care_episode_id": true, "state": true, "care_manager_changes": true,
	"planned_contacts": true, "next_contact": true, "warnings": true, "content_revision": true, "start_date": true,
	"activate_time": true, "complete_time": true, "outcome": true, "author_practitioner_id": true, "error_mark": true, "etag": true,
	"create_time": true, "update_time": true,
}

// everything is the change that sets what is set.
func everything(asked content) careplan.Change {
	var change careplan.Change
	for _, field := range changeable {
		if field.set(asked) {
			field.put(asked, &change)
		}
	}
	return change
}

// masked is the change that a mask names. A path into a field, as a gateway derives it from a body, stands for the field.
func masked(mask *fieldmaskpb.FieldMask, asked content) (careplan.Change, error) {
	paths := mask.GetPaths()
	if len(paths) == 0 {
		return everything(asked), nil
	}
	var change careplan.Change
	for _, path := range paths {
		name, _, _ := strings.Cut(path, ".")
		known := passedOver[name] || path == "*"
		for _, field := range changeable {
			if name == field.name || path == "*" {
				field.put(asked, &change)
				known = true
			}
		}
		if !known {
			return change, fault.Invalid(fault.Violation{
				Field: "update_mask", Reason: careplanv1.Reason_UPDATE_MASK_INVALID.String(), Message: "names a field that there is not, or that cannot be changed",
			})
		}
	}
	return change, nil
}

func goalsFrom(asked []*careplanv1.Goal) []careplan.Goal {
	goals := make([]careplan.Goal, len(asked))
	for n, g := range asked {
		goals[n] = careplan.Goal{ID: g.GetGoalId(), Kind: g.GetKind().String(), Target: g.GetTarget(), TargetDate: g.GetTargetDate(), Owner: g.GetOwner().String()}
		if g.GetStatus() != careplanv1.Goal_STATUS_UNSPECIFIED {
			goals[n].Status = g.GetStatus().String()
		}
	}
	return goals
}

func goalsTo(goals []careplan.Goal) []*careplanv1.Goal {
	told := make([]*careplanv1.Goal, len(goals))
	for n, g := range goals {
		told[n] = &careplanv1.Goal{
			GoalId: g.ID, Kind: careplanv1.Goal_Kind(careplanv1.Goal_Kind_value[g.Kind]), Target: g.Target, TargetDate: g.TargetDate,
			Owner: ownerTo(g.Owner), Status: careplanv1.Goal_Status(careplanv1.Goal_Status_value[g.Status]), AuthorPractitionerId: g.Author,
		}
	}
	return told
}

func activitiesFrom(asked []*careplanv1.Activity) []careplan.Activity {
	activities := make([]careplan.Activity, len(asked))
	for n, a := range asked {
		activities[n] = careplan.Activity{ID: a.GetActivityId(), Kind: a.GetKind().String(), Description: a.GetDescription(), Owner: a.GetOwner().String()}
	}
	return activities
}

func activitiesTo(activities []careplan.Activity) []*careplanv1.Activity {
	told := make([]*careplanv1.Activity, len(activities))
	for n, a := range activities {
		told[n] = &careplanv1.Activity{
			ActivityId: a.ID, Kind: careplanv1.Activity_Kind(careplanv1.Activity_Kind_value[a.Kind]), Description: a.Description, Owner: ownerTo(a.Owner),
		}
	}
	return told
}

func ownerTo(owner string) careplanv1.Goal_Owner {
	return careplanv1.Goal_Owner(careplanv1.Goal_Owner_value[owner])
}

func scheduleFrom(asked *careplanv1.ContactSchedule) *careplan.ScheduleInput {
	input := &careplan.ScheduleInput{
		Interval: int(asked.GetIntervalWeeks()), Length: int(asked.GetLengthWeeks()), Channel: channelFrom(asked.GetChannel()),
	}
	for _, week := range asked.GetWeeks() {
		input.Weeks = append(input.Weeks, int(week))
	}
	return input
}

func scheduleTo(s careplan.Schedule) *careplanv1.ContactSchedule {
	told := &careplanv1.ContactSchedule{Channel: channelTo(s.Channel)}
	for _, week := range s.Weeks {
		told.Weeks = append(told.Weeks, int32(week))
	}
	return told
}

// planTo answers with a plan, its next contact and its warnings as they stand now.
func (s *Server) planTo(q sqldb.Querier, p careplan.Plan, today date.Day) (*careplanv1.CarePlan, error) {
	told := &careplanv1.CarePlan{
		CarePlanId: p.ID, PatientId: p.PatientID, CareEpisodeId: p.EpisodeID,
		State:         careplanv1.CarePlan_State(careplanv1.CarePlan_State_value[string(p.State)]),
		CareManagerId: p.CareManager, CareManagerChanges: int32(p.CareManagerChanges), Problems: p.Content.Problems,
		Strengths: p.Content.Strengths, Goals: goalsTo(p.Content.Goals), Activities: activitiesTo(p.Content.Activities),
		RelapsePrevention: p.Content.RelapsePrevention, Schedule: scheduleTo(p.Content.Schedule),
		ContentRevision: int32(p.ContentRevision), StartDate: p.StartDay.String(), ActivateTime: timeTo(p.ActivateTime),
		CompleteTime: timeTo(p.CompleteTime), Outcome: careplanv1.CarePlan_Outcome(careplanv1.CarePlan_Outcome_value[string(p.Outcome)]),
		AuthorPractitionerId: p.Author, ErrorMark: markTo(p.ErrorMark), Etag: page.Etag(p.Revision), CreateTime: timeTo(p.CreateTime),
		UpdateTime: timeTo(p.UpdateTime),
	}
	for _, planned := range p.Planned {
		told.PlannedContacts = append(told.PlannedContacts, &careplanv1.PlannedContact{
			PlannedContactId: planned.ID, Week: int32(planned.Week), PlannedDate: planned.Day.String(), Channel: channelTo(planned.Channel),
			State: careplanv1.PlannedContact_State(careplanv1.PlannedContact_State_value[string(planned.State)]), ContactId: planned.ContactID,
		})
	}
	if p.State != careplan.PlanDraft && p.State != careplan.PlanActive {
		return told, nil
	}
	open, err := s.Store.OpenContacts(q, p.EpisodeID)
	if err != nil {
		return nil, err
	}
	if next := careplan.NextContact(open, p.Planned, today); next != nil {
		told.NextContact = &careplanv1.NextContact{
			ContactId: next.ContactID, PlannedContactId: next.PlannedContactID, ContactDate: next.Day.String(),
			ScheduledTime: timeTo(next.ScheduledTime), Channel: channelTo(next.Channel), Overdue: next.Overdue,
		}
	}
	held, err := s.Store.ContactHeld(q, p.EpisodeID)
	if err != nil {
		return nil, err
	}
	for _, w := range p.Warnings(held) {
		told.Warnings = append(told.Warnings, &careplanv1.CarePlanWarning{
			Kind: careplanv1.CarePlanWarning_Kind(careplanv1.CarePlanWarning_Kind_value[string(w.Kind)]), Message: w.Message,
			GoalIds: w.Goals, AuthorPractitionerIds: w.Authors,
		})
	}
	return told, nil
}

func of[T any](value T) *T { return &value }

// dayFrom reads a day that the chain has found to be one; none is no day.
func dayFrom(text string) (date.Day, error) {
	if text == "" {
		return 0, nil
	}
	return date.Parse(text)
}
