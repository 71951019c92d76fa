package worker

import (
	"time"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/caseload/internal/caseload"
)

// factOf reads what an event's snapshot tells for the picture; nil for what the picture does not show.
func factOf(e *eventv1.Event, snapshot proto.Message) (caseload.Fact, error) {
	r := &reader{at: sqldb.FromMicros(e.GetEventTime().AsTime().UnixMicro())}
	fact := r.fact(e, snapshot)
	return fact, r.err
}

// reader reads snapshots of an event that happened at a time; the first day that is none is its error.
type reader struct {
	at  time.Time
	err error
}

func (r *reader) fact(e *eventv1.Event, snapshot proto.Message) caseload.Fact {
	id := e.GetResourceId()
	switch s := snapshot.(type) {
	case *patientv1.PatientSnapshot:
		return caseload.Patient{
			ID: id, Place: caseload.Place{ProviderID: s.GetCareProviderId(), UnitID: s.GetCareUnitId()}, Protected: s.GetProtectedIdentity(),
			Ended: s.GetState() == patientv1.Patient_MERGED || s.GetState() == patientv1.Patient_REGISTERED_IN_ERROR,
		}
	case *patientv1.CareEpisodeSnapshot:
		return r.episode(id, s)
	case *patientv1.ConsentSnapshot:
		if s.GetKind() != patientv1.Consent_COORDINATION {
			return nil
		}
		return caseload.Consent{
			Standing: r.standing(id, "", s.GetState()), Start: r.day(s.GetStartDate()), End: r.day(s.GetEndDate()), Order: int64(s.GetConsentsRevision()),
		}
	case *careplanv1.CarePlanSnapshot:
		return r.plan(id, s)
	case *careplanv1.ContactSnapshot:
		return caseload.Contact{
			Standing: r.standing(id, s.GetCareEpisodeId(), s.GetState()), PlannedID: s.GetPlannedContactId(),
			Scheduled: instant(s.GetScheduledTime()), Result: instant(s.GetResultTime()),
		}
	case *careplanv1.AssessmentSnapshot:
		return r.assessment(id, s)
	case *careplanv1.SafetyFlagSnapshot:
		raised := instant(s.GetRaiseTime())
		if raised.IsZero() {
			raised = r.at
		}
		return caseload.Flag{Standing: r.standing(id, s.GetCareEpisodeId(), s.GetState()), Urgent: s.GetLevel() == careplanv1.SafetyFlag_URGENT, Raised: raised}
	case *careplanv1.RecommendationSnapshot:
		return caseload.Recommendation{Standing: r.standing(id, s.GetCareEpisodeId(), s.GetState())}
	case *careplanv1.ReadingSnapshot:
		return caseload.Reading{ID: id, PractitionerID: s.GetPractitionerId()}
	case *sickleavev1.CertificateSnapshot:
		return caseload.Certificate{Standing: r.standing(id, s.GetCareEpisodeId(), s.GetState())}
	case *sickleavev1.SickLeaveSnapshot:
		return r.sickLeave(id, s)
	case *sickleavev1.ReturnToWorkPlanSnapshot:
		return caseload.ReturnPlan{Standing: r.standing(id, s.GetCareEpisodeId(), s.GetState())}
	case *employerdialoguev1.DialogueMeetingSnapshot:
		return r.meeting(id, s)
	case *employerdialoguev1.AgreementSnapshot:
		return caseload.Agreement{Standing: caseload.Standing{ID: id, EpisodeID: s.GetCareEpisodeId()}, Mistaken: s.GetRegisteredInError()}
	case *followupv1.FollowUpSnapshot:
		return caseload.FollowUp{
			Standing: r.standing(id, s.GetCareEpisodeId(), s.GetState()), Day: r.day(s.GetDueDate()), Due: instant(s.GetDueTime()),
			MeetingFlag: meetingFlags[s.GetKind()],
		}
	default:
		return nil
	}
}

func (r *reader) standing(id, episodeID string, state interface{ String() string }) caseload.Standing {
	return caseload.Standing{ID: id, EpisodeID: episodeID, State: state.String(), Since: r.at}
}

