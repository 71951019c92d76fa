package careplan_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
)

func values(answers ...any) []*structpb.Value {
	out := make([]*structpb.Value, len(answers))
	for n, answer := range answers {
		out[n], _ = structpb.NewValue(answer)
	}
	return out
}

func (f *fixture) form(instrument, day string, answers ...any) *careplanv1.CreateAssessmentRequest {
	return &careplanv1.CreateAssessmentRequest{Assessment: &careplanv1.Assessment{
		PatientId: f.patient, CareEpisodeId: f.episode, Instrument: instrument, AnswerDate: day, Answers: values(answers...)}}
}

func (f *fixture) record(request *careplanv1.CreateAssessmentRequest) *careplanv1.Assessment {
	f.Helper()
	a, err := f.client.CreateAssessment(f.cm, request)
	require.NoError(f, err)
	return a
}

func (f *fixture) flags() []*careplanv1.SafetyFlag {
	f.Helper()
	page, err := f.client.ListSafetyFlags(f.cm, &careplanv1.ListSafetyFlagsRequest{PatientId: f.patient})
	require.NoError(f, err)
	return page.GetSafetyFlags()
}

func TestScoresAreMeasuredFromTheFirstOfTheEpisode(t *testing.T) {
	run(t, func(f *fixture) {
		f.Advance(40 * 24 * 3600e9)
		first := f.record(f.form("MADRS-S", "2026-03-10", 3, 3, 3, 3, 3, 3, 3, 3, 1)) // 25
		require.Nil(f, first.Change)
		later := f.record(f.form("MADRS-S", "2026-03-24", 2, 2, 2, 2, 2, 1, 1, 1, 0)) // 13
		require.Equal(f, -12.0, later.GetChange())
		require.False(f, later.GetResponse())

		// One written down late turns out to be the first: the others are measured anew.
		early := f.record(f.form("MADRS-S", "2026-03-03", 3, 3, 3, 3, 3, 3, 3, 4, 1)) // 26
		require.Nil(f, early.Change)
		get := func(a *careplanv1.Assessment) *careplanv1.Assessment {
			read, err := f.client.GetAssessment(f.cm, &careplanv1.GetAssessmentRequest{PatientId: f.patient, AssessmentId: a.GetAssessmentId()})
			require.NoError(f, err)
			return read
		}
		require.Equal(f, -1.0, get(first).GetChange())
		require.Equal(f, -13.0, get(later).GetChange())
		require.True(f, get(later).GetResponse())

		page, err := f.client.ListAssessments(f.cm, &careplanv1.ListAssessmentsRequest{PatientId: f.patient, Instrument: "MADRS-S", PageSize: 2})
		require.NoError(f, err)
		require.Equal(f, []string{"2026-03-24", "2026-03-10"}, []string{page.GetAssessments()[0].GetAnswerDate(), page.GetAssessments()[1].GetAnswerDate()})
		require.Len(f, page.GetTrends(), 1)
		require.Len(f, page.GetTrends()[0].GetPoints(), 3)
		require.Equal(f, -13.0, page.GetTrends()[0].GetChange())
		require.True(f, page.GetTrends()[0].GetResponse())
		rest, err := f.client.ListAssessments(f.cm, &careplanv1.ListAssessmentsRequest{PatientId: f.patient, Instrument: "MADRS-S", PageSize: 2, PageToken: page.GetNextPageToken()})
		require.NoError(f, err)
		require.Len(f, rest.GetAssessments(), 1)
		require.Empty(f, rest.GetTrends())

		// The first is a mistake: the one after it is the first again.
		_, err = f.client.RegisterAssessmentInError(f.cm, &careplanv1.RegisterAssessmentInErrorRequest{PatientId: f.patient, AssessmentId: early.GetAssessmentId(), Reason: "canary-reason"})
		require.NoError(f, err)
		require.Nil(f, get(first).Change)
		require.Equal(f, -12.0, get(later).GetChange())
		require.False(f, get(later).GetResponse())
		_, err = f.client.RegisterAssessmentInError(f.cm, &careplanv1.RegisterAssessmentInErrorRequest{PatientId: f.patient, AssessmentId: early.GetAssessmentId(), Reason: "again"})
		refused(f, err, codes.FailedPrecondition, "ASSESSMENT_IN_ERROR")
		require.Equal(f, []string{"assessment.recorded", "assessment.recorded", "assessment.recorded", "assessment.rescored", "assessment.rescored",
			"assessment.registered_in_error", "assessment.rescored", "assessment.rescored"}, f.told())
		require.True(f, proto.Equal(get(later), get(later)))
	})
}

