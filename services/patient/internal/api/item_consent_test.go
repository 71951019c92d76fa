package api_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

const (
	employer = patientv1.Consent_EMPLOYER
	contact  = patientv1.Consent_CONTACT
	leave    = patientv1.Consent_SICK_LEAVE
	ability  = patientv1.Consent_WORK_ABILITY
)

type items = []patientv1.Consent_ItemType

// allow records that an employer may be told items, until a day or further notice.
func (c *centre) allow(patientID, employerID, until string, may ...patientv1.Consent_ItemType) *patientv1.Consent {
	c.Helper()
	consent, err := c.client.GrantConsent(c.rc, &patientv1.GrantConsentRequest{
		PatientId: patientID, Kind: patientv1.Consent_INFORMATION, Form: patientv1.Consent_WRITTEN, EndDate: until,
		ReceiverKind: employer, ReceiverId: employerID, ItemTypes: may,
	})
	require.NoError(c, err)
	return consent
}

func (c *centre) refuse(patientID, employerID string) {
	c.Helper()
	_, err := c.client.DeclineConsent(c.rc, &patientv1.DeclineConsentRequest{
		PatientId: patientID, Kind: patientv1.Consent_INFORMATION, Form: patientv1.Consent_ORAL, ReceiverKind: employer, ReceiverId: employerID,
	})
	require.NoError(c, err)
}

func aboutEmployer(patientID, employerID string, asked ...patientv1.Consent_ItemType) *patientv1.CheckConsentRequest {
	return &patientv1.CheckConsentRequest{
		PatientId: patientID, Kind: patientv1.Consent_INFORMATION, ReceiverKind: employer, ReceiverId: employerID, ItemTypes: asked,
	}
}

func (c *centre) ask(r *patientv1.CheckConsentRequest) *patientv1.CheckConsentResponse {
	c.Helper()
	answer, err := c.client.CheckConsent(c.rc, r)
	require.NoError(c, err)
	return answer
}

// may are the items that an employer may be told now, of all there are.
func (c *centre) may(patientID, employerID string) items {
	c.Helper()
	answer := c.ask(aboutEmployer(patientID, employerID))
	require.Len(c, answer.GetItems(), len(patientv1.Consent_ItemType_name)-1, "every item is answered for")
	return told(answer.GetItems())
}

func told(answers []*patientv1.CheckConsentResponse_Item) items {
	var yes items
	for _, item := range answers {
		if item.GetConsented() {
			yes = append(yes, item.GetItemType())
		}
	}
	return yes
}

func TestR66_NothingByDefault(t *testing.T) {
	run(t, func(c *centre) {
		id, works := c.patient(tolv).GetPatientId(), uuid.NewString()
		c.grant(id) // coordination implies no information
		answer := c.ask(aboutEmployer(id, works, contact, leave))
		require.Empty(c, cmp.Diff(&patientv1.CheckConsentResponse{
			CheckDate: "2026-03-02", Items: []*patientv1.CheckConsentResponse_Item{{ItemType: contact}, {ItemType: leave}}, ConsentsRevision: 1,
			ConsentCheckId: answer.GetConsentCheckId(),
		}, answer, protocmp.Transform()))
		require.Empty(c, c.may(id, works))
	})
}

func TestR66_ItemByItemReceiverAndPeriod(t *testing.T) {
	run(t, func(c *centre) {
		id, works, other := c.patient(tolv).GetPatientId(), uuid.NewString(), uuid.NewString()
		consent := c.allow(id, works, "2026-03-10", contact, leave)
		require.Equal(c, items{contact, leave}, consent.GetItemTypes())
		require.Equal(c, works, consent.GetReceiverId())
		require.Equal(c, employer, consent.GetReceiverKind())

		answer := c.ask(aboutEmployer(id, works, leave, ability))
		require.False(c, answer.GetConsented(), "not to everything asked")
		require.Equal(c, items{leave}, told(answer.GetItems()))
		require.Equal(c, consent.GetConsentId(), answer.GetItems()[0].GetConsentId())
		require.Empty(c, answer.GetItems()[1].GetConsentId())
		require.Equal(c, "2026-03-10", answer.GetEndDate())
		require.True(c, c.ask(aboutEmployer(id, works, leave, contact)).GetConsented())

		require.Empty(c, c.may(id, other), "another employer")
		agency, err := c.client.CheckConsent(c.gp, &patientv1.CheckConsentRequest{
			PatientId: id, Kind: patientv1.Consent_INFORMATION, ReceiverKind: patientv1.Consent_SOCIAL_INSURANCE_AGENCY, ItemTypes: items{leave},
		})
		require.NoError(c, err)
		require.False(c, agency.GetConsented(), "another kind of receiver")
		require.False(c, c.check(id, "").GetConsented(), "information implies no coordination")

		c.allow(id, works, "2026-03-10", ability)
		require.Equal(c, items{ability}, c.may(id, works), "what the patient said last is the whole list")

		c.Advance(8 * 24 * time.Hour) // 10 March
		require.Equal(c, items{ability}, c.may(id, works))
		c.Advance(24 * time.Hour)
		require.Empty(c, c.may(id, works), "the period is over")
		past := aboutEmployer(id, works, ability)
		past.CheckDate = "2026-03-10"
		require.True(c, c.ask(past).GetConsented(), "what was allowed then was allowed")
	})
}

