package api

import (
	"time"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
	"github.com/coworkcare/coworkcare/services/followup/internal/store"
)

// resource is a follow-up as the contract shows it at an instant.
func resource(f followup.FollowUp, now time.Time) *followupv1.FollowUp {
	r := &followupv1.FollowUp{
		FollowUpId: f.ID, PatientId: f.PatientID, CareEpisodeId: f.EpisodeID, CareUnitId: f.Place.UnitID, Kind: store.Kind(f.Kind),
		SubjectId: f.SubjectID, Title: f.Title, OwnerRole: store.Role(f.Owner.Role), OwnerPractitionerId: f.Owner.PractitionerID,
		DueDate: f.DueDate.String(), DueTime: timestamppb.New(f.DueTime), State: store.State(f.State), Overdue: f.Overdue(now),
		DaysOverdue: int32(f.DaysOverdue(now)), Reminders: int32(f.Reminders), EscalationLevel: int32(f.EscalationLevel),
		EscalationRole: store.Role(f.EscalationRole), Policy: f.Policy, CreatedByPractitionerId: f.CreatedBy,
		Etag: page.Etag(f.Revision), CreateTime: timestamppb.New(f.Created), UpdateTime: timestamppb.New(f.Updated),
	}
	if f.Kind == followup.Manual {
		r.SubjectId = ""
	}
	if f.Snoozed(now) {
		r.SnoozedUntilDate, r.SnoozeReason = date.Of(f.SnoozedUntil).String(), f.SnoozeReason
	}
	if f.State != followup.Open {
		r.End = &followupv1.FollowUp_End{
			Time: timestamppb.New(f.End.Time), PractitionerId: f.End.By, Note: f.End.Note,
			Cause: followupv1.FollowUp_Cause(followupv1.FollowUp_Cause_value[string(f.End.Cause)]),
		}
	}
	return r
}

func resources(found []followup.FollowUp, now time.Time) []*followupv1.FollowUp {
	all := make([]*followupv1.FollowUp, len(found))
	for i, f := range found {
		all[i] = resource(f, now)
	}
	return all
}

func ownerChanges(handovers []followup.Handover) []*followupv1.FollowUp_OwnerChange {
	var all []*followupv1.FollowUp_OwnerChange
	for _, h := range handovers {
		all = append(all, &followupv1.FollowUp_OwnerChange{
			Time: timestamppb.New(h.Time), FromRole: store.Role(h.From.Role), FromPractitionerId: h.From.PractitionerID,
			ToRole: store.Role(h.To.Role), ToPractitionerId: h.To.PractitionerID, ChangedByPractitionerId: h.By, Reason: h.Reason,
		})
	}
	return all
}

// roleOf is a role of the contract in the domain; "" for none.
func roleOf(r accessv1.Role) followup.Role {
	if r == accessv1.Role_ROLE_UNSPECIFIED {
		return ""
	}
	return followup.Role(access.RoleOf(r))
}

func kindOf(k followupv1.FollowUp_Kind) followup.Kind {
	if k == followupv1.FollowUp_KIND_UNSPECIFIED {
		return ""
	}
	return followup.Kind(k.String())
}

func stateOf(s followupv1.FollowUp_State) followup.State {
	if s == followupv1.FollowUp_STATE_UNSPECIFIED {
		return ""
	}
	return followup.State(s.String())
}

// dayOf reads a day that the call chain has checked; no text is no day.
func dayOf(text string) date.Day {
	day, err := date.Parse(text)
	if err != nil {
		return 0
	}
	return day
}
