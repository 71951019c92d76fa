package patient

import (
	"strings"
	"time"
)

// CareProvider is the wall that no patient data crosses (vårdgivare, Patient Data Act).
type CareProvider struct {
	ID, Name, HSAID  string
	Revision         int64
	Created, Updated time.Time
}

// NewCareProvider checks and completes a new care provider.
func NewCareProvider(p CareProvider, now time.Time) (CareProvider, error) {
	var bad violations
	p.Name = strings.TrimSpace(p.Name)
	bad.required("care_provider.display_name", p.Name)
	bad.required("care_provider.hsa_id", p.HSAID)
	p.Revision, p.Created, p.Updated = 1, now, now
	return p, bad.err()
}

// Rename returns the care provider with another name, at the next revision; nil leaves the name.
func (p CareProvider) Rename(name *string, now time.Time) (CareProvider, error) {
	var bad violations
	set(&p.Name, name)
	p.Name = strings.TrimSpace(p.Name)
	bad.required("care_provider.display_name", p.Name)
	p.Revision++
	p.Updated = now
	return p, bad.err()
}

// CareUnit is where patients belong and staff work together (vårdenhet).
type CareUnit struct {
	ID, ProviderID, Name, HSAID, Phone string
	Revision                           int64
	Created, Updated                   time.Time
}

// NewCareUnit checks and completes a new care unit.
func NewCareUnit(u CareUnit, now time.Time) (CareUnit, error) {
	var bad violations
	u.Name = strings.TrimSpace(u.Name)
	bad.required("care_unit.care_provider_id", u.ProviderID)
	bad.required("care_unit.display_name", u.Name)
	bad.required("care_unit.hsa_id", u.HSAID)
	u.Revision, u.Created, u.Updated = 1, now, now
	return u, bad.err()
}

// Change returns the unit with another name or telephone number, at the next revision; nil leaves a field.
func (u CareUnit) Change(name, phone *string, now time.Time) (CareUnit, error) {
	var bad violations
	set(&u.Name, name)
	set(&u.Phone, phone)
	u.Name = strings.TrimSpace(u.Name)
	bad.required("care_unit.display_name", u.Name)
	u.Revision++
	u.Updated = now
	return u, bad.err()
}
