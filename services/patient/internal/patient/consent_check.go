package patient

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Question asks whether a patient consents to something on a day.
type Question struct {
	Matter Matter
	Items  []Item // of information; none asks about every item
	Day    date.Day
}

// Validate refuses a question whose receiver or items do not fit its kind. Reasons: FIELD_REQUIRED, RECEIVER_NOT_OF_KIND.
func (q Question) Validate() error {
	var bad violations
	q.Matter.judge(&bad)
	judgeItems(q.Matter.Kind, q.Items, &bad)
	return bad.err()
}

// ItemAnswer says whether one item may be told.
type ItemAnswer struct {
	Item      Item
	Consented bool
}

// ConsentAnswer is what a patient's consents say to a question.
type ConsentAnswer struct {
	Consented bool     // to the matter; of information, to every item asked about
	ConsentID string   // the consent in force that day; "" when none was
	End       date.Day // its last day; none while open-ended
	Asked     bool     // whether the patient had said anything in the matter
	Items     []ItemAnswer
	Revision  int64 // of all the patient's consents together, see ConsentsRevision
}

// Answer answers from all that the patient has said, newest first. Nothing said means no.
func (q Question) Answer(said []Consent) ConsentAnswer {
	a := ConsentAnswer{Revision: ConsentsRevision(said)}
	var may []Item
	for _, c := range said {
		if c.Matter() != q.Matter {
			continue
		}
		a.Asked = a.Asked || c.State != ConsentInError
		if !a.Consented && c.Covers(q.Day) {
			a.Consented, a.ConsentID, a.End, may = true, c.ID, c.End, c.Items
		}
	}
	if q.Matter.Kind != Information {
		return a
	}
	asked := q.Items
	if len(asked) == 0 {
		asked = EveryItem()
	}
	for _, item := range asked {
		yes := slices.Contains(may, item)
		a.Items = append(a.Items, ItemAnswer{Item: item, Consented: yes})
		a.Consented = a.Consented && yes
	}
	return a
}

// ConsentsRevision is the revision of all of a patient's consents together. A consent begins at 1 and counts each change, none
// is ever removed: so the sum grows by one with every change of any of them.
func ConsentsRevision(all []Consent) int64 {
	var sum int64
	for _, c := range all {
		sum += c.Revision
	}
	return sum
}

// ConsentCheck is a question with its answer, as it was given to somebody.
type ConsentCheck struct {
	ID, PatientID string
	// Who asked: a practitioner or another subject, by way of Service; a service alone asked for itself.
	PractitionerID, Subject, Service string
	Time                             time.Time
	Question                         Question
	ConsentAnswer                    // of which End is not kept
}
