package api

import (
	"context"
	"fmt"
	"slices"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
	"github.com/coworkcare/coworkcare/services/followup/internal/store"
)

// GetFollowUpPolicy reads a unit's policy with the defaults filled in.
func (s *Server) GetFollowUpPolicy(ctx context.Context, request *followupv1.GetFollowUpPolicyRequest) (*followupv1.FollowUpPolicy, error) {
	p, err := s.store.Policy(s.db.Read(ctx), request.GetCareUnitId())
	if err != nil {
		return nil, err
	}
	return policyResource(request.GetCareUnitId(), p), nil
}

// UpdateFollowUpPolicy changes the fields named, or those set when none is named.
func (s *Server) UpdateFollowUpPolicy(ctx context.Context, request *followupv1.UpdateFollowUpPolicyRequest) (*followupv1.FollowUpPolicy, error) {
	asked := request.GetFollowUpPolicy()
	paths := request.GetUpdateMask().GetPaths()
	if err := checkMask(paths); err != nil {
		return nil, err
	}
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*followupv1.FollowUpPolicy, error) {
		stored, err := s.store.ClaimPolicy(tx.Tx, asked.GetCareUnitId(), tx.Now)
		if err != nil {
			return nil, err
		}
		if err := tx.CheckEtag(asked.GetEtag(), stored.Revision); err != nil {
			return nil, err
		}
		policy := stored.Policy
		if err := applyPolicy(&policy, asked, paths); err != nil {
			return nil, err
		}
		saved, err := s.store.SavePolicy(tx.Tx, asked.GetCareUnitId(), policy, tx.Now)
		if err != nil {
			return nil, err
		}
		return policyResource(asked.GetCareUnitId(), saved), nil
	})
}

func checkMask(paths []string) error {
	var wrong []fault.Violation
	for i, path := range paths {
		known := slices.ContainsFunc(followup.Limits(), func(l followup.Limit) bool { return l.Field == path })
		if !known && path != "*" {
			wrong = append(wrong, fault.Violation{Field: fmt.Sprintf("update_mask.paths[%d]", i), Reason: followupv1.Reason_FIELD_NOT_UPDATABLE.String(),
				Message: "must name a limit of the policy"})
		}
	}
	if len(wrong) > 0 {
		return fault.Invalid(wrong...)
	}
	return nil
}

// applyPolicy takes over what a request asks for; 0 is the default.
func applyPolicy(policy *followup.Policy, asked *followupv1.FollowUpPolicy, paths []string) error {
	var wrong []fault.Violation
	for _, limit := range followup.Limits() {
		n := int(asked.ProtoReflect().Get(limitField(asked, limit)).Int())
		named := slices.Contains(paths, limit.Field) || slices.Contains(paths, "*")
		if !named && (len(paths) > 0 || n == 0) {
			continue
		}
		if n != 0 && (n < limit.Low || n > limit.High) {
			wrong = append(wrong, fault.Violation{Field: "follow_up_policy." + limit.Field, Reason: followupv1.Reason_NUMBER_OUT_OF_RANGE.String(),
				Message: fmt.Sprintf("must be %d–%d, or 0 for the default", limit.Low, limit.High)})
			continue
		}
		*limit.At(policy) = n
	}
	if len(wrong) > 0 {
		return fault.Invalid(wrong...)
	}
	return nil
}

func limitField(p *followupv1.FollowUpPolicy, limit followup.Limit) protoreflect.FieldDescriptor {
	return p.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(limit.Field))
}

func policyResource(unitID string, p store.Policy) *followupv1.FollowUpPolicy {
	r := &followupv1.FollowUpPolicy{CareUnitId: unitID, Etag: page.Etag(p.Revision)}
	effective := p.Policy.Effective()
	for _, limit := range followup.Limits() {
		r.ProtoReflect().Set(limitField(r, limit), protoreflect.ValueOfInt32(int32(*limit.At(&effective))))
	}
	if p.Revision > 0 {
		r.UpdateTime = timestamppb.New(p.Updated)
	}
	return r
}
