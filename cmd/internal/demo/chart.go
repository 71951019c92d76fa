package demo

import (
	"context"
	"net/http"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// chart is one patient's record as those who treat the patient work with it: every act is one or two REST calls in the name of
// the one who acts. It remembers the ids that later acts need.
type chart struct {
	client *Client
	team   team

	patientID string
	episodeID string
	planID    string
	planned   []plannedAnswer
	lastLeave string // the certificate signed last
	diagnosis string

	firm        firm
	briefID     string
	meetingID   string
	agreementID string
	returnID    string // the plan for return to work
	steps       []stepAnswer
}

// team is who treats one patient.
type team struct {
	providerID  string
	unitID      string
	secretary   Actor
	gp          Actor
	careManager Actor
	coordinator Actor
	therapist   Actor // a psychologist or another treating role; may be nobody
}

func (c *chart) path(rest string) string { return "/v1/patients/" + c.patientID + rest }

// person is who a patient is.
type person struct {
	given, family string
	number        identityNumber
	phone         string
	wish          string
	protected     bool
	employer      string
	occupation    string
	extent        int // percent of full time; 0: no employment
	since         date.Day
}

func (c *chart) register(ctx context.Context, p person) (patientAnswer, error) {
	body := object{
		{"careUnitId", c.team.unitID}, {"identityNumber", p.number}, {"givenName", p.given}, {"familyName", p.family},
		{"phoneNumber", p.phone}, {"contactWish", p.wish},
	}
	if p.protected {
		body = append(body, field{"protectedIdentity", true})
	}
	if p.extent > 0 {
		body = append(body, field{"employments", []object{{
			{"employerName", p.employer}, {"extentPercent", p.extent}, {"occupation", p.occupation}, {"startDate", p.since},
		}}})
	}
	var answer patientAnswer
	err := c.client.post(ctx, c.team.secretary, "/v1/patients", body, &answer)
	c.patientID = answer.PatientID
	return answer, err
}

// assessment is what the GP finds at the first visit.
type assessment struct {
	diagnosis  string
	severity   string
	sickLeave  bool
	preventive bool
	note       string
	referrals  []object
}

func referTo(role, note string) object { return object{{"role", role}, {"note", note}} }

func (c *chart) startCall(a assessment) Call {
	return NewCall(c.team.gp, http.MethodPost, c.path("/careEpisodes:start"), object{
		{"diagnosisCode", a.diagnosis}, {"severity", a.severity}, {"sickLeaveNeeded", a.sickLeave}, {"preventive", a.preventive},
		{"assessmentNote", a.note}, {"referrals", a.referrals},
	})
}

func (c *chart) start(ctx context.Context, a assessment) (episodeAnswer, error) {
	var answer episodeAnswer
	err := c.client.Do(ctx, c.startCall(a), &answer)
	c.episodeID, c.diagnosis = answer.CareEpisodeID, a.diagnosis
	return answer, err
}

func (c *chart) episode(ctx context.Context, as Actor) (episodeAnswer, error) {
	var answer episodeAnswer
	err := c.client.get(ctx, as, c.path("/careEpisodes/"+c.episodeID), nil, &answer)
	return answer, err
}

func (c *chart) accept(ctx context.Context, as Actor, role string) (episodeAnswer, error) {
	var answer episodeAnswer
	err := c.client.post(ctx, as, c.path("/careEpisodes/"+c.episodeID+":acceptReferral"), object{{"role", role}}, &answer)
	return answer, err
}

func (c *chart) decline(ctx context.Context, as Actor, role, reason string) error {
	return c.client.post(ctx, as, c.path("/careEpisodes/"+c.episodeID+":declineReferral"), object{{"role", role}, {"reason", reason}}, nil)
}

func (c *chart) close(ctx context.Context, as Actor, outcome, note string) (episodeAnswer, error) {
	var answer episodeAnswer
	err := c.client.post(ctx, as, c.path("/careEpisodes/"+c.episodeID+":close"), object{{"outcome", outcome}, {"outcomeNote", note}}, &answer)
	return answer, err
}

// consent records what the patient says to coordination: "grant" or "decline".
func (c *chart) consent(ctx context.Context, as Actor, verb string) (consentAnswer, error) {
	var answer consentAnswer
	err := c.client.post(ctx, as, c.path("/consents:"+verb), object{{"kind", "COORDINATION"}, {"form", "ORAL"}}, &answer)
	return answer, err
}

func (c *chart) withdraw(ctx context.Context, as Actor, consentID string) error {
	return c.client.post(ctx, as, c.path("/consents/"+consentID+":withdraw"), object{{"note", "Synthetic: the patient wants to talk to the employer alone."}}, nil)
}

// leave is one certificate: one degree from one day to another.
type leave struct {
	from, to date.Day
	degree   int
}

// certify drafts and signs a certificate. The first rests on a visit; one that extends another rests on a call.
func (c *chart) certify(ctx context.Context, l leave, today date.Day) (certificateAnswer, error) {
	basis := "EXAMINATION"
	body := object{
		{"careEpisodeId", c.episodeID}, {"diagnosisCodes", []string{c.diagnosis}},
		{"periods", []object{{{"startDate", l.from}, {"endDate", l.to}, {"degree", l.degree}}}},
	}
	if c.lastLeave != "" {
		basis = "VIDEO"
		body = append(body, field{"renewsCertificateId", c.lastLeave})
	}
	body = append(body, field{"bases", []object{{{"kind", basis}, {"basisDate", today}}}},
		field{"occupation", "Synthetic: office work, many parallel tasks"},
		field{"functionLimitation", "Synthetic: slowed, easily tired, poor concentration and sleep"},
		field{"activityLimitation", "Synthetic: cannot keep several tasks in mind or work at speed"},
		field{"prognosis", object{{"kind", "RETURN_LIKELY"}}})
	var draft, signed certificateAnswer
	if err := c.client.post(ctx, c.team.gp, c.path("/certificates"), body, &draft); err != nil {
		return draft, err
	}
	err := c.client.post(ctx, c.team.gp, c.path("/certificates/"+draft.CertificateID+":sign"), object{{"etag", draft.Etag}}, &signed)
	if err == nil {
		c.lastLeave = signed.CertificateID
	}
	return signed, err
}

func (c *chart) revoke(ctx context.Context, certificateID, reason string) error {
	return c.client.post(ctx, c.team.gp, c.path("/certificates/"+certificateID+":revoke"), object{{"reason", reason}}, nil)
}

// book books a contact. plannedID is the plan's contact that it is for; "" for one outside the schedule.
func (c *chart) book(ctx context.Context, as Actor, kind, plannedID, channel string, when time.Time) (contactAnswer, error) {
	body := object{{"careEpisodeId", c.episodeID}, {"kind", kind}, {"channel", channel}, {"scheduledTime", when.UTC().Format(time.RFC3339)}}
	if plannedID != "" {
		body = append(body, field{"plannedContactId", plannedID})
	}
	var answer contactAnswer
	err := c.client.post(ctx, as, c.path("/contacts"), body, &answer)
	return answer, err
}

// result is how a contact went.
func result(minutes int, summary string) object {
	return object{{"minutes", minutes}, {"summary", summary}, {"medication", object{{"adherence", "AS_PRESCRIBED"}}}}
}

// record says that a booked contact was held.
func (c *chart) record(ctx context.Context, as Actor, contactID string, minutes int, summary string) (contactAnswer, error) {
	var answer contactAnswer
	err := c.client.post(ctx, as, c.path("/contacts/"+contactID+":record"), object{{"result", result(minutes, summary)}}, &answer)
	return answer, err
}

// hold records a contact of the plan as held, without a booking.
func (c *chart) hold(ctx context.Context, plannedID string, minutes int, summary string) (contactAnswer, error) {
	var answer contactAnswer
	err := c.client.post(ctx, c.team.careManager, c.path("/contacts"), object{
		{"careEpisodeId", c.episodeID}, {"plannedContactId", plannedID}, {"kind", "SCHEDULED"}, {"channel", "PHONE"},
		{"result", result(minutes, summary)},
	}, &answer)
	return answer, err
}

func (c *chart) noAnswer(ctx context.Context, contactID string) (contactAnswer, error) {
	var answer contactAnswer
	err := c.client.post(ctx, c.team.careManager, c.path("/contacts/"+contactID+":noAnswer"), object{}, &answer)
	return answer, err
}

// assess records a form that the patient has answered.
func (c *chart) assess(ctx context.Context, as Actor, instrument string, answers []int, contactID string) (assessmentAnswer, error) {
	body := object{{"careEpisodeId", c.episodeID}, {"instrument", instrument}, {"answers", answers}}
	if contactID != "" {
		body = append(body, field{"contactId", contactID})
	}
	var answer assessmentAnswer
	err := c.client.post(ctx, as, c.path("/assessments"), body, &answer)
	return answer, err
}

// assessRisk documents the risk assessment that a safety flag asks for.
func (c *chart) assessRisk(ctx context.Context, as Actor, flagID, conclusion, text string) error {
	return c.client.post(ctx, as, c.path("/safetyFlags/"+flagID+":assess"), object{{"conclusion", conclusion}, {"text", text}}, nil)
}
