package store_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

func withdrawal(reason string) sickleave.Withdrawal {
	return sickleave.Withdrawal{Reason: reason, By: "somebody", Time: start.Add(time.Hour)}
}

// fullPlan has something in every member.
func fullPlan(patient string) store.PlanRecord {
	steps := []sickleave.Step{
		{ID: "s1", Start: day("2026-03-02"), End: day("2026-03-15"), Degree: 50, Adaptations: "canary-adaptations"},
		{ID: "s2", Start: day("2026-03-16"), End: day("2026-03-29")},
	}
	answer := &sickleave.Answer{Kind: sickleave.AnswerChanged, Reason: "canary-answer", Version: 1, By: "doctor", Time: start}
	return store.PlanRecord{CareProviderID: provider, UpdateTime: start.Add(time.Minute), Plan: sickleave.Plan{
		ID: uuid.NewString(), PatientID: patient, CareUnitID: "unit", EpisodeID: "episode", State: sickleave.PlanAccepted, Version: 2, CreateTime: start,
		Steps: steps, Target: sickleave.TargetOther, Note: "canary-note", ProposedBy: "coordinator", VersionTime: start, Answer: answer,
		Agreements: []sickleave.Agreement{{Party: sickleave.PartyEmployer, Version: 1, By: "coordinator", Time: start}},
		CheckIns: []sickleave.CheckIn{{
			StepID: "s1", Version: 2, Day: day("2026-03-03"), Outcome: sickleave.OutcomeTrouble, ChangedTasksOffered: true, Note: "canary-check",
			By: "coordinator", Time: start,
		}},
		Earlier:    []sickleave.PlanVersion{{Version: 1, Steps: steps[:1], By: "coordinator", Answer: answer, End: start}},
		Deviations: []sickleave.Deviation{{Code: sickleave.DeviationHoldNotTried, Reason: "canary-deviation", By: "coordinator", Time: start}},
		Hold:       withdrawal("canary-hold"), Closing: withdrawal("canary-closing"),
	}}
}

func (f *fixture) insertPlan(r store.PlanRecord) (store.PlanRecord, error) {
	var inserted store.PlanRecord
	err := f.tx(func(tx *sqldb.Tx) (err error) {
		inserted, err = f.store.InsertPlan(tx, r)
		return err
	})
	return inserted, err
}

func TestAPlanIsReadAsItWasWritten(t *testing.T) {
	run(t, func(f *fixture) {
		want, err := f.insertPlan(fullPlan("patient"))
		require.NoError(f, err)
		got, err := f.store.Plan(f.db.Read(f.Context()), provider, "patient", want.ID)
		require.NoError(f, err)
		require.Equal(f, want, got)
		for _, stranger := range [][2]string{{"other", "patient"}, {provider, "other"}} {
			_, err = f.store.Plan(f.db.Read(f.Context()), stranger[0], stranger[1], want.ID)
			require.ErrorIs(f, err, store.ErrNotFound)
		}

		want.State, want.Version, want.Note = sickleave.PlanWithdrawn, 3, "changed"
		require.NoError(f, f.tx(func(tx *sqldb.Tx) error {
			if _, err := f.store.UpdatePlan(tx, want); err != nil {
				return err
			}
			_, err := f.store.UpdatePlan(tx, want)
			require.ErrorIs(f, err, store.ErrStale)
			return nil
		}))
		want.Revision++
		got, err = f.store.Plan(f.db.Read(f.Context()), provider, "patient", want.ID)
		require.NoError(f, err)
		require.Equal(f, want, got)
	})
}

func TestOneOpenPlanAnEpisode(t *testing.T) {
	run(t, func(f *fixture) {
		first, err := f.insertPlan(fullPlan("patient"))
		require.NoError(f, err)
		_, err = f.insertPlan(fullPlan("patient"))
		require.ErrorIs(f, err, store.ErrPlanOpen)
		_, err = f.insertPlan(fullPlan("another"))
		require.NoError(f, err)
		elsewhere := fullPlan("patient")
		elsewhere.EpisodeID = "another"
		_, err = f.insertPlan(elsewhere)
		require.NoError(f, err)
		first.State = sickleave.PlanCompleted
		require.NoError(f, f.tx(func(tx *sqldb.Tx) error {
			_, err := f.store.UpdatePlan(tx, first)
			return err
		}))
		_, err = f.insertPlan(fullPlan("patient"))
		require.NoError(f, err)
	})
}

