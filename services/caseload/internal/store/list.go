package store

import (
	"fmt"
	"strings"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/caseload/internal/caseload"
)

// Order is the order of a list; of equals by patient.
type Order string

// The orders, each by the column of that name.
const (
	ByLeave   Order = "leave_start"
	ByDue     Order = "next_due"
	ByContact Order = "last_contact"
)

// Filter narrows a unit's list; zero fields do not.
type Filter struct {
	PractitionerID string // in the team
	OnSickLeave    bool
	Waiting        bool // something waits for a decision
	Unsafe         bool // an answer about suicidal thoughts awaits its assessment
	MeetingState   string
	Closed         bool // also patients without an open episode
}

// Page asks for the rows after one.
type Page struct {
	AfterKey     any // the value of the order's column; nil from the start
	AfterPatient string
	Limit        int
}

// Found is a picture in a list, with the value of the order's column.
type Found struct {
	caseload.Picture
	Key string
}

// List lists the pictures of a unit as they are shown on a day; one more than the page's limit when there are more.
func (s *Store) List(q sqldb.Querier, unitID string, day date.Day, f Filter, order Order, p Page) ([]Found, error) {
	text, args := listQuery(unitID, day, f, order, p)
	rows, err := q.Query(text, args...)
	if err != nil {
		return nil, fmt.Errorf("list a caseload: %w", err)
	}
	defer func() { _ = rows.Close() }()
	found := make([]Found, 0, p.Limit+1)
	for rows.Next() {
		var one Found
		var body string
		if err := rows.Scan(&one.Key, &body); err != nil {
			return nil, fmt.Errorf("list a caseload: %w", err)
		}
		if one.Picture, err = parsePicture(body); err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, rows.Err()
}

// listQuery takes one page from the index of the patients with an open episode, another from that of the rest where they are
// asked for, and the first of both.
func listQuery(unitID string, day date.Day, f Filter, order Order, p Page) (string, []any) {
	w := &where{}
	w.and("care_unit_id = " + w.arg(unitID))
	today := w.arg(day.String())
	w.and("shown_from <= " + today + " AND shown_until >= " + today)
	if f.PractitionerID != "" {
		w.and("patient_id IN (SELECT patient_id FROM line_team WHERE practitioner_id = " + w.arg(f.PractitionerID) +
			" AND start_date <= " + today + " AND end_date >= " + today + ")")
	}
	if f.OnSickLeave {
		w.and("leave_start <= " + today + " AND leave_end >= " + today)
	}
	if f.Waiting {
		w.and("waits_from < '" + never + "' AND waits_from <= " + today)
	}
	if f.Unsafe {
		w.and("safety = TRUE")
	}
	if f.MeetingState != "" {
		w.and("meeting_state = " + w.arg(f.MeetingState))
	}
	if p.AfterKey != nil {
		w.and("(" + string(order) + ", patient_id) > (" + w.arg(p.AfterKey) + ", " + w.arg(p.AfterPatient) + ")")
	}
	limit := w.arg(p.Limit + 1)
	part := func(open string) string {
		return `SELECT * FROM (SELECT ` + string(order) + ` AS place, patient_id FROM line WHERE episode_open = ` + open + ` AND ` +
			strings.Join(w.text, " AND ") + ` ORDER BY ` + string(order) + `, patient_id LIMIT ` + limit + `) AS one`
	}
	lines := part("TRUE")
	if f.Closed {
		lines += ` UNION ALL ` + part("FALSE")
	}
	return `SELECT CAST(l.place AS TEXT), p.body FROM (` + lines + `) AS l JOIN picture p ON p.patient_id = l.patient_id
ORDER BY l.place, l.patient_id LIMIT ` + limit, w.args
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
