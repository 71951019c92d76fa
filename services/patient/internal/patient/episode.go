package patient

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// EpisodeState is the state of a care episode, spelled as in the API.
type EpisodeState string

// The states of a care episode.
const (
	EpisodeOpen    EpisodeState = "OPEN"
	EpisodeClosed  EpisodeState = "CLOSED"
	EpisodeInError EpisodeState = "REGISTERED_IN_ERROR"
)

// OutcomeOther is the outcome that needs a note to mean anything.
const OutcomeOther = "OTHER"

// Episode is a period during which a team follows a patient.
type Episode struct {
	ID, PatientID, ProviderID, UnitID string
	Revision                          int64
	Diagnosis                         Diagnosis
	DiagnosisReason                   string
	Severity                          string // MILD, MODERATE, SEVERE
	SickLeaveNeeded, Preventive       bool
	Note                              string
	State                             EpisodeState
	Start, Close                      date.Day
	Outcome, OutcomeNote              string
	Referrals                         []Referral
	Team                              []Member
	Error                             *ErrorMark
	Created, Updated                  time.Time
}

// Limits of an order to start an episode.
const (
	// MaxBackdatingDays is how long ago an episode may have started when it is recorded.
	MaxBackdatingDays = 30
	// AnswerWorkingDays is how many working days a referral may wait for its answer, unless the GP says otherwise.
	AnswerWorkingDays = 2
)

// Assessment is the GP's order to start an episode.
type Assessment struct {
	EpisodeID, PatientID, ProviderID, UnitID string
	Diagnosis, DiagnosisReason, Severity     string
	SickLeaveNeeded, Preventive              bool
	Note                                     string
	Start                                    date.Day // none means today
	Refer                                    []ReferralOrder
	// Staff are the practitioners asked for by name, as far as registered, by id.
	Staff map[string]Practitioner
	// Consented says whether the patient consents to coordination today.
	Consented bool
	// GP is the practitioner who assesses and thereby joins the team; "" when the token names none.
	GP string
	// NewID makes the ids of the referrals.
	NewID func() string
}

// StartEpisode makes an open episode with its referrals: to the care manager and to the rehabilitation coordinator always, to
// others as ordered. Everything that is wrong with the order is said at once.
func StartEpisode(a Assessment, now time.Time) (Episode, error) {
	today := date.Of(now)
	var bad violations
	diagnosis, problem := ParseDiagnosis(a.Diagnosis)
	bad.problem("diagnosis_code", problem)
	reason := strings.TrimSpace(a.DiagnosisReason)
	switch {
	case !diagnosis.NeedsReason():
		reason = ""
	case reason == "":
		bad.add("diagnosis_reason", "DIAGNOSIS_NEEDS_REASON",
			"must say why the patient is followed here: the model was not tried for psychosis, bipolar disorder, addiction, organic disorder or psychotic depression")
	}
	if a.Start.IsZero() {
		a.Start = today
	}
	switch {
	case a.Start.After(today):
		bad.add("start_date", "DATE_IN_FUTURE", "must be today or earlier")
	case a.Start.Before(today.AddDays(-MaxBackdatingDays)):
		bad.add("start_date", "DATE_TOO_EARLY", fmt.Sprintf("must not be more than %d days ago", MaxBackdatingDays))
	}
	if a.Preventive && a.SickLeaveNeeded {
		bad.add("preventive", "PREVENTIVE_WITH_SICK_LEAVE", "must be false when sick leave is needed")
	}
	referrals := a.referrals(today, &bad)
	if err := bad.err(); err != nil {
		return Episode{}, err
	}
	e := Episode{
		ID: a.EpisodeID, PatientID: a.PatientID, ProviderID: a.ProviderID, UnitID: a.UnitID, Revision: 1,
		Diagnosis: diagnosis, DiagnosisReason: reason, Severity: a.Severity,
		SickLeaveNeeded: a.SickLeaveNeeded, Preventive: a.Preventive, Note: a.Note,
		State: EpisodeOpen, Start: a.Start, Referrals: referrals, Created: now, Updated: now,
	}
	if a.GP != "" {
		e.join(a.GP, GP, today)
	}
	return e, nil
}

// CloseWith ends an open episode with its outcome. Unanswered referrals fall away and the team is done.
// CARE_EPISODE_CLOSED unless open; FIELD_REQUIRED for the note of OTHER.
func (e Episode) CloseWith(outcome, note string, now time.Time) (Episode, error) {
	if err := e.checkOpen(); err != nil {
		return Episode{}, err
	}
	if outcome == OutcomeOther && strings.TrimSpace(note) == "" {
		return Episode{}, &InvalidError{[]Violation{{"outcome_note", "FIELD_REQUIRED", "must say what the outcome was, for OTHER"}}}
	}
	next := e.next(now)
	next.State, next.Close, next.Outcome, next.OutcomeNote = EpisodeClosed, date.Of(now), outcome, note
	next.end(now)
	return next, nil
}

// RegisterInError marks an episode as a mistake, open or closed. CARE_EPISODE_CLOSED when it is so marked already.
func (e Episode) RegisterInError(mark ErrorMark) (Episode, error) {
	if e.State == EpisodeInError {
		return Episode{}, e.stateError("CARE_EPISODE_CLOSED", "the episode is registered in error already")
	}
	if strings.TrimSpace(mark.Reason) == "" {
		return Episode{}, &InvalidError{[]Violation{{"reason", "FIELD_REQUIRED", "must be set"}}}
	}
	next := e.next(mark.Time)
	next.State, next.Error = EpisodeInError, &mark
	next.end(mark.Time)
	return next, nil
}

// next is a copy at the next revision whose referrals and team can be changed without touching e.
func (e Episode) next(now time.Time) Episode {
	e.Revision++
	e.Updated = now
	e.Referrals, e.Team = slices.Clone(e.Referrals), slices.Clone(e.Team)
	return e
}

// end lets unanswered referrals fall away and ends everybody's time in the team.
func (e *Episode) end(now time.Time) {
	for i := range e.Referrals {
		if e.Referrals[i].State.unanswered() {
			e.Referrals[i].State = ReferralWithdrawn
		}
	}
	for i := range e.Team {
		if e.Team[i].End.IsZero() {
			e.Team[i].End = date.Of(now)
		}
	}
}

func (e Episode) checkOpen() error {
	switch e.State {
	case EpisodeOpen:
		return nil
	case EpisodeInError:
		return e.stateError("CARE_EPISODE_CLOSED", "the episode is registered in error")
	default:
		return e.stateError("CARE_EPISODE_CLOSED", "the episode is closed; start a new one when the patient is followed again")
	}
}

func (e Episode) stateError(reason, text string) error {
	return &StateError{Reason: reason, Text: text, State: string(e.State), Allowed: e.Verbs()}
}

// Verbs are the verbs that the episode bears in its state.
func (e Episode) Verbs() []string {
	switch e.State {
	case EpisodeOpen:
		return []string{"acceptReferral", "declineReferral", "assignTeam", "close", "registerInError"}
	case EpisodeClosed:
		return []string{"registerInError"}
	default:
		return nil
	}
}
