package store

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// sealedAssessment is what stands encrypted in an assessment's row. Keys are never renamed.
type sealedAssessment struct {
	Answers     []int  `json:"answers,omitempty"`
	Profile     string `json:"profile,omitempty"`
	ErrorReason string `json:"error_reason,omitempty"`
}

func assessmentSeal(id string) string { return "assessment:" + id }

const bumpSeries = `
INSERT INTO assessment_series (patient_id, care_episode_id, instrument, revision) VALUES ($1, $2, $3, 1)
ON CONFLICT (patient_id, care_episode_id, instrument) DO UPDATE SET revision = assessment_series.revision + 1`

// BumpSeries is the first write of every act on the assessments of one instrument in one episode: those acts come one after
// the other.
func (s *Store) BumpSeries(tx *sqldb.Tx, patientID, episodeID, instrument string) error {
	if _, err := tx.Exec(bumpSeries, patientID, episodeID, instrument); err != nil {
		return fmt.Errorf("bump a series of assessments: %w", err)
	}
	return nil
}

const insertAssessment = `
INSERT INTO assessment (assessment_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, contact_id, instrument,
  answer_day, total_score, mean_score, band, safety_level, safety_flag_id, score_change, response, remission, recorded_by, in_error,
  error_by, error_time, create_time, update_time, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, FALSE, '', 0, $19, $20, $21)`

// InsertAssessment stores a new assessment.
func (s *Store) InsertAssessment(tx *sqldb.Tx, place access.Place, a careplan.Assessment) error {
	sealed, err := s.seal(assessmentSeal(a.ID), sealedAssessment{Answers: a.Scored.Answers, Profile: a.Scored.Profile})
	if err != nil {
		return err
	}
	provider, unit := stamp(place)
	result, err := tx.Exec(insertAssessment, a.ID, a.Revision, a.PatientID, provider, unit, a.EpisodeID, a.ContactID, a.Instrument,
		a.AnswerDay, a.Scored.Total, hundredths(a.Scored.Mean), a.Scored.Band, string(a.Scored.Safety), a.SafetyFlagID,
		hundredths(a.Course.Change), a.Course.Response, a.Scored.Remission, a.RecordedBy, sqldb.Micros(a.CreateTime),
		sqldb.Micros(a.UpdateTime), sealed)
	return changed("assessment", result, err)
}

const updateAssessment = `
UPDATE assessment SET revision = $2, score_change = $3, response = $4, in_error = $5, error_by = $6, error_time = $7, update_time = $8,
  sealed = $9
WHERE assessment_id = $1 AND revision = $2 - 1`

// UpdateAssessment stores a new course or a withdrawal. Errors: ErrStale.
func (s *Store) UpdateAssessment(tx *sqldb.Tx, a careplan.Assessment) error {
	part := sealedAssessment{Answers: a.Scored.Answers, Profile: a.Scored.Profile}
	var errorBy string
	var errorTime int64
	if m := a.ErrorMark; m != nil {
		part.ErrorReason, errorBy, errorTime = m.Reason, m.Practitioner, sqldb.Micros(m.Time)
	}
	sealed, err := s.seal(assessmentSeal(a.ID), part)
	if err != nil {
		return err
	}
	result, err := tx.Exec(updateAssessment, a.ID, a.Revision, hundredths(a.Course.Change), a.Course.Response, a.ErrorMark != nil, errorBy,
		errorTime, sqldb.Micros(a.UpdateTime), sealed)
	return changed("assessment", result, err)
}

const assessmentColumns = `assessment_id, revision, patient_id, care_episode_id, contact_id, instrument, answer_day, total_score,
  mean_score, band, safety_level, safety_flag_id, score_change, response, remission, recorded_by, in_error, error_by, error_time,
  create_time, update_time, sealed`

const selectAssessment = `SELECT ` + assessmentColumns + ` FROM assessment WHERE assessment_id = $1 AND patient_id = $2`

// Assessment reads an assessment of the patient. Errors: ErrNotFound.
func (s *Store) Assessment(q sqldb.Querier, patientID, assessmentID string) (careplan.Assessment, error) {
	return one("assessment", q.QueryRow(selectAssessment, assessmentID, patientID), s.scanAssessment)
}

// AssessmentFilter narrows a list; empty fields take all.
type AssessmentFilter struct {
	EpisodeID  string
	Instrument string
}

