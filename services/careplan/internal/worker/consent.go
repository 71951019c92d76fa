package worker

import (
	"fmt"
	"strings"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// hearConsent keeps what the patient says to coordination: what was asked of the patient service before that is out of date. What is
// only replaced says nothing by itself: what it is replaced by is told with it.
func (w *Worker) hearConsent(tx *act.Tx, e *eventv1.Event) error {
	told := &patientv1.ConsentSnapshot{}
	if err := e.GetSnapshot().UnmarshalTo(told); err != nil {
		return fmt.Errorf("reading the snapshot of %s: %w", e.GetType(), err)
	}
	if told.GetKind() != patientv1.Consent_COORDINATION || told.GetState() == patientv1.Consent_REPLACED {
		return nil
	}
	return w.Store.HearCoordination(tx.Tx, e.GetPatientId(), careplan.Coordination{
		Revision: int64(told.GetConsentsRevision()), Consented: told.GetState() == patientv1.Consent_GRANTED,
		Start: dayOf(told.GetStartDate()), End: dayOf(told.GetEndDate()),
	})
}

func isConsent(e *eventv1.Event) bool {
	return strings.HasPrefix(e.GetType(), "consent.") && e.GetPatientId() != ""
}

// dayOf reads a civil day; no day for the empty text.
func dayOf(text string) date.Day {
	day, err := date.Parse(text)
	if err != nil {
		return 0
	}
	return day
}
