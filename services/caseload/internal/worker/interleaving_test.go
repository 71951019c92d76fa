package worker

import (
	"cmp"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/bell"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/caseload/internal/store"
)

// history is what could have happened to one patient: events in the order of time, of several resources of five services.
type history struct {
	t         *rapid.T
	now       time.Time
	revisions map[string]int32
	events    []*eventv1.Event
}

func (h *history) day(label string) string {
	return date.MustParse("2026-03-01").AddDays(rapid.IntRange(0, 60).Draw(h.t, label)).String()
}

func (h *history) tell(source, kind, id string, snapshot proto.Message) {
	h.now = h.now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(h.t, "minutes")) * time.Minute)
	h.revisions[kind+id] += int32(rapid.IntRange(1, 2).Draw(h.t, "step"))
	packed, err := anypb.New(snapshot)
	require.NoError(h.t, err)
	h.events = append(h.events, &eventv1.Event{
		EventId: fmt.Sprintf("event-%03d", len(h.events)), Source: source, Type: kind + ".told", ResourceId: id, Revision: h.revisions[kind+id],
		PatientId: "patient", CareProviderId: "provider", CareUnitId: rapid.SampledFrom([]string{"here", "there"}).Draw(h.t, "unit"),
		Actor: &eventv1.Actor{PractitionerId: "somebody"}, EventTime: timestamppb.New(h.now), Snapshot: packed,
	})
}

func draw[T ~int32](h *history, values map[string]int32) T {
	n := rapid.IntRange(1, len(values)-1).Draw(h.t, "state")
	return T(n)
}

// one draws one thing that happens.
func (h *history) one() {
	number := rapid.IntRange(1, 2).Draw(h.t, "which")
	id := func(kind string) string { return fmt.Sprintf("%s-%d", kind, number) }
	episode := fmt.Sprintf("episode-%d", rapid.IntRange(1, 2).Draw(h.t, "episode"))
	switch rapid.IntRange(0, 13).Draw(h.t, "what") {
	case 0:
		h.tell("patient", "patient", "patient", &patientv1.PatientSnapshot{PatientId: "patient", CareProviderId: "provider",
			CareUnitId: rapid.SampledFrom([]string{"here", "there"}).Draw(h.t, "home"), State: patientv1.Patient_State(rapid.IntRange(1, 2).Draw(h.t, "record"))})
	case 1, 2:
		h.tell("patient", "care_episode", episode, &patientv1.CareEpisodeSnapshot{CareEpisodeId: episode, State: draw[patientv1.CareEpisode_State](h, patientv1.CareEpisode_State_value),
			StartDate: h.day("start"), Referrals: []*patientv1.ReferralSnapshot{{ReferralId: "referral", Role: accessv1.Role_ROLE_CARE_MANAGER,
				State: draw[patientv1.Referral_State](h, patientv1.Referral_State_value)}},
			Team: []*patientv1.TeamMemberSnapshot{{PractitionerId: "manager", Role: accessv1.Role_ROLE_CARE_MANAGER, StartDate: h.day("member")}}})
	case 3:
		h.tell("patient", "consent", id("consent"), &patientv1.ConsentSnapshot{ConsentId: id("consent"), Kind: patientv1.Consent_COORDINATION,
			State: draw[patientv1.Consent_State](h, patientv1.Consent_State_value), StartDate: h.day("from"), ConsentsRevision: int32(len(h.events))})
	case 4:
		h.tell("careplan", "care_plan", id("plan"), &careplanv1.CarePlanSnapshot{CarePlanId: id("plan"), CareEpisodeId: episode,
			State: draw[careplanv1.CarePlan_State](h, careplanv1.CarePlan_State_value), PlannedContacts: []*careplanv1.PlannedContactSnapshot{
				{PlannedContactId: id("planned"), PlannedDate: h.day("planned"), State: careplanv1.PlannedContact_PLANNED}}})
	case 5:
		h.tell("careplan", "contact", id("contact"), &careplanv1.ContactSnapshot{ContactId: id("contact"), CareEpisodeId: episode, PlannedContactId: id("planned"),
			State: draw[careplanv1.Contact_State](h, careplanv1.Contact_State_value), ScheduledTime: timestamppb.New(h.now), ResultTime: timestamppb.New(h.now)})
	case 6:
		score := int32(rapid.IntRange(0, 54).Draw(h.t, "score"))
		h.tell("careplan", "assessment", id("assessment"), &careplanv1.AssessmentSnapshot{AssessmentId: id("assessment"), CareEpisodeId: episode, Instrument: "MADRS-S",
			AnswerDate: h.day("answered"), TotalScore: &score, RegisteredInError: rapid.Bool().Draw(h.t, "mistake")})
	case 7:
		h.tell("careplan", "safety_flag", id("flag"), &careplanv1.SafetyFlagSnapshot{SafetyFlagId: id("flag"), Level: draw[careplanv1.SafetyFlag_Level](h, careplanv1.SafetyFlag_Level_value),
			State: draw[careplanv1.SafetyFlag_State](h, careplanv1.SafetyFlag_State_value)})
	case 8:
		h.tell("careplan", "recommendation", id("advice"), &careplanv1.RecommendationSnapshot{RecommendationId: id("advice"),
			State: draw[careplanv1.Recommendation_State](h, careplanv1.Recommendation_State_value)})
	case 9:
		h.tell("sickleave", "certificate", id("certificate"), &sickleavev1.CertificateSnapshot{CertificateId: id("certificate"),
			State: draw[sickleavev1.Certificate_State](h, sickleavev1.Certificate_State_value)})
	case 10:
		first := h.day("first")
		h.tell("sickleave", "sick_leave", "patient", &sickleavev1.SickLeaveSnapshot{Cases: []*sickleavev1.SickLeaveCaseSnapshot{
			{StartDate: "2026-01-01", EndDate: "2026-01-31"}, {StartDate: first, EndDate: first}, {StartDate: "2026-06-01", EndDate: "2026-06-30"}}})
	case 11:
		h.tell("sickleave", "return_to_work_plan", id("return"), &sickleavev1.ReturnToWorkPlanSnapshot{ReturnToWorkPlanId: id("return"),
			State: draw[sickleavev1.ReturnToWorkPlan_State](h, sickleavev1.ReturnToWorkPlan_State_value)})
	case 12:
		h.tell("employerdialogue", "dialogue_meeting", id("meeting"), &employerdialoguev1.DialogueMeetingSnapshot{DialogueMeetingId: id("meeting"), CareEpisodeId: episode,
			State: draw[employerdialoguev1.DialogueMeeting_State](h, employerdialoguev1.DialogueMeeting_State_value), RecheckDate: h.day("recheck"), HeldDate: h.day("held")})
	default:
		h.tell("followup", "follow_up", id("due"), &followupv1.FollowUpSnapshot{FollowUpId: id("due"), State: draw[followupv1.FollowUp_State](h, followupv1.FollowUp_State_value),
			DueDate: h.day("due"), DueTime: timestamppb.New(h.now)})
	}
}

