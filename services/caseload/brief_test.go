package caseload_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/caseload"
)

// stuck is a careplan that never answers one question, and refuses another.
type stuck struct {
	careplanv1.UnimplementedCarePlanServiceServer
	asked chan struct{}
}

func (s stuck) ListRecommendations(ctx context.Context, _ *careplanv1.ListRecommendationsRequest) (*careplanv1.ListRecommendationsResponse, error) {
	close(s.asked)
	<-ctx.Done()
	return nil, ctx.Err()
}

func (stuck) ListReadings(context.Context, *careplanv1.ListReadingsRequest) (*careplanv1.ListReadingsResponse, error) {
	return nil, fault.Denied("ROLE_REQUIRED", "this takes another role")
}

// One service that hangs does not sink the page: the rest is shown, and what is missing is named with why.
func TestBriefWithoutAPart(t *testing.T) {
	s := stuck{asked: make(chan struct{})}
	careplan := app.Module{Name: "careplan", Start: func(_ context.Context, host *app.Host) error {
		careplanv1.RegisterCarePlanServiceServer(host.Server, s)
		return nil
	}}
	h := apptest.New(t, sqldb.Config{Dir: t.TempDir()}, caseload.Module, careplan)
	w := &ward{t: t, h: h, client: caseloadv1.NewCaseloadServiceClient(h.Conn), place: h.NewPlace(), revisions: map[string]int64{}}
	patient, episode := w.register()
	h.Settle()
	brief, err := w.client.GetPatientBrief(w.manager(), &caseloadv1.GetPatientBriefRequest{PatientId: patient})
	require.NoError(t, err)
	<-s.asked
	require.Equal(t, episode, brief.GetRow().GetCareEpisodeId())
	causes := map[caseloadv1.MissingPart_Part]caseloadv1.MissingPart_Cause{}
	for _, part := range brief.GetMissingParts() {
		causes[part.GetPart()] = part.GetCause()
	}
	require.Equal(t, caseloadv1.MissingPart_UNAVAILABLE, causes[caseloadv1.MissingPart_RECOMMENDATIONS])
	require.Equal(t, caseloadv1.MissingPart_NOT_PERMITTED, causes[caseloadv1.MissingPart_READINGS])
}

// A patient of whom nothing has been heard yet, or whose record has ended, has a brief that says what it knows.
func TestBriefOfTheUnheard(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		patient, episode := w.register()
		w.h.Settle()
		brief, err := w.client.GetPatientBrief(w.manager(), &caseloadv1.GetPatientBriefRequest{PatientId: patient})
		require.NoError(t, err)
		require.Equal(t, episode, brief.GetRow().GetCareEpisodeId())
		require.Len(t, brief.GetHowTheModelWorks(), 7)
		var missing []caseloadv1.MissingPart_Part
		for _, part := range brief.GetMissingParts() {
			require.Equal(t, caseloadv1.MissingPart_UNAVAILABLE, part.GetCause())
			missing = append(missing, part.GetPart())
		}
		require.Equal(t, []caseloadv1.MissingPart_Part{caseloadv1.MissingPart_NAMES,
			caseloadv1.MissingPart_RECOMMENDATIONS, caseloadv1.MissingPart_READINGS}, missing, "nobody is here who has them; an episode that nobody knows is no part")

		w.belongs(patient, w.place, patientv1.Patient_MERGED)
		w.h.Settle()
		brief, err = w.client.GetPatientBrief(w.manager(), &caseloadv1.GetPatientBriefRequest{PatientId: patient})
		require.NoError(t, err)
		require.EqualValues(t, 3, brief.GetPictureVersion())
	})
}

// roll is a patient service that has patients at one unit, and names some of them.
type roll struct {
	patientv1.UnimplementedPatientServiceServer
	place access.Place
	named string
}

func (r *roll) GetPatientPlace(_ context.Context, request *patientv1.GetPatientPlaceRequest) (*patientv1.PatientPlace, error) {
	return &patientv1.PatientPlace{PatientId: request.GetPatientId(), CareProviderId: r.place.ProviderID, CareUnitId: r.place.UnitID}, nil
}

func (r *roll) GetPatientNames(_ context.Context, request *patientv1.GetPatientNamesRequest) (*patientv1.PatientNames, error) {
	answer := &patientv1.PatientNames{}
	if request.GetCareUnitId() == r.place.UnitID && slices.Contains(request.GetPatientIds(), r.named) {
		answer.PatientNames = append(answer.PatientNames, &patientv1.PatientName{PatientId: r.named, GivenName: "Tova", FamilyName: "Exempelsson-Test"})
	}
	return answer, nil
}

// The names are asked for where the patient is now, though the picture still says another unit; when there is none, the brief says so.
func TestNamesOfABrief(t *testing.T) {
	r := &roll{place: access.Place{ProviderID: act.NewID(), UnitID: act.NewID()}, named: act.NewID()}
	nowhere := func(context.Context, string) (access.Place, bool, error) { return access.Place{}, false, nil }
	patients := app.Module{Name: "patient", Start: func(_ context.Context, host *app.Host) error {
		patientv1.RegisterPatientServiceServer(host.Server, r)
		for _, field := range []string{"care_unit_id", "care_provider_id", "practitioner_id"} {
			host.Locate(field, nowhere)
		}
		host.ProvidePlaces(nowhere)
		return nil
	}}
	h := apptest.New(t, sqldb.Config{Dir: t.TempDir()}, caseload.Module, patients)
	w := &ward{t: t, h: h, client: caseloadv1.NewCaseloadServiceClient(h.Conn), place: h.NewPlace(), revisions: map[string]int64{}}
	w.due(r.named, newID(1), "2026-03-10", followupv1.FollowUp_OPEN)
	h.Settle()
	w.place = r.place
	read := func(patient string) (string, []caseloadv1.MissingPart_Part) {
		brief, err := w.client.GetPatientBrief(w.manager(), &caseloadv1.GetPatientBriefRequest{PatientId: patient})
		require.NoError(t, err)
		var missing []caseloadv1.MissingPart_Part
		for _, part := range brief.GetMissingParts() {
			missing = append(missing, part.GetPart())
		}
		return brief.GetRow().GetFamilyName(), missing
	}
	name, missing := read(r.named)
	require.Equal(t, "Exempelsson-Test", name)
	require.NotContains(t, missing, caseloadv1.MissingPart_NAMES)
	name, missing = read(act.NewID())
	require.Empty(t, name)
	require.Contains(t, missing, caseloadv1.MissingPart_NAMES)
}
