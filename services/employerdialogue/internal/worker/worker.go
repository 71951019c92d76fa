// Package worker is what the service does unasked: it keeps what other services tell of a patient's episodes, consents, briefs,
// assessments, certificates and return-to-work plans.
package worker

import (
	"strings"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

// Worker follows other services.
type Worker struct {
	Store *store.Store
}

// followed are the resources whose newest snapshot is kept, by source.
func followed(source, resource string) bool {
	switch source {
	case "patient":
		return resource == store.ToldEpisode || resource == store.ToldConsent
	case "careplan":
		return resource == store.ToldBrief || resource == store.ToldAssessment
	case "sickleave":
		return resource == store.ToldCertificate || resource == store.ToldReturnPlan
	default:
		return false
	}
}

// From makes the handler of a source's events. Types that nothing here rests on are passed over.
func (w *Worker) From(source string) func(tx *act.Tx, e *eventv1.Event) error {
	return func(tx *act.Tx, e *eventv1.Event) error {
		resource, _, _ := strings.Cut(e.GetType(), ".")
		if !followed(source, resource) || e.GetPatientId() == "" {
			return nil
		}
		return w.Store.Hear(tx.Tx, resource, e.GetResourceId(), e.GetPatientId(), int64(e.GetRevision()), e.GetSnapshot().GetValue())
	}
}
