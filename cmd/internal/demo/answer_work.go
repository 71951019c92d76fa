package demo

import "github.com/coworkcare/coworkcare/platform/date"

// What is read of the answers about the team's words to each other, the employer, the meeting and the return to work.

type briefAnswer struct {
	BriefID                string `json:"briefId"`
	State                  string `json:"state"`
	AcknowledgedBy         string `json:"acknowledgedByPractitionerId"`
	WrittenByPractitioner  string `json:"writtenByPractitionerId"`
	RequestedByPractitoner string `json:"requestedByPractitionerId"`
}

type noteAnswer struct {
	NoteID           string `json:"noteId"`
	MandatoryReaders []struct {
		AcknowledgedBy string `json:"acknowledgedByPractitionerId"`
	} `json:"mandatoryReaders"`
}

type recommendationAnswer struct {
	RecommendationID string `json:"recommendationId"`
	State            string `json:"state"`
	AgeDays          int    `json:"ageDays"`
	Answer           struct {
		Reason         string `json:"reason"`
		ChangedText    string `json:"changedText"`
		PractitionerID string `json:"practitionerId"`
	} `json:"answer"`
}

type screeningAnswer struct {
	ScreeningID string `json:"screeningId"`
	Need        string `json:"need"`
	Offer       string `json:"offer"`
}

type workAbilityAnswer struct {
	WorkAbilityAssessmentID string `json:"workAbilityAssessmentId"`
	PractitionerID          string `json:"practitionerId"`
}

// draftAnswer is a certificate with where its fields come from.
type draftAnswer struct {
	CertificateID string   `json:"certificateId"`
	State         string   `json:"state"`
	Etag          string   `json:"etag"`
	ChangedFields []string `json:"changedFields"`
	Prefills      []struct {
		Field      string `json:"field"`
		SourceKind string `json:"sourceKind"`
		SourceID   string `json:"sourceId"`
	} `json:"prefills"`
	Periods []struct {
		StartDate date.Day `json:"startDate"`
		EndDate   date.Day `json:"endDate"`
		Degree    int      `json:"degree"`
	} `json:"periods"`
}

// source is the kind of source of a prefilled field; "" when it was not prefilled.
func (d draftAnswer) source(field string) string {
	for _, p := range d.Prefills {
		if p.Field == field {
			return p.SourceKind
		}
	}
	return ""
}

type employerContactAnswer struct {
	EmployerContactID string   `json:"employerContactId"`
	AcknowledgeTime   string   `json:"acknowledgeTime"`
	Warnings          []string `json:"warnings"`
}

type consentCheckAnswer struct {
	Items []struct {
		ItemType  string `json:"itemType"`
		Consented bool   `json:"consented"`
	} `json:"items"`
}

type meetingAnswer struct {
	DialogueMeetingID string `json:"dialogueMeetingId"`
	State             string `json:"state"`
	Kind              string `json:"kind"`
	Place             string `json:"place"`
	LengthMinutes     int    `json:"lengthMinutes"`
	InformationMarks  []any  `json:"informationMarks"`
	Perspectives      []struct {
		Speaker   string `json:"speaker"`
		Confirmed bool   `json:"confirmed"`
	} `json:"perspectives"`
	Deviations []struct {
		Code string `json:"code"`
	} `json:"deviations"`
	AgreementID string `json:"agreementId"`
	Deferral    struct {
		RecheckDate string `json:"recheckDate"`
	} `json:"deferral"`
}

type readinessAnswer struct {
	Ready       bool     `json:"ready"`
	Missing     []string `json:"missing"`
	BriefID     string   `json:"briefId"`
	Assessments []struct {
		Instrument string `json:"instrument"`
	} `json:"assessments"`
}

type guideAnswer struct {
	GroundRules            []string `json:"groundRules"`
	OpeningQuestionPatient string   `json:"openingQuestionPatient"`
	Agenda                 []struct {
		Text string `json:"text"`
	} `json:"agenda"`
	LengthMinutes int `json:"lengthMinutes"`
}

type invitationAnswer struct {
	Method    string `json:"method"`
	Icalendar string `json:"icalendar"`
}

type viewAnswer struct {
	Items []struct {
		ItemType string   `json:"itemType"`
		Lines    []string `json:"lines"`
	} `json:"items"`
	Withheld []string `json:"withheldItemTypes"`
	Document string   `json:"document"`
}

// shown are the items that the employer sees.
func (v viewAnswer) shown() []string {
	var items []string
	for _, item := range v.Items {
		items = append(items, item.ItemType)
	}
	return items
}

type agreementAnswer struct {
	AgreementID string `json:"agreementId"`
	Facts       []any  `json:"facts"`
	Agreements  []any  `json:"agreements"`
	Actions     []struct {
		ActionID    string   `json:"actionId"`
		State       string   `json:"state"`
		DueDate     date.Day `json:"dueDate"`
		StartByDate string   `json:"startByDate"`
	} `json:"actions"`
	Acknowledgements []struct {
		Party string `json:"party"`
	} `json:"acknowledgements"`
}

type returnPlanAnswer struct {
	ReturnToWorkPlanID string       `json:"returnToWorkPlanId"`
	State              string       `json:"state"`
	Version            int          `json:"version"`
	GrossDays          int          `json:"grossDays"`
	NetDays            float64      `json:"netDays"`
	NextMeasure        string       `json:"nextMeasure"`
	AgreedParties      []string     `json:"agreedParties"`
	EarlierVersions    []any        `json:"earlierVersions"`
	CheckIns           []any        `json:"checkIns"`
	Steps              []stepAnswer `json:"steps"`
}

type stepAnswer struct {
	StepID    string   `json:"stepId"`
	StartDate date.Day `json:"startDate"`
	EndDate   date.Day `json:"endDate"`
	Degree    int      `json:"degree"`
}
