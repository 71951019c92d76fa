package worker

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// ForgetConsumed lets a service begin every log anew, in the transaction in which it forgets what it has made of them. It comes
// first there: it waits for the batches under way to be committed, and the next one starts from the beginning.
func ForgetConsumed(tx *sqldb.Tx) error {
	for _, statement := range []string{`DELETE FROM event_cursor`, `DELETE FROM event_parked`} {
		if _, err := tx.Exec(statement); err != nil {
			return fmt.Errorf("forgetting what was consumed: %w", err)
		}
	}
	return nil
}

const firstParked = `SELECT p.source, p.body FROM event_parked p
WHERE NOT EXISTS (SELECT 1 FROM event_parked e WHERE e.source = p.source AND e.sequence < p.sequence)`

// OldestParked tells when the first parked event of each source happened; sources without any are left out.
func OldestParked(q sqldb.Querier) (map[string]time.Time, error) {
	rows, err := q.Query(firstParked)
	if err != nil {
		return nil, fmt.Errorf("looking for parked events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	oldest := map[string]time.Time{}
	for rows.Next() {
		var source string
		var body []byte
		if err := rows.Scan(&source, &body); err != nil {
			return nil, fmt.Errorf("reading a parked event: %w", err)
		}
		e := &eventv1.Event{}
		if err := proto.Unmarshal(body, e); err != nil {
			return nil, fmt.Errorf("decoding a parked event of %s: %w", source, err)
		}
		oldest[source] = e.GetEventTime().AsTime()
	}
	return oldest, rows.Err()
}
