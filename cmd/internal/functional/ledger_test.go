package functional_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// tables are the things that events tell of, by service. The id of each stands in <table>_id.
var tables = map[string][]string{
	"patient":   {"care_provider", "care_unit", "practitioner", "patient", "care_episode", "consent"},
	"careplan":  {"contact", "care_plan", "assessment", "safety_flag"},
	"sickleave": {"certificate"},
	"followup":  {"follow_up"},
}

// sources are the logs that each service consumes.
var sources = map[string][]string{
	"patient": {}, "careplan": {"patient"}, "sickleave": {"patient"}, "followup": {"patient", "careplan", "sickleave"},
}

// settled waits until every event has its number and every consumer has come to the end of its logs, by what the processes
// say of themselves.
func (s *site) settled(within time.Duration) {
	s.t.Helper()
	settled(s.t, within, s)
}

// settled is the same for services that several processes share out among themselves.
func settled(t testing.TB, within time.Duration, sites ...*site) {
	t.Helper()
	eventually(t, within, "every consumer reaches the head", func() error {
		all := map[string]float64{}
		for _, s := range sites {
			figures, err := s.figures()
			if err != nil {
				return err
			}
			maps.Copy(all, figures)
		}
		return atHead(all)
	})
}

func atHead(figures map[string]float64) error {
	var errs []error
	for service, consumed := range sources {
		if n := figures[`coworkcare_events_unnumbered{`+service+`}`]; n != 0 {
			errs = append(errs, fmt.Errorf("%v events of %s have no number", n, service))
		}
		if n := figures[`coworkcare_events_parked{`+service+`}`]; n != 0 {
			errs = append(errs, fmt.Errorf("%v events are parked by %s", n, service))
		}
		for _, source := range consumed {
			head, shown := figures[`coworkcare_events_last_sequence{`+source+`}`]
			at := figures[`coworkcare_consumer_sequence{`+service+`,`+source+`}`]
			if !shown || at != head {
				errs = append(errs, fmt.Errorf("%s has read %v of %v of %s", service, at, head, source))
			}
		}
	}
	return errors.Join(errs...)
}

var figure = regexp.MustCompile(`^(coworkcare_\w+)\{(.*)\} (\S+)$`)

// figures are the product's figures on the operations port, by name and the values of their labels.
func (s *site) figures() (map[string]float64, error) {
	page, err := s.operations("/metrics")
	if err != nil {
		return nil, err
	}
	figures := map[string]float64{}
	for line := range strings.Lines(page) {
		found := figure.FindStringSubmatch(strings.TrimSpace(line))
		if found == nil {
			continue
		}
		var values []string
		for label := range strings.SplitSeq(found[2], ",") {
			_, value, _ := strings.Cut(label, "=")
			values = append(values, strings.Trim(value, `"`))
		}
		if figures[found[1]+"{"+strings.Join(values, ",")+"}"], err = strconv.ParseFloat(found[3], 64); err != nil {
			return nil, err
		}
	}
	return figures, nil
}

// told is one event of a log.
type told struct {
	*eventv1.Event
	sequence int64
}

// ledger is what stands in a service's store.
type ledger struct {
	events    []told // in the order of their numbers
	revisions map[string]int64
}

// audit reads the stores of a site whose processes have ended, and checks what holds of every installation at rest: the
// numbers are 1 to n; every row has the events of all its revisions, every event its row; every cursor is at the head of its
// log; nothing is parked; no request is half answered; what is to be done later is armed.
func (s *site) audit() map[string]*ledger {
	s.t.Helper()
	ledgers := map[string]*ledger{}
	heads := map[string]int64{}
	for service := range tables {
		db := s.open(service)
		q := db.Read(s.t.Context())
		l := &ledger{events: log(s.t, q), revisions: map[string]int64{}}
		ledgers[service] = l
		for _, table := range tables[service] {
			for _, row := range rows(s.t, q, `SELECT `+table+`_id, revision FROM `+table, 2) {
				l.revisions[row[0].(string)] = row[1].(int64)
			}
		}
		l.check(s.t, service)
		require.Equal(s.t, int64(len(l.events)), count(s.t, q, `SELECT last_sequence FROM event_head`), "%s: the head", service)
		heads[service] = int64(len(l.events))
		require.Zerof(s.t, count(s.t, q, `SELECT count(*) FROM event_parked`), "%s: parked events", service)
		require.Zerof(s.t, count(s.t, q, `SELECT count(*) FROM request WHERE response IS NULL`), "%s: requests half answered", service)
		if db.Engine() == sqldb.SQLite {
			require.Equalf(s.t, "ok", rows(s.t, q, `PRAGMA integrity_check`, 1)[0][0], "%s: the file", service)
		}
	}
	for service, consumed := range sources {
		q := s.open(service).Read(s.t.Context())
		for _, source := range consumed {
			require.Equalf(s.t, heads[source], count(s.t, q, `SELECT sequence FROM event_cursor WHERE source = $1`, source), "%s: the cursor on %s", service, source)
		}
		if service != "patient" {
			patients := s.open("patient").Read(s.t.Context())
			require.Equalf(s.t, count(s.t, patients, `SELECT count(*) FROM patient`), count(s.t, q, `SELECT count(*) FROM patient_place`), "%s: where patients belong", service)
		}
	}
	s.checkTimers()
	return ledgers
}