// Assessments lists a patient's assessments, the latest day first, those after the cursor, whose key is
// "day creation-time".
func (s *Store) Assessments(q sqldb.Querier, patientID string, by AssessmentFilter, after Cursor, limit int) ([]careplan.Assessment, error) {
	f := filter{where: `patient_id = $1`, args: []any{patientID}}
	if by.EpisodeID != "" {
		f.and(`care_episode_id = ?`, by.EpisodeID)
	}
	if by.Instrument != "" {
		f.and(`instrument = ?`, by.Instrument)
	}
	if after.ID != "" {
		day, created, _ := strings.Cut(after.Key, " ")
		micros, err := strconv.ParseInt(created, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("list assessments: the cursor is no time")
		}
		f.and(`(answer_day, create_time, assessment_id) < (?, ?, ?)`, day, micros, after.ID)
	}
	f.args = append(f.args, limit)
	rows, err := q.Query(`SELECT `+assessmentColumns+` FROM assessment WHERE `+f.where+
		fmt.Sprintf(` ORDER BY answer_day DESC, create_time DESC, assessment_id DESC LIMIT $%d`, len(f.args)), f.args...)
	return all("assessments", rows, err, s.scanAssessment)
}

// AssessmentCursor is where a page that ends with a goes on.
func AssessmentCursor(a careplan.Assessment) Cursor {
	return Cursor{Key: a.AnswerDay.String() + " " + strconv.FormatInt(sqldb.Micros(a.CreateTime), 10), ID: a.ID}
}

const selectSeries = `SELECT ` + assessmentColumns + ` FROM assessment
WHERE patient_id = $1 AND care_episode_id = $2 AND instrument = $3 AND NOT in_error ORDER BY answer_day, create_time, assessment_id`

// Series reads the assessments of one instrument in one episode that count, oldest first by the day answered.
func (s *Store) Series(q sqldb.Querier, patientID, episodeID, instrument string) ([]careplan.Assessment, error) {
	rows, err := q.Query(selectSeries, patientID, episodeID, instrument)
	return all("series of assessments", rows, err, s.scanAssessment)
}

// Point is one score of a course.
type Point struct {
	Instrument   string
	EpisodeID    string
	AssessmentID string
	Day          string
	Score        float64
	Band         string
}

// Points reads the scores of a patient that count, by instrument, episode and day, oldest first: the courses, without
// opening what is sealed.
func (s *Store) Points(q sqldb.Querier, patientID string, by AssessmentFilter) ([]Point, error) {
	f := filter{where: `patient_id = $1 AND NOT in_error AND (total_score IS NOT NULL OR mean_score IS NOT NULL)`, args: []any{patientID}}
	if by.EpisodeID != "" {
		f.and(`care_episode_id = ?`, by.EpisodeID)
	}
	if by.Instrument != "" {
		f.and(`instrument = ?`, by.Instrument)
	}
	rows, err := q.Query(`SELECT instrument, care_episode_id, assessment_id, answer_day, total_score, mean_score, band FROM assessment WHERE `+
		f.where+` ORDER BY instrument, care_episode_id, answer_day, create_time, assessment_id`, f.args...)
	return all("scores", rows, err, func(row scanner) (Point, error) {
		var p Point
		var total, mean *int
		err := row.Scan(&p.Instrument, &p.EpisodeID, &p.AssessmentID, &p.Day, &total, &mean, &p.Band)
		if total != nil {
			p.Score = float64(*total)
		} else if mean != nil {
			p.Score = *fromHundredths(mean)
		}
		return p, err
	})
}

func (s *Store) scanAssessment(row scanner) (careplan.Assessment, error) {
	var a careplan.Assessment
	var mean, change *int
	var inError bool
	var errorBy string
	var errorTime, created, updated int64
	var sealed []byte
	err := row.Scan(&a.ID, &a.Revision, &a.PatientID, &a.EpisodeID, &a.ContactID, &a.Instrument, &a.AnswerDay, &a.Scored.Total, &mean,
		&a.Scored.Band, &a.Scored.Safety, &a.SafetyFlagID, &change, &a.Course.Response, &a.Scored.Remission, &a.RecordedBy, &inError,
		&errorBy, &errorTime, &created, &updated, &sealed)
	if err != nil {
		return a, err
	}
	var part sealedAssessment
	if err := s.unseal(assessmentSeal(a.ID), sealed, &part); err != nil {
		return a, err
	}
	a.Scored.Mean, a.Course.Change = fromHundredths(mean), fromHundredths(change)
	a.Scored.Answers, a.Scored.Profile = part.Answers, part.Profile
	a.CreateTime, a.UpdateTime = sqldb.FromMicros(created), sqldb.FromMicros(updated)
	if inError {
		a.ErrorMark = &careplan.ErrorMark{Reason: part.ErrorReason, Practitioner: errorBy, Time: sqldb.FromMicros(errorTime)}
	}
	return a, nil
}

func hundredths(value *float64) *int {
	if value == nil {
		return nil
	}
	n := int(math.Round(*value * 100))
	return &n
}

func fromHundredths(n *int) *float64 {
	if n == nil {
		return nil
	}
	value := float64(*n) / 100
	return &value
}
