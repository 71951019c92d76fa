package requirements_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// lived is a case in which every service has something to tell: plan, contact, score, certificate, way back, meeting, agreement.
func (c *clinic) lived() (*patient, string) {
	c.Helper()
	p := c.coordinated("CONTACT", "AGREEMENT", "RETURN_TO_WORK_PLAN")
	p.certified(60, 100)
	p.planned()
	p.do(c.careManager, "/assessments", object{"careEpisodeId": p.episode, "instrument": "MADRS-S", "answers": list{3, 3, 3, 3, 3, 3, 3, 3, 0}})
	p.do(c.careManager, "/recommendations", object{"careEpisodeId": p.episode, "topic": "SICK_LEAVE_DEGREE", "text": "Trappa upp långsamt.", "reason": "Det föll tillbaka förra gången."})
	p.do(c.coordinator, "/returnToWorkPlans", p.stairs())
	m := p.ready().heard()
	return p, m.to("conclude", m.conclusion()).text("agreementId")
}

// What ran as too many tracks is one list.
func TestR12_OneTimelineOverAllServices(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given events in all services, and a physiotherapist who is referred to beside the others
		physio := c.hire(identity.RolePhysiotherapist)
		c.Settle()
		p, _ := c.lived()
		referred := c.newPatient()
		referred.episode = referred.do(c.gp, "/careEpisodes:start", object{
			"diagnosisCode": diagnosis, "severity": "MILD", "referrals": list{object{"role": "ROLE_PHYSIOTHERAPIST", "note": "Rörelse."}},
		}).text("careEpisodeId")
		require.Len(c, referred.mine(physio), 1, "the referral is in the list of who may take it")
		referred.do(physio, "/careEpisodes/"+referred.episode+":acceptReferral", object{"role": "ROLE_PHYSIOTHERAPIST"})
		require.Equal(c, physio.id, referred.referredTo("ROLE_PHYSIOTHERAPIST").text("answerPractitionerId"))
		p.do(c.gp, "/followUps", object{"title": "Prova rörelse", "ownerRole": "ROLE_PHYSIOTHERAPIST", "ownerPractitionerId": physio.id})
		require.Len(c, p.mine(physio), 1, "any of the team owns items")

		// when the timeline is read, page by page, then it is one list in order of time, of all tracks, without anything twice
		var entries []value
		path := "/timeline?oldestFirst=true&pageSize=10&tracks=PATIENT&tracks=CARE&tracks=SICK_LEAVE&tracks=EMPLOYER&tracks=FOLLOW_UP"
		for token, first := "", true; first || token != ""; first = false {
			page := p.read(c.gp, path+"&pageToken="+token)
			entries, token = append(entries, page.list("timelineEntries")...), page.text("nextPageToken")
		}
		seen, tracks, before := map[string]bool{}, map[string]bool{}, ""
		for _, entry := range entries {
			require.False(c, seen[entry.text("timelineEntryId")], "%v", entry)
			at := entry.text("eventTime")
			require.LessOrEqual(c, before, at)
			seen[entry.text("timelineEntryId")], tracks[entry.text("track")], before = true, true, at
		}
		require.Len(c, tracks, 5)
		for _, type_ := range []string{"care_episode.started", "certificate.signed", "assessment.recorded", "dialogue_meeting.concluded", "agreement.made"} {
			require.Len(c, where(entries, func(e value) bool { return e.text("type") == type_ }), 1, type_)
		}

		// when it is filtered by who acted, then it is that one's, and nothing else
		theirs := p.read(c.gp, "/timeline?pageSize=200&practitionerId="+c.coordinator.id).list("timelineEntries")
		require.NotEmpty(c, theirs)
		for _, entry := range theirs {
			require.Equal(c, c.coordinator.id, entry.text("practitionerId"))
		}

		// and it holds no words of the record, and is nobody's at another centre
		require.NotContains(c, p.read(c.gp, "/timeline?pageSize=200").String(), secret)
		p.refuse(http.StatusNotFound, "PATIENT_NOT_FOUND", c.stranger, "/timeline", nil)
	})
}

