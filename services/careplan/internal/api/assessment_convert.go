package api

import (
	"errors"

	"google.golang.org/protobuf/types/known/structpb"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// inputFrom reads a form. A day that is none is told beside it: the form then counts as answered today, so that its safety
// item is seen.
func inputFrom(asked *careplanv1.Assessment) (careplan.AssessmentInput, []fault.Violation) {
	input := careplan.AssessmentInput{Answers: answersFrom(asked.GetAnswers()), Mean: asked.MeanScore}
	if asked.TotalScore != nil {
		input.Total = of(int(asked.GetTotalScore()))
	}
	if asked.SafetyItemAnswer != nil {
		input.SafetyAnswer = of(int(asked.GetSafetyItemAnswer()))
	}
	day, err := dayFrom(asked.GetAnswerDate())
	if err != nil {
		return input, []fault.Violation{{Field: "assessment.answer_date", Reason: notADay, Message: "is not a civil day YYYY-MM-DD between 1900 and 2200"}}
	}
	input.AnswerDay = day
	return input, nil
}

func assessmentTo(a careplan.Assessment) *careplanv1.Assessment {
	told := &careplanv1.Assessment{
		AssessmentId: a.ID, PatientId: a.PatientID, CareEpisodeId: a.EpisodeID, ContactId: a.ContactID, Instrument: a.Instrument,
		TotalScore: totalTo(a.Scored), MeanScore: a.Scored.Mean, AnswerDate: a.AnswerDay.String(), Profile: a.Scored.Profile,
		Band: a.Scored.Band, SafetyFlag: a.Scored.Safety.Flagged(), SafetyLevel: string(a.Scored.Safety), SafetyFlagId: a.SafetyFlagID,
		Change: a.Course.Change, Response: a.Course.Response, Remission: a.Scored.Remission, RecordedByPractitionerId: a.RecordedBy,
		ErrorMark: markTo(a.ErrorMark), Etag: page.Etag(a.Revision), CreateTime: timeTo(a.CreateTime), UpdateTime: timeTo(a.UpdateTime),
	}
	for _, answer := range a.Scored.Answers {
		told.Answers = append(told.Answers, structpb.NewNumberValue(float64(answer)))
	}
	return told
}

// formViolations are the faults of a form with the field paths of the request.
func formViolations(err error, prefix string) []fault.Violation {
	var invalid *careplan.InvalidError
	if errors.As(err, &invalid) {
		return violations(invalid.Violations, prefix)
	}
	return nil
}

// withText adds to what a fault says.
func withText(err error, more string) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	said := *f
	said.Text += more
	return &said
}

func scoreOf(a careplan.Assessment) *float64 {
	score, has := a.Scored.Value()
	if !has {
		return nil
	}
	return &score
}

func same(a, b *float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
