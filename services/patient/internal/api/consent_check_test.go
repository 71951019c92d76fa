package api_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
	service "github.com/coworkcare/coworkcare/services/patient"
)

func (c *centre) checks(r *patientv1.ListConsentChecksRequest) []*patientv1.ConsentCheck {
	c.Helper()
	page, err := c.client.ListConsentChecks(c.cm, r)
	require.NoError(c, err)
	return page.GetConsentChecks()
}

// A withdrawal races checks: an answer with the revision of the grant is yes, one with a later revision is no, and none that is
// asked for after the withdrawal was answered is yes.
func TestR66_WithdrawalAgainstChecks(t *testing.T) {
	run(t, func(c *centre) {
		id, works := c.patient(tolv).GetPatientId(), uuid.NewString()
		for range 5 {
			consent := c.allow(id, works, "", contact)
			granted := c.ask(aboutEmployer(id, works, contact)).GetConsentsRevision()
			var group sync.WaitGroup
			answers := make([]*patientv1.CheckConsentResponse, 12)
			errs := make([]error, len(answers)+1)
			for i := range answers {
				group.Go(func() { answers[i], errs[i] = c.client.CheckConsent(c.rc, aboutEmployer(id, works, contact)) })
				if i == len(answers)/2 {
					group.Go(func() {
						_, errs[len(answers)] = c.client.WithdrawConsent(c.gp, &patientv1.WithdrawConsentRequest{PatientId: id, ConsentId: consent.GetConsentId()})
					})
				}
			}
			group.Wait()
			for i, err := range errs {
				require.NoError(c, err)
				if i < len(answers) {
					require.Equal(c, answers[i].GetConsentsRevision() == granted, answers[i].GetConsented(), answers[i])
				}
			}
			require.False(c, c.ask(aboutEmployer(id, works, contact)).GetConsented())
		}
	})
}

func TestR66_EveryCheckIsAnswerableLater(t *testing.T) {
	var elsewhere grpc.ClientConnInterface
	dialogue := app.Module{Name: "followup", Start: func(_ context.Context, host *app.Host) error {
		elsewhere = host.Conn("patient")
		return nil
	}}
	apptest.Run(t, []app.Module{service.Module, dialogue}, func(t *testing.T, h *apptest.Harness) {
		c := newCentre(t, h, "")
		id, works := c.patient(tolv).GetPatientId(), uuid.NewString()
		consent := c.allow(id, works, "", contact)
		another := patientv1.NewPatientServiceClient(elsewhere)

		var ids []string
		keep := func(answer *patientv1.CheckConsentResponse, err error) {
			t.Helper()
			require.NoError(t, err)
			ids = append(ids, answer.GetConsentCheckId())
		}
		keep(c.client.CheckConsent(c.rc, aboutEmployer(id, works, contact, leave)))
		c.Advance(time.Hour)
		keep(another.CheckConsent(c.gp, aboutEmployer(id, works, contact)))
		c.Advance(time.Hour)
		keep(another.CheckConsent(t.Context(), &patientv1.CheckConsentRequest{PatientId: id, Kind: patientv1.Consent_COORDINATION, CheckDate: "2026-03-01"}))
		_, err := c.client.WithdrawConsent(c.rc, &patientv1.WithdrawConsentRequest{PatientId: id, ConsentId: consent.GetConsentId()})
		require.NoError(t, err)

		want := []*patientv1.ConsentCheck{
			{
				ConsentCheckId: ids[2], PatientId: id, Service: "followup", CheckDate: "2026-03-01", Kind: patientv1.Consent_COORDINATION, ConsentsRevision: 1,
			},
			{
				ConsentCheckId: ids[1], PatientId: id, PractitionerId: c.gpID, Service: "followup", CheckDate: "2026-03-02", Kind: patientv1.Consent_INFORMATION,
				ReceiverKind: employer, ReceiverId: works, Consented: true, ConsentId: consent.GetConsentId(), ConsentsRevision: 1, Asked: true,
				Items: []*patientv1.CheckConsentResponse_Item{{ItemType: contact, Consented: true, ConsentId: consent.GetConsentId()}},
			},
			{
				ConsentCheckId: ids[0], PatientId: id, PractitionerId: c.rcID, CheckDate: "2026-03-02", Kind: patientv1.Consent_INFORMATION,
				ReceiverKind: employer, ReceiverId: works, ConsentId: consent.GetConsentId(), ConsentsRevision: 1, Asked: true,
				Items: []*patientv1.CheckConsentResponse_Item{{ItemType: contact, Consented: true, ConsentId: consent.GetConsentId()}, {ItemType: leave}},
			},
		}
		kept := c.checks(&patientv1.ListConsentChecksRequest{PatientId: id})
		require.Empty(t, cmp.Diff(want, kept, protocmp.Transform(), protocmp.IgnoreFields(&patientv1.ConsentCheck{}, "check_time")))
		for i, check := range kept {
			require.Equal(t, apptest.Start.Add(time.Duration(2-i)*time.Hour).UTC(), check.GetCheckTime().AsTime())
		}

		require.Equal(t, ids[2:], idsOf(c.checks(&patientv1.ListConsentChecksRequest{PatientId: id, Kind: patientv1.Consent_COORDINATION})))
		require.Equal(t, []string{ids[1], ids[0]}, idsOf(c.checks(&patientv1.ListConsentChecksRequest{PatientId: id, ReceiverKind: employer, ReceiverId: works})))
		require.Empty(t, c.checks(&patientv1.ListConsentChecksRequest{PatientId: id, ReceiverKind: employer, ReceiverId: uuid.NewString()}))
		require.Empty(t, c.checks(&patientv1.ListConsentChecksRequest{PatientId: c.patient(other).GetPatientId()}), "another patient's")
		var paged []string
		for token := ""; ; {
			page, err := c.client.ListConsentChecks(c.rc, &patientv1.ListConsentChecksRequest{PatientId: id, PageSize: 1, PageToken: token})
			require.NoError(t, err)
			paged = append(paged, idsOf(page.GetConsentChecks())...)
			require.LessOrEqual(t, len(paged), 3, "a check is shown twice")
			if token = page.GetNextPageToken(); token == "" {
				break
			}
		}
		require.Equal(t, []string{ids[2], ids[1], ids[0]}, paged)

		_, err = c.client.ListConsentChecks(c.outsider, &patientv1.ListConsentChecksRequest{PatientId: id})
		requireFault(t, err, codes.NotFound, "PATIENT_NOT_FOUND")
		_, err = c.client.CheckConsent(c.outsider, aboutEmployer(id, works, contact))
		requireFault(t, err, codes.NotFound, "PATIENT_NOT_FOUND")
		require.Len(t, c.checks(&patientv1.ListConsentChecksRequest{PatientId: id}), 3, "who may not ask got no answer")
	})
}

