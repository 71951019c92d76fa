package api

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// safetyKept is what a caller is told when a form is refused and the answer to its safety item is not.
const safetyKept = "; the answer to its safety item has been kept, and a risk assessment is due"

// CreateAssessment records and scores an assessment. The answer to the safety item is kept whatever is wrong with the rest.
func (s *Server) CreateAssessment(ctx context.Context, request *careplanv1.CreateAssessmentRequest) (*careplanv1.Assessment, error) {
	asked := request.GetAssessment()
	learnt, err := s.learnEpisode(ctx, asked.GetPatientId(), asked.GetCareEpisodeId())
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	// Where the patient service cannot be reached, the form is recorded under the episode it names: an answer to a safety
	// item is worth more than a checked reference. What cannot be the id of one is not kept.
	unreachable := err != nil
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Assessment, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		i, ok := s.Instruments.Get(asked.GetInstrument())
		if !ok {
			return nil, formRefusal([]fault.Violation{unknownInstrument("assessment.instrument")}, formRefused)
		}
		input, found := inputFrom(asked)
		a, answer, formErr := careplan.NewAssessment(i, input, tx.Now)
		a.PatientID, a.RecordedBy = asked.GetPatientId(), tx.Caller.PractitionerID
		refused, err := s.placeAssessment(tx, asked, &a, learnt, unreachable)
		if err != nil {
			return nil, err
		}
		if found = append(found, formViolations(formErr, "assessment.")...); len(found) > 0 {
			refused = formRefusal(found, formRefused)
		}
		if err := s.Store.BumpSeries(tx.Tx, a.PatientID, a.EpisodeID, a.Instrument); err != nil {
			return nil, err
		}
		if refused == nil {
			a.ID = tx.NewID()
		}
		flagged, err := s.raiseFlag(tx, &a, answer)
		switch {
		case err != nil:
			return nil, err
		case refused != nil && flagged:
			return nil, act.Keep(withText(refused, safetyKept))
		case refused != nil:
			return nil, refused
		}
		return s.insertAssessment(tx, i, a)
	})
}

// placeAssessment finds the episode and the contact that a form names. What is not there is left out of the assessment, and
// the fault comes back as the first value: the form is refused for it, its safety item is not.
func (s *Server) placeAssessment(tx *act.Tx, asked *careplanv1.Assessment, a *careplan.Assessment, learnt *store.Episode, unreachable bool) (refused, err error) {
	if id := asked.GetCareEpisodeId(); id != "" {
		_, err := s.episode(tx, a.PatientID, id, learnt)
		f, isFault := fault.As(err)
		switch {
		case err == nil:
			a.EpisodeID = id
		case isFault && unreachable && isID(id):
			a.EpisodeID = id
		case isFault:
			refused = f
		default:
			return nil, err
		}
	}
	if id := asked.GetContactId(); id != "" {
		contact, err := s.Store.Contact(tx, a.PatientID, id)
		switch {
		case errors.Is(err, store.ErrNotFound), err == nil && a.EpisodeID != "" && contact.EpisodeID != a.EpisodeID:
			refused = absent(careplanv1.Reason_CONTACT_NOT_FOUND, "contact in this episode")
		case err != nil:
			return nil, err
		default:
			a.ContactID, a.EpisodeID = id, contact.EpisodeID
		}
	}
	return refused, nil
}

// isID tells whether a text has the form of an id.
func isID(text string) bool { return len(text) == 36 && uuid.Validate(text) == nil }

