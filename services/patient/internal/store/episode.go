package store

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
)

// episodeSecrets is what is sealed of an episode. Texts of referrals stand here by the referral's place.
type episodeSecrets struct {
	Diagnosis       string         `json:"d"`
	DiagnosisReason string         `json:"r,omitempty"`
	Note            string         `json:"n,omitempty"`
	OutcomeNote     string         `json:"o,omitempty"`
	Notes           map[int]string `json:"rn,omitempty"`
	Answers         map[int]string `json:"ra,omitempty"`
	Error           *errorMark     `json:"e,omitempty"`
}

const (
	insertEpisode = `INSERT INTO care_episode (care_episode_id, patient_id, care_provider_id, care_unit_id, state, severity, sick_leave_needed, preventive,
  start_day, close_day, outcome, sealed, revision, created, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (patient_id) WHERE state = 'OPEN' DO NOTHING`
	updateEpisode = `UPDATE care_episode SET revision = $3, state = $4, close_day = $5, outcome = $6, sealed = $7, updated = $8
WHERE care_episode_id = $1 AND revision = $2`
	updateReferral = `UPDATE referral SET practitioner_id = $3, due_day = $4, state = $5, answered_by = $6, answered = $7
WHERE care_episode_id = $1 AND place = $2`
	endMembership = `UPDATE team_member SET end_day = $3 WHERE care_episode_id = $1 AND place = $2`
)

// InsertEpisode adds an episode with its referrals and team; ErrExists when the patient has an open one.
func (s *Store) InsertEpisode(tx *sqldb.Tx, e patient.Episode) error {
	sealed, err := s.sealEpisode(e)
	if err != nil {
		return err
	}
	result, err := tx.Exec(insertEpisode, e.ID, e.PatientID, e.ProviderID, e.UnitID, string(e.State), e.Severity, e.SickLeaveNeeded, e.Preventive,
		e.Start, e.Close, e.Outcome, sealed, e.Revision, sqldb.Micros(e.Created), sqldb.Micros(e.Updated))
	if err := one(result, err, "insert care episode", ErrExists); err != nil {
		return err
	}
	if err := insertReferrals(tx, e); err != nil {
		return err
	}
	return insertMembers(tx, e, 0)
}

// UpdateEpisode writes the next revision of an episode, and of its referrals and team what differs from before; ErrStale when it
// is not next.
func (s *Store) UpdateEpisode(tx *sqldb.Tx, before, e patient.Episode) error {
	sealed, err := s.sealEpisode(e)
	if err != nil {
		return err
	}
	result, err := tx.Exec(updateEpisode, e.ID, before.Revision, e.Revision, string(e.State), e.Close, e.Outcome, sealed, sqldb.Micros(e.Updated))
	if err := one(result, err, "update care episode", ErrStale); err != nil {
		return err
	}
	for i, r := range e.Referrals {
		if r == before.Referrals[i] {
			continue
		}
		result, err := tx.Exec(updateReferral, e.ID, i, r.PractitionerID, r.Due, string(r.State), r.AnsweredBy, sqldb.Micros(r.Answered))
		if err := one(result, err, "update referral", ErrStale); err != nil {
			return err
		}
	}
	for i, m := range before.Team {
		if e.Team[i] == m {
			continue
		}
		result, err := tx.Exec(endMembership, e.ID, i, e.Team[i].End)
		if err := one(result, err, "update team", ErrStale); err != nil {
			return err
		}
	}
	return insertMembers(tx, e, len(before.Team))
}

func insertReferrals(tx *sqldb.Tx, e patient.Episode) error {
	var args []any
	for i, r := range e.Referrals {
		args = append(args, e.ID, i, r.ID, string(r.Role), r.PractitionerID, r.Due, string(r.State), r.AnsweredBy, sqldb.Micros(r.Answered))
	}
	return insertRows(tx, `INSERT INTO referral (care_episode_id, place, referral_id, role, practitioner_id, due_day, state, answered_by, answered) VALUES `, 9, args)
}

func insertMembers(tx *sqldb.Tx, e patient.Episode, from int) error {
	var args []any
	for i, m := range e.Team[from:] {
		args = append(args, e.ID, from+i, m.PractitionerID, string(m.Role), m.Start, m.End)
	}
	return insertRows(tx, `INSERT INTO team_member (care_episode_id, place, practitioner_id, role, start_day, end_day) VALUES `, 6, args)
}

