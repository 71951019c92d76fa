package accesslog

import "time"

// SetNow gives the log another clock.
func (l *Log) SetNow(now func() time.Time) { l.now = now }
