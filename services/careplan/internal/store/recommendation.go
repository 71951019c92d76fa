package store

import (
	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// sealedRecommendation is what stands encrypted in a recommendation's row. Keys are never renamed.
type sealedRecommendation struct {
	Text         string   `json:"text"`
	Reason       string   `json:"reason"`
	AnswerReason string   `json:"answer_reason,omitempty"`
	ChangedText  string   `json:"changed_text,omitempty"`
	Superseded   []string `json:"superseded,omitempty"`
	ErrorReason  string   `json:"error_reason,omitempty"`
}

func recommendationSeal(id string) string { return "recommendation:" + id }

// recommendationRow are the columns of a recommendation that its decision and its withdrawal fill.
type recommendationRow struct {
	answeredBy string
	answerTime int64
	chosen     string
	errorBy    string
	errorTime  int64
	sealed     []byte
}

func (s *Store) recommendationRow(r careplan.Recommendation) (recommendationRow, error) {
	var row recommendationRow
	part := sealedRecommendation{Text: r.Text, Reason: r.Reason}
	if d := r.Decision; d != nil {
		row.answeredBy, row.answerTime, row.chosen = d.Practitioner, sqldb.Micros(d.Time), d.Chosen
		part.AnswerReason, part.ChangedText, part.Superseded = d.Reason, d.ChangedText, d.Superseded
	}
	if m := r.ErrorMark; m != nil {
		row.errorBy, row.errorTime, part.ErrorReason = m.Practitioner, sqldb.Micros(m.Time), m.Reason
	}
	var err error
	row.sealed, err = s.seal(recommendationSeal(r.ID), part)
	return row, err
}

const insertRecommendation = `
INSERT INTO recommendation (recommendation_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, topic, state,
  given_by, answered_by, answer_time, chosen_id, error_by, error_time, create_time, update_time, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

// InsertRecommendation stores a new recommendation.
func (s *Store) InsertRecommendation(tx *sqldb.Tx, place access.Place, r careplan.Recommendation) error {
	row, err := s.recommendationRow(r)
	if err != nil {
		return err
	}
	provider, unit := stamp(place)
	result, err := tx.Exec(insertRecommendation, r.ID, r.Revision, r.PatientID, provider, unit, r.EpisodeID, string(r.Topic), string(r.State),
		r.GivenBy, row.answeredBy, row.answerTime, row.chosen, row.errorBy, row.errorTime, sqldb.Micros(r.CreateTime),
		sqldb.Micros(r.UpdateTime), row.sealed)
	return changed("recommendation", result, err)
}

const updateRecommendation = `
UPDATE recommendation SET revision = $2, state = $3, answered_by = $4, answer_time = $5, chosen_id = $6, error_by = $7, error_time = $8,
  update_time = $9, sealed = $10
WHERE recommendation_id = $1 AND revision = $2 - 1`

// UpdateRecommendation stores what became of a recommendation. Errors: ErrStale.
func (s *Store) UpdateRecommendation(tx *sqldb.Tx, r careplan.Recommendation) error {
	row, err := s.recommendationRow(r)
	if err != nil {
		return err
	}
	result, err := tx.Exec(updateRecommendation, r.ID, r.Revision, string(r.State), row.answeredBy, row.answerTime, row.chosen, row.errorBy,
		row.errorTime, sqldb.Micros(r.UpdateTime), row.sealed)
	return changed("recommendation", result, err)
}

const recommendationColumns = `recommendation_id, revision, patient_id, care_episode_id, topic, state, given_by, answered_by, answer_time,
  chosen_id, error_by, error_time, create_time, update_time, sealed`

const selectRecommendation = `SELECT ` + recommendationColumns + ` FROM recommendation WHERE recommendation_id = $1 AND patient_id = $2`

// Recommendation reads a recommendation about the patient. Errors: ErrNotFound.
func (s *Store) Recommendation(q sqldb.Querier, patientID, id string) (careplan.Recommendation, error) {
	return one("recommendation", q.QueryRow(selectRecommendation, id, patientID), s.scanRecommendation)
}

// ClaimRecommendation is Recommendation for a write: the row stays locked until the transaction ends.
func (s *Store) ClaimRecommendation(tx *sqldb.Tx, patientID, id string) (careplan.Recommendation, error) {
	return one("recommendation", tx.QueryRow(selectRecommendation+tx.Dialect().ForUpdate(), id, patientID), s.scanRecommendation)
}

const openRecommendations = `SELECT ` + recommendationColumns + ` FROM recommendation
WHERE patient_id = $1 AND state = 'OPEN' ORDER BY create_time, recommendation_id`

// OpenRecommendations lists the patient's recommendations that no one has answered, oldest first.
func (s *Store) OpenRecommendations(q sqldb.Querier, patientID string) ([]careplan.Recommendation, error) {
	rows, err := q.Query(openRecommendations, patientID)
	return all("recommendations", rows, err, s.scanRecommendation)
}

// RecommendationFilter narrows a list; empty fields take all.
type RecommendationFilter struct {
	EpisodeID string
	State     careplan.RecommendationState
	Topic     careplan.Topic
}

// Recommendations lists the recommendations about a patient, newest first, those after the cursor.
func (s *Store) Recommendations(q sqldb.Querier, patientID string, by RecommendationFilter, after Cursor, limit int) ([]careplan.Recommendation, error) {
	f := filter{where: `patient_id = $1`, args: []any{patientID}}
	if by.EpisodeID != "" {
		f.and(`care_episode_id = ?`, by.EpisodeID)
	}
	if by.State != "" {
		f.and(`state = ?`, string(by.State))
	}
	if by.Topic != "" {
		f.and(`topic = ?`, string(by.Topic))
	}
	tail, err := f.newest("recommendation_id", after, limit)
	if err != nil {
		return nil, err
	}
	rows, err := q.Query(`SELECT `+recommendationColumns+` FROM recommendation WHERE `+f.where+tail, f.args...)
	return all("recommendations", rows, err, s.scanRecommendation)
}

// RecommendationCursor is where a page that ends with r goes on.
func RecommendationCursor(r careplan.Recommendation) Cursor { return createdCursor(r.CreateTime, r.ID) }

func (s *Store) scanRecommendation(row scanner) (careplan.Recommendation, error) {
	var r careplan.Recommendation
	var c recommendationRow
	var created, updated int64
	err := row.Scan(&r.ID, &r.Revision, &r.PatientID, &r.EpisodeID, &r.Topic, &r.State, &r.GivenBy, &c.answeredBy, &c.answerTime, &c.chosen,
		&c.errorBy, &c.errorTime, &created, &updated, &c.sealed)
	if err != nil {
		return r, err
	}
	var part sealedRecommendation
	if err := s.unseal(recommendationSeal(r.ID), c.sealed, &part); err != nil {
		return r, err
	}
	r.Text, r.Reason = part.Text, part.Reason
	r.CreateTime, r.UpdateTime = sqldb.FromMicros(created), sqldb.FromMicros(updated)
	if c.answerTime != 0 {
		r.Decision = &careplan.Decision{Reason: part.AnswerReason, ChangedText: part.ChangedText, Practitioner: c.answeredBy,
			Time: sqldb.FromMicros(c.answerTime), Chosen: c.chosen, Superseded: part.Superseded}
	}
	if c.errorTime != 0 {
		r.ErrorMark = &careplan.ErrorMark{Reason: part.ErrorReason, Practitioner: c.errorBy, Time: sqldb.FromMicros(c.errorTime)}
	}
	return r, nil
}
