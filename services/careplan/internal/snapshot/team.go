package snapshot

import (
	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// Brief is a brief after an act.
func Brief(b careplan.Brief) *careplanv1.BriefSnapshot {
	return &careplanv1.BriefSnapshot{
		BriefId: b.ID, CareEpisodeId: b.EpisodeID, State: careplanv1.Brief_State(careplanv1.Brief_State_value[string(b.State)]),
		RequestedByPractitionerId: b.RequestedBy, WrittenByPractitionerId: b.WrittenBy, WriteTime: instant(b.WriteTime),
		AcknowledgeTime: instant(b.AcknowledgeTime),
	}
}

// Note is a note after an act: who must read it, never what it says or why it was opened.
func Note(n careplan.Note) *careplanv1.NoteSnapshot {
	return &careplanv1.NoteSnapshot{
		NoteId: n.ID, CareEpisodeId: n.EpisodeID, MandatoryReaders: Readers(n.Readers), WrittenByPractitionerId: n.Author,
		RegisteredInError: n.ErrorMark != nil,
	}
}

// Reading is somebody's "I have read" of the one-page brief.
func Reading(r careplan.Reading) *careplanv1.ReadingSnapshot {
	return &careplanv1.ReadingSnapshot{
		ReadingId: r.ID, CareEpisodeId: r.EpisodeID, PractitionerId: r.Practitioner, PictureVersion: int32(r.PictureVersion),
	}
}

// Readers are those who must read a note.
func Readers(readers []careplan.Reader) []*careplanv1.MandatoryReader {
	var told []*careplanv1.MandatoryReader
	for _, r := range readers {
		told = append(told, &careplanv1.MandatoryReader{
			PractitionerId: r.Practitioner, Role: accessv1.Role(accessv1.Role_value[r.Role]), AcknowledgedByPractitionerId: r.AcknowledgedBy,
			AcknowledgeTime: instant(r.Time),
		})
	}
	return told
}

// Recommendation is a recommendation after an act.
func Recommendation(r careplan.Recommendation) *careplanv1.RecommendationSnapshot {
	told := &careplanv1.RecommendationSnapshot{
		RecommendationId: r.ID, CareEpisodeId: r.EpisodeID, GivenByPractitionerId: r.GivenBy,
		Topic: careplanv1.Recommendation_Topic(careplanv1.Recommendation_Topic_value[string(r.Topic)]),
		State: careplanv1.Recommendation_State(careplanv1.Recommendation_State_value[string(r.State)]),
	}
	if r.Decision != nil {
		told.AnsweredByPractitionerId = r.Decision.Practitioner
	}
	return told
}
