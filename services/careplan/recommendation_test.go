package careplan_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

func (f *fixture) recommend(ctx context.Context, topic careplanv1.Recommendation_Topic, text string) *careplanv1.Recommendation {
	f.Helper()
	r, err := f.client.CreateRecommendation(ctx, &careplanv1.CreateRecommendationRequest{Recommendation: &careplanv1.Recommendation{
		PatientId: f.patient, CareEpisodeId: f.episode, Topic: topic, Text: text, Reason: "canary-why " + text}})
	require.NoError(f, err)
	return r
}

func (f *fixture) recommended(r *careplanv1.Recommendation) *careplanv1.Recommendation {
	f.Helper()
	read, err := f.client.GetRecommendation(f.cm, &careplanv1.GetRecommendationRequest{PatientId: f.patient, RecommendationId: r.GetRecommendationId()})
	require.NoError(f, err)
	return read
}

// Given a recommendation, when the GP answers, then accepted, changed or declined stand with reason, author and time; unanswered
// ones age visibly.
func TestR10RecommendationsAreAnsweredAndAgeUntilThen(t *testing.T) {
	run(t, func(f *fixture) {
		gpID := uuid.NewString()
		gp, rc := f.As("gp", f.place, gpID), f.As("rehabilitation_coordinator", f.place)
		first := f.recommend(f.cm, careplanv1.Recommendation_MEDICATION_REVIEW, "canary-review")
		require.Equal(f, careplanv1.Recommendation_OPEN, first.GetState())
		require.Equal(f, f.manager, first.GetGivenByPractitionerId())
		second := f.recommend(rc, careplanv1.Recommendation_WORK_ADJUSTMENT, "canary-adjust")
		third := f.recommend(rc, careplanv1.Recommendation_INVESTIGATION, "canary-investigate")
		f.Advance(16 * 24 * time.Hour)
		require.EqualValues(f, 16, f.recommended(first).GetAgeDays())

		answer := func(ctx context.Context, r *careplanv1.Recommendation, outcome careplanv1.Recommendation_State, reason, changed string) (*careplanv1.Recommendation, error) {
			return f.client.AnswerRecommendation(ctx, &careplanv1.AnswerRecommendationRequest{
				PatientId: f.patient, RecommendationId: r.GetRecommendationId(), Outcome: outcome, Reason: reason, ChangedText: changed, Etag: r.GetEtag()})
		}
		_, err := answer(f.cm, first, careplanv1.Recommendation_ACCEPTED, "", "")
		refused(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = answer(gp, first, careplanv1.Recommendation_SUPERSEDED, "canary", "")
		require.Equal(f, []string{"outcome"}, refused(f, err, codes.InvalidArgument, "INVALID_FIELD"))
		_, err = answer(gp, first, careplanv1.Recommendation_CHANGED, "", "")
		require.Equal(f, []string{"reason", "changed_text"}, refused(f, err, codes.InvalidArgument, "FIELD_REQUIRED"))
		accepted, err := answer(gp, first, careplanv1.Recommendation_ACCEPTED, "", "")
		require.NoError(f, err)
		require.Equal(f, careplanv1.Recommendation_ACCEPTED, accepted.GetState())
		changed, err := answer(gp, second, careplanv1.Recommendation_CHANGED, "canary-because", "canary-instead")
		require.NoError(f, err)
		require.Equal(f, "canary-instead", changed.GetAnswer().GetChangedText())
		declined, err := answer(gp, third, careplanv1.Recommendation_DECLINED, "canary-no", "")
		require.NoError(f, err)
		require.Equal(f, careplanv1.Recommendation_DECLINED, declined.GetState())
		require.Equal(f, "canary-no", declined.GetAnswer().GetReason())
		require.Equal(f, gpID, declined.GetAnswer().GetPractitionerId())
		require.Equal(f, f.Clock.Now().UTC(), declined.GetAnswer().GetAnswerTime().AsTime())
		_, err = answer(gp, third, careplanv1.Recommendation_ACCEPTED, "", "")
		refused(f, err, codes.Aborted, "ETAG_MISMATCH")
		_, err = answer(gp, declined, careplanv1.Recommendation_ACCEPTED, "", "")
		refused(f, err, codes.FailedPrecondition, "RECOMMENDATION_STATE")

		f.Advance(48 * time.Hour)
		require.True(f, proto.Equal(accepted, f.recommended(first)), "an answered one ages no longer")
		page, err := f.client.ListRecommendations(gp, &careplanv1.ListRecommendationsRequest{PatientId: f.patient, PageSize: 2})
		require.NoError(f, err)
		require.Len(f, page.GetRecommendations(), 2)
		rest, err := f.client.ListRecommendations(gp, &careplanv1.ListRecommendationsRequest{PatientId: f.patient, PageSize: 2, PageToken: page.GetNextPageToken()})
		require.NoError(f, err)
		require.True(f, proto.Equal(accepted, rest.GetRecommendations()[0]))
		page, err = f.client.ListRecommendations(gp, &careplanv1.ListRecommendationsRequest{PatientId: f.patient, CareEpisodeId: f.episode,
			State: careplanv1.Recommendation_CHANGED, Topic: careplanv1.Recommendation_WORK_ADJUSTMENT})
		require.NoError(f, err)
		require.Len(f, page.GetRecommendations(), 1)
		require.Equal(f, []string{"recommendation.given", "recommendation.given", "recommendation.given",
			"recommendation.answered", "recommendation.answered", "recommendation.answered"}, f.told())
	})
}

// Given two recommendations that differ, when one is chosen, the other stays with its reason.
func TestR16WhatWasNotChosenStaysWithItsReason(t *testing.T) {
	run(t, func(f *fixture) {
		gp, rc := f.As("gp", f.place), f.As("rehabilitation_coordinator", f.place)
		more := f.recommend(f.cm, careplanv1.Recommendation_SICK_LEAVE_DEGREE, "canary-75")
		less := f.recommend(rc, careplanv1.Recommendation_SICK_LEAVE_DEGREE, "canary-50")
		other := f.recommend(rc, careplanv1.Recommendation_REFERRAL, "canary-referral")
		require.Equal(f, []string{less.GetRecommendationId()}, f.recommended(more).GetDifferingRecommendationIds())
		require.Equal(f, []string{more.GetRecommendationId()}, less.GetDifferingRecommendationIds())
		require.Empty(f, other.GetDifferingRecommendationIds())

		answer := &careplanv1.AnswerRecommendationRequest{PatientId: f.patient, RecommendationId: more.GetRecommendationId(), Outcome: careplanv1.Recommendation_ACCEPTED,
			Reason: "canary-heavy", SupersedesRecommendationIds: []string{less.GetRecommendationId(), other.GetRecommendationId()}}
		_, err := f.client.AnswerRecommendation(gp, answer)
		require.Equal(f, []string{"supersedes_recommendation_ids[1]"}, refused(f, err, codes.InvalidArgument, "TOPIC_DIFFERS"))
		answer.SupersedesRecommendationIds[1] = uuid.NewString()
		_, err = f.client.AnswerRecommendation(gp, answer)
		refused(f, err, codes.NotFound, "RECOMMENDATION_NOT_FOUND")
		require.Equal(f, careplanv1.Recommendation_OPEN, f.recommended(less).GetState())
		answer.SupersedesRecommendationIds = answer.GetSupersedesRecommendationIds()[:1]
		chosen, err := f.client.AnswerRecommendation(gp, answer)
		require.NoError(f, err)
		require.Equal(f, []string{less.GetRecommendationId()}, chosen.GetAnswer().GetSupersededRecommendationIds())

		kept := f.recommended(less)
		require.Equal(f, careplanv1.Recommendation_SUPERSEDED, kept.GetState())
		require.Equal(f, "canary-50", kept.GetText())
		require.Equal(f, "canary-why canary-50", kept.GetReason())
		require.Equal(f, "canary-heavy", kept.GetAnswer().GetReason())
		require.Equal(f, more.GetRecommendationId(), kept.GetAnswer().GetChosenRecommendationId())

		// The one chosen should never have been there: the other waits for its answer again.
		_, err = f.client.RegisterRecommendationInError(rc, &careplanv1.RegisterRecommendationInErrorRequest{PatientId: f.patient, RecommendationId: more.GetRecommendationId(), Reason: "canary-reason"})
		require.NoError(f, err)
		require.Equal(f, careplanv1.Recommendation_OPEN, f.recommended(less).GetState())
		require.Nil(f, f.recommended(less).GetAnswer())
		_, err = f.client.RegisterRecommendationInError(rc, &careplanv1.RegisterRecommendationInErrorRequest{PatientId: f.patient, RecommendationId: more.GetRecommendationId(), Reason: "canary-reason"})
		refused(f, err, codes.FailedPrecondition, "RECOMMENDATION_STATE")
		require.Equal(f, []string{"recommendation.answered", "recommendation.answered", "recommendation.registered_in_error", "recommendation.reopened"}, f.told()[3:])
	})
}

// Two GPs choose crosswise at once: one choice stands, the other is told.
func TestR16ARaceOfChoicesHasOneWinner(t *testing.T) {
	run(t, func(f *fixture) {
		a := f.recommend(f.cm, careplanv1.Recommendation_SICK_LEAVE_DEGREE, "canary-75")
		b := f.recommend(f.cm, careplanv1.Recommendation_SICK_LEAVE_DEGREE, "canary-50")
		errs := make(chan error, 2)
		for _, pair := range [][2]*careplanv1.Recommendation{{a, b}, {b, a}} {
			go func() {
				_, err := f.client.AnswerRecommendation(f.As("gp", f.place), &careplanv1.AnswerRecommendationRequest{
					PatientId: f.patient, RecommendationId: pair[0].GetRecommendationId(), Outcome: careplanv1.Recommendation_ACCEPTED,
					Reason: "canary", SupersedesRecommendationIds: []string{pair[1].GetRecommendationId()}})
				errs <- err
			}()
		}
		first, second := <-errs, <-errs
		if first == nil {
			first, second = second, first
		}
		require.NoError(f, second)
		refused(f, first, codes.FailedPrecondition, "RECOMMENDATION_STATE")
	})
}

func TestRecommendationsOfACoordinatorNeedConsent(t *testing.T) {
	run(t, func(f *fixture) {
		f.patients.consented.Store(false)
		request := &careplanv1.CreateRecommendationRequest{Recommendation: &careplanv1.Recommendation{
			PatientId: f.patient, CareEpisodeId: f.episode, Topic: careplanv1.Recommendation_OTHER, Text: "canary", Reason: "canary"}}
		_, err := f.client.CreateRecommendation(f.As("rehabilitation_coordinator", f.place), request)
		refused(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		_, err = f.client.CreateRecommendation(f.As("gp", f.place), request)
		refused(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = f.client.CreateRecommendation(f.cm, request)
		require.NoError(f, err)
		_, err = f.client.CreateRecommendation(f.cm, &careplanv1.CreateRecommendationRequest{Recommendation: &careplanv1.Recommendation{PatientId: f.patient}})
		require.Equal(f, []string{"recommendation.topic", "recommendation.text", "recommendation.reason"}, refused(f, err, codes.InvalidArgument, "FIELD_REQUIRED"))
		f.tellEpisode("care_episode.closed", patientv1.CareEpisode_CLOSED, f.manager)
		_, err = f.client.CreateRecommendation(f.cm, request)
		refused(f, err, codes.FailedPrecondition, "CARE_EPISODE_CLOSED")
	})
}