// insertRows inserts as many rows as there are arguments for, in one statement.
func insertRows(tx *sqldb.Tx, text string, columns int, args []any) error {
	if len(args) == 0 {
		return nil
	}
	rows := make([]string, len(args)/columns)
	for i := range rows {
		rows[i] = "(" + sqldb.In(i*columns+1, columns) + ")"
	}
	if _, err := tx.Exec(text+strings.Join(rows, ", "), args...); err != nil {
		return fmt.Errorf("insert the parts of a care episode: %w", err)
	}
	return nil
}

// Episodes are read whole in one statement: rows of part 0 are the episodes, of part 1 their referrals, of part 2 their teams.
const readEpisodes = `)
SELECT 0 AS part, e.care_episode_id AS id, 0 AS place, '' AS referral_id, '' AS role, '' AS practitioner_id, '' AS referral_state, '' AS answered_by, 0 AS answered,
  e.start_day AS first_day, e.close_day AS last_day, e.patient_id, e.care_provider_id, e.care_unit_id, e.state, e.severity,
  e.sick_leave_needed, e.preventive, e.outcome, e.sealed, e.revision, e.created, e.updated
FROM page e
UNION ALL SELECT 1, r.care_episode_id, r.place, r.referral_id, r.role, r.practitioner_id, r.state, r.answered_by, r.answered,
  r.due_day, NULL, '', '', '', '', '', FALSE, FALSE, '', NULL, 0, 0, 0
FROM referral r JOIN page e ON e.care_episode_id = r.care_episode_id
UNION ALL SELECT 2, m.care_episode_id, m.place, '', m.role, m.practitioner_id, '', '', 0,
  m.start_day, m.end_day, '', '', '', '', '', FALSE, FALSE, '', NULL, 0, 0, 0
FROM team_member m JOIN page e ON e.care_episode_id = m.care_episode_id
ORDER BY part, place, first_day DESC, id DESC`

// Episode reads an episode of a patient.
func (s *Store) Episode(q sqldb.Querier, patientID, id string) (patient.Episode, error) {
	return s.episode(q, `WITH page AS (SELECT * FROM care_episode WHERE patient_id = $1 AND care_episode_id = $2`+readEpisodes, patientID, id)
}

// OpenEpisode reads the open episode of a patient; ErrNotFound when there is none.
func (s *Store) OpenEpisode(q sqldb.Querier, patientID string) (patient.Episode, error) {
	return s.episode(q, `WITH page AS (SELECT * FROM care_episode WHERE patient_id = $1 AND state = 'OPEN'`+readEpisodes, patientID)
}

func (s *Store) episode(q sqldb.Querier, text string, args ...any) (patient.Episode, error) {
	episodes, err := s.episodes(q, text, args...)
	switch {
	case err != nil:
		return patient.Episode{}, err
	case len(episodes) == 0:
		return patient.Episode{}, fmt.Errorf("read care episode: %w", ErrNotFound)
	default:
		return episodes[0], nil
	}
}

// EpisodeQuery says which episodes of a patient to list.
type EpisodeQuery struct {
	PatientID string
	State     patient.EpisodeState // "" takes all
	// AfterDay and AfterID are those of the last episode shown; none for the first page.
	AfterDay date.Day
	AfterID  string
	Limit    int
}

// Episodes reads a page of a patient's episodes by start day, newest first.
func (s *Store) Episodes(q sqldb.Querier, query EpisodeQuery) ([]patient.Episode, error) {
	text, args := `WITH page AS (SELECT * FROM care_episode WHERE patient_id = $1`, []any{query.PatientID, query.Limit}
	if query.State != "" {
		args = append(args, string(query.State))
		text += fmt.Sprintf(` AND state = $%d`, len(args))
	}
	if query.AfterID != "" {
		args = append(args, query.AfterDay, query.AfterID)
		text += fmt.Sprintf(` AND (start_day, care_episode_id) < ($%d, $%d)`, len(args)-1, len(args))
	}
	return s.episodes(q, text+` ORDER BY start_day DESC, care_episode_id DESC LIMIT $2`+readEpisodes, args...)
}

