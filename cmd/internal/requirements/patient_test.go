package requirements_test

import (
	"fmt"
	"strings"

	"github.com/coworkcare/coworkcare/platform/date"
)

// patient is a patient of the health centre; calls are about that one patient.
type patient struct {
	*clinic
	id, episode string
}

// What stands in the record and is for nobody outside.
const (
	diagnosis = "F43.8A"
	secret    = "det privata skälet"
)

// newPatient registers a patient whom nobody has seen.
func (c *clinic) newPatient() *patient {
	c.Helper()
	c.serial++
	number := fmt.Sprintf("TEST-%06d", c.serial)
	registered := c.post(c.gp, "/v1/patients", object{
		"careUnitId": c.unit, "givenName": "Alva", "familyName": "Test", "identityNumber": object{"kind": "RESERVE_NUMBER", "value": number},
	})
	return &patient{clinic: c, id: registered.text("patientId")}
}

// followed is a patient whom the GP has assessed and referred, and the care manager has taken on. The patient has not been asked
// about coordination.
func (c *clinic) followed() *patient {
	c.Helper()
	p := c.newPatient()
	p.episode = p.do(c.gp, "/careEpisodes:start", object{
		"diagnosisCode": diagnosis, "severity": "MODERATE", "sickLeaveNeeded": true, "assessmentNote": secret,
	}).text("careEpisodeId")
	p.do(c.careManager, "/careEpisodes/"+p.episode+":acceptReferral", object{"role": "ROLE_CARE_MANAGER"})
	return p
}

// coordinated is a followed patient who consents to coordination, and to the employer being told of these items; the coordinator has
// accepted the referral.
func (c *clinic) coordinated(items ...string) *patient {
	c.Helper()
	p := c.followed()
	p.consents()
	p.do(c.coordinator, "/careEpisodes/"+p.episode+":acceptReferral", object{"role": "ROLE_REHABILITATION_COORDINATOR"})
	if len(items) > 0 {
		p.tells(items...)
	}
	return p
}

// do makes a call about the patient that is accepted.
func (p *patient) do(who colleague, path string, body object) value {
	p.Helper()
	return p.post(who, "/v1/patients/"+p.id+path, body)
}

// read reads something of the patient's.
func (p *patient) read(who colleague, path string) value {
	p.Helper()
	return p.get(who, "/v1/patients/"+p.id+path)
}

// refuse makes a call about the patient that is refused; without a body it reads.
func (p *patient) refuse(status int, reason string, who colleague, path string, body object) value {
	p.Helper()
	return p.refused(status, reason, who, "/v1/patients/"+p.id+path, body)
}

// consents says yes to coordination.
func (p *patient) consents() value {
	p.Helper()
	return p.do(p.careManager, "/consents:grant", object{"kind": "COORDINATION", "form": "ORAL"})
}

// tells says yes to the employer being told of these items, and of no others.
func (p *patient) tells(items ...string) value {
	p.Helper()
	return p.do(p.coordinator, "/consents:grant", object{
		"kind": "INFORMATION", "form": "WRITTEN", "receiverKind": "EMPLOYER", "receiverId": p.employer, "itemTypes": items,
	})
}

// certified signs a certificate from today on for so many days.
func (p *patient) certified(days, degree int) value {
	p.Helper()
	draft := p.do(p.gp, "/certificates", p.certificate(p.today(), p.today().AddDays(days-1), degree))
	return p.do(p.gp, "/certificates/"+draft.text("certificateId")+":sign", object{})
}

// certificate is a whole draft.
func (p *patient) certificate(from, to date.Day, degree int) object {
	return object{
		"careEpisodeId": p.episode, "diagnosisCodes": list{diagnosis},
		"periods": list{object{"startDate": from.String(), "endDate": to.String(), "degree": degree}},
		"bases":   list{object{"kind": "EXAMINATION", "basisDate": p.in(0)}},
	}
}

// briefed has the care manager write the brief that the coordinator asks for, and the coordinator read it.
func (p *patient) briefed() {
	p.Helper()
	id := p.do(p.coordinator, "/briefs:request", object{"careEpisodeId": p.episode}).text("briefId")
	p.do(p.careManager, "/briefs/"+id+":write", object{"situation": "Orkar två timmar i taget."})
	p.do(p.coordinator, "/briefs/"+id+":acknowledge", object{})
}

// earlyTalk is the coordinator's first talk with the employer.
func (p *patient) earlyTalk() object {
	return object{
		"careEpisodeId": p.episode, "employerId": p.employer, "contactPersonId": p.contactPerson, "kind": "EARLY_TALK",
		"employerView": "Saknar sin medarbetare.", "possibleTasks": "Arkivet, en sak i taget.",
		"possibleAdaptations": list{"SIMPLER_TASKS", "FEWER_PARALLEL_TASKS"}, "cooperation": "FULL",
	}
}

// open gives the open follow-ups of a kind.
func (p *patient) open(kind string) []value {
	p.Helper()
	return p.read(p.gp, "/followUps?state=OPEN&pageSize=200&kind="+kind).list("followUps")
}

// meeting is a dialogue meeting of a patient's.
type meeting struct {
	*patient
	id string
}

// proposed is a meeting that the coordinator has proposed.
func (p *patient) proposed() meeting {
	p.Helper()
	return meeting{p, p.do(p.coordinator, "/dialogueMeetings:propose", object{
		"careEpisodeId": p.episode, "employerId": p.employer, "contactPersonId": p.contactPerson,
	}).text("dialogueMeetingId")}
}

// now is the meeting as it stands.
func (m meeting) now() value {
	m.Helper()
	return m.read(m.coordinator, "/dialogueMeetings/"+m.id)
}

