package requirements_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Everyone on sick leave is screened.
func TestR23_WhoIsNotScreenedIsOnTheUnitsList(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given two sick leaves that begin today, and one that is short
		waiting, screened, short := c.followed(), c.followed(), c.followed()
		waiting.certified(42, 100)
		screened.certified(42, 50)
		short.certified(7, 100)
		unscreened := func() []string {
			c.Helper()
			return c.get(c.careManager, "/v1/careUnits/"+c.unit+"/unscreened").texts("unscreenedPatients", "patientId")
		}

		// when the limit of 14 days has not passed, then nobody is listed; when it has, then who is not screened is, and no other
		c.pass(13)
		require.Empty(c, unscreened())
		require.Len(c, waiting.open("SCREEN"), 1, "and is in somebody's list beforehand")
		require.Empty(c, short.open("SCREEN"), "the sick leave is over")
		screening := screened.do(c.coordinator, "/screenings", object{
			"careEpisodeId": screened.episode, "need": "COORDINATED", "reason": "Konflikt om arbetsuppgifter.", "offer": "OFFERED",
		})
		c.pass(1)
		require.Equal(c, []string{waiting.id}, unscreened())
		require.Empty(c, screened.open("SCREEN"))
		c.refused(http.StatusNotFound, "CARE_UNIT_NOT_FOUND", c.stranger, "/v1/careUnits/"+c.unit+"/unscreened", nil)

		// when the patient declines the offer, then that is an answer: the patient is screened, and stays so
		path := "/screenings/" + screening.text("screeningId")
		screened.do(c.coordinator, path+":recordOffer", object{"offer": "DECLINED"})
		require.Equal(c, "DECLINED", screened.read(c.gp, path).text("offer"))
		require.Equal(c, []string{waiting.id}, unscreened())

		// when the last one is screened, then the list is empty
		waiting.do(c.careManager, "/screenings", object{"careEpisodeId": waiting.episode, "need": "NONE", "reason": "Klarar sig.", "offer": "NOT_OFFERED"})
		require.Empty(c, unscreened())
	})
}

// The need of rehabilitation is assessed, and its reason kept.
func TestR24_TheNeedIsKeptWithDateAndReason(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a patient on sick leave who has not consented to coordination: a screening prepares the offer
		p := c.followed()
		p.certified(42, 100)
		c.pass(3)

		// when the coordinator assesses, then the need is kept with its day and its reason
		for _, need := range []string{"NONE", "LIGHT", "COORDINATED"} {
			id := p.do(c.coordinator, "/screenings", object{
				"careEpisodeId": p.episode, "need": need, "reason": "Därför " + need, "offer": "NOT_OFFERED", "screenDate": c.in(-1),
			}).text("screeningId")
			kept := p.read(c.gp, "/screenings/"+id)
			require.Equal(c, need, kept.text("need"))
			require.Equal(c, "Därför "+need, kept.text("reason"))
			require.Equal(c, c.in(-1), kept.text("screenDate"))
			require.Equal(c, c.coordinator.id, kept.text("practitionerId"))
		}
		require.Equal(c, []string{"COORDINATED", "LIGHT", "NONE"}, p.read(c.gp, "/screenings").texts("screenings", "need"), "the course is kept")

		// and neither without a reason nor for a day to come
		for field, wrong := range map[string]object{
			"screening.reason":     {"need": "LIGHT", "offer": "OFFERED", "reason": ""},
			"screening.need":       {"reason": "x", "offer": "OFFERED"},
			"screening.screenDate": {"need": "LIGHT", "offer": "OFFERED", "reason": "x", "screenDate": c.in(1)},
		} {
			wrong["careEpisodeId"] = p.episode
			status, _, problem := c.send(c.coordinator, http.MethodPost, "/v1/patients/"+p.id+"/screenings", wrong)
			require.Equal(c, http.StatusBadRequest, status)
			require.True(c, slices.Contains(problem.texts("violations", "field"), field), problem.String())
		}
		require.Len(c, p.read(c.gp, "/screenings").list("screenings"), 3)
	})
}
