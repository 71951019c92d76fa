package api

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

type contactRow = store.Row[employerdialogue.Contact]

func contactTo(r contactRow) *employerdialoguev1.EmployerContact {
	c := r.Value
	told := &employerdialoguev1.EmployerContact{
		EmployerContactId: c.ID, PatientId: c.PatientID, CareEpisodeId: c.EpisodeID, EmployerId: c.EmployerID,
		Kind:            contactKind(c),
		ContactPersonId: c.PersonID, ContactDate: c.Day.String(), EmployerView: c.EmployerView, PossibleTasks: c.PossibleTasks,
		Cooperation: named[employerdialoguev1.EmployerContact_Cooperation](employerdialoguev1.EmployerContact_Cooperation_value, c.Cooperation),
		Hindrance:   c.Hindrance, InformationVersion: c.InformationVersion, Note: c.Note, AcknowledgeTime: instant(c.AcknowledgeTime),
		PractitionerId: c.PractitionerID, Etag: page.Etag(r.Revision), CreateTime: instant(c.CreateTime), UpdateTime: instant(r.UpdateTime),
	}
	for _, a := range c.Adaptations {
		told.PossibleAdaptations = append(told.PossibleAdaptations, named[employerdialoguev1.Adaptation](employerdialoguev1.Adaptation_value, a))
	}
	for _, w := range c.Warnings {
		told.Warnings = append(told.Warnings, named[employerdialoguev1.EmployerContact_Warning](employerdialoguev1.EmployerContact_Warning_value, w))
	}
	if !c.ErrorTime.IsZero() {
		told.ErrorMark = &employerdialoguev1.ErrorMark{Reason: c.ErrorReason, PractitionerId: c.ErrorBy, MarkTime: instant(c.ErrorTime)}
	}
	return told
}

func contactKind(c employerdialogue.Contact) employerdialoguev1.EmployerContact_Kind {
	return named[employerdialoguev1.EmployerContact_Kind](employerdialoguev1.EmployerContact_Kind_value, c.Kind)
}

func tellContact(tx *act.Tx, event string, r contactRow) (*employerdialoguev1.EmployerContact, error) {
	c := r.Value
	return contactTo(r), tx.Emit(act.Event{
		Type: event, ResourceID: c.ID, Revision: r.Revision, PatientID: c.PatientID,
		Snapshot: &employerdialoguev1.EmployerContactSnapshot{
			EmployerContactId: c.ID, CareEpisodeId: c.EpisodeID, EmployerId: c.EmployerID, Kind: contactKind(c), ContactDate: c.Day.String(),
			AcknowledgeTime: instant(c.AcknowledgeTime), RegisteredInError: !c.ErrorTime.IsZero(),
		},
	})
}

// parties refuses an employer that the care provider does not have, and a person whom the employer does not.
func (s *Server) parties(tx *act.Tx, employerID, personID string) error {
	if _, err := s.Store.Employer(tx, tx.Place.ProviderID, employerID); err != nil {
		return absentEmployer(err)
	}
	if personID == "" {
		return nil
	}
	_, err := s.Store.Person(tx, employerID, personID)
	if err != nil {
		return absentPerson(err)
	}
	return nil
}

// CreateEmployerContact records a contact with the employer.
func (s *Server) CreateEmployerContact(ctx context.Context, r *employerdialoguev1.CreateEmployerContactRequest) (*employerdialoguev1.EmployerContact, error) {
	c := r.GetEmployerContact()
	consents, err := s.consents(ctx, c.GetPatientId(), c.GetEmployerId())
	if err != nil {
		return nil, err
	}
	learnt, err := s.learnEpisode(ctx, c.GetPatientId(), c.GetCareEpisodeId())
	if err != nil {
		return nil, err
	}
	return act.Do(ctx, s.Acts, r, func(tx *act.Tx) (*employerdialoguev1.EmployerContact, error) {
		by, err := actor(tx)
		if err != nil {
			return nil, err
		}
		if err := s.current(tx, c.GetPatientId(), consents); err != nil {
			return nil, err
		}
		if err := s.parties(tx, c.GetEmployerId(), c.GetContactPersonId()); err != nil {
			return nil, err
		}
		if err := s.openEpisode(tx, c.GetPatientId(), c.GetCareEpisodeId(), learnt); err != nil {
			return nil, err
		}
		signs, _, err := s.signs(tx, tx.Place, c.GetPatientId(), c.GetCareEpisodeId(), c.GetEmployerId(), consents)
		if err != nil {
			return nil, err
		}
		contact := employerdialogue.Contact{
			ID: tx.NewID(), PatientID: c.GetPatientId(), EpisodeID: c.GetCareEpisodeId(), EmployerID: c.GetEmployerId(),
			PersonID: c.GetContactPersonId(), Kind: nameOf(c.GetKind()), Day: dayOf(c.GetContactDate()), EmployerView: c.GetEmployerView(),
			PossibleTasks: c.GetPossibleTasks(), Cooperation: nameOf(c.GetCooperation()), Hindrance: c.GetHindrance(),
			InformationVersion: c.GetInformationVersion(), Note: c.GetNote(),
		}
		for _, a := range c.GetPossibleAdaptations() {
			contact.Adaptations = append(contact.Adaptations, nameOf(a))
		}
		if contact, err = employerdialogue.Record(by, signs, contact); err != nil {
			return nil, refusal(err)
		}
		row, err := s.Store.Contacts().Insert(tx.Tx, contactRow{
			Value: contact, CareProviderID: tx.Place.ProviderID, CareUnitID: tx.Place.UnitID, UpdateTime: tx.Now,
		})
		if err != nil {
			return nil, err
		}
		return tellContact(tx, "employer_contact.recorded", row)
	})
}

