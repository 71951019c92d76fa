// Package sickleave is the domain of sick leave: certificates and the cases
// they make up. It is pure: the time and all ids are arguments.
//
// # The certificate
//
// A certificate is a subset of the Swedish Social Insurance Agency's form
// FK 7804. A doctor writes and signs it; what is signed is never changed, only
// revoked, replaced, complemented or renewed by another certificate.
//
//	            Edit
//	           ┌────┐
//	NewDraft   │    ▼      Sign                Revoke
//	────────►  DRAFT  ──────────► SIGNED ──────────────► REVOKED
//	             │                  │                       │
//	             └──────────────────┼───────────────────────┘
//	                                │ RegisterInError
//	                                ▼
//	                        REGISTERED_IN_ERROR
//
// A draft may be incomplete, but what it holds must be right; completeness is
// demanded by Sign. Every transition returns the new certificate and leaves
// the one it was called on as it was. A transition that the state does not
// allow is a *StateError, input that breaks rules is Violations, and a draft
// that cannot be signed yet is an *IncompleteError.
//
// # The case
//
// Compute turns certificates into sick-leave cases as the national service
// that shows Swedish care units their ongoing sick leaves does it, so that two
// systems side by side show the same: certificates with at most so many free
// days between them (five unless the user chose otherwise) form one case.
//
// Four counts of days are kept apart, because they answer different questions:
//
//   - CaseDays: distinct calendar days that certificates of the case cover,
//     past and future; days in gaps do not count. The certified length.
//   - DayNumber: the day it is today in the case, gaps counted.
//   - GrossDays and NetDays: CaseDays within a window, the latter weighted by
//     degree: four days at 25 % are one net day. What studies report.
//   - ChainDay: the day in the rehabilitation chain of the Social Insurance
//     Code, chapter 27, as certified. The Agency decides the day that counts.
//
// Leaves says the same without a day: the certified days of each case with the
// degree that counts on each. It is what others are told.
//
// # The plan for return to work
//
// A coordinator proposes steps, a GP answers. When steps or degrees change the
// version grows, and unless the GP changed them the plan is a proposal again:
// what stands is always what a GP has answered.
//
//	Propose      Revise
//	   │        ┌──────┐
//	   ▼        │      ▼   AnswerBy                HoldOn
//	   └──────► PROPOSED ──────────► ACCEPTED ──────────────► HELD
//	             ▲    │               │  │                     │
//	             │    │ AnswerBy      │  │ Complete            │
//	             │    ▼               │  ▼                     │
//	             │  DECLINED          │ COMPLETED              │
//	             └────────────────────┴────────────────────────┘
//	               ProposeHigher (from HELD also Revise)
//
// Withdraw leads from PROPOSED, ACCEPTED and HELD to WITHDRAWN; Agree and Check
// leave the state as it is. When a step does not go well, NextMeasure offers
// changed tasks, then a hold, then a higher degree to propose. Passing over one
// of them takes a reason, which is kept as a Deviation.
//
// # Sources of the rules
//
//   - Social Insurance Code (SFB, 2010:110), chapter 27: sick period, degrees
//     of a quarter to full, and the rehabilitation chain, in which sick periods
//     with fewer than 90 days between them are added; chapter 30, section 6, the
//     employer's plan. Sick Pay Act (1991:1047). deadlineRules has each rule.
//   - FK 7804, Medical certificate for sickness benefit: contents, at most four
//     periods that share no day, the reason for a start over seven days back.
//   - ICD-10-SE, the National Board of Health and Welfare: diagnosis codes.
package sickleave