// to does something to the meeting, as the coordinator.
func (m meeting) to(verb string, body object) value {
	m.Helper()
	return m.do(m.coordinator, "/dialogueMeetings/"+m.id+":"+verb, body)
}

// refuses is a verb that is refused.
func (m meeting) refuses(reason, verb string, body object) value {
	m.Helper()
	return m.refuse(409, reason, m.coordinator, "/dialogueMeetings/"+m.id+":"+verb, body)
}

// scheduled schedules it for tomorrow at nine.
func (m meeting) scheduled() value {
	m.Helper()
	return m.to("schedule", object{"scheduledTime": m.at(1, 9)})
}

// prepared records what the patient wants said.
func (m meeting) prepared() value {
	m.Helper()
	return m.to("prepare", object{"preparation": object{
		"ownDescription": "Jag blir trött av många saker samtidigt.", "needs": "En sak i taget.", "workAbility": "Två timmar i taget.",
		"contactWish": "Ring gärna en gång i veckan.", "notToBeSaid": secret,
	}})
}

// informed marks that both have been informed in both forms.
func (m meeting) informed() {
	m.Helper()
	for _, party := range []string{"PATIENT", "EMPLOYER"} {
		for _, form := range []string{"ORAL", "WRITTEN"} {
			m.to("inform", object{"party": party, "form": form})
		}
	}
}

// ready is a meeting today at nine to which nothing is missing.
func (p *patient) ready() meeting {
	p.Helper()
	p.briefed()
	p.do(p.coordinator, "/employerContacts", p.earlyTalk())
	m := p.proposed()
	m.prepared()
	m.informed()
	m.scheduled()
	m.pass(1)
	return m
}

// says records how somebody sees the situation, confirmed.
func (m meeting) says(speaker, text string) value {
	m.Helper()
	return m.to("recordPerspective", object{"speaker": speaker, "text": text, "confirmed": true})
}

// heard has begun, and both have said how they see it.
func (m meeting) heard() meeting {
	m.Helper()
	m.to("begin", object{})
	m.says("PATIENT", "Jag vill tillbaka.")
	m.says("EMPLOYER", "Vi hjälps åt.")
	return m
}

// conclusion is what a meeting ends in.
func (m meeting) conclusion() object {
	return object{
		"facts": list{
			object{"text": "Det tar tid.", "contributedBy": "EMPLOYER"},
			object{"text": secret, "contributedBy": "PATIENT", "withheldFromEmployer": true},
		},
		"agreements": list{object{"text": "En sak i taget.", "contributedBy": "PATIENT"}},
		"actions": list{object{
			"text": "Ett tyst rum", "ownerParty": "EMPLOYER", "horizon": "SHORT", "adaptation": "QUIET_ROOM", "leadTimeDays": 10, "dueDate": m.in(30),
		}},
	}
}

// employerSees is exactly what the employer would see now.
func (p *patient) employerSees() value {
	p.Helper()
	return p.post(p.coordinator, "/v1/patients/"+p.id+"/employers/"+p.employer+":view", object{})
}

// stairs is a plan for return to work of two weeks a step, from today on.
func (p *patient) stairs() object {
	var steps list
	for i, degree := range []int{100, 75, 50, 25, 0} {
		steps = append(steps, object{"startDate": p.in(14 * i), "endDate": p.in(14*i + 13), "degree": degree})
	}
	return object{"careEpisodeId": p.episode, "steps": steps}
}

// planned is the path of an active care plan.
func (p *patient) planned() string {
	p.Helper()
	id := p.do(p.careManager, "/carePlans", object{
		"careEpisodeId": p.episode, "problems": "Sömn och oro.", "strengths": "Trygg hemma.",
		"goals":      list{object{"kind": "RETURN_TO_WORK", "target": "Tillbaka på halvtid.", "owner": "PATIENT"}},
		"activities": list{object{"kind": "SELF_CARE", "description": "En promenad om dagen.", "owner": "PATIENT"}},
	}).text("carePlanId")
	p.do(p.careManager, "/carePlans/"+id+":activate", object{})
	return "/carePlans/" + id
}

// referredTo is the referral to a role.
func (p *patient) referredTo(role string) value {
	p.Helper()
	for _, referral := range p.read(p.gp, "/careEpisodes/"+p.episode).list("referrals") {
		if referral.text("role") == role {
			return referral
		}
	}
	p.Fatalf("nobody is referred to in the role %s", role)
	return value{}
}

// everything is every follow-up of the patient's, whatever has become of it.
func (p *patient) everything() []value {
	p.Helper()
	return p.read(p.gp, "/followUps?pageSize=200").list("followUps")
}

func where(followUps []value, fits func(f value) bool) []value {
	var found []value
	for _, f := range followUps {
		if fits(f) {
			found = append(found, f)
		}
	}
	return found
}

// owned are the open follow-ups that fall to a role.
func (p *patient) owned(role string) []value {
	p.Helper()
	return where(p.everything(), func(f value) bool { return f.text("state") == "OPEN" && f.text("ownerRole") == role })
}

// about are the open follow-ups whose kind speaks of something.
func (p *patient) about(word string) []value {
	p.Helper()
	return where(p.everything(), func(f value) bool { return f.text("state") == "OPEN" && strings.Contains(f.text("kind"), word) })
}

// mine is what stands in somebody's own list about the patient.
func (p *patient) mine(who colleague) []value {
	p.Helper()
	return where(p.get(who, "/v1/followUps:mine?pageSize=200").list("followUps"), func(f value) bool { return f.text("patientId") == p.id })
}
