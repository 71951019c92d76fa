package followup_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/services/followup"
)

// centre is a unit with staff and one patient, told of by stand-ins of the other services. The clock starts on Monday
// 2 March 2026 at 08:00.
type centre struct {
	t                        *testing.T
	h                        *apptest.Harness
	client                   followupv1.FollowUpServiceClient
	place                    access.Place
	patient                  string
	gp, manager, coordinator string
	revisions                map[string]int64
}

func run(t *testing.T, test func(t *testing.T, c *centre)) {
	t.Helper()
	apptest.Run(t, []app.Module{followup.Module}, func(t *testing.T, h *apptest.Harness) {
		c := &centre{
			t: t, h: h, client: followupv1.NewFollowUpServiceClient(h.Conn), place: h.NewPlace(), patient: uuid.NewString(),
			gp: uuid.NewString(), manager: uuid.NewString(), coordinator: uuid.NewString(), revisions: map[string]int64{},
		}
		h.PlacePatient(c.patient, c.place)
		c.tellPractitioner(c.gp, accessv1.Role_ROLE_GP)
		c.tellPractitioner(c.manager, accessv1.Role_ROLE_CARE_MANAGER)
		c.tellPractitioner(c.coordinator, accessv1.Role_ROLE_REHABILITATION_COORDINATOR)
		test(t, c)
	})
}

// tell lets a stand-in tell of a thing's next revision, and everyone hear of it.
func (c *centre) tell(source, event, id string, snapshot proto.Message) {
	c.t.Helper()
	c.revisions[id]++
	patient := c.patient
	if _, staff := snapshot.(*patientv1.PractitionerSnapshot); staff {
		patient = ""
	}
	c.h.Tell(source, act.Event{Type: event, ResourceID: id, Revision: c.revisions[id], PatientID: patient, Place: c.place, Snapshot: snapshot})
	c.h.Settle()
}

func (c *centre) tellPractitioner(id string, roles ...accessv1.Role) {
	c.t.Helper()
	c.tell("patient", "practitioner.created", id, &patientv1.PractitionerSnapshot{PractitionerId: id, Employments: []*patientv1.EmploymentSnapshot{
		{CareUnitId: c.place.UnitID, Roles: roles, StartDate: "2020-01-01"},
	}})
}

// episode is an open episode with a GP, a referral to a care manager and one to a coordinator that awaits consent.
func (c *centre) episode() *patientv1.CareEpisodeSnapshot {
	return &patientv1.CareEpisodeSnapshot{
		CareEpisodeId: uuid.NewString(), State: patientv1.CareEpisode_OPEN, StartDate: "2026-03-02", Severity: patientv1.CareEpisode_MODERATE,
		Referrals: []*patientv1.ReferralSnapshot{
			{ReferralId: uuid.NewString(), Role: accessv1.Role_ROLE_CARE_MANAGER, State: patientv1.Referral_PENDING, DueDate: "2026-03-04"},
			{ReferralId: uuid.NewString(), Role: accessv1.Role_ROLE_REHABILITATION_COORDINATOR, State: patientv1.Referral_AWAITING_CONSENT, DueDate: "2026-03-04"},
		},
		Team: []*patientv1.TeamMemberSnapshot{{PractitionerId: c.gp, Role: accessv1.Role_ROLE_GP, StartDate: "2026-03-02"}},
	}
}

func (c *centre) tellEpisode(event string, e *patientv1.CareEpisodeSnapshot) {
	c.t.Helper()
	c.tell("patient", "care_episode."+event, e.GetCareEpisodeId(), e)
}

// accept lets the manager, and with consent the coordinator, join the team.
func (c *centre) accept(e *patientv1.CareEpisodeSnapshot) {
	c.t.Helper()
	c.consent(patientv1.Consent_GRANTED)
	for i, person := range []string{c.manager, c.coordinator} {
		e.Referrals[i].State = patientv1.Referral_ACCEPTED
		e.Team = append(e.Team, &patientv1.TeamMemberSnapshot{PractitionerId: person, Role: e.Referrals[i].GetRole(), StartDate: "2026-03-02"})
		c.tellEpisode("referral_accepted", e)
	}
}

