package sickleave

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Verb is what may be done to a certificate.
type Verb string

// The verbs of a certificate.
const (
	VerbEdit            Verb = "edit"
	VerbSign            Verb = "sign"
	VerbRevoke          Verb = "revoke"
	VerbRegisterInError Verb = "register in error"
	VerbExtend          Verb = "extend" // makes another certificate; this one stays as it is
)

// Verbs returns what may be done in the state, nothing when it is final.
func (s State) Verbs() []Verb {
	switch s {
	case Draft:
		return []Verb{VerbEdit, VerbSign, VerbRegisterInError}
	case Signed:
		return []Verb{VerbRevoke, VerbRegisterInError}
	case Revoked:
		return []Verb{VerbRegisterInError}
	default:
		return nil
	}
}

// Reasons of a StateError and of an IncompleteError.
const (
	ReasonNotDraft          = "CERTIFICATE_NOT_DRAFT"           // edit and sign need a draft
	ReasonNotSigned         = "CERTIFICATE_NOT_SIGNED"          // revoke needs a signed certificate
	ReasonRegisteredInError = "CERTIFICATE_REGISTERED_IN_ERROR" // nothing more may be done
	ReasonIncomplete        = "CERTIFICATE_INCOMPLETE"          // sign needs what is named
)

// StateError says that the state of the certificate does not allow the verb.
type StateError struct {
	Reason  string
	Verb    Verb
	State   State
	Allowed []Verb // what the state allows instead
}

// Error names the state and what may be done in it.
func (e *StateError) Error() string {
	allowed := "nothing more can be done to it"
	if len(e.Allowed) > 0 {
		names := make([]string, len(e.Allowed))
		for i, verb := range e.Allowed {
			names[i] = string(verb)
		}
		allowed = "what can be done: " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("cannot %s a certificate in state %s; %s", e.Verb, e.State, allowed)
}

// IncompleteError says that a draft cannot be signed yet.
type IncompleteError struct {
	Missing Violations // what is missing or wrong, never empty
}

// Reason returns ReasonIncomplete.
func (e *IncompleteError) Reason() string { return ReasonIncomplete }

// Error names everything that is missing.
func (e *IncompleteError) Error() string {
	return "the certificate cannot be signed yet: " + e.Missing.Error()
}

func (c Certificate) allow(verb Verb) error {
	allowed := c.State.Verbs()
	if slices.Contains(allowed, verb) {
		return nil
	}
	reason := ReasonNotDraft
	switch {
	case c.State == RegisteredInError || verb == VerbRegisterInError:
		reason = ReasonRegisteredInError
	case verb == VerbRevoke:
		reason = ReasonNotSigned
	}
	return &StateError{Reason: reason, Verb: verb, State: c.State, Allowed: allowed}
}

// stored returns t as the databases give it back.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Origin is what a new draft is for; none of it changes later.
type Origin struct {
	ID            string
	PatientID     string
	CareUnitID    string
	EpisodeID     string // may be ""
	ReplacesID    string // at most one of the three is given
	ComplementsID string
	RenewsID      string
	CreatedBy     string // practitioner
}

// NewDraft returns a draft at revision 0. It may be incomplete; what it holds
// must be right. Errors: Violations.
func NewDraft(now time.Time, origin Origin, content Content) (Certificate, error) {
	content, v := content.normalized()
	c := Certificate{
		ID: origin.ID, PatientID: origin.PatientID, CareUnitID: origin.CareUnitID, EpisodeID: origin.EpisodeID,
		ReplacesID: origin.ReplacesID, ComplementsID: origin.ComplementsID, RenewsID: origin.RenewsID,
		State: Draft, Content: content, CreateTime: stored(now), CreatedBy: origin.CreatedBy,
	}
	for _, needed := range []struct{ field, id string }{
		{"certificate_id", c.ID}, {"patient_id", c.PatientID}, {"care_unit_id", c.CareUnitID}, {"created_by", c.CreatedBy},
	} {
		v.required(needed.field, needed.id, MaxNote)
	}
	v.relatesToItself("", c)
	if given(c.ReplacesID, c.ComplementsID, c.RenewsID) > 1 {
		v.add("replaces_certificate_id", ReasonSeveralRelations, "a certificate replaces, complements or renews one other, not several")
	}
	if err := v.err(); err != nil {
		return Certificate{}, err
	}
	return c, nil
}

func given(ids ...string) int {
	n := 0
	for _, id := range ids {
		if id != "" {
			n++
		}
	}
	return n
}

// Edit replaces the content of a draft. Errors: *StateError, Violations.
func (c Certificate) Edit(content Content) (Certificate, error) {
	if err := c.allow(VerbEdit); err != nil {
		return Certificate{}, err
	}
	content, v := content.normalized()
	if err := v.err(); err != nil {
		return Certificate{}, err
	}
	c.Prefills = c.edited(content)
	c.Content = content
	return c, nil
}

// Sign signs a draft in the name of a practitioner, who must be a doctor: that
// is the caller's to check. A signed certificate has at least one period, one
// diagnosis and one basis. Ask Warnings beforehand what the doctor should look
// at again. Errors: *StateError, *IncompleteError, Violations when the
// practitioner is missing.
func (c Certificate) Sign(now time.Time, practitionerID string) (Certificate, error) {
	if err := c.allow(VerbSign); err != nil {
		return Certificate{}, err
	}
	var who Violations
	if who.required("signed_by", practitionerID, MaxNote); len(who) > 0 {
		return Certificate{}, who
	}
	content, v := c.normalized()
	v = append(v, content.missing(date.Of(now))...)
	if len(v) > 0 {
		return Certificate{}, &IncompleteError{Missing: v}
	}
	c.Content = content
	c.State, c.SignTime, c.SignedBy = Signed, stored(now), practitionerID
	return c, nil
}

// Revoke withdraws a signed certificate, which then no longer counts. The
// reason is required, at most MaxNote characters. Errors: *StateError,
// Violations.
func (c Certificate) Revoke(now time.Time, by, reason string) (Certificate, error) {
	if err := c.allow(VerbRevoke); err != nil {
		return Certificate{}, err
	}
	if err := checkWithdrawal("revoked_by", by, reason); err != nil {
		return Certificate{}, err
	}
	c.State, c.RevokeTime, c.RevokedBy, c.RevokeReason = Revoked, stored(now), by, reason
	return c, nil
}

// RegisterInError marks a certificate as one that should never have been made,
// for example for the wrong patient. It stays readable and never counts. The
// reason is required, at most MaxNote characters. Errors: *StateError,
// Violations.
func (c Certificate) RegisterInError(now time.Time, by, reason string) (Certificate, error) {
	if err := c.allow(VerbRegisterInError); err != nil {
		return Certificate{}, err
	}
	if err := checkWithdrawal("registered_by", by, reason); err != nil {
		return Certificate{}, err
	}
	c.State, c.ErrorTime, c.ErrorBy, c.ErrorReason = RegisteredInError, stored(now), by, reason
	return c, nil
}

func checkWithdrawal(byField, by, reason string) error {
	var v Violations
	v.required(byField, by, MaxNote)
	v.required("reason", reason, MaxNote)
	return v.err()
}
