package event

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Cursor says how far each source has been read. Its text is `source:number` joined by dots, sources in order of name:
// opaque to callers, harmless when guessed, since access is decided by the token.
type Cursor map[string]int64

// ErrBadCursor is answered for a text that no cursor has.
var ErrBadCursor = errors.New("not a cursor of this API")

// String is the cursor's text; empty when nothing has been read.
func (c Cursor) String() string {
	parts := make([]string, 0, len(c))
	for _, source := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, source+":"+strconv.FormatInt(c[source], 10))
	}
	return strings.Join(parts, ".")
}

// ParseCursor reads a cursor's text. Empty is the beginning.
func ParseCursor(text string) (Cursor, error) {
	c := Cursor{}
	if text == "" {
		return c, nil
	}
	for part := range strings.SplitSeq(text, ".") {
		source, number, ok := strings.Cut(part, ":")
		n, err := strconv.ParseInt(number, 10, 64)
		if !ok || err != nil || n < 0 || source == "" || strconv.FormatInt(n, 10) != number {
			return nil, ErrBadCursor
		}
		if strings.IndexFunc(source, func(r rune) bool { return r < 'a' || r > 'z' }) >= 0 {
			return nil, ErrBadCursor
		}
		if _, twice := c[source]; twice {
			return nil, ErrBadCursor
		}
		c[source] = n
	}
	return c, nil
}
