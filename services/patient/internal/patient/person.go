package patient

import (
	"fmt"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// RecordState is the state of a patient record, spelled as in the API.
type RecordState string

// The states of a patient record. MERGED records name the one they were merged into.
const (
	Active             RecordState = "ACTIVE"
	Merged             RecordState = "MERGED"
	RecordInError      RecordState = "REGISTERED_IN_ERROR"
	organisationDigits             = 10
)

// Patient is a person who is followed at a care unit.
type Patient struct {
	ID, ProviderID, UnitID string
	Revision               int64
	Number                 IdentityNumber
	GivenName, FamilyName  string
	Phone, ContactWish     string
	ProtectedIdentity      bool
	Employments            []Job
	State                  RecordState
	MergedInto             string
	Error                  *ErrorMark
	Created, Updated       time.Time
}

// Job is work that a patient has, has had or is about to begin.
type Job struct {
	Employer           string
	OrganisationNumber string // NNNNNN-NNNN, "" when not known
	ExtentPercent      int    // of full time, 1–100
	Occupation         string
	Start, End         date.Day // inclusive; no day when not known, or while it goes on
}

// Registration is the order to register a patient.
type Registration struct {
	ID, ProviderID, UnitID string
	NumberKind             IdentityKind
	Number                 string
	GivenName, FamilyName  string
	Phone, ContactWish     string
	ProtectedIdentity      bool
	Employments            []Job
}

// Register makes a patient of a registration, or says everything that is wrong with it.
func Register(r Registration, now time.Time) (Patient, error) {
	var bad violations
	bad.required("patient.care_unit_id", r.UnitID)
	var number IdentityNumber
	if r.Number == "" {
		bad.required("patient.identity_number", "")
	} else {
		var problem *Problem
		number, problem = ParseIdentityNumber(r.NumberKind, r.Number, date.Of(now))
		bad.problem("patient.identity_number.value", problem)
	}
	p := Patient{
		ID: r.ID, ProviderID: r.ProviderID, UnitID: r.UnitID, Revision: 1, Number: number,
		GivenName: r.GivenName, FamilyName: r.FamilyName, Phone: r.Phone, ContactWish: r.ContactWish,
		ProtectedIdentity: r.ProtectedIdentity, Employments: r.Employments, State: Active, Created: now, Updated: now,
	}
	p.normalise()
	p.check(&bad)
	if err := bad.err(); err != nil {
		return Patient{}, err
	}
	return p, nil
}

// Change is what an update sets; nil leaves a field as it is.
type Change struct {
	GivenName, FamilyName *string
	Phone, ContactWish    *string
	ProtectedIdentity     *bool
	Employments           *[]Job
}

// Change returns the patient with the changes, at the next revision. PATIENT_NOT_ACTIVE when the record takes no more writing.
func (p Patient) Change(c Change, now time.Time) (Patient, error) {
	if err := p.CheckActive(); err != nil {
		return Patient{}, err
	}
	set(&p.GivenName, c.GivenName)
	set(&p.FamilyName, c.FamilyName)
	set(&p.Phone, c.Phone)
	set(&p.ContactWish, c.ContactWish)
	set(&p.ProtectedIdentity, c.ProtectedIdentity)
	set(&p.Employments, c.Employments)
	p.normalise()
	var bad violations
	p.check(&bad)
	if err := bad.err(); err != nil {
		return Patient{}, err
	}
	p.Revision++
	p.Updated = now
	return p, nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// RegisterInError marks the record as a mistake; its number is free again. An open episode must be dealt with first.
func (p Patient) RegisterInError(mark ErrorMark, openEpisode bool) (Patient, error) {
	if err := p.CheckActive(); err != nil {
		return Patient{}, err
	}
	if openEpisode {
		return Patient{}, &StateError{
			Reason: "PATIENT_HAS_OPEN_EPISODE", Text: "the patient has an open care episode; close it or register it in error first",
			State: string(p.State),
		}
	}
	if strings.TrimSpace(mark.Reason) == "" {
		return Patient{}, &InvalidError{[]Violation{{"reason", "FIELD_REQUIRED", "must be set"}}}
	}
	p.State, p.Error, p.Updated = RecordInError, &mark, mark.Time
	p.Revision++
	return p, nil
}

// CheckActive is nil while the record is in use, else PATIENT_NOT_ACTIVE.
func (p Patient) CheckActive() error { return CheckActive(p.State) }

// CheckActive is nil for a record in use, else PATIENT_NOT_ACTIVE.
func CheckActive(state RecordState) error {
	switch state {
	case Active:
		return nil
	case Merged:
		return &StateError{Reason: "PATIENT_NOT_ACTIVE", Text: "this record was merged into another of the same person; write there", State: string(state)}
	default:
		return &StateError{Reason: "PATIENT_NOT_ACTIVE", Text: "this record was registered in error and takes no more writing", State: string(state)}
	}
}

func (p *Patient) normalise() {
	p.GivenName, p.FamilyName = strings.TrimSpace(p.GivenName), strings.TrimSpace(p.FamilyName)
	jobs := make([]Job, len(p.Employments))
	for i, job := range p.Employments {
		job.Employer = strings.TrimSpace(job.Employer)
		if len(job.OrganisationNumber) == organisationDigits {
			job.OrganisationNumber = job.OrganisationNumber[:6] + "-" + job.OrganisationNumber[6:]
		}
		jobs[i] = job
	}
	p.Employments = jobs
}

func (p *Patient) check(bad *violations) {
	bad.required("patient.given_name", p.GivenName)
	bad.required("patient.family_name", p.FamilyName)
	for i, job := range p.Employments {
		field := fmt.Sprintf("patient.employments[%d]", i)
		bad.required(field+".employer_name", job.Employer)
		if !job.Start.IsZero() && !job.End.IsZero() && job.End.Before(job.Start) {
			bad.add(field+".end_date", "PERIOD_REVERSED", "must not lie before start_date")
		}
	}
}
