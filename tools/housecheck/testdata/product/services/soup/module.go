package soup

import (
	"github.com/coworkcare/coworkcare/services/bread" // want layer
	"github.com/coworkcare/coworkcare/services/soup/internal/api"
)

type Module struct{}

var (
	_ bread.Module
	_ api.Server
)
