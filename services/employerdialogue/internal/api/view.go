package api

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

// The forms in which something is made for an employer's eye.
const (
	formView       = "VIEW"
	formInvitation = "INVITATION"
)

// release makes something for an employer's eye under the consents of this moment, records what it shows and withholds, and
// reads the consents again right before it goes out: when they have changed, it is made anew. Nothing is made from what has
// been withdrawn. Make returns what it shows and withholds, also with an error.
func (s *Server) release(ctx context.Context, patientID, employerID, form string,
	build func(employerdialogue.Consents) (shown, withheld []employerdialogue.Item, err error),
) (employerdialogue.Consents, error) {
	consents, err := s.consents(ctx, patientID, employerID)
	if err != nil {
		return consents, err
	}
	for range tries {
		shown, withheld, built := build(consents)
		if err := s.record(ctx, patientID, employerID, form, consents, shown, withheld); err != nil {
			return consents, err
		}
		again, err := s.consents(ctx, patientID, employerID)
		if err != nil {
			return consents, err
		}
		if consents.Same(again) {
			return consents, built
		}
		consents = again
	}
	return consents, consentsChanging()
}

// record keeps what was made; it is durable before anything goes out.
func (s *Server) record(ctx context.Context, patientID, employerID, form string, consents employerdialogue.Consents, shown, withheld []employerdialogue.Item) error {
	return s.Acts.Run(ctx, func(tx *act.Tx) error {
		return s.Store.Record(tx.Tx, store.Release{
			ID: tx.NewID(), PatientID: patientID, EmployerID: employerID, CareProviderID: tx.Place.ProviderID, CareUnitID: tx.Place.UnitID,
			PractitionerID: tx.Caller.PractitionerID, Form: form, Revision: consents.Revision, Shown: shown, Withheld: withheld, Time: tx.Now,
		})
	})
}

// EmployerViewAgreement shows what the employer of an agreement would see.
func (s *Server) EmployerViewAgreement(ctx context.Context, r *employerdialoguev1.EmployerViewAgreementRequest) (*employerdialoguev1.EmployerView, error) {
	row, err := s.agreement(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := row.Value.Sound(); err != nil {
		return nil, refusal(err)
	}
	return s.view(ctx, r.GetPatientId(), row.Value.EmployerID, row.Value.EpisodeID, &row.Value)
}

// ViewEmployer shows what an employer would see of the open episode. Of an earlier one nothing is shown: what the patient consents to
// now is said of what there is now.
func (s *Server) ViewEmployer(ctx context.Context, r *employerdialoguev1.ViewEmployerRequest) (*employerdialoguev1.EmployerView, error) {
	place := access.PlaceFrom(ctx)
	if _, err := s.Store.Employer(s.read(ctx), place.ProviderID, r.GetEmployerId()); err != nil {
		return nil, absentEmployer(err)
	}
	episodeID, err := s.ongoing(ctx, r.GetPatientId())
	if err != nil {
		return nil, err
	}
	var agreement *employerdialogue.Agreement
	if episodeID != "" {
		rows, err := s.Store.Agreements().List(s.read(ctx), place.ProviderID, r.GetPatientId(), latestSound(r.GetEmployerId(), episodeID), store.Position{}, 1)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			agreement = &rows[0].Value
		}
	}
	return s.view(ctx, r.GetPatientId(), r.GetEmployerId(), episodeID, agreement)
}

func (s *Server) view(ctx context.Context, patientID, employerID, episodeID string, agreement *employerdialogue.Agreement) (*employerdialoguev1.EmployerView, error) {
	var view employerdialogue.View
	_, err := s.release(ctx, patientID, employerID, formView, func(consents employerdialogue.Consents) (shown, withheld []employerdialogue.Item, err error) {
		known, err := s.facts(ctx, patientID, employerID, episodeID, agreement, consents)
		if err != nil {
			return nil, employerdialogue.Items(), err
		}
		view = employerdialogue.See(known, consents)
		for _, item := range view.Shown {
			shown = append(shown, item.Item)
		}
		return shown, view.Withheld, nil
	})
	if err != nil {
		return nil, refusal(err)
	}
	told := &employerdialoguev1.EmployerView{
		PatientId: patientID, EmployerId: employerID, WithheldItemTypes: itemsTo(view.Withheld), EmptyItemTypes: itemsTo(view.Empty),
		ConsentsRevision: int32(view.Revision), Document: view.Document(), BuildTime: instant(s.Clock.Now()),
	}
	for _, item := range view.Shown {
		told.Items = append(told.Items, &employerdialoguev1.EmployerViewItem{ItemType: itemTo(item.Item), Lines: item.Lines})
	}
	return told, nil
}

func itemTo(item employerdialogue.Item) patientv1.Consent_ItemType {
	return named[patientv1.Consent_ItemType](patientv1.Consent_ItemType_value, string(item))
}

func itemsTo(items []employerdialogue.Item) []patientv1.Consent_ItemType {
	var told []patientv1.Consent_ItemType
	for _, item := range items {
		told = append(told, itemTo(item))
	}
	return told
}

