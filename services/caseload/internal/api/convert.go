package api

import (
	"time"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/services/caseload/internal/caseload"
)

func instant(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// roleTo is a role's value in the contract.
func roleTo(r caseload.Role) accessv1.Role { return access.ProtoRole(identity.Role(r)) }

// row is a picture as it stands at a moment, without the names.
func row(p caseload.Picture, now time.Time) *caseloadv1.CaseloadRow {
	r := p.On(now)
	answer := &caseloadv1.CaseloadRow{
		PatientId: r.PatientID, CareUnitId: r.Place.UnitID, ProtectedIdentity: r.Protected,
		Coordination:    patientv1.Consent_State(patientv1.Consent_State_value[r.Consent]),
		LastContactTime: instant(r.LastContact), NextContactDate: r.NextContact.String(), MeetingFlagDays: int32(r.MeetingFlag),
		OpenFollowUpCount: int32(r.OpenFollowUps), OverdueFollowUpCount: int32(r.Overdue), NextDueDate: r.NextDue.String(),
		PictureVersion: int32(r.Version), UpdateTime: instant(r.Updated),
	}
	if r.EpisodeOpen {
		answer.CareEpisodeId, answer.EpisodeStartDate = r.EpisodeID, r.EpisodeStart.String()
	}
	for _, m := range r.Members {
		answer.Team = append(answer.Team, &caseloadv1.CaseloadRow_TeamMember{PractitionerId: m.PractitionerID, Role: roleTo(m.Role)})
	}
	if l := r.Leave; l != nil {
		answer.SickLeave = &caseloadv1.CaseloadRow_SickLeave{
			StartDate: l.Start.String(), EndDate: l.End.String(), DayNumber: int32(l.DayNumber), Degree: int32(l.Degree),
			GrossDays: int32(l.GrossDays), NetDays: l.NetDays, Ongoing: l.Ongoing,
		}
	}
	if score := r.Score; score != nil {
		answer.LastScore = &caseloadv1.CaseloadRow_Score{
			AssessmentId: score.ID, Instrument: score.Instrument, AnswerDate: score.Day.String(), Score: score.Score, Band: score.Band,
			Trend:    caseloadv1.CaseloadRow_Trend(caseloadv1.CaseloadRow_Trend_value[string(score.Trend)]),
			Response: score.Response, Remission: score.Remission,
		}
	}
	if m := r.Meeting; m != nil {
		answer.Meeting = meeting(m)
	}
	for _, d := range r.Open {
		answer.OpenDecisions = append(answer.OpenDecisions, &caseloadv1.CaseloadRow_Decision{
			Kind: caseloadv1.CaseloadRow_Decision_Kind(caseloadv1.CaseloadRow_Decision_Kind_value[string(d.Kind)]), SubjectId: d.SubjectID,
			SinceTime: instant(d.Since), OwnerRole: roleTo(d.Role),
		})
	}
	if flag := r.Flag; flag != nil {
		answer.Safety = &caseloadv1.CaseloadRow_Safety{SafetyFlagId: flag.ID, Level: careplanv1.SafetyFlag_REVIEW, RaiseTime: instant(flag.Raised)}
		if flag.Urgent {
			answer.Safety.Level = careplanv1.SafetyFlag_URGENT
		}
	}
	return answer
}

func meeting(m *caseload.Meeting) *caseloadv1.CaseloadRow_Meeting {
	answer := &caseloadv1.CaseloadRow_Meeting{
		DialogueMeetingId: m.ID, State: employerdialoguev1.DialogueMeeting_State(employerdialoguev1.DialogueMeeting_State_value[m.State]),
		ScheduledTime: instant(m.Scheduled),
	}
	if answer.GetState() == employerdialoguev1.DialogueMeeting_DEFERRED {
		answer.RecheckDate = m.Recheck.String()
	}
	for _, name := range m.MissingForSure() {
		answer.Missing = append(answer.Missing, employerdialoguev1.DialogueMeeting_Missing(employerdialoguev1.DialogueMeeting_Missing_value[name]))
	}
	return answer
}
