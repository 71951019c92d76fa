package api

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// CreateContact books a contact, or records one that was not booked.
func (s *Server) CreateContact(ctx context.Context, request *careplanv1.CreateContactRequest) (*careplanv1.Contact, error) {
	asked := request.GetContact()
	learnt, err := s.learnEpisode(ctx, asked.GetPatientId(), asked.GetCareEpisodeId())
	if err != nil {
		return nil, err
	}
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Contact, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		c, err := careplan.NewContact(contactFrom(asked, tx), tx.Now)
		if err != nil {
			return nil, refusal(err, "contact.")
		}
		episode, err := s.episode(tx, c.PatientID, c.EpisodeID, learnt)
		if err != nil {
			return nil, err
		}
		if c.State == careplan.ContactBooked {
			if err := mustBeOpen(episode); err != nil {
				return nil, err
			}
		}
		var planned planChange
		if c.PlannedContactID != "" {
			if planned, err = s.bookPlanned(tx, c); err != nil {
				return nil, err
			}
		}
		if err := s.checkSlot(tx, c); err != nil {
			return nil, err
		}
		if err := s.Store.InsertContact(tx.Tx, tx.Place, c); err != nil {
			return nil, slotRefusal(err)
		}
		event := "contact.booked"
		if c.State == careplan.ContactHeld {
			event = "contact.held"
		}
		return s.toldContact(tx, event, c, planned)
	})
}

// bookPlanned ties a new contact to the planned one that it fulfils.
func (s *Server) bookPlanned(tx *act.Tx, c careplan.Contact) (planChange, error) {
	notFound := &careplan.NotFoundError{Reason: careplan.PlannedContactNotFound, Text: "no such contact is to come in the active plan of the episode"}
	plan, err := s.Store.ClaimPlanOf(tx.Tx, c.PatientID, c.PlannedContactID)
	if errors.Is(err, store.ErrNotFound) || err == nil && plan.EpisodeID != c.EpisodeID {
		return planChange{}, refusal(notFound, "")
	}
	if err != nil {
		return planChange{}, err
	}
	after, err := plan.Book(c.PlannedContactID, c.ID, tx.Now)
	if err != nil {
		return planChange{}, refusal(err, "")
	}
	if c.State == careplan.ContactHeld {
		after, _ = plan.Hold(c.PlannedContactID, c.ID, tx.Now)
	}
	return planChange{before: plan, after: after, changed: true}, nil
}

// GetContact reads a contact.
func (s *Server) GetContact(ctx context.Context, request *careplanv1.GetContactRequest) (*careplanv1.Contact, error) {
	c, err := s.Store.Contact(s.read(ctx), request.GetPatientId(), request.GetContactId())
	if err != nil {
		return nil, contactRefusal(err)
	}
	return contactTo(c), nil
}

// ListContacts lists a patient's contacts.
func (s *Server) ListContacts(ctx context.Context, request *careplanv1.ListContactsRequest) (*careplanv1.ListContactsResponse, error) {
	by := store.ContactFilter{EpisodeID: request.GetCareEpisodeId()}
	if request.GetState() != careplanv1.Contact_STATE_UNSPECIFIED {
		by.State = careplan.ContactState(request.GetState().String())
	}
	l, err := s.list(request.GetPageSize(), request.GetPageToken(), "ListContacts", request.GetPatientId(), by.EpisodeID, string(by.State))
	if err != nil {
		return nil, err
	}
	contacts, err := s.Store.Contacts(s.read(ctx), request.GetPatientId(), by, l.after, l.size+1)
	if err != nil {
		return nil, err
	}
	contacts, next := cut(s, l, contacts, store.ContactCursor)
	response := &careplanv1.ListContactsResponse{NextPageToken: next}
	for _, c := range contacts {
		response.Contacts = append(response.Contacts, contactTo(c))
	}
	return response, nil
}

// RecordContact records that a contact was held.
func (s *Server) RecordContact(ctx context.Context, request *careplanv1.RecordContactRequest) (*careplanv1.Contact, error) {
	return s.changeContact(ctx, request, request, request.GetEtag(), "contact.held", func(tx *act.Tx, c careplan.Contact) (careplan.Contact, error) {
		return c.Record(*resultFrom(request.GetResult(), tx), channelFrom(request.GetChannel()), tx.Now)
	})
}

// NoAnswerContact records that the patient was not reached.
func (s *Server) NoAnswerContact(ctx context.Context, request *careplanv1.NoAnswerContactRequest) (*careplanv1.Contact, error) {
	return s.changeContact(ctx, request, request, request.GetEtag(), "contact.not_answered", func(tx *act.Tx, c careplan.Contact) (careplan.Contact, error) {
		return c.NoAnswer(timeFrom(request.GetTryTime()), tx.Now)
	})
}

