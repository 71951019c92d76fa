package functional_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
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

// tables are things that events tell of, by service, and that tests here make. Others are found by the types of the events:
// `contact.booked` tells of a row of the table contact, whose id stands in contact_id.
var tables = map[string][]string{
	"patient":   {"care_provider", "care_unit", "practitioner", "patient", "care_episode", "consent"},
	"careplan":  {"contact", "care_plan", "assessment", "safety_flag"},
	"sickleave": {"certificate"},
	"followup":  {"follow_up"},
}

// sources are logs that services consume; others are found by their cursors.
var sources = map[string][]string{
	"careplan": {"patient"}, "sickleave": {"patient"}, "followup": {"patient", "careplan", "sickleave"},
}

const (
	headFigure     = "coworkcare_events_last_sequence"
	consumedFigure = "coworkcare_consumer_sequence"
)

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
		for _, source := range consumed {
			if _, shown := figures[consumedFigure+"{"+service+","+source+"}"]; !shown {
				errs = append(errs, fmt.Errorf("%s does not read %s", service, source))
			}
		}
	}
	for name, value := range figures {
		figure, labels, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
		switch figure {
		case "coworkcare_events_unnumbered", "coworkcare_events_parked":
			if value != 0 {
				errs = append(errs, fmt.Errorf("%s is %v", name, value))
			}
		case consumedFigure:
			_, source, _ := strings.Cut(labels, ",")
			if head, shown := figures[headFigure+"{"+source+"}"]; !shown || value != head {
				errs = append(errs, fmt.Errorf("%s has read %v of %v", labels, value, head))
			}
		}
	}
	return errors.Join(errs...)
}

// consumers is how many consumers of logs the process has.
func (s *site) consumers() int {
	s.t.Helper()
	figures, err := s.figures()
	require.NoError(s.t, err)
	n := 0
	for name := range figures {
		if strings.HasPrefix(name, consumedFigure+"{") {
			n++
		}
	}
	return n
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
	services := s.services()
	for service := range tables {
		require.Contains(s.t, services, service)
	}
	for _, service := range services {
		db := s.open(service)
		q := db.Read(s.t.Context())
		l := &ledger{events: log(s.t, q), revisions: map[string]int64{}}
		ledgers[service] = l
		told := slices.Clone(tables[service])
		for _, e := range l.events {
			if table, _, _ := strings.Cut(e.GetType(), "."); !slices.Contains(told, table) {
				told = append(told, table)
			}
		}
		for _, table := range told {
			for _, row := range rows(s.t, q, revisionsOf(table), 2) {
				l.revisions[row[0].(string)] = row[1].(int64)
			}
		}
		if service == "caseload" {
			l.checkNumbers(s.t, service) // it tells watchers of changes, not of how it came to be
		} else {
			l.check(s.t, service)
		}
		require.Equal(s.t, int64(len(l.events)), count(s.t, q, `SELECT last_sequence FROM event_head`), "%s: the head", service)
		require.Zerof(s.t, count(s.t, q, `SELECT count(*) FROM event_parked`), "%s: parked events", service)
		require.Zerof(s.t, count(s.t, q, `SELECT count(*) FROM request WHERE response IS NULL`), "%s: requests half answered", service)
		if db.Engine() == sqldb.SQLite {
			require.Equalf(s.t, "ok", rows(s.t, q, `PRAGMA integrity_check`, 1)[0][0], "%s: the file", service)
		}
	}
	patients := count(s.t, s.open("patient").Read(s.t.Context()), `SELECT count(*) FROM patient`)
	for _, service := range services {
		q := s.open(service).Read(s.t.Context())
		at := map[string]int64{}
		for _, row := range rows(s.t, q, `SELECT source, sequence FROM event_cursor`, 2) {
			at[row[0].(string)] = row[1].(int64)
		}
		for _, source := range sources[service] {
			require.Containsf(s.t, at, source, "%s: the cursor on %s", service, source)
		}
		for source, sequence := range at {
			require.Equalf(s.t, int64(len(ledgers[source].events)), sequence, "%s: the cursor on %s", service, source)
		}
		if service != "patient" {
			require.Equalf(s.t, patients, count(s.t, q, `SELECT count(*) FROM patient_place`), "%s: where patients belong", service)
		}
	}
	s.checkTimers()
	return ledgers
}

