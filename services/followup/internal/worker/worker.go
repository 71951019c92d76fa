// Package worker does what followup does unasked: it enters what the other services tell in the patients' files, brings the
// follow-ups in line with them, and fires timers.
package worker

import (
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
	"github.com/coworkcare/coworkcare/services/followup/internal/store"
)

// Worker handles events and timers. It is safe for concurrent use.
type Worker struct {
	store *store.Store
}

// New returns a worker on a store.
func New(s *store.Store) *Worker { return &Worker{store: s} }

// settle brings a patient's follow-ups in line with the file.
func (w *Worker) settle(tx *act.Tx, file *store.Opened) error {
	policy, err := w.store.Policy(tx, file.Place().UnitID)
	if err != nil {
		return err
	}
	existing, err := w.store.OfPatient(tx, file.PatientID)
	if err != nil {
		return err
	}
	if file.Staff, err = w.store.RolesOf(tx, file.Place().UnitID, file.Strangers(), tx.Today()); err != nil {
		return err
	}
	wants := followup.Derive(file.File, policy.Policy, tx.Today())
	if err := w.store.Write(tx, followup.Reconcile(file.File, existing, wants, tx.Now, tx.NewID)...); err != nil {
		return err
	}
	return w.store.ArmTurn(tx, file, followup.Turn(file.File, policy.Policy, tx.Today()))
}

// OnTurn looks at a patient's file on a day on which it asks for something else although nothing has been told.
func (w *Worker) OnTurn(tx *act.Tx, t timer.Timer) error {
	free, err := w.store.Free(tx.Tx, t.Key)
	if err != nil {
		return err
	}
	if !free {
		t.Due = tx.Now.Add(lookAgain)
		return tx.SetTimer(t)
	}
	file, err := w.store.OpenFile(tx.Tx, t.Key, followup.Place{})
	if err != nil {
		return err
	}
	return w.settle(tx, file)
}

// lookAgain is how long a timer waits for somebody who holds the patient's file.
const lookAgain = 500 * time.Millisecond

// OnTimer takes the next step of a follow-up whose timer is due. A timer of a state that has passed does nothing but set the
// present state's own again.
func (w *Worker) OnTimer(tx *act.Tx, t timer.Timer) error {
	f, err := w.store.FollowUp(tx, t.Key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	free, err := w.store.Free(tx.Tx, f.PatientID)
	if err != nil {
		return err
	}
	if !free {
		t.Due = tx.Now.Add(lookAgain) // somebody is at work on the patient
		return tx.SetTimer(t)
	}
	if err := w.lock(tx, f); err != nil {
		return err
	}
	if f, err = w.store.FollowUp(tx, t.Key); err != nil {
		return err
	}
	change, fired := f.Fire(t.Stamp, tx.Now)
	if !fired {
		return store.Arm(tx, f)
	}
	if err := w.store.Write(tx, change); err != nil {
		return fmt.Errorf("firing a follow-up: %w", err)
	}
	return nil
}

// lock takes the patient's file. Who owns a certificate's follow-up depends on a consent, which may have run out since the
// last event: it is settled anew before it fires.
func (w *Worker) lock(tx *act.Tx, f followup.FollowUp) error {
	if f.Kind != followup.CertificateEnding {
		_, err := w.store.Lock(tx.Tx, f.PatientID, f.Place)
		return err
	}
	file, err := w.store.OpenFile(tx.Tx, f.PatientID, f.Place)
	if err != nil {
		return err
	}
	return w.settle(tx, file)
}