// facts gathers what is known of a case: of one episode, and without one only what belongs to none. It is more than the employer
// may see: See decides. The diagnosis is kept elsewhere and asked for only when that very item is consented to.
func (s *Server) facts(ctx context.Context, patientID, employerID, episodeID string, agreement *employerdialogue.Agreement, consents employerdialogue.Consents) (employerdialogue.Case, error) {
	place, q, today := access.PlaceFrom(ctx), s.read(ctx), date.Of(s.Clock.Now())
	known := employerdialogue.Case{Agreement: agreement}
	var err error
	if known.SickLeave, err = sickLeave(q, patientID, today); err != nil {
		return known, err
	}
	plans, err := steps(q, patientID, func(plan *sickleavev1.ReturnToWorkPlanSnapshot) bool {
		return plan.GetState() != sickleavev1.ReturnToWorkPlan_PROPOSED && slices.Contains([]string{"", episodeID}, plan.GetCareEpisodeId())
	})
	if err != nil {
		return known, err
	}
	for _, plan := range plans {
		known.ReturnSteps = append(known.ReturnSteps, plan...)
	}
	slices.SortFunc(known.ReturnSteps, func(a, b employerdialogue.Step) int { return a.Start.Compare(b.Start) })
	if episodeID == "" {
		return known, nil
	}
	rows, err := s.Store.Meetings().List(q, place.ProviderID, patientID, latestSound(employerID, episodeID), store.Position{}, 1)
	if err != nil {
		return known, err
	}
	if len(rows) > 0 {
		known.Meeting = &rows[0].Value
	}
	if known.Scores, err = scores(q, patientID, episodeID); err != nil {
		return known, err
	}
	if known.Meeting == nil || !consents.Covers(employerdialogue.ItemDiagnosis) {
		return known, nil
	}
	episode, err := s.Patients.GetCareEpisode(ctx, &patientv1.GetCareEpisodeRequest{PatientId: patientID, CareEpisodeId: episodeID})
	switch status.Code(err) {
	case codes.OK:
		known.Diagnoses = []string{episode.GetDiagnosisCode()}
	case codes.Canceled, codes.DeadlineExceeded:
		return known, err
	default: // an item that cannot be read now is empty
	}
	return known, nil
}

// sickLeave are the certified days that have not passed, each with the degree that counts on it: of certificates that replace,
// complement or overlap one another, sickleave says which.
func sickLeave(q sqldb.Querier, patientID string, today date.Day) ([]employerdialogue.Step, error) {
	told, err := store.Told(q, patientID, store.ToldSickLeave, func() *sickleavev1.SickLeaveSnapshot { return &sickleavev1.SickLeaveSnapshot{} })
	if err != nil {
		return nil, err
	}
	var periods []employerdialogue.Step
	for _, leave := range told {
		for _, c := range leave.GetCases() {
			for _, p := range c.GetPeriods() {
				if end := dayOf(p.GetEndDate()); end >= today {
					periods = append(periods, employerdialogue.Step{Start: dayOf(p.GetStartDate()), End: end, Degree: int(p.GetDegree())})
				}
			}
		}
	}
	slices.SortFunc(periods, func(a, b employerdialogue.Step) int { return a.Start.Compare(b.Start) })
	return periods, nil
}

// scores are the latest results of an episode, one for each instrument.
func scores(q sqldb.Querier, patientID, episodeID string) ([]employerdialogue.Score, error) {
	told, err := store.Told(q, patientID, store.ToldAssessment, func() *careplanv1.AssessmentSnapshot { return &careplanv1.AssessmentSnapshot{} })
	if err != nil {
		return nil, err
	}
	latest, courses := map[string]*careplanv1.AssessmentSnapshot{}, map[string][]*careplanv1.AssessmentSnapshot{}
	for _, a := range told {
		if a.GetRegisteredInError() || a.GetCareEpisodeId() != episodeID {
			continue
		}
		courses[a.GetInstrument()] = append(courses[a.GetInstrument()], a)
		// Ids are in the order of recording, which decides between two of one day.
		if before := latest[a.GetInstrument()]; before == nil || a.GetAnswerDate() >= before.GetAnswerDate() {
			latest[a.GetInstrument()] = a
		}
	}
	var found []employerdialogue.Score
	for _, a := range latest {
		score := employerdialogue.Score{
			AssessmentID: a.GetAssessmentId(), Instrument: a.GetInstrument(), Band: a.GetBand(), Day: dayOf(a.GetAnswerDate()),
			Mean: a.MeanScore, Change: a.Change, Response: a.GetResponse(), Remission: a.GetRemission(), Course: courseOf(courses[a.GetInstrument()]),
		}
		if a.TotalScore != nil {
			total := int(a.GetTotalScore())
			score.Total = &total
		}
		found = append(found, score)
	}
	slices.SortFunc(found, func(a, b employerdialogue.Score) int { return strings.Compare(a.Instrument, b.Instrument) })
	return found, nil
}

// courseLimit is how many results of a course are shown, the latest.
const courseLimit = 50

// courseOf puts the results with an instrument, which come in the order of recording, in the order of the days they were answered.
func courseOf(told []*careplanv1.AssessmentSnapshot) []employerdialogue.ScorePoint {
	slices.SortStableFunc(told, func(a, b *careplanv1.AssessmentSnapshot) int {
		return strings.Compare(a.GetAnswerDate(), b.GetAnswerDate())
	})
	var course []employerdialogue.ScorePoint
	for _, a := range told[max(0, len(told)-courseLimit):] {
		point := employerdialogue.ScorePoint{Day: dayOf(a.GetAnswerDate()), Score: a.GetMeanScore()}
		if a.TotalScore != nil {
			point.Score = float64(a.GetTotalScore())
		}
		course = append(course, point)
	}
	return course
}