func (c *centre) consent(state patientv1.Consent_State) {
	c.t.Helper()
	id := "0197a6a0-0000-7000-8000-00000000c0de"
	c.tell("patient", "consent.granted", id, &patientv1.ConsentSnapshot{ConsentId: id, Kind: patientv1.Consent_COORDINATION, State: state, StartDate: "2026-03-02"})
}

func (c *centre) contact(event string, s *careplanv1.ContactSnapshot, state careplanv1.Contact_State) {
	c.t.Helper()
	s.State = state
	c.tell("careplan", "contact."+event, s.GetContactId(), s)
}

func (c *centre) sign(episode, first, last string) *sickleavev1.CertificateSnapshot {
	c.t.Helper()
	s := &sickleavev1.CertificateSnapshot{
		CertificateId: uuid.NewString(), CareEpisodeId: episode, State: sickleavev1.Certificate_SIGNED, SignTime: timestamppb.New(c.h.Clock.Now()),
		SignedByPractitionerId: c.gp, Periods: []*sickleavev1.CertificatePeriod{{StartDate: first, EndDate: last, Degree: 100}},
	}
	c.tell("sickleave", "certificate.signed", s.GetCertificateId(), s)
	return s
}

func (c *centre) as(role, practitioner string) context.Context {
	return c.h.As(role, c.place, practitioner)
}

func (c *centre) asGP() context.Context      { return c.as("gp", c.gp) }
func (c *centre) asManager() context.Context { return c.as("care_manager", c.manager) }
func (c *centre) asCoordinator() context.Context {
	return c.as("rehabilitation_coordinator", c.coordinator)
}

// open lists the patient's open follow-ups of the kinds given, all without any.
func (c *centre) open(kinds ...followupv1.FollowUp_Kind) []*followupv1.FollowUp {
	c.t.Helper()
	return c.list(followupv1.FollowUp_OPEN, kinds...)
}

func (c *centre) list(state followupv1.FollowUp_State, kinds ...followupv1.FollowUp_Kind) []*followupv1.FollowUp {
	c.t.Helper()
	answer, err := c.client.ListPatientFollowUps(c.asGP(), &followupv1.ListPatientFollowUpsRequest{PatientId: c.patient, State: state, PageSize: 200})
	require.NoError(c.t, err)
	var found []*followupv1.FollowUp
	for _, f := range answer.GetFollowUps() {
		for _, kind := range kinds {
			if f.GetKind() == kind {
				found = append(found, f)
			}
		}
		if len(kinds) == 0 {
			found = append(found, f)
		}
	}
	return found
}

func (c *centre) one(kind followupv1.FollowUp_Kind) *followupv1.FollowUp {
	c.t.Helper()
	found := c.open(kind)
	require.Lenf(c.t, found, 1, "open follow-ups of kind %s", kind)
	return found[0]
}

func (c *centre) get(id string) *followupv1.FollowUp {
	c.t.Helper()
	f, err := c.client.GetFollowUp(c.asGP(), &followupv1.GetFollowUpRequest{FollowUpId: id})
	require.NoError(c.t, err)
	return f
}

// until moves the clock to a wall time in Stockholm.
func (c *centre) until(day string, hour, minute int) {
	c.t.Helper()
	target := date.MustParse(day).At(hour, minute)
	require.True(c.t, target.After(c.h.Clock.Now()), "the clock only moves forward")
	c.h.Advance(target.Sub(c.h.Clock.Now()))
}

func at(day string, hour, minute int) *timestamppb.Timestamp {
	return timestamppb.New(date.MustParse(day).At(hour, minute))
}

// refused asserts an error's code and reason.
func refused(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	require.Error(t, err)
	st := status.Convert(err)
	require.Equalf(t, code, st.Code(), "%v", err)
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			require.Equalf(t, reason, info.GetReason(), "%v", err)
			return
		}
	}
	t.Fatalf("no reason in %v", err)
}
