package employerdialogue_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
)

// words stand in what an employer sees only when their item is consented to.
var words = map[employerdialogue.Item][]string{
	"CONTACT": {"Dialogmöte 2026-03-09", "rehabkoordinator på"}, "SICK_LEAVE": {"Sjukskriven 100"}, "RETURN_TO_WORK_PLAN": {"Planerad sjukskrivning 75"},
	"WORK_ABILITY": {"canary-ability"}, "PATIENT_PERSPECTIVE": {"canary-description", "canary-needs", "canary-perspective"},
	"AGREEMENT": {"canary-fact", "canary-agreed", "canary-action"}, "CONTACT_WISH": {"canary-wish"}, "DIAGNOSIS": {"F43.8A"},
	"SCORES": {"MADRS-S", "canary-band"},
}

// never are seen by no employer, whatever is consented to.
var never = []string{"canary-secret", "canary-withheld", "canary-employer-perspective", "canary-note", "canary-deviation", "canary-none", "canary-agenda", "canary-expectation", "2026-02-16"}

func wholeCase() employerdialogue.Case {
	total, change := 31, -4.0
	return employerdialogue.Case{
		Meeting: &employerdialogue.Meeting{
			ID: "m", State: "SCHEDULED", Slot: employerdialogue.Slot{Time: date.MustParse("2026-03-09").At(10, 0), Length: 60, Place: "CENTRE"},
			Invited: employerdialogue.Slot{Time: date.MustParse("2026-03-09").At(10, 0), Length: 60, Place: "CENTRE"},
			Preparation: &employerdialogue.Preparation{
				OwnDescription: "canary-description", Needs: "canary-needs", WorkAbility: "canary-ability", ContactWish: "canary-wish", NotToBeSaid: "canary-secret",
				OwnExpectation: "canary-expectation",
			},
			Agenda:     []employerdialogue.AgendaPoint{{Topic: "TASKS", Text: "canary-agenda"}},
			Deferral:   &employerdialogue.Deferral{Note: "canary-note"},
			Deviations: []employerdialogue.Deviation{{Code: "BRIEF_MISSING", Reason: "canary-deviation"}}, NoneReason: "canary-none",
			Perspectives: []employerdialogue.Perspective{{Speaker: "PATIENT", Text: "canary-perspective"}, {Speaker: "EMPLOYER", Text: "canary-employer-perspective"}},
		},
		Agreement: &employerdialogue.Agreement{
			Facts:      []employerdialogue.Point{{Text: "canary-fact"}, {Text: "canary-withheld-fact", Withheld: true}},
			Agreements: []employerdialogue.Point{{Text: "canary-agreed"}, {Text: "canary-withheld-point", Withheld: true}},
			Actions:    []employerdialogue.Action{{Text: "canary-action", Owner: "EMPLOYER"}, {Text: "canary-withheld-action", Withheld: true}},
		},
		SickLeave:   []employerdialogue.Step{{Start: date.MustParse("2026-03-02"), End: date.MustParse("2026-03-29"), Degree: 100}},
		ReturnSteps: []employerdialogue.Step{{Start: date.MustParse("2026-03-30"), End: date.MustParse("2026-04-26"), Degree: 75}},
		Diagnoses:   []string{"F43.8A"},
		Scores: []employerdialogue.Score{{Instrument: "MADRS-S", Band: "canary-band", Total: &total, Change: &change, Day: date.MustParse("2026-03-01"), Course: []employerdialogue.ScorePoint{
			{Day: date.MustParse("2026-02-16"), Score: 35}, {Day: date.MustParse("2026-03-01"), Score: 31},
		}}},
	}
}

// Over all combinations of consents nothing that is not consented to stands in a view, its document or an invitation.
func TestLeaks(t *testing.T) {
	known := wholeCase()
	for set := range 1 << len(employerdialogue.Items()) {
		for _, coordination := range []bool{true, false} {
			consents := employerdialogue.Consents{Coordination: coordination, Revision: set}
			for i, item := range employerdialogue.Items() {
				if set&(1<<i) != 0 {
					consents.Told = append(consents.Told, item)
				}
			}
			view := employerdialogue.See(known, consents)
			seen := fmt.Sprint(view.Shown) + view.Document()
			for item, marks := range words {
				for _, mark := range marks {
					if got := strings.Contains(seen, mark); got != consents.Covers(item) {
						t.Fatalf("%s with %v, coordination %v: seen is %v", mark, consents.Told, coordination, got)
					}
				}
			}
			for _, mark := range never {
				if strings.Contains(seen, mark) {
					t.Fatalf("%s is seen with %v", mark, consents.Told)
				}
			}
			if len(view.Shown)+len(view.Withheld)+len(view.Empty) != len(employerdialogue.Items()) {
				t.Fatal("an item is neither shown nor withheld nor empty")
			}
			invitation, err := known.Meeting.Invite(consents, employerdialogue.Employer)
			if (err == nil) != consents.Covers(employerdialogue.ItemContact) {
				t.Fatalf("an invitation with %v, coordination %v: %v", consents.Told, coordination, err)
			}
			off := *known.Meeting
			off.State, off.Slot, off.Sequence = "CANCELLED", employerdialogue.Slot{}, 1
			cancel, refused := off.Invite(consents, employerdialogue.Employer)
			require.NoError(t, refused, "that it is off reaches who was invited")
			if !consents.Covers(employerdialogue.ItemContact) {
				require.Equal(t, employerdialogue.Invitation{
					UID: "m@coworkcare", Cancels: true, Sequence: 1, Start: off.Invited.Time, End: off.Invited.Time.Add(time.Hour),
				}, cancel, "and nothing but that")
			}
			off.Invited = employerdialogue.Slot{}
			_, refused = off.Invite(consents, employerdialogue.Employer)
			require.Error(t, refused, "nobody was invited")
			text := fmt.Sprint(invitation, err, cancel, refused)
			for _, mark := range append([]string{"canary", "F43", "MADRS", "Sjukskriv"}, never...) {
				if strings.Contains(text, mark) {
					t.Fatalf("%s stands in the invitation or its refusal", mark)
				}
			}
		}
	}
}

// What stands in a meeting by chance never opens an item: unconsented parts may say anything without changing what is seen.
func TestAViewRestsOnConsentedItemsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		consents := drawConsents(t)
		known, other := wholeCase(), wholeCase()
		if !consents.Covers(employerdialogue.ItemAgreement) {
			other.Agreement.Facts = append(other.Agreement.Facts, employerdialogue.Point{Text: rapid.String().Draw(t, "fact")})
		}
		if !consents.Covers(employerdialogue.ItemDiagnosis) {
			other.Diagnoses = []string{rapid.String().Draw(t, "diagnosis")}
		}
		if !consents.Covers(employerdialogue.ItemPerspective) {
			other.Meeting.Perspectives[0].Text = rapid.String().Draw(t, "perspective")
		}
		other.Meeting.Preparation.OwnExpectation = rapid.String().Draw(t, "expectation")
		other.Meeting.Preparation.NotToBeSaid = rapid.String().Draw(t, "secret")
		require.Equal(t, employerdialogue.See(known, consents).Document(), employerdialogue.See(other, consents).Document())
	})
}

func TestOrganisationNumber(t *testing.T) {
	for name, want := range map[string]string{"5560360793": "556036-0793", "556036-0793": "556036-0793", "5560360794": "", "55603607": "", "556036a793": ""} {
		number, sound := employerdialogue.OrganisationNumber(name)
		require.Equal(t, want != "", sound, name)
		if sound {
			require.Equal(t, want, number)
		}
	}
}
