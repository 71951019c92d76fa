package sickleave

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Limits of what a certificate holds (FK 7804).
const (
	MaxPeriods         = 4
	MaxDiagnoses       = 3
	MaxBases           = 5
	MaxText            = 4000 // characters of a text
	MaxNote            = 500  // characters of a note or reason
	MaxPrognosisMonths = 99
)

// BasisKind is what a doctor's assessment rests on (FK 7804, question 1).
type BasisKind string

// The kinds of basis.
const (
	BasisExamination BasisKind = "EXAMINATION" // the patient was examined at a visit
	BasisVideo       BasisKind = "VIDEO"       // video call with the patient
	BasisPhone       BasisKind = "PHONE"       // telephone call with the patient
	BasisRecord      BasisKind = "RECORD"      // entries in the patient's record
	BasisOther       BasisKind = "OTHER"       // something else, named in the note
)

// Basis is one thing that the assessment rests on.
type Basis struct {
	Kind BasisKind
	Day  date.Day // of the visit, the call or the entry
	Note string   // what it was; required for BasisOther, at most MaxNote characters
}

// PrognosisKind is the doctor's view on return to work (FK 7804, question 39).
type PrognosisKind string

// The kinds of prognosis; "" is none given.
const (
	PrognosisLikely   PrognosisKind = "RETURN_LIKELY"    // back with great probability after the certified time
	PrognosisInMonths PrognosisKind = "RETURN_IN_MONTHS" // back after the number of months given
	PrognosisUnlikely PrognosisKind = "RETURN_UNLIKELY"  // probably not back
	PrognosisUnclear  PrognosisKind = "UNCLEAR"          // cannot be said; the explanation says why
)

// Prognosis is the doctor's view on return to work.
type Prognosis struct {
	Kind        PrognosisKind
	Months      int    // 1 to MaxPrognosisMonths for PrognosisInMonths, else 0
	Explanation string // required for PrognosisUnclear, at most MaxText characters
}

// Content is what the author of a certificate writes.
type Content struct {
	Periods            []Period // at most MaxPeriods, no two of which share a day
	Diagnoses          []string // ICD-10-SE codes, the one that matters most first; at most MaxDiagnoses
	Bases              []Basis  // at most MaxBases
	Occupation         string   // occupation and tasks (question 29)
	FunctionLimitation string   // impairment of function (question 35)
	ActivityLimitation string   // limitation of activity (question 17)
	Prognosis          Prognosis
	EarlyStartReason   string // why the first day lies more than EarlyStartDays before signing
	OtherInformation   string // question 25
}

func (c Content) clone() Content {
	c.Periods = slices.Clone(c.Periods)
	c.Diagnoses = slices.Clone(c.Diagnoses)
	c.Bases = slices.Clone(c.Bases)
	return c
}

// normalized returns a copy with diagnosis codes in their usual form, and what
// is wrong with the content. What is missing is not wrong yet.
func (c Content) normalized() (Content, Violations) {
	c = c.clone()
	var v Violations
	v.periods(c.Periods)
	v.diagnoses(c.Diagnoses)
	v.bases(c.Bases)
	v.prognosis(c.Prognosis)
	v.text("occupation", c.Occupation, MaxText)
	v.text("function_limitation", c.FunctionLimitation, MaxText)
	v.text("activity_limitation", c.ActivityLimitation, MaxText)
	v.text("early_start_reason", c.EarlyStartReason, MaxText)
	v.text("other_information", c.OtherInformation, MaxText)
	return c, v
}

func (v *Violations) periods(periods []Period) {
	if len(periods) > MaxPeriods {
		v.add("periods", ReasonTooManyPeriods, fmt.Sprintf("at most %d periods fit on a certificate", MaxPeriods))
		return
	}
	for i, p := range periods {
		field := fmt.Sprintf("periods[%d]", i)
		v.period(field, p)
		for j, earlier := range periods[:i] {
			if p.Span().Overlaps(earlier.Span()) {
				v.add(field, ReasonPeriodsOverlap, fmt.Sprintf("shares a day with periods[%d]; a day has one degree", j))
			}
		}
	}
}

