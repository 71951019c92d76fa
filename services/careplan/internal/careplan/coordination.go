package careplan

import "github.com/coworkcare/coworkcare/platform/date"

// Coordination is what the patient says to coordination (act 2019:1297), as far as somebody knows of it.
type Coordination struct {
	Revision   int64 // of all the patient's consents together: of two answers the one with the higher revision is the later
	Consented  bool
	Start, End date.Day // of the consent; no End while open-ended
}

// Or returns what the patient said later: of c and other, when both are of one revision c.
func (c Coordination) Or(other Coordination) Coordination {
	if other.Revision > c.Revision {
		return other
	}
	return c
}

// Covers tells whether the patient consents on the day.
func (c Coordination) Covers(day date.Day) bool {
	return c.Consented && day >= c.Start && (c.End.IsZero() || day <= c.End)
}
