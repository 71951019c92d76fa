package app

import "time"

// SetPoll changes how long a new event can go unnoticed when no ring is heard.
func (s *System) SetPoll(d time.Duration) { s.poll = d }
