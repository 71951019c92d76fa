package employerdialogue

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// What may be missing before a meeting should begin.
const (
	MissingCoordination    Missing = "COORDINATION_CONSENT"
	MissingEmployer        Missing = "EMPLOYER_CONSENT"
	MissingEarlyTalk       Missing = "EARLY_TALK"
	MissingBrief           Missing = "BRIEF"
	MissingPreparation     Missing = "PREPARATION"
	MissingPatientOral     Missing = "PATIENT_ORAL_INFORMATION"
	MissingPatientWritten  Missing = "PATIENT_WRITTEN_INFORMATION"
	MissingEmployerOral    Missing = "EMPLOYER_ORAL_INFORMATION"
	MissingEmployerWritten Missing = "EMPLOYER_WRITTEN_INFORMATION"
	MissingPlaceAgreement  Missing = "PLACE_AGREEMENT"
	MissingSchedule        Missing = "SCHEDULE"
)

// Signs are what readiness is read from, beside the meeting itself.
type Signs struct {
	Consents  Consents
	EarlyTalk bool      // one with the employer in the episode is recorded
	Brief     time.Time // when the latest brief of the episode was acknowledged; zero: never
	Settings  Settings  // of the unit
}

// Missing names what is missing before the meeting should begin, on the day it is scheduled for or, without one, today.
func (m Meeting) Missing(signs Signs, today date.Day) []Missing {
	on := today
	if m.State == Scheduled {
		on = max(today, date.Of(m.Slot.Time))
	}
	return m.missing(signs, on)
}

func (m Meeting) missing(signs Signs, on date.Day) []Missing {
	var missing []Missing
	for _, need := range []struct {
		met  bool
		name Missing
	}{
		{signs.Consents.Coordination, MissingCoordination},
		{signs.Consents.Covers(ItemContact), MissingEmployer},
		{signs.EarlyTalk, MissingEarlyTalk},
		{!signs.Brief.IsZero() && on.Sub(date.Of(signs.Brief)) <= signs.Settings.Whole().BriefDays, MissingBrief},
		{m.Preparation != nil, MissingPreparation},
		{m.Informed(Patient, Oral), MissingPatientOral},
		{m.Informed(Patient, Written), MissingPatientWritten},
		{m.Informed(Employer, Oral), MissingEmployerOral},
		{m.Informed(Employer, Written), MissingEmployerWritten},
		{
			m.Slot.Place == "" || m.Slot.Place == AtCentre || m.PlaceAgreement != nil && m.PlaceAgreement.Place == m.Slot.Place,
			MissingPlaceAgreement,
		},
		{!m.Slot.Time.IsZero(), MissingSchedule},
	} {
		if !need.met {
			missing = append(missing, need.name)
		}
	}
	return missing
}

// departure is the departure from the model that beginning without something is; empty for walls.
func departure(missing Missing) Code {
	switch missing {
	case MissingEarlyTalk, MissingBrief, MissingPreparation, MissingPatientOral, MissingPatientWritten, MissingEmployerOral, MissingEmployerWritten:
		return Code(missing + "_MISSING")
	default:
		return ""
	}
}
