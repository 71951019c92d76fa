package demo

import "github.com/coworkcare/coworkcare/platform/date"

// Summary is what a layout left behind, as the server keeps it for the next start. It holds ids and counts, no tokens and no names of
// patients.
type Summary struct {
	Seed            uint64   `json:"seed"`
	Patients        int      `json:"patients"`
	Steps           int      `json:"steps"`   // of the walk, all as they should
	Timers          int      `json:"timers"`  // that fired: reminders, escalations, what lapsed
	Seconds         float64  `json:"seconds"` // that it took
	StartDate       date.Day `json:"startDate"`
	TodayDate       date.Day `json:"todayDate"`
	Units           []Unit   `json:"careUnits"`
	Actors          []Actor  `json:"actors"` // for whom the banner prints tokens
	WalkPatientID   string   `json:"walkPatientId"`
	SecondPatientID string   `json:"secondPatientId"`
	WalkTraceID     string   `json:"-"` // of the whole path's calls; the server forgets it when it stops
}

// Unit is a centre.
type Unit struct {
	CareUnitID string `json:"careUnitId"`
	Name       string `json:"name"`
	Manager    Actor  `json:"manager"` // who may see its whole worklist
}
