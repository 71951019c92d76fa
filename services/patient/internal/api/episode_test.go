package api_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

func TestOneCallRefersToBothAndARepeatAddsNone(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		request := c.assessment(p.GetPatientId())
		request.RequestId = uuid.NewString()
		e, err := c.client.StartCareEpisode(c.gp, request)
		require.NoError(c, err)
		again, err := c.client.StartCareEpisode(c.gp, request)
		require.NoError(c, err)
		require.True(c, proto.Equal(e, again), "a repeat gets the first answer")

		require.Equal(c, "F32.1", e.GetDiagnosisCode())
		require.Len(c, e.GetReferrals(), 2)
		for i, want := range []struct {
			role  accessv1.Role
			state patientv1.Referral_State
		}{{cm, patientv1.Referral_PENDING}, {rc, patientv1.Referral_AWAITING_CONSENT}} {
			r := e.GetReferrals()[i]
			require.Equal(c, want.role, r.GetRole())
			require.Equal(c, want.state, r.GetState())
			require.Equal(c, "2026-03-04", r.GetDueDate())
		}
		require.Equal(c, c.gpID, e.GetTeam()[0].GetPractitionerId())
		require.True(c, proto.Equal(e, c.read(e)))
		require.Equal(c, []string{"patient.registered", "care_episode.started"}, c.told(p.GetPatientId()))

		_, err = c.client.StartCareEpisode(c.gp, c.assessment(p.GetPatientId()))
		requireFault(c, err, codes.FailedPrecondition, "CARE_EPISODE_OPEN")
		request.Preventive = true
		_, err = c.client.StartCareEpisode(c.gp, request)
		requireFault(c, err, codes.FailedPrecondition, "REQUEST_ID_REUSED")
	})
}

func TestTheCoordinatorWaitsForConsent(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		e := c.episode(p.GetPatientId())
		_, err := c.accept(c.rc, e, rc)
		requireFault(c, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		_, err = c.accept(c.cm, e, rc)
		requireFault(c, err, codes.PermissionDenied, "ROLE_REQUIRED")
		accepted, err := c.accept(c.cm, e, cm)
		require.NoError(c, err)
		require.Equal(c, patientv1.Referral_ACCEPTED, accepted.GetReferrals()[0].GetState(), "care management runs without consent")

		consent := c.grant(p.GetPatientId())
		require.Equal(c, patientv1.Referral_PENDING, c.read(e).GetReferrals()[1].GetState())
		withdrawn, err := c.client.WithdrawConsent(c.cm, &patientv1.WithdrawConsentRequest{PatientId: p.GetPatientId(), ConsentId: consent.GetConsentId(), Etag: consent.GetEtag()})
		require.NoError(c, err)
		require.Equal(c, patientv1.Consent_WITHDRAWN, withdrawn.GetState())
		require.Equal(c, patientv1.Referral_AWAITING_CONSENT, c.read(e).GetReferrals()[1].GetState())
		_, err = c.client.WithdrawConsent(c.cm, &patientv1.WithdrawConsentRequest{PatientId: p.GetPatientId(), ConsentId: consent.GetConsentId()})
		requireFault(c, err, codes.FailedPrecondition, "CONSENT_NOT_GRANTED")

		c.grant(p.GetPatientId())
		both, err := c.accept(c.rc, e, rc)
		require.NoError(c, err)
		require.Len(c, both.GetTeam(), 3)
		require.Equal(c, []string{
			"patient.registered", "care_episode.started", "care_episode.referral_accepted",
			"consent.granted", "care_episode.referral_opened", "consent.withdrawn", "care_episode.referral_suspended",
			"consent.granted", "care_episode.referral_opened", "care_episode.referral_accepted",
		}, c.told(p.GetPatientId()))
		last := int32(0)
		for _, event := range c.about(p.GetPatientId()) {
			require.Equal(c, c.place.UnitID, event.GetCareUnitId())
			if event.GetResourceId() == e.GetCareEpisodeId() {
				require.Greater(c, event.GetRevision(), last, "events of one episode come in the order of its revisions")
				last = event.GetRevision()
			}
		}
	})
}

func TestConsentBeforeTheEpisodeCounts(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		c.grant(p.GetPatientId())
		require.Equal(c, patientv1.Referral_PENDING, c.episode(p.GetPatientId()).GetReferrals()[1].GetState())
	})
}

