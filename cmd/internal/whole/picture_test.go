package whole_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// R30, R32, R83: what six services know of one patient stands on one page, in one plan and in one row, the same for everyone, and
// each text by the reader's own right.
func TestCommonPicture(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		st := w.newStage(w.own)
		st.do("SickLeaveService.SignCertificate", identity.RoleGP)
		activated(st)
		concludedDialogue(st)
		w.settle()
		patient := st.things["patient_id"]
		client := caseloadv1.NewCaseloadServiceClient(w.conn)
		gp := w.as(identity.RoleGP, w.own)

		brief, err := client.GetPatientBrief(gp, &caseloadv1.GetPatientBriefRequest{PatientId: patient})
		require.NoError(t, err)
		require.Empty(t, brief.GetMissingParts())
		require.Zero(t, brief.GetFreshness().GetAgeSeconds())
		require.False(t, brief.GetFreshness().GetRebuilding())
		own, err := patientv1.NewPatientServiceClient(w.conn).GetPatient(gp, &patientv1.GetPatientRequest{PatientId: patient})
		require.NoError(t, err)
		require.Equal(t, own.GetFamilyName(), brief.GetRow().GetFamilyName())
		require.Equal(t, st.things["care_episode_id"], brief.GetCareEpisode().GetCareEpisodeId())
		require.NotEmpty(t, brief.GetCareEpisode().GetAssessmentNote())
		require.Equal(t, st.things["care_plan_id"], brief.GetCarePlan().GetCarePlanId())
		require.Equal(t, st.things["return_to_work_plan_id"], brief.GetReturnToWorkPlan().GetReturnToWorkPlanId())
		require.NotEmpty(t, brief.GetOpenRecommendations())
		require.True(t, brief.GetRow().GetSickLeave().GetOngoing())
		require.EqualValues(t, 100, brief.GetRow().GetSickLeave().GetDegree())
		require.NotNil(t, brief.GetRow().GetSafety())
		require.NotNil(t, brief.GetRow().GetLastScore())
		require.NotEmpty(t, brief.GetRow().GetOpenDecisions())
		require.Positive(t, brief.GetRow().GetOpenFollowUpCount())

		plan, err := client.GetCommonPlan(w.as(identity.RoleNurse, w.own), &caseloadv1.GetCommonPlanRequest{PatientId: patient})
		require.NoError(t, err)
		require.Empty(t, plan.GetMissingParts())
		require.Equal(t, brief.GetPictureVersion(), plan.GetPictureVersion())
		require.NotEmpty(t, plan.GetCarePlan().GetGoals())
		require.NotEmpty(t, plan.GetReturnToWorkPlan().GetSteps())
		require.Len(t, plan.GetAgreements(), 1)
		require.Equal(t, st.things["agreement_id"], plan.GetAgreements()[0].GetAgreementId())

		// Fetching is not reading; saying so is, and changes the picture like everything that is told.
		require.Empty(t, brief.GetReadings())
		require.False(t, brief.GetReadByCaller())
		_, err = careplanv1.NewCarePlanServiceClient(w.conn).ConfirmRead(gp, &careplanv1.ConfirmReadRequest{PatientId: patient, PictureVersion: brief.GetPictureVersion()})
		require.NoError(t, err)
		again, err := client.GetPatientBrief(gp, &caseloadv1.GetPatientBriefRequest{PatientId: patient})
		require.NoError(t, err)
		require.True(t, again.GetReadByCaller(), "at once, from who keeps the readings")
		w.settle()
		again, err = client.GetPatientBrief(gp, &caseloadv1.GetPatientBriefRequest{PatientId: patient})
		require.NoError(t, err)
		require.Len(t, again.GetReadings(), 1)
		require.Greater(t, again.GetPictureVersion(), brief.GetPictureVersion())

		// The team sees the list, with the names; the manager of the unit neither that nor anybody's brief.
		manager := w.as(identity.RoleUnitManager, w.own)
		_, err = client.ListCaseload(manager, &caseloadv1.ListCaseloadRequest{CareUnitId: w.own.UnitID})
		require.Equal(t, codes.PermissionDenied, status.Code(err))
		list, err := client.ListCaseload(w.as(identity.RoleCareManager, w.own), &caseloadv1.ListCaseloadRequest{CareUnitId: w.own.UnitID})
		require.NoError(t, err)
		require.Len(t, list.GetRows(), 1)
		require.Equal(t, again.GetRow().GetPictureVersion(), list.GetRows()[0].GetPictureVersion())
		require.Equal(t, own.GetGivenName(), list.GetRows()[0].GetGivenName())
		_, err = client.GetPatientBrief(manager, &caseloadv1.GetPatientBriefRequest{PatientId: patient})
		require.Equal(t, codes.PermissionDenied, status.Code(err))
		for _, at := range []struct {
			method string
			err    error
		}{
			{"brief", second(client.GetPatientBrief(w.as(identity.RoleGP, w.other), &caseloadv1.GetPatientBriefRequest{PatientId: patient}))},
			{"timeline", second(client.ListTimeline(w.as(identity.RoleGP, w.foreign), &caseloadv1.ListTimelineRequest{PatientId: patient}))},
		} {
			require.Equal(t, codes.NotFound, status.Code(at.err), at.method)
		}

		// R12: one ordered list over all services, nothing twice.
		timeline, err := client.ListTimeline(gp, &caseloadv1.ListTimelineRequest{PatientId: patient, PageSize: 200, OldestFirst: true})
		require.NoError(t, err)
		tracks, ids := map[caseloadv1.TimelineEntry_Track]bool{}, map[string]bool{}
		for i, e := range timeline.GetTimelineEntries() {
			tracks[e.GetTrack()] = true
			require.False(t, ids[e.GetTimelineEntryId()])
			ids[e.GetTimelineEntryId()] = true
			require.False(t, i > 0 && e.GetEventTime().AsTime().Before(timeline.GetTimelineEntries()[i-1].GetEventTime().AsTime()))
		}
		require.Len(t, tracks, 4)

		// Built anew, the picture is the same.
		_, err = client.RebuildCaseload(w.as(identity.RoleOperator, w.own), &caseloadv1.RebuildCaseloadRequest{})
		require.NoError(t, err)
		w.settle()
		rebuilt, err := client.GetPatientBrief(gp, &caseloadv1.GetPatientBriefRequest{PatientId: patient})
		require.NoError(t, err)
		again.Freshness, rebuilt.Freshness = nil, nil
		require.Equal(t, protojson.Format(again), protojson.Format(rebuilt))
	})
}

func second[T any](_ T, err error) error { return err }
