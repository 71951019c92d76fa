// Package worker is what the service does unasked: it follows the care episodes and consents of the patient service.
package worker

import (
	"fmt"
	"strings"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// Worker follows other services.
type Worker struct {
	Store *store.Store
}

// OnPatient handles an event of the patient service. It keeps what is known of consents and care episodes, lets plans follow the care
// manager of the team, and ends what is still open when an episode ends: completing a plan is a person's act, but nothing of
// a closed episode may linger as if it were still to come. Safety flags are left alone: they end with a documented risk
// assessment only.
func (w *Worker) OnPatient(tx *act.Tx, e *eventv1.Event) error {
	if isConsent(e) {
		return w.hearConsent(tx, e)
	}
	if !strings.HasPrefix(e.GetType(), "care_episode.") {
		return nil
	}
	told := &patientv1.CareEpisodeSnapshot{}
	if err := e.GetSnapshot().UnmarshalTo(told); err != nil {
		return fmt.Errorf("reading the snapshot of %s: %w", e.GetType(), err)
	}
	episode := store.Episode{
		ID: told.GetCareEpisodeId(), PatientID: e.GetPatientId(), State: told.GetState().String(), CareManager: careManager(told),
		Revision: int64(e.GetRevision()),
	}
	if _, err := w.Store.PutEpisode(tx.Tx, episode); err != nil {
		return err
	}
	// What was learnt by asking may be ahead of the log: what is newest counts.
	episode, err := w.Store.ClaimEpisode(tx.Tx, episode.PatientID, episode.ID)
	if err != nil {
		return err
	}
	if episode.State == store.EpisodeOpen {
		return w.followTeam(tx, episode)
	}
	if err := w.cancelContacts(tx, episode); err != nil {
		return err
	}
	return w.completePlans(tx, episode)
}

func careManager(episode *patientv1.CareEpisodeSnapshot) string {
	for _, member := range episode.GetTeam() {
		if member.GetRole() == accessv1.Role_ROLE_CARE_MANAGER && member.GetEndDate() == "" {
			return member.GetPractitionerId()
		}
	}
	return ""
}

func (w *Worker) followTeam(tx *act.Tx, episode store.Episode) error {
	plans, err := w.Store.ClaimOpenPlans(tx.Tx, episode.PatientID, episode.ID)
	if err != nil {
		return err
	}
	for _, plan := range plans {
		if next, changed := plan.FollowTeam(episode.CareManager, tx.Now); changed {
			if err := w.updatePlan(tx, "care_plan.updated", plan, next); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *Worker) cancelContacts(tx *act.Tx, episode store.Episode) error {
	contacts, err := w.Store.ClaimOpenContacts(tx.Tx, episode.ID)
	if err != nil {
		return err
	}
	for _, c := range contacts {
		c, err := c.Cancel(careplan.CancelledEpisodeClosed, tx.Now)
		if err != nil {
			return err
		}
		if err := w.Store.UpdateContact(tx.Tx, c); err != nil {
			return err
		}
		err = tx.Emit(act.Event{Type: "contact.cancelled", ResourceID: c.ID, Revision: c.Revision, PatientID: c.PatientID, Snapshot: snapshot.Contact(c)})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) completePlans(tx *act.Tx, episode store.Episode) error {
	plans, err := w.Store.ClaimOpenPlans(tx.Tx, episode.PatientID, episode.ID)
	if err != nil {
		return err
	}
	for _, plan := range plans {
		if plan.State != careplan.PlanActive {
			continue // a draft plans nothing; it can no longer be activated
		}
		next, err := plan.Complete(careplan.OutcomeEpisodeClosed, tx.Now)
		if err != nil {
			return err
		}
		if err := w.updatePlan(tx, "care_plan.completed", plan, next); err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) updatePlan(tx *act.Tx, event string, before, after careplan.Plan) error {
	if err := w.Store.UpdatePlan(tx.Tx, before, after); err != nil {
		return err
	}
	return tx.Emit(act.Event{Type: event, ResourceID: after.ID, Revision: after.Revision, PatientID: after.PatientID, Snapshot: snapshot.CarePlan(after)})
}
