// Package worker is what the service does unasked: it keeps what patients say to coordination.
package worker

import (
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// Worker follows other services.
type Worker struct {
	Store *store.Store
}

// OnPatient handles an event of the patient service.
func (w *Worker) OnPatient(tx *act.Tx, e *eventv1.Event) error {
	if !isConsent(e) {
		return nil
	}
	return w.hearConsent(tx, e)
}
