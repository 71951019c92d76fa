// Package employerdialogue is the domain of the cooperation with employers: the early talk, the person-centred dialogue meeting
// and the agreement that it ends in. It is pure: the time, ids and the consents in force are arguments.
//
// # Walls and warnings
//
// Consent and authority are walls: a verb that would pass one is refused (*Refusal). Fidelity to the model (order, length,
// information marks) is a warning: the verb is refused once with what it departs in, and passes with a reason, which the
// meeting keeps as a Deviation.
//
// # The meeting
//
//	          Schedule           Begin            Conclude
//	PROPOSED ──────────► SCHEDULED ─────► ONGOING ─────────► CONCLUDED
//	   ▲  │ Defer, Decline, NoShow │        ▲ │ Pause   ▲  ▲
//	   │  ▼                        ▼ Resume │ ▼         │  │
//	  DEFERRED, DECLINED, NOT_HELD         PAUSED ──────┘  │
//	                                   End: ENDED ─────────┘
//
// Cancel ends what has not begun. RegisterInError marks one that has begun or ended and should never have been there: the state stays,
// nothing more is done to it, and it counts for nothing. What the employer sees is decided by one function, See.
//
// # Sources of the rules
//
//   - The Co-Work-Care studies of care managers and rehabilitation coordinators (BMC Family Practice 2020;21:272) and of general
//     practitioners (BJGP Open 2022): order, length, place, information beforehand, no negotiation, three lists.
//   - Act (2019:1297) on coordination efforts for sick-listed patients: coordination rests on the patient's consent.
//
// Exported fields of Meeting, Agreement, Contact, Employer and Person are stored under their names: they are never renamed.
package employerdialogue