func TestScreeningsAndAssessmentsAreReadAsTheyWereWritten(t *testing.T) {
	run(t, func(f *fixture) {
		screening := store.ScreeningRecord{CareProviderID: provider, UpdateTime: start, Screening: sickleave.Screening{
			ID: uuid.NewString(), PatientID: "patient", CareUnitID: "unit", EpisodeID: "episode", Day: day("2026-03-02"), Need: sickleave.NeedLight,
			Reason: "canary-reason", Offer: sickleave.Offered, By: "coordinator", OfferBy: "coordinator", OfferTime: start, CreateTime: start,
		}}
		assessment := store.AssessmentRecord{CareProviderID: provider, UpdateTime: start, WorkAbilityAssessment: sickleave.WorkAbilityAssessment{
			ID: uuid.NewString(), PatientID: "patient", CareUnitID: "unit", EpisodeID: "episode", Day: day("2026-03-02"), FunctionLimitation: "canary-function",
			ActivityLimitation: "canary-activity", WorkDemands: "canary-demands", Resources: "canary-resources", By: "coordinator", CreateTime: start,
		}}
		require.NoError(f, f.tx(func(tx *sqldb.Tx) (err error) {
			if screening, err = f.store.InsertScreening(tx, screening); err != nil {
				return err
			}
			assessment, err = f.store.InsertAssessment(tx, assessment)
			return err
		}))
		q := f.db.Read(f.Context())
		gotScreening, err := f.store.Screening(q, provider, "patient", screening.ID)
		require.NoError(f, err)
		require.Equal(f, screening, gotScreening)
		gotAssessment, err := f.store.LatestAssessment(q, provider, "patient")
		require.NoError(f, err)
		require.Equal(f, assessment, gotAssessment)
		days, err := f.store.ScreeningDays(q, provider, []string{"patient", "another"})
		require.NoError(f, err)
		require.Equal(f, map[string][]date.Day{"patient": {day("2026-03-02")}}, days)

		screening.InError, assessment.InError = withdrawal("canary-error"), withdrawal("canary-error")
		require.NoError(f, f.tx(func(tx *sqldb.Tx) (err error) {
			if screening, err = f.store.UpdateScreening(tx, screening); err != nil {
				return err
			}
			assessment, err = f.store.UpdateAssessment(tx, assessment)
			return err
		}))
		listed, err := f.store.Screenings(q, provider, "patient", true, store.Place{}, 10)
		require.NoError(f, err)
		require.Equal(f, []store.ScreeningRecord{screening}, listed)
		listed, err = f.store.Screenings(q, provider, "patient", false, store.Place{}, 10)
		require.NoError(f, err)
		require.Empty(f, listed)
		all, err := f.store.Assessments(q, provider, "patient", true, store.Place{}, 10)
		require.NoError(f, err)
		require.Equal(f, []store.AssessmentRecord{assessment}, all)
		_, err = f.store.LatestAssessment(q, provider, "patient")
		require.ErrorIs(f, err, store.ErrNotFound)
		days, err = f.store.ScreeningDays(q, provider, []string{"patient"})
		require.NoError(f, err)
		require.Empty(f, days)
	})
}

// A sealed part shows nothing, and opens in its own row alone.
func TestNewSealedPartsAreSealedAndBound(t *testing.T) {
	run(t, func(f *fixture) {
		one, err := f.insertPlan(fullPlan("patient"))
		require.NoError(f, err)
		two, err := f.insertPlan(fullPlan("another"))
		require.NoError(f, err)
		var sealed []byte
		require.NoError(f, f.db.Read(f.Context()).QueryRow(`SELECT sealed FROM return_to_work_plan WHERE return_to_work_plan_id = $1`, one.ID).Scan(&sealed))
		require.NotEmpty(f, sealed)
		require.False(f, bytes.Contains(sealed, []byte("canary")))
		require.NoError(f, f.tx(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE return_to_work_plan SET sealed = $1 WHERE return_to_work_plan_id = $2`, sealed, two.ID)
			return err
		}))
		_, err = f.store.Plan(f.db.Read(f.Context()), provider, "another", two.ID)
		require.Error(f, err)
	})
}
