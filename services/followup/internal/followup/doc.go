// Package followup is what is due: who must do what for which patient by when.
//
//	                      Complete, an event ┌───────────┐
//	                   ┌────────────────────▶│ COMPLETED │
//	┌──────┐ made      │                     └───────────┘
//	│ OPEN │───────────┤ Cancel, an event    ┌───────────┐   (an event of an earlier time may correct how
//	└──────┘           ├────────────────────▶│ CANCELLED │    one that an event has ended did end; no path
//	 Snooze, Claim,    │                     └───────────┘    leads back to OPEN)
//	 Reassign, Fire    │ its time runs out   ┌───────────┐
//	 stay in OPEN      └────────────────────▶│  LAPSED   │
//	                                         └───────────┘
//
// # From facts to follow-ups
//
// Four services tell what happens, each in its own order, none in step with the others. So nothing is decided from one event:
// each event is entered in the patient's [File], [Derive] reads from the whole file what should be open now, and [Reconcile]
// brings what is there in line with it. The open follow-ups are therefore a function of what has been told, whatever the order
// in which the sources were heard, and an event that comes twice changes nothing. What a person has ended stays ended until
// what it is about moves (its basis, such as the planned day, changes); then the next round of it is made.
//
// What somebody has to do may depend on the day alone: a consent runs out, a deferral is over, a spell of sick leave has lasted a
// month. [Turn] says on which day a file next asks for something else, and on that day it is settled without anything being told.
//
// # The coordinator
//
// A rehabilitation coordinator acts by the patient's consent (R92). What is hers exists only on days that a consent to
// coordination covers: it ends when the patient declines and comes back, as a new round, when the patient changes her mind.
//
// # Time
//
// Every follow-up bears a ladder of steps: reminders, escalations, at last the lapse. The first step is its timer; the timer
// carries the stamp of the state that set it, and [FollowUp.Fire] does nothing when the stamp is another or the time has not
// come. One firing takes one step, so a burst of late timers tells the same story as punctual ones. Ordinary reminders come at
// 08:00 on working days; those of a risk assessment know no quiet hours and repeat until it is documented.
//
// # Owners
//
// An owner is a role at the unit, and a person where one is known: the member of the care team, or the one asked for. Owners
// move with the team unless a person has reassigned the follow-up. One person may hold several roles (R04): then both duties
// stand in her one list, each under its own role; no copy and no notice is made for her of what she owns or did herself.
package followup
