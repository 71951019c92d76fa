// Package event is the event log of a service: appended to in the transaction that changes the state, numbered after
// commit, read by anyone who may.
//
//	act ── Append ──▶ event_log (sequence null) ── Number ──▶ event_log (1, 2, 3, …) ── Read ──▶ consumers, record systems
//
// Numbers are given after commit by one writer at a time (it holds the row of event_head), so a reader that has seen n has
// seen everything below n, on both engines; the transactions that append never wait for one another because of it.
package event

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	"google.golang.org/protobuf/proto"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

const insertEvent = `INSERT INTO event_log (event_id, sequence, type, resource_id, revision, care_unit_id, body)
VALUES ($1, NULL, $2, $3, $4, $5, $6)`

// Append writes an event in the transaction of the state that it tells of. Its source, sequence and cursor are set on reading.
func Append(tx *sqldb.Tx, e *eventv1.Event) error {
	body, err := proto.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding event %s: %w", e.GetType(), err)
	}
	_, err = tx.Exec(insertEvent, e.GetEventId(), e.GetType(), e.GetResourceId(), int64(e.GetRevision()), e.GetCareUnitId(), body)
	if err != nil {
		return fmt.Errorf("appending event %s: %w", e.GetType(), err)
	}
	return nil
}

// numberBatch is how many events one numbering transaction takes.
const numberBatch = 500

const (
	lockHead         = `UPDATE event_head SET last_sequence = last_sequence WHERE id = 1 RETURNING last_sequence`
	selectUnnumbered = `SELECT event_id, resource_id, revision FROM event_log WHERE sequence IS NULL ORDER BY event_id LIMIT $1`
	// Events beyond a full batch whose resource has one of a later revision within it.
	selectOvertaken = `SELECT event_id, resource_id, revision FROM event_log o
WHERE o.sequence IS NULL AND o.event_id > $1
  AND EXISTS (SELECT 1 FROM event_log w WHERE w.sequence IS NULL AND w.event_id <= $1
    AND w.resource_id = o.resource_id AND w.revision > o.revision)
ORDER BY event_id`
	moveHead = `UPDATE event_head SET last_sequence = $1 WHERE id = 1`
)

// Number gives numbers to committed events that have none yet and says how many it numbered. The lock on the head comes
// first, and the events are looked for after it: so what another writer has numbered meanwhile is seen as numbered. Events of
// one resource get their numbers in the order of their revisions.
func Number(tx *sqldb.Tx) (int, error) {
	var last int64
	if err := tx.QueryRow(lockHead).Scan(&last); err != nil {
		return 0, fmt.Errorf("locking the event log's head: %w", err)
	}
	found, err := unnumbered(tx, selectUnnumbered, numberBatch)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	if len(found) == numberBatch {
		overtaken, err := unnumbered(tx, selectOvertaken, found[len(found)-1].id)
		if err != nil {
			return 0, err
		}
		found = append(found, overtaken...)
	}
	orderByRevision(found)
	for start := 0; start < len(found); start += numberBatch {
		if err := number(tx, found[start:min(start+numberBatch, len(found))], last+int64(start)); err != nil {
			return 0, err
		}
	}
	if _, err := tx.Exec(moveHead, last+int64(len(found))); err != nil {
		return 0, fmt.Errorf("moving the event log's head: %w", err)
	}
	return len(found), nil
}

// number gives the numbers after last to the events in their order, in one statement.
func number(tx *sqldb.Tx, found []fresh, last int64) error {
	var values strings.Builder
	args := make([]any, 0, 2*len(found))
	for i, e := range found {
		if i > 0 {
			values.WriteString(", ")
		}
		fmt.Fprintf(&values, "($%d, CAST($%d AS BIGINT))", 2*i+1, 2*i+2)
		args = append(args, e.id, last+int64(i)+1)
	}
	_, err := tx.Exec(`WITH numbered (event_id, sequence) AS (VALUES `+values.String()+`)
UPDATE event_log SET sequence = n.sequence FROM numbered n WHERE event_log.event_id = n.event_id`, args...)
	if err != nil {
		return fmt.Errorf("numbering events: %w", err)
	}
	return nil
}

type fresh struct {
	id, resource string
	revision     int64
}

