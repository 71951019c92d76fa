package api

import (
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

// LocateEmployer tells where an employer stands: at its care provider.
func (s *Server) LocateEmployer(ctx context.Context, employerID string) (access.Place, bool, error) {
	provider, err := s.Store.Provider(s.read(ctx), employerID)
	if errors.Is(err, store.ErrNotFound) {
		return access.Place{}, false, nil
	}
	return access.Place{ProviderID: provider}, err == nil, err
}

func employerTo(f store.Firm) *employerdialoguev1.Employer {
	e := &employerdialoguev1.Employer{
		EmployerId: f.ID, CareProviderId: f.CareProviderID, OrganisationNumber: f.Number, DisplayName: f.Name,
		Etag: page.Etag(f.Revision), CreateTime: instant(f.CreateTime), UpdateTime: instant(f.UpdateTime),
	}
	for _, w := range f.Workplaces {
		e.Workplaces = append(e.Workplaces, &employerdialoguev1.Workplace{WorkplaceId: w.ID, DisplayName: w.Name, Address: w.Address})
	}
	return e
}

func workplacesOf(e *employerdialoguev1.Employer) []employerdialogue.Workplace {
	var workplaces []employerdialogue.Workplace
	for _, w := range e.GetWorkplaces() {
		workplaces = append(workplaces, employerdialogue.Workplace{ID: w.GetWorkplaceId(), Name: w.GetDisplayName(), Address: w.GetAddress()})
	}
	return workplaces
}

func employerExists(err error) error {
	if errors.Is(err, store.ErrExists) {
		return fault.Exists(reason(employerdialoguev1.Reason_EMPLOYER_EXISTS), "the care provider has an employer of that organisation number; look it up")
	}
	return refusal(err)
}

// tellEmployer tells of an employer, whose contact persons count as a part of it.
func tellEmployer(tx *act.Tx, event string, f store.Firm) error {
	return tx.Emit(act.Event{
		Type: event, ResourceID: f.ID, Revision: f.Revision, Place: access.Place{ProviderID: f.CareProviderID},
		Snapshot: &employerdialoguev1.EmployerSnapshot{EmployerId: f.ID},
	})
}

// CreateEmployer enters an employer.
func (s *Server) CreateEmployer(ctx context.Context, r *employerdialoguev1.CreateEmployerRequest) (*employerdialoguev1.Employer, error) {
	return act.Do(ctx, s.Acts, r, func(tx *act.Tx) (*employerdialoguev1.Employer, error) {
		e := r.GetEmployer()
		firm, err := employerdialogue.Firm{
			ID: tx.NewID(), CareProviderID: tx.Place.ProviderID, Number: e.GetOrganisationNumber(), Name: e.GetDisplayName(),
			Workplaces: workplacesOf(e), CreateTime: tx.Now,
		}.Check(employerdialogue.Firm{}, tx.NewID)
		if err != nil {
			return nil, refusal(err)
		}
		row, err := s.Store.InsertEmployer(tx.Tx, store.Firm{Firm: firm, UpdateTime: tx.Now})
		if err != nil {
			return nil, employerExists(err)
		}
		return employerTo(row), tellEmployer(tx, "employer.created", row)
	})
}

// GetEmployer reads an employer.
func (s *Server) GetEmployer(ctx context.Context, r *employerdialoguev1.GetEmployerRequest) (*employerdialoguev1.Employer, error) {
	row, err := s.Store.Employer(s.read(ctx), access.PlaceFrom(ctx).ProviderID, r.GetEmployerId())
	if err != nil {
		return nil, absentEmployer(err)
	}
	return employerTo(row), nil
}

func absentEmployer(err error) error {
	return absent(err, employerdialoguev1.Reason_EMPLOYER_NOT_FOUND, "the care provider has no such employer")
}

// LookupEmployer finds an employer by its number.
func (s *Server) LookupEmployer(ctx context.Context, r *employerdialoguev1.LookupEmployerRequest) (*employerdialoguev1.Employer, error) {
	number, sound := employerdialogue.OrganisationNumber(r.GetOrganisationNumber())
	if !sound {
		return nil, fault.Invalid(fault.Violation{
			Field: "organisation_number", Reason: employerdialogue.ReasonOrganisationNumber, Message: "its check digit is wrong",
		})
	}
	caller, _ := identity.FromContext(ctx)
	units := access.UnitsFrom(ctx) // where one of the rule's roles is held
	for _, a := range caller.Assignments {
		if !slices.Contains(units, a.UnitID) {
			continue
		}
		row, err := s.Store.EmployerByNumber(s.read(ctx), a.ProviderID, number)
		if err == nil {
			return employerTo(row), nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return nil, absentEmployer(store.ErrNotFound)
}

// ListEmployers lists the employers of a care provider.
func (s *Server) ListEmployers(ctx context.Context, r *employerdialoguev1.ListEmployersRequest) (*employerdialoguev1.ListEmployersResponse, error) {
	w, err := s.window("ListEmployers "+r.GetCareProviderId(), r.GetPageSize(), r.GetPageToken(), 1)
	if err != nil {
		return nil, err
	}
	rows, err := s.Store.Employers(s.read(ctx), access.PlaceFrom(ctx).ProviderID, w.afterID(), w.size+1)
	if err != nil {
		return nil, err
	}
	answer := &employerdialoguev1.ListEmployersResponse{}
	rows, answer.NextPageToken = cut(s, w, rows, func(f store.Firm) []string { return []string{f.ID} })
	for _, row := range rows {
		answer.Employers = append(answer.Employers, employerTo(row))
	}
	return answer, nil
}

// paths are the fields that an update changes: those of the mask, of all for *, or without a mask those that are set.
func paths(mask *fieldmaskpb.FieldMask, changeable map[string]bool, kept ...string) ([]string, error) {
	var found []string
	named := mask.GetPaths()
	every := len(named) == 1 && named[0] == "*"
	if len(named) == 0 || every {
		for path, set := range changeable {
			if set || every {
				found = append(found, path)
			}
		}
		return found, nil
	}
	for _, path := range named {
		path, _, _ = strings.Cut(path, ".")
		_, known := changeable[path]
		isKept := false
		for _, k := range kept {
			isKept = isKept || k == path
		}
		if !known && !isKept {
			return nil, fault.Invalid(fault.Violation{
				Field: "update_mask", Reason: reason(employerdialoguev1.Reason_FIELD_NOT_UPDATABLE), Message: "names a field that is not there or never changes",
			})
		}
		if known {
			found = append(found, path)
		}
	}
	return found, nil
}

// UpdateEmployer changes an employer.
func (s *Server) UpdateEmployer(ctx context.Context, r *employerdialoguev1.UpdateEmployerRequest) (*employerdialoguev1.Employer, error) {
	return act.Do(ctx, s.Acts, r, func(tx *act.Tx) (*employerdialoguev1.Employer, error) {
		e := r.GetEmployer()
		row, err := s.Store.ClaimEmployer(tx.Tx, tx.Place.ProviderID, e.GetEmployerId())
		if err != nil {
			return nil, absentEmployer(err)
		}
		if err := tx.CheckEtag(e.GetEtag(), row.Revision); err != nil {
			return nil, err
		}
		fields, err := paths(r.GetUpdateMask(), map[string]bool{
			"organisation_number": e.GetOrganisationNumber() != "", "display_name": e.GetDisplayName() != "", "workplaces": len(e.GetWorkplaces()) > 0,
		}, "employer_id", "care_provider_id", "etag", "create_time", "update_time")
		if err != nil {
			return nil, err
		}
		before := row.Firm
		for _, field := range fields {
			switch field {
			case "organisation_number":
				row.Number = e.GetOrganisationNumber()
			case "display_name":
				row.Name = e.GetDisplayName()
			default:
				row.Workplaces = workplacesOf(e)
			}
		}
		if row.Firm, err = row.Check(before, tx.NewID); err != nil {
			return nil, refusal(err)
		}
		row.UpdateTime = tx.Now
		if row, err = s.Store.UpdateEmployer(tx.Tx, row); err != nil {
			return nil, employerExists(err)
		}
		return employerTo(row), tellEmployer(tx, "employer.updated", row)
	})
}

func personTo(p store.Person) *employerdialoguev1.ContactPerson {
	return &employerdialoguev1.ContactPerson{
		ContactPersonId: p.ID, EmployerId: p.EmployerID, DisplayName: p.Name, Function: p.Function, PhoneNumber: p.Phone, Email: p.Email,
		Retired: p.Retired, Etag: page.Etag(p.Revision), CreateTime: instant(p.CreateTime), UpdateTime: instant(p.UpdateTime),
	}
}

// touchEmployer bumps the employer that a contact person belongs to, and tells of it.
func (s *Server) touchEmployer(tx *act.Tx, employerID string) error {
	row, err := s.Store.ClaimEmployer(tx.Tx, tx.Place.ProviderID, employerID)
	if err != nil {
		return absentEmployer(err)
	}
	row.UpdateTime = tx.Now
	if row, err = s.Store.UpdateEmployer(tx.Tx, row); err != nil {
		return refusal(err)
	}
	return tellEmployer(tx, "employer.updated", row)
}

// CreateContactPerson enters somebody to talk with.
func (s *Server) CreateContactPerson(ctx context.Context, r *employerdialoguev1.CreateContactPersonRequest) (*employerdialoguev1.ContactPerson, error) {
	return act.Do(ctx, s.Acts, r, func(tx *act.Tx) (*employerdialoguev1.ContactPerson, error) {
		p := r.GetContactPerson()
		person := employerdialogue.Person{
			ID: tx.NewID(), EmployerID: p.GetEmployerId(), Name: p.GetDisplayName(), Function: p.GetFunction(), Phone: p.GetPhoneNumber(),
			Email: p.GetEmail(), Retired: p.GetRetired(), CreateTime: tx.Now,
		}
		if err := person.Check(); err != nil {
			return nil, refusal(err)
		}
		if err := s.touchEmployer(tx, person.EmployerID); err != nil {
			return nil, err
		}
		row, err := s.Store.InsertPerson(tx.Tx, store.Person{Person: person, UpdateTime: tx.Now})
		return personTo(row), err
	})
}

// GetContactPerson reads a contact person.
func (s *Server) GetContactPerson(ctx context.Context, r *employerdialoguev1.GetContactPersonRequest) (*employerdialoguev1.ContactPerson, error) {
	row, err := s.Store.Person(s.read(ctx), r.GetEmployerId(), r.GetContactPersonId())
	if err != nil {
		return nil, absentPerson(err)
	}
	return personTo(row), nil
}

// ListContactPersons lists the contact persons of an employer.
func (s *Server) ListContactPersons(ctx context.Context, r *employerdialoguev1.ListContactPersonsRequest) (*employerdialoguev1.ListContactPersonsResponse, error) {
	w, err := s.window("ListContactPersons "+r.GetEmployerId(), r.GetPageSize(), r.GetPageToken(), 1)
	if err != nil {
		return nil, err
	}
	rows, err := s.Store.Persons(s.read(ctx), r.GetEmployerId(), w.afterID(), w.size+1)
	if err != nil {
		return nil, err
	}
	answer := &employerdialoguev1.ListContactPersonsResponse{}
	rows, answer.NextPageToken = cut(s, w, rows, func(p store.Person) []string { return []string{p.ID} })
	for _, row := range rows {
		answer.ContactPersons = append(answer.ContactPersons, personTo(row))
	}
	return answer, nil
}

func absentPerson(err error) error {
	return absent(err, employerdialoguev1.Reason_CONTACT_PERSON_NOT_FOUND, "the employer has no such contact person")
}

// UpdateContactPerson changes a contact person.
func (s *Server) UpdateContactPerson(ctx context.Context, r *employerdialoguev1.UpdateContactPersonRequest) (*employerdialoguev1.ContactPerson, error) {
	return act.Do(ctx, s.Acts, r, func(tx *act.Tx) (*employerdialoguev1.ContactPerson, error) {
		p := r.GetContactPerson()
		if err := s.touchEmployer(tx, p.GetEmployerId()); err != nil {
			return nil, err
		}
		row, err := s.Store.Person(tx, p.GetEmployerId(), p.GetContactPersonId())
		if err != nil {
			return nil, absentPerson(err)
		}
		if err := tx.CheckEtag(p.GetEtag(), row.Revision); err != nil {
			return nil, err
		}
		fields, err := paths(r.GetUpdateMask(), map[string]bool{
			"display_name": p.GetDisplayName() != "", "function": p.GetFunction() != "", "phone_number": p.GetPhoneNumber() != "",
			"email": p.GetEmail() != "", "retired": p.GetRetired(),
		}, "contact_person_id", "employer_id", "etag", "create_time", "update_time")
		if err != nil {
			return nil, err
		}
		for _, field := range fields {
			switch field {
			case "display_name":
				row.Name = p.GetDisplayName()
			case "function":
				row.Function = p.GetFunction()
			case "phone_number":
				row.Phone = p.GetPhoneNumber()
			case "email":
				row.Email = p.GetEmail()
			default:
				row.Retired = p.GetRetired()
			}
		}
		if err := row.Check(); err != nil {
			return nil, refusal(err)
		}
		row.UpdateTime = tx.Now
		if row, err = s.Store.UpdatePerson(tx.Tx, row); err != nil {
			return nil, refusal(err)
		}
		return personTo(row), nil
	})
}
