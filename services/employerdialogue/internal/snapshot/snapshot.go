// Package snapshot writes what the event log tells of the service's resources: ids, states, days and codes; no name and no text.
package snapshot

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"

	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
)

// Meeting tells of a meeting and what is missing before it.
func Meeting(m employerdialogue.Meeting, missing []employerdialogue.Missing) *employerdialoguev1.DialogueMeetingSnapshot {
	told := &employerdialoguev1.DialogueMeetingSnapshot{
		DialogueMeetingId: m.ID, CareEpisodeId: m.EpisodeID, EmployerId: m.EmployerID, ModeratorPractitionerId: m.ModeratorID,
		State:    employerdialoguev1.DialogueMeeting_State(employerdialoguev1.DialogueMeeting_State_value[string(m.State)]),
		Kind:     employerdialoguev1.DialogueMeeting_Kind(employerdialoguev1.DialogueMeeting_Kind_value[string(m.Kind)]),
		HeldDate: m.HeldDay().String(), RegisteredInError: m.Error != nil,
	}
	if !m.Slot.Time.IsZero() {
		told.ScheduledTime = timestamppb.New(m.Slot.Time)
	}
	if m.State == employerdialogue.Deferred {
		told.RecheckDate = m.Deferral.Recheck.String()
	}
	for _, one := range missing {
		told.Missing = append(told.Missing, employerdialoguev1.DialogueMeeting_Missing(employerdialoguev1.DialogueMeeting_Missing_value[string(one)]))
	}
	return told
}
