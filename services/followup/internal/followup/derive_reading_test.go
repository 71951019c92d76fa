package followup

import "testing"

func (h *record) brief(at string, state BriefState, askedBy string) {
	h.file.SeeBrief(Brief{Told: h.told("b", at), EpisodeID: "e", State: state, RequestedBy: askedBy})
}

func TestR69Briefs(t *testing.T) {
	check(t, []rule{
		{"R69: the care manager writes what was asked for", func(h *record) {
			h.team()
			h.brief("2026-03-03 10:00", BriefRequested, "coordinator")
		}, "2026-03-03", []string{"WRITE_BRIEF care_manager manager due 2026-03-05"}},
		{"R69: who asked reads it", func(h *record) {
			h.episode("2026-03-02 09:00", EpisodeOpen, "cm:manager", "rc:coordinator", "rc:another")
			h.consent("2026-03-02 09:00", true)
			h.brief("2026-03-03 10:00", BriefRequested, "coordinator")
			h.brief("2026-03-04 10:00", BriefIsWritten, "coordinator")
		}, "2026-03-04", []string{"READ_BRIEF rehabilitation_coordinator coordinator due 2026-03-06", "WRITE_BRIEF COMPLETED BRIEF_WRITTEN"}},
		{"R69: or the team's coordinator, once the one who asked has left", func(h *record) {
			h.team()
			h.brief("2026-03-03 10:00", BriefRequested, "gone")
			h.brief("2026-03-04 10:00", BriefIsWritten, "gone")
		}, "2026-03-04", []string{"READ_BRIEF rehabilitation_coordinator coordinator due 2026-03-06", "WRITE_BRIEF COMPLETED BRIEF_WRITTEN"}},
		{"R92: once coordination is declined nobody writes it either", func(h *record) {
			h.team()
			h.brief("2026-03-03 10:00", BriefRequested, "coordinator")
			h.consent("2026-03-04 10:00", false)
		}, "2026-03-04", []string{"WRITE_BRIEF CANCELLED CONSENT_MISSING"}},
		{"R69: one that nobody asked for is read all the same", func(h *record) {
			h.team()
			h.brief("2026-03-04 10:00", BriefIsWritten, "")
		}, "2026-03-04", []string{"READ_BRIEF rehabilitation_coordinator coordinator due 2026-03-06"}},
		{"R04: who is care manager and coordinator in one has no brief to herself", func(h *record) {
			h.episode("2026-03-02 09:00", EpisodeOpen, "cm:both", "rc:both")
			h.consent("2026-03-02 09:00", true)
			h.file.SeeBrief(Brief{Told: h.told("b", "2026-03-04 10:00"), EpisodeID: "e", State: BriefIsWritten, WrittenBy: "both"})
		}, "2026-03-04", []string{"READ_BRIEF CANCELLED COPY_NOT_NEEDED"}},
		{"R69: \"I have read\" ends it", func(h *record) {
			h.team()
			h.brief("2026-03-04 10:00", BriefIsWritten, "")
			h.brief("2026-03-05 10:00", BriefAcknowledged, "")
		}, "2026-03-05", []string{"READ_BRIEF COMPLETED READ"}},
	}, WriteBrief, ReadBrief)
}

func TestR29Notes(t *testing.T) {
	note := func(h *record, at string, void bool, readers ...NoteReader) {
		h.file.SeeNote(Note{Told: h.told("n", at), EpisodeID: "e", Void: void, Readers: readers})
	}
	doctor, manager := NoteReader{PractitionerID: "doctor"}, NoteReader{Role: CareManager}
	check(t, []rule{
		{"R29: each one who must read it, in the role in the team", func(h *record) {
			h.episode("2026-01-12 09:00", EpisodeOpen, "gp:doctor:2026-01-12", "cm:manager:2026-01-12")
			note(h, "2026-03-03 10:00", false, doctor, manager)
		}, "2026-03-03", []string{"READ_NOTE care_manager manager due 2026-03-05", "READ_NOTE gp doctor due 2026-03-05"}},
		{"R29: a GP new to the patient has one working day", func(h *record) {
			h.episode("2026-01-12 09:00", EpisodeOpen, "gp:doctor:2026-02-09", "cm:manager:2026-02-09")
			note(h, "2026-03-03 10:00", false, doctor, manager)
		}, "2026-03-03", []string{"READ_NOTE care_manager manager due 2026-03-05", "READ_NOTE gp doctor due 2026-03-04"}},
		{"R29: who is not in the team has the role at the unit", func(h *record) {
			h.team()
			h.file.Staff = map[string]Role{"nurse": Nurse}
			note(h, "2026-03-03 10:00", false, NoteReader{PractitionerID: "nurse"})
		}, "2026-03-03", []string{"READ_NOTE nurse nurse due 2026-03-05"}},
		{"R29: of whom nothing is known reads for the care manager, who sees to it", func(h *record) {
			h.team()
			note(h, "2026-03-03 10:00", false, NoteReader{PractitionerID: "unknown"})
		}, "2026-03-03", []string{"READ_NOTE care_manager unknown due 2026-03-05"}},
		{"R29: \"I have read\" ends it for the one who said so", func(h *record) {
			h.episode("2026-01-12 09:00", EpisodeOpen, "gp:doctor:2026-01-12", "cm:manager:2026-01-12")
			note(h, "2026-03-03 10:00", false, doctor, manager)
			read := doctor
			read.Read, read.ReadBy = clock("2026-03-04 10:00"), "doctor"
			note(h, "2026-03-04 10:00", false, read, manager)
		}, "2026-03-04", []string{"READ_NOTE care_manager manager due 2026-03-05", "READ_NOTE COMPLETED READ"}},
		{"R29: nobody reads what was written in error", func(h *record) {
			h.team()
			note(h, "2026-03-03 10:00", false, doctor)
			note(h, "2026-03-04 10:00", true, doctor)
		}, "2026-03-04", []string{"READ_NOTE CANCELLED REGISTERED_IN_ERROR"}},
	}, ReadNote)
}

