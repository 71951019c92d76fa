package api

import (
	"context"
	"errors"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// GetSafetyFlag reads a flag.
func (s *Server) GetSafetyFlag(ctx context.Context, request *careplanv1.GetSafetyFlagRequest) (*careplanv1.SafetyFlag, error) {
	f, err := s.Store.Flag(s.read(ctx), request.GetPatientId(), request.GetSafetyFlagId())
	if err != nil {
		return nil, flagRefusal(err)
	}
	return flagTo(f), nil
}

// ListSafetyFlags lists a patient's flags.
func (s *Server) ListSafetyFlags(ctx context.Context, request *careplanv1.ListSafetyFlagsRequest) (*careplanv1.ListSafetyFlagsResponse, error) {
	var state careplan.FlagState
	if request.GetState() != careplanv1.SafetyFlag_STATE_UNSPECIFIED {
		state = careplan.FlagState(request.GetState().String())
	}
	l, err := s.list(request.GetPageSize(), request.GetPageToken(), "ListSafetyFlags", request.GetPatientId(), string(state))
	if err != nil {
		return nil, err
	}
	flags, err := s.Store.Flags(s.read(ctx), request.GetPatientId(), state, l.after, l.size+1)
	if err != nil {
		return nil, err
	}
	flags, next := cut(s, l, flags, store.FlagCursor)
	response := &careplanv1.ListSafetyFlagsResponse{NextPageToken: next}
	for _, f := range flags {
		response.SafetyFlags = append(response.SafetyFlags, flagTo(f))
	}
	return response, nil
}

// AssessSafetyFlag documents the risk assessment of a flag.
func (s *Server) AssessSafetyFlag(ctx context.Context, request *careplanv1.AssessSafetyFlagRequest) (*careplanv1.SafetyFlag, error) {
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.SafetyFlag, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		f, err := s.Store.ClaimFlag(tx.Tx, request.GetPatientId(), request.GetSafetyFlagId())
		if err != nil {
			return nil, flagRefusal(err)
		}
		if err := tx.CheckEtag(request.GetEtag(), f.Revision); err != nil {
			return nil, err
		}
		f, err = f.Assess(careplan.Risk{
			Conclusion: request.GetConclusion().String(), Text: request.GetText(), AssessedBy: tx.Caller.PractitionerID,
		}, tx.Now)
		if err != nil {
			return nil, refusal(err, "")
		}
		if err := s.Store.UpdateFlag(tx.Tx, f); err != nil {
			return nil, refusal(err, "")
		}
		if err := tellFlag(tx, "safety_flag.assessed", f); err != nil {
			return nil, err
		}
		return flagTo(f), nil
	})
}

func tellFlag(tx *act.Tx, event string, f careplan.Flag) error {
	return tx.Emit(act.Event{Type: event, ResourceID: f.ID, Revision: f.Revision, PatientID: f.PatientID, Snapshot: snapshot.SafetyFlag(f)})
}

func flagTo(f careplan.Flag) *careplanv1.SafetyFlag {
	told := &careplanv1.SafetyFlag{
		SafetyFlagId: f.ID, PatientId: f.PatientID, CareEpisodeId: f.EpisodeID, ContactId: f.ContactID, AssessmentId: f.AssessmentID,
		Instrument: f.Instrument, Item: int32(f.Item), ItemAnswer: int32(f.Answer), AnswerDate: f.AnswerDay.String(),
		Level:     careplanv1.SafetyFlag_Level(careplanv1.SafetyFlag_Level_value[string(f.Level)]),
		State:     careplanv1.SafetyFlag_State(careplanv1.SafetyFlag_State_value[string(f.State)]),
		RaiseTime: timeTo(f.RaiseTime), RaisedByPractitionerId: f.RaisedBy, Etag: page.Etag(f.Revision), CreateTime: timeTo(f.CreateTime),
		UpdateTime: timeTo(f.UpdateTime),
	}
	if r := f.Risk; r != nil {
		told.RiskAssessment = &careplanv1.RiskAssessment{
			Conclusion: careplanv1.RiskAssessment_Conclusion(careplanv1.RiskAssessment_Conclusion_value[r.Conclusion]), Text: r.Text,
			AssessedByPractitionerId: r.AssessedBy, AssessTime: timeTo(r.Time),
		}
	}
	return told
}

func flagRefusal(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return absent(careplanv1.Reason_SAFETY_FLAG_NOT_FOUND, "safety flag")
	}
	return refusal(err, "")
}