func unnumbered(tx *sqldb.Tx, query string, arg any) ([]fresh, error) {
	rows, err := tx.Query(query, arg)
	if err != nil {
		return nil, fmt.Errorf("looking for unnumbered events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []fresh
	for rows.Next() {
		var e fresh
		if err := rows.Scan(&e.id, &e.resource, &e.revision); err != nil {
			return nil, fmt.Errorf("reading an unnumbered event: %w", err)
		}
		found = append(found, e)
	}
	return found, rows.Err()
}

// orderByRevision keeps the places that each resource's events take in the batch, and fills them in the order of revision:
// ids follow the writers' wall clocks, which may disagree, revisions do not.
func orderByRevision(batch []fresh) {
	places := map[string][]int{}
	for i, e := range batch {
		places[e.resource] = append(places[e.resource], i)
	}
	for _, at := range places {
		if len(at) < 2 {
			continue
		}
		own := make([]fresh, len(at))
		for i, p := range at {
			own[i] = batch[p]
		}
		slices.SortStableFunc(own, func(a, b fresh) int { return cmp.Compare(a.revision, b.revision) })
		for i, p := range at {
			batch[p] = own[i]
		}
	}
}

// Query says which events to read.
type Query struct {
	After   int64    // events above this number
	Types   []string // any of these; nil: all
	UnitIDs []string // of these units; nil: all, empty: none
	Limit   int
}

// mostLooked is how many events a filtered reading looks at: somebody who wants few events of a long log gets on in steps,
// none of which takes long.
const mostLooked = 20_000

// Read gives the numbered events after a number, in order, and the number from which to go on: that of the last event, or of
// the last one that was looked at when the filters left nothing up to there. It has come to the end of the log when that is
// the log's Head.
func Read(q sqldb.Querier, source string, query Query) ([]*eventv1.Event, int64, error) {
	head, err := Head(q)
	if err != nil {
		return nil, 0, err
	}
	if head <= query.After || (query.UnitIDs != nil && len(query.UnitIDs) == 0) {
		return nil, max(head, query.After), nil
	}
	end := head
	if len(query.Types) > 0 || query.UnitIDs != nil {
		end = min(head, query.After+mostLooked)
	}
	text, args := selectEvents(query, end)
	rows, err := q.Query(text, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the event log: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var events []*eventv1.Event
	next := query.After
	for rows.Next() {
		var sequence int64
		var body []byte
		if err := rows.Scan(&sequence, &body); err != nil {
			return nil, 0, fmt.Errorf("reading an event: %w", err)
		}
		e := &eventv1.Event{}
		if err := proto.Unmarshal(body, e); err != nil {
			return nil, 0, fmt.Errorf("decoding event %d: %w", sequence, err)
		}
		e.Source, e.Sequence, e.Cursor = source, sequence, Cursor{source: sequence}.String()
		events = append(events, e)
		next = sequence
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("reading the event log: %w", err)
	}
	if len(events) < query.Limit {
		next = end
	}
	return events, next, nil
}

func selectEvents(query Query, end int64) (string, []any) {
	args := []any{query.After, query.Limit, end}
	text := `SELECT sequence, body FROM event_log WHERE sequence > $1 AND sequence <= $3`
	in := func(column string, values []string) {
		marks := make([]string, len(values))
		for i, v := range values {
			args = append(args, v)
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		text += " AND " + column + " IN (" + strings.Join(marks, ",") + ")"
	}
	if len(query.Types) > 0 {
		in("type", query.Types)
	}
	if query.UnitIDs != nil {
		in("care_unit_id", query.UnitIDs)
	}
	return text + ` ORDER BY sequence LIMIT $2`, args
}

// Head is the last number given.
func Head(q sqldb.Querier) (int64, error) {
	var head int64
	err := q.QueryRow(`SELECT last_sequence FROM event_head WHERE id = 1`).Scan(&head)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errors.New("the event log has no head: its tables are not migrated")
	}
	if err != nil {
		return 0, fmt.Errorf("reading the event log's head: %w", err)
	}
	return head, nil
}

// Unnumbered counts the committed events that wait for a number; for health figures.
func Unnumbered(q sqldb.Querier) (int64, error) {
	var n int64
	if err := q.QueryRow(`SELECT count(*) FROM event_log WHERE sequence IS NULL`).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting unnumbered events: %w", err)
	}
	return n, nil
}

// Waiting says whether any committed event waits for a number.
func Waiting(q sqldb.Querier) (bool, error) {
	var one int
	err := q.QueryRow(`SELECT 1 FROM event_log WHERE sequence IS NULL LIMIT 1`).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for unnumbered events: %w", err)
	}
	return true, nil
}
