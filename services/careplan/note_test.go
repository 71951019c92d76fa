package careplan_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/act"
)

func (f *fixture) note(restricted bool, readers ...*careplanv1.MandatoryReader) *careplanv1.Note {
	f.Helper()
	n, err := f.client.CreateNote(f.cm, &careplanv1.CreateNoteRequest{Note: &careplanv1.Note{
		PatientId: f.patient, CareEpisodeId: f.episode, Text: "canary-note", Restricted: restricted, MandatoryReaders: readers}})
	require.NoError(f, err)
	return n
}

func (f *fixture) readNote(ctx context.Context, id string) *careplanv1.Note {
	f.Helper()
	n, err := f.client.GetNote(ctx, &careplanv1.GetNoteRequest{PatientId: f.patient, NoteId: id})
	require.NoError(f, err)
	return n
}

func (f *fixture) unread() []*careplanv1.Note {
	f.Helper()
	page, err := f.client.ListNotes(f.cm, &careplanv1.ListNotesRequest{PatientId: f.patient, Unread: true})
	require.NoError(f, err)
	return page.GetNotes()
}

var anyGP = &careplanv1.MandatoryReader{Role: accessv1.Role_ROLE_GP}

// Given a summary that the GP must read, reading is confirmed by an explicit "I have read", never by the page being fetched; until
// then the care manager sees it unread.
func TestR30ReadingIsSaidNeverFetched(t *testing.T) {
	run(t, func(f *fixture) {
		gpID, nurseID := uuid.NewString(), uuid.NewString()
		gp, nurse := f.As("gp", f.place, gpID), f.As("nurse", f.place, nurseID)
		n := f.note(false, anyGP, &careplanv1.MandatoryReader{PractitionerId: nurseID})
		for range 3 {
			require.True(f, proto.Equal(n, f.readNote(gp, n.GetNoteId())))
			_, err := f.client.ListNotes(gp, &careplanv1.ListNotesRequest{PatientId: f.patient})
			require.NoError(f, err)
		}
		require.Len(f, f.unread(), 1)
		acknowledge := &careplanv1.AcknowledgeNoteRequest{PatientId: f.patient, NoteId: n.GetNoteId()}
		for _, other := range []context.Context{f.cm, f.As("therapist", f.place), f.As("nurse", f.place)} {
			_, err := f.client.AcknowledgeNote(other, acknowledge)
			refused(f, err, codes.PermissionDenied, "READER_REQUIRED")
		}
		read, err := f.client.AcknowledgeNote(gp, acknowledge)
		require.NoError(f, err)
		require.Equal(f, gpID, read.GetMandatoryReaders()[0].GetAcknowledgedByPractitionerId())
		require.Nil(f, read.GetMandatoryReaders()[1].GetAcknowledgeTime())
		_, err = f.client.AcknowledgeNote(f.As("gp", f.place), acknowledge)
		refused(f, err, codes.FailedPrecondition, "NOTE_ACKNOWLEDGED")
		require.Len(f, f.unread(), 1)
		_, err = f.client.AcknowledgeNote(nurse, &careplanv1.AcknowledgeNoteRequest{PatientId: f.patient, NoteId: n.GetNoteId(), Etag: n.GetEtag()})
		refused(f, err, codes.Aborted, "ETAG_MISMATCH")
		_, err = f.client.AcknowledgeNote(nurse, acknowledge)
		require.NoError(f, err)
		require.Empty(f, f.unread())
		require.Equal(f, []string{"note.written", "note.acknowledged", "note.acknowledged"}, f.told())
		told := &careplanv1.NoteSnapshot{}
		require.NoError(f, f.Events("careplan")[1].GetSnapshot().UnmarshalTo(told))
		require.Equal(f, gpID, told.GetMandatoryReaders()[0].GetAcknowledgedByPractitionerId())
	})
}

// A role held at another unit makes nobody a reader here.
func TestR30ARoleElsewhereReadsNothing(t *testing.T) {
	run(t, func(f *fixture) {
		n := f.note(true, anyGP)
		elsewhere := f.As("gp", f.NewPlace())
		_, err := f.client.GetNote(elsewhere, &careplanv1.GetNoteRequest{PatientId: f.patient, NoteId: n.GetNoteId()})
		refused(f, err, codes.NotFound, "PATIENT_NOT_FOUND")
	})
}

