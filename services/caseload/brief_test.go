package caseload_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"

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

// Of a source that cannot be asked counts what was known of it last.
func TestFreshnessOfWhatCannotBeAsked(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		w.register()
		w.h.Settle()
		read := func() *caseloadv1.Freshness {
			answer, err := w.client.ListCaseload(w.manager(), &caseloadv1.ListCaseloadRequest{CareUnitId: w.place.UnitID})
			require.NoError(t, err)
			require.Len(t, answer.GetRows(), 1)
			return answer.GetFreshness()
		}
		require.Zero(t, read().GetAgeSeconds())
		require.NoError(t, w.h.System.Log("followup").DB.Close())
		w.h.Clock.Advance(2 * time.Minute)
		require.EqualValues(t, 120, read().GetAgeSeconds())
		require.False(t, read().GetRebuilding())
	})
}