const openEpisodes = `SELECT EXISTS (SELECT 1 FROM care_episode WHERE patient_id = $1 AND state = 'OPEN')`

// HasOpenEpisode tells whether a patient has an open episode.
func (s *Store) HasOpenEpisode(q sqldb.Querier, patientID string) (bool, error) {
	var open bool
	if err := q.QueryRow(openEpisodes, patientID).Scan(&open); err != nil {
		return false, fmt.Errorf("look for an open care episode: %w", err)
	}
	return open, nil
}

func (s *Store) sealEpisode(e patient.Episode) ([]byte, error) {
	secrets := episodeSecrets{
		Diagnosis: string(e.Diagnosis), DiagnosisReason: e.DiagnosisReason, Note: e.Note, OutcomeNote: e.OutcomeNote,
		Notes: map[int]string{}, Answers: map[int]string{}, Error: packMark(e.Error),
	}
	for i, r := range e.Referrals {
		if r.Note != "" {
			secrets.Notes[i] = r.Note
		}
		if r.AnswerReason != "" {
			secrets.Answers[i] = r.AnswerReason
		}
	}
	return s.seal(secrets, "care_episode", e.ProviderID, e.ID)
}

// episodeRow is one row of readEpisodes.
type episodeRow struct {
	part, place                          int
	id, referralID, role, practitionerID string
	referralState, answeredBy            string
	answered                             int64
	first, last                          date.Day
	patientID, providerID, unitID        string
	state, severity, outcome             string
	sickLeave, preventive                bool
	sealed                               []byte
	revision, created, updated           int64
}

func (s *Store) episodes(q sqldb.Querier, text string, args ...any) ([]patient.Episode, error) {
	rows, err := q.Query(text, args...)
	if err != nil {
		return nil, fmt.Errorf("read care episodes: %w", err)
	}
	var page []patient.Episode
	secrets, index := map[string]episodeSecrets{}, map[string]int{}
	err = each(rows, "read care episodes", func(row *sql.Rows) error {
		var r episodeRow
		if err := row.Scan(&r.part, &r.id, &r.place, &r.referralID, &r.role, &r.practitionerID, &r.referralState, &r.answeredBy, &r.answered,
			&r.first, &r.last, &r.patientID, &r.providerID, &r.unitID, &r.state, &r.severity,
			&r.sickLeave, &r.preventive, &r.outcome, &r.sealed, &r.revision, &r.created, &r.updated); err != nil {
			return err
		}
		if r.part == 0 {
			var opened episodeSecrets
			if err := s.open(r.sealed, &opened, "care_episode", r.providerID, r.id); err != nil {
				return err
			}
			index[r.id], secrets[r.id] = len(page), opened
			page = append(page, r.episode(opened))
			return nil
		}
		e := &page[index[r.id]]
		if r.part == 1 {
			e.Referrals = append(e.Referrals, patient.Referral{
				ID: r.referralID, Role: patient.Role(r.role), PractitionerID: r.practitionerID, Due: r.first,
				Note: secrets[r.id].Notes[r.place], State: patient.ReferralState(r.referralState),
				AnsweredBy: r.answeredBy, AnswerReason: secrets[r.id].Answers[r.place], Answered: sqldb.FromMicros(r.answered),
			})
			return nil
		}
		e.Team = append(e.Team, patient.Member{PractitionerID: r.practitionerID, Role: patient.Role(r.role), Start: r.first, End: r.last})
		return nil
	})
	return page, err
}

func (r episodeRow) episode(opened episodeSecrets) patient.Episode {
	return patient.Episode{
		ID: r.id, PatientID: r.patientID, ProviderID: r.providerID, UnitID: r.unitID, Revision: r.revision,
		Diagnosis: patient.Diagnosis(opened.Diagnosis), DiagnosisReason: opened.DiagnosisReason, Severity: r.severity,
		SickLeaveNeeded: r.sickLeave, Preventive: r.preventive, Note: opened.Note,
		State: patient.EpisodeState(r.state), Start: r.first, Close: r.last, Outcome: r.outcome, OutcomeNote: opened.OutcomeNote,
		Error: opened.Error.unpack(), Created: sqldb.FromMicros(r.created), Updated: sqldb.FromMicros(r.updated),
	}
}
