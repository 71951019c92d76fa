package api

import (
	"net/url"

	soupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/soup/v1"

	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/soup/internal/soup"
	"github.com/coworkcare/coworkcare/services/soup/internal/store"
	"github.com/coworkcare/coworkcare/services/soup/internal/worker" // want room
)

type Server struct{}

type db interface{ QueryRow(string, ...any) error }

// want:next sql
const one = `
SELECT id,
  taste FROM soup`

func (s *Server) Get(d db, u *url.URL) error {
	refuse := func(field, reason string) error { return fault.NotFound(reason, field) }
	_ = u.Query()
	_ = d.QueryRow(one)                                     // want sql
	_ = d.QueryRow("SELECT id FROM soup WHERE id = " + one) // want sql sql
	_ = refuse("id", "SOUP_GONE")                           // want reason-declared
	return fault.NotFound(soupv1.Reason_SOUP_NOT_FOUND.String(), "no soup")
}

var (
	_ soup.Reason
	_ = store.List
	_ worker.Worker
)
