package careplan

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var monday = time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC) // 08:00 in Sweden

func booked(t require.TestingT) Contact {
	c, err := NewContact(Contact{ID: "c", PatientID: "p", EpisodeID: "e", Kind: ContactFirst, Channel: ChannelPhone, Practitioner: "cm",
		ScheduledTime: monday.Add(2*time.Hour + 31*time.Second)}, monday)
	require.NoError(t, err)
	return c
}

func TestBooking(t *testing.T) {
	c := booked(t)
	require.Equal(t, ContactBooked, c.State)
	require.Equal(t, monday.Add(2*time.Hour), c.ScheduledTime, "whole minutes")

	_, err := NewContact(Contact{}, monday)
	var fields []string
	for _, v := range violationsOf(err) {
		fields = append(fields, v.Field)
	}
	require.Equal(t, []string{"care_episode_id", "kind", "channel", "practitioner_id", "scheduled_time"}, fields)

	for _, test := range []struct {
		at     time.Time
		reason Reason
	}{
		{monday.Add(-time.Hour), ""},                         // earlier today
		{monday.Add(-8*time.Hour - time.Minute), TimeInPast}, // yesterday in Sweden, 23:59
		{monday.AddDate(0, 0, 1100), ""}, {monday.AddDate(0, 0, 1101), TimeInFuture},
	} {
		c.ScheduledTime = test.at
		_, err := NewContact(c, monday)
		if test.reason == "" {
			require.NoError(t, err)
		} else {
			require.Equal(t, []Reason{test.reason}, reasons(err))
		}
	}
}

func TestRecordingAtOnce(t *testing.T) {
	c := booked(t)
	c.Result = &Result{Minutes: 30}
	_, err := NewContact(c, monday)
	require.Equal(t, []Reason{FieldNotAllowed}, reasons(err))
	c.ScheduledTime = time.Time{}
	held, err := NewContact(c, monday)
	require.NoError(t, err)
	require.Equal(t, ContactHeld, held.State)
	require.Equal(t, monday, held.Result.HeldTime)
	require.Equal(t, monday, held.When())
}

func TestAPlannedContactIsScheduled(t *testing.T) {
	c := booked(t)
	c.PlannedContactID, c.Kind = "x", ""
	c, err := NewContact(c, monday)
	require.NoError(t, err)
	require.Equal(t, ContactScheduled, c.Kind)
	c.Kind = ContactExtra
	_, err = NewContact(c, monday)
	require.Equal(t, []Reason{FieldNotAllowed}, reasons(err))
}

func TestResultLimits(t *testing.T) {
	for minutes, ok := range map[int]bool{0: false, 1: true, 480: true, 481: false, -1: false} {
		_, err := booked(t).Record(Result{Minutes: minutes}, "", monday)
		require.Equal(t, ok, err == nil, minutes)
	}
	_, err := booked(t).Record(Result{Minutes: 30, HeldTime: monday.Add(time.Microsecond)}, "", monday)
	require.Equal(t, []Reason{TimeInFuture}, reasons(err))
	_, err = booked(t).NoAnswer(monday.Add(time.Second), monday)
	require.Equal(t, []Reason{TimeInFuture}, reasons(err))
}

func TestTriesStayCounted(t *testing.T) {
	c, err := booked(t).NoAnswer(time.Time{}, monday)
	require.NoError(t, err)
	c, err = c.NoAnswer(monday.Add(-time.Minute), monday)
	require.NoError(t, err)
	c, err = c.Reschedule(monday.AddDate(0, 0, 1), "", ChannelVideo, monday)
	require.NoError(t, err)
	require.Equal(t, ContactBooked, c.State)
	require.Equal(t, 2, c.UnansweredTries)
	require.Equal(t, 1, c.Reschedules)
	require.Equal(t, ChannelVideo, c.Channel)
	require.Equal(t, "cm", c.Practitioner)
	c, err = c.Record(Result{Minutes: 20}, ChannelPhone, monday)
	require.NoError(t, err)
	require.Equal(t, ChannelPhone, c.Channel)
	require.EqualValues(t, 5, c.Revision)
}

// Whatever is tried in whatever order: only the arrows of the package's diagram are followed, a refused verb changes nothing,
// and the verbs named in a refusal are those that work.
func TestContactTransitions(t *testing.T) {
	verbs := map[string]func(Contact) (Contact, error){
		"record":          func(c Contact) (Contact, error) { return c.Record(Result{Minutes: 1}, "", monday) },
		"noAnswer":        func(c Contact) (Contact, error) { return c.NoAnswer(time.Time{}, monday) },
		"reschedule":      func(c Contact) (Contact, error) { return c.Reschedule(monday, "", "", monday) },
		"cancel":          func(c Contact) (Contact, error) { return c.Cancel("BY_PATIENT", monday) },
		"registerInError": func(c Contact) (Contact, error) { return c.RegisterInError(ErrorMark{Reason: "x"}, monday) },
	}
	names := []string{"record", "noAnswer", "reschedule", "cancel", "registerInError"}
	rapid.Check(t, func(t *rapid.T) {
		c := booked(t)
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			verb := rapid.SampledFrom(names).Draw(t, "verb")
			allowed := false
			for _, name := range c.Verbs() {
				allowed = allowed || name == verb
			}
			next, err := verbs[verb](c)
			require.Equal(t, allowed, err == nil, "%s in %s", verb, c.State)
			if err != nil {
				var state *StateError
				require.True(t, errors.As(err, &state))
				require.Equal(t, c.Verbs(), state.Allowed)
				require.Equal(t, c, next)
				continue
			}
			require.Equal(t, c.Revision+1, next.Revision)
			c = next
		}
	})
}
