package sickleave

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// SourceKind is what a prefilled field comes from.
type SourceKind string

// The kinds of source.
const (
	SourceCertificate SourceKind = "CERTIFICATE"
	SourceWorkAbility SourceKind = "WORK_ABILITY_ASSESSMENT"
	SourcePlan        SourceKind = "RETURN_TO_WORK_PLAN"
)

// Prefill says where a prefilled field of a certificate comes from. The tags name the members in the sealed part of the store and
// are never renamed.
type Prefill struct {
	Field  string     `json:"field"` // as the contract spells it
	Kind   SourceKind `json:"kind"`
	ID     string     `json:"id"`
	Day    date.Day   `json:"day"`              // when the certificate was signed, the assessment made, the plan's version made
	Edited bool       `json:"edited,omitempty"` // changed since: the author's by now
}

// The fields of a certificate that its author writes, as the contract spells them and in its order.
const (
	fieldPeriods    = "periods"
	fieldBases      = "bases"
	fieldDiagnoses  = "diagnosis_codes"
	fieldOccupation = "occupation"
	fieldFunction   = "function_limitation"
	fieldActivity   = "activity_limitation"
	fieldPrognosis  = "prognosis"
	fieldEarlyStart = "early_start_reason"
	fieldOther      = "other_information"
)

// difference returns the fields in which two contents differ, in the order of the contract.
func difference(a, b Content) []string {
	var fields []string
	for _, f := range []struct {
		name string
		same bool
	}{
		{fieldPeriods, slices.Equal(a.Periods, b.Periods)},
		{fieldBases, slices.Equal(a.Bases, b.Bases)},
		{fieldDiagnoses, slices.Equal(a.Diagnoses, b.Diagnoses)},
		{fieldOccupation, a.Occupation == b.Occupation},
		{fieldFunction, a.FunctionLimitation == b.FunctionLimitation},
		{fieldActivity, a.ActivityLimitation == b.ActivityLimitation},
		{fieldPrognosis, a.Prognosis == b.Prognosis},
		{fieldEarlyStart, a.EarlyStartReason == b.EarlyStartReason},
		{fieldOther, a.OtherInformation == b.OtherInformation},
	} {
		if !f.same {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// ComparedWith returns the certificate with the fields marked that say something else than the one that it renews.
func (c Certificate) ComparedWith(renewed Content) Certificate {
	c.ChangedFields = difference(c.Content, renewed)
	return c
}

// edited returns the prefills of c, those marked whose field has another content next.
func (c Certificate) edited(next Content) []Prefill {
	changed := difference(c.Content, next)
	prefills := slices.Clone(c.Prefills)
	for i := range prefills {
		prefills[i].Edited = prefills[i].Edited || slices.Contains(changed, prefills[i].Field)
	}
	return prefills
}

// LastSigned returns, of a patient's certificates, the signed one that counts and ends last, of several the one signed last.
func LastSigned(certificates []Certificate) (Certificate, bool) {
	var last *certified
	counting := rank(countingOf(certificates))
	for i := range counting {
		c := &counting[i]
		if last == nil || c.End > last.End || c.End == last.End && c.rank < last.rank {
			last = c
		}
	}
	if last == nil {
		return Certificate{}, false
	}
	return *last.Certificate, true
}

// DraftExtension returns a draft that renews a signed certificate. It is filled in from that one; function and activity from the
// assessment when it was made on the day that one was signed or later; the period from the step of the plan that follows the end
// of that one, as long as the plan is a proposal or accepted. What the assessment rests on, and why it begins early, is new every
// time and stays empty. Nothing is signed: a GP reads, edits and signs. Assessment and plan may be nil. Errors: *StateError when
// the certificate is not signed, Violations.
func DraftExtension(now time.Time, origin Origin, last Certificate, assessment *WorkAbilityAssessment, plan *Plan) (Certificate, error) {
	if last.State != Signed {
		return Certificate{}, &StateError{Reason: ReasonNotSigned, Verb: VerbExtend, State: last.State, Allowed: last.State.Verbs()}
	}
	var e extension
	e.from(last)
	if assessment != nil && assessment.InError.IsZero() && assessment.Day >= date.Of(last.SignTime) {
		e.assessed(*assessment)
	}
	if plan != nil && (plan.State == PlanProposed || plan.State == PlanAccepted) {
		e.planned(*plan, last.Span().End)
	}
	origin.EpisodeID, origin.RenewsID = last.EpisodeID, last.ID
	c, err := NewDraft(now, origin, e.content)
	if err != nil {
		return Certificate{}, err
	}
	for _, field := range []string{fieldPeriods, fieldDiagnoses, fieldOccupation, fieldFunction, fieldActivity, fieldPrognosis, fieldOther} {
		if i := slices.IndexFunc(e.prefills, func(p Prefill) bool { return p.Field == field }); i >= 0 {
			c.Prefills = append(c.Prefills, e.prefills[i])
		}
	}
	return c.ComparedWith(last.Content), nil
}

// extension gathers what is filled in. Of two sources of a field the later takes the place of the earlier.
type extension struct {
	content  Content
	prefills []Prefill
}

func (e *extension) tell(source Prefill, field string, filled bool) {
	e.prefills = slices.DeleteFunc(e.prefills, func(p Prefill) bool { return p.Field == field })
	if filled {
		source.Field = field
		e.prefills = append(e.prefills, source)
	}
}

func (e *extension) from(last Certificate) {
	source := Prefill{Kind: SourceCertificate, ID: last.ID, Day: date.Of(last.SignTime)}
	copied := last.clone()
	e.content = Content{
		Diagnoses: copied.Diagnoses, Occupation: copied.Occupation, FunctionLimitation: copied.FunctionLimitation,
		ActivityLimitation: copied.ActivityLimitation, Prognosis: copied.Prognosis, OtherInformation: copied.OtherInformation,
	}
	e.tell(source, fieldDiagnoses, len(copied.Diagnoses) > 0)
	e.tell(source, fieldOccupation, copied.Occupation != "")
	e.tell(source, fieldFunction, copied.FunctionLimitation != "")
	e.tell(source, fieldActivity, copied.ActivityLimitation != "")
	e.tell(source, fieldPrognosis, copied.Prognosis != (Prognosis{}))
	e.tell(source, fieldOther, copied.OtherInformation != "")
}

func (e *extension) assessed(a WorkAbilityAssessment) {
	source := Prefill{Kind: SourceWorkAbility, ID: a.ID, Day: a.Day}
	e.content.FunctionLimitation, e.content.ActivityLimitation = a.FunctionLimitation, a.ActivityLimitation
	e.tell(source, fieldFunction, true)
	e.tell(source, fieldActivity, true)
}

func (e *extension) planned(p Plan, end date.Day) {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.End > end })
	if i < 0 || p.Steps[i].Degree == 0 {
		return // the plan says nothing of the days that follow, or full return
	}
	step := p.Steps[i]
	e.content.Periods = []Period{{Start: max(step.Start, end.AddDays(1)), End: step.End, Degree: step.Degree}}
	e.tell(Prefill{Kind: SourcePlan, ID: p.ID, Day: date.Of(p.VersionTime)}, fieldPeriods, true)
}