// Whatever the order in which an assessment and a consent arrive at the same moment, the coordinator is not forgotten.
func TestAnEpisodeAndAConsentNeverMissEachOther(t *testing.T) {
	run(t, func(c *centre) {
		for range 10 {
			request := c.registration("X" + uuid.NewString()[:12])
			request.Patient.IdentityNumber.Kind = patientv1.IdentityNumber_RESERVE_NUMBER
			p, err := c.client.CreatePatient(c.secretary, request)
			require.NoError(c, err)
			var group sync.WaitGroup
			var e *patientv1.CareEpisode
			var startErr, grantErr error
			group.Go(func() { e, startErr = c.client.StartCareEpisode(c.gp, c.assessment(p.GetPatientId())) })
			group.Go(func() {
				_, grantErr = c.client.GrantConsent(c.cm, &patientv1.GrantConsentRequest{
					PatientId: p.GetPatientId(), Kind: patientv1.Consent_COORDINATION, Form: patientv1.Consent_DIGITAL,
				})
			})
			group.Wait()
			require.NoError(c, startErr)
			require.NoError(c, grantErr)
			require.Equal(c, patientv1.Referral_PENDING, c.read(e).GetReferrals()[1].GetState())
		}
	})
}

func TestOneWriterWinsOnAnEtag(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		e := c.episode(p.GetPatientId())
		outcomes := make([]error, 4)
		var group sync.WaitGroup
		for i := range outcomes {
			group.Go(func() {
				_, outcomes[i] = c.client.AssignTeam(c.gp, &patientv1.AssignTeamRequest{
					PatientId: p.GetPatientId(), CareEpisodeId: e.GetCareEpisodeId(), PractitionerId: []string{c.cmID, c.bothID}[i%2], Role: cm, Etag: e.GetEtag(),
				})
			})
		}
		group.Wait()
		won := 0
		for _, err := range outcomes {
			if err == nil {
				won++
				continue
			}
			requireFault(c, err, codes.Aborted, "ETAG_MISMATCH")
		}
		require.Equal(c, 1, won)
	})
}

func TestOnePersonWithBothRoles(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		e := c.episode(p.GetPatientId())
		c.grant(p.GetPatientId())
		_, err := c.accept(c.both, e, accessv1.Role_ROLE_UNSPECIFIED)
		requireFault(c, err, codes.InvalidArgument, "REFERRAL_AMBIGUOUS")
		first, err := c.client.AcceptReferral(c.both, &patientv1.AcceptReferralRequest{
			PatientId: p.GetPatientId(), CareEpisodeId: e.GetCareEpisodeId(), ReferralId: e.GetReferrals()[1].GetReferralId(), Etag: c.read(e).GetEtag(),
		})
		require.NoError(c, err)
		require.Equal(c, patientv1.Referral_PENDING, first.GetReferrals()[0].GetState())
		second, err := c.accept(c.both, e, accessv1.Role_ROLE_UNSPECIFIED)
		require.NoError(c, err)
		require.Equal(c, c.bothID, second.GetReferrals()[0].GetAnswerPractitionerId())
		require.Equal(c, c.bothID, second.GetReferrals()[1].GetAnswerPractitionerId())
		require.Len(c, second.GetTeam(), 3)
		_, err = c.accept(c.both, e, cm)
		requireFault(c, err, codes.FailedPrecondition, "REFERRAL_NOT_PENDING")
	})
}

func TestAssignTeamAsksForTheEmployment(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		e := c.episode(p.GetPatientId())
		assign := func(who string, role accessv1.Role) (*patientv1.CareEpisode, error) {
			return c.client.AssignTeam(c.gp, &patientv1.AssignTeamRequest{PatientId: p.GetPatientId(), CareEpisodeId: e.GetCareEpisodeId(), PractitionerId: who, Role: role})
		}
		_, err := assign(c.rcID, cm)
		requireFault(c, err, codes.InvalidArgument, "NOT_EMPLOYED_IN_ROLE")
		_, err = assign(uuid.NewString(), cm)
		requireFault(c, err, codes.InvalidArgument, "NOT_EMPLOYED_IN_ROLE")
		_, err = assign(c.rcID, rc)
		requireFault(c, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		assigned, err := assign(c.cmID, cm)
		require.NoError(c, err)
		require.Equal(c, c.cmID, assigned.GetReferrals()[0].GetPractitionerId())
		same, err := assign(c.cmID, cm)
		require.NoError(c, err)
		require.Equal(c, assigned.GetEtag(), same.GetEtag(), "nothing changed")
		next, err := assign(c.bothID, cm)
		require.NoError(c, err)
		require.Equal(c, "2026-03-02", next.GetTeam()[1].GetEndDate())
		require.Empty(c, next.GetTeam()[2].GetEndDate())

		_, err = c.client.EndEmployment(c.admin, &patientv1.EndEmploymentRequest{PractitionerId: c.cmID, EndDate: "2026-03-01"})
		require.NoError(c, err)
		_, err = assign(c.cmID, cm)
		requireFault(c, err, codes.InvalidArgument, "NOT_EMPLOYED_IN_ROLE")
	})
}