func (r *reader) day(text string) date.Day {
	if text == "" {
		return 0
	}
	day, err := date.Parse(text)
	if err != nil && r.err == nil {
		r.err = err
	}
	return day
}

// instant is a time in whole microseconds; zero when there is none.
func instant(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return sqldb.FromMicros(t.AsTime().UnixMicro())
}

// meetingFlags are the ranks of the flags of a missing dialogue meeting, as the row gives them.
var meetingFlags = map[followupv1.FollowUp_Kind]int{
	followupv1.FollowUp_MEETING_MISSING_FIRST: 30, followupv1.FollowUp_MEETING_MISSING_SECOND: 60, followupv1.FollowUp_MEETING_MISSING_THIRD: 90,
}

func role(r accessv1.Role) caseload.Role { return caseload.Role(access.RoleOf(r)) }

func (r *reader) episode(id string, s *patientv1.CareEpisodeSnapshot) caseload.Episode {
	e := caseload.Episode{Standing: r.standing(id, id, s.GetState()), Start: r.day(s.GetStartDate())}
	for _, referral := range s.GetReferrals() {
		e.Referrals = append(e.Referrals, caseload.Referral{
			ID: referral.GetReferralId(), Role: role(referral.GetRole()), State: referral.GetState().String(), Since: r.at,
		})
	}
	for _, member := range s.GetTeam() {
		e.Team = append(e.Team, caseload.Member{
			PractitionerID: member.GetPractitionerId(), Role: role(member.GetRole()), Start: r.day(member.GetStartDate()), End: r.day(member.GetEndDate()),
		})
	}
	return e
}

func (r *reader) plan(id string, s *careplanv1.CarePlanSnapshot) caseload.Plan {
	p := caseload.Plan{Standing: r.standing(id, s.GetCareEpisodeId(), s.GetState())}
	for _, planned := range s.GetPlannedContacts() {
		if planned.GetState() == careplanv1.PlannedContact_PLANNED {
			p.Planned = append(p.Planned, caseload.Planned{ID: planned.GetPlannedContactId(), Day: r.day(planned.GetPlannedDate())})
		}
	}
	return p
}

func (r *reader) assessment(id string, s *careplanv1.AssessmentSnapshot) caseload.Assessment {
	a := caseload.Assessment{
		Standing: caseload.Standing{ID: id, EpisodeID: s.GetCareEpisodeId()}, Instrument: s.GetInstrument(), Day: r.day(s.GetAnswerDate()),
		Band: s.GetBand(), Response: s.GetResponse(), Remission: s.GetRemission(), Mistaken: s.GetRegisteredInError(),
	}
	switch {
	case s.TotalScore != nil:
		a.Score, a.Scored = float64(s.GetTotalScore()), true
	case s.MeanScore != nil:
		a.Score, a.Scored = s.GetMeanScore(), true
	}
	return a
}

func (r *reader) sickLeave(id string, s *sickleavev1.SickLeaveSnapshot) caseload.SickLeave {
	leave := caseload.SickLeave{PatientID: id}
	for _, c := range s.GetCases() {
		one := caseload.Case{Start: r.day(c.GetStartDate()), End: r.day(c.GetEndDate())}
		for _, p := range c.GetPeriods() {
			one.Periods = append(one.Periods, caseload.Period{Start: r.day(p.GetStartDate()), End: r.day(p.GetEndDate()), Degree: int(p.GetDegree())})
		}
		leave.Cases = append(leave.Cases, one)
	}
	return leave
}

func (r *reader) meeting(id string, s *employerdialoguev1.DialogueMeetingSnapshot) caseload.Meeting {
	m := caseload.Meeting{
		Standing: r.standing(id, s.GetCareEpisodeId(), s.GetState()), Scheduled: instant(s.GetScheduledTime()), Recheck: r.day(s.GetRecheckDate()),
		Mistaken: s.GetRegisteredInError(),
	}
	for _, missing := range s.GetMissing() {
		m.Missing = append(m.Missing, missing.String())
	}
	return m
}