// raiseFlag raises the safety flag that an answer asks for, or takes up again one that was kept when the same form was
// refused before: one answer is one flag. An assessment with an id is tied to it. It tells whether there is a flag.
func (s *Server) raiseFlag(tx *act.Tx, a *careplan.Assessment, answer *careplan.SafetyAnswer) (bool, error) {
	flag, raised := careplan.NewFlag(careplan.Flag{
		ID: tx.NewID(), PatientID: a.PatientID, EpisodeID: a.EpisodeID, ContactID: a.ContactID, AssessmentID: a.ID,
		Instrument: a.Instrument, AnswerDay: a.AnswerDay, RaisedBy: tx.Caller.PractitionerID,
	}, answer, tx.Now)
	if !raised {
		return false, nil
	}
	formless, err := s.Store.ClaimFormlessFlags(tx.Tx, a.PatientID, a.Instrument)
	if err != nil {
		return false, err
	}
	if n := slices.IndexFunc(formless, func(f careplan.Flag) bool { return f.SameAnswer(flag) }); n >= 0 {
		a.SafetyFlagID = formless[n].ID
		if a.ID == "" {
			return true, nil
		}
		adopted := formless[n].Adopt(a.ID, a.EpisodeID, a.ContactID, tx.Now)
		if err := s.Store.UpdateFlag(tx.Tx, adopted); err != nil {
			return false, refusal(err, "")
		}
		return true, tellFlag(tx, "safety_flag.updated", adopted)
	}
	a.SafetyFlagID = flag.ID
	if err := s.Store.InsertFlag(tx.Tx, tx.Place, flag); err != nil {
		return false, err
	}
	return true, tellFlag(tx, "safety_flag.raised", flag)
}

// insertAssessment measures an assessment from the first of its series and stores it; when it is itself the first now, the
// later ones are measured anew from it.
func (s *Server) insertAssessment(tx *act.Tx, i *careplan.Instrument, a careplan.Assessment) (*careplanv1.Assessment, error) {
	series, err := s.Store.Series(tx, a.PatientID, a.EpisodeID, a.Instrument)
	if err != nil {
		return nil, err
	}
	first := len(series) == 0 || a.AnswerDay < series[0].AnswerDay
	if !first {
		a = a.Against(i, scoreOf(series[0]))
	}
	if err := s.Store.InsertAssessment(tx.Tx, tx.Place, a); err != nil {
		return nil, err
	}
	if err := tellAssessment(tx, "assessment.recorded", a); err != nil {
		return nil, err
	}
	if first {
		if err := s.rescore(tx, i, series, scoreOf(a)); err != nil {
			return nil, err
		}
	}
	return assessmentTo(a), nil
}

// rescore measures assessments from another first score and stores those that it changes.
func (s *Server) rescore(tx *act.Tx, i *careplan.Instrument, later []careplan.Assessment, baseline *float64) error {
	for _, a := range later {
		next := a.Against(i, baseline)
		if next.Course.Response == a.Course.Response && same(next.Course.Change, a.Course.Change) {
			continue
		}
		next = next.Touched(tx.Now)
		if err := s.Store.UpdateAssessment(tx.Tx, next); err != nil {
			return refusal(err, "")
		}
		if err := tellAssessment(tx, "assessment.rescored", next); err != nil {
			return err
		}
	}
	return nil
}

// RegisterAssessmentInError marks an assessment as one that should never have been there. Its safety flag stays as it is.
func (s *Server) RegisterAssessmentInError(ctx context.Context, request *careplanv1.RegisterAssessmentInErrorRequest) (*careplanv1.Assessment, error) {
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Assessment, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		a, err := s.Store.Assessment(tx, request.GetPatientId(), request.GetAssessmentId())
		if err != nil {
			return nil, assessmentRefusal(err)
		}
		if err := s.Store.BumpSeries(tx.Tx, a.PatientID, a.EpisodeID, a.Instrument); err != nil {
			return nil, err
		}
		// Read again: whoever wrote to the series before has ended now.
		if a, err = s.Store.Assessment(tx, request.GetPatientId(), request.GetAssessmentId()); err != nil {
			return nil, assessmentRefusal(err)
		}
		if err := tx.CheckEtag(request.GetEtag(), a.Revision); err != nil {
			return nil, err
		}
		if a, err = a.RegisterInError(mistake(tx, request.GetReason()), tx.Now); err != nil {
			return nil, refusal(err, "")
		}
		if err := s.Store.UpdateAssessment(tx.Tx, a); err != nil {
			return nil, refusal(err, "")
		}
		if err := tellAssessment(tx, "assessment.registered_in_error", a); err != nil {
			return nil, err
		}
		series, err := s.Store.Series(tx, a.PatientID, a.EpisodeID, a.Instrument)
		if err != nil {
			return nil, err
		}
		if i, ok := s.Instruments.Get(a.Instrument); ok && len(series) > 0 {
			if err := s.rescore(tx, i, series[:1], nil); err != nil {
				return nil, err
			}
			if err := s.rescore(tx, i, series[1:], scoreOf(series[0])); err != nil {
				return nil, err
			}
		}
		return assessmentTo(a), nil
	})
}

