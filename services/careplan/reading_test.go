package careplan_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

func (f *fixture) confirm(who context.Context, version int32) (*careplanv1.Reading, error) {
	return f.client.ConfirmRead(who, &careplanv1.ConfirmReadRequest{PatientId: f.patient, PictureVersion: version})
}

func (f *fixture) readings() []*careplanv1.Reading {
	f.Helper()
	var all []*careplanv1.Reading
	request := &careplanv1.ListReadingsRequest{PatientId: f.patient, PageSize: 1}
	for {
		page, err := f.client.ListReadings(f.cm, request)
		require.NoError(f, err)
		all = append(all, page.GetReadings()...)
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return all
		}
	}
}

func (f *fixture) confirmed() []*eventv1.Event {
	f.Helper()
	var found []*eventv1.Event
	for _, e := range f.Events("careplan") {
		if e.GetType() == "reading.confirmed" {
			found = append(found, e)
		}
	}
	return found
}

func TestIHaveRead(t *testing.T) {
	run(t, func(f *fixture) {
		reader := uuid.NewString()
		gp := f.As("gp", f.place, reader)
		first, err := f.confirm(gp, 7)
		require.NoError(f, err)
		want := &careplanv1.Reading{
			ReadingId: first.GetReadingId(), PatientId: f.patient, PractitionerId: reader, PictureVersion: 7, CareEpisodeId: f.episode,
			ReadTime: timestamppb.New(f.Clock.Now()),
		}
		require.Empty(f, cmp.Diff(want, first, protocmp.Transform()))

		f.Clock.Advance(time.Hour)
		again, err := f.confirm(gp, 7)
		require.NoError(f, err)
		require.Empty(f, cmp.Diff(first, again, protocmp.Transform()), "said again: the first answer")
		require.Len(f, f.confirmed(), 1)

		told := f.confirmed()[0]
		require.Equal(f, first.GetReadingId(), told.GetResourceId())
		snapshot := &careplanv1.ReadingSnapshot{}
		require.NoError(f, told.GetSnapshot().UnmarshalTo(snapshot))
		require.Empty(f, cmp.Diff(&careplanv1.ReadingSnapshot{
			ReadingId: first.GetReadingId(), CareEpisodeId: f.episode, PractitionerId: reader, PictureVersion: 7,
		}, snapshot, protocmp.Transform()))

		later, err := f.confirm(gp, 8)
		require.NoError(f, err, "a later version is read anew")
		f.tellEpisode("care_episode.closed", patientv1.CareEpisode_CLOSED, f.manager)
		f.Clock.Advance(time.Hour)
		colleague, err := f.confirm(f.As("nurse", f.place), 8)
		require.NoError(f, err)
		require.Empty(f, colleague.GetCareEpisodeId(), "none is open")
		require.Empty(f, cmp.Diff([]*careplanv1.Reading{colleague, later, first}, f.readings(), protocmp.Transform()), "newest first")
		require.Len(f, f.confirmed(), 3)
	})
}

func TestWhoMayConfirm(t *testing.T) {
	run(t, func(f *fixture) {
		_, err := f.confirm(f.As("medical_secretary", f.place), 1)
		refused(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = f.confirm(f.As("gp", f.NewPlace()), 1)
		refused(f, err, codes.NotFound, "PATIENT_NOT_FOUND")
		token, err := f.Issuer.Mint(devissuer.Claims{Subject: "nobody", Assignments: []identity.Assignment{
			{ProviderID: f.place.ProviderID, UnitID: f.place.UnitID, Roles: []identity.Role{identity.RoleGP}},
		}})
		require.NoError(f, err)
		_, err = f.confirm(metadata.AppendToOutgoingContext(f.Context(), "authorization", "Bearer "+token), 1)
		refused(f, err, codes.PermissionDenied, "PRACTITIONER_REQUIRED")
		_, err = f.confirm(f.cm, 0)
		refused(f, err, codes.InvalidArgument, "INVALID_FIELD")
		require.Empty(f, f.readings())
	})
}

// Of two who confirm with one name at once, one reading comes.
func TestOneReadingOfTwoAtOnce(t *testing.T) {
	run(t, func(f *fixture) {
		ids := make([]string, 2)
		var group errgroup.Group
		for i := range ids {
			group.Go(func() error {
				r, err := f.confirm(f.cm, 3)
				ids[i] = r.GetReadingId()
				return err
			})
		}
		require.NoError(f, group.Wait())
		require.Equal(f, ids[0], ids[1])
		require.Len(f, f.readings(), 1)
		require.Len(f, f.confirmed(), 1)
	})
}
