package api

import (
	"context"
	"errors"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/patient/internal/store"
)

// GrantConsent records that the patient consents.
func (s *Server) GrantConsent(ctx context.Context, r *patientv1.GrantConsentRequest) (*patientv1.Consent, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.Consent, error) {
		by, err := actor(tx)
		if err != nil {
			return nil, err
		}
		c, err := patient.Grant(patient.Consent{
			ID: tx.NewID(), PatientID: r.GetPatientId(), Kind: patient.ConsentKind(nameOf(r.GetKind())), Receiver: receiverOf(r),
			Items: itemsOf(r.GetItemTypes()), Form: nameOf(r.GetForm()), Start: day(r.GetStartDate()), End: day(r.GetEndDate()), Note: r.GetNote(), PractitionerID: by,
		}, tx.Now)
		if err != nil {
			return nil, refusal(err)
		}
		return s.say(tx, c, "consent.granted")
	})
}

// DeclineConsent records that the patient declines.
func (s *Server) DeclineConsent(ctx context.Context, r *patientv1.DeclineConsentRequest) (*patientv1.Consent, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.Consent, error) {
		by, err := actor(tx)
		if err != nil {
			return nil, err
		}
		c, err := patient.Decline(patient.Consent{
			ID: tx.NewID(), PatientID: r.GetPatientId(), Kind: patient.ConsentKind(nameOf(r.GetKind())), Receiver: receiverOf(r),
			Form: nameOf(r.GetForm()), Note: r.GetNote(), PractitionerID: by,
		}, tx.Now)
		if err != nil {
			return nil, refusal(err)
		}
		return s.say(tx, c, "consent.declined")
	})
}

// say records what a patient says now, in place of what was said before.
func (s *Server) say(tx *act.Tx, c patient.Consent, event string) (*patientv1.Consent, error) {
	if err := s.take(tx, c.PatientID); err != nil {
		return nil, err
	}
	before, stands, err := s.store.Standing(tx.Tx, c.PatientID, c.Matter())
	if err != nil {
		return nil, err
	}
	if stands {
		if replaced, changed := before.Replace(tx.Now); changed {
			if err := s.store.UpdateConsent(tx.Tx, tx.Place.ProviderID, replaced); err != nil {
				return nil, refusal(err)
			}
			if err := s.tell(tx, "consent.replaced", replaced); err != nil {
				return nil, err
			}
		}
	}
	if err := s.store.InsertConsent(tx.Tx, tx.Place.ProviderID, c); err != nil {
		return nil, err
	}
	if err := s.tell(tx, event, c); err != nil {
		return nil, err
	}
	return consentProto(c), s.follow(tx, c)
}

// tell tells of a consent that has just been written, with the revision that all the patient's consents have by that.
func (s *Server) tell(tx *act.Tx, event string, c patient.Consent) error {
	revision, err := s.store.ConsentsRevision(tx.Tx, c.PatientID)
	if err != nil {
		return err
	}
	return tx.Emit(snapshot.Consent(event, c, revision, tx.Place))
}

// WithdrawConsent takes a consent back.
func (s *Server) WithdrawConsent(ctx context.Context, r *patientv1.WithdrawConsentRequest) (*patientv1.Consent, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.Consent, error) {
		by, err := actor(tx)
		if err != nil {
			return nil, err
		}
		if err := s.take(tx, r.GetPatientId()); err != nil {
			return nil, err
		}
		c, err := s.store.Consent(tx.Tx, r.GetPatientId(), r.GetConsentId())
		if err != nil {
			return nil, absent(err, patientv1.Reason_CONSENT_NOT_FOUND.String(), "there is no such consent of this patient")
		}
		if err := tx.CheckEtag(r.GetEtag(), c.Revision); err != nil {
			return nil, err
		}
		if c, err = c.Withdraw(by, r.GetNote(), tx.Now); err != nil {
			return nil, refusal(err)
		}
		if err := s.store.UpdateConsent(tx.Tx, tx.Place.ProviderID, c); err != nil {
			return nil, refusal(err)
		}
		if err := s.tell(tx, "consent.withdrawn", c); err != nil {
			return nil, err
		}
		return consentProto(c), s.follow(tx, c)
	})
}

// follow lets the open episode follow what the patient says of coordination, and sets the clock for a consent that runs out.
func (s *Server) follow(tx *act.Tx, c patient.Consent) error {
	if c.Kind != patient.Coordination {
		return nil
	}
	if c.State == patient.Granted && !c.End.IsZero() {
		if err := tx.SetTimer(timer.Timer{Kind: patient.ConsentEnds, Key: c.PatientID, Due: c.End.AddDays(1).At(0, 0), Stamp: int64(c.End)}); err != nil {
			return err
		}
	} else if err := tx.DropTimer(patient.ConsentEnds, c.PatientID); err != nil {
		return err
	}
	before, err := s.store.OpenEpisode(tx.Tx, c.PatientID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	event, e, changed := "care_episode.referral_opened", before, false
	if c.Covers(tx.Today()) {
		e, changed = before.OpenCoordination(tx.Now)
	} else {
		event = "care_episode.referral_suspended"
		e, changed = before.SuspendCoordination(tx.Now)
	}
	if !changed {
		return nil
	}
	if err := s.store.UpdateEpisode(tx.Tx, before, e); err != nil {
		return refusal(err)
	}
	return tx.Emit(snapshot.Episode(event, e, tx.Place))
}

// ListConsents lists a patient's consents.
func (s *Server) ListConsents(ctx context.Context, r *patientv1.ListConsentsRequest) (*patientv1.ListConsentsResponse, error) {
	about := matterOf(r)
	w, err := s.window(r.GetPageSize(), r.GetPageToken(), "ListConsents/"+r.GetPatientId()+"/"+about.String(), 2)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.Consents(s.read(ctx), store.ConsentQuery{
		PatientID: r.GetPatientId(), Matter: about, AfterTime: instant(w.after[0]), AfterID: w.after[1], Limit: w.size + 1,
	})
	if err != nil {
		return nil, err
	}
	answer := &patientv1.ListConsentsResponse{}
	rows, answer.NextPageToken = cut(w, rows, func(c patient.Consent) []string { return []string{micros(c.Created), c.ID} })
	for _, c := range rows {
		answer.Consents = append(answer.Consents, consentProto(c))
	}
	return answer, nil
}
