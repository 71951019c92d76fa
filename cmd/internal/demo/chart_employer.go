package demo

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// The items that a patient may let an employer know, as the API spells them.
const (
	itemContact     = "CONTACT"
	itemSickLeave   = "SICK_LEAVE"
	itemReturnPlan  = "RETURN_TO_WORK_PLAN"
	itemWorkAbility = "WORK_ABILITY"
	itemPerspective = "PATIENT_PERSPECTIVE"
	itemAgreement   = "AGREEMENT"
	itemContactWish = "CONTACT_WISH"
	itemDiagnosis   = "DIAGNOSIS"
	itemScores      = "SCORES"
)

// The parties, as the API spells them.
const (
	thePatient  = "PATIENT"
	theEmployer = "EMPLOYER"
)

// firm is an employer and the person there whom the coordinator talks with.
type firm struct{ employerID, personID string }

// newFirm enters an employer with a workplace and a contact person.
func newFirm(ctx context.Context, client *Client, coordinator Actor, providerID, name string) (firm, error) {
	var made struct {
		EmployerID string `json:"employerId"`
	}
	err := client.post(ctx, coordinator, "/v1/employers", object{
		{"careProviderId", providerID}, {"displayName", name}, {"workplaces", []object{{{"displayName", "Main workplace (synthetic)"}}}},
	}, &made)
	if err != nil {
		return firm{}, err
	}
	var person struct {
		ContactPersonID string `json:"contactPersonId"`
	}
	err = client.post(ctx, coordinator, "/v1/employers/"+made.EmployerID+"/contactPersons", object{
		{"displayName", "Ulf Rönnbär-Test"}, {"function", "supervisor"}, {"email", "supervisor@example.org"}, {"phoneNumber", "+46 70 174 06 99"},
	}, &person)
	return firm{made.EmployerID, person.ContactPersonID}, err
}

func (c *chart) toEmployer(more ...field) object {
	return slices.Concat(object{{"kind", "INFORMATION"}, {"form", "WRITTEN"}, {"receiverKind", "EMPLOYER"}, {"receiverId", c.firm.employerID}}, more)
}

// tell records what the employer may know: these items and no others.
func (c *chart) tell(ctx context.Context, items ...string) (consentAnswer, error) {
	var answer consentAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/consents:grant"), c.toEmployer(field{"itemTypes", items}), &answer)
	return answer, err
}

// tellNothing records that the patient does not want the employer to be contacted.
func (c *chart) tellNothing(ctx context.Context) (consentAnswer, error) {
	var answer consentAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/consents:decline"), c.toEmployer(), &answer)
	return answer, err
}

// dutyInformation records that the employer was sent what it must know of its duties.
func (c *chart) dutyInformation(ctx context.Context) (employerContactAnswer, error) {
	var answer employerContactAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/employerContacts"), object{
		{"careEpisodeId", c.episodeID}, {"employerId", c.firm.employerID}, {"kind", "DUTY_INFORMATION"}, {"informationVersion", "2026-1"},
	}, &answer)
	return answer, err
}

// dutyReceived records the employer's receipt.
func (c *chart) dutyReceived(ctx context.Context, contactID string) (employerContactAnswer, error) {
	var answer employerContactAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/employerContacts/"+contactID+":acknowledge"), object{}, &answer)
	return answer, err
}

// earlyTalk records the first talk with the employer.
func (c *chart) earlyTalk(ctx context.Context) (employerContactAnswer, error) {
	var answer employerContactAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/employerContacts"), object{
		{"careEpisodeId", c.episodeID}, {"employerId", c.firm.employerID}, {"kind", "EARLY_TALK"}, {"contactPersonId", c.firm.personID},
		{"employerView", "Synthetic: misses a good colleague; has not dared to call."},
		{"possibleTasks", "Synthetic: the archive, one customer at a time."},
		{"possibleAdaptations", []string{"FEWER_PARALLEL_TASKS", "QUIET_ROOM"}}, {"cooperation", "FULL"},
	}, &answer)
	return answer, err
}

// meet does something with the meeting.
func (c *chart) meet(ctx context.Context, as Actor, verb string, body object) (meetingAnswer, error) {
	var answer meetingAnswer
	err := c.client.post(ctx, as, c.path("/dialogueMeetings/"+c.meetingID+":"+verb), body, &answer)
	return answer, err
}

func (c *chart) proposeMeeting(ctx context.Context) (meetingAnswer, error) {
	var answer meetingAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/dialogueMeetings:propose"), object{
		{"careEpisodeId", c.episodeID}, {"employerId", c.firm.employerID}, {"contactPersonId", c.firm.personID}, {"purpose", "PLAN_MAKING"},
	}, &answer)
	c.meetingID = answer.DialogueMeetingID
	return answer, err
}

