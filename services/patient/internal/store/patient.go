package store

import (
	"database/sql"
	"fmt"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
)

// patientSecrets is what is sealed of a patient.
type patientSecrets struct {
	Kind        string     `json:"k"`
	Number      string     `json:"n"`
	GivenName   string     `json:"g"`
	FamilyName  string     `json:"f"`
	Phone       string     `json:"p,omitempty"`
	ContactWish string     `json:"w,omitempty"`
	Jobs        []job      `json:"j,omitempty"`
	Error       *errorMark `json:"e,omitempty"`
}

type job struct {
	Employer           string   `json:"n"`
	OrganisationNumber string   `json:"o,omitempty"`
	ExtentPercent      int      `json:"x"`
	Occupation         string   `json:"w,omitempty"`
	Start              date.Day `json:"s,omitzero"`
	End                date.Day `json:"e,omitzero"`
}

type errorMark struct {
	Reason         string `json:"r"`
	PractitionerID string `json:"p,omitempty"`
	Time           int64  `json:"t"`
}

func packMark(m *patient.ErrorMark) *errorMark {
	if m == nil {
		return nil
	}
	return &errorMark{Reason: m.Reason, PractitionerID: m.PractitionerID, Time: sqldb.Micros(m.Time)}
}

func (m *errorMark) unpack() *patient.ErrorMark {
	if m == nil {
		return nil
	}
	return &patient.ErrorMark{Reason: m.Reason, PractitionerID: m.PractitionerID, Time: sqldb.FromMicros(m.Time)}
}

const (
	insertPatient = `INSERT INTO patient (patient_id, care_provider_id, care_unit_id, identity_hash, state, protected_identity, merged_into, sealed, revision, activity, created, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11) ON CONFLICT (care_provider_id, identity_hash) WHERE state = 'ACTIVE' DO NOTHING`
	updatePatient = `UPDATE patient SET revision = $3, state = $4, protected_identity = $5, merged_into = $6, sealed = $7, updated = $8
WHERE patient_id = $1 AND revision = $2`
	selectPatient = `SELECT patient_id, care_provider_id, care_unit_id, state, protected_identity, merged_into, sealed, revision, created, updated FROM patient `
)

// InsertPatient adds a patient; ErrExists when an active patient of the care provider has the number.
func (s *Store) InsertPatient(tx *sqldb.Tx, p patient.Patient) error {
	sealed, err := s.sealPatient(p)
	if err != nil {
		return err
	}
	result, err := tx.Exec(insertPatient, p.ID, p.ProviderID, p.UnitID, s.numberHash(p.ProviderID, p.Number), string(p.State),
		p.ProtectedIdentity, p.MergedInto, sealed, p.Revision, sqldb.Micros(p.Created), sqldb.Micros(p.Updated))
	return one(result, err, "insert patient", ErrExists)
}

// UpdatePatient writes the next revision of a patient; ErrStale when it is not next.
func (s *Store) UpdatePatient(tx *sqldb.Tx, p patient.Patient) error {
	sealed, err := s.sealPatient(p)
	if err != nil {
		return err
	}
	result, err := tx.Exec(updatePatient, p.ID, p.Revision-1, p.Revision, string(p.State), p.ProtectedIdentity, p.MergedInto, sealed, sqldb.Micros(p.Updated))
	return one(result, err, "update patient", ErrStale)
}

// Patient reads a patient of a care provider.
func (s *Store) Patient(q sqldb.Querier, providerID, id string) (patient.Patient, error) {
	p, err := s.scanPatient(q.QueryRow(selectPatient+`WHERE patient_id = $1 AND care_provider_id = $2`, id, providerID))
	return p, found(err, "read patient")
}

// Patients reads a page of the patients of units in a state, after an id, in order of id.
func (s *Store) Patients(q sqldb.Querier, unitIDs []string, state patient.RecordState, after string, limit int) ([]patient.Patient, error) {
	rows, err := q.Query(selectPatient+`WHERE care_unit_id IN (`+sqldb.In(4, len(unitIDs))+`) AND state = $1 AND patient_id > $2 ORDER BY patient_id LIMIT $3`,
		texts([]any{string(state), after, limit}, unitIDs)...)
	return s.collectPatients(rows, err, "list patients")
}

// ActiveOf reads those of some patients, 1 or more, whose record is active and who belong to a unit, in order of id.
func (s *Store) ActiveOf(q sqldb.Querier, unitID string, ids []string) ([]patient.Patient, error) {
	rows, err := q.Query(selectPatient+`WHERE patient_id IN (`+sqldb.In(3, len(ids))+`) AND care_unit_id = $1 AND state = $2 ORDER BY patient_id`,
		texts([]any{unitID, string(patient.Active)}, ids)...)
	return s.collectPatients(rows, err, "read patients of a unit")
}

