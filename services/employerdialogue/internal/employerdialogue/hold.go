package employerdialogue

import (
	"slices"
	"time"
)

// Begin begins a meeting. What readiness misses is named and takes a reason; the consents are walls. Without participants
// patient, employer and moderator are there.
func (m Meeting) Begin(act Act, signs Signs, participants []Participant, deviationReason string) (Meeting, error) {
	if err := m.allows(VerbBegin); err != nil {
		return m, err
	}
	if len(participants) == 0 {
		participants = []Participant{PatientThere, EmployerThere, ModeratorThere}
	}
	if err := somebody(participants); err != nil {
		return m, err
	}
	if err := signs.Consents.MustCoordinate(); err != nil {
		return m, err
	}
	if slices.Contains(participants, EmployerThere) {
		if err := signs.Consents.MustCover(ItemContact); err != nil {
			return m, err
		}
	}
	var departs []Code
	for _, missing := range m.missing(signs, act.Today()) {
		if missing == MissingPlaceAgreement {
			return m, placeNotAgreed(m.Slot.Place)
		}
		if code := departure(missing); code != "" {
			departs = append(departs, code)
		}
	}
	m = m.clone()
	if err := m.depart(departs, deviationReason, act); err != nil {
		return m, err
	}
	m.State, m.Participants, m.BeginTime = Ongoing, slices.Clone(participants), act.Now
	return m, nil
}

func somebody(participants []Participant) error {
	if slices.Contains(participants, PatientThere) || slices.Contains(participants, EmployerThere) {
		return nil
	}
	var wrong violations
	wrong.add("participants", ReasonParticipants, "must hold the patient or the employer")
	return wrong.err()
}

// RecordPerspective records how somebody who takes part sees the situation, in place of what the same one said before. The
// patient is asked first; another order takes a reason.
func (m Meeting) RecordPerspective(act Act, p Perspective, deviationReason string) (Meeting, error) {
	if err := m.allows(VerbPerspective); err != nil {
		return m, err
	}
	if !m.took(Participant(p.Speaker)) {
		return m, refused(ReasonSpeakerNotPresent, "the %s does not take part in this meeting", p.Speaker)
	}
	m = m.clone()
	p.Time = act.Now
	i := slices.IndexFunc(m.Perspectives, func(q Perspective) bool { return q.Speaker == p.Speaker })
	if i >= 0 {
		p.Time = m.Perspectives[i].Time
		m.Perspectives[i] = p
		return m, nil
	}
	var departs []Code
	if _, asked := m.PerspectiveOf(Patient); p.Speaker == Employer && m.took(PatientThere) && !asked {
		departs = append(departs, CodeEmployerFirst)
	}
	if err := m.depart(departs, deviationReason, act); err != nil {
		return m, err
	}
	m.Perspectives = append(m.Perspectives, p)
	return m, nil
}

// Pause interrupts a meeting at once. Nobody owes a reason.
func (m Meeting) Pause() (Meeting, error) {
	if err := m.allows(VerbPause); err != nil {
		return m, err
	}
	m = m.clone()
	m.State = Paused
	return m, nil
}

// End ends a meeting at the patient's word, at once. Nobody owes a reason.
func (m Meeting) End() (Meeting, error) {
	if err := m.allows(VerbEnd); err != nil {
		return m, err
	}
	m = m.clone()
	m.State, m.EndedByPatient = Ended, true
	return m, nil
}

// Conclusion is what a meeting ends in. Without participants those of the begin took part. ActualLength 0 is from begin to now.
type Conclusion struct {
	Participants      []Participant
	Facts, Agreements []Point
	Actions           []NewAction
	NoneReason        string
	DeviationReason   string
	ActualLength      int
	Steps             map[string][]Step // the steps of the return-to-work plans that are known, by plan
	AgreementID       string            // for the agreement, should one be made
	ActionIDs         []string          // one for each action
}

// Conclude ends a meeting with facts, agreements and actions, or says why there are none. Who took part decides what it is
// recorded as; that is named, never refused. An employer who joins after the begin does so on the patient's consent only. The
// agreement is nil when all three lists are empty.
func (m Meeting) Conclude(act Act, consents Consents, c Conclusion) (Meeting, *Agreement, error) {
	if err := m.allows(VerbConclude); err != nil {
		return m, nil, err
	}
	participants := c.Participants
	if len(participants) == 0 {
		participants = m.Participants
	}
	if err := somebody(participants); err != nil {
		return m, nil, err
	}
	if slices.Contains(participants, EmployerThere) && !m.took(EmployerThere) {
		if err := consents.MustCover(ItemContact); err != nil {
			return m, nil, err
		}
	}
	var wrong violations
	points(&wrong, "facts", c.Facts)
	points(&wrong, "agreements", c.Agreements)
	actions := make([]Action, 0, len(c.Actions))
	for i, a := range c.Actions {
		actions = append(actions, a.plan(&wrong, i, c.ActionIDs[i], c.Steps, act.Today()))
	}
	if err := wrong.err(); err != nil {
		return m, nil, err
	}
	if (len(c.Facts) == 0 || len(c.Agreements) == 0) && blank(c.NoneReason) && !m.EndedByPatient {
		return m, nil, refused(ReasonConclusion, "a meeting ends with a conclusion (facts) and an agreement; give both, or a none_reason")
	}
	m = m.clone()
	m.Participants = slices.Clone(participants)
	if err := m.depart(m.unsaid(), c.DeviationReason, act); err != nil {
		return m, nil, err
	}
	m.State, m.Kind, m.NoneReason, m.ConcludeTime = Concluded, kindOf(participants), c.NoneReason, act.Now
	m.ActualLength = c.ActualLength
	if m.ActualLength == 0 {
		m.ActualLength = int(act.Now.Sub(m.BeginTime).Round(time.Minute).Minutes())
	}
	if len(c.Facts)+len(c.Agreements)+len(actions) == 0 {
		return m, nil, nil
	}
	m.AgreementID = c.AgreementID
	return m, &Agreement{
		ID: c.AgreementID, PatientID: m.PatientID, EpisodeID: m.EpisodeID, MeetingID: m.ID, EmployerID: m.EmployerID,
		Facts: slices.Clone(c.Facts), Agreements: slices.Clone(c.Agreements), Actions: actions, PractitionerID: act.PractitionerID,
		CreateTime: act.Now,
	}, nil
}

// unsaid are the perspectives that a concluded meeting lacks. One that the patient has ended lacks none.
func (m Meeting) unsaid() []Code {
	if m.EndedByPatient {
		return nil
	}
	var departs []Code
	for _, speaker := range []struct {
		party Party
		code  Code
	}{{Patient, CodePatientPerspective}, {Employer, CodeEmployerPerspective}} {
		if _, said := m.PerspectiveOf(speaker.party); m.took(Participant(speaker.party)) && !said {
			departs = append(departs, speaker.code)
		}
	}
	if slices.ContainsFunc(m.Perspectives, func(p Perspective) bool { return !p.Confirmed }) {
		departs = append(departs, CodeNotConfirmed)
	}
	return departs
}

func kindOf(participants []Participant) Kind {
	patient, employer := slices.Contains(participants, PatientThere), slices.Contains(participants, EmployerThere)
	switch {
	case patient && employer && slices.Contains(participants, ModeratorThere):
		return DialogueMeeting
	case patient && employer:
		return UnmoderatedTalk
	case employer:
		return EmployerTalk
	default:
		return PatientTalk
	}
}
