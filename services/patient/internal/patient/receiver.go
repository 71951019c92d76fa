package patient

// ReceiverKind is what kind of receiver is told something, spelled as in the API.
type ReceiverKind string

// The kinds of receivers.
const (
	Employer              ReceiverKind = "EMPLOYER"
	SocialInsuranceAgency ReceiverKind = "SOCIAL_INSURANCE_AGENCY"
	OccupationalHealth    ReceiverKind = "OCCUPATIONAL_HEALTH"
	EmploymentOffice      ReceiverKind = "EMPLOYMENT_OFFICE"
	Union                 ReceiverKind = "UNION"
)

// onlyOne says that there is one such receiver in the country: an id would make two of it.
func (k ReceiverKind) onlyOne() bool { return k == SocialInsuranceAgency || k == EmploymentOffice }

// Receiver is who outside health care may be told something.
type Receiver struct {
	Kind ReceiverKind
	ID   string // which one of the kind; "" where there is only one
}

// Item is one item of information that a receiver may be told, spelled as in the API. No item implies another.
type Item string

// The items.
const (
	Contact            Item = "CONTACT"
	SickLeave          Item = "SICK_LEAVE"
	ReturnToWorkPlan   Item = "RETURN_TO_WORK_PLAN"
	WorkAbility        Item = "WORK_ABILITY"
	PatientPerspective Item = "PATIENT_PERSPECTIVE"
	Agreement          Item = "AGREEMENT"
	ContactWish        Item = "CONTACT_WISH"
	DiagnosisItem      Item = "DIAGNOSIS"
	Scores             Item = "SCORES"
)

// EveryItem is all there is, in the order of the contract.
func EveryItem() []Item {
	return []Item{Contact, SickLeave, ReturnToWorkPlan, WorkAbility, PatientPerspective, Agreement, ContactWish, DiagnosisItem, Scores}
}

// Matter is what a consent is about. Of each matter one consent stands: what the patient said last.
type Matter struct {
	Kind     ConsentKind
	Receiver Receiver
}

// String is the matter in one text, unlike any other's.
func (m Matter) String() string {
	return string(m.Kind) + "/" + string(m.Receiver.Kind) + "/" + m.Receiver.ID
}

// judge notes what does not fit: information needs a receiver, an employer is a certain one, and nothing else has any.
func (m Matter) judge(bad *violations) {
	if m.Kind != Information {
		if m.Receiver.Kind != "" {
			bad.add("receiver_kind", "RECEIVER_NOT_OF_KIND", "must be left out: this kind of consent has no receiver")
		}
		if m.Receiver.ID != "" {
			bad.add("receiver_id", "RECEIVER_NOT_OF_KIND", "must be left out: this kind of consent has no receiver")
		}
		return
	}
	if m.Receiver.Kind == "" {
		bad.add("receiver_kind", "FIELD_REQUIRED", "must be set: information is told to somebody")
	}
	if m.Receiver.Kind == Employer {
		bad.required("receiver_id", m.Receiver.ID)
	}
	if m.Receiver.Kind.onlyOne() && m.Receiver.ID != "" {
		bad.add("receiver_id", "RECEIVER_NOT_OF_KIND", "must be left out: there is one receiver of this kind")
	}
}

func judgeItems(kind ConsentKind, items []Item, bad *violations) {
	if kind != Information && len(items) > 0 {
		bad.add("item_types", "RECEIVER_NOT_OF_KIND", "must be left out: this kind of consent names no items")
	}
}
