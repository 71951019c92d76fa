// Package accesslog is the access log of the Patient Data Act (2008:355; HSLF-FS 2016:40 chapter 4 sections 9–10): who, at
// which unit, with whose data, did what kind of act, and when. No answer with a patient's data leaves before its record is
// durable. One record stands for the same person, unit, patient and kind within an hour, so repeated reading of a worklist
// writes nothing new. Refusals are recorded too. Records keep wall time and are never deleted here.
package accesslog

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// Migrations makes the log's table.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Kind is the kind of act.
type Kind string

// The kinds.
const (
	Read    Kind = "READ"
	Write   Kind = "WRITE"
	Refused Kind = "REFUSED"
	// BreakGlass is the opening of what is meant for others.
	BreakGlass Kind = "BREAK_GLASS"
)

// Record is one line of the log.
type Record struct {
	Person    string // practitioner id, or the token's subject
	UnitID    string
	PatientID string
	Kind      Kind
	Method    string
	TraceID   string
}

// longest is the longest text of a record, in bytes; an index bears no longer ones.
const longest = 512

// ErrRecord is answered for a record that no store would take. Records of several callers share one statement, so that one
// which cannot be written must not come among them.
var ErrRecord = errors.New("an access record with a text that is too long, not UTF-8 or holds NUL")

func (r Record) check() error {
	for _, text := range []string{r.Person, r.UnitID, r.PatientID, string(r.Kind), r.Method, r.TraceID} {
		if len(text) > longest || strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
			return ErrRecord
		}
	}
	return nil
}

type key struct {
	person, unit, patient string
	kind                  Kind
	hour                  int64
}

const (
	batchMost  = 256
	queueMost  = 4096
	rememberOf = 200_000 // keys known to be durable
)

// Log writes records in batches; several callers share one commit.
type Log struct {
	Finder
	db      *sqldb.DB
	queue   chan entry
	durable *lru.Cache[key, struct{}]
	now     func() time.Time
}

type entry struct {
	records []Record
	keys    []key
	done    chan error
}

// New makes a log on a migrated store. Run must run for records to be written.
func New(db *sqldb.DB) (*Log, error) {
	durable, err := lru.New[key, struct{}](rememberOf)
	if err != nil {
		return nil, fmt.Errorf("making the memory of the access log: %w", err)
	}
	return &Log{db: db, queue: make(chan entry, queueMost), durable: durable, now: time.Now}, nil
}

// Write returns when every record is durable. When it fails, the data must not be shown.
func (l *Log) Write(ctx context.Context, records []Record) error {
	var e entry
	hour := l.now().Truncate(time.Hour).UnixMicro()
	for _, r := range records {
		if err := r.check(); err != nil {
			return err
		}
		k := key{r.Person, r.UnitID, r.PatientID, r.Kind, hour}
		if _, known := l.durable.Get(k); known {
			continue
		}
		e.records, e.keys = append(e.records, r), append(e.keys, k)
	}
	if len(e.records) == 0 {
		return nil
	}
	e.done = make(chan error, 1)
	select {
	case l.queue <- e:
	case <-ctx.Done():
		return fmt.Errorf("waiting to write the access log: %w", ctx.Err())
	}
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("writing the access log: %w", ctx.Err())
	}
}

// Run writes what comes until the context ends, then what is still in the queue.
func (l *Log) Run(ctx context.Context) error {
	for {
		select {
		case first := <-l.queue:
			l.flush(context.WithoutCancel(ctx), l.gather(first))
		case <-ctx.Done():
			for {
				select {
				case first := <-l.queue:
					l.flush(context.WithoutCancel(ctx), l.gather(first))
				default:
					return nil
				}
			}
		}
	}
}

func (l *Log) gather(first entry) []entry {
	batch, records := []entry{first}, len(first.records)
	for records < batchMost {
		select {
		case next := <-l.queue:
			batch, records = append(batch, next), records+len(next.records)
		default:
			return batch
		}
	}
	return batch
}

func (l *Log) flush(ctx context.Context, batch []entry) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	now, lines := sqldb.Micros(l.now()), linesOf(batch)
	err := l.db.Tx(ctx, func(tx *sqldb.Tx) error {
		for start := 0; start < len(lines); start += batchMost {
			if err := insert(tx, lines[start:min(start+batchMost, len(lines))], now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("writing the access log: %w", err)
	}
	for _, e := range batch {
		if err == nil {
			for _, k := range e.keys {
				l.durable.Add(k, struct{}{})
			}
		}
		e.done <- err
	}
}

type line struct {
	key    key
	record Record
}

// linesOf are the records of a batch, each key once, in the order of their keys: two replicas that write the same keys at the
// same time must take them in the same order, or each would wait for the other.
func linesOf(batch []entry) []line {
	var lines []line
	for _, e := range batch {
		for i, r := range e.records {
			lines = append(lines, line{key: e.keys[i], record: r})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.key.compare(b.key) })
	return slices.CompactFunc(lines, func(a, b line) bool { return a.key == b.key })
}

func (k key) compare(other key) int {
	return cmp.Or(strings.Compare(k.patient, other.patient), cmp.Compare(k.hour, other.hour), strings.Compare(k.person, other.person),
		strings.Compare(k.unit, other.unit), cmp.Compare(k.kind, other.kind))
}

func insert(tx *sqldb.Tx, lines []line, now int64) error {
	var text strings.Builder
	text.WriteString(`INSERT INTO access_record (patient_id, hour, person, care_unit_id, kind, recorded, method, trace_id) VALUES `)
	args := make([]any, 0, 8*len(lines))
	for i, l := range lines {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteByte('(')
		for j := range 8 {
			if j > 0 {
				text.WriteByte(',')
			}
			text.WriteByte('$')
			text.WriteString(strconv.Itoa(8*i + j + 1))
		}
		text.WriteByte(')')
		args = append(args, l.key.patient, l.key.hour, l.key.person, l.key.unit, string(l.key.kind), now, l.record.Method, l.record.TraceID)
	}
	text.WriteString(` ON CONFLICT (patient_id, hour, person, care_unit_id, kind) DO NOTHING`)
	_, err := tx.Exec(text.String(), args...)
	return err
}

// Shown is one record as the log gives it.
type Shown struct {
	Record
	Time time.Time
}

// ErrNoPatient is answered when an extract is asked for nobody.
var ErrNoPatient = errors.New("an extract is of one patient")

// Extract gives a patient's records, newest first: what the patient may have under the act (chapter 8 section 5).
func (l *Log) Extract(ctx context.Context, patientID string, limit int) ([]Shown, error) {
	if patientID == "" {
		return nil, ErrNoPatient
	}
	rows, err := l.db.Read(ctx).Query(`SELECT person, care_unit_id, kind, recorded, method, trace_id FROM access_record
WHERE patient_id = $1 ORDER BY hour DESC, recorded DESC, person, care_unit_id, kind LIMIT $2`, patientID, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the access log: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var shown []Shown
	for rows.Next() {
		s := Shown{Record: Record{PatientID: patientID}}
		var recorded int64
		if err := rows.Scan(&s.Person, &s.UnitID, &s.Kind, &recorded, &s.Method, &s.TraceID); err != nil {
			return nil, fmt.Errorf("reading a record of the access log: %w", err)
		}
		s.Time = sqldb.FromMicros(recorded)
		shown = append(shown, s)
	}
	return shown, rows.Err()
}
