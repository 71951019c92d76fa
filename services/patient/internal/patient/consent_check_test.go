package patient

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

const employerID = "01958b3c-7d4e-7a57-9c3f-0b6f4d2a1e90"

func toEmployer(id string) Matter { return Matter{Information, Receiver{Employer, id}} }

func TestReceiverFitsTheKind(t *testing.T) {
	for name, test := range map[string]struct {
		matter Matter
		items  []Item
		want   map[string]string
	}{
		"coordination":               {matter: Matter{Kind: Coordination}},
		"employer":                   {matter: toEmployer(employerID), items: []Item{Contact}},
		"agency":                     {matter: Matter{Information, Receiver{Kind: SocialInsuranceAgency}}, items: []Item{SickLeave}},
		"employer's own health care": {matter: Matter{Information, Receiver{Kind: OccupationalHealth}}, items: []Item{SickLeave}},
		"other health care":          {matter: Matter{Information, Receiver{OccupationalHealth, employerID}}, items: []Item{SickLeave}},
		"union":                      {matter: Matter{Information, Receiver{Kind: Union}}, items: []Item{Contact}},
		"nobody":                     {matter: Matter{Kind: Information}, items: []Item{Contact}, want: map[string]string{"receiver_kind": "FIELD_REQUIRED"}},
		"some employer":              {matter: toEmployer(""), items: []Item{Contact}, want: map[string]string{"receiver_id": "FIELD_REQUIRED"}},
		"nothing":                    {matter: toEmployer(employerID), want: map[string]string{"item_types": "FIELD_REQUIRED"}},
		"one agency of many": {
			matter: Matter{Information, Receiver{SocialInsuranceAgency, employerID}}, items: []Item{Contact}, want: map[string]string{"receiver_id": "RECEIVER_NOT_OF_KIND"},
		},
		"one office of many": {
			matter: Matter{Information, Receiver{EmploymentOffice, employerID}}, items: []Item{Contact}, want: map[string]string{"receiver_id": "RECEIVER_NOT_OF_KIND"},
		},
		"coordination with a receiver": {
			matter: Matter{Coordination, Receiver{Employer, employerID}}, items: []Item{Contact},
			want: map[string]string{"receiver_kind": "RECEIVER_NOT_OF_KIND", "receiver_id": "RECEIVER_NOT_OF_KIND", "item_types": "RECEIVER_NOT_OF_KIND"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			check := func(err error, without string) {
				t.Helper()
				want := map[string]string{}
				for field, reason := range test.want {
					if field != without {
						want[field] = reason
					}
				}
				if len(want) == 0 {
					require.NoError(t, err)
					return
				}
				require.Equal(t, want, reasons(t, err))
			}
			_, err := Grant(Consent{Kind: test.matter.Kind, Receiver: test.matter.Receiver, Items: test.items}, monday)
			check(err, "")
			_, err = Decline(Consent{Kind: test.matter.Kind, Receiver: test.matter.Receiver}, monday)
			check(err, "item_types")
			question := Question{Matter: test.matter, Items: test.items}
			if name == "nothing" {
				check(question.Validate(), "item_types") // asks about every item
				return
			}
			check(question.Validate(), "")
		})
	}
}

func TestNoItemImpliesAnother(t *testing.T) {
	for _, granted := range EveryItem() {
		c, err := Grant(Consent{ID: "c", Kind: Information, Receiver: Receiver{Employer, employerID}, Items: []Item{granted}}, monday)
		require.NoError(t, err)
		a := Question{Matter: toEmployer(employerID), Day: today}.Answer([]Consent{c})
		require.False(t, a.Consented, "not to everything")
		require.Equal(t, "c", a.ConsentID)
		require.Len(t, a.Items, len(EveryItem()))
		for i, item := range EveryItem() {
			require.Equal(t, ItemAnswer{Item: item, Consented: item == granted}, a.Items[i])
		}
	}
}

// said is a model of what a patient has said: what was in force on each day, per matter, kept by hand day by day.
type said struct {
	consents []Consent // newest first, as the store reads them
	now      time.Time
	// words is what the patient said last in a matter; an absent matter was never spoken of.
	words    map[Matter]word
	revision int64
}

type word struct {
	yes        bool
	id         string
	start, end date.Day
	items      []Item
}

