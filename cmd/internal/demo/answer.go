package demo

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// What the walk and the layout read of the API's answers; fields they have no use for are left out.

type patientAnswer struct {
	PatientID      string         `json:"patientId"`
	BirthDate      string         `json:"birthDate"`
	State          string         `json:"state"`
	IdentityNumber identityNumber `json:"identityNumber"`
}

type episodeAnswer struct {
	CareEpisodeID string           `json:"careEpisodeId"`
	DiagnosisCode string           `json:"diagnosisCode"`
	State         string           `json:"state"`
	Outcome       string           `json:"outcome"`
	Referrals     []referralAnswer `json:"referrals"`
	Team          []memberAnswer   `json:"team"`
}

type referralAnswer struct {
	ReferralID string   `json:"referralId"`
	Role       string   `json:"role"`
	State      string   `json:"state"`
	DueDate    date.Day `json:"dueDate"`
}

type memberAnswer struct {
	PractitionerID string `json:"practitionerId"`
	Role           string `json:"role"`
}

// referral is the referral to a role; its zero value when there is none.
func (e episodeAnswer) referral(role string) referralAnswer {
	for _, r := range e.Referrals {
		if r.Role == role {
			return r
		}
	}
	return referralAnswer{}
}

// member is who is in the team in a role; "" when nobody is.
func (e episodeAnswer) member(role string) string {
	for _, m := range e.Team {
		if m.Role == role {
			return m.PractitionerID
		}
	}
	return ""
}

type consentAnswer struct {
	ConsentID string `json:"consentId"`
	State     string `json:"state"`
}

type certificateAnswer struct {
	CertificateID          string `json:"certificateId"`
	State                  string `json:"state"`
	SignedByPractitionerID string `json:"signedByPractitionerId"`
	Etag                   string `json:"etag"`
}

type caseAnswer struct {
	StartDate     string  `json:"startDate"`
	EndDate       string  `json:"endDate"`
	CaseDays      int     `json:"caseDays"`
	DayNumber     int     `json:"dayNumber"`
	GrossDays     int     `json:"grossDays"`
	NetDays       float64 `json:"netDays"`
	CurrentDegree int     `json:"currentDegree"`
	Ongoing       bool    `json:"ongoing"`
	RecentlyEnded bool    `json:"recentlyEnded"`
}

type casesAnswer struct {
	ActiveCase *caseAnswer  `json:"activeCase"`
	Cases      []caseAnswer `json:"cases"`
}

type contactAnswer struct {
	ContactID       string `json:"contactId"`
	State           string `json:"state"`
	UnansweredTries int    `json:"unansweredTries"`
}

type planAnswer struct {
	CarePlanID      string          `json:"carePlanId"`
	State           string          `json:"state"`
	Outcome         string          `json:"outcome"`
	PlannedContacts []plannedAnswer `json:"plannedContacts"`
}

type plannedAnswer struct {
	PlannedContactID string   `json:"plannedContactId"`
	Week             int      `json:"week"`
	PlannedDate      date.Day `json:"plannedDate"`
	State            string   `json:"state"`
}

type assessmentAnswer struct {
	AssessmentID string   `json:"assessmentId"`
	TotalScore   int      `json:"totalScore"`
	Band         string   `json:"band"`
	SafetyFlag   bool     `json:"safetyFlag"`
	SafetyLevel  string   `json:"safetyLevel"`
	SafetyFlagID string   `json:"safetyFlagId"`
	Change       *float64 `json:"change"`
	Response     bool     `json:"response"`
	Remission    bool     `json:"remission"`
}

type trendsAnswer struct {
	Trends []struct {
		Instrument string `json:"instrument"`
		Points     []struct {
			Score float64 `json:"score"`
		} `json:"points"`
		Response  bool `json:"response"`
		Remission bool `json:"remission"`
	} `json:"trends"`
}

type followUpAnswer struct {
	FollowUpID          string    `json:"followUpId"`
	PatientID           string    `json:"patientId"`
	Kind                string    `json:"kind"`
	State               string    `json:"state"`
	SubjectID           string    `json:"subjectId"`
	OwnerRole           string    `json:"ownerRole"`
	OwnerPractitionerID string    `json:"ownerPractitionerId"`
	DueDate             date.Day  `json:"dueDate"`
	DueTime             time.Time `json:"dueTime"`
	Overdue             bool      `json:"overdue"`
	DaysOverdue         int       `json:"daysOverdue"`
	Reminders           int       `json:"reminders"`
	EscalationLevel     int       `json:"escalationLevel"`
	End                 struct {
		Cause string `json:"cause"`
	} `json:"end"`
}

type followUpsAnswer struct {
	FollowUps     []followUpAnswer `json:"followUps"`
	NextPageToken string           `json:"nextPageToken"`
}
