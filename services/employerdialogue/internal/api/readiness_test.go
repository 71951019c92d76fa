package api_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	ed "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
)

func TestR69_R89_ReadinessIsNamed(t *testing.T) {
	run(t, func(u *unit) {
		u.consent()
		id := u.propose().GetDialogueMeetingId()
		total := int32(24)
		u.hear("careplan", act.Event{Type: "assessment.recorded", ResourceID: uuid.NewString(), Snapshot: &careplanv1.AssessmentSnapshot{
			AssessmentId: uuid.NewString(), CareEpisodeId: u.episode, Instrument: "MADRS-S", AnswerDate: "2026-03-01", TotalScore: &total, Band: "moderate",
		}})
		readiness, err := u.client.ReadinessDialogueMeeting(u.rc, &ed.ReadinessDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.False(u, readiness.GetReady())
		require.Equal(u, []ed.DialogueMeeting_Missing{
			ed.DialogueMeeting_EMPLOYER_CONSENT, ed.DialogueMeeting_EARLY_TALK, ed.DialogueMeeting_BRIEF, ed.DialogueMeeting_PREPARATION,
			ed.DialogueMeeting_PATIENT_ORAL_INFORMATION, ed.DialogueMeeting_PATIENT_WRITTEN_INFORMATION,
			ed.DialogueMeeting_EMPLOYER_ORAL_INFORMATION, ed.DialogueMeeting_EMPLOYER_WRITTEN_INFORMATION, ed.DialogueMeeting_SCHEDULE,
		}, readiness.GetMissing())
		require.Equal(u, "MADRS-S", readiness.GetAssessments()[0].GetInstrument())
		require.EqualValues(u, 24, readiness.GetAssessments()[0].GetTotalScore())
		forCM, err := u.client.ReadinessDialogueMeeting(u.cm, &ed.ReadinessDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.Empty(u, forCM.GetAssessments())
		u.consent(patientv1.Consent_CONTACT)
		u.hearBrief()
		u.earlyTalk()
		u.prepare(id)
		u.inform(id)
		u.schedule(id, 8)
		readiness, err = u.client.ReadinessDialogueMeeting(u.rc, &ed.ReadinessDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.Equal(u, []ed.DialogueMeeting_Missing{ed.DialogueMeeting_BRIEF}, readiness.GetMissing(), "renewed within 5 days before the meeting")
		u.Advance(5 * 24 * time.Hour)
		u.hearBrief()
		readiness, err = u.client.ReadinessDialogueMeeting(u.rc, &ed.ReadinessDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.True(u, readiness.GetReady())
	})
}

// scored lets careplan tell of a result of the patient's.
func (u *unit) scored(day string, total int32, change func(*careplanv1.AssessmentSnapshot)) string {
	u.Helper()
	told := &careplanv1.AssessmentSnapshot{
		AssessmentId: act.NewID(), CareEpisodeId: u.episode, Instrument: "MADRS-S", AnswerDate: day, TotalScore: &total, Band: "moderate",
	}
	change(told)
	u.hear("careplan", act.Event{Type: "assessment.recorded", ResourceID: told.GetAssessmentId(), Snapshot: told})
	return told.GetAssessmentId()
}

// Whoever opens a meeting as its coordinator has the latest scores, their course and what the patient expects before her; nobody
// else does by this way, and the employer never.
func TestR89_ScoresCourseAndExpectationAreBeforeTheCoordinator(t *testing.T) {
	run(t, func(u *unit) {
		u.consent()
		id := u.propose().GetDialogueMeetingId()
		fell := -16.0
		u.scored("2026-02-16", 32, func(*careplanv1.AssessmentSnapshot) {})
		last := u.scored("2026-03-01", 16, func(a *careplanv1.AssessmentSnapshot) { a.Change, a.Response, a.Band = &fell, true, "mild" })
		u.scored("2026-02-23", 24, func(*careplanv1.AssessmentSnapshot) {})
		u.scored("2026-02-28", 9, func(a *careplanv1.AssessmentSnapshot) { a.RegisteredInError = true })
		u.scored("2026-02-27", 8, func(a *careplanv1.AssessmentSnapshot) { a.CareEpisodeId = uuid.NewString() })

		readiness := func() *ed.MeetingReadiness {
			u.Helper()
			found, err := u.client.ReadinessDialogueMeeting(u.rc, &ed.ReadinessDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
			require.NoError(u, err)
			return found
		}
		require.Empty(u, readiness().GetOwnExpectation(), "nothing is recorded yet")
		u.prepare(id)
		found := readiness()
		total := int32(16)
		want := []*ed.AssessmentMark{{
			AssessmentId: last, Instrument: "MADRS-S", AnswerDate: "2026-03-01", TotalScore: &total, Band: "mild", Change: &fell, Response: true,
			Course: []*ed.ScorePoint{
				{AnswerDate: "2026-02-16", Score: 32}, {AnswerDate: "2026-02-23", Score: 24}, {AnswerDate: "2026-03-01", Score: 16},
			},
		}}
		require.Empty(u, cmp.Diff(want, found.GetAssessments(), protocmp.Transform()))
		require.Equal(u, "canary-expectation", found.GetOwnExpectation())
		guide, err := u.client.GuideDialogueMeeting(u.rc, &ed.GuideDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.Empty(u, cmp.Diff(want, guide.GetAssessments(), protocmp.Transform()))
		require.Equal(u, "canary-expectation", guide.GetOwnExpectation())
		for _, point := range guide.GetAgenda() {
			require.NotContains(u, point.GetText(), "canary-expectation", "the agenda is on the table")
		}

		forGP, err := u.client.GuideDialogueMeeting(u.gp, &ed.GuideDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.Empty(u, forGP.GetAssessments())
		require.Empty(u, forGP.GetOwnExpectation())

		var all []patientv1.Consent_ItemType
		for item := range marks {
			all = append(all, item)
		}
		u.consent(all...)
		view, err := u.client.ViewEmployer(u.rc, &ed.ViewEmployerRequest{PatientId: u.patient, EmployerId: u.employer})
		require.NoError(u, err)
		require.NotContains(u, view.String(), "canary-expectation")
		require.NotContains(u, view.String(), "2026-02-16", "the course is not the employer's")
	})
}