func (s *Store) collectPatients(rows *sql.Rows, err error, what string) ([]patient.Patient, error) {
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	var all []patient.Patient
	err = each(rows, what, func(row *sql.Rows) error {
		p, err := s.scanPatient(row)
		all = append(all, p)
		return err
	})
	return all, err
}

// Lookup finds the active patient with an identity number at one of the units, which may be several providers'.
func (s *Store) Lookup(q sqldb.Querier, providerIDs, unitIDs []string, number patient.IdentityNumber) (patient.Patient, error) {
	var args []any
	for _, provider := range providerIDs {
		args = append(args, s.numberHash(provider, number))
	}
	text := selectPatient + `WHERE identity_hash IN (` + sqldb.In(1, len(args)) + `)`
	text += ` AND care_provider_id IN (` + sqldb.In(len(args)+1, len(providerIDs)) + `)`
	args = texts(args, providerIDs)
	text += ` AND care_unit_id IN (` + sqldb.In(len(args)+1, len(unitIDs)) + `) AND state = 'ACTIVE' ORDER BY patient_id LIMIT 1`
	p, err := s.scanPatient(q.QueryRow(text, texts(args, unitIDs)...))
	return p, found(err, "look up a patient")
}

const patientByNumber = `SELECT patient_id, care_unit_id FROM patient WHERE care_provider_id = $1 AND identity_hash = $2 AND state = 'ACTIVE'`

// WhoHas tells the id and unit of the active patient of a care provider who has an identity number.
func (s *Store) WhoHas(q sqldb.Querier, providerID string, number patient.IdentityNumber) (patientID, unitID string, err error) {
	err = q.QueryRow(patientByNumber, providerID, s.numberHash(providerID, number)).Scan(&patientID, &unitID)
	return patientID, unitID, found(err, "read who has a number")
}

// Place is where a patient belongs, by which revision of the record.
type Place struct {
	ProviderID, UnitID string
	Revision           int64
}

const patientPlace = `SELECT care_provider_id, care_unit_id, revision FROM patient WHERE patient_id = $1`

// PatientPlace tells where a patient belongs, whatever the record's state.
func (s *Store) PatientPlace(q sqldb.Querier, id string) (Place, error) {
	var p Place
	err := q.QueryRow(patientPlace, id).Scan(&p.ProviderID, &p.UnitID, &p.Revision)
	return p, found(err, "read where a patient belongs")
}

const touchPatient = `UPDATE patient SET activity = activity + 1 WHERE patient_id = $1 AND care_provider_id = $2 RETURNING state`

// Touch takes a patient for this transaction: it is the first statement of every write to the patient's episodes and consents,
// which thereby come one after the other. It tells the state of the record.
func (s *Store) Touch(tx *sqldb.Tx, providerID, patientID string) (patient.RecordState, error) {
	var state patient.RecordState
	err := tx.QueryRow(touchPatient, patientID, providerID).Scan(&state)
	return state, found(err, "take a patient")
}

func (s *Store) sealPatient(p patient.Patient) ([]byte, error) {
	secrets := patientSecrets{
		Kind: string(p.Number.Kind), Number: p.Number.Value, GivenName: p.GivenName, FamilyName: p.FamilyName,
		Phone: p.Phone, ContactWish: p.ContactWish, Error: packMark(p.Error),
	}
	for _, j := range p.Employments {
		secrets.Jobs = append(secrets.Jobs, job(j))
	}
	return s.seal(secrets, "patient", p.ProviderID, p.ID)
}

func (s *Store) scanPatient(row scanner) (patient.Patient, error) {
	var p patient.Patient
	var sealed []byte
	var created, updated int64
	if err := row.Scan(&p.ID, &p.ProviderID, &p.UnitID, &p.State, &p.ProtectedIdentity, &p.MergedInto, &sealed, &p.Revision, &created, &updated); err != nil {
		return p, err
	}
	var secrets patientSecrets
	if err := s.open(sealed, &secrets, "patient", p.ProviderID, p.ID); err != nil {
		return p, err
	}
	p.Number = patient.IdentityNumber{Kind: patient.IdentityKind(secrets.Kind), Value: secrets.Number}
	p.GivenName, p.FamilyName, p.Phone, p.ContactWish = secrets.GivenName, secrets.FamilyName, secrets.Phone, secrets.ContactWish
	p.Error = secrets.Error.unpack()
	for _, j := range secrets.Jobs {
		p.Employments = append(p.Employments, patient.Job(j))
	}
	p.Created, p.Updated = sqldb.FromMicros(created), sqldb.FromMicros(updated)
	return p, nil
}