// RescheduleContact moves a contact to another time.
func (s *Server) RescheduleContact(ctx context.Context, request *careplanv1.RescheduleContactRequest) (*careplanv1.Contact, error) {
	return s.changeContact(ctx, request, request, request.GetEtag(), "contact.rescheduled", func(tx *act.Tx, c careplan.Contact) (careplan.Contact, error) {
		moved, err := c.Reschedule(timeFrom(request.GetScheduledTime()), request.GetPractitionerId(), channelFrom(request.GetChannel()), tx.Now)
		if err != nil {
			return c, err
		}
		episode, err := s.Store.Episode(tx, c.PatientID, c.EpisodeID)
		if err != nil {
			return c, err
		}
		if err := mustBeOpen(episode); err != nil {
			return c, err
		}
		return moved, s.checkSlot(tx, moved)
	})
}

// CancelContact cancels a contact.
func (s *Server) CancelContact(ctx context.Context, request *careplanv1.CancelContactRequest) (*careplanv1.Contact, error) {
	return s.changeContact(ctx, request, request, request.GetEtag(), "contact.cancelled", func(tx *act.Tx, c careplan.Contact) (careplan.Contact, error) {
		return c.Cancel(careplan.CancelReason(request.GetReason().String()), tx.Now)
	})
}

// RegisterContactInError marks a contact as one that should never have been there.
func (s *Server) RegisterContactInError(ctx context.Context, request *careplanv1.RegisterContactInErrorRequest) (*careplanv1.Contact, error) {
	return s.changeContact(ctx, request, request, request.GetEtag(), "contact.registered_in_error", func(tx *act.Tx, c careplan.Contact) (careplan.Contact, error) {
		return c.RegisterInError(mistake(tx, request.GetReason()), tx.Now)
	})
}

// namedContact is a request that names a contact.
type namedContact interface {
	GetPatientId() string
	GetContactId() string
}

// changeContact carries out one transition of a contact: reads it for the write, compares the etag, lets the domain decide,
// stores what came of it, lets the plan follow, and tells the events.
func (s *Server) changeContact(ctx context.Context, request proto.Message, which namedContact, etag, event string,
	transition func(*act.Tx, careplan.Contact) (careplan.Contact, error),
) (*careplanv1.Contact, error) {
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Contact, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		c, err := s.Store.ClaimContact(tx.Tx, which.GetPatientId(), which.GetContactId())
		if err != nil {
			return nil, contactRefusal(err)
		}
		if err := tx.CheckEtag(etag, c.Revision); err != nil {
			return nil, err
		}
		c, err = transition(tx, c)
		if err != nil {
			return nil, refusal(err, "")
		}
		if err := s.Store.UpdateContact(tx.Tx, c); err != nil {
			return nil, slotRefusal(err)
		}
		planned, err := s.followContact(tx, c)
		if err != nil {
			return nil, err
		}
		return s.toldContact(tx, event, c, planned)
	})
}

// followContact lets the planned contact follow what became of its contact.
func (s *Server) followContact(tx *act.Tx, c careplan.Contact) (planChange, error) {
	if c.PlannedContactID == "" || c.Open() {
		return planChange{}, nil
	}
	plan, err := s.Store.ClaimPlanOf(tx.Tx, c.PatientID, c.PlannedContactID)
	if err != nil {
		return planChange{}, err
	}
	change := planChange{before: plan}
	if c.State == careplan.ContactHeld {
		change.after, change.changed = plan.Hold(c.PlannedContactID, c.ID, tx.Now)
	} else {
		change.after, change.changed = plan.Release(c.PlannedContactID, c.ID, tx.Now)
	}
	return change, nil
}

// planChange is what a contact's act did to the plan.
type planChange struct {
	before, after careplan.Plan
	changed       bool
}

// toldContact stores the plan as far as it has changed and tells of both.
func (s *Server) toldContact(tx *act.Tx, event string, c careplan.Contact, planned planChange) (*careplanv1.Contact, error) {
	err := tx.Emit(act.Event{Type: event, ResourceID: c.ID, Revision: c.Revision, PatientID: c.PatientID, Snapshot: snapshot.Contact(c)})
	if err != nil {
		return nil, err
	}
	if planned.changed {
		if err := s.Store.UpdatePlan(tx.Tx, planned.before, planned.after); err != nil {
			return nil, refusal(err, "")
		}
		if err := tellPlan(tx, "care_plan.updated", planned.after); err != nil {
			return nil, err
		}
	}
	return contactTo(c), nil
}

func (s *Server) checkSlot(tx *act.Tx, c careplan.Contact) error {
	if c.State != careplan.ContactBooked {
		return nil
	}
	taken, err := s.Store.SlotTaken(tx, c.PatientID, c.ScheduledTime, c.ID)
	if err == nil && taken {
		err = store.ErrTaken
	}
	return slotRefusal(err)
}

// slotRefusal names the one place that contacts compete for.
func slotRefusal(err error) error {
	if errors.Is(err, store.ErrTaken) {
		return refusal(&careplan.ExistsError{
			Reason: careplan.ContactSlotTaken, Text: "another contact with the patient is booked for this time; use it, or choose another time",
		}, "")
	}
	return contactRefusal(err)
}

func contactRefusal(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return absent(careplanv1.Reason_CONTACT_NOT_FOUND, "contact")
	}
	return refusal(err, "")
}