// revisionsOf asks for the ids and revisions of the resources that events tell of. What a patient has one of is known by the patient.
func revisionsOf(resource string) string {
	switch resource {
	case "sick_leave":
		return `SELECT patient_id, revision FROM sick_leave`
	case "caseload_row":
		return `SELECT patient_id, revision FROM picture`
	case "employer_contact", "dialogue_meeting", "agreement":
		return `SELECT id, revision FROM ` + resource
	case "reading": // never changes
		return `SELECT reading_id, CAST(1 AS BIGINT) FROM reading`
	default:
		return `SELECT ` + resource + `_id, revision FROM ` + resource
	}
}

// services are those that have a log in the site's stores.
func (s *site) services() []string {
	s.t.Helper()
	if s.store.URL != "" {
		var names []string
		q := s.open("patient").Read(s.t.Context())
		for _, row := range rows(s.t, q, `SELECT CAST(table_schema AS TEXT) FROM information_schema.tables WHERE table_name = 'event_log'`, 1) {
			names = append(names, row[0].(string))
		}
		return names
	}
	files, err := filepath.Glob(filepath.Join(s.store.Dir, "*.db"))
	require.NoError(s.t, err)
	var names []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".db")
		if count(s.t, s.open(name).Read(s.t.Context()), `SELECT count(*) FROM sqlite_master WHERE name = 'event_log'`) == 1 {
			names = append(names, name)
		}
	}
	return names
}

// released checks that processes which have ended by themselves hold nothing: others need not wait.
func (s *site) released() {
	s.t.Helper()
	for _, service := range s.services() {
		q := s.open(service).Read(s.t.Context())
		require.Zerof(s.t, count(s.t, q, `SELECT count(*) FROM event_cursor WHERE lease_holder <> ''`), "%s: leases held after the end", service)
	}
}

// checkNumbers looks for holes and doubles in a log.
func (l *ledger) checkNumbers(t testing.TB, service string) {
	t.Helper()
	ids := map[string]bool{}
	for i, e := range l.events {
		require.Equalf(t, int64(i+1), e.sequence, "%s: a hole or a double in the numbers", service)
		require.Falsef(t, ids[e.GetEventId()], "%s: event %d has the id of an earlier one", service, e.sequence)
		ids[e.GetEventId()] = true
	}
}

// check joins the events of a log with the rows that they tell of.
func (l *ledger) check(t testing.TB, service string) {
	t.Helper()
	l.checkNumbers(t, service)
	last := map[string]int64{}
	for _, e := range l.events {
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
	require.Zero(s.t, count(s.t, q, `SELECT count(*) FROM timer t WHERE t.kind = 'follow_up' AND NOT EXISTS
		(SELECT 1 FROM follow_up f WHERE f.follow_up_id = t.key AND f.stamp = t.stamp AND f.state = 'OPEN')`), "timers of no present state")
	require.Zero(s.t, count(s.t, q, `SELECT count(*) FROM follow_up f WHERE f.state = 'OPEN' AND f.ladder LIKE '%"steps"%' AND NOT EXISTS
		(SELECT 1 FROM timer t WHERE t.kind = 'follow_up' AND t.key = f.follow_up_id AND t.stamp = f.stamp)`), "open follow-ups that are not armed")
	require.Equal(s.t, count(s.t, q, `SELECT count(*) FROM patient_file WHERE turn_day <> ''`),
		count(s.t, q, `SELECT count(*) FROM timer t JOIN patient_file p ON p.patient_id = t.key WHERE t.kind = 'patient_file' AND p.turn_day <> ''`), "files whose day of turn is armed")
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