func TestMeansAndProfilesAreRecorded(t *testing.T) {
	run(t, func(f *fixture) {
		mean := f.record(f.form("SMBM-6", "", 4, 4, 4, 4, 4, 3))
		require.Equal(f, 3.83, mean.GetMeanScore())
		require.Nil(f, mean.TotalScore)
		require.Equal(f, "2026-03-02", mean.GetAnswerDate())
		profile := f.record(f.form("EQ-5D-5L", "", 1, 2, 3, 4, 5))
		require.Equal(f, "12345", profile.GetProfile())
		read, err := f.client.GetAssessment(f.cm, &careplanv1.GetAssessmentRequest{PatientId: f.patient, AssessmentId: profile.GetAssessmentId()})
		require.NoError(f, err)
		require.True(f, proto.Equal(profile, read), "%v\n%v", profile, read)
		total := f.form("BAI", "")
		total.Assessment.TotalScore = proto.Int32(26)
		require.Equal(f, "severe", f.record(total).GetBand())
		alone := f.form("PHQ-9", "")
		alone.Assessment.TotalScore = proto.Int32(12)
		_, err = f.client.CreateAssessment(f.cm, alone)
		require.Equal(f, []string{"assessment.safety_item_answer"}, refused(f, err, codes.InvalidArgument, "SAFETY_ITEM_REQUIRED"))
		alone.Assessment.SafetyItemAnswer = proto.Int32(1)
		require.Equal(f, "review", f.record(alone).GetSafetyLevel())
		require.Len(f, f.flags(), 1)
	})
}

func TestTheSafetyAnswerIsKeptWhenTheFormIsRefused(t *testing.T) {
	run(t, func(f *fixture) {
		broken := f.form("PHQ-9", "", 1, nil, 1, 1, 1, 1, 1, 1, 3)
		broken.RequestId = uuid.NewString()
		_, err := f.client.CreateAssessment(f.cm, broken)
		require.Equal(f, []string{"assessment.answers[1]"}, refused(f, err, codes.InvalidArgument, "MISSING_ITEM"))
		require.Contains(f, status.Convert(err).Message(), "has been kept")
		flags := f.flags()
		require.Len(f, flags, 1)
		require.Equal(f, careplanv1.SafetyFlag_URGENT, flags[0].GetLevel())
		require.EqualValues(f, 3, flags[0].GetItemAnswer())
		require.Empty(f, flags[0].GetAssessmentId())
		require.Equal(f, f.episode, flags[0].GetCareEpisodeId())

		// A retry under the same id, and one under a new id: the same answer, and one flag.
		_, again := f.client.CreateAssessment(f.cm, broken)
		require.Equal(f, status.Convert(err).Message(), status.Convert(again).Message())
		broken.RequestId = uuid.NewString()
		_, err = f.client.CreateAssessment(f.cm, broken)
		refused(f, err, codes.InvalidArgument, "MISSING_ITEM")
		require.Len(f, f.flags(), 1)

		// The form is completed: the flag is tied to it.
		whole := f.record(f.form("PHQ-9", "", 1, 1, 1, 1, 1, 1, 1, 1, 3))
		require.Equal(f, flags[0].GetSafetyFlagId(), whole.GetSafetyFlagId())
		flags = f.flags()
		require.Len(f, flags, 1)
		require.Equal(f, whole.GetAssessmentId(), flags[0].GetAssessmentId())
		require.Equal(f, []string{"safety_flag.raised", "safety_flag.updated", "assessment.recorded"}, f.told())

		// A form that names nothing that is there is refused, its safety answer is not.
		lost := f.form("MADRS-S", "", 0, 0, 0, 0, 0, 0, 0, 0, 2)
		lost.Assessment.CareEpisodeId = act.NewID()
		_, err = f.client.CreateAssessment(f.cm, lost)
		refused(f, err, codes.NotFound, "CARE_EPISODE_NOT_FOUND")
		require.Len(f, f.flags(), 2)
		lost.Assessment.ContactId, lost.Assessment.CareEpisodeId = "no id at all", f.episode
		lost.Assessment.Answers = values(0, 0, 0, 0, 0, 0, 0, 0, 4)
		_, err = f.client.CreateAssessment(f.cm, lost)
		refused(f, err, codes.NotFound, "CONTACT_NOT_FOUND")
		require.Len(f, f.flags(), 3)

		// Nothing to worry about, nothing kept.
		_, err = f.client.CreateAssessment(f.cm, f.form("PHQ-9", "", 1, nil, 1, 1, 1, 1, 1, 1, 0))
		require.NotContains(f, status.Convert(err).Message(), "kept")
		_, err = f.client.CreateAssessment(f.cm, f.form("PHQ-9", "", 1, 1, 1))
		refused(f, err, codes.InvalidArgument, "WRONG_ITEM_COUNT")
		require.Len(f, f.flags(), 3)
	})
}

