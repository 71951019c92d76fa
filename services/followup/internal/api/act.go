package api

import (
	"context"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	"google.golang.org/protobuf/proto"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// target is the follow-up that a request acts on, and the etag that it must still have.
type target interface {
	proto.Message
	GetFollowUpId() string
	GetEtag() string
}

// doing is an act on one follow-up under way, with the patient's file locked.
type doing struct {
	tx       *act.Tx
	followUp followup.FollowUp
	caller   followup.Caller
	policy   followup.Policy
}

// on carries out an act on one follow-up and answers with what became of it. fn gives the changes; the first one's follow-up
// is the answer. No change answers with the follow-up as it is.
func (s *Server) on(ctx context.Context, request target, fn func(d doing) ([]followup.Change, error)) (*followupv1.FollowUp, error) {
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*followupv1.FollowUp, error) {
		f, err := s.claim(tx, request.GetFollowUpId())
		if err != nil {
			return nil, err
		}
		d := doing{tx: tx, followUp: f}
		if d.caller, err = callerAt(tx.Caller, f.Place); err != nil {
			return nil, err
		}
		if err := tx.CheckEtag(request.GetEtag(), f.Revision); err != nil {
			return nil, err
		}
		policy, err := s.store.Policy(tx, f.Place.UnitID)
		if err != nil {
			return nil, err
		}
		d.policy = policy.Policy
		changes, err := fn(d)
		if err != nil {
			return nil, refusal(err, "")
		}
		if err := s.store.Write(tx, changes...); err != nil {
			return nil, err
		}
		if len(changes) > 0 {
			f = changes[0].FollowUp
		}
		handovers, err := s.store.Handovers(tx, f.ID)
		if err != nil {
			return nil, err
		}
		answer := resource(f, tx.Now)
		answer.OwnerChanges = ownerChanges(handovers)
		return answer, nil
	})
}

// claim locks the file of the follow-up's patient and reads the follow-up, which must still stand where access was decided.
func (s *Server) claim(tx *act.Tx, id string) (followup.FollowUp, error) {
	place, patientID, found, err := s.store.Place(tx, id)
	if err != nil {
		return followup.FollowUp{}, err
	}
	if !found {
		return followup.FollowUp{}, notFound()
	}
	if _, err := s.store.Lock(tx.Tx, patientID, place); err != nil {
		return followup.FollowUp{}, err
	}
	f, err := s.store.FollowUp(tx, id)
	if err != nil {
		return f, refusal(err, "")
	}
	if f.Place != placeOf(tx.Place) {
		return f, notFound()
	}
	return f, nil
}

// CompleteFollowUp says that it has been done. The GP's copy of a certificate's follow-up ends with it.
func (s *Server) CompleteFollowUp(ctx context.Context, request *followupv1.CompleteFollowUpRequest) (*followupv1.FollowUp, error) {
	return s.on(ctx, request, func(d doing) ([]followup.Change, error) {
		change, err := d.followUp.Complete(d.caller, request.GetNote(), d.tx.Now)
		if err != nil {
			return nil, err
		}
		return s.withTwin(d, change)
	})
}

// CancelFollowUp says that it is not to be done. The GP's copy of a certificate's follow-up ends with it.
func (s *Server) CancelFollowUp(ctx context.Context, request *followupv1.CancelFollowUpRequest) (*followupv1.FollowUp, error) {
	return s.on(ctx, request, func(d doing) ([]followup.Change, error) {
		change, err := d.followUp.Cancel(d.caller, request.GetReason(), d.tx.Now)
		if err != nil {
			return nil, err
		}
		return s.withTwin(d, change)
	})
}

// withTwin adds the end of the copy that ends together with a follow-up.
func (s *Server) withTwin(d doing, ended followup.Change) ([]followup.Change, error) {
	changes := []followup.Change{ended}
	if d.followUp.Kind != followup.CertificateEnding {
		return changes, nil
	}
	all, err := s.store.OfPatient(d.tx, d.followUp.PatientID)
	if err != nil {
		return nil, err
	}
	if twin, ok := followup.Twin(ended.FollowUp, all); ok {
		changes = append(changes, twin.EndWith(ended.FollowUp, d.tx.Now))
	}
	return changes, nil
}

// SnoozeFollowUp puts it off to a day.
func (s *Server) SnoozeFollowUp(ctx context.Context, request *followupv1.SnoozeFollowUpRequest) (*followupv1.FollowUp, error) {
	return s.on(ctx, request, func(d doing) ([]followup.Change, error) {
		change, err := d.followUp.Snooze(d.caller, dayOf(request.GetUntilDate()), request.GetReason(), d.policy, d.tx.Now)
		return one(change, err)
	})
}

// ClaimFollowUp makes the caller its owner.
func (s *Server) ClaimFollowUp(ctx context.Context, request *followupv1.ClaimFollowUpRequest) (*followupv1.FollowUp, error) {
	return s.on(ctx, request, func(d doing) ([]followup.Change, error) {
		change, changed, err := d.followUp.Claim(d.caller, d.tx.Now)
		if err != nil || !changed {
			return nil, err
		}
		return one(change, nil)
	})
}

// ReassignFollowUp gives it to another owner. Whether that one works at the unit is asked before the transaction.
func (s *Server) ReassignFollowUp(ctx context.Context, request *followupv1.ReassignFollowUpRequest) (*followupv1.FollowUp, error) {
	to := followup.Owner{Role: roleOf(request.GetOwnerRole()), PractitionerID: request.GetOwnerPractitionerId()}
	if to.Role == "" {
		f, err := s.store.FollowUp(s.db.Read(ctx), request.GetFollowUpId())
		if err != nil {
			return nil, refusal(err, "")
		}
		to.Role = f.Owner.Role
	}
	if err := s.checkOwner(ctx, to, placeOf(access.PlaceFrom(ctx)), "", "owner_practitioner_id"); err != nil {
		return nil, err
	}
	return s.on(ctx, request, func(d doing) ([]followup.Change, error) {
		change, err := d.followUp.Reassign(d.caller, followup.Reassignment{
			To: to, Due: dayOf(request.GetDueDate()), Reason: request.GetReason(),
		}, d.policy, d.tx.Now)
		return one(change, err)
	})
}

func one(change followup.Change, err error) ([]followup.Change, error) {
	if err != nil {
		return nil, err
	}
	return []followup.Change{change}, nil
}
