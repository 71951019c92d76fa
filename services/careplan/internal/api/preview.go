package api

import (
	"context"

	"google.golang.org/protobuf/types/known/structpb"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// PreviewAssessment tells what answers, or a score, mean.
func (s *Server) PreviewAssessment(_ context.Context, request *careplanv1.PreviewAssessmentRequest) (*careplanv1.PreviewAssessmentResponse, error) {
	i, ok := s.Instruments.Get(request.GetInstrument())
	if !ok {
		return nil, formRefusal([]fault.Violation{unknownInstrument("instrument")}, formRefused)
	}
	scored, err := i.Score(careplan.Form{Answers: answersFrom(request.GetAnswers()), Total: request.TotalScore, TotalField: "total_score"})
	found := formViolations(err, "")
	found = append(found, formViolations(i.CheckPrevious(request.GetPreviousScores()), "")...)
	if len(found) > 0 {
		return nil, formRefusal(found, formRefused)
	}
	response := &careplanv1.PreviewAssessmentResponse{
		TotalScore: totalTo(scored), MeanScore: scored.Mean, Band: scored.Band, SafetyFlag: scored.Safety.Flagged(),
		SafetyLevel: string(scored.Safety), Remission: scored.Remission, Profile: scored.Profile,
	}
	if current, has := scored.Value(); has && len(request.GetPreviousScores()) > 0 {
		course := i.Course(current, &request.GetPreviousScores()[0])
		response.Change, response.Response = course.Change, course.Response
	}
	return response, nil
}

const formRefused = "the form is not valid"

func unknownInstrument(field string) fault.Violation {
	return fault.Violation{Field: field, Reason: string(careplan.UnknownInstrument), Message: "is not the code of a known instrument, spelled exactly; the list of instruments names them"}
}

// answersFrom reads answers of any JSON kind: what is no number is for the domain to refuse, by item and reason.
func answersFrom(values []*structpb.Value) []careplan.Answer {
	answers := make([]careplan.Answer, len(values))
	for n, value := range values {
		switch kind := value.GetKind().(type) {
		case nil, *structpb.Value_NullValue:
			answers[n] = careplan.Answer{Kind: careplan.AnswerMissing}
		case *structpb.Value_NumberValue:
			answers[n] = careplan.Answer{Kind: careplan.AnswerNumber, Value: kind.NumberValue}
		default:
			answers[n] = careplan.Answer{Kind: careplan.AnswerOther}
		}
	}
	return answers
}

func totalTo(scored careplan.Scored) *int32 {
	if scored.Total == nil {
		return nil
	}
	return of(int32(*scored.Total))
}
