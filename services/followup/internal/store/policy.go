package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// Policy is a unit's policy as it is stored. Revision 0: the unit has set none.
type Policy struct {
	followup.Policy
	Revision int64
	Updated  time.Time
}

// Policy reads a unit's policy; one with nothing set when the unit has none.
func (s *Store) Policy(q sqldb.Querier, unitID string) (Policy, error) {
	var p Policy
	var limits string
	var updated int64
	err := q.QueryRow(`SELECT revision, limits, update_time FROM follow_up_policy WHERE care_unit_id = $1`, unitID).Scan(&p.Revision, &limits, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return Policy{}, nil
	}
	if err != nil {
		return p, fmt.Errorf("read a unit's policy: %w", err)
	}
	p.Updated = sqldb.FromMicros(updated)
	byField := map[string]int{}
	if err := json.Unmarshal([]byte(limits), &byField); err != nil {
		return p, fmt.Errorf("read a unit's policy: %w", err)
	}
	for _, limit := range followup.Limits() {
		*limit.At(&p.Policy) = byField[limit.Field]
	}
	return p, nil
}

const (
	lockPolicy = `INSERT INTO follow_up_policy (care_unit_id, revision, limits, update_time) VALUES ($1, 0, '{}', $2)
ON CONFLICT (care_unit_id) DO UPDATE SET revision = follow_up_policy.revision`
	updatePolicy = `UPDATE follow_up_policy SET revision = revision + 1, limits = $2, update_time = $3 WHERE care_unit_id = $1 RETURNING revision`
)

// ClaimPolicy reads a unit's policy for a write: no other write comes between.
func (s *Store) ClaimPolicy(tx *sqldb.Tx, unitID string, now time.Time) (Policy, error) {
	if _, err := tx.Exec(lockPolicy, unitID, sqldb.Micros(now)); err != nil {
		return Policy{}, fmt.Errorf("lock a unit's policy: %w", err)
	}
	return s.Policy(tx, unitID)
}

// SavePolicy writes a claimed policy and gives its new revision.
func (s *Store) SavePolicy(tx *sqldb.Tx, unitID string, p followup.Policy, now time.Time) (Policy, error) {
	byField := map[string]int{}
	for _, limit := range followup.Limits() {
		if n := *limit.At(&p); n != 0 {
			byField[limit.Field] = n
		}
	}
	limits, err := json.Marshal(byField)
	if err != nil {
		return Policy{}, fmt.Errorf("write a unit's policy: %w", err)
	}
	saved := Policy{Policy: p, Updated: now}
	err = tx.QueryRow(updatePolicy, unitID, string(limits), sqldb.Micros(now)).Scan(&saved.Revision)
	if err != nil {
		return Policy{}, fmt.Errorf("write a unit's policy: %w", err)
	}
	return saved, nil
}
