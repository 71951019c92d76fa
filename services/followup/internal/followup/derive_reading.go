package followup

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// newInTeam is for how many days a GP counts as new to the patient (R29).
const newInTeam = 30

// brief asks the care manager for the brief that the coordinator has asked for, and the coordinator to read it (R69). Without the
// patient's consent to coordination there is nobody to write it for (R92).
func (d *derivation) brief(b *Brief) {
	episode := d.Episodes[b.EpisodeID]
	var written *End
	if !b.Written.IsZero() {
		written = completed(BriefWritten, b.Written, b.WrittenBy)
	}
	if !b.Requested.IsZero() {
		d.coordinated(Want{
			Kind: WriteBrief, SubjectID: b.ID, EpisodeID: b.EpisodeID, Policy: "brief_written", Owner: episode.owned(CareManager),
			Due: after(b.Requested, d.policy.Brief), Basis: date.Of(b.Requested).String(), Since: b.Requested,
		}, written)
	}
	if written == nil {
		return
	}
	owner := episode.owned(RehabilitationCoordinator)
	if b.RequestedBy != "" && (owner.PractitionerID == "" || episode.holds(b.RequestedBy, RehabilitationCoordinator)) {
		owner.PractitionerID = b.RequestedBy
	}
	var read *End
	if !b.Read.IsZero() {
		read = completed(HasRead, b.Read, b.ReadBy)
	}
	w := Want{
		Kind: ReadBrief, SubjectID: b.ID, EpisodeID: b.EpisodeID, Policy: "brief_read", Owner: owner,
		Due: after(b.Written, d.policy.Brief), Basis: date.Of(b.Written).String(), Since: b.Written,
	}
	if owner.PractitionerID != "" && owner.PractitionerID == b.WrittenBy {
		w.Unless = cancelled(CopyNotNeeded, time.Time{}, "") // who is care manager and coordinator in one has no brief to herself (R04)
	}
	d.coordinated(w, read)
}

// holds tells whether somebody is in the team in a role.
func (e *Episode) holds(practitionerID string, role Role) bool {
	return e.membership(practitionerID, role) != nil
}

// membership is somebody's present place in the team in a role; nil when there is none.
func (e *Episode) membership(practitionerID string, role Role) *Member {
	if e == nil {
		return nil
	}
	at := slices.IndexFunc(e.Team, func(m Member) bool {
		return m.PractitionerID == practitionerID && m.Role == role && m.End.IsZero()
	})
	if at < 0 {
		return nil
	}
	return &e.Team[at]
}

// note asks each one who must read a note to say "I have read" (R29). The care manager sees what nobody has read in time.
func (d *derivation) note(n *Note) {
	episode := d.Episodes[n.EpisodeID]
	if n.EpisodeID == "" {
		episode = d.openEpisode()
	}
	var void *End
	if n.Void {
		void = cancelled(RegisteredInError, n.Ended, n.EndedBy)
	}
	for _, r := range n.Readers {
		w := Want{
			Kind: ReadNote, SubjectID: n.ID, Aspect: r.key(), EpisodeID: n.EpisodeID, Policy: "note_read", Owner: d.reader(episode, r),
			Due: after(n.Written, d.policy.ReadNote), Basis: date.Of(n.Written).String(), Since: n.Written, EscalationRole: CareManager,
		}
		if gp := episode.membership(w.Owner.PractitionerID, GP); gp != nil && gp.newOn(date.Of(n.Written)) {
			w.Due, w.Basis, w.Policy = after(n.Written, 1), w.Basis+"/new", "note_read_by_new_gp"
		}
		var read *End
		if !r.Read.IsZero() {
			read = completed(HasRead, r.Read, r.ReadBy)
		}
		d.want(w, read, void)
	}
}

// newOn tells whether somebody had joined the team within the last weeks before a day.
func (m *Member) newOn(day date.Day) bool {
	return !m.Start.IsZero() && m.Start <= day && day.Sub(m.Start) <= newInTeam
}

// reader is who must read a note: the member of the team in the role asked for, or the one named, in the role that she has in
// the team or at the unit. Of whom nothing is known reads in the care manager's, who sees to it that notes are read.
func (d *derivation) reader(e *Episode, r NoteReader) Owner {
	if r.PractitionerID == "" {
		return e.owned(r.Role)
	}
	owner := Owner{Role: CareManager, PractitionerID: r.PractitionerID}
	if e != nil {
		for _, m := range e.Team {
			if m.PractitionerID == r.PractitionerID && m.End.IsZero() {
				owner.Role = m.Role
				return owner
			}
		}
	}
	if role, ok := d.Staff[r.PractitionerID]; ok {
		owner.Role = role
	}
	return owner
}

// Strangers are those who must read a note and of whom the file says no role: somebody has to look them up for [File.Staff].
func (f *File) Strangers() []string {
	var found []string
	for _, n := range f.Notes {
		for _, r := range n.Readers {
			if r.PractitionerID != "" && r.Read.IsZero() && !n.Void {
				found = append(found, r.PractitionerID)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// newDoctors has each GP who joins a team after its start read the patient's one-page brief (R30).
func (d *derivation) newDoctors(e *Episode) {
	joined := map[string]date.Day{} // the latest of several times counts
	for _, m := range e.Team {
		in := m.End.IsZero() || !e.Ended.IsZero() // a closed episode has nobody in its team
		if m.Role == GP && in && !slices.Contains(e.Founders, m.PractitionerID) {
			joined[m.PractitionerID] = max(joined[m.PractitionerID], m.Start)
		}
	}
	for doctor, since := range joined {
		if since.IsZero() {
			continue // told of before days of joining were noted
		}
		var read *End
		for _, r := range d.Readings {
			if r.PractitionerID == doctor && date.Of(r.Time) >= since {
				read = earlier(read, completed(HasRead, r.Time, r.PractitionerID))
			}
		}
		d.want(Want{
			Kind: ReadPicture, SubjectID: e.ID, Aspect: doctor, EpisodeID: e.ID, Policy: "picture_read",
			Owner: Owner{Role: GP, PractitionerID: doctor}, EscalationRole: CareManager,
			Due: on(date.AddWorkingDays(since, 1)), Basis: since.String(), Since: since.At(0, 0).UTC(),
		}, read)
	}
}

// recommendation asks the GP for an answer (R10).
func (d *derivation) recommendation(r *Recommendation) {
	episode := d.Episodes[r.EpisodeID]
	if r.EpisodeID == "" {
		episode = d.openEpisode()
	}
	w := Want{
		Kind: AnswerRecommendation, SubjectID: r.ID, EpisodeID: r.EpisodeID, Policy: "recommendation_answered", Owner: episode.owned(GP),
		Due: after(r.Asked, d.policy.Answer), Basis: date.Of(r.Asked).String(), Since: r.Asked,
	}
	switch r.State {
	case RecommendationOpen:
		d.want(w)
	case RecommendationVoid:
		d.want(w, cancelled(RegisteredInError, r.Ended, r.AnsweredBy))
	default:
		d.want(w, completed(Answered, r.Ended, r.AnsweredBy))
	}
}
