package careplan

import "time"

// Reading is somebody's "I have read" of a version of a patient's one-page brief. It never changes.
type Reading struct {
	ID             string
	PatientID      string
	Practitioner   string
	PictureVersion int
	EpisodeID      string // the patient's open episode at the time; empty when none was known
	Time           time.Time
}
