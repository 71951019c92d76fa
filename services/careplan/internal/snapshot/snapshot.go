// Package snapshot writes what the event log tells of the service's resources: coded fields only, never what somebody has
// said.
package snapshot

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// Contact is a contact after an act.
func Contact(c careplan.Contact) *careplanv1.ContactSnapshot {
	return &careplanv1.ContactSnapshot{
		ContactId: c.ID, CareEpisodeId: c.EpisodeID, PlannedContactId: c.PlannedContactID,
		Kind:            careplanv1.Contact_Kind(careplanv1.Contact_Kind_value[string(c.Kind)]),
		Channel:         channel(c.Channel),
		State:           careplanv1.Contact_State(careplanv1.Contact_State_value[string(c.State)]),
		ScheduledTime:   instant(c.ScheduledTime),
		ResultTime:      instant(c.ResultTime()),
		PractitionerId:  c.Practitioner,
		UnansweredTries: int32(c.UnansweredTries),
	}
}

// CarePlan is a plan after an act, with every planned contact it has had.
func CarePlan(p careplan.Plan) *careplanv1.CarePlanSnapshot {
	told := &careplanv1.CarePlanSnapshot{
		CarePlanId: p.ID, CareEpisodeId: p.EpisodeID, CareManagerId: p.CareManager,
		State: careplanv1.CarePlan_State(careplanv1.CarePlan_State_value[string(p.State)]),
	}
	for _, planned := range p.Planned {
		told.PlannedContacts = append(told.PlannedContacts, &careplanv1.PlannedContactSnapshot{
			PlannedContactId: planned.ID, PlannedDate: planned.Day.String(), Channel: channel(planned.Channel),
			State: careplanv1.PlannedContact_State(careplanv1.PlannedContact_State_value[string(planned.State)]),
		})
	}
	return told
}

// Assessment is an assessment after an act: scores, never answers.
func Assessment(a careplan.Assessment) *careplanv1.AssessmentSnapshot {
	told := &careplanv1.AssessmentSnapshot{
		AssessmentId: a.ID, CareEpisodeId: a.EpisodeID, Instrument: a.Instrument, AnswerDate: a.AnswerDay.String(),
		MeanScore: a.Scored.Mean, Band: a.Scored.Band, Change: a.Course.Change, Response: a.Course.Response,
		Remission: a.Scored.Remission, RegisteredInError: a.ErrorMark != nil,
	}
	if a.Scored.Total != nil {
		total := int32(*a.Scored.Total)
		told.TotalScore = &total
	}
	return told
}

// SafetyFlag is a flag after an act: neither the answer nor the conclusion.
func SafetyFlag(f careplan.Flag) *careplanv1.SafetyFlagSnapshot {
	told := &careplanv1.SafetyFlagSnapshot{
		SafetyFlagId: f.ID, CareEpisodeId: f.EpisodeID, RaiseTime: instant(f.RaiseTime), RaisedByPractitionerId: f.RaisedBy,
		Level: careplanv1.SafetyFlag_Level(careplanv1.SafetyFlag_Level_value[string(f.Level)]),
		State: careplanv1.SafetyFlag_State(careplanv1.SafetyFlag_State_value[string(f.State)]),
	}
	if f.Risk != nil {
		told.AssessedByPractitionerId = f.Risk.AssessedBy
	}
	return told
}

func channel(c careplan.Channel) careplanv1.Contact_Channel {
	return careplanv1.Contact_Channel(careplanv1.Contact_Channel_value[string(c)])
}

func instant(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
