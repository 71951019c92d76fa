package event_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/event"
)

func TestCursorText(t *testing.T) {
	require.Equal(t, "", event.Cursor{}.String())
	require.Equal(t, "careplan:0.patient:12.sickleave:9223372036854775807",
		event.Cursor{"patient": 12, "sickleave": 9223372036854775807, "careplan": 0}.String())

	for _, text := range []string{
		"patient", "patient:", ":1", "patient:-1", "patient:+1", "patient:01", "patient:1.", ".patient:1", "patient:1..careplan:2",
		"patient:1.patient:2", "Patient:1", "pat ient:1", "patient:1 ", "patient:9223372036854775808", "patient:1:2", "patient:١",
		"patient:1e3", "patient:0x1", "patient;1", "pa\x00tient:1", "patient:1_0",
	} {
		_, err := event.ParseCursor(text)
		require.ErrorIs(t, err, event.ErrBadCursor, "%q", text)
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add("")
	f.Add("patient:12")
	f.Add("careplan:0.patient:12.sickleave:9223372036854775807")
	f.Add("b:1.a:2")
	f.Add("patient:01")
	f.Fuzz(func(t *testing.T, text string) {
		cursor, err := event.ParseCursor(text)
		if err != nil {
			require.ErrorIs(t, err, event.ErrBadCursor)
			require.Nil(t, cursor)
			return
		}
		again, err := event.ParseCursor(cursor.String())
		require.NoError(t, err)
		require.True(t, maps.Equal(cursor, again), "%q", text)
		require.Len(t, cursor.String(), len(text), "one cursor has one length of text, whatever the order of its sources")
	})
}
