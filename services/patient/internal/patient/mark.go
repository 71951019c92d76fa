package patient

import "time"

// ErrorMark says that something was a mistake: why, who said so, when. Nothing clinical is deleted.
type ErrorMark struct {
	Reason         string
	PractitionerID string // "" when a system did
	Time           time.Time
}