// GetAssessment reads an assessment.
func (s *Server) GetAssessment(ctx context.Context, request *careplanv1.GetAssessmentRequest) (*careplanv1.Assessment, error) {
	a, err := s.Store.Assessment(s.read(ctx), request.GetPatientId(), request.GetAssessmentId())
	if err != nil {
		return nil, assessmentRefusal(err)
	}
	return assessmentTo(a), nil
}

// ListAssessments lists a patient's assessments and, on the first page, the courses of their scores.
func (s *Server) ListAssessments(ctx context.Context, request *careplanv1.ListAssessmentsRequest) (*careplanv1.ListAssessmentsResponse, error) {
	by := store.AssessmentFilter{EpisodeID: request.GetCareEpisodeId(), Instrument: request.GetInstrument()}
	if _, ok := s.Instruments.Get(by.Instrument); by.Instrument != "" && !ok {
		return nil, fault.Invalid(unknownInstrument("instrument"))
	}
	l, err := s.list(request.GetPageSize(), request.GetPageToken(), "ListAssessments", request.GetPatientId(), by.EpisodeID, by.Instrument)
	if err != nil {
		return nil, err
	}
	q := s.read(ctx)
	found, err := s.Store.Assessments(q, request.GetPatientId(), by, l.after, l.size+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(s, l, found, store.AssessmentCursor)
	response := &careplanv1.ListAssessmentsResponse{NextPageToken: next}
	for _, a := range found {
		response.Assessments = append(response.Assessments, assessmentTo(a))
	}
	if l.after.ID == "" {
		points, err := s.Store.Points(q, request.GetPatientId(), by)
		if err != nil {
			return nil, err
		}
		response.Trends = s.trends(points)
	}
	return response, nil
}

// trends groups points, which come by instrument and episode, into courses.
func (s *Server) trends(points []store.Point) []*careplanv1.AssessmentTrend {
	const most = 100
	var trends []*careplanv1.AssessmentTrend
	for from := 0; from < len(points); {
		to := from + 1
		for to < len(points) && points[to].Instrument == points[from].Instrument && points[to].EpisodeID == points[from].EpisodeID {
			to++
		}
		course := points[from:to]
		from = to
		trend := &careplanv1.AssessmentTrend{Instrument: course[0].Instrument, CareEpisodeId: course[0].EpisodeID}
		first, last := course[0], course[len(course)-1]
		if i, ok := s.Instruments.Get(first.Instrument); ok {
			trend.Remission = i.Remission(last.Score)
			if len(course) > 1 {
				measured := i.Course(last.Score, &first.Score)
				trend.Change, trend.Response = measured.Change, measured.Response
			}
		}
		if len(course) > most {
			course = append([]store.Point{first}, course[len(course)-most+1:]...)
		}
		for _, p := range course {
			trend.Points = append(trend.Points, &careplanv1.ScorePoint{AssessmentId: p.AssessmentID, AnswerDate: p.Day, Score: p.Score, Band: p.Band})
		}
		trends = append(trends, trend)
	}
	return trends
}

func tellAssessment(tx *act.Tx, event string, a careplan.Assessment) error {
	return tx.Emit(act.Event{Type: event, ResourceID: a.ID, Revision: a.Revision, PatientID: a.PatientID, Snapshot: snapshot.Assessment(a)})
}

func assessmentRefusal(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return absent(careplanv1.Reason_ASSESSMENT_NOT_FOUND, "assessment")
	}
	return refusal(err, "")
}