// shuffled is a drawn order in which the history could be heard: that of each resource kept, some of it heard twice.
func (h *history) shuffled() []*eventv1.Event {
	queues := map[string][]*eventv1.Event{}
	var names []string
	for _, e := range h.events {
		name := e.GetType() + e.GetResourceId()
		if len(queues[name]) == 0 {
			names = append(names, name)
		}
		queues[name] = append(queues[name], e)
	}
	var heard []*eventv1.Event
	for len(names) > 0 {
		i := rapid.IntRange(0, len(names)-1).Draw(h.t, "next")
		heard = append(heard, queues[names[i]][0])
		if queues[names[i]] = queues[names[i]][1:]; len(queues[names[i]]) == 0 {
			names = slices.Delete(names, i, i+1)
		}
		if rapid.IntRange(0, 3).Draw(h.t, "again") == 0 {
			heard = append(heard, heard[rapid.IntRange(0, len(heard)-1).Draw(h.t, "which again")])
		}
	}
	return heard
}

// bench is a store with its worker.
type bench struct {
	acts *act.Acts
	work *Worker
}

func newBench(t *testing.T) *bench {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Config{Dir: t.TempDir()}, "caseload")
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	chassis, err := fs.Sub(act.Migrations, "migrations")
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), "chassis", chassis))
	require.NoError(t, db.Migrate(t.Context(), "caseload", os.DirFS("../../migrations")))
	keys, err := crypt.OpenDev(t.TempDir())
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	return &bench{
		acts: &act.Acts{Source: "caseload", DB: db, Keys: keys, Clock: clock.NewTest(date.MustParse("2026-03-02").At(8, 0)), Bell: bell.New(nil, log), Log: log},
		work: New(store.New(), func() {}),
	}
}

// hear hears events from the beginning and gives everything that is kept of them, a line a row.
func (b *bench) hear(t *rapid.T, events []*eventv1.Event) []string {
	var kept []string
	require.NoError(t, b.acts.Run(t.Context(), func(tx *act.Tx) error {
		if err := b.work.store.Forget(tx.Tx, store.Build{}); err != nil {
			return err
		}
		for _, e := range events {
			if err := b.work.OnEvent(tx, e); err != nil {
				return err
			}
		}
		for table, columns := range map[string]string{
			"picture":   "patient_id || care_unit_id || body",
			"line":      "shown_from || ' ' || shown_until || care_unit_id || episode_open || leave_start || leave_end || next_due || last_contact || safety || waits_from || meeting_state",
			"line_team": "practitioner_id || patient_id || place || start_date || end_date",
			"timeline":  "event_id || patient_id || event_time || track || type || resource_id || practitioner_id || service || care_episode_id || hex(snapshot)",
			"told":      "kind || resource_id || revision || body",
		} {
			rows, err := tx.Query(`SELECT ` + columns + ` FROM ` + table)
			if err != nil {
				return err
			}
			for rows.Next() {
				var line string
				if err := rows.Scan(&line); err != nil {
					return err
				}
				kept = append(kept, table+" "+line)
			}
			if err := cmp.Or(rows.Err(), rows.Close()); err != nil {
				return err
			}
		}
		return nil
	}))
	slices.Sort(kept)
	return kept
}

// However the sources are interleaved, and whatever is delivered twice: the same pictures, lines and timelines.
func TestPictureDoesNotDependOnInterleaving(t *testing.T) {
	b := newBench(t)
	rapid.Check(t, func(t *rapid.T) {
		h := &history{t: t, now: date.MustParse("2026-03-01").At(8, 0), revisions: map[string]int32{}}
		for range rapid.IntRange(1, 25).Draw(t, "events") {
			h.one()
		}
		first := b.hear(t, h.events)
		require.Equal(t, first, b.hear(t, h.shuffled()))
		require.Equal(t, first, b.hear(t, append(h.shuffled(), h.events...)), "heard twice from the beginning")
	})
}
