package api

import (
	"context"
	"strings"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/patient/internal/store"
)

// CheckConsent tells whether the patient consents on a day, and keeps the answer before it is given.
func (s *Server) CheckConsent(ctx context.Context, r *patientv1.CheckConsentRequest) (*patientv1.CheckConsentResponse, error) {
	asked := patient.Question{Matter: matterOf(r), Items: itemsOf(r.GetItemTypes()), Day: day(r.GetCheckDate())}
	if err := asked.Validate(); err != nil {
		return nil, refusal(err)
	}
	var answer *patientv1.CheckConsentResponse
	err := s.acts.Run(ctx, func(tx *act.Tx) error {
		question := asked
		if question.Day.IsZero() {
			question.Day = tx.Today()
		}
		said, err := s.store.Said(tx.Tx, r.GetPatientId())
		if err != nil {
			return err
		}
		check := patient.ConsentCheck{ID: tx.NewID(), PatientID: r.GetPatientId(), Time: tx.Now, Question: question, ConsentAnswer: question.Answer(said)}
		check.PractitionerID, check.Subject, check.Service = asker(tx.Caller)
		answer = &patientv1.CheckConsentResponse{
			Consented: check.Consented, ConsentId: check.ConsentID, CheckDate: question.Day.String(), EndDate: check.End.String(), Asked: check.Asked,
			Items: itemAnswers(check), ConsentsRevision: int32(check.Revision), ConsentCheckId: check.ID,
		}
		return s.store.InsertConsentCheck(tx.Tx, tx.Place.ProviderID, check)
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// asker is who asks: a practitioner, or else the subject of the token, by way of a service or not; or a service for itself.
func asker(c identity.Caller) (practitionerID, subject, service string) {
	if c.PractitionerID == "" && !access.IsWorker(c) {
		subject = c.Subject
	}
	return c.PractitionerID, subject, c.Service
}

// ListConsentChecks lists the checks of a patient's consents.
func (s *Server) ListConsentChecks(ctx context.Context, r *patientv1.ListConsentChecksRequest) (*patientv1.ListConsentChecksResponse, error) {
	about := matterOf(r)
	w, err := s.window(r.GetPageSize(), r.GetPageToken(), "ListConsentChecks/"+r.GetPatientId()+"/"+about.String(), 2)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.ConsentChecks(s.read(ctx), store.ConsentCheckQuery{
		PatientID: r.GetPatientId(), Matter: about, AfterTime: instant(w.after[0]), AfterID: w.after[1], Limit: w.size + 1,
	})
	if err != nil {
		return nil, err
	}
	answer := &patientv1.ListConsentChecksResponse{}
	rows, answer.NextPageToken = cut(w, rows, func(c patient.ConsentCheck) []string { return []string{micros(c.Time), c.ID} })
	for _, c := range rows {
		answer.ConsentChecks = append(answer.ConsentChecks, &patientv1.ConsentCheck{
			ConsentCheckId: c.ID, PatientId: c.PatientID, PractitionerId: c.PractitionerID, Subject: c.Subject, Service: c.Service,
			CheckTime: stamp(c.Time), CheckDate: c.Question.Day.String(), Kind: snapshot.ConsentKind(c.Question.Matter.Kind),
			ReceiverKind: snapshot.ReceiverKind(c.Question.Matter.Receiver.Kind), ReceiverId: c.Question.Matter.Receiver.ID,
			Consented: c.Consented, ConsentId: c.ConsentID, Items: itemAnswers(c), ConsentsRevision: int32(c.Revision), Asked: c.Asked,
		})
	}
	return answer, nil
}

func itemAnswers(c patient.ConsentCheck) []*patientv1.CheckConsentResponse_Item {
	var answers []*patientv1.CheckConsentResponse_Item
	for _, item := range c.Items {
		answer := &patientv1.CheckConsentResponse_Item{ItemType: snapshot.Item(item.Item), Consented: item.Consented}
		if item.Consented {
			answer.ConsentId = c.ConsentID
		}
		answers = append(answers, answer)
	}
	return answers
}

// receiving is what a request says of a receiver.
type receiving interface {
	GetReceiverKind() patientv1.Consent_ReceiverKind
	GetReceiverId() string
}

// receiverOf is the receiver that a request names, its id spelled one way.
func receiverOf(r receiving) patient.Receiver {
	return patient.Receiver{Kind: patient.ReceiverKind(nameOf(r.GetReceiverKind())), ID: strings.ToLower(r.GetReceiverId())}
}

// matterOf is what a request is about.
func matterOf(r interface {
	receiving
	GetKind() patientv1.Consent_Kind
},
) patient.Matter {
	return patient.Matter{Kind: patient.ConsentKind(nameOf(r.GetKind())), Receiver: receiverOf(r)}
}

func itemsOf(given []patientv1.Consent_ItemType) []patient.Item {
	var items []patient.Item
	for _, item := range given {
		items = append(items, patient.Item(nameOf(item)))
	}
	return items
}
