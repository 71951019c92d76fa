package patient

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Practitioner is a member of staff of one care provider.
type Practitioner struct {
	ID, ProviderID        string
	Revision              int64
	GivenName, FamilyName string
	HSAID                 string
	Phone                 string
	Employments           []Employment
	Created, Updated      time.Time
}

// Employment is work at one unit in some roles for a period.
type Employment struct {
	UnitID     string
	Roles      []Role
	Start, End date.Day // inclusive; no End while none is known
	Locum      bool
}

// covers tells whether the employment is in force on a day.
func (e Employment) covers(day date.Day) bool {
	return !day.Before(e.Start) && (e.End.IsZero() || !day.After(e.End))
}

// Holds tells whether the practitioner has a role at a unit on a day.
func (p Practitioner) Holds(role Role, unitID string, day date.Day) bool {
	return slices.ContainsFunc(p.Employments, func(e Employment) bool {
		return e.UnitID == unitID && e.covers(day) && slices.Contains(e.Roles, role)
	})
}

// Hire checks and normalises a new member of staff. providerOf tells which care provider runs a unit, "" when there is none.
func Hire(p Practitioner, providerOf func(unitID string) string, now time.Time) (Practitioner, error) {
	var bad violations
	bad.required("practitioner.care_provider_id", p.ProviderID)
	bad.required("practitioner.hsa_id", p.HSAID)
	p.Revision, p.Created, p.Updated = 1, now, now
	return p.checked(bad, providerOf)
}

// StaffChange is what an update sets; nil leaves a field as it is.
type StaffChange struct {
	GivenName, FamilyName, Phone *string
	Employments                  *[]Employment
}

// Change returns the practitioner with the changes, at the next revision.
func (p Practitioner) Change(c StaffChange, providerOf func(unitID string) string, now time.Time) (Practitioner, error) {
	set(&p.GivenName, c.GivenName)
	set(&p.FamilyName, c.FamilyName)
	set(&p.Phone, c.Phone)
	set(&p.Employments, c.Employments)
	p.Revision++
	p.Updated = now
	return p.checked(nil, providerOf)
}

func (p Practitioner) checked(bad violations, providerOf func(unitID string) string) (Practitioner, error) {
	p.GivenName, p.FamilyName = strings.TrimSpace(p.GivenName), strings.TrimSpace(p.FamilyName)
	bad.required("practitioner.given_name", p.GivenName)
	bad.required("practitioner.family_name", p.FamilyName)
	for i, e := range p.Employments {
		field := fmt.Sprintf("practitioner.employments[%d]", i)
		if provider := providerOf(e.UnitID); provider == "" || provider != p.ProviderID {
			bad.add(field+".care_unit_id", "UNIT_OF_OTHER_PROVIDER", "must be a unit of the practitioner's care provider")
		}
		if len(e.Roles) == 0 {
			bad.add(field+".roles", "FIELD_REQUIRED", "must name at least one role")
		}
		if e.Start.IsZero() {
			bad.add(field+".start_date", "FIELD_REQUIRED", "must be set")
		}
		switch {
		case e.End.IsZero() && e.Locum:
			bad.add(field+".end_date", "LOCUM_NEEDS_END", "must be set for a locum")
		case !e.End.IsZero() && e.End.Before(e.Start):
			bad.add(field+".end_date", "PERIOD_REVERSED", "must not lie before start_date")
		}
	}
	if err := bad.err(); err != nil {
		return Practitioner{}, err
	}
	p.Employments = slices.Clone(p.Employments)
	slices.SortStableFunc(p.Employments, func(a, b Employment) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.UnitID, b.UnitID))
	})
	return p, nil
}

// EndEmployment ends the employments at a unit, or at all units when unitID is "", with a last day. One that would begin after
// that day is removed; one that ends before it stays. EMPLOYMENT_ENDED when nothing is left to end.
func (p Practitioner) EndEmployment(unitID string, last date.Day, now time.Time) (Practitioner, error) {
	var kept []Employment
	changed := false
	for _, e := range p.Employments {
		switch {
		case unitID != "" && e.UnitID != unitID, !e.End.IsZero() && !e.End.After(last):
		case e.Start.After(last):
			changed = true
			continue
		default:
			e.End = last
			changed = true
		}
		kept = append(kept, e)
	}
	if !changed {
		return Practitioner{}, &StateError{
			Reason: "EMPLOYMENT_ENDED", Text: "no employment goes on after that day, so there is nothing to end", State: "ENDED",
		}
	}
	p.Employments = kept
	p.Revision++
	p.Updated = now
	return p, nil
}
