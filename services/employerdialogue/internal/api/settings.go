package api

import (
	"context"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

// GetDialogueSettings reads a unit's settings.
func (s *Server) GetDialogueSettings(ctx context.Context, r *employerdialoguev1.GetDialogueSettingsRequest) (*employerdialoguev1.DialogueSettings, error) {
	settings, err := s.Store.Settings(s.read(ctx), r.GetCareUnitId())
	if err != nil {
		return nil, err
	}
	return settingsTo(settings), nil
}

// UpdateDialogueSettings changes a unit's settings.
func (s *Server) UpdateDialogueSettings(ctx context.Context, r *employerdialoguev1.UpdateDialogueSettingsRequest) (*employerdialoguev1.DialogueSettings, error) {
	asked := r.GetDialogueSettings()
	fields, err := paths(r.GetUpdateMask(), map[string]bool{
		"default_place": asked.GetDefaultPlace() != 0, "default_length_minutes": asked.GetDefaultLengthMinutes() != 0,
		"default_purpose": asked.GetDefaultPurpose() != 0, "brief_max_age_days": asked.GetBriefMaxAgeDays() != 0,
	}, "care_unit_id", "etag", "create_time", "update_time")
	if err != nil {
		return nil, err
	}
	return act.Do(ctx, s.Acts, r, func(tx *act.Tx) (*employerdialoguev1.DialogueSettings, error) {
		settings, err := s.Store.Settings(tx, asked.GetCareUnitId())
		if err != nil {
			return nil, err
		}
		if err := tx.CheckEtag(asked.GetEtag(), settings.Revision); err != nil {
			return nil, err
		}
		for _, field := range fields {
			switch field {
			case "default_place":
				settings.Place = employerdialogue.Place(nameOf(asked.GetDefaultPlace()))
			case "default_length_minutes":
				settings.Length = int(asked.GetDefaultLengthMinutes())
			case "default_purpose":
				settings.Purpose = employerdialogue.Purpose(nameOf(asked.GetDefaultPurpose()))
			case "brief_max_age_days":
				settings.BriefDays = int(asked.GetBriefMaxAgeDays())
			}
		}
		if err := s.Store.PutSettings(tx.Tx, settings, tx.Now); err != nil {
			return nil, refusal(err)
		}
		if settings, err = s.Store.Settings(tx, asked.GetCareUnitId()); err != nil {
			return nil, err
		}
		return settingsTo(settings), nil
	})
}

func settingsTo(s store.Settings) *employerdialoguev1.DialogueSettings {
	whole := s.Whole()
	return &employerdialoguev1.DialogueSettings{
		CareUnitId: s.UnitID, DefaultPlace: placeTo(whole.Place), DefaultLengthMinutes: int32(whole.Length), DefaultPurpose: purposeTo(whole.Purpose),
		BriefMaxAgeDays: int32(whole.BriefDays), Etag: page.Etag(s.Revision), CreateTime: instant(s.CreateTime), UpdateTime: instant(s.UpdateTime),
	}
}
