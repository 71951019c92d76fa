package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// Filter narrows a list; zero fields do not.
type Filter struct {
	State     followup.State
	Kind      followup.Kind
	OwnerRole followup.Role
	OwnerID   string
	EpisodeID string
	DueBefore date.Day
	Overdue   bool      // overdue at Now
	Now       time.Time // for Overdue
}

// Page asks for the rows after a follow-up, in the order of worklists.
type Page struct {
	AfterDue time.Time // zero: from the start
	AfterID  string
	Limit    int
}

// Reach is what one caller has to see to at one unit.
type Reach struct {
	UnitID string
	Roles  []followup.Role
}

// where gathers conditions with their arguments.
type where struct {
	text []string
	args []any
}

func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

func (w *where) and(condition string) { w.text = append(w.text, condition) }

func (w *where) in(roles []followup.Role) string {
	texts := make([]string, len(roles))
	for i, role := range roles {
		texts[i] = string(role)
	}
	return w.list(texts)
}

func (w *where) filter(f Filter) {
	// The states stand in the text, so that the partial indexes can serve.
	switch f.State {
	case followup.Open:
		w.and("state = 'OPEN'")
	case followup.Completed, followup.Cancelled, followup.Lapsed:
		w.and("state <> 'OPEN' AND state = " + w.arg(string(f.State)))
	default:
	}
	if f.Kind != "" {
		w.and("kind = " + w.arg(string(f.Kind)))
	}
	if f.OwnerRole != "" {
		w.and("owner_role = " + w.arg(string(f.OwnerRole)))
	}
	if f.OwnerID != "" {
		w.and("owner_practitioner_id <> '' AND owner_practitioner_id = " + w.arg(f.OwnerID))
	}
	if f.EpisodeID != "" {
		w.and("care_episode_id = " + w.arg(f.EpisodeID))
	}
	if !f.DueBefore.IsZero() {
		w.and("due_date < " + w.arg(f.DueBefore.String()))
	}
	if f.Overdue {
		now := w.arg(sqldb.Micros(f.Now))
		w.and("state = 'OPEN' AND due_time < " + now + " AND snoozed_until <= " + now)
	}
}

// page reads one row more than asked for, so that the caller knows whether there is a next page.
func (s *Store) page(q sqldb.Querier, w *where, p Page) ([]followup.FollowUp, error) {
	if p.AfterID != "" {
		w.and("(due_time, follow_up_id) > (" + w.arg(sqldb.Micros(p.AfterDue)) + ", " + w.arg(p.AfterID) + ")")
	}
	return s.list(q, p.Limit+1, `SELECT `+columns+` FROM follow_up WHERE `+strings.Join(w.text, " AND ")+
		` ORDER BY due_time, follow_up_id LIMIT `+w.arg(p.Limit+1), w.args...)
}

// AtUnit lists follow-ups of a unit; one more than the page's limit when there are more.
func (s *Store) AtUnit(q sqldb.Querier, unitID string, f Filter, p Page) ([]followup.FollowUp, error) {
	w := &where{}
	w.and("care_unit_id = " + w.arg(unitID))
	w.filter(f)
	return s.page(q, w, p)
}

// PatientPage lists follow-ups of a patient; one more than the page's limit when there are more.
func (s *Store) PatientPage(q sqldb.Querier, patientID string, f Filter, p Page) ([]followup.FollowUp, error) {
	w := &where{}
	w.and("patient_id = " + w.arg(patientID))
	w.filter(f)
	return s.page(q, w, p)
}

// Mine lists the open follow-ups that one person has to see to: those owned in person, those that nobody owns in person and
// one of the roles may take, and those escalated to one of the roles.
func (s *Store) Mine(q sqldb.Querier, practitionerID string, reaches []Reach, f Filter, p Page) ([]followup.FollowUp, error) {
	w := &where{}
	f.State = followup.Open
	w.filter(f)
	units := make([]string, 0, len(reaches))
	for _, reach := range reaches {
		if len(reach.Roles) > 0 {
			units = append(units, w.reach(practitionerID, reach))
		}
	}
	if len(units) == 0 {
		return nil, nil
	}
	w.and("(" + strings.Join(units, " OR ") + ")")
	return s.page(q, w, p)
}

func (w *where) reach(practitionerID string, reach Reach) string {
	roles := w.in(reach.Roles)
	mine := []string{
		"owner_practitioner_id = '' AND owner_role IN " + roles,
		"escalation_level >= 1 AND escalation_role IN " + roles,
	}
	if practitionerID != "" {
		mine = append(mine, "owner_practitioner_id <> '' AND owner_practitioner_id = "+w.arg(practitionerID))
	}
	if slices.Contains(reach.Roles, followup.UnitManager) {
		mine = append(mine, "escalation_level >= 2")
	}
	return "(care_unit_id = " + w.arg(reach.UnitID) + " AND ((" + strings.Join(mine, ") OR (") + ")))"
}

// OwnedBy lists all open follow-ups that a person owns at a unit, perhaps in one role only.
func (s *Store) OwnedBy(q sqldb.Querier, unitID, practitionerID string, role followup.Role) ([]followup.FollowUp, error) {
	w := &where{}
	w.and("care_unit_id = " + w.arg(unitID))
	w.filter(Filter{State: followup.Open, OwnerID: practitionerID, OwnerRole: role})
	return s.list(q, 0, `SELECT `+columns+` FROM follow_up WHERE `+strings.Join(w.text, " AND ")+` ORDER BY patient_id, follow_up_id`, w.args...)
}