// A locum is told on one page, and says so when it is read.
func TestR30_ALocumReadsOnePageAndSaysSo(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a case, and a GP who is new on it
		p, _ := c.lived()
		locum := c.hire(identity.RoleGP)
		c.Settle()
		p.do(c.careManager, "/careEpisodes/"+p.episode+":assignTeam", object{"practitionerId": locum.id, "role": "ROLE_GP"})
		require.Equal(c, locum.id, p.open("READ_PICTURE")[0].text("ownerPractitionerId"))

		// when the GP opens it, then one page says who, why, the plan, what waits for a decision, and how the model works
		page := p.read(locum, "/brief")
		require.Equal(c, "Alva", page.text("row.givenName"))
		require.Equal(c, diagnosis, page.text("careEpisode.diagnosisCode"))
		require.Equal(c, secret, page.text("careEpisode.assessmentNote"))
		require.Equal(c, "Tillbaka på halvtid.", page.text("carePlan.goals.0.target"))
		require.Equal(c, "Trappa upp långsamt.", page.text("openRecommendations.0.text"))
		require.Subset(c, page.texts("row.openDecisions", "kind"), []string{"RECOMMENDATION", "RETURN_PLAN"})
		require.NotEmpty(c, page.texts("howTheModelWorks"))
		require.Empty(c, page.list("missingParts"))

		// and to open it is not to have read it, however often
		page = p.read(locum, "/brief")
		require.False(c, page.flag("readByCaller"))
		require.Empty(c, p.read(c.careManager, "/readings").list("readings"))
		require.Len(c, p.open("READ_PICTURE"), 1)

		// when the GP says "I have read", then that is a receipt for the care manager, of the page that was read
		p.do(locum, "/brief:confirmRead", object{"pictureVersion": page.number("pictureVersion")})
		receipt := p.read(c.careManager, "/readings").list("readings")
		require.Len(c, receipt, 1)
		require.Equal(c, locum.id, receipt[0].text("practitionerId"))
		require.Equal(c, page.number("pictureVersion"), receipt[0].number("pictureVersion"))
		require.True(c, p.read(locum, "/brief").flag("readByCaller"))
		require.Empty(c, p.open("READ_PICTURE"))

		// and it is the locum's receipt alone
		require.False(c, p.read(c.coordinator, "/brief").flag("readByCaller"))
	})
}

// Nobody is expected to hold the whole picture.
func TestR32_TheWholePictureIsOnOnePage(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a case
		p, agreement := c.lived()

		// when its summary is asked for, by whoever is of the team
		for _, who := range []colleague{c.gp, c.careManager, c.coordinator} {
			page := p.read(who, "/brief")

			// then situation, scores, sick leave, plan, meeting and the next step are on one page
			require.Equal(c, "GRANTED", page.text("row.coordination"))
			require.Len(c, page.list("row.team"), 3)
			require.EqualValues(c, 24, page.number("row.lastScore.score"))
			require.Equal(c, "MADRS-S", page.text("row.lastScore.instrument"))
			require.EqualValues(c, 2, page.number("row.sickLeave.dayNumber"))
			require.EqualValues(c, 100, page.number("row.sickLeave.degree"))
			require.True(c, page.flag("row.sickLeave.ongoing"))
			require.Equal(c, "ACTIVE", page.text("carePlan.state"))
			require.Equal(c, "PROPOSED", page.text("returnToWorkPlan.state"))
			require.Equal(c, "CONCLUDED", page.text("row.meeting.state"))
			require.Equal(c, page.text("carePlan.nextContact.contactDate"), page.text("row.nextContactDate"))
			require.NotEmpty(c, page.text("row.nextDueDate"))
			require.Positive(c, page.number("row.openFollowUpCount"))
			require.Zero(c, page.number("freshness.ageSeconds"))
		}

		// and everyone sees the same version of it
		require.Equal(c, p.read(c.gp, "/brief").number("pictureVersion"), p.read(c.coordinator, "/commonPlan").number("pictureVersion"))
		require.Equal(c, agreement, p.read(c.gp, "/commonPlan").text("agreements.0.agreementId"))

		// when something happens, then the page says so
		before := p.read(c.gp, "/brief")
		answered := before.text("openRecommendations.0.recommendationId")
		p.do(c.gp, "/recommendations/"+answered+":answer", object{"outcome": "ACCEPTED"})
		after := p.read(c.gp, "/brief")
		require.Greater(c, after.number("pictureVersion"), before.number("pictureVersion"))
		require.Empty(c, after.list("openRecommendations"))
		require.False(c, slices.Contains(after.texts("row.openDecisions", "kind"), "RECOMMENDATION"))
	})
}

