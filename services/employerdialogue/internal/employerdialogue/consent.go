package employerdialogue

import "slices"

// Item is one item of information that an employer may be told; spelled as in the contract.
type Item string

// The items, in the order that views list them.
const (
	ItemContact     Item = "CONTACT"
	ItemSickLeave   Item = "SICK_LEAVE"
	ItemReturnPlan  Item = "RETURN_TO_WORK_PLAN"
	ItemWorkAbility Item = "WORK_ABILITY"
	ItemPerspective Item = "PATIENT_PERSPECTIVE"
	ItemAgreement   Item = "AGREEMENT"
	ItemContactWish Item = "CONTACT_WISH"
	ItemDiagnosis   Item = "DIAGNOSIS"
	ItemScores      Item = "SCORES"
)

// Items are all of them.
func Items() []Item {
	return []Item{
		ItemContact, ItemSickLeave, ItemReturnPlan, ItemWorkAbility, ItemPerspective, ItemAgreement, ItemContactWish,
		ItemDiagnosis, ItemScores,
	}
}

// Consents are what a patient consents to now with regard to one employer. The zero value consents to nothing.
type Consents struct {
	Coordination bool   // that a coordinator cooperates with others at all (act 2019:1297)
	Told         []Item // what this employer may be told
	Revision     int    // of all the patient's consents together
}

// Covers tells whether the employer may be told an item now. Without consent to coordination nothing is shared.
func (c Consents) Covers(item Item) bool { return c.Coordination && slices.Contains(c.Told, item) }

// Same tells whether two readings of the consents allow the same and are of the same revision.
func (c Consents) Same(other Consents) bool {
	if c.Revision != other.Revision || c.Coordination != other.Coordination {
		return false
	}
	for _, item := range Items() {
		if c.Covers(item) != other.Covers(item) {
			return false
		}
	}
	return true
}

// MustCoordinate refuses work of coordination that the patient does not consent to.
func (c Consents) MustCoordinate() error {
	if !c.Coordination {
		return refused(ReasonCoordinationConsent, "the patient does not consent to coordination now; ask for it first")
	}
	return nil
}

// MustCover refuses what would tell the employer an item that the patient does not consent to.
func (c Consents) MustCover(item Item) error {
	if err := c.MustCoordinate(); err != nil {
		return err
	}
	if !c.Covers(item) {
		return refused(ReasonEmployerConsent, "the patient does not consent to the item %s for this employer now; ask for it first", item)
	}
	return nil
}