func (s *said) put(c Consent) {
	for i := range s.consents {
		if s.consents[i].Matter() == c.Matter() {
			if replaced, changed := s.consents[i].Replace(s.now); changed {
				s.consents[i] = replaced
				s.revision++
			}
		}
	}
	s.consents = append([]Consent{c}, s.consents...)
	s.revision++
}

// Whatever is granted, declined and withdrawn, of whichever receivers and for whatever time, the answer of today is what the
// patient said last in that very matter, and a day's answer as it was given at the end of the day stays the same afterwards.
func TestCheckEqualsTheModel(t *testing.T) {
	matters := []Matter{
		{Kind: Coordination}, toEmployer(employerID), toEmployer("01958b3c-7d4e-7a57-9c3f-0b6f4d2a1e91"),
		{Information, Receiver{Kind: SocialInsuranceAgency}}, {Information, Receiver{Kind: OccupationalHealth}}, {Information, Receiver{OccupationalHealth, employerID}},
	}
	rapid.Check(t, func(t *rapid.T) {
		s := &said{now: monday, words: map[Matter]word{}}
		var evenings []func() // each asks again what an evening was told
		for step := range rapid.IntRange(1, 25).Draw(t, "steps") {
			m := rapid.SampledFrom(matters).Draw(t, "matter")
			now := date.Of(s.now)
			switch rapid.SampledFrom([]string{"grant", "grant", "decline", "withdraw", "sleep"}).Draw(t, "verb") {
			case "grant":
				c := Consent{ID: fmt.Sprint(step), Kind: m.Kind, Receiver: m.Receiver}
				if m.Kind == Information {
					c.Items = rapid.SliceOfNDistinct(rapid.SampledFrom(EveryItem()), 1, 9, rapid.ID).Draw(t, "items")
				}
				if rapid.Bool().Draw(t, "limited") {
					c.End = now.AddDays(rapid.IntRange(0, 5).Draw(t, "for days"))
				}
				c, err := Grant(c, s.now)
				require.NoError(t, err)
				s.put(c)
				s.words[m] = word{yes: true, id: c.ID, start: now, end: c.End, items: c.Items}
			case "decline":
				c, err := Decline(Consent{ID: fmt.Sprint(step), Kind: m.Kind, Receiver: m.Receiver}, s.now)
				require.NoError(t, err)
				s.put(c)
				s.words[m] = word{}
			case "withdraw":
				i := slices.IndexFunc(s.consents, func(c Consent) bool { return c.Matter() == m && c.State == Granted })
				if i < 0 {
					continue
				}
				c, err := s.consents[i].Withdraw("vera", "", s.now)
				require.NoError(t, err)
				s.consents[i] = c
				s.revision++
				s.words[m] = word{}
			case "sleep":
				for _, m := range matters {
					then := Question{Matter: m, Day: now}
					told := then.Answer(s.consents)
					evenings = append(evenings, func() {
						again := then.Answer(s.consents)
						require.Equal(t, told.ConsentID, again.ConsentID)
						require.Equal(t, told.Items, again.Items)
					})
				}
				s.now = now.AddDays(rapid.IntRange(1, 3).Draw(t, "days")).At(9, 0)
			}
			for _, m := range matters {
				s.compare(t, m, rapid.SliceOfNDistinct(rapid.SampledFrom(EveryItem()), 0, 9, rapid.ID).Draw(t, "asked"))
			}
		}
		for _, ask := range evenings {
			ask()
		}
	})
}

func (s *said) compare(t *rapid.T, m Matter, items []Item) {
	today := date.Of(s.now)
	last, spoken := s.words[m]
	yes := last.yes && (last.end.IsZero() || !last.end.Before(today))
	want := ConsentAnswer{Consented: yes, Asked: spoken, Revision: s.revision}
	if yes {
		want.ConsentID, want.End = last.id, last.end
	}
	question := Question{Matter: m, Day: today}
	if m.Kind == Information {
		question.Items = items
		if len(items) == 0 {
			items = EveryItem()
		}
		for _, item := range items {
			told := yes && slices.Contains(last.items, item)
			want.Items = append(want.Items, ItemAnswer{item, told})
			want.Consented = want.Consented && told
		}
	}
	require.Equal(t, want, question.Answer(s.consents))
}
