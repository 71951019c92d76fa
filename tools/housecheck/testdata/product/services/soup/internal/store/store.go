package store

import (
	"github.com/coworkcare/coworkcare/services/soup/internal/api" // want room
	"github.com/coworkcare/coworkcare/services/soup/internal/soup"
)

type db interface{ Query(string, ...any) error }

const all = "SELECT id FROM soup WHERE unit = $1"

func List(d db) error { return d.Query(all, "u") }

var (
	_ api.Server
	_ soup.Reason
)
