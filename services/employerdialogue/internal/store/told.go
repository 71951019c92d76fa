package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
)

// The kinds of resources of other services that are followed here: the first word of their events.
const (
	ToldEpisode    = "care_episode"
	ToldConsent    = "consent"
	ToldBrief      = "brief"
	ToldAssessment = "assessment"
	ToldSickLeave  = "sick_leave"
	ToldReturnPlan = "return_to_work_plan"
)

const hear = `
INSERT INTO told (kind, resource_id, patient_id, revision, snapshot) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (kind, resource_id) DO UPDATE SET patient_id = excluded.patient_id, revision = excluded.revision, snapshot = excluded.snapshot
WHERE told.revision < excluded.revision`

// Hear keeps what another service tells, when it is newer than what is known. A snapshot may be empty, as that of a sick leave whose
// certificates have all been revoked.
func (s *Store) Hear(tx *sqldb.Tx, kind, resourceID, patientID string, revision int64, snapshot []byte) error {
	if snapshot == nil {
		snapshot = []byte{}
	}
	if _, err := tx.Exec(hear, kind, resourceID, patientID, revision, snapshot); err != nil {
		return fmt.Errorf("keep what was told of %s: %w", kind, err)
	}
	return nil
}

const selectTold = `SELECT snapshot FROM told WHERE patient_id = $1 AND kind = $2`

// Told reads the newest snapshot of every resource of a kind that has been told of a patient, by id.
func Told[T proto.Message](q sqldb.Querier, patientID, kind string, empty func() T) ([]T, error) {
	return query(q, "what was told of "+kind, scanTold(empty), selectTold+` ORDER BY resource_id`, patientID, kind)
}

// ToldOne is Told of one resource. Errors: ErrNotFound.
func ToldOne[T proto.Message](q sqldb.Querier, patientID, kind, resourceID string, empty func() T) (T, error) {
	return toldOne(q, "", patientID, kind, resourceID, empty)
}

// HoldTold is ToldOne for what is decided by it: nothing newer is entered before the transaction has ended, so that what hears
// of the newer sees what was decided.
func HoldTold[T proto.Message](tx sqldb.Querier, patientID, kind, resourceID string, empty func() T) (T, error) {
	return toldOne(tx, tx.Dialect().ForUpdate(), patientID, kind, resourceID, empty)
}

func toldOne[T proto.Message](q sqldb.Querier, lock, patientID, kind, resourceID string, empty func() T) (T, error) {
	found, err := scanTold(empty)(q.QueryRow(selectTold+` AND resource_id = $3`+lock, patientID, kind, resourceID))
	if errors.Is(err, sql.ErrNoRows) {
		return found, ErrNotFound
	}
	if err != nil {
		return found, fmt.Errorf("read what was told of %s: %w", kind, err)
	}
	return found, nil
}

func scanTold[T proto.Message](empty func() T) func(scanner) (T, error) {
	return func(row scanner) (T, error) {
		snapshot := empty()
		var raw []byte
		if err := row.Scan(&raw); err != nil {
			return snapshot, err
		}
		return snapshot, proto.Unmarshal(raw, snapshot)
	}
}

// Release is what was made for an employer's eye.
type Release struct {
	ID, PatientID, EmployerID, CareProviderID, CareUnitID, PractitionerID string
	Form                                                                  string // VIEW or INVITATION
	Revision                                                              int    // of the consents
	Shown, Withheld                                                       []employerdialogue.Item
	Time                                                                  time.Time
}

const insertRelease = `
INSERT INTO employer_release (employer_release_id, patient_id, employer_id, care_provider_id, care_unit_id, form, consents_revision,
  shown_items, withheld_items, practitioner_id, release_time)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

// Record keeps what was made for an employer's eye, and what was withheld.
func (s *Store) Record(tx *sqldb.Tx, r Release) error {
	_, err := tx.Exec(insertRelease, r.ID, r.PatientID, r.EmployerID, r.CareProviderID, r.CareUnitID, r.Form, r.Revision,
		itemText(r.Shown), itemText(r.Withheld), r.PractitionerID, sqldb.Micros(r.Time))
	if err != nil {
		return fmt.Errorf("record a release: %w", err)
	}
	return nil
}

func itemText(items []employerdialogue.Item) string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = string(item)
	}
	return strings.Join(names, ",")
}

const selectReleases = `
SELECT form, consents_revision, shown_items, withheld_items FROM employer_release WHERE patient_id = $1 ORDER BY release_time, employer_release_id`

// Releases reads all that was made of a patient for employers' eyes, in order.
func (s *Store) Releases(q sqldb.Querier, patientID string) ([]Release, error) {
	return query(q, "releases", func(row scanner) (Release, error) {
		var r Release
		var shown, withheld string
		err := row.Scan(&r.Form, &r.Revision, &shown, &withheld)
		r.Shown, r.Withheld = itemsOf(shown), itemsOf(withheld)
		return r, err
	}, selectReleases, patientID)
}

func itemsOf(text string) []employerdialogue.Item {
	var items []employerdialogue.Item
	for name := range strings.SplitSeq(text, ",") {
		if name != "" {
			items = append(items, employerdialogue.Item(name))
		}
	}
	return items
}
