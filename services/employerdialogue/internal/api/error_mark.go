package api

import (
	"context"
	"errors"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

const agreementInError = "agreement.registered_in_error"

// RegisterDialogueMeetingInError marks a meeting as one that should never have been there, and with it what was agreed at it.
func (s *Server) RegisterDialogueMeetingInError(ctx context.Context, r *employerdialoguev1.RegisterDialogueMeetingInErrorRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.change(ctx, r, "dialogue_meeting.registered_in_error", func(t turn) (employerdialogue.Meeting, error) {
		next, err := t.row.Value.RegisterInError(t.by, r.GetReason())
		if err != nil || next.AgreementID == "" {
			return next, err
		}
		row, err := s.Store.Agreements().Claim(t.Tx.Tx, t.row.CareProviderID, next.PatientID, next.AgreementID)
		if err != nil {
			return next, err
		}
		row.Value, err = row.Value.RegisterInError(t.by, r.GetReason())
		var already *employerdialogue.Refusal
		if errors.As(err, &already) && already.Reason == employerdialogue.ReasonAgreementInError {
			return next, nil
		}
		if err != nil {
			return next, err
		}
		row.UpdateTime = t.Now
		if row, err = s.Store.Agreements().Update(t.Tx.Tx, row); err != nil {
			return next, err
		}
		_, err = tellAgreement(t.Tx, agreementInError, row)
		return next, err
	})
}

// RegisterAgreementInError marks an agreement as one that should never have been there.
func (s *Server) RegisterAgreementInError(ctx context.Context, r *employerdialoguev1.RegisterAgreementInErrorRequest) (*employerdialoguev1.Agreement, error) {
	return s.changeAgreement(ctx, r, agreementInError, func(_ *act.Tx, by employerdialogue.Act, a employerdialogue.Agreement) (employerdialogue.Agreement, error) {
		return a.RegisterInError(by, r.GetReason())
	})
}

// latestSound is a filter of what counts with an employer in an episode.
func latestSound(employerID, episodeID string) store.Filter {
	return store.Filter{EmployerID: employerID, EpisodeID: episodeID, Sound: true}
}
