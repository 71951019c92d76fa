package event

import (
	"fmt"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// Forget empties a log whose events are derived and told anew. Its numbers go on, so that who has read it up to one goes on too.
func Forget(tx *sqldb.Tx) error {
	if _, err := tx.Exec(`DELETE FROM event_log`); err != nil {
		return fmt.Errorf("forgetting the event log: %w", err)
	}
	return nil
}
