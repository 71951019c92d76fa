package careplan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// What was written by a person stands readable neither in the tables nor in the event log.
func TestWhatWasWrittenStaysSealed(t *testing.T) {
	run(t, func(f *fixture) {
		plan := f.activePlan()
		contact := f.contact(nil)
		contact.Result = result()
		held, err := f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: contact, RequestId: uuid.NewString()})
		require.NoError(f, err)
		_, err = f.client.RegisterContactInError(f.cm, &careplanv1.RegisterContactInErrorRequest{PatientId: f.patient, ContactId: held.GetContactId(), Reason: "canary-reason"})
		require.NoError(f, err)
		f.record(f.form("PHQ-9", "", 0, 0, 0, 0, 0, 0, 0, 0, 2))
		_, err = f.client.AssessSafetyFlag(f.cm, &careplanv1.AssessSafetyFlagRequest{PatientId: f.patient, SafetyFlagId: f.flags()[0].GetSafetyFlagId(),
			Conclusion: careplanv1.RiskAssessment_HIGH_RISK, Text: "canary-risk asked about plans and means"})
		require.NoError(f, err)
		_, err = f.client.RegisterCarePlanInError(f.cm, &careplanv1.RegisterCarePlanInErrorRequest{PatientId: f.patient, CarePlanId: plan.GetCarePlanId(), Reason: "canary-reason"})
		require.NoError(f, err)
		_, err = f.newBrief()
		require.NoError(f, err)
		note := f.note(true, anyGP)
		_, err = f.client.OpenNote(f.As("nurse", f.place), &careplanv1.OpenNoteRequest{PatientId: f.patient, NoteId: note.GetNoteId(), Reason: "canary-acute", RequestId: uuid.NewString()})
		require.NoError(f, err)
		advice := f.recommend(f.cm, careplanv1.Recommendation_OTHER, "canary-advice")
		_, err = f.client.AnswerRecommendation(f.As("gp", f.place), &careplanv1.AnswerRecommendationRequest{PatientId: f.patient, RecommendationId: advice.GetRecommendationId(),
			Outcome: careplanv1.Recommendation_CHANGED, Reason: "canary-because", ChangedText: "canary-instead", RequestId: uuid.NewString()})
		require.NoError(f, err)
		db := f.System.Log("careplan").DB
		for _, table := range []string{"contact", "care_plan", "care_plan_revision", "planned_contact", "assessment", "safety_flag", "brief", "note",
			"recommendation", "event_log", "request"} {
			seen := 0
			for _, row := range dump(f, db, table) {
				seen++
				require.NotContains(f, row, "canary", table)
				require.NotContains(f, row, "HIGH_RISK", table)
			}
			require.Positive(f, seen, table)
		}
	})
}

func dump(f *fixture, db *sqldb.DB, table string) []string {
	f.Helper()
	rows, err := db.Read(f.Context()).Query(`SELECT * FROM ` + table)
	require.NoError(f, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(f, err)
	var out []string
	for rows.Next() {
		cells := make([]any, len(columns))
		for n := range cells {
			cells[n] = new(any)
		}
		require.NoError(f, rows.Scan(cells...))
		var row strings.Builder
		for _, cell := range cells {
			fmt.Fprintf(&row, "%s\n", *(cell.(*any)))
		}
		out = append(out, row.String())
	}
	require.NoError(f, rows.Err())
	return out
}
