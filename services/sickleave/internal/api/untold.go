package api

import (
	"context"
	"time"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// How many patients are looked up at a time, and how long is waited when something could not be told: twice as long each time.
const (
	untoldBatch        = 50
	untoldPause        = time.Minute
	untoldPauseLongest = time.Hour
)

// TellUntold tells the sick leave of patients whose certificates were all signed before sick leave was told at all, and then is
// done. Any number of processes may do so at once, again and again: each patient is told of once.
func (s *Server) TellUntold(ctx context.Context) error {
	for pause := untoldPause; ; pause = min(2*pause, untoldPauseLongest) {
		err := s.tellUntold(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		s.acts.Log.WarnContext(ctx, "sick leave of earlier certificates could not be told of all patients; trying again", "error", err, "pause", pause)
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
	}
}

// tellUntold goes through all such patients once. One that fails keeps back no other; the last failure is returned.
func (s *Server) tellUntold(ctx context.Context) error {
	var failed error
	for after := ""; ; {
		patients, err := s.store.Untold(s.read(ctx), after, untoldBatch)
		if err != nil {
			return err
		}
		for _, one := range patients {
			if err := s.tellFirst(ctx, one); err != nil {
				failed = err
			}
			after = one.PatientID
		}
		if len(patients) < untoldBatch {
			return failed
		}
	}
}

// tellFirst takes the patient's sick leave as every writer does: what somebody else has told meanwhile is not told again.
func (s *Server) tellFirst(ctx context.Context, one store.Untold) error {
	ctx = identity.NewContext(access.WithPlace(ctx, one.Place), identity.Caller{Subject: "service:" + s.acts.Source, Service: s.acts.Source})
	return s.acts.Run(ctx, func(tx *act.Tx) error {
		root, err := s.store.ClaimLeave(tx.Tx, one.Place, one.PatientID)
		if err != nil {
			return err
		}
		return s.tellLeave(tx, root)
	})
}
