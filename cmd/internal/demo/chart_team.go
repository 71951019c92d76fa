package demo

import (
	"context"

	"github.com/coworkcare/coworkcare/platform/date"
)

// What the members of the team tell and ask each other.

// requestBrief asks, as the coordinator, for the care manager's brief.
func (c *chart) requestBrief(ctx context.Context) (briefAnswer, error) {
	var answer briefAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/briefs:request"), object{{"careEpisodeId", c.episodeID}}, &answer)
	c.briefID = answer.BriefID
	return answer, err
}

// briefWords are what a care manager tells the coordinator.
func briefWords() object {
	return object{
		{"situation", "Synthetic: worn out after a year of two roles; fears the open office."},
		{"whatHelps", "Synthetic: one task at a time; a morning without calls."},
		{"whatToAvoid", "Synthetic: surprises; many people in the room."},
		{"contactWishes", "Synthetic: a text message from the supervisor on Fridays."},
	}
}

// writeBrief writes the brief that was asked for.
func (c *chart) writeBrief(ctx context.Context) (briefAnswer, error) {
	var answer briefAnswer
	err := c.client.post(ctx, c.team.careManager, c.path("/briefs/"+c.briefID+":write"), briefWords(), &answer)
	return answer, err
}

// renewBrief writes a new brief in place of one that has grown old.
func (c *chart) renewBrief(ctx context.Context) (briefAnswer, error) {
	var answer briefAnswer
	err := c.client.post(ctx, c.team.careManager, c.path("/briefs"), append(object{{"careEpisodeId", c.episodeID}}, briefWords()...), &answer)
	c.briefID = answer.BriefID
	return answer, err
}

// readBrief is the coordinator's "I have read".
func (c *chart) readBrief(ctx context.Context) (briefAnswer, error) {
	var answer briefAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/briefs/"+c.briefID+":acknowledge"), object{}, &answer)
	return answer, err
}

// note writes a note that the GP must read.
func (c *chart) note(ctx context.Context, words string) (noteAnswer, error) {
	var answer noteAnswer
	err := c.client.post(ctx, c.team.careManager, c.path("/notes"), object{
		{"careEpisodeId", c.episodeID}, {"text", words}, {"mandatoryReaders", []object{{{"practitionerId", c.team.gp.PractitionerID}}}},
	}, &answer)
	return answer, err
}

// readNote is the GP's "I have read".
func (c *chart) readNote(ctx context.Context, noteID string) (noteAnswer, error) {
	var answer noteAnswer
	err := c.client.post(ctx, c.team.gp, c.path("/notes/"+noteID+":acknowledge"), object{}, &answer)
	return answer, err
}

// recommend gives the GP a recommendation of the care manager's.
func (c *chart) recommend(ctx context.Context, topic, words, why string) (recommendationAnswer, error) {
	var answer recommendationAnswer
	err := c.client.post(ctx, c.team.careManager, c.path("/recommendations"), object{
		{"careEpisodeId", c.episodeID}, {"topic", topic}, {"text", words}, {"reason", why},
	}, &answer)
	return answer, err
}

// changeRecommendation is the GP's answer that something else is done.
func (c *chart) changeRecommendation(ctx context.Context, id, instead, why string) (recommendationAnswer, error) {
	var answer recommendationAnswer
	err := c.client.post(ctx, c.team.gp, c.path("/recommendations/"+id+":answer"),
		object{{"outcome", "CHANGED"}, {"changedText", instead}, {"reason", why}}, &answer)
	return answer, err
}

// join puts somebody in the team in a role.
func (c *chart) join(ctx context.Context, as Actor, role string, who Actor) (episodeAnswer, error) {
	var answer episodeAnswer
	err := c.client.post(ctx, as, c.path("/careEpisodes/"+c.episodeID+":assignTeam"),
		object{{"practitionerId", who.PractitionerID}, {"role", role}}, &answer)
	return answer, err
}

// screen records a screening and what the patient says to the offer.
func (c *chart) screen(ctx context.Context, as Actor, need, offer string) (screeningAnswer, error) {
	var answer screeningAnswer
	err := c.client.post(ctx, as, c.path("/screenings"), object{
		{"careEpisodeId", c.episodeID}, {"need", need}, {"reason", "Synthetic: long strain, unclear demands, wants help to talk with the employer."}, {"offer", offer},
	}, &answer)
	return answer, err
}

// assessWorkAbility records the coordinator's assessment of work ability.
func (c *chart) assessWorkAbility(ctx context.Context, day date.Day) (workAbilityAnswer, error) {
	var answer workAbilityAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/workAbilityAssessments"), object{
		{"careEpisodeId", c.episodeID}, {"assessDate", day},
		{"functionLimitation", "Synthetic: loses the thread within ten minutes; sleeps four hours."},
		{"activityLimitation", "Synthetic: cannot answer calls and write at the same time; manages one task in quiet."},
		{"workDemands", "Synthetic: open office, calls, several systems at once."},
		{"resources", "Synthetic: knows the trade well; a colleague who helps."},
	}, &answer)
	return answer, err
}