func TestR30ReadThePicture(t *testing.T) {
	check(t, []rule{
		{"R30: a GP who joins later reads the one-page brief", func(h *record) {
			h.team()
			h.episode("2026-03-09 09:00", EpisodeOpen, "gp:locum:2026-03-09", "cm:manager")
		}, "2026-03-09", []string{"READ_PICTURE gp locum due 2026-03-10"}},
		{"R30: not the one with whom it began", func(h *record) { h.team() }, "2026-03-09", nil},
		{"R30: nor who has read it since", func(h *record) {
			h.team()
			h.episode("2026-03-09 09:00", EpisodeOpen, "gp:locum:2026-03-09", "cm:manager")
			h.file.SeeReading(Reading{Told: h.told("r", "2026-03-09 10:00"), PractitionerID: "locum"})
		}, "2026-03-09", []string{"READ_PICTURE COMPLETED READ"}},
		{"R30: the end of the episode ends it", func(h *record) {
			h.team()
			h.episode("2026-03-09 09:00", EpisodeOpen, "gp:locum:2026-03-09")
			h.episode("2026-03-10 09:00", "CLOSED", "gp:locum:2026-03-09:2026-03-10")
		}, "2026-03-10", []string{"READ_PICTURE CANCELLED EPISODE_ENDED"}},
		{"R30: what was read before joining does not count, nor what another has read", func(h *record) {
			h.team()
			h.file.SeeReading(Reading{Told: h.told("r", "2026-03-06 10:00"), PractitionerID: "locum"})
			h.file.SeeReading(Reading{Told: h.told("q", "2026-03-09 10:00"), PractitionerID: "doctor"})
			h.episode("2026-03-09 09:00", EpisodeOpen, "gp:locum:2026-03-09", "cm:manager")
		}, "2026-03-09", []string{"READ_PICTURE gp locum due 2026-03-10"}},
	}, ReadPicture)
}

func TestR10Recommendations(t *testing.T) {
	given := func(h *record, at string, state RecommendationState) {
		h.file.SeeRecommendation(Recommendation{Told: h.told("r", at), EpisodeID: "e", State: state})
	}
	check(t, []rule{
		{"R10: the GP answers", func(h *record) {
			h.team()
			given(h, "2026-03-03 10:00", RecommendationOpen)
		}, "2026-03-03", []string{"ANSWER_RECOMMENDATION gp doctor due 2026-03-06"}},
		{"R10: any answer ends it", func(h *record) {
			h.team()
			given(h, "2026-03-03 10:00", RecommendationOpen)
			given(h, "2026-03-04 10:00", "SUPERSEDED")
		}, "2026-03-04", []string{"ANSWER_RECOMMENDATION COMPLETED ANSWERED"}},
		{"R10: reopened, it is answered anew", func(h *record) {
			h.team()
			given(h, "2026-03-03 10:00", RecommendationOpen)
			given(h, "2026-03-04 10:00", "SUPERSEDED")
			given(h, "2026-03-09 10:00", RecommendationOpen)
		}, "2026-03-09", []string{"ANSWER_RECOMMENDATION gp doctor due 2026-03-12"}},
		{"R10: registered in error, nobody need answer", func(h *record) {
			h.team()
			given(h, "2026-03-03 10:00", RecommendationOpen)
			given(h, "2026-03-04 10:00", RecommendationVoid)
		}, "2026-03-04", []string{"ANSWER_RECOMMENDATION CANCELLED REGISTERED_IN_ERROR"}},
	}, AnswerRecommendation)
}