// diagnoses also puts the codes in their usual form, in place.
func (v *Violations) diagnoses(codes []string) {
	if len(codes) > MaxDiagnoses {
		v.add("diagnoses", ReasonTooManyDiagnoses, fmt.Sprintf("at most %d diagnoses fit on a certificate", MaxDiagnoses))
		return
	}
	for i := range codes {
		field := fmt.Sprintf("diagnoses[%d]", i)
		code, wrong := normalizeDiagnosis(codes[i])
		if wrong.Reason != "" {
			v.add(field, wrong.Reason, wrong.Message)
			continue
		}
		codes[i] = code
		if slices.Contains(codes[:i], code) {
			v.add(field, ReasonDiagnosisDuplicate, "the same code stands before")
		}
	}
}

func (v *Violations) bases(bases []Basis) {
	if len(bases) > MaxBases {
		v.add("bases", ReasonTooManyBases, fmt.Sprintf("at most %d bases fit on a certificate", MaxBases))
		return
	}
	for i, b := range bases {
		field := fmt.Sprintf("bases[%d]", i)
		switch b.Kind {
		case BasisExamination, BasisVideo, BasisPhone, BasisRecord:
			v.text(field+".note", b.Note, MaxNote)
		case BasisOther:
			v.required(field+".note", b.Note, MaxNote)
		default:
			v.add(field+".kind", ReasonBasisUnknown, "must be EXAMINATION, VIDEO, PHONE, RECORD or OTHER")
		}
		v.day(field+".date", b.Day)
	}
}

func (v *Violations) prognosis(p Prognosis) {
	switch p.Kind {
	case PrognosisInMonths:
		v.between("prognosis.months", p.Months, 1, MaxPrognosisMonths)
	case "", PrognosisLikely, PrognosisUnlikely, PrognosisUnclear:
		if p.Months != 0 {
			v.add("prognosis.months", ReasonOutOfRange, "is given with RETURN_IN_MONTHS only")
		}
	default:
		v.add("prognosis.kind", ReasonPrognosisUnknown, "must be RETURN_LIKELY, RETURN_IN_MONTHS, RETURN_UNLIKELY or UNCLEAR")
	}
	if p.Kind == PrognosisUnclear {
		v.required("prognosis.explanation", p.Explanation, MaxText)
	} else {
		v.text("prognosis.explanation", p.Explanation, MaxText)
	}
}

// missing returns what a certificate that is signed on the day still lacks.
func (c Content) missing(today date.Day) Violations {
	var v Violations
	if len(c.Periods) == 0 {
		v.add("periods", ReasonNoPeriod, "at least one period of reduced work capacity is needed")
	}
	if len(c.Diagnoses) == 0 {
		v.add("diagnoses", ReasonNoDiagnosis, "at least one diagnosis is needed")
	}
	if len(c.Bases) == 0 {
		v.add("bases", ReasonNoBasis, "say what the assessment rests on")
	}
	for i, b := range c.Bases {
		if b.Day > today {
			v.add(fmt.Sprintf("bases[%d].date", i), ReasonDateInFuture, "must not be after the day of signing")
		}
	}
	return v
}

// EarlyStartDays is how many days before signing a certificate may begin
// without a reason (FK 7804, question 32).
const EarlyStartDays = 7

// WarningEarlyStart is the reason of the warning that a certificate begins
// more than EarlyStartDays before the day and does not say why.
const WarningEarlyStart = "START_LONG_BEFORE_SIGNING"

// Warnings returns what the author should look at again before signing on the
// day. Warnings do not stop anyone.
func (c Content) Warnings(today date.Day) []Violation {
	start := spanOf(c.Periods).Start
	if start.IsZero() || start >= today.AddDays(-EarlyStartDays) || strings.TrimSpace(c.EarlyStartReason) != "" {
		return nil
	}
	return []Violation{{
		Field:   "early_start_reason",
		Reason:  WarningEarlyStart,
		Message: fmt.Sprintf("the certificate begins more than %d days before it is signed: say why", EarlyStartDays),
	}}
}
