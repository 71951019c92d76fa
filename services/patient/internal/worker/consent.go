// Package worker does what the service does unasked.
package worker

import (
	"errors"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/patient/internal/store"
)

// Consents lets episodes follow consents that run out.
type Consents struct{ Store *store.Store }

// OnConsentEnds lets the coordinator's unanswered referral await consent again, the day after the consent's last. It looks at
// what the patient has said last and does nothing when that is no longer the consent which set the timer.
func (w Consents) OnConsentEnds(tx *act.Tx, t timer.Timer) error {
	at, err := w.Store.PatientPlace(tx.Tx, t.Key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := w.Store.Touch(tx.Tx, at.ProviderID, t.Key); err != nil {
		return err
	}
	c, stands, err := w.Store.Standing(tx.Tx, t.Key, patient.Matter{Kind: patient.Coordination})
	if err != nil {
		return err
	}
	if stands && (int64(c.End) != t.Stamp || c.Covers(tx.Today())) {
		return nil
	}
	before, err := w.Store.OpenEpisode(tx.Tx, t.Key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	e, changed := before.SuspendCoordination(tx.Now)
	if !changed {
		return nil
	}
	if err := w.Store.UpdateEpisode(tx.Tx, before, e); err != nil {
		return err
	}
	return tx.Emit(snapshot.Episode("care_episode.referral_suspended", e, access.Place{ProviderID: at.ProviderID, UnitID: at.UnitID}))
}
