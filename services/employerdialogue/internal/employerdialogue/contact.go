package employerdialogue

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// The kinds of contact with an employer, and what may be warned of.
const (
	KindEarlyTalk       = "EARLY_TALK"
	KindDutyInformation = "DUTY_INFORMATION"

	WarnBrief = "BRIEF_NOT_ACKNOWLEDGED"
)

// Contact is one contact with a patient's employer outside of the meeting.
type Contact struct {
	ID, PatientID, EpisodeID, EmployerID, PersonID, PractitionerID string

	Kind               string
	Day                date.Day
	EmployerView       string
	PossibleTasks      string
	Adaptations        []string
	Cooperation        string // FULL, PARTIAL or NONE; empty when not said
	Hindrance          string
	InformationVersion string
	Note               string
	Warnings           []string
	AcknowledgeTime    time.Time
	ErrorReason        string
	ErrorBy            string
	ErrorTime          time.Time
	CreateTime         time.Time
}

// Record records a contact. It is refused without the patient's consent that this employer is contacted. That the care
// manager's brief has not been acknowledged before an early talk is a warning.
func Record(act Act, signs Signs, c Contact) (Contact, error) {
	if err := signs.Consents.MustCover(ItemContact); err != nil {
		return c, err
	}
	var wrong violations
	if c.Day.IsZero() {
		c.Day = act.Today()
	}
	if c.Day > act.Today() {
		wrong.add("employer_contact.contact_date", ReasonDateInFuture, "must not be after today")
	}
	switch c.Kind {
	case KindEarlyTalk:
		wrong.required("employer_contact.contact_person_id", c.PersonID)
		wrong.required("employer_contact.employer_view", c.EmployerView)
		if signs.Brief.IsZero() {
			c.Warnings = []string{WarnBrief}
		}
	case KindDutyInformation:
		wrong.required("employer_contact.information_version", c.InformationVersion)
	}
	c.PractitionerID, c.CreateTime = act.PractitionerID, act.Now
	return c, wrong.err()
}

// Acknowledge records that the employer has confirmed receipt of duty information.
func (c Contact) Acknowledge(act Act) (Contact, error) {
	switch {
	case !c.ErrorTime.IsZero():
		return c, inError()
	case c.Kind != KindDutyInformation:
		return c, refused(ReasonNotDutyInformation, "only duty information is acknowledged")
	case !c.AcknowledgeTime.IsZero():
		return c, refused(ReasonContactAcknowledged, "the contact has been acknowledged already")
	}
	c.AcknowledgeTime = act.Now
	return c, nil
}

// RegisterInError marks a contact that should never have been there.
func (c Contact) RegisterInError(act Act, reason string) (Contact, error) {
	if !c.ErrorTime.IsZero() {
		return c, inError()
	}
	if blank(reason) {
		var wrong violations
		wrong.required("reason", "")
		return c, wrong.err()
	}
	c.ErrorReason, c.ErrorBy, c.ErrorTime = reason, act.PractitionerID, act.Now
	return c, nil
}

func inError() error {
	return refused(ReasonContactInError, "the contact is registered in error; nothing more is done to it")
}
