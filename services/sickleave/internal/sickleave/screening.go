package sickleave

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Need is how much coordination a patient needs, as a screening finds.
type Need string

// The needs.
const (
	NeedNone        Need = "NONE"
	NeedLight       Need = "LIGHT"
	NeedCoordinated Need = "COORDINATED"
)

// Offer is what came of the offer of coordination.
type Offer string

// The offers. A patient who has answered may change their mind.
const (
	NotOffered    Offer = "NOT_OFFERED"
	Offered       Offer = "OFFERED"
	OfferAccepted Offer = "ACCEPTED"
	OfferDeclined Offer = "DECLINED"
)

// MaxReason is how many characters the reason of a screening has at most.
const MaxReason = 2000

// Screening is what somebody of the staff found of a patient's need of coordination, and what came of the offer.
type Screening struct {
	ID         string
	PatientID  string
	CareUnitID string
	EpisodeID  string // may be ""
	Day        date.Day
	Need       Need
	Reason     string // required, at most MaxReason characters
	Offer      Offer
	By         string // practitioner
	OfferBy    string // practitioner who recorded the present offer
	OfferTime  time.Time
	CreateTime time.Time
	InError    Withdrawal
	Revision   int64
}

// NewScreening records a screening made on the day given, today when there is none. Errors: Violations.
func NewScreening(now time.Time, s Screening) (Screening, error) {
	var v Violations
	s.Day = v.past("screen_date", s.Day, date.Of(now))
	switch s.Need {
	case NeedNone, NeedLight, NeedCoordinated:
	default:
		v.add("need", ReasonValueUnknown, "must be NONE, LIGHT or COORDINATED")
	}
	v.required("reason", s.Reason, MaxReason)
	v.offer(s.Offer, NotOffered)
	v.required("practitioner_id", s.By, MaxNote)
	if err := v.err(); err != nil {
		return Screening{}, err
	}
	s.CreateTime, s.OfferTime, s.OfferBy = stored(now), stored(now), s.By
	return s, nil
}

// ReasonScreeningInError says that a screening registered in error stays as it is.
const ReasonScreeningInError = "SCREENING_REGISTERED_IN_ERROR"

func (s Screening) open() error {
	if s.InError.IsZero() {
		return nil
	}
	return &RefusedError{Reason: ReasonScreeningInError, Text: "the screening is registered in error", State: string(RegisteredInError)}
}

// RecordOffer records that coordination was offered, or what the patient said to it. Errors: *RefusedError, Violations.
func (s Screening) RecordOffer(now time.Time, by string, offer Offer) (Screening, error) {
	if err := s.open(); err != nil {
		return Screening{}, err
	}
	var v Violations
	v.offer(offer)
	v.required("practitioner_id", by, MaxNote)
	if err := v.err(); err != nil {
		return Screening{}, err
	}
	s.Offer, s.OfferBy, s.OfferTime = offer, by, stored(now)
	return s, nil
}

// RegisterInError marks a screening as one that should never have been made. Errors: *RefusedError, Violations.
func (s Screening) RegisterInError(now time.Time, by, reason string) (Screening, error) {
	if err := s.open(); err != nil {
		return Screening{}, err
	}
	w, err := withdraw(now, by, reason)
	s.InError = w
	return s, err
}

// Screened tells whether one of the days on which a patient was screened belongs to the case: it lies in it up to the day
// looked at, or so few days before its start that a certificate of then would have belonged to it.
func (c Case) Screened(days []date.Day, rules Rules) bool {
	for _, day := range days {
		if day <= rules.AsOf && day >= c.Start.AddDays(-rules.MaxGapDays) {
			return true
		}
	}
	return false
}

// Limits of how many days of a case may pass before a screening is missed.
const (
	DefaultScreeningDays = 14
	MaxScreeningDays     = 365
)

func (v *Violations) offer(offer Offer, also ...Offer) {
	for _, allowed := range append(also, Offered, OfferAccepted, OfferDeclined) {
		if offer == allowed {
			return
		}
	}
	v.add("offer", ReasonValueUnknown, "is not an offer that can be recorded")
}

// past checks a day on which something was done, and returns it: today when none is given.
func (v *Violations) past(field string, day, today date.Day) date.Day {
	if day.IsZero() {
		return today
	}
	if v.day(field, day) && day > today {
		v.add(field, ReasonDateInFuture, "must not be after today")
	}
	return day
}
