package page

import "errors"

// ErrNegativeSize says that a page of fewer than no rows was asked for.
var ErrNegativeSize = errors.New("the page size must not be negative")

// Size returns how many rows to show: def when none were asked for, at most
// limit. A negative request is ErrNegativeSize (AIP-158).
func Size(requested int32, def, limit int) (int, error) {
	switch {
	case requested < 0:
		return 0, ErrNegativeSize
	case requested == 0:
		return min(def, limit), nil
	default:
		return min(int(requested), limit), nil
	}
}
