// Package careplan is what the team does together with the patient: contacts, the care plan, self-rating assessments and the
// safety flags that they raise. It is pure: time, ids and what is already known come in as arguments.
//
// A contact:
//
//	        ┌──────── Reschedule ────────┐
//	        ▼                            │
//	→ BOOKED ──── NoAnswer ────→ NOT_ANSWERED ⟲ NoAnswer
//	     │                               │
//	     ├─────────── Record ────────────┼→ HELD
//	     └─────────── Cancel ────────────┴→ CANCELLED
//
// A care plan: DRAFT ─ Activate → ACTIVE ⟲ Revise ─ Complete → COMPLETED. Any of both can be registered in error, which
// withdraws it and keeps it readable.
//
// A safety flag: OPEN ─ Assess → ASSESSED. Nothing else closes it: not time, not the end of the episode, not the withdrawal
// of the form that raised it.
//
// What the team tells one another: a brief, → REQUESTED ─ Write → WRITTEN ─ Acknowledge → ACKNOWLEDGED; a note, which each
// mandatory reader acknowledges; a recommendation, → OPEN ─ Decide → ACCEPTED, CHANGED or DECLINED, and SUPERSEDED where
// another was chosen over it. Reading is what a reader says, never what a program has fetched.
package careplan
