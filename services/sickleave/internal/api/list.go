package api

import (
	"strconv"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// pageAt is where a page of a list, newest first by creation, begins and how long it is.
type pageAt struct {
	server *Server
	query  string
	size   int
	after  store.Place
}

// pageAt reads where a page begins. Query is the list asked for, to which page tokens are bound.
func (s *Server) pageAt(query string, requested int32, token string) (pageAt, error) {
	size, err := pageSize(requested)
	if err != nil {
		return pageAt{}, err
	}
	at := pageAt{server: s, query: query, size: size}
	keys, err := s.after(query, token, 2)
	if err != nil || keys == nil {
		return at, err
	}
	created, err := strconv.ParseInt(keys[0], 10, 64)
	at.after = store.Place{CreateTime: sqldb.FromMicros(created), ID: keys[1]}
	return at, err
}

// cut takes the rows of the page, of which there may be one more, and gives the token of the next page when there is.
func cut[R any](at pageAt, records []R, place func(R) store.Place) ([]R, string) {
	if len(records) <= at.size {
		return records, ""
	}
	records = records[:at.size]
	last := place(records[at.size-1])
	return records, at.server.pages.Encode(at.query, strconv.FormatInt(sqldb.Micros(last.CreateTime), 10), last.ID)
}
