// Package accesslog is the access log of the Patient Data Act (2008:355; HSLF-FS 2016:40 chapter 4 sections 9–10): who, at
// which unit, with whose data, did what kind of act, and when. No answer with a patient's data leaves before its record is
// durable. One record stands for the same person, unit, patient and kind within an hour, so repeated reading of a worklist
// writes nothing new. Refusals are recorded too. Records keep wall time and are never deleted here.
package accesslog

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"

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
	e := entry{done: make(chan error, 1)}
	hour := l.now().Truncate(time.Hour).UnixMicro()
	for _, r := range records {
		k := key{r.Person, r.UnitID, r.PatientID, r.Kind, hour}
		if _, known := l.durable.Get(k); known {
			continue
		}
		e.records, e.keys = append(e.records, r), append(e.keys, k)
	}
	if len(e.records) == 0 {
		return nil
	}
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
	now := sqldb.Micros(l.now())
	err := l.db.Tx(ctx, func(tx *sqldb.Tx) error {
		var records []Record
		var keys []key
		for _, e := range batch {
			records, keys = append(records, e.records...), append(keys, e.keys...)
		}
		for start := 0; start < len(records); start += batchMost {
			end := min(start+batchMost, len(records))
			if err := insert(tx, records[start:end], keys[start:end], now); err != nil {
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

func insert(tx *sqldb.Tx, records []Record, keys []key, now int64) error {
	values := make([]string, len(records))
	args := make([]any, 0, 8*len(records))
	for i, r := range records {
		n := len(args)
		values[i] = fmt.Sprintf("($%d,$%d,$%d,$%d,$%d,$%d,$%d,$%d)", n+1, n+2, n+3, n+4, n+5, n+6, n+7, n+8)
		args = append(args, r.PatientID, keys[i].hour, r.Person, r.UnitID, string(r.Kind), now, r.Method, r.TraceID)
	}
	_, err := tx.Exec(`INSERT INTO access_record (patient_id, hour, person, care_unit_id, kind, recorded, method, trace_id) VALUES `+
		strings.Join(values, ",")+` ON CONFLICT (patient_id, hour, person, care_unit_id, kind) DO NOTHING`, args...)
	return err
}

// Shown is one record as the log gives it.
type Shown struct {
	Record
	Time time.Time
}

// ErrNoPatient is answered when an extract is asked for nobody.
var ErrNoPatient = errors.New("an extract is of one patient")

// Extract gives a patient's records, newest first: what the patient may have under the act (8 chapter 5 section).
func (l *Log) Extract(ctx context.Context, patientID string, limit int) ([]Shown, error) {
	if patientID == "" {
		return nil, ErrNoPatient
	}
	rows, err := l.db.Read(ctx).Query(`SELECT person, care_unit_id, kind, recorded, method, trace_id FROM access_record
WHERE patient_id = $1 ORDER BY hour DESC, recorded DESC LIMIT $2`, patientID, limit)
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
