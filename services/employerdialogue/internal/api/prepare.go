package api

import (
	"context"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
)

// ReadinessDialogueMeeting tells what is missing before a meeting should begin.
func (s *Server) ReadinessDialogueMeeting(ctx context.Context, r *employerdialoguev1.ReadinessDialogueMeetingRequest) (*employerdialoguev1.MeetingReadiness, error) {
	row, err := s.meeting(ctx, r)
	if err != nil {
		return nil, err
	}
	m := row.Value
	consents, err := s.consents(ctx, m.PatientID, m.EmployerID)
	if err != nil {
		return nil, err
	}
	signs, brief, err := s.signs(s.read(ctx), access.PlaceFrom(ctx), m.PatientID, m.EpisodeID, m.EmployerID, consents)
	if err != nil {
		return nil, err
	}
	missing := m.Missing(signs, date.Of(s.Clock.Now()))
	told := &employerdialoguev1.MeetingReadiness{
		DialogueMeetingId: m.ID, PatientId: m.PatientID, Ready: len(missing) == 0, Missing: missingTo(missing),
		ConsentsRevision: int32(consents.Revision),
	}
	for _, one := range missing {
		if one == employerdialogue.MissingBrief {
			brief = "" // too old to count
		}
	}
	told.BriefId = brief
	told.Assessments, told.OwnExpectation, err = s.forCoordinator(ctx, m)
	return told, err
}

// GuideDialogueMeeting gives the guide to a meeting.
func (s *Server) GuideDialogueMeeting(ctx context.Context, r *employerdialoguev1.GuideDialogueMeetingRequest) (*employerdialoguev1.MeetingGuide, error) {
	row, err := s.meeting(ctx, r)
	if err != nil {
		return nil, err
	}
	m := row.Value
	settings, err := s.Store.Settings(s.read(ctx), access.PlaceFrom(ctx).UnitID)
	if err != nil {
		return nil, err
	}
	g := m.Guide(settings.Settings)
	told := &employerdialoguev1.MeetingGuide{
		DialogueMeetingId: m.ID, PatientId: m.PatientID, Purpose: purposeTo(m.Purpose), GroundRules: g.GroundRules,
		OpeningQuestionPatient: g.QuestionToPatient, OpeningQuestionEmployer: g.QuestionToBoss, RequiredOutcomes: g.Outcomes,
		LengthMinutes: int32(g.Length),
	}
	for _, p := range g.Agenda {
		told.Agenda = append(told.Agenda, &employerdialoguev1.GuidePoint{Heading: p.Heading, Text: p.Text})
	}
	told.Assessments, told.OwnExpectation, err = s.forCoordinator(ctx, m)
	return told, err
}

// forCoordinator is what the coordinator who prepares the meeting has before her, and nobody else: the latest results with their
// course, and what the patient expects.
func (s *Server) forCoordinator(ctx context.Context, m employerdialogue.Meeting) ([]*employerdialoguev1.AssessmentMark, string, error) {
	caller, _ := identity.FromContext(ctx)
	place := access.PlaceFrom(ctx)
	coordinates := false
	for _, held := range caller.RolesAt(place.ProviderID, place.UnitID) {
		coordinates = coordinates || held == identity.RoleRehabilitationCoordinator
	}
	if !coordinates {
		return nil, "", nil
	}
	latest, err := scores(s.read(ctx), m.PatientID, m.EpisodeID)
	if err != nil {
		return nil, "", err
	}
	var expectation string
	if m.Preparation != nil {
		expectation = m.Preparation.OwnExpectation
	}
	var told []*employerdialoguev1.AssessmentMark
	for _, score := range latest {
		mark := &employerdialoguev1.AssessmentMark{
			AssessmentId: score.AssessmentID, Instrument: score.Instrument, AnswerDate: score.Day.String(), Band: score.Band,
			MeanScore: score.Mean, Change: score.Change, Response: score.Response, Remission: score.Remission,
		}
		for _, point := range score.Course {
			mark.Course = append(mark.Course, &employerdialoguev1.ScorePoint{AnswerDate: point.Day.String(), Score: point.Score})
		}
		if score.Total != nil {
			total := int32(*score.Total)
			mark.TotalScore = &total
		}
		told = append(told, mark)
	}
	return told, expectation, nil
}
