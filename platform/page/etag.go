package page

import (
	"errors"
	"strconv"
	"strings"
)

// AnyRevision is what ParseEtag answers to "*": whatever revision there is.
const AnyRevision int64 = -1

// ErrBadEtag says that an etag was not made by Etag.
var ErrBadEtag = errors.New(`the etag must be one that this server gave, for example "r12", or *`)

// Etag returns the strong etag of a revision, quotes included: "r12"
// (RFC 9110, section 8.8.3).
func Etag(revision int64) string {
	return `"r` + strconv.FormatInt(revision, 10) + `"`
}

// ParseEtag returns the revision of an etag, with or without its quotes, or
// AnyRevision for *. A weak etag (W/…), a list of several and everything else
// is ErrBadEtag: the caller would believe in a check that is not made.
func ParseEtag(etag string) (int64, error) {
	if etag == "*" {
		return AnyRevision, nil
	}
	text := etag
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	digits, found := strings.CutPrefix(text, "r")
	revision, err := strconv.ParseInt(digits, 10, 64)
	if !found || err != nil || revision < 0 || strconv.FormatInt(revision, 10) != digits {
		return 0, ErrBadEtag
	}
	return revision, nil
}
