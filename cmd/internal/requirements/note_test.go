package requirements_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/accesslog"
	"github.com/coworkcare/coworkcare/platform/identity"
)

// Notes are read, or the care manager knows that they are not.
func TestR29_TheCareManagerSeesWhatIsUnread(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a summary that the GP must read: one for a GP who knows the patient, one for a GP who is new
		known, fresh := c.followed(), c.followed()
		c.pass(35)
		locum := c.hire(identity.RoleGP)
		c.Settle()
		fresh.do(c.careManager, "/careEpisodes/"+fresh.episode+":assignTeam", object{"practitionerId": locum.id, "role": "ROLE_GP"})
		summary := func(p *patient, reader colleague) string {
			c.Helper()
			return p.do(c.careManager, "/notes", object{
				"careEpisodeId": p.episode, "text": "Sover bättre.", "mandatoryReaders": list{object{"practitionerId": reader.id}},
			}).text("noteId")
		}
		ofKnown, ofFresh := summary(known, c.gp), summary(fresh, locum)

		// then it is in the list of each, sooner for the one who is new, and reading the page is not "I have read"
		require.Equal(c, "2026-04-08", known.open("READ_NOTE")[0].text("dueDate"), "two working days after Easter Monday")
		require.Equal(c, "2026-04-07", fresh.open("READ_NOTE")[0].text("dueDate"))
		require.Equal(c, locum.id, fresh.open("READ_NOTE")[0].text("ownerPractitionerId"))
		known.read(c.gp, "/notes/"+ofKnown)
		require.Len(c, known.open("READ_NOTE"), 1)

		// when the limit passes without a word, then the GP has been reminded again and again, the new one before the other
		c.pass(1)
		require.Zero(c, known.open("READ_NOTE")[0].number("reminders"))
		require.EqualValues(c, 1, fresh.open("READ_NOTE")[0].number("reminders"))
		c.pass(2)
		require.EqualValues(c, 2, known.open("READ_NOTE")[0].number("reminders"))
		require.True(c, known.open("READ_NOTE")[0].flag("overdue"))

		// and the care manager sees it unread
		c.pass(1)
		for p, note := range map[*patient]string{known: ofKnown, fresh: ofFresh} {
			require.Equal(c, []string{note}, p.read(c.careManager, "/notes?unread=true").texts("notes", "noteId"))
			require.NotEmpty(c, where(p.mine(c.careManager), func(f value) bool { return f.text("kind") == "READ_NOTE" }))
		}

		// when the GP says "I have read", then it is read, and nobody is reminded any longer
		known.do(c.gp, "/notes/"+ofKnown+":acknowledge", object{})
		require.Empty(c, known.read(c.careManager, "/notes?unread=true").list("notes"))
		require.Empty(c, known.open("READ_NOTE"))
		require.Equal(c, c.gp.id, known.read(c.careManager, "/notes/"+ofKnown).text("mandatoryReaders.0.acknowledgedByPractitionerId"))
		require.Len(c, fresh.open("READ_NOTE"), 1)
	})
}

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

		// and in the access log with a record of its own, though a refused try to do the same stands there from the same hour
		records, err := c.System.AccessLog().Extract(c.Context(), p.id, 1000)
		require.NoError(c, err)
		broken := 0
		for _, record := range records {
			if record.Kind == accesslog.BreakGlass {
				broken++
				require.Equal(c, c.therapist.id, record.Person)
			}
		}
		require.Equal(c, 1, broken)

		// and it stays closed: reading it again means opening it again
		require.True(c, p.read(c.therapist, path).flag("withheld"))
	})
}