func TestR66_WithdrawalStopsAtOnce(t *testing.T) {
	run(t, func(c *centre) {
		id, works, other := c.patient(tolv).GetPatientId(), uuid.NewString(), uuid.NewString()
		c.allow(id, works, "", contact)
		consent := c.allow(id, works, "", contact, leave)
		c.allow(id, other, "", contact)
		before := c.ask(aboutEmployer(id, works, contact))
		require.True(c, before.GetConsented())
		require.EqualValues(c, 4, before.GetConsentsRevision())
		_, err := c.client.WithdrawConsent(c.rc, &patientv1.WithdrawConsentRequest{PatientId: id, ConsentId: consent.GetConsentId()})
		require.NoError(c, err)
		require.Empty(c, c.may(id, works))
		require.Equal(c, items{contact}, c.may(id, other), "of the other employer nothing was said")
		require.EqualValues(c, 5, c.ask(aboutEmployer(id, works, contact)).GetConsentsRevision(), "who built on the answer before can see that it has changed")

		var heard []*patientv1.ConsentSnapshot
		for _, e := range c.about(id)[1:] {
			heard = append(heard, snapshotOf(c, e))
		}
		first, second, third := heard[0].GetConsentId(), consent.GetConsentId(), heard[3].GetConsentId()
		say := func(id, receiver string, state patientv1.Consent_State, revision int32, may ...patientv1.Consent_ItemType) *patientv1.ConsentSnapshot {
			return &patientv1.ConsentSnapshot{
				ConsentId: id, Kind: patientv1.Consent_INFORMATION, State: state, StartDate: "2026-03-02",
				ReceiverKind: employer, ReceiverId: receiver, ItemTypes: may, ConsentsRevision: revision,
			}
		}
		require.Empty(c, cmp.Diff([]*patientv1.ConsentSnapshot{
			say(first, works, patientv1.Consent_GRANTED, 1, contact),
			say(first, works, patientv1.Consent_REPLACED, 2, contact),
			say(second, works, patientv1.Consent_GRANTED, 3, contact, leave),
			say(third, other, patientv1.Consent_GRANTED, 4, contact),
			say(second, works, patientv1.Consent_WITHDRAWN, 5, contact, leave),
		}, heard, protocmp.Transform()))
	})
}

func snapshotOf(c *centre, e *eventv1.Event) *patientv1.ConsentSnapshot {
	c.Helper()
	told := &patientv1.ConsentSnapshot{}
	require.NoError(c, e.GetSnapshot().UnmarshalTo(told))
	return told
}

func TestR67_DiagnosisAndScoresOnlyByName(t *testing.T) {
	run(t, func(c *centre) {
		id, works := c.patient(tolv).GetPatientId(), uuid.NewString()
		private := items{patientv1.Consent_DIAGNOSIS, patientv1.Consent_SCORES}
		var rest items
		for n := range patientv1.Consent_ItemType_name {
			if item := patientv1.Consent_ItemType(n); n != 0 && !slices.Contains(private, item) {
				rest = append(rest, item)
			}
		}
		slices.Sort(rest)
		c.allow(id, works, "", rest...)
		require.Equal(c, rest, c.may(id, works))
		require.Empty(c, told(c.ask(aboutEmployer(id, works, private...)).GetItems()))
		c.allow(id, works, "", patientv1.Consent_SCORES)
		require.Equal(c, items{patientv1.Consent_SCORES}, c.may(id, works), "that very item and nothing else")
	})
}

