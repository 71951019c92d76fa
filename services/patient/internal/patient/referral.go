package patient

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// ReferralState is the state of a referral, spelled as in the API.
type ReferralState string

// The states of a referral.
const (
	ReferralPending         ReferralState = "PENDING"
	ReferralAwaitingConsent ReferralState = "AWAITING_CONSENT"
	ReferralAccepted        ReferralState = "ACCEPTED"
	ReferralDeclined        ReferralState = "DECLINED"
	ReferralWithdrawn       ReferralState = "WITHDRAWN"
)

func (s ReferralState) unanswered() bool { return s == ReferralPending || s == ReferralAwaitingConsent }

// Referral asks a role to take part in an episode.
type Referral struct {
	ID             string
	Role           Role
	PractitionerID string // asked for; "" when anyone with the role may take it
	Due            date.Day
	Note           string
	State          ReferralState
	AnsweredBy     string
	AnswerReason   string
	Answered       time.Time
}

// ReferralOrder is whom the GP wants in the team.
type ReferralOrder struct {
	Role           Role
	PractitionerID string
	Due            date.Day // none means AnswerWorkingDays from today
	Note           string
}

// referrals makes the referrals of a new episode: care manager, rehabilitation coordinator, then the others as ordered.
func (a Assessment) referrals(today date.Day, bad *violations) []Referral {
	byRole := map[Role]ReferralOrder{}
	roles := []Role{CareManager, RehabilitationCoordinator}
	for i, order := range a.Refer {
		field := fmt.Sprintf("referrals[%d]", i)
		if !order.Role.referable() {
			bad.add(field+".role", "FIELD_REQUIRED", "must be a role that can be referred to")
			continue
		}
		if _, twice := byRole[order.Role]; twice {
			bad.add(field+".role", "ROLE_REPEATED", "is named before; each role is referred to once")
			continue
		}
		if !order.Due.IsZero() && order.Due.Before(today) {
			bad.add(field+".due_date", "DATE_IN_PAST", "must be today or later")
		}
		if staff := a.Staff[order.PractitionerID]; order.PractitionerID != "" && !staff.Holds(order.Role, a.UnitID, today) {
			*bad = append(*bad, notEmployed(field+".practitioner_id"))
		}
		byRole[order.Role] = order
		if !slices.Contains(roles, order.Role) {
			roles = append(roles, order.Role)
		}
	}
	referrals := make([]Referral, 0, len(roles))
	for _, role := range roles {
		order := byRole[role]
		r := Referral{ID: a.NewID(), Role: role, PractitionerID: order.PractitionerID, Due: order.Due, Note: order.Note, State: ReferralPending}
		if r.Due.IsZero() {
			r.Due = date.AddWorkingDays(today, AnswerWorkingDays)
		}
		if role == RehabilitationCoordinator && !a.Consented {
			r.State = ReferralAwaitingConsent
		}
		referrals = append(referrals, r)
	}
	return referrals
}

// Answer is who answers which referral. It is named by ReferralID, by Role, or, with neither, is the one unanswered referral
// to a role that the answerer holds.
type Answer struct {
	ReferralID string
	Role       Role
	By         string // practitioner
	Held       []Role // what the answerer holds at the patient's unit
}

// Accept takes a referral on: PENDING → ACCEPTED, and the answerer joins the team in its role. The coordinator's needs the
// patient's consent to coordination. A person with two roles answers two referrals, each in its own role.
func (e Episode) Accept(a Answer, consented bool, now time.Time) (Episode, error) {
	i, err := e.answerable(a)
	if err != nil {
		return Episode{}, err
	}
	if r := e.Referrals[i]; r.Role == RehabilitationCoordinator && r.State.unanswered() && !consented {
		return Episode{}, consentMissing(string(r.State), "declineReferral")
	}
	next := e.next(now)
	if err := next.answer(i, a.By, ReferralAccepted, "", now); err != nil {
		return Episode{}, err
	}
	next.join(a.By, next.Referrals[i].Role, date.Of(now))
	return next, nil
}

