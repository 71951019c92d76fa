// Package patient holds the rules of who is who: identity numbers, patients, staff and units, care episodes with their referrals
// and teams, and consents. It is pure: the day, the instant and new ids come in as arguments, and a transition returns the new
// state or an error that says why not.
//
// An episode and its referrals:
//
//	episode    OPEN ──close──▶ CLOSED          either ──registerInError──▶ REGISTERED_IN_ERROR
//
//	referral   AWAITING_CONSENT ◀──withdrawn──┐
//	                └──────────granted──▶ PENDING ──accept──▶ ACCEPTED
//	           AWAITING_CONSENT, PENDING ──decline──▶ DECLINED
//	           AWAITING_CONSENT, PENDING ──the episode ends──▶ WITHDRAWN
//
// Only the rehabilitation coordinator's referral ever awaits consent: act 2019:1297 gives coordination to those who consent,
// while care management and the rest of the team need nothing beyond ordinary care.
package patient