func TestR92_DeclinedAndTheEpisodeGoesOn(t *testing.T) {
	run(t, func(c *centre) {
		id, works := c.patient(tolv).GetPatientId(), uuid.NewString()
		e := c.episode(id)
		_, err := c.client.DeclineConsent(c.rc, &patientv1.DeclineConsentRequest{PatientId: id, Kind: patientv1.Consent_COORDINATION, Form: patientv1.Consent_ORAL})
		require.NoError(c, err)
		c.refuse(id, works)
		answer := c.ask(aboutEmployer(id, works, contact))
		require.True(c, answer.GetAsked(), "who has been asked is not asked again")
		require.False(c, answer.GetConsented())

		e, err = c.accept(c.cm, e, cm)
		require.NoError(c, err, "care management runs on")
		require.Equal(c, patientv1.CareEpisode_OPEN, e.GetState())
		_, err = c.accept(c.rc, e, rc)
		requireFault(c, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")

		c.grant(id)
		e, err = c.accept(c.rc, e, rc)
		require.NoError(c, err, "the choice can be changed")
		require.Empty(c, c.may(id, works), "that of the employer has not been")
		c.allow(id, works, "", contact)
		require.Equal(c, items{contact}, c.may(id, works))
		c.refuse(id, works)
		require.Empty(c, c.may(id, works), "and changed back")
		require.Equal(c, patientv1.CareEpisode_OPEN, c.read(e).GetState())
	})
}

func TestInformationConsentRefuses(t *testing.T) {
	run(t, func(c *centre) {
		id, works := c.patient(tolv).GetPatientId(), uuid.NewString()
		grant := func(kind patientv1.Consent_Kind, to patientv1.Consent_ReceiverKind, receiver string, may ...patientv1.Consent_ItemType) []string {
			_, err := c.client.GrantConsent(c.rc, &patientv1.GrantConsentRequest{
				PatientId: id, Kind: kind, Form: patientv1.Consent_ORAL, ReceiverKind: to, ReceiverId: receiver, ItemTypes: may,
			})
			require.Equal(c, codes.InvalidArgument.String(), status.Code(err).String())
			return violations(err)
		}
		require.Equal(c, []string{"item_types FIELD_REQUIRED", "receiver_kind FIELD_REQUIRED"}, grant(patientv1.Consent_INFORMATION, 0, ""))
		require.Equal(c, []string{"receiver_id FIELD_REQUIRED"}, grant(patientv1.Consent_INFORMATION, employer, "", contact))
		require.Equal(c, []string{"item_types RECEIVER_NOT_OF_KIND", "receiver_id RECEIVER_NOT_OF_KIND", "receiver_kind RECEIVER_NOT_OF_KIND"},
			grant(patientv1.Consent_COORDINATION, employer, works, contact))
		require.Equal(c, []string{"item_types repeated.unique"}, grant(patientv1.Consent_INFORMATION, employer, works, contact, contact))

		_, err := c.client.DeclineConsent(c.rc, &patientv1.DeclineConsentRequest{PatientId: id, Kind: patientv1.Consent_INFORMATION, Form: patientv1.Consent_ORAL})
		require.Equal(c, []string{"receiver_kind FIELD_REQUIRED"}, violations(err))
		_, err = c.client.CheckConsent(c.rc, &patientv1.CheckConsentRequest{PatientId: id, Kind: patientv1.Consent_INFORMATION, ReceiverKind: employer})
		require.Equal(c, []string{"receiver_id FIELD_REQUIRED"}, violations(err))
		require.Empty(c, c.checks(&patientv1.ListConsentChecksRequest{PatientId: id}), "no answer was given")
	})
}

func TestConsentsOfOneReceiver(t *testing.T) {
	run(t, func(c *centre) {
		id, works, other := c.patient(tolv).GetPatientId(), "0E1F6A7C-53B2-4F4A-9C6E-2B7D8F9A0B1C", uuid.NewString()
		c.grant(id)
		c.allow(id, works, "", contact)
		c.allow(id, other, "", leave)
		page, err := c.client.ListConsents(c.cm, &patientv1.ListConsentsRequest{PatientId: id, ReceiverKind: employer, ReceiverId: works})
		require.NoError(c, err)
		require.Len(c, page.GetConsents(), 1)
		require.Equal(c, "0e1f6a7c-53b2-4f4a-9c6e-2b7d8f9a0b1c", page.GetConsents()[0].GetReceiverId(), "one receiver is spelled one way")
		require.Equal(c, items{contact}, c.may(id, "0e1f6a7c-53b2-4f4a-9c6e-2b7d8f9a0b1c"))
		page, err = c.client.ListConsents(c.cm, &patientv1.ListConsentsRequest{PatientId: id, Kind: patientv1.Consent_INFORMATION})
		require.NoError(c, err)
		require.Len(c, page.GetConsents(), 2)
	})
}

// What is said of an employer neither opens nor suspends coordination, and does not touch the clock of its consent.
func TestInformationLeavesCoordinationAlone(t *testing.T) {
	run(t, func(c *centre) {
		id, works := c.patient(tolv).GetPatientId(), uuid.NewString()
		e := c.episode(id)
		state := func() patientv1.Referral_State { return c.read(e).GetReferrals()[1].GetState() }
		consent := c.allow(id, works, "", contact)
		require.Equal(c, patientv1.Referral_AWAITING_CONSENT, state())
		_, err := c.client.GrantConsent(c.rc, &patientv1.GrantConsentRequest{
			PatientId: id, Kind: patientv1.Consent_COORDINATION, Form: patientv1.Consent_ORAL, EndDate: "2026-03-05",
		})
		require.NoError(c, err)
		_, err = c.client.WithdrawConsent(c.rc, &patientv1.WithdrawConsentRequest{PatientId: id, ConsentId: consent.GetConsentId()})
		require.NoError(c, err)
		c.refuse(id, works)
		c.allow(id, works, "2026-03-04", contact)
		require.Equal(c, patientv1.Referral_PENDING, state())
		c.Advance(3 * 24 * time.Hour) // 5 March
		require.Equal(c, patientv1.Referral_PENDING, state())
		c.Advance(24 * time.Hour)
		require.Equal(c, patientv1.Referral_AWAITING_CONSENT, state())
	})
}