// Decline turns a referral down with a reason: PENDING or AWAITING_CONSENT → DECLINED.
func (e Episode) Decline(a Answer, reason string, now time.Time) (Episode, error) {
	i, err := e.answerable(a)
	if err != nil {
		return Episode{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return Episode{}, &InvalidError{[]Violation{{"reason", "FIELD_REQUIRED", "must be set"}}}
	}
	next := e.next(now)
	if err := next.answer(i, a.By, ReferralDeclined, reason, now); err != nil {
		return Episode{}, err
	}
	return next, nil
}

func (e *Episode) answer(i int, by string, state ReferralState, reason string, now time.Time) error {
	r := &e.Referrals[i]
	if !r.State.unanswered() {
		return &StateError{Reason: "REFERRAL_NOT_PENDING", Text: "the referral has been answered or has fallen away", State: string(r.State), Allowed: []string{"assignTeam"}}
	}
	r.State, r.AnsweredBy, r.AnswerReason, r.Answered = state, by, reason, now
	return nil
}

// answerable finds the referral that an answer means, and checks that the answerer may give it.
func (e Episode) answerable(a Answer) (int, error) {
	if err := e.checkOpen(); err != nil {
		return 0, err
	}
	i, err := e.find(a)
	if err != nil {
		return 0, err
	}
	if role := e.Referrals[i].Role; !slices.Contains(a.Held, role) {
		return 0, &RoleError{Role: role}
	}
	return i, nil
}

func (e Episode) find(a Answer) (int, error) {
	notFound := &NotFoundError{"REFERRAL_NOT_FOUND", "the episode has no such referral"}
	if a.ReferralID != "" || a.Role != "" {
		i := slices.IndexFunc(e.Referrals, func(r Referral) bool {
			return (a.ReferralID == "" || r.ID == a.ReferralID) && (a.Role == "" || r.Role == a.Role)
		})
		if i < 0 {
			return 0, notFound
		}
		return i, nil
	}
	var own []int
	for i, r := range e.Referrals {
		if r.State.unanswered() && slices.Contains(a.Held, r.Role) {
			own = append(own, i)
		}
	}
	switch len(own) {
	case 0:
		return 0, &NotFoundError{"REFERRAL_NOT_FOUND", "no referral of the episode waits for a role of the caller's"}
	case 1:
		return own[0], nil
	default:
		return 0, &InvalidError{[]Violation{{"referral_id", "REFERRAL_AMBIGUOUS", "must be set, or role: several referrals wait for the caller"}}}
	}
}

func consentMissing(state string, allowed ...string) error {
	return &StateError{
		Reason: "COORDINATION_CONSENT_MISSING",
		Text:   "the patient does not consent to coordination (act 2019:1297); record a consent first", State: state, Allowed: allowed,
	}
}

// OpenCoordination makes the coordinator's waiting referral workable, now that the patient consents: AWAITING_CONSENT → PENDING.
// Its due day moves when it would leave fewer than AnswerWorkingDays. False when nothing waited.
func (e Episode) OpenCoordination(now time.Time) (Episode, bool) {
	next, soonest := e.next(now), date.AddWorkingDays(date.Of(now), AnswerWorkingDays)
	changed := next.moveCoordination(ReferralAwaitingConsent, ReferralPending, func(r *Referral) {
		if r.Due.Before(soonest) {
			r.Due = soonest
		}
	})
	return next, changed
}

// SuspendCoordination lets the coordinator's unanswered referral await consent again: PENDING → AWAITING_CONSENT. False when
// there was none. Who has joined the team stays; others ask for the consent before each new piece of coordination.
func (e Episode) SuspendCoordination(now time.Time) (Episode, bool) {
	next := e.next(now)
	return next, next.moveCoordination(ReferralPending, ReferralAwaitingConsent, func(*Referral) {})
}

func (e *Episode) moveCoordination(from, to ReferralState, also func(*Referral)) bool {
	changed := false
	for i := range e.Referrals {
		if r := &e.Referrals[i]; e.State == EpisodeOpen && r.Role == RehabilitationCoordinator && r.State == from {
			r.State = to
			also(r)
			changed = true
		}
	}
	return changed
}