func TestR66_ARecordSystemAsksByItsSubject(t *testing.T) {
	run(t, func(c *centre) {
		id := c.patient(tolv).GetPatientId()
		token, err := c.Issuer.Mint(devissuer.Claims{Subject: "journal-7", Assignments: []identity.Assignment{
			{ProviderID: c.place.ProviderID, UnitID: c.place.UnitID, Roles: []identity.Role{identity.RoleIntegration}},
		}})
		require.NoError(c, err)
		system := metadata.AppendToOutgoingContext(c.T.Context(), "authorization", "Bearer "+token)
		_, err = c.client.CheckConsent(system, aboutEmployer(id, uuid.NewString(), contact))
		require.NoError(c, err)
		kept := c.checks(&patientv1.ListConsentChecksRequest{PatientId: id})
		require.Len(c, kept, 1)
		require.Equal(c, "journal-7//", kept[0].GetSubject()+"/"+kept[0].GetPractitionerId()+"/"+kept[0].GetService())
	})
}

func idsOf(checks []*patientv1.ConsentCheck) []string {
	var ids []string
	for _, check := range checks {
		ids = append(ids, check.GetConsentCheckId())
	}
	return ids
}

// Whatever is said of two employers, in whatever order and for whatever time, the answer is what was said last.
func TestR66_ChecksEqualAModel(t *testing.T) {
	type word struct {
		consent *patientv1.Consent
		until   time.Time // the end of its last day; none while open-ended
	}
	every := items{}
	for n := range int32(len(patientv1.Consent_ItemType_name)) {
		every = append(every, patientv1.Consent_ItemType(n))
	}
	every = every[1:]
	run(t, func(c *centre) {
		id := c.patient(tolv).GetPatientId()
		rapid.Check(c.T, func(t *rapid.T) {
			works := []string{uuid.NewString(), uuid.NewString()}
			last := map[string]word{}
			revision := c.ask(aboutEmployer(id, works[0])).GetConsentsRevision()
			for range rapid.IntRange(1, 6).Draw(t, "steps") {
				receiver := rapid.SampledFrom(works).Draw(t, "receiver")
				before, spoken := last[receiver]
				stands := spoken && before.consent.GetState() != patientv1.Consent_WITHDRAWN
				switch rapid.SampledFrom([]string{"grant", "grant", "decline", "withdraw", "sleep"}).Draw(t, "verb") {
				case "grant":
					until, end := "", time.Time{}
					if days := rapid.IntRange(-1, 2).Draw(t, "days"); days >= 0 {
						until, end = c.Clock.Now().AddDate(0, 0, days).Format(time.DateOnly), c.Clock.Now().AddDate(0, 0, days+1)
					}
					last[receiver] = word{c.allow(id, receiver, until, rapid.SliceOfNDistinct(rapid.SampledFrom(every), 1, len(every), rapid.ID).Draw(t, "items")...), end}
					revision++
				case "decline":
					c.refuse(id, receiver)
					last[receiver] = word{consent: &patientv1.Consent{State: patientv1.Consent_DECLINED}}
					revision++
				case "withdraw":
					if before.consent.GetState() != patientv1.Consent_GRANTED {
						continue
					}
					withdrawn, err := c.client.WithdrawConsent(c.gp, &patientv1.WithdrawConsentRequest{PatientId: id, ConsentId: before.consent.GetConsentId()})
					require.NoError(t, err)
					last[receiver] = word{consent: withdrawn}
					revision++
					stands = false
				case "sleep":
					c.Clock.Advance(24 * time.Hour)
					stands = false
				}
				if stands {
					revision++ // what stood was replaced
				}
				now, asked := last[receiver]
				answer := c.ask(aboutEmployer(id, receiver))
				require.Equal(t, revision, answer.GetConsentsRevision())
				require.Equal(t, asked, answer.GetAsked())
				var want items
				if now.consent.GetState() == patientv1.Consent_GRANTED && (now.until.IsZero() || c.Clock.Now().Before(now.until)) {
					want = slices.Sorted(slices.Values(now.consent.GetItemTypes()))
				}
				require.Equal(t, want, told(answer.GetItems()))
				require.Equal(t, want != nil, answer.GetConsentId() != "")
			}
		})
	})
}
