package careplan_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/careplan"
)

// patients answers about one patient in one episode whose events nobody has heard yet.
type patients struct {
	patientv1.UnimplementedPatientServiceServer
	place            access.Place
	patient, episode string
	manager          string
	away             bool // cannot be reached
}

func (p *patients) module() app.Module {
	return app.Module{Name: "patient", Start: func(_ context.Context, host *app.Host) error {
		patientv1.RegisterPatientServiceServer(host.Server, p)
		for _, field := range []string{"care_unit_id", "care_provider_id", "practitioner_id"} {
			host.Locate(field, p.locate)
		}
		host.ProvidePlaces(p.locate)
		return nil
	}}
}

func (p *patients) locate(context.Context, string) (access.Place, bool, error) {
	return p.place, true, nil
}

func (p *patients) GetPatientPlace(context.Context, *patientv1.GetPatientPlaceRequest) (*patientv1.PatientPlace, error) {
	return &patientv1.PatientPlace{PatientId: p.patient, CareProviderId: p.place.ProviderID, CareUnitId: p.place.UnitID}, nil
}

func (p *patients) GetCareEpisode(_ context.Context, request *patientv1.GetCareEpisodeRequest) (*patientv1.CareEpisode, error) {
	if p.away {
		return nil, fault.Unavailable("UNAVAILABLE", "away")
	}
	if request.GetCareEpisodeId() != p.episode {
		return nil, fault.NotFound("CARE_EPISODE_NOT_FOUND", "no such episode")
	}
	return &patientv1.CareEpisode{
		CareEpisodeId: p.episode, PatientId: p.patient, State: patientv1.CareEpisode_OPEN, Etag: `"r3"`,
		Team: []*patientv1.TeamMember{{PractitionerId: p.manager, Role: accessv1.Role_ROLE_CARE_MANAGER}},
	}, nil
}

func TestAnEpisodeNotHeardOfIsAskedFor(t *testing.T) {
	p := &patients{place: access.Place{ProviderID: act.NewID(), UnitID: act.NewID()}, patient: act.NewID(), episode: act.NewID(), manager: uuid.NewString()}
	apptest.Run(t, []app.Module{careplan.Module, p.module()}, func(t *testing.T, h *apptest.Harness) {
		client := careplanv1.NewCarePlanServiceClient(h.Conn)
		cm := h.As("care_manager", p.place)
		booking := func(episode string) error {
			_, err := client.CreateContact(cm, &careplanv1.CreateContactRequest{Contact: &careplanv1.Contact{
				PatientId: p.patient, CareEpisodeId: episode, Kind: careplanv1.Contact_FIRST, Channel: careplanv1.Contact_PHONE,
				ScheduledTime: timestamppb.New(h.Clock.Now().Add(time.Hour))}})
			return err
		}
		refused(t, booking(act.NewID()), codes.NotFound, "CARE_EPISODE_NOT_FOUND")
		p.away = true
		refused(t, booking(p.episode), codes.Unavailable, "UNAVAILABLE")

		// An answer to a safety item waits for no other service.
		a, err := client.CreateAssessment(cm, &careplanv1.CreateAssessmentRequest{Assessment: &careplanv1.Assessment{
			PatientId: p.patient, CareEpisodeId: p.episode, Instrument: "PHQ-9", Answers: values(0, 0, 0, 0, 0, 0, 0, 0, 1)}})
		require.NoError(t, err)
		require.Equal(t, p.episode, a.GetCareEpisodeId())
		require.NotEmpty(t, a.GetSafetyFlagId())

		p.away = false
		require.NoError(t, booking(p.episode))
		plan, err := client.CreateCarePlan(cm, &careplanv1.CreateCarePlanRequest{CarePlan: &careplanv1.CarePlan{PatientId: p.patient, CareEpisodeId: p.episode}})
		require.NoError(t, err)
		require.Equal(t, p.manager, plan.GetCareManagerId())
		p.away = true // known by now
		_, err = client.CreateCarePlan(cm, &careplanv1.CreateCarePlanRequest{CarePlan: &careplanv1.CarePlan{PatientId: p.patient, CareEpisodeId: p.episode}})
		require.NoError(t, err)
		p.away = false
	})
}
