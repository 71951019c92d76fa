package employerdialogue

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Firm is an employer of a care provider's patients.
type Firm struct {
	ID, CareProviderID string
	Number             string // organisation number with the hyphen; empty when not known
	Name               string
	Workplaces         []Workplace
	CreateTime         time.Time
}

// Workplace is one of an employer's.
type Workplace struct{ ID, Name, Address string }

// OrganisationNumber writes an organisation number (or a sole trader's identity number) as NNNNNN-NNNN. Its last digit is the
// Luhn check digit of the nine before it (Swedish Tax Agency, SKV 709).
func OrganisationNumber(text string) (string, bool) {
	digits := strings.Replace(text, "-", "", 1)
	if len(digits) != 10 {
		return "", false
	}
	sum := 0
	for i, r := range digits {
		if r < '0' || r > '9' {
			return "", false
		}
		d := int(r - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return digits[:6] + "-" + digits[6:], sum%10 == 0
}

// Check puts an employer in order and refuses one that is not. Before is what it was, for the ids of its workplaces; newID
// makes those of new ones.
func (f Firm) Check(before Firm, newID func() string) (Firm, error) {
	var wrong violations
	wrong.required("employer.display_name", f.Name)
	if f.Number != "" {
		number, sound := OrganisationNumber(f.Number)
		if !sound {
			wrong.add("employer.organisation_number", ReasonOrganisationNumber, "its check digit is wrong")
		}
		f.Number = number
	}
	f.Workplaces = slices.Clone(f.Workplaces)
	for i, w := range f.Workplaces {
		switch {
		case w.ID == "":
			f.Workplaces[i].ID = newID()
		case !slices.ContainsFunc(before.Workplaces, func(b Workplace) bool { return b.ID == w.ID }):
			wrong.add(fmt.Sprintf("employer.workplaces[%d].workplace_id", i), ReasonWorkplaceNotFound, "the employer has no such workplace")
		}
	}
	return f, wrong.err()
}

// Person is somebody at an employer to talk with.
type Person struct {
	ID, EmployerID               string
	Name, Function, Phone, Email string
	Retired                      bool
	CreateTime                   time.Time
}

// Check refuses a person without a name.
func (p Person) Check() error {
	var wrong violations
	wrong.required("contact_person.display_name", p.Name)
	return wrong.err()
}
