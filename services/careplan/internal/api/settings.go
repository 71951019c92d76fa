package api

import (
	"context"
	"strings"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// GetCarePlanSettings reads a unit's settings.
func (s *Server) GetCarePlanSettings(ctx context.Context, request *careplanv1.GetCarePlanSettingsRequest) (*careplanv1.CarePlanSettings, error) {
	settings, err := s.Store.Settings(s.read(ctx), request.GetCareUnitId())
	if err != nil {
		return nil, err
	}
	return settingsTo(settings), nil
}

// UpdateCarePlanSettings changes a unit's settings.
func (s *Server) UpdateCarePlanSettings(ctx context.Context, request *careplanv1.UpdateCarePlanSettingsRequest) (*careplanv1.CarePlanSettings, error) {
	asked := request.GetCarePlanSettings()
	named := asked.GetSchedule() != nil
	for _, path := range request.GetUpdateMask().GetPaths() {
		switch name, _, _ := strings.Cut(path, "."); name {
		case "schedule", "*":
			named = true
		case "care_unit_id", "etag", "create_time", "update_time":
		default:
			return nil, fault.Invalid(fault.Violation{
				Field: "update_mask", Reason: careplanv1.Reason_UPDATE_MASK_INVALID.String(), Message: "names a field that there is not, or that cannot be changed",
			})
		}
	}
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.CarePlanSettings, error) {
		settings, err := s.Store.Settings(tx, asked.GetCareUnitId())
		if err != nil {
			return nil, err
		}
		if err := tx.CheckEtag(asked.GetEtag(), settings.Revision); err != nil {
			return nil, err
		}
		if named {
			schedule, err := careplan.NewSchedule(*scheduleFrom(asked.GetSchedule()), careplan.Schedule{}, "care_plan_settings.schedule")
			if err != nil {
				return nil, refusal(err, "")
			}
			settings.Schedule = schedule
		}
		if err := s.Store.PutSettings(tx.Tx, settings, tx.Now); err != nil {
			return nil, refusal(err, "")
		}
		settings, err = s.Store.Settings(tx, asked.GetCareUnitId())
		if err != nil {
			return nil, err
		}
		return settingsTo(settings), nil
	})
}

func settingsTo(s store.Settings) *careplanv1.CarePlanSettings {
	return &careplanv1.CarePlanSettings{
		CareUnitId: s.UnitID, Schedule: scheduleTo(s.Schedule), Etag: page.Etag(s.Revision), CreateTime: timeTo(s.CreateTime), UpdateTime: timeTo(s.UpdateTime),
	}
}
