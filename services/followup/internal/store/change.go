package store

import (
	"fmt"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// TimerKind is the kind of the timers of follow-ups; their key is the follow-up's id.
const TimerKind = "follow_up"

// Write carries out changes in their order: each one's row, its history, its event, and the timer that follows from it.
func (s *Store) Write(tx *act.Tx, changes ...followup.Change) error {
	for _, change := range changes {
		if err := s.write(tx, change); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) write(tx *act.Tx, change followup.Change) error {
	f := change.FollowUp
	var err error
	if change.Narrows() {
		if err := keepAudience(tx.Tx, f); err != nil {
			return err
		}
	}
	if change.From == 0 {
		err = s.insert(tx.Tx, f)
	} else {
		err = s.update(tx.Tx, change.From, f)
	}
	if err != nil {
		return err
	}
	if change.Handover != nil {
		if err := s.insertHandover(tx.Tx, f, change.Handover); err != nil {
			return err
		}
	}
	if err := Arm(tx, f); err != nil || change.Event == "" {
		return err
	}
	return tx.Emit(act.Event{
		Type: change.Event, ResourceID: f.ID, Revision: f.Revision, PatientID: f.PatientID,
		Place: access.Place{ProviderID: f.Place.ProviderID, UnitID: f.Place.UnitID}, Snapshot: snapshot(f),
	})
}

// Arm sets the timer that a follow-up's state asks for, or removes it.
func Arm(tx *act.Tx, f followup.FollowUp) error {
	due, ok := f.Timer()
	if !ok {
		return tx.DropTimer(TimerKind, f.ID)
	}
	return tx.SetTimer(timer.Timer{Kind: TimerKind, Key: f.ID, Due: due, Stamp: f.Stamp})
}

func snapshot(f followup.FollowUp) *followupv1.FollowUpSnapshot {
	return &followupv1.FollowUpSnapshot{
		FollowUpId: f.ID, CareEpisodeId: f.EpisodeID, Kind: Kind(f.Kind), State: State(f.State),
		OwnerRole: Role(f.Owner.Role), OwnerPractitionerId: f.Owner.PractitionerID, DueDate: f.DueDate.String(),
		DueTime: timestamppb.New(f.DueTime), Reminders: int32(f.Reminders), EscalationLevel: int32(f.EscalationLevel), SubjectId: f.SubjectID,
	}
}

// Kind is a kind's value in the contract, which spells it alike.
func Kind(k followup.Kind) followupv1.FollowUp_Kind {
	return followupv1.FollowUp_Kind(followupv1.FollowUp_Kind_value[string(k)])
}

// State is a state's value in the contract, which spells it alike.
func State(s followup.State) followupv1.FollowUp_State {
	return followupv1.FollowUp_State(followupv1.FollowUp_State_value[string(s)])
}

// Role is a role's value in the contract.
func Role(r followup.Role) accessv1.Role { return access.ProtoRole(identity.Role(r)) }

const insertChange = `INSERT INTO owner_change (follow_up_id, revision, change_time, from_role, from_practitioner_id, to_role,
  to_practitioner_id, changed_by, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

func (s *Store) insertHandover(tx *sqldb.Tx, f followup.FollowUp, h *followup.Handover) error {
	reason, err := s.seal(h.Reason, "owner_change.reason", fmt.Sprintf("%s/%d", f.ID, f.Revision))
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertChange, f.ID, f.Revision, sqldb.Micros(h.Time), string(h.From.Role), h.From.PractitionerID,
		string(h.To.Role), h.To.PractitionerID, h.By, reason)
	if err != nil {
		return fmt.Errorf("write a change of owner: %w", err)
	}
	return nil
}

const selectChanges = `SELECT revision, change_time, from_role, from_practitioner_id, to_role, to_practitioner_id, changed_by, reason
FROM owner_change WHERE follow_up_id = $1 ORDER BY revision`

// Handovers reads the changes of owner of a follow-up, oldest first.
func (s *Store) Handovers(q sqldb.Querier, id string) ([]followup.Handover, error) {
	rows, err := q.Query(selectChanges, id)
	if err != nil {
		return nil, fmt.Errorf("read changes of owner: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []followup.Handover
	for rows.Next() {
		var h followup.Handover
		var revision, at int64
		var reason []byte
		err := rows.Scan(&revision, &at, &h.From.Role, &h.From.PractitionerID, &h.To.Role, &h.To.PractitionerID, &h.By, &reason)
		if err != nil {
			return nil, fmt.Errorf("read changes of owner: %w", err)
		}
		h.Time = sqldb.FromMicros(at)
		if h.Reason, err = s.unseal(reason, "owner_change.reason", fmt.Sprintf("%s/%d", id, revision)); err != nil {
			return nil, err
		}
		found = append(found, h)
	}
	return found, rows.Err()
}
