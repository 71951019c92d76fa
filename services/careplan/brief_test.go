package careplan_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
)

func (f *fixture) askForBrief() (*careplanv1.Brief, error) {
	return f.client.RequestBrief(f.As("rehabilitation_coordinator", f.place), &careplanv1.RequestBriefRequest{PatientId: f.patient, CareEpisodeId: f.episode})
}

func (f *fixture) newBrief() (*careplanv1.Brief, error) {
	return f.client.CreateBrief(f.cm, &careplanv1.CreateBriefRequest{Brief: &careplanv1.Brief{
		PatientId: f.patient, CareEpisodeId: f.episode, Situation: "canary-situation", WhatHelps: "canary-help", WhatToAvoid: "canary-avoid", ContactWishes: "canary-wish"}})
}

// Given coordination accepted, when the coordinator prepares the first employer contact, then the care manager's brief is asked
// for and acknowledged before it, and renewed before a meeting.
func TestR69TheCareManagersBriefIsAskedForWrittenAndAcknowledged(t *testing.T) {
	run(t, func(f *fixture) {
		rc := f.As("rehabilitation_coordinator", f.place)
		asked, err := f.askForBrief()
		require.NoError(f, err)
		require.Equal(f, careplanv1.Brief_REQUESTED, asked.GetState())
		_, err = f.askForBrief()
		refused(f, err, codes.AlreadyExists, "BRIEF_REQUESTED")
		_, err = f.newBrief()
		refused(f, err, codes.AlreadyExists, "BRIEF_REQUESTED")
		acknowledge := &careplanv1.AcknowledgeBriefRequest{PatientId: f.patient, BriefId: asked.GetBriefId()}
		_, err = f.client.AcknowledgeBrief(rc, acknowledge)
		refused(f, err, codes.FailedPrecondition, "BRIEF_STATE")

		f.Advance(time.Hour)
		write := &careplanv1.WriteBriefRequest{PatientId: f.patient, BriefId: asked.GetBriefId(), Situation: "  ", Etag: asked.GetEtag()}
		_, err = f.client.WriteBrief(f.cm, write)
		require.Equal(f, []string{"situation"}, refused(f, err, codes.InvalidArgument, "FIELD_REQUIRED"))
		write.Situation, write.WhatHelps = "canary-situation", "canary-help"
		_, err = f.client.WriteBrief(rc, write)
		refused(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		written, err := f.client.WriteBrief(f.cm, write)
		require.NoError(f, err)
		require.Equal(f, careplanv1.Brief_WRITTEN, written.GetState())
		require.Equal(f, f.Clock.Now(), written.GetWriteTime().AsTime().In(f.Clock.Now().Location()))
		require.Equal(f, f.manager, written.GetWrittenByPractitionerId())

		// Fetching it, by whomever and however often, is not reading it.
		for range 3 {
			read, err := f.client.GetBrief(rc, &careplanv1.GetBriefRequest{PatientId: f.patient, BriefId: asked.GetBriefId()})
			require.NoError(f, err)
			require.True(f, proto.Equal(written, read), "%v\n%v", written, read)
		}
		_, err = f.client.AcknowledgeBrief(f.cm, acknowledge)
		refused(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		read, err := f.client.AcknowledgeBrief(rc, acknowledge)
		require.NoError(f, err)
		require.Equal(f, careplanv1.Brief_ACKNOWLEDGED, read.GetState())
		_, err = f.client.AcknowledgeBrief(rc, acknowledge)
		refused(f, err, codes.FailedPrecondition, "BRIEF_STATE")
		_, err = f.client.WriteBrief(f.cm, &careplanv1.WriteBriefRequest{PatientId: f.patient, BriefId: asked.GetBriefId(), Situation: "canary-later"})
		refused(f, err, codes.FailedPrecondition, "BRIEF_STATE")

		// Renewed: a new brief beside the one that was read.
		f.Advance(6 * 24 * time.Hour)
		renewed, err := f.newBrief()
		require.NoError(f, err)
		require.Equal(f, careplanv1.Brief_WRITTEN, renewed.GetState())
		require.Empty(f, renewed.GetRequestedByPractitionerId())
		page, err := f.client.ListBriefs(rc, &careplanv1.ListBriefsRequest{PatientId: f.patient, CareEpisodeId: f.episode, PageSize: 1})
		require.NoError(f, err)
		require.Equal(f, renewed.GetBriefId(), page.GetBriefs()[0].GetBriefId())
		page, err = f.client.ListBriefs(rc, &careplanv1.ListBriefsRequest{PatientId: f.patient, CareEpisodeId: f.episode, PageSize: 1, PageToken: page.GetNextPageToken()})
		require.NoError(f, err)
		require.True(f, proto.Equal(read, page.GetBriefs()[0]))
		require.Empty(f, page.GetNextPageToken())
		page, err = f.client.ListBriefs(rc, &careplanv1.ListBriefsRequest{PatientId: f.patient, State: careplanv1.Brief_ACKNOWLEDGED})
		require.NoError(f, err)
		require.Len(f, page.GetBriefs(), 1)
		require.Equal(f, []string{"brief.requested", "brief.written", "brief.acknowledged", "brief.written"}, f.told())
		told := &careplanv1.BriefSnapshot{}
		require.NoError(f, f.Events("careplan")[2].GetSnapshot().UnmarshalTo(told))
		require.Equal(f, careplanv1.Brief_ACKNOWLEDGED, told.GetState())
		require.True(f, proto.Equal(written.GetWriteTime(), told.GetWriteTime()))
	})
}

func TestR69NoBriefWithoutConsentToCoordination(t *testing.T) {
	run(t, func(f *fixture) {
		rc, request := f.As("rehabilitation_coordinator", f.place), &careplanv1.RequestBriefRequest{PatientId: f.patient, CareEpisodeId: f.episode, RequestId: uuid.NewString()}
		asked, err := f.client.RequestBrief(rc, request)
		require.NoError(f, err)
		f.patients.consented.Store(false)
		again, err := f.client.RequestBrief(rc, request)
		require.NoError(f, err, "a retry of what was done before the withdrawal gets its first answer")
		require.True(f, proto.Equal(asked, again))
		_, err = f.askForBrief()
		refused(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		_, err = f.newBrief()
		refused(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		_, err = f.client.WriteBrief(f.cm, &careplanv1.WriteBriefRequest{PatientId: f.patient, BriefId: asked.GetBriefId(), Situation: "canary"})
		refused(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		f.patients.down.Store(true)
		_, err = f.newBrief()
		require.Error(f, err, "a consent that cannot be asked about is none")
		require.Equal(f, []string{"brief.requested"}, f.told())
	})
}

func TestABriefBelongsToAnOpenEpisode(t *testing.T) {
	run(t, func(f *fixture) {
		rc := f.As("rehabilitation_coordinator", f.place)
		_, err := f.client.RequestBrief(rc, &careplanv1.RequestBriefRequest{PatientId: f.patient, CareEpisodeId: act.NewID()})
		refused(f, err, codes.NotFound, "CARE_EPISODE_NOT_FOUND")
		_, err = f.client.CreateBrief(f.cm, &careplanv1.CreateBriefRequest{Brief: &careplanv1.Brief{PatientId: f.patient}})
		require.Equal(f, []string{"brief.care_episode_id", "brief.situation"}, refused(f, err, codes.InvalidArgument, "FIELD_REQUIRED"))
		asked, err := f.askForBrief()
		require.NoError(f, err)
		f.tellEpisode("care_episode.closed", patientv1.CareEpisode_CLOSED, f.manager)
		_, err = f.askForBrief()
		refused(f, err, codes.FailedPrecondition, "CARE_EPISODE_CLOSED")
		_, err = f.client.WriteBrief(f.cm, &careplanv1.WriteBriefRequest{PatientId: f.patient, BriefId: asked.GetBriefId(), Situation: "canary"})
		refused(f, err, codes.FailedPrecondition, "CARE_EPISODE_CLOSED")
		_, err = f.client.GetBrief(rc, &careplanv1.GetBriefRequest{PatientId: f.patient, BriefId: uuid.NewString()})
		refused(f, err, codes.NotFound, "BRIEF_NOT_FOUND")
	})
}

// Several coordinators ask at once: the care manager is asked once.
func TestARaceForABriefAsksOnce(t *testing.T) {
	run(t, func(f *fixture) {
		errs := make(chan error, 4)
		for range 4 {
			go func() {
				_, err := f.askForBrief()
				errs <- err
			}()
		}
		won := 0
		for range 4 {
			if err := <-errs; err == nil {
				won++
			} else {
				refused(f, err, codes.AlreadyExists, "BRIEF_REQUESTED")
			}
		}
		require.Equal(f, 1, won)
	})
}
