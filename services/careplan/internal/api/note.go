package api

import (
	"context"
	"errors"
	"strconv"

	"google.golang.org/protobuf/proto"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// CreateNote writes a note.
func (s *Server) CreateNote(ctx context.Context, request *careplanv1.CreateNoteRequest) (*careplanv1.Note, error) {
	asked := request.GetNote()
	learnt, err := s.learnEpisode(ctx, asked.GetPatientId(), asked.GetCareEpisodeId())
	if err != nil {
		return nil, err
	}
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Note, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		n := careplan.Note{
			ID: tx.NewID(), PatientID: asked.GetPatientId(), EpisodeID: asked.GetCareEpisodeId(), Text: asked.GetText(),
			Restricted: asked.GetRestricted(), Author: tx.Caller.PractitionerID,
		}
		for _, r := range asked.GetMandatoryReaders() {
			n.Readers = append(n.Readers, readerFrom(r))
		}
		n, err := careplan.NewNote(n, tx.Now)
		if err != nil {
			return nil, refusal(err, "note.")
		}
		if n.EpisodeID != "" {
			if _, err := s.episode(tx, n.PatientID, n.EpisodeID, learnt); err != nil {
				return nil, err
			}
		}
		if err := s.Store.InsertNote(tx.Tx, tx.Place, n); err != nil {
			return nil, err
		}
		return toldNote(tx, "note.written", n)
	})
}

// AcknowledgeNote keeps that the caller has read a note.
func (s *Server) AcknowledgeNote(ctx context.Context, request *careplanv1.AcknowledgeNoteRequest) (*careplanv1.Note, error) {
	return s.changeNote(ctx, request, request, "note.acknowledged", func(tx *act.Tx, n careplan.Note) (careplan.Note, error) {
		return n.Acknowledge(callerAt(tx.Caller, tx.Place), tx.Now)
	})
}

// OpenNote shows a restricted note to somebody for whom it is not.
func (s *Server) OpenNote(ctx context.Context, request *careplanv1.OpenNoteRequest) (*careplanv1.Note, error) {
	return s.changeNote(ctx, request, request, "note.opened", func(tx *act.Tx, n careplan.Note) (careplan.Note, error) {
		return n.Open(callerAt(tx.Caller, tx.Place), request.GetReason(), tx.Now)
	})
}

// RegisterNoteInError marks a note as one that should never have been there.
func (s *Server) RegisterNoteInError(ctx context.Context, request *careplanv1.RegisterNoteInErrorRequest) (*careplanv1.Note, error) {
	return s.changeNote(ctx, request, request, "note.registered_in_error", func(tx *act.Tx, n careplan.Note) (careplan.Note, error) {
		return n.RegisterInError(callerAt(tx.Caller, tx.Place), mistake(tx, request.GetReason()), tx.Now)
	})
}

// namedNote is a request that names a note.
type namedNote interface {
	GetPatientId() string
	GetNoteId() string
	GetEtag() string
}

// changeNote carries out one transition of a note. Whoever may do it is shown the note as it is then.
func (s *Server) changeNote(ctx context.Context, request proto.Message, which namedNote, event string,
	transition func(*act.Tx, careplan.Note) (careplan.Note, error),
) (*careplanv1.Note, error) {
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Note, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		n, err := s.Store.ClaimNote(tx.Tx, which.GetPatientId(), which.GetNoteId())
		if err != nil {
			return nil, noteRefusal(err)
		}
		if err := tx.CheckEtag(which.GetEtag(), n.Revision); err != nil {
			return nil, err
		}
		if n, err = transition(tx, n); err != nil {
			return nil, refusal(err, "")
		}
		if err := s.Store.UpdateNote(tx.Tx, n); err != nil {
			return nil, refusal(err, "")
		}
		return toldNote(tx, event, n)
	})
}

// GetNote reads a note as far as it is for the caller.
func (s *Server) GetNote(ctx context.Context, request *careplanv1.GetNoteRequest) (*careplanv1.Note, error) {
	n, err := s.Store.Note(s.read(ctx), request.GetPatientId(), request.GetNoteId())
	if err != nil {
		return nil, noteRefusal(err)
	}
	return noteFor(n, reader(ctx)), nil
}

// ListNotes lists the notes about a patient, each as far as it is for the caller.
func (s *Server) ListNotes(ctx context.Context, request *careplanv1.ListNotesRequest) (*careplanv1.ListNotesResponse, error) {
	by := store.NoteFilter{EpisodeID: request.GetCareEpisodeId(), Unread: request.GetUnread()}
	l, err := s.list(request.GetPageSize(), request.GetPageToken(), "ListNotes", request.GetPatientId(), by.EpisodeID, strconv.FormatBool(by.Unread))
	if err != nil {
		return nil, err
	}
	notes, err := s.Store.Notes(s.read(ctx), request.GetPatientId(), by, l.after, l.size+1)
	if err != nil {
		return nil, err
	}
	notes, next := cut(s, l, notes, store.NoteCursor)
	response := &careplanv1.ListNotesResponse{NextPageToken: next}
	caller := reader(ctx)
	for _, n := range notes {
		if by.Unread && !n.For(caller) {
			continue // who has read it is not for the caller to know
		}
		response.Notes = append(response.Notes, noteFor(n, caller))
	}
	return response, nil
}

func toldNote(tx *act.Tx, event string, n careplan.Note) (*careplanv1.Note, error) {
	err := tx.Emit(act.Event{Type: event, ResourceID: n.ID, Revision: n.Revision, PatientID: n.PatientID, Snapshot: snapshot.Note(n)})
	return noteTo(n), err
}

// noteFor is what somebody sees of a note: of a restricted one that is for others, that it exists and whose it is.
func noteFor(n careplan.Note, p careplan.Person) *careplanv1.Note {
	if n.For(p) {
		return noteTo(n)
	}
	return &careplanv1.Note{
		NoteId: n.ID, PatientId: n.PatientID, Restricted: true, Withheld: true, WrittenByPractitionerId: n.Author,
		Etag: page.Etag(n.Revision), CreateTime: timeTo(n.CreateTime),
	}
}

// openingsShown is how many openings a note shows, the latest.
const openingsShown = 100

func noteTo(n careplan.Note) *careplanv1.Note {
	told := &careplanv1.Note{
		NoteId: n.ID, PatientId: n.PatientID, CareEpisodeId: n.EpisodeID, Text: n.Text, Restricted: n.Restricted,
		MandatoryReaders: snapshot.Readers(n.Readers), WrittenByPractitionerId: n.Author, ErrorMark: markTo(n.ErrorMark),
		Etag: page.Etag(n.Revision), CreateTime: timeTo(n.CreateTime), UpdateTime: timeTo(n.UpdateTime),
	}
	for _, o := range n.Openings[max(0, len(n.Openings)-openingsShown):] {
		told.Openings = append(told.Openings, &careplanv1.NoteOpening{Reason: o.Reason, PractitionerId: o.Practitioner, OpenTime: timeTo(o.Time)})
	}
	return told
}

func readerFrom(r *careplanv1.MandatoryReader) careplan.Reader {
	reader := careplan.Reader{Practitioner: r.GetPractitionerId()}
	if r.GetRole() != accessv1.Role_ROLE_UNSPECIFIED {
		reader.Role = r.GetRole().String()
	}
	return reader
}

func noteRefusal(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return absent(careplanv1.Reason_NOTE_NOT_FOUND, "note")
	}
	return refusal(err, "")
}