func absentContact(err error) error {
	return absent(err, employerdialoguev1.Reason_EMPLOYER_CONTACT_NOT_FOUND, "the patient has no such contact with an employer")
}

// GetEmployerContact reads a contact.
func (s *Server) GetEmployerContact(ctx context.Context, r *employerdialoguev1.GetEmployerContactRequest) (*employerdialoguev1.EmployerContact, error) {
	row, err := s.Store.Contacts().Get(s.read(ctx), access.PlaceFrom(ctx).ProviderID, r.GetPatientId(), r.GetEmployerContactId())
	if err != nil {
		return nil, absentContact(err)
	}
	return contactTo(row), nil
}

// ListEmployerContacts lists a patient's contacts with employers.
func (s *Server) ListEmployerContacts(ctx context.Context, r *employerdialoguev1.ListEmployerContactsRequest) (*employerdialoguev1.ListEmployerContactsResponse, error) {
	w, err := s.window("ListEmployerContacts "+r.GetPatientId(), r.GetPageSize(), r.GetPageToken(), 2)
	if err != nil {
		return nil, err
	}
	rows, next, err := casePage(ctx, s, s.Store.Contacts(), w, access.PlaceFrom(ctx).ProviderID, r.GetPatientId(), store.Filter{},
		func(c employerdialogue.Contact) (time.Time, string) { return c.CreateTime, c.ID })
	if err != nil {
		return nil, err
	}
	answer := &employerdialoguev1.ListEmployerContactsResponse{NextPageToken: next}
	for _, row := range rows {
		answer.EmployerContacts = append(answer.EmployerContacts, contactTo(row))
	}
	return answer, nil
}

type namesContact interface {
	proto.Message
	GetPatientId() string
	GetEmployerContactId() string
	GetEtag() string
}

func (s *Server) changeContact(ctx context.Context, r namesContact, event string,
	transition func(employerdialogue.Act, employerdialogue.Contact) (employerdialogue.Contact, error),
) (*employerdialoguev1.EmployerContact, error) {
	return act.Do(ctx, s.Acts, r, func(tx *act.Tx) (*employerdialoguev1.EmployerContact, error) {
		by, err := actor(tx)
		if err != nil {
			return nil, err
		}
		row, err := s.Store.Contacts().Claim(tx.Tx, tx.Place.ProviderID, r.GetPatientId(), r.GetEmployerContactId())
		if err != nil {
			return nil, absentContact(err)
		}
		if err := tx.CheckEtag(r.GetEtag(), row.Revision); err != nil {
			return nil, err
		}
		if row.Value, err = transition(by, row.Value); err != nil {
			return nil, refusal(err)
		}
		row.UpdateTime = tx.Now
		if row, err = s.Store.Contacts().Update(tx.Tx, row); err != nil {
			return nil, refusal(err)
		}
		return tellContact(tx, event, row)
	})
}

// AcknowledgeEmployerContact records that the employer has confirmed receipt.
func (s *Server) AcknowledgeEmployerContact(ctx context.Context, r *employerdialoguev1.AcknowledgeEmployerContactRequest) (*employerdialoguev1.EmployerContact, error) {
	return s.changeContact(ctx, r, "employer_contact.acknowledged", func(by employerdialogue.Act, c employerdialogue.Contact) (employerdialogue.Contact, error) {
		return c.Acknowledge(by)
	})
}

// RegisterEmployerContactInError marks a contact as one that should never have been there.
func (s *Server) RegisterEmployerContactInError(ctx context.Context, r *employerdialoguev1.RegisterEmployerContactInErrorRequest) (*employerdialoguev1.EmployerContact, error) {
	return s.changeContact(ctx, r, "employer_contact.registered_in_error", func(by employerdialogue.Act, c employerdialogue.Contact) (employerdialogue.Contact, error) {
		return c.RegisterInError(by, r.GetReason())
	})
}
