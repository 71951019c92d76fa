package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
)

// Row is a contact, meeting or agreement of a patient as it is stored.
type Row[T any] struct {
	Value          T
	Revision       int64
	CareProviderID string
	CareUnitID     string
	UpdateTime     time.Time // of the last write; UTC, whole microseconds
}

// key is what stands in plain columns beside a sealed value.
type key struct {
	id, patientID, episodeID, employerID, state string
	createTime                                  time.Time
}

// Table keeps one kind of a patient's things.
type Table[T any] struct {
	store *Store
	name  string
	key   func(T) key
}

// Contacts keeps contacts with employers.
func (s *Store) Contacts() Table[employerdialogue.Contact] {
	return Table[employerdialogue.Contact]{store: s, name: "employer_contact", key: func(c employerdialogue.Contact) key {
		state := c.Kind
		if !c.ErrorTime.IsZero() {
			state = InError
		}
		return key{c.ID, c.PatientID, c.EpisodeID, c.EmployerID, state, c.CreateTime}
	}}
}

// InError is the state in the table of what is registered in error: no list by state finds it, and it is under way no more.
const InError = "IN_ERROR"

// Meetings keeps dialogue meetings. ErrExists: one with the employer is under way.
func (s *Store) Meetings() Table[employerdialogue.Meeting] {
	return Table[employerdialogue.Meeting]{store: s, name: "dialogue_meeting", key: func(m employerdialogue.Meeting) key {
		state := string(m.State)
		if m.Error != nil {
			state = InError
		}
		return key{m.ID, m.PatientID, m.EpisodeID, m.EmployerID, state, m.CreateTime}
	}}
}

// Agreements keeps agreements.
func (s *Store) Agreements() Table[employerdialogue.Agreement] {
	return Table[employerdialogue.Agreement]{store: s, name: "agreement", key: func(a employerdialogue.Agreement) key {
		state := "MADE"
		if a.Error != nil {
			state = InError
		}
		return key{a.ID, a.PatientID, a.EpisodeID, a.EmployerID, state, a.CreateTime}
	}}
}

// Insert stores something new as revision 1 and returns it so. Errors: ErrExists.
func (t Table[T]) Insert(tx *sqldb.Tx, r Row[T]) (Row[T], error) {
	k := t.key(r.Value)
	sealed, err := t.store.seal(t.name, k.id, r.Value)
	if err != nil {
		return r, err
	}
	result, err := tx.Exec(`INSERT INTO `+t.name+` (id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, employer_id,
  state, create_time, update_time, sealed)
VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		k.id, k.patientID, r.CareProviderID, r.CareUnitID, k.episodeID, k.employerID, k.state, sqldb.Micros(k.createTime),
		sqldb.Micros(r.UpdateTime), sealed)
	if err != nil {
		return r, fmt.Errorf("insert %s: %w", t.name, err)
	}
	if err := changed(result, nil); err != nil {
		return r, ErrExists
	}
	r.Revision = 1
	return r, nil
}

// Update stores what became of a row whose Revision is the one that was read, and returns it with the next. Errors: ErrStale;
// ErrExists.
func (t Table[T]) Update(tx *sqldb.Tx, r Row[T]) (Row[T], error) {
	k := t.key(r.Value)
	sealed, err := t.store.seal(t.name, k.id, r.Value)
	if err != nil {
		return r, err
	}
	err = changed(tx.Exec(`UPDATE `+t.name+` SET revision = revision + 1, state = $3, update_time = $4, sealed = $5 WHERE id = $1 AND revision = $2`,
		k.id, r.Revision, k.state, sqldb.Micros(r.UpdateTime), sealed))
	switch {
	case errors.Is(err, ErrStale):
		return r, err
	case sqldb.IsUnique(err):
		return r, ErrExists
	case err != nil:
		return r, fmt.Errorf("update %s: %w", t.name, err)
	}
	r.Revision++
	return r, nil
}

const rowColumns = `id, revision, care_provider_id, care_unit_id, update_time, sealed`

// Get reads one of a patient of the care provider. Errors: ErrNotFound.
func (t Table[T]) Get(q sqldb.Querier, careProviderID, patientID, id string) (Row[T], error) {
	return t.one(q, "", careProviderID, patientID, id)
}

// Claim is Get for a write: the row stays locked until the transaction ends.
func (t Table[T]) Claim(tx *sqldb.Tx, careProviderID, patientID, id string) (Row[T], error) {
	return t.one(tx, tx.Dialect().ForUpdate(), careProviderID, patientID, id)
}

func (t Table[T]) one(q sqldb.Querier, lock, careProviderID, patientID, id string) (Row[T], error) {
	row := q.QueryRow(`SELECT `+rowColumns+` FROM `+t.name+` WHERE id = $1 AND patient_id = $2 AND care_provider_id = $3`+lock,
		id, patientID, careProviderID)
	found, err := t.scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return found, ErrNotFound
	}
	if err != nil {
		return found, fmt.Errorf("read %s: %w", t.name, err)
	}
	return found, nil
}

func (t Table[T]) scan(row scanner) (Row[T], error) {
	var r Row[T]
	var id string
	var updated int64
	var sealed []byte
	if err := row.Scan(&id, &r.Revision, &r.CareProviderID, &r.CareUnitID, &updated, &sealed); err != nil {
		return r, err
	}
	r.UpdateTime = sqldb.FromMicros(updated)
	return r, t.store.unseal(t.name, id, sealed, &r.Value)
}

// Filter narrows a list; empty fields take all.
type Filter struct {
	EpisodeID, EmployerID string
	States                []string
	Sound                 bool // without what is registered in error
}

// List reads a patient's, newest first by creation, at most limit, those after a position when one is given.
func (t Table[T]) List(q sqldb.Querier, careProviderID, patientID string, f Filter, after Position, limit int) ([]Row[T], error) {
	args := []any{patientID, careProviderID, limit}
	var where strings.Builder
	bind := func(value any) string {
		args = append(args, value)
		return fmt.Sprintf("$%d", len(args))
	}
	if f.EpisodeID != "" {
		where.WriteString(` AND care_episode_id = ` + bind(f.EpisodeID))
	}
	if f.EmployerID != "" {
		where.WriteString(` AND employer_id = ` + bind(f.EmployerID))
	}
	if len(f.States) > 0 {
		where.WriteString(` AND state IN (` + sqldb.In(len(args)+1, len(f.States)) + `)`)
		for _, state := range f.States {
			args = append(args, state)
		}
	}
	if f.Sound {
		where.WriteString(` AND state <> ` + bind(InError))
	}
	if after.ID != "" {
		where.WriteString(` AND (create_time, id) < (` + bind(sqldb.Micros(after.Time)) + `, ` + bind(after.ID) + `)`)
	}
	return query(q, t.name, t.scan, `SELECT `+rowColumns+` FROM `+t.name+` WHERE patient_id = $1 AND care_provider_id = $2`+where.String()+`
ORDER BY create_time DESC, id DESC LIMIT $3`, args...)
}
