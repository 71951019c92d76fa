package api

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// leaveChanged says that a patient's signed certificates add up to something else than was told last.
const leaveChanged = "sick_leave.changed"

// counts are the changes of a certificate after which it may count, or no longer count: the patient's sick leave is the root that
// they come one after the other under.
func counts(event string) bool {
	return event == signed || event == revoked || event == registeredInError
}

// tellLeave tells what the patient's signed certificates add up to, unless it is what was told last. Which certificate made the
// change does not matter, nor which unit signed it.
func (s *Server) tellLeave(tx *act.Tx, root store.Leave) error {
	certificates, err := s.store.SignedOf(tx, tx.Place.ProviderID, root.PatientID)
	if err != nil {
		return err
	}
	leaves, err := sickleave.Leaves(newest(certificates))
	if err != nil {
		return fmt.Errorf("add up the sick leave: %w", err)
	}
	told := &sickleavev1.SickLeaveSnapshot{}
	if err := proto.Unmarshal(root.Told, told); err != nil {
		return fmt.Errorf("read what was told of the sick leave: %w", err)
	}
	now := leaveSnapshot(leaves)
	if proto.Equal(told, now) {
		return nil
	}
	kept, err := proto.Marshal(now)
	if err != nil {
		return fmt.Errorf("write what is told of the sick leave: %w", err)
	}
	if err := s.store.LeaveTold(tx.Tx, root.PatientID, kept); err != nil {
		return err
	}
	return tx.Emit(act.Event{
		Type: leaveChanged, ResourceID: root.PatientID, Revision: root.Revision, PatientID: root.PatientID, Snapshot: now,
	})
}

func leaveSnapshot(leaves []sickleave.Leave) *sickleavev1.SickLeaveSnapshot {
	snapshot := &sickleavev1.SickLeaveSnapshot{}
	for _, l := range leaves {
		snapshot.Cases = append(snapshot.Cases, &sickleavev1.SickLeaveCaseSnapshot{
			StartDate: l.Start.String(), EndDate: l.End.String(), Periods: periodsTo(l.Periods),
		})
	}
	return snapshot
}
