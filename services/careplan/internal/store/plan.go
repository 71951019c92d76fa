package store

import (
	"database/sql"
	"fmt"
	"strconv"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// sealedPlan is what stands encrypted in a plan's row, sealedContent what does in a revision's. Keys are never renamed.
type sealedPlan struct {
	ErrorReason string `json:"error_reason,omitempty"`
}

type sealedContent struct {
	Content careplan.Content `json:"content"`
	Reason  string           `json:"reason,omitempty"`
}

func planSeal(id string) string { return "care_plan:" + id }

func contentSeal(id string, number int) string {
	return fmt.Sprintf("care_plan_revision:%s/%d", id, number)
}

const insertPlan = `
INSERT INTO care_plan (care_plan_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, state, care_manager_id,
  care_manager_changes, content_revision, start_day, activate_time, complete_time, outcome, author_id, error_by, error_time,
  create_time, update_time, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, '', 0, $16, $17, $18)`

// InsertPlan stores a new plan with its content.
func (s *Store) InsertPlan(tx *sqldb.Tx, place access.Place, p careplan.Plan) error {
	sealed, err := s.seal(planSeal(p.ID), sealedPlan{})
	if err != nil {
		return err
	}
	provider, unit := stamp(place)
	result, err := tx.Exec(insertPlan, p.ID, p.Revision, p.PatientID, provider, unit, p.EpisodeID, string(p.State), p.CareManager,
		p.CareManagerChanges, p.ContentRevision, p.StartDay, sqldb.Micros(p.ActivateTime), sqldb.Micros(p.CompleteTime), string(p.Outcome),
		p.Author, sqldb.Micros(p.CreateTime), sqldb.Micros(p.UpdateTime), sealed)
	if err := changed("care plan", result, err); err != nil {
		return err
	}
	return s.putContent(tx, p)
}

const updatePlan = `
UPDATE care_plan SET revision = $2, state = $3, care_manager_id = $4, care_manager_changes = $5, content_revision = $6, start_day = $7,
  activate_time = $8, complete_time = $9, outcome = $10, error_by = $11, error_time = $12, update_time = $13, sealed = $14
WHERE care_plan_id = $1 AND revision = $15`

// UpdatePlan stores what became of a plan: its row first, then its content and planned contacts as far as they have changed.
// Errors: ErrStale; ErrTaken when the episode has another active plan.
func (s *Store) UpdatePlan(tx *sqldb.Tx, before, p careplan.Plan) error {
	var part sealedPlan
	var errorBy string
	var errorTime int64
	if m := p.ErrorMark; m != nil {
		part.ErrorReason, errorBy, errorTime = m.Reason, m.Practitioner, sqldb.Micros(m.Time)
	}
	sealed, err := s.seal(planSeal(p.ID), part)
	if err != nil {
		return err
	}
	result, err := tx.Exec(updatePlan, p.ID, p.Revision, string(p.State), p.CareManager, p.CareManagerChanges, p.ContentRevision,
		p.StartDay, sqldb.Micros(p.ActivateTime), sqldb.Micros(p.CompleteTime), string(p.Outcome), errorBy, errorTime,
		sqldb.Micros(p.UpdateTime), sealed, before.Revision)
	if err := changed("care plan", result, err); err != nil {
		return err
	}
	if p.ContentRevision != before.ContentRevision || p.State == careplan.PlanDraft {
		if err := s.putContent(tx, p); err != nil {
			return err
		}
	}
	return putPlanned(tx, before, p)
}

const putContent = `
INSERT INTO care_plan_revision (care_plan_id, number, author_id, create_time, sealed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (care_plan_id, number) DO UPDATE SET author_id = excluded.author_id, create_time = excluded.create_time, sealed = excluded.sealed`

func (s *Store) putContent(tx *sqldb.Tx, p careplan.Plan) error {
	sealed, err := s.seal(contentSeal(p.ID, p.ContentRevision), sealedContent{Content: p.Content, Reason: p.ContentReason})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(putContent, p.ID, p.ContentRevision, p.ContentAuthor, sqldb.Micros(p.ContentTime), sealed); err != nil {
		return fmt.Errorf("write a plan's content: %w", err)
	}
	return nil
}

const putOnePlanned = `
INSERT INTO planned_contact (planned_contact_id, care_plan_id, week, planned_day, channel, state, contact_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (planned_contact_id) DO UPDATE SET planned_day = excluded.planned_day, channel = excluded.channel, state = excluded.state,
  contact_id = excluded.contact_id`

func putPlanned(tx *sqldb.Tx, before, p careplan.Plan) error {
	was := make(map[string]careplan.Planned, len(before.Planned))
	for _, planned := range before.Planned {
		was[planned.ID] = planned
	}
	for _, planned := range p.Planned {
		if was[planned.ID] == planned {
			continue
		}
		if _, err := tx.Exec(putOnePlanned, planned.ID, p.ID, planned.Week, planned.Day, string(planned.Channel), string(planned.State), planned.ContactID); err != nil {
			return fmt.Errorf("write a planned contact: %w", err)
		}
	}
	return nil
}

const planColumns = `p.care_plan_id, p.revision, p.patient_id, p.care_episode_id, p.state, p.care_manager_id, p.care_manager_changes,
  p.content_revision, p.start_day, p.activate_time, p.complete_time, p.outcome, p.author_id, p.error_by, p.error_time, p.create_time,
  p.update_time, p.sealed, r.author_id, r.create_time, r.sealed`

const fromPlan = ` FROM care_plan p JOIN care_plan_revision r ON r.care_plan_id = p.care_plan_id AND r.number = p.content_revision `

const selectPlan = `SELECT ` + planColumns + fromPlan + `WHERE p.care_plan_id = $1 AND p.patient_id = $2`

// Plan reads a plan of the patient with its content in force and its planned contacts. Errors: ErrNotFound.
func (s *Store) Plan(q sqldb.Querier, patientID, planID string) (careplan.Plan, error) {
	p, err := one("care plan", q.QueryRow(selectPlan, planID, patientID), s.scanPlan)
	if err != nil {
		return p, err
	}
	plans := []careplan.Plan{p}
	err = readPlanned(q, plans)
	return plans[0], err
}

const lockPlan = `SELECT care_plan_id FROM care_plan WHERE care_plan_id = $1 AND patient_id = $2`

// ClaimPlan is Plan for a write: the row stays locked until the transaction ends.
func (s *Store) ClaimPlan(tx *sqldb.Tx, patientID, planID string) (careplan.Plan, error) {
	// The lock comes first and alone: what is read after it is what the writer before has left.
	if _, err := one("care plan", tx.QueryRow(lockPlan+tx.Dialect().ForUpdate(), planID, patientID), scanID); err != nil {
		return careplan.Plan{}, err
	}
	return s.Plan(tx, patientID, planID)
}

const planOfPlanned = `
SELECT p.care_plan_id FROM planned_contact c JOIN care_plan p ON p.care_plan_id = c.care_plan_id
WHERE c.planned_contact_id = $1 AND p.patient_id = $2`

// ClaimPlanOf is ClaimPlan for the plan that a planned contact belongs to. Errors: ErrNotFound.
func (s *Store) ClaimPlanOf(tx *sqldb.Tx, patientID, plannedContactID string) (careplan.Plan, error) {
	id, err := one("planned contact", tx.QueryRow(planOfPlanned, plannedContactID, patientID), scanID)
	if err != nil {
		return careplan.Plan{}, err
	}
	return s.ClaimPlan(tx, patientID, id)
}

const openPlans = `SELECT care_plan_id FROM care_plan WHERE care_episode_id = $1 AND patient_id = $2 AND state IN ('DRAFT', 'ACTIVE') ORDER BY care_plan_id`

// ClaimOpenPlans locks and reads the drafts and the active plan of an episode.
func (s *Store) ClaimOpenPlans(tx *sqldb.Tx, patientID, episodeID string) ([]careplan.Plan, error) {
	rows, err := tx.Query(openPlans+tx.Dialect().ForUpdate(), episodeID, patientID)
	ids, err := all("care plans", rows, err, scanID)
	if err != nil {
		return nil, err
	}
	plans := make([]careplan.Plan, len(ids))
	for n, id := range ids {
		if plans[n], err = s.Plan(tx, patientID, id); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

const hasActivePlan = `SELECT COUNT(*) FROM care_plan WHERE care_episode_id = $1 AND state = 'ACTIVE'`

// HasActivePlan tells whether an episode has an active plan.
func (s *Store) HasActivePlan(q sqldb.Querier, episodeID string) (bool, error) {
	var n int
	if err := q.QueryRow(hasActivePlan, episodeID).Scan(&n); err != nil {
		return false, fmt.Errorf("look for an active plan: %w", err)
	}
	return n > 0, nil
}

// PlanFilter narrows a list; empty fields take all.
type PlanFilter struct {
	EpisodeID string
	State     careplan.PlanState
}

// Plans lists a patient's plans, newest first, those after the cursor.
func (s *Store) Plans(q sqldb.Querier, patientID string, by PlanFilter, after Cursor, limit int) ([]careplan.Plan, error) {
	f := filter{where: `p.patient_id = $1`, args: []any{patientID}}
	if by.EpisodeID != "" {
		f.and(`p.care_episode_id = ?`, by.EpisodeID)
	}
	if by.State != "" {
		f.and(`p.state = ?`, string(by.State))
	}
	if after.ID != "" {
		micros, err := strconv.ParseInt(after.Key, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("list care plans: the cursor is no time")
		}
		f.and(`(p.create_time, p.care_plan_id) < (?, ?)`, micros, after.ID)
	}
	f.args = append(f.args, limit)
	rows, err := q.Query(`SELECT `+planColumns+fromPlan+`WHERE `+f.where+
		fmt.Sprintf(` ORDER BY p.create_time DESC, p.care_plan_id DESC LIMIT $%d`, len(f.args)), f.args...)
	plans, err := all("care plans", rows, err, s.scanPlan)
	if err != nil {
		return nil, err
	}
	return plans, readPlanned(q, plans)
}

// PlanCursor is where a page that ends with p goes on.
func PlanCursor(p careplan.Plan) Cursor {
	return Cursor{Key: strconv.FormatInt(sqldb.Micros(p.CreateTime), 10), ID: p.ID}
}

func (s *Store) scanPlan(row scanner) (careplan.Plan, error) {
	var p careplan.Plan
	var activated, completed, errorTime, created, updated, written int64
	var errorBy string
	var sealed, sealedText []byte
	err := row.Scan(&p.ID, &p.Revision, &p.PatientID, &p.EpisodeID, &p.State, &p.CareManager, &p.CareManagerChanges, &p.ContentRevision,
		&p.StartDay, &activated, &completed, &p.Outcome, &p.Author, &errorBy, &errorTime, &created, &updated, &sealed,
		&p.ContentAuthor, &written, &sealedText)
	if err != nil {
		return p, err
	}
	var part sealedPlan
	if err := s.unseal(planSeal(p.ID), sealed, &part); err != nil {
		return p, err
	}
	var content sealedContent
	if err := s.unseal(contentSeal(p.ID, p.ContentRevision), sealedText, &content); err != nil {
		return p, err
	}
	p.Content, p.ContentReason, p.ContentTime = content.Content, content.Reason, sqldb.FromMicros(written)
	p.ActivateTime, p.CompleteTime = sqldb.FromMicros(activated), sqldb.FromMicros(completed)
	p.CreateTime, p.UpdateTime = sqldb.FromMicros(created), sqldb.FromMicros(updated)
	if errorTime != 0 {
		p.ErrorMark = &careplan.ErrorMark{Reason: part.ErrorReason, Practitioner: errorBy, Time: sqldb.FromMicros(errorTime)}
	}
	return p, nil
}

// readPlanned fills in the planned contacts of plans, earliest first.
func readPlanned(q sqldb.Querier, plans []careplan.Plan) error {
	if len(plans) == 0 {
		return nil
	}
	byID, args := map[string]*careplan.Plan{}, make([]any, len(plans))
	for n := range plans {
		byID[plans[n].ID], args[n] = &plans[n], plans[n].ID
	}
	type row struct {
		plan string
		careplan.Planned
	}
	rows, err := q.Query(`SELECT care_plan_id, planned_contact_id, week, planned_day, channel, state, contact_id FROM planned_contact
WHERE care_plan_id IN (`+sqldb.In(1, len(args))+`) ORDER BY planned_day, week, planned_contact_id`, args...)
	read, err := all("planned contacts", rows, err, func(s scanner) (row, error) {
		var r row
		err := s.Scan(&r.plan, &r.ID, &r.Week, &r.Day, &r.Channel, &r.State, &r.ContactID)
		return r, err
	})
	for _, r := range read {
		byID[r.plan].Planned = append(byID[r.plan].Planned, r.Planned)
	}
	return err
}

// PlanRevision is the content of a plan as it stood.
type PlanRevision struct {
	Number  int
	Author  string
	Time    int64 // microseconds
	Content careplan.Content
	Reason  string
}

const planRevisions = `SELECT number, author_id, create_time, sealed FROM care_plan_revision
WHERE care_plan_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3`

// PlanRevisions lists the contents of a plan, newest first, those with a lower number than before.
func (s *Store) PlanRevisions(q sqldb.Querier, planID string, before, limit int) ([]PlanRevision, error) {
	rows, err := q.Query(planRevisions, planID, before, limit)
	return all("revisions of a plan", rows, err, func(row scanner) (PlanRevision, error) {
		var r PlanRevision
		var sealed []byte
		if err := row.Scan(&r.Number, &r.Author, &r.Time, &sealed); err != nil {
			return r, err
		}
		var content sealedContent
		err := s.unseal(contentSeal(planID, r.Number), sealed, &content)
		r.Content, r.Reason = content.Content, content.Reason
		return r, err
	})
}

func scanID(row scanner) (string, error) {
	var id sql.NullString
	err := row.Scan(&id)
	return id.String, err
}