// While the patient service is away, an episode that looks like one is taken on trust; what cannot be one is kept nowhere.
func TestTheSafetyAnswerIsKeptWhileEpisodesCannotBeLookedUp(t *testing.T) {
	run(t, func(f *fixture) {
		f.patients.down.Store(true)
		form := f.form("PHQ-9", "", 1, 1, 1, 1, 1, 1, 1, 1, 3)
		form.Assessment.CareEpisodeId = "canary 19121212-1212"
		_, err := f.client.CreateAssessment(f.cm, form)
		refused(f, err, codes.NotFound, "CARE_EPISODE_NOT_FOUND")
		flags := f.flags()
		require.Len(f, flags, 1)
		require.Empty(f, flags[0].GetCareEpisodeId())
		for _, table := range []string{"safety_flag", "assessment_series", "event_log"} {
			for _, row := range dump(f, f.System.Log("careplan").DB, table) {
				require.NotContains(f, row, "canary", table)
			}
		}
		form.Assessment.CareEpisodeId = act.NewID()
		trusted := f.record(form)
		require.Equal(f, form.Assessment.CareEpisodeId, trusted.GetCareEpisodeId())
		require.Equal(f, flags[0].GetSafetyFlagId(), trusted.GetSafetyFlagId())
	})
}

func TestTheSafetyAnswerIsKeptWhenTheDayIsNone(t *testing.T) {
	run(t, func(f *fixture) {
		for _, day := range []string{"2026-02-30", "yesterday", "1899-12-31"} {
			_, err := f.client.CreateAssessment(f.cm, f.form("PHQ-9", day, 1, 1, 1, 1, 1, 1, 1, 1, 3))
			require.Equal(f, []string{"assessment.answer_date"}, refused(f, err, codes.InvalidArgument, "INVALID_FIELD"))
			require.Contains(f, status.Convert(err).Message(), "has been kept")
		}
		flags := f.flags()
		require.Len(f, flags, 1)
		require.Equal(f, careplanv1.SafetyFlag_URGENT, flags[0].GetLevel())
		require.Equal(f, "2026-03-02", flags[0].GetAnswerDate())
		// Nothing to keep, and other faults beside: told at once.
		_, err := f.client.CreateAssessment(f.cm, f.form("PHQ-9", "2026-02-30", 1, 1, 1, 1, nil, 1, 1, 1, 0))
		require.Equal(f, []string{"assessment.answer_date", "assessment.answers[4]"}, refused(f, err, codes.InvalidArgument, "MISSING_ITEM"))
		require.NotContains(f, status.Convert(err).Message(), "kept")
	})
}