// Employers and patients take part in forming the common plan.
func TestR83_TheCommonPlanHoldsEachPartysPartAndAcknowledgement(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a plan that patient and employer have formed together with the centre
		p, agreement := c.lived()
		steps := p.read(c.gp, "/returnToWorkPlans").text("returnToWorkPlans.0.returnToWorkPlanId")

		// when it is shared, then it is one plan: goals and activities, steps, agreed actions, each with its version and owner
		plan := p.read(c.careManager, "/commonPlan")
		require.Equal(c, "Tillbaka på halvtid.", plan.text("carePlan.goals.0.target"))
		require.Equal(c, "PATIENT", plan.text("carePlan.activities.0.owner"))
		require.EqualValues(c, 1, plan.number("carePlan.contentRevision"))
		require.Equal(c, c.careManager.id, plan.text("carePlan.careManagerId"))
		require.EqualValues(c, 1, plan.number("returnToWorkPlan.version"))
		require.Equal(c, c.coordinator.id, plan.text("returnToWorkPlan.proposedByPractitionerId"))
		require.Len(c, plan.list("returnToWorkPlan.steps"), 5)
		require.Equal(c, "EMPLOYER", plan.text("agreements.0.actions.0.ownerParty"))
		require.NotEmpty(c, plan.text("agreements.0.etag"))

		// and what patient and employer have contributed is theirs
		require.Equal(c, []string{"EMPLOYER", "PATIENT"}, plan.texts("agreements.0.facts", "contributedBy"))
		require.Equal(c, "PATIENT", plan.text("agreements.0.agreements.0.contributedBy"))

		// when each party acknowledges, then that is kept party by party, once, and of the version that was seen
		require.Empty(c, plan.list("agreements.0.acknowledgements"))
		for _, party := range []string{"PATIENT", "EMPLOYER"} {
			p.do(c.coordinator, "/agreements/"+agreement+":acknowledge", object{"party": party})
			p.do(c.coordinator, "/returnToWorkPlans/"+steps+":agree", object{"party": party, "version": 1})
		}
		plan = p.read(c.gp, "/commonPlan")
		require.Equal(c, []string{"PATIENT", "EMPLOYER"}, plan.texts("agreements.0.acknowledgements", "party"))
		require.Equal(c, []string{"PATIENT", "EMPLOYER"}, plan.texts("returnToWorkPlan.agreedParties"))
		p.refuse(http.StatusConflict, "AGREEMENT_ACKNOWLEDGED", c.coordinator, "/agreements/"+agreement+":acknowledge", object{"party": "PATIENT"})
		p.refuse(http.StatusConflict, "RETURN_TO_WORK_PLAN_VERSION", c.coordinator, "/returnToWorkPlans/"+steps+":agree", object{"party": "CARE", "version": 2})

		// and what the patient does not let the employer see, the employer cannot acknowledge
		other, unseen := c.lived()
		other.tells("CONTACT")
		other.refuse(http.StatusConflict, "EMPLOYER_CONSENT_MISSING", c.coordinator, "/agreements/"+unseen+":acknowledge", object{"party": "EMPLOYER"})
	})
}