func TestCloseAndStartAgain(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		e := c.episode(p.GetPatientId())
		closing := &patientv1.CloseCareEpisodeRequest{PatientId: p.GetPatientId(), CareEpisodeId: e.GetCareEpisodeId(), Outcome: patientv1.CareEpisode_OTHER}
		_, err := c.client.CloseCareEpisode(c.gp, closing)
		require.Equal(c, []string{"outcome_note FIELD_REQUIRED"}, violations(err))
		closing.Outcome = patientv1.CareEpisode_RETURNED_TO_WORK
		closed, err := c.client.CloseCareEpisode(c.cm, closing)
		require.NoError(c, err)
		require.Equal(c, patientv1.CareEpisode_CLOSED, closed.GetState())
		require.Equal(c, "2026-03-02", closed.GetCloseDate())
		require.Equal(c, patientv1.Referral_WITHDRAWN, closed.GetReferrals()[0].GetState())
		_, err = c.client.CloseCareEpisode(c.cm, closing)
		requireFault(c, err, codes.FailedPrecondition, "CARE_EPISODE_CLOSED")
		_, err = c.accept(c.cm, e, cm)
		requireFault(c, err, codes.FailedPrecondition, "CARE_EPISODE_CLOSED")

		c.Advance(48 * time.Hour)
		second := c.episode(p.GetPatientId())
		wrong, err := c.client.RegisterCareEpisodeInError(c.gp, &patientv1.RegisterCareEpisodeInErrorRequest{
			PatientId: p.GetPatientId(), CareEpisodeId: second.GetCareEpisodeId(), Reason: "meant another", Etag: second.GetEtag(),
		})
		require.NoError(c, err)
		require.Equal(c, c.gpID, wrong.GetRegisteredInError().GetPractitionerId())
		third := c.episode(p.GetPatientId())

		var listed []string
		token := ""
		for {
			page, err := c.client.ListCareEpisodes(c.cm, &patientv1.ListCareEpisodesRequest{PatientId: p.GetPatientId(), PageSize: 1, PageToken: token})
			require.NoError(c, err)
			for _, e := range page.GetCareEpisodes() {
				listed = append(listed, e.GetCareEpisodeId())
				require.Len(c, e.GetReferrals(), 2)
			}
			if token = page.GetNextPageToken(); token == "" {
				break
			}
		}
		require.Equal(c, []string{third.GetCareEpisodeId(), second.GetCareEpisodeId(), e.GetCareEpisodeId()}, listed)
		page, err := c.client.ListCareEpisodes(c.cm, &patientv1.ListCareEpisodesRequest{PatientId: p.GetPatientId(), State: patientv1.CareEpisode_CLOSED})
		require.NoError(c, err)
		require.Len(c, page.GetCareEpisodes(), 1)
		_, err = c.client.GetCareEpisode(c.gp, &patientv1.GetCareEpisodeRequest{PatientId: p.GetPatientId(), CareEpisodeId: uuid.NewString()})
		requireFault(c, err, codes.NotFound, "CARE_EPISODE_NOT_FOUND")
	})
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		request := c.assessment(p.GetPatientId())
		request.DiagnosisCode, request.Preventive = "F20.0", true
		request.Referrals = []*patientv1.Referral{{Role: cm, PractitionerId: c.rcID}, {Role: rc, DueDate: "2026-03-01"}}
		_, err := c.client.StartCareEpisode(c.gp, request)
		require.Equal(c, []string{
			"diagnosis_reason DIAGNOSIS_NEEDS_REASON", "preventive PREVENTIVE_WITH_SICK_LEAVE",
			"referrals[0].practitioner_id NOT_EMPLOYED_IN_ROLE", "referrals[1].due_date DATE_IN_PAST",
		}, violations(err))
		request.Severity = 0
		request.StartDate = "2026-02-30"
		request.Referrals = []*patientv1.Referral{{Role: accessv1.Role_ROLE_GP}}
		_, err = c.client.StartCareEpisode(c.gp, request)
		require.Equal(c, []string{"referrals[0].role enum.in", "severity enum.not_in", "start_date date"}, violations(err))
		require.Equal(c, []string{"patient.registered"}, c.told(p.GetPatientId()), "nothing was changed")
		_, err = c.client.StartCareEpisode(c.cm, c.assessment(p.GetPatientId()))
		require.Equal(c, codes.PermissionDenied, status.Code(err))
	})
}

func TestDeclineTellsWhy(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		e := c.episode(p.GetPatientId())
		declined, err := c.client.DeclineReferral(c.rc, &patientv1.DeclineReferralRequest{PatientId: p.GetPatientId(), CareEpisodeId: e.GetCareEpisodeId(), Reason: "on leave"})
		require.NoError(c, err)
		require.Equal(c, patientv1.Referral_DECLINED, declined.GetReferrals()[1].GetState())
		require.Equal(c, "on leave", declined.GetReferrals()[1].GetAnswerReason())
		require.Equal(c, c.rcID, declined.GetReferrals()[1].GetAnswerPractitionerId())
	})
}
