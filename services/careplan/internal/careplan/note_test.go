package careplan

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestReadersOfANote(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	_, err := NewNote(Note{Author: "a", Text: " ", Readers: []Reader{
		{}, {Practitioner: "b", Role: "ROLE_GP"}, {Practitioner: "a"}, {Role: "ROLE_GP"}, {Role: "ROLE_GP", AcknowledgedBy: "x"}, {Practitioner: "b"},
	}}, now)
	var fields []string
	for _, v := range violationsOf(err) {
		fields = append(fields, v.Field)
	}
	require.Equal(t, []string{"text", "mandatory_readers[0]", "mandatory_readers[1]", "mandatory_readers[2]", "mandatory_readers[4]"}, fields)

	n, err := NewNote(Note{Author: "a", Text: "x", Readers: []Reader{{Practitioner: "b"}, {Role: "ROLE_GP"}, {Role: "ROLE_NURSE"}}}, now)
	require.NoError(t, err)
	require.Equal(t, 3, n.Unread())
	var denied *DeniedError
	for _, p := range []Person{{}, {Practitioner: "c"}, {Practitioner: "a", Roles: []string{"ROLE_GP"}}, {Roles: []string{"ROLE_GP"}}} {
		_, err = n.Acknowledge(p, now)
		require.ErrorAs(t, err, &denied, "%v", p)
		require.Equal(t, ReaderRequired, denied.Reason)
	}
	gp := Person{Practitioner: "b", Roles: []string{"ROLE_GP"}}
	n, err = n.Acknowledge(gp, now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, n.Unread(), "by name and for the role at once")
	_, err = n.Acknowledge(Person{Practitioner: "d", Roles: []string{"ROLE_GP"}}, now)
	require.Equal(t, NoteAcknowledged, stateOf(t, err).Reason)
	mistaken, err := n.RegisterInError(Person{Practitioner: "z"}, ErrorMark{Time: now}, now)
	require.NoError(t, err)
	require.Zero(t, mistaken.Unread())
	_, err = mistaken.Acknowledge(Person{Practitioner: "n", Roles: []string{"ROLE_NURSE"}}, now)
	require.Equal(t, NoteInError, stateOf(t, err).Reason)
	_, err = mistaken.RegisterInError(gp, ErrorMark{Time: now}, now)
	require.Equal(t, NoteInError, stateOf(t, err).Reason)
}

// Whatever is done to a restricted note, it is for its author and its mandatory readers alone; others leave a reason behind.
func TestARestrictedNoteStaysWithFew(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	person := rapid.Custom(func(t *rapid.T) Person {
		p := Person{Practitioner: rapid.SampledFrom([]string{"", "a", "b", "c", "d"}).Draw(t, "who")}
		if rapid.Bool().Draw(t, "is a nurse") {
			p.Roles = []string{"ROLE_NURSE"}
		}
		return p
	})
	rapid.Check(t, func(t *rapid.T) {
		n, err := NewNote(Note{Author: "a", Text: "x", Restricted: true, Readers: []Reader{{Practitioner: "b"}, {Role: "ROLE_NURSE"}}}, now)
		require.NoError(t, err)
		opened := 0
		for range rapid.IntRange(1, 12).Draw(t, "acts") {
			p := person.Draw(t, "person")
			insider := p.Practitioner == "a" || p.Practitioner == "b" || p.Practitioner != "" && len(p.Roles) > 0
			require.Equal(t, insider, n.For(p), "%v", p)
			next, err := n, error(nil)
			switch act := rapid.IntRange(0, 2).Draw(t, "act"); act {
			case 0:
				if next, err = n.Acknowledge(p, now); err == nil {
					require.True(t, insider)
					require.Less(t, next.Unread(), n.Unread())
				}
			case 1:
				reason := fmt.Sprint("because ", opened)
				if next, err = n.Open(p, reason, now); err == nil {
					opened++
					require.False(t, insider)
					require.Equal(t, Opening{reason, p.Practitioner, now}, next.Openings[len(next.Openings)-1])
				}
				require.Equal(t, insider, err != nil)
			default:
				if next, err = n.RegisterInError(p, ErrorMark{Practitioner: p.Practitioner, Time: now}, now); err == nil {
					require.True(t, insider)
				}
			}
			if err == nil {
				require.Equal(t, n.Revision+1, next.Revision)
				n = next
			}
			require.Len(t, n.Openings, opened, "no opening is ever lost")
		}
	})
	n := Note{Author: "a", Text: "x", Restricted: true}
	_, err := n.Open(Person{Practitioner: "c"}, "  \t        ", now)
	require.Len(t, violationsOf(err), 1)
}
