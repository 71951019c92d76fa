package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
)

// ErrPlanOpen says that the episode already has an open plan.
var ErrPlanOpen = errors.New("store: the episode has an open plan for return to work")

// PlanRecord is a plan for return to work as it is stored.
type PlanRecord struct {
	sickleave.Plan
	CareProviderID string
	UpdateTime     time.Time
}

func planBound(id string) []byte { return []byte("return_to_work_plan.sealed:" + id) }

const insertPlan = `
INSERT INTO return_to_work_plan (return_to_work_plan_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id,
  state, version, start_day, end_day, create_time, update_time, sealed)
VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (patient_id, care_episode_id) WHERE state IN ('PROPOSED', 'ACCEPTED', 'HELD') DO NOTHING`

// InsertPlan stores a new plan as revision 1 and returns it so. Errors: ErrPlanOpen.
func (s *Store) InsertPlan(tx *sqldb.Tx, r PlanRecord) (PlanRecord, error) {
	sealed, err := s.sealJSON(r.Plan, planBound(r.ID))
	if err != nil {
		return PlanRecord{}, err
	}
	span := r.Span()
	result, err := tx.Exec(insertPlan, r.ID, r.PatientID, r.CareProviderID, r.CareUnitID, r.EpisodeID, string(r.State), r.Version,
		span.Start, span.End, sqldb.Micros(r.CreateTime), sqldb.Micros(r.UpdateTime), sealed)
	if err != nil {
		return PlanRecord{}, fmt.Errorf("insert plan: %w", err)
	}
	if errors.Is(mustChange(result), ErrStale) {
		return PlanRecord{}, ErrPlanOpen
	}
	r.Revision = 1
	return r, nil
}

const updatePlan = `
UPDATE return_to_work_plan SET revision = revision + 1, state = $3, version = $4, start_day = $5, end_day = $6, update_time = $7,
  sealed = $8
WHERE return_to_work_plan_id = $1 AND revision = $2`

// UpdatePlan stores what became of a plan. Errors: ErrStale.
func (s *Store) UpdatePlan(tx *sqldb.Tx, r PlanRecord) (PlanRecord, error) {
	sealed, err := s.sealJSON(r.Plan, planBound(r.ID))
	if err != nil {
		return PlanRecord{}, err
	}
	span := r.Span()
	result, err := tx.Exec(updatePlan, r.ID, r.Revision, string(r.State), r.Version, span.Start, span.End, sqldb.Micros(r.UpdateTime), sealed)
	if err != nil {
		return PlanRecord{}, fmt.Errorf("update plan: %w", err)
	}
	r.Revision++
	return r, mustChange(result)
}

const planColumns = `return_to_work_plan_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, state, version,
  create_time, update_time, sealed`

const selectPlan = `SELECT ` + planColumns + `
FROM return_to_work_plan WHERE return_to_work_plan_id = $1 AND patient_id = $2 AND care_provider_id = $3`

// Plan reads one plan of a patient of the care provider. Errors: ErrNotFound.
func (s *Store) Plan(q sqldb.Querier, careProviderID, patientID, id string) (PlanRecord, error) {
	return s.onePlan(q, selectPlan, careProviderID, patientID, id)
}

// ClaimPlan is Plan for a write.
func (s *Store) ClaimPlan(tx *sqldb.Tx, careProviderID, patientID, id string) (PlanRecord, error) {
	return s.onePlan(tx, selectPlan+tx.Dialect().ForUpdate(), careProviderID, patientID, id)
}

func (s *Store) onePlan(q sqldb.Querier, query, careProviderID, patientID, id string) (PlanRecord, error) {
	rows, err := q.Query(query, id, patientID, careProviderID)
	if err != nil {
		return PlanRecord{}, fmt.Errorf("read plan: %w", err)
	}
	return first(collect(rows, s.scanPlan))
}

// Plans reads a patient's plans in the given states, newest first, at most limit, those after the place when one is given.
func (s *Store) Plans(q sqldb.Querier, careProviderID, patientID string, states []sickleave.PlanState, after Place, limit int) ([]PlanRecord, error) {
	created, id := after.bound()
	args := []any{patientID, careProviderID, created, id, limit}
	for _, state := range states {
		args = append(args, string(state))
	}
	rows, err := q.Query(`SELECT `+planColumns+`
FROM return_to_work_plan WHERE patient_id = $1 AND care_provider_id = $2
  AND (create_time, return_to_work_plan_id) < ($3, $4) AND state IN (`+sqldb.In(6, len(states))+`)
ORDER BY create_time DESC, return_to_work_plan_id DESC LIMIT $5`, args...)
	if err != nil {
		return nil, fmt.Errorf("list plans: %w", err)
	}
	return collect(rows, s.scanPlan)
}

func (s *Store) scanPlan(row scanner) (PlanRecord, error) {
	var r PlanRecord
	var sealed []byte
	var created, updated int64
	err := row.Scan(&r.ID, &r.Revision, &r.PatientID, &r.CareProviderID, &r.CareUnitID, &r.EpisodeID, &r.State, &r.Version, &created,
		&updated, &sealed)
	if err != nil {
		return r, err
	}
	r.CreateTime, r.UpdateTime = sqldb.FromMicros(created), sqldb.FromMicros(updated)
	return r, s.unsealJSON(sealed, planBound(r.ID), &r.Plan)
}
