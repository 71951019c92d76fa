package followup

import (
	"cmp"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Policy is a unit's limits. A zero field stands for its default; read limits through [Policy.Effective]. The defaults are
// ours except where a source is named: no study gives numbers (R02, R05).
type Policy struct {
	BookFirstContact       int // working days from the referral until the first contact is booked
	HoldFirstContact       int // working days from the referral until it has been held
	HoldFirstContactSevere int // the same for a severe condition
	TryAgain               int // working days from an unanswered contact until the next try
	UnansweredTries        int // the unanswered try that escalates
	CertificateEnding      int // civil days before a certificate's end
	CertificateLapse       int // civil days after a certificate's end
	UrgentRisk             int // minutes from an urgent flag until the assessment is due
	UrgentRiskEscalation   int // minutes from an urgent flag until a GP is called on
	ReviewRisk             int // minutes from a flag for review until the assessment is due
	ReviewRiskEscalation   int // minutes from a flag for review until a GP is called on
	FirstEscalation        int // working days after the due day
	SecondEscalation       int // working days after the due day
	Lapse                  int // civil days after the due day of notices and of what a person asked for
	Screening              int // civil days from the start of a sick leave
	Brief                  int // working days until a brief asked for is written, or a written one read
	ReadNote               int // working days until a note is read
	Answer                 int // working days until a GP answers
	Meeting                int // working days from the proposal of a meeting
	FirstMeetingFlag       int // civil days of sick leave without a meeting
	SecondMeetingFlag      int // civil days of sick leave without a meeting
	ThirdMeetingFlag       int // civil days of sick leave without a meeting; the model's trial held it within three months
	CheckIn                int // civil days from the start of a step
	PostReturnCheck        int // civil days from the full return
}

// Limit is one field of a policy with its default and its bounds.
type Limit struct {
	Field              string // as in the contract
	Default, Low, High int
	At                 func(*Policy) *int
}

// Limits lists every field of a policy, in the contract's order.
func Limits() []Limit {
	return []Limit{
		{"book_first_contact_working_days", 1, 1, 20, func(p *Policy) *int { return &p.BookFirstContact }},
		{"hold_first_contact_working_days", 5, 1, 40, func(p *Policy) *int { return &p.HoldFirstContact }},
		{"hold_first_contact_severe_working_days", 2, 1, 20, func(p *Policy) *int { return &p.HoldFirstContactSevere }},
		{"try_again_working_days", 1, 1, 10, func(p *Policy) *int { return &p.TryAgain }},
		{"unanswered_tries_to_escalate", 3, 1, 10, func(p *Policy) *int { return &p.UnansweredTries }},
		{"certificate_ending_days", 7, 1, 60, func(p *Policy) *int { return &p.CertificateEnding }},
		{"certificate_lapse_days", 14, 1, 90, func(p *Policy) *int { return &p.CertificateLapse }},
		{"urgent_risk_minutes", 60, 5, 120, func(p *Policy) *int { return &p.UrgentRisk }},
		{"urgent_risk_escalation_minutes", 30, 5, 120, func(p *Policy) *int { return &p.UrgentRiskEscalation }},
		{"review_risk_minutes", 240, 30, 480, func(p *Policy) *int { return &p.ReviewRisk }},
		{"review_risk_escalation_minutes", 120, 15, 480, func(p *Policy) *int { return &p.ReviewRiskEscalation }},
		{"first_escalation_working_days", 2, 1, 20, func(p *Policy) *int { return &p.FirstEscalation }},
		{"second_escalation_working_days", 5, 1, 40, func(p *Policy) *int { return &p.SecondEscalation }},
		{"lapse_days", 90, 7, 365, func(p *Policy) *int { return &p.Lapse }},
		{"screening_days", 14, 1, 60, func(p *Policy) *int { return &p.Screening }},
		{"brief_working_days", 2, 1, 20, func(p *Policy) *int { return &p.Brief }},
		{"read_note_working_days", 2, 1, 20, func(p *Policy) *int { return &p.ReadNote }},
		{"answer_working_days", 3, 1, 20, func(p *Policy) *int { return &p.Answer }},
		{"meeting_working_days", 15, 1, 60, func(p *Policy) *int { return &p.Meeting }},
		{"meeting_first_flag_days", 30, 7, 365, func(p *Policy) *int { return &p.FirstMeetingFlag }},
		{"meeting_second_flag_days", 60, 7, 365, func(p *Policy) *int { return &p.SecondMeetingFlag }},
		{"meeting_third_flag_days", 90, 7, 365, func(p *Policy) *int { return &p.ThirdMeetingFlag }},
		{"check_in_days", 7, 1, 60, func(p *Policy) *int { return &p.CheckIn }},
		{"post_return_check_days", 28, 7, 365, func(p *Policy) *int { return &p.PostReturnCheck }},
	}
}

// Effective is the policy with the defaults in the place of zeros.
func (p Policy) Effective() Policy {
	for _, limit := range Limits() {
		at := limit.At(&p)
		*at = cmp.Or(*at, limit.Default)
	}
	return p
}

// Due is by when something must be done.
type Due struct {
	Day  date.Day
	Time time.Time
}

// The working day's hours that the product keeps: reminders come at 08:00, what is due on a day is due at 17:00.
const (
	morning = 8
	evening = 17
)

// on is a due day's end of the working day. A day off is moved to the next working day.
func on(day date.Day) Due {
	day = date.NextWorkingDay(day)
	return Due{Day: day, Time: day.At(evening, 0).UTC()}
}

// after is n working days after the day of an instant.
func after(t time.Time, n int) Due { return on(date.AddWorkingDays(date.Of(t), n)) }

// riskDue is when the assessment of a risk is due: an urgent one within its minutes; one for review within its own, and by the
// end of the working day if that comes first, but never sooner than an urgent one.
func (p Policy) riskDue(raised time.Time, urgent bool) Due {
	limit := raised.Add(minutes(p.UrgentRisk))
	if !urgent {
		review := raised.Add(minutes(p.ReviewRisk))
		day := date.Of(raised)
		if end := day.At(evening, 0); date.IsWorkingDay(day) && raised.Before(end) && end.Before(review) {
			review = end
		}
		if review.After(limit) {
			limit = review
		}
	}
	return Due{Day: date.Of(limit), Time: limit.UTC()}
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }
