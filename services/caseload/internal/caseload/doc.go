// Package caseload is the common picture of a patient: what all the other services tell, side by side.
//
//	patient ─┐
//	careplan ┤            Enter                 Derive                    On(now)
//	sickleave┼─ events ─────────▶ File of facts ──────▶ Picture, Lines ──────────▶ Row
//	employer ┤                    (latest word)          (no day in them)
//	followup ┘
//
// # The same picture for everyone
//
// Five services tell what happens, each in its own order, none in step with the others. So nothing is decided from one event:
// each is entered in the patient's [File], where of each thing the latest word counts, and [Derive] reads the whole file. The
// picture is a function of what has been told; who was heard first, or twice, makes no difference. Its version is the sum of
// all revisions heard, so it only grows, and is the same wherever the same has been heard.
//
// # Days
//
// Nothing in a picture depends on the day it is looked at. Day number, degree, what is overdue and what is flagged are
// computed by [Picture.On] for the moment of reading, so that midnight needs no job. Where an order of the list depends on the
// day (which case of sick leave is the one shown), a picture has one [Line] for each stretch of days.
package caseload