// released checks that processes which have ended by themselves hold nothing: others need not wait.
func (s *site) released() {
	s.t.Helper()
	for service := range sources {
		q := s.open(service).Read(s.t.Context())
		require.Zerof(s.t, count(s.t, q, `SELECT count(*) FROM event_cursor WHERE lease_holder <> ''`), "%s: leases held after the end", service)
	}
}

// check joins the events of a log with the rows that they tell of.
func (l *ledger) check(t testing.TB, service string) {
	t.Helper()
	last := map[string]int64{}
	ids := map[string]bool{}
	for i, e := range l.events {
		require.Equalf(t, int64(i+1), e.sequence, "%s: a hole or a double in the numbers", service)
		require.Falsef(t, ids[e.GetEventId()], "%s: event %d has the id of an earlier one", service, e.sequence)
		ids[e.GetEventId()] = true
		require.Equalf(t, last[e.GetResourceId()]+1, int64(e.GetRevision()), "%s: event %d (%s): revisions in order, each once", service, e.sequence, e.GetType())
		last[e.GetResourceId()] = int64(e.GetRevision())
	}
	for id, revision := range l.revisions {
		require.Equalf(t, revision, last[id], "%s: %s has a revision without its event, or the other way round", service, id)
		delete(last, id)
	}
	require.Emptyf(t, last, "%s: events without a row", service)
}

// checkTimers joins the follow-ups with their timers: an open one that has a next step is armed for its present state, and
// nothing else is.
func (s *site) checkTimers() {
	s.t.Helper()
	q := s.open("followup").Read(s.t.Context())
	require.Zero(s.t, count(s.t, q, `SELECT count(*) FROM timer t WHERE NOT EXISTS
		(SELECT 1 FROM follow_up f WHERE f.follow_up_id = t.key AND f.stamp = t.stamp AND f.state = 'OPEN')`), "timers of no present state")
	require.Zero(s.t, count(s.t, q, `SELECT count(*) FROM follow_up f WHERE f.state = 'OPEN' AND f.ladder LIKE '%"steps"%' AND NOT EXISTS
		(SELECT 1 FROM timer t WHERE t.key = f.follow_up_id AND t.stamp = f.stamp)`), "open follow-ups that are not armed")
}

func log(t testing.TB, q sqldb.Querier) []told {
	t.Helper()
	var events []told
	for _, row := range rows(t, q, `SELECT event_id, sequence, type, resource_id, revision, body FROM event_log`, 6) {
		e := told{Event: &eventv1.Event{}}
		require.NoError(t, proto.Unmarshal(row[5].([]byte), e.Event))
		e.sequence, _ = row[1].(int64) // 0: it has none
		require.Equal(t, []any{row[0], row[2], row[3], row[4]}, []any{e.GetEventId(), e.GetType(), e.GetResourceId(), int64(e.GetRevision())})
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b told) int {
		if (a.sequence == 0) != (b.sequence == 0) {
			return cmp.Compare(b.sequence, a.sequence) // those without a number come last
		}
		return cmp.Or(cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.GetRevision(), b.GetRevision()))
	})
	return events
}

func rows(t testing.TB, q sqldb.Querier, query string, columns int, args ...any) [][]any {
	t.Helper()
	found, err := q.Query(query, args...)
	require.NoError(t, err)
	defer found.Close()
	var all [][]any
	for found.Next() {
		row, into := make([]any, columns), make([]any, columns)
		for i := range row {
			into[i] = &row[i]
		}
		require.NoError(t, found.Scan(into...))
		all = append(all, row)
	}
	require.NoError(t, found.Err())
	return all
}

func count(t testing.TB, q sqldb.Querier, query string, args ...any) int64 {
	t.Helper()
	var n int64
	require.NoError(t, q.QueryRow(query, args...).Scan(&n))
	return n
}