// Given a restricted note, when another team member reads the record, only its existence and owner show; break-glass with a
// reason, logged.
func TestR90ARestrictedNoteShowsItsExistenceAndOwner(t *testing.T) {
	run(t, func(f *fixture) {
		nurseID := uuid.NewString()
		gp, nurse, integration := f.As("gp", f.place), f.As("nurse", f.place, nurseID), f.As("integration", f.place)
		n := f.note(true, anyGP)
		require.True(f, proto.Equal(n, f.readNote(f.cm, n.GetNoteId())))
		require.Equal(f, "canary-note", f.readNote(gp, n.GetNoteId()).GetText())

		bare := &careplanv1.Note{NoteId: n.GetNoteId(), PatientId: f.patient, Restricted: true, Withheld: true, WrittenByPractitionerId: f.manager,
			Etag: n.GetEtag(), CreateTime: n.GetCreateTime()}
		for _, other := range []context.Context{nurse, integration} {
			require.True(f, proto.Equal(bare, f.readNote(other, n.GetNoteId())))
			page, err := f.client.ListNotes(other, &careplanv1.ListNotesRequest{PatientId: f.patient})
			require.NoError(f, err)
			require.Len(f, page.GetNotes(), 1)
			require.True(f, proto.Equal(bare, page.GetNotes()[0]))
			page, err = f.client.ListNotes(other, &careplanv1.ListNotesRequest{PatientId: f.patient, Unread: true})
			require.NoError(f, err)
			require.Empty(f, page.GetNotes(), "nor does it show whether it has been read")
		}
		_, err := f.client.RegisterNoteInError(nurse, &careplanv1.RegisterNoteInErrorRequest{PatientId: f.patient, NoteId: n.GetNoteId(), Reason: "canary-reason"})
		refused(f, err, codes.PermissionDenied, "NOTE_WITHHELD")
		_, err = f.client.AcknowledgeNote(nurse, &careplanv1.AcknowledgeNoteRequest{PatientId: f.patient, NoteId: n.GetNoteId()})
		refused(f, err, codes.PermissionDenied, "READER_REQUIRED")

		open := &careplanv1.OpenNoteRequest{PatientId: f.patient, NoteId: n.GetNoteId(), Reason: "short"}
		_, err = f.client.OpenNote(nurse, open)
		require.Equal(f, []string{"reason"}, refused(f, err, codes.InvalidArgument, "INVALID_FIELD"))
		open.Reason = "              "
		_, err = f.client.OpenNote(nurse, open)
		require.Equal(f, []string{"reason"}, refused(f, err, codes.InvalidArgument, "FIELD_REQUIRED"))
		open.Reason = "canary-acute: the patient has collapsed"
		_, err = f.client.OpenNote(gp, open)
		refused(f, err, codes.FailedPrecondition, "NOTE_NOT_WITHHELD")
		_, err = f.client.OpenNote(integration, open)
		refused(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		opened, err := f.client.OpenNote(nurse, open)
		require.NoError(f, err)
		require.Equal(f, "canary-note", opened.GetText())
		require.False(f, opened.GetWithheld())

		// Opened once is opened once; the author sees who and why.
		require.True(f, f.readNote(nurse, n.GetNoteId()).GetWithheld())
		openings := f.readNote(f.cm, n.GetNoteId()).GetOpenings()
		require.Len(f, openings, 1)
		require.Equal(f, nurseID, openings[0].GetPractitionerId())
		require.Equal(f, open.GetReason(), openings[0].GetReason())
		require.Equal(f, []string{"note.written", "note.opened"}, f.told())
	})
}

func TestBadAndMistakenNotes(t *testing.T) {
	run(t, func(f *fixture) {
		create := func(n *careplanv1.Note) error {
			n.PatientId = f.patient
			_, err := f.client.CreateNote(f.cm, &careplanv1.CreateNoteRequest{Note: n})
			return err
		}
		require.Equal(f, []string{"note.text"}, refused(f, create(&careplanv1.Note{}), codes.InvalidArgument, "FIELD_REQUIRED"))
		require.Equal(f, []string{"note.mandatory_readers[0]", "note.mandatory_readers[2]"}, refused(f, create(&careplanv1.Note{Text: "canary", MandatoryReaders: []*careplanv1.MandatoryReader{
			{}, anyGP, {PractitionerId: f.manager}}}), codes.InvalidArgument, "READER_INVALID"))
		require.Equal(f, []string{"note.mandatory_readers[0].role"}, refused(f, create(&careplanv1.Note{Text: "canary", MandatoryReaders: []*careplanv1.MandatoryReader{
			{Role: accessv1.Role_ROLE_OPERATOR}}}), codes.InvalidArgument, "INVALID_FIELD"))
		refused(f, create(&careplanv1.Note{Text: "canary", CareEpisodeId: act.NewID()}), codes.NotFound, "CARE_EPISODE_NOT_FOUND")

		n := f.note(false, anyGP)
		mistaken, err := f.client.RegisterNoteInError(f.As("nurse", f.place), &careplanv1.RegisterNoteInErrorRequest{PatientId: f.patient, NoteId: n.GetNoteId(), Reason: "canary-reason", Etag: n.GetEtag()})
		require.NoError(f, err)
		require.Equal(f, "canary-reason", mistaken.GetErrorMark().GetReason())
		require.Empty(f, f.unread(), "nobody must read what should not be there")
		_, err = f.client.AcknowledgeNote(f.As("gp", f.place), &careplanv1.AcknowledgeNoteRequest{PatientId: f.patient, NoteId: n.GetNoteId()})
		refused(f, err, codes.FailedPrecondition, "NOTE_IN_ERROR")
		_, err = f.client.GetNote(f.cm, &careplanv1.GetNoteRequest{PatientId: f.patient, NoteId: act.NewID()})
		refused(f, err, codes.NotFound, "NOTE_NOT_FOUND")
	})
}