func TestAFlagEndsWithADocumentedRiskAssessmentOnly(t *testing.T) {
	run(t, func(f *fixture) {
		a := f.record(f.form("MADRS-S", "", 0, 0, 0, 0, 0, 0, 0, 0, 2))
		flag := f.flags()[0]
		require.Equal(f, careplanv1.SafetyFlag_REVIEW, flag.GetLevel())
		require.Equal(f, f.manager, flag.GetRaisedByPractitionerId())

		_, err := f.client.RegisterAssessmentInError(f.cm, &careplanv1.RegisterAssessmentInErrorRequest{PatientId: f.patient, AssessmentId: a.GetAssessmentId(), Reason: "wrong form"})
		require.NoError(f, err)
		f.tellEpisode("care_episode.closed", patientv1.CareEpisode_CLOSED, f.manager)
		require.Equal(f, careplanv1.SafetyFlag_OPEN, f.flags()[0].GetState(), "neither the withdrawal of the form nor the end of the episode clears it")

		assess := func(text string) (*careplanv1.SafetyFlag, error) {
			return f.client.AssessSafetyFlag(f.As("gp", f.place), &careplanv1.AssessSafetyFlagRequest{PatientId: f.patient, SafetyFlagId: flag.GetSafetyFlagId(),
				Conclusion: careplanv1.RiskAssessment_RAISED_RISK, Text: text, Etag: flag.GetEtag()})
		}
		_, err = assess("   ok                                    ")
		require.Equal(f, []string{"text"}, refused(f, err, codes.InvalidArgument, "TEXT_TOO_SHORT"))
		_, err = f.client.AssessSafetyFlag(f.cm, &careplanv1.AssessSafetyFlagRequest{PatientId: f.patient, SafetyFlagId: flag.GetSafetyFlagId(), Text: strings.Repeat("x", 30)})
		require.Equal(f, []string{"conclusion"}, refused(f, err, codes.InvalidArgument, "INVALID_FIELD"))
		_, err = f.client.AssessSafetyFlag(f.As("rehabilitation_coordinator", f.place), &careplanv1.AssessSafetyFlagRequest{PatientId: f.patient, SafetyFlagId: flag.GetSafetyFlagId()})
		refused(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		assessed, err := assess("canary-risk asked about plans and means")
		require.NoError(f, err)
		require.Equal(f, careplanv1.SafetyFlag_ASSESSED, assessed.GetState())
		_, err = assess("canary-risk asked about plans and means")
		refused(f, err, codes.Aborted, "ETAG_MISMATCH")
		read, err := f.client.GetSafetyFlag(f.cm, &careplanv1.GetSafetyFlagRequest{PatientId: f.patient, SafetyFlagId: flag.GetSafetyFlagId()})
		require.NoError(f, err)
		require.True(f, proto.Equal(assessed, read))
		flag = read
		_, err = assess("canary-risk asked about plans and means")
		refused(f, err, codes.FailedPrecondition, "SAFETY_FLAG_ASSESSED")
	})
}

// Two forms of one series at once: one of them is the first, and the other is measured from it.
func TestARaceForTheFirstAssessment(t *testing.T) {
	run(t, func(f *fixture) {
		answers := make(chan *careplanv1.Assessment, 3)
		for range 3 {
			go func() {
				a, err := f.client.CreateAssessment(f.cm, f.form("GAD-7", "2026-03-02", 1, 1, 1, 1, 1, 1, 1))
				if err != nil {
					f.Error(err)
				}
				answers <- a
			}()
		}
		first := 0
		for range 3 {
			if a := <-answers; a != nil && a.Change == nil {
				first++
			}
		}
		require.Equal(f, 1, first)
	})
}
