// Package worker does what caseload does unasked: it enters what the other services tell in the patients' files and timelines,
// derives the pictures anew, and tells those who watch.
package worker

import (
	"errors"
	"fmt"
	"strings"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/caseload/internal/caseload"
	"github.com/coworkcare/coworkcare/services/caseload/internal/store"
)

// RowChanged is the type of what is told to watchers.
const RowChanged = "caseload_row.changed"

// tracks are the parts of care that the services stand for.
var tracks = map[string]caseloadv1.TimelineEntry_Track{
	"patient":          caseloadv1.TimelineEntry_PATIENT,
	"careplan":         caseloadv1.TimelineEntry_CARE,
	"sickleave":        caseloadv1.TimelineEntry_SICK_LEAVE,
	"employerdialogue": caseloadv1.TimelineEntry_EMPLOYER,
	"followup":         caseloadv1.TimelineEntry_FOLLOW_UP,
}

// Sources are the services whose logs are consumed.
func Sources() []string {
	return []string{"patient", "careplan", "sickleave", "employerdialogue", "followup"}
}

// Worker handles events. It is safe for concurrent use.
type Worker struct {
	store *store.Store
	heard func()
}

// New returns a worker on a store. heard is told, after commit, that something was heard; it must not block.
func New(s *store.Store, heard func()) *Worker { return &Worker{store: s, heard: heard} }

// OnEvent handles an event of any source. What concerns no patient is passed over.
func (w *Worker) OnEvent(tx *act.Tx, e *eventv1.Event) error {
	tx.AfterCommit(w.heard)
	if e.GetPatientId() == "" {
		return nil
	}
	snapshot, err := snapshotOf(e)
	if err != nil {
		return err
	}
	build, err := w.store.Turn(tx.Tx, store.Build{Epoch: tx.NewID(), Begin: tx.Now})
	if err != nil {
		return err
	}
	if err := w.note(tx, e, snapshot); err != nil {
		return err
	}
	kind, _, _ := strings.Cut(e.GetType(), ".")
	file, err := w.store.Hear(tx.Tx, store.Heard{
		EventID: e.GetEventId(), PatientID: e.GetPatientId(), Kind: kind, ResourceID: e.GetResourceId(), Revision: int64(e.GetRevision()),
		Place: placeOf(e), Time: sqldb.FromMicros(e.GetEventTime().AsTime().UnixMicro()),
	})
	if err != nil || file == nil {
		return err
	}
	fact, err := factOf(e, snapshot)
	if err != nil {
		return fmt.Errorf("reading the snapshot of %s: %w", e.GetType(), err)
	}
	if fact != nil && fact.Kind() != kind {
		fact = nil // not what events of this type tell
	}
	if err := w.store.Keep(tx.Tx, file, fact); err != nil {
		return err
	}
	picture := caseload.Derive(file.File)
	change, err := w.store.SavePicture(tx.Tx, picture)
	if err != nil || change == nil {
		return err
	}
	if !build.Built && e.GetEventTime().AsTime().Before(build.Begin) {
		return nil // heard again and no change: who watches is told to read anew when the building has caught up
	}
	return w.tell(tx, picture, change)
}

// snapshotOf unpacks an event's snapshot; nil for a type that this program does not know, which the timeline keeps all the same.
func snapshotOf(e *eventv1.Event) (proto.Message, error) {
	snapshot, err := e.GetSnapshot().UnmarshalNew()
	if errors.Is(err, protoregistry.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the snapshot of %s: %w", e.GetType(), err)
	}
	return snapshot, nil
}

func placeOf(e *eventv1.Event) caseload.Place {
	return caseload.Place{ProviderID: e.GetCareProviderId(), UnitID: e.GetCareUnitId()}
}

// note enters an event in the patient's timeline.
func (w *Worker) note(tx *act.Tx, e *eventv1.Event, snapshot proto.Message) error {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(e.GetSnapshot())
	if err != nil {
		return fmt.Errorf("encoding the snapshot of %s: %w", e.GetType(), err)
	}
	return w.store.Note(tx.Tx, store.Entry{
		EventID: e.GetEventId(), PatientID: e.GetPatientId(), Time: sqldb.FromMicros(e.GetEventTime().AsTime().UnixMicro()),
		Track: tracks[e.GetSource()].String(), Type: e.GetType(), ResourceID: e.GetResourceId(),
		PractitionerID: e.GetActor().GetPractitionerId(), Service: e.GetActor().GetService(), EpisodeID: episodeOf(snapshot), Snapshot: body,
	})
}

// episodeOf is the episode that a snapshot names; empty when it names none.
func episodeOf(snapshot proto.Message) string {
	if snapshot == nil {
		return ""
	}
	field := snapshot.ProtoReflect().Descriptor().Fields().ByName("care_episode_id")
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() {
		return ""
	}
	return snapshot.ProtoReflect().Get(field).String()
}

// tell tells the units concerned of a change: where the patient is, and where the patient was.
func (w *Worker) tell(tx *act.Tx, p caseload.Picture, change *store.Change) error {
	for i, unit := range change.UnitIDs {
		err := tx.Emit(act.Event{
			Type: RowChanged, ResourceID: p.PatientID, Revision: change.Revision + int64(i), PatientID: p.PatientID,
			Place: access.Place{ProviderID: p.Place.ProviderID, UnitID: unit}, Snapshot: &caseloadv1.CaseloadRowSnapshot{PictureVersion: int32(p.Version)},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
