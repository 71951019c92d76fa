// Package worker is what the service does unasked: it keeps what other services tell of a patient's episodes, consents, briefs,
// assessments, sick leave and return-to-work plans, and calls off the meetings of an episode that ends and those of a patient who no
// longer consents to coordination.
package worker

import (
	"fmt"
	"slices"
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
		switch {
		case err != nil:
			return err
		case resource == store.ToldEpisode:
			return w.endWith(tx, e)
		case resource == store.ToldConsent:
			return w.withdraw(tx, e)
		default:
			return nil
		}
	}
}

// endWith calls off what is still to come in an episode that has ended, so that nothing lingers as if it were open.
func (w *Worker) endWith(tx *act.Tx, e *eventv1.Event) error {
	episode, err := store.ToldOne(tx, e.GetPatientId(), store.ToldEpisode, e.GetResourceId(), func() *patientv1.CareEpisodeSnapshot { return &patientv1.CareEpisodeSnapshot{} })
	if err != nil || episode.GetState() == patientv1.CareEpisode_OPEN {
		return err
	}
	return w.callOff(tx, e, store.Filter{EpisodeID: e.GetResourceId()}, employerdialogue.CauseEpisode, func(employerdialogue.Meeting) bool { return true })
}

// withdraw calls off what is still to come when the patient no longer consents to coordination. What is only replaced says nothing
// by itself: what it is replaced by is told with it. A meeting that rests on what the patient has said since stays.
func (w *Worker) withdraw(tx *act.Tx, e *eventv1.Event) error {
	said := &patientv1.ConsentSnapshot{}
	if err := e.GetSnapshot().UnmarshalTo(said); err != nil {
		return fmt.Errorf("reading the snapshot of %s: %w", e.GetType(), err)
	}
	if said.GetKind() != patientv1.Consent_COORDINATION || said.GetState() == patientv1.Consent_REPLACED {
		return nil
	}
	heard, err := store.HeardConsents(tx, e.GetPatientId(), "", tx.Today())
	if err != nil || heard.Coordination {
		return err
	}
	return w.callOff(tx, e, store.Filter{}, employerdialogue.CauseConsent, func(m employerdialogue.Meeting) bool {
		return m.Consented < int(said.GetConsentsRevision())
	})
}

// callOff cancels the patient's meetings that are still to come, as far as they pass the filter and are concerned. A meeting that
// is being held is left to be concluded.
func (w *Worker) callOff(tx *act.Tx, e *eventv1.Event, filter store.Filter, cause employerdialogue.Cause, concerned func(employerdialogue.Meeting) bool) error {
	filter.States = []string{string(employerdialogue.Proposed), string(employerdialogue.Deferred), string(employerdialogue.Scheduled)}
	open, err := w.Store.Meetings().List(tx, e.GetCareProviderId(), e.GetPatientId(), filter, store.Position{}, allUnderWay)
	if err != nil {
		return err
	}
	for _, listed := range open {
		row, err := w.Store.Meetings().Claim(tx.Tx, e.GetCareProviderId(), e.GetPatientId(), listed.Value.ID)
		if err != nil {
			return err
		}
		if !slices.Contains(filter.States, string(row.Value.State)) || !concerned(row.Value) {
			continue // begun or ended meanwhile, or not concerned
		}
		next, err := row.Value.Cancel(cause, "")
		if err != nil {
			continue // marked as entered in error meanwhile
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

// allUnderWay is more meetings than a patient can have under way: one with each employer.
const allUnderWay = 1000