func (c *chart) prepareMeeting(ctx context.Context) (meetingAnswer, error) {
	return c.meet(ctx, c.team.coordinator, "prepare", object{
		{"preparation", object{
			{"ownDescription", "Synthetic: I was on two teams at once and could not say no."}, {"needs", "Synthetic: one thing at a time, and somebody to ask."},
			{"workAbility", "Synthetic: two hours of quiet work in the morning."}, {"contactWish", "Synthetic: a text message on Fridays."},
			{"notToBeSaid", "Synthetic: what happened at home."},
		}},
		{"agendaPoints", []object{{{"topic", "TASKS"}, {"text", "Synthetic: which tasks first"}}, {{"topic", "RETURN_STEPS"}, {"text", "Synthetic: hours, week by week"}}}},
	})
}

// schedule schedules the meeting; at no place it is at the health centre, and elsewhere the patient has agreed by word of mouth.
func (c *chart) schedule(ctx context.Context, when time.Time, place string, agreed bool) (meetingAnswer, error) {
	body := object{{"scheduledTime", when.UTC().Format(time.RFC3339)}}
	if place != "" {
		body = append(body, field{"place", place})
	}
	if agreed {
		body = append(body, field{"placeAgreementForm", "ORAL"})
	}
	return c.meet(ctx, c.team.coordinator, "schedule", body)
}

// inform marks patient and employer as informed, each by word of mouth and in writing.
func (c *chart) inform(ctx context.Context) (meetingAnswer, error) {
	var answer meetingAnswer
	for _, party := range []string{thePatient, theEmployer} {
		for _, form := range []string{"ORAL", "WRITTEN"} {
			var err error
			if answer, err = c.meet(ctx, c.team.coordinator, "inform", object{{"party", party}, {"form", form}}); err != nil {
				return answer, err
			}
		}
	}
	return answer, nil
}

func (c *chart) readiness(ctx context.Context, as Actor) (readinessAnswer, error) {
	var answer readinessAnswer
	err := c.client.ask(ctx, as, c.path("/dialogueMeetings/"+c.meetingID+":readiness"), object{}, &answer)
	return answer, err
}

func (c *chart) perspective(ctx context.Context, speaker, words string) (meetingAnswer, error) {
	return c.meet(ctx, c.team.coordinator, "recordPerspective", object{{"speaker", speaker}, {"text", words}, {"confirmed", true}})
}

// action is something that a meeting agrees on.
type action struct {
	words      string
	owner      string
	horizon    string
	adaptation string
	lead       int // days that it takes at the workplace
	due        date.Day
}

// conclusion is what a meeting ends in.
func conclusion(actions ...action) object {
	var agreed []object
	for _, a := range actions {
		one := object{{"text", a.words}, {"ownerParty", a.owner}, {"horizon", a.horizon}, {"leadTimeDays", a.lead}, {"dueDate", a.due}}
		if a.adaptation != "" {
			one = append(one, field{"adaptation", a.adaptation})
		}
		agreed = append(agreed, one)
	}
	return object{
		{"facts", []object{
			{{"text", "Synthetic: two roles at once since a year."}, {"contributedBy", theEmployer}},
			{{"text", "Synthetic: mornings go best."}, {"contributedBy", thePatient}},
		}},
		{"agreements", []object{{{"text", "Synthetic: back step by step, one task at a time, in mornings first."}, {"contributedBy", thePatient}}}},
		{"actions", agreed},
	}
}

// agreement reads what the meeting ended in.
func (c *chart) agreement(ctx context.Context, as Actor) (agreementAnswer, error) {
	var answer agreementAnswer
	err := c.client.get(ctx, as, c.path("/agreements/"+c.agreementID), nil, &answer)
	return answer, err
}

// acknowledge records that a party acknowledges the agreement.
func (c *chart) acknowledge(ctx context.Context, party string) (agreementAnswer, error) {
	var answer agreementAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/agreements/"+c.agreementID+":acknowledge"), object{{"party", party}}, &answer)
	return answer, err
}

func (c *chart) actionDone(ctx context.Context, actionID string) (agreementAnswer, error) {
	var answer agreementAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/agreements/"+c.agreementID+"/actions/"+actionID+":done"), object{}, &answer)
	return answer, err
}

// view is exactly what the employer would see now.
func (c *chart) view(ctx context.Context, as Actor) (viewAnswer, error) {
	var answer viewAnswer
	err := c.client.ask(ctx, as, c.path("/employers/"+c.firm.employerID+":view"), object{}, &answer)
	return answer, err
}

// patch changes what a resource says.
func (c *chart) patch(ctx context.Context, as Actor, path string, body, answer any) error {
	return c.client.Do(ctx, NewCall(as, http.MethodPatch, c.path(path), body), answer)
}
