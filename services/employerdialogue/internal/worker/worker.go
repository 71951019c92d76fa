// Package worker is what the service does unasked: it keeps what other services tell of a patient's episodes, consents, briefs,
// assessments, sick leave and return-to-work plans, and calls off the meetings of an episode that ends.
package worker

import (
	"strings"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/snapshot"
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
		return resource == store.ToldSickLeave || resource == store.ToldReturnPlan
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
		err := w.Store.Hear(tx.Tx, resource, e.GetResourceId(), e.GetPatientId(), int64(e.GetRevision()), e.GetSnapshot().GetValue())
		if err != nil || resource != store.ToldEpisode {
			return err
		}
		return w.endWith(tx, e)
	}
}

// endWith calls off what is still to come in an episode that has ended, so that nothing lingers as if it were open. A meeting
// that is being held is left to be concluded.
func (w *Worker) endWith(tx *act.Tx, e *eventv1.Event) error {
	episode, err := store.ToldOne(tx, e.GetPatientId(), store.ToldEpisode, e.GetResourceId(), func() *patientv1.CareEpisodeSnapshot { return &patientv1.CareEpisodeSnapshot{} })
	if err != nil || episode.GetState() == patientv1.CareEpisode_OPEN {
		return err
	}
	open, err := w.Store.Meetings().List(tx, e.GetCareProviderId(), e.GetPatientId(), store.Filter{
		EpisodeID: e.GetResourceId(),
		States:    []string{string(employerdialogue.Proposed), string(employerdialogue.Deferred), string(employerdialogue.Scheduled)},
	}, store.Position{}, allOfAnEpisode)
	if err != nil {
		return err
	}
	for _, listed := range open {
		row, err := w.Store.Meetings().Claim(tx.Tx, e.GetCareProviderId(), e.GetPatientId(), listed.Value.ID)
		if err != nil {
			return err
		}
		next, err := row.Value.Cancel(employerdialogue.CauseEpisode, "")
		if err != nil {
			continue // begun meanwhile
		}
		row.Value, row.UpdateTime = next, tx.Now
		if row, err = w.Store.Meetings().Update(tx.Tx, row); err != nil {
			return err
		}
		err = tx.Emit(act.Event{
			Type: "dialogue_meeting.cancelled", ResourceID: next.ID, Revision: row.Revision, PatientID: next.PatientID, Snapshot: snapshot.Meeting(next, nil),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// allOfAnEpisode is more meetings than an episode can have under way: one with each employer.
const allOfAnEpisode = 1000
