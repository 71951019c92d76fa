package requirements_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is personal stays with few.
func TestR90_ARestrictedNoteShowsThatItIsThereAndWhoseItIs(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a restricted note of the care manager's, which the GP must read
		p := c.coordinated()
		id := p.do(c.careManager, "/notes", object{
			"careEpisodeId": p.episode, "text": secret, "restricted": true, "mandatoryReaders": list{object{"role": "ROLE_GP"}},
		}).text("noteId")
		path := "/notes/" + id

		// when the GP reads it, then all of it is there; when another of the team reads the record, then only that it is there, and
		// whose it is
		require.Equal(c, secret, p.read(c.gp, path).text("text"))
		for _, other := range []colleague{c.coordinator, c.therapist} {
			for _, seen := range []value{p.read(other, path), p.read(other, "/notes").list("notes")[0]} {
				require.True(c, seen.flag("withheld"))
				require.Equal(c, c.careManager.id, seen.text("writtenByPractitionerId"))
				require.NotContains(c, seen.String(), secret)
				require.Empty(c, seen.list("mandatoryReaders"))
			}
			p.refuse(http.StatusForbidden, "READER_REQUIRED", other, path+":acknowledge", object{})
		}

		// when one of them opens it all the same, then that takes a reason
		p.refuse(http.StatusBadRequest, "INVALID_FIELD", c.therapist, path+":open", object{"reason": ""})
		opened := p.do(c.therapist, path+":open", object{"reason": "akut risk, vårdsamordnaren är sjuk"})
		require.Equal(c, secret, opened.text("text"))

		// and it is logged: with the note, for its author to see, and as an event
		openings := p.read(c.careManager, path).list("openings")
		require.Len(c, openings, 1)
		require.Equal(c, c.therapist.id, openings[0].text("practitionerId"))
		require.Equal(c, "akut risk, vårdsamordnaren är sjuk", openings[0].text("reason"))
		last := c.Events("careplan")
		event := last[len(last)-1]
		require.Equal(c, "note.opened", event.GetType())
		require.Equal(c, c.therapist.id, event.GetActor().GetPractitionerId())
		require.NotContains(c, event.String(), "akut risk", "the reason stays with the note")

		// and it stays closed: reading it again means opening it again
		require.True(c, p.read(c.therapist, path).flag("withheld"))
	})
}
