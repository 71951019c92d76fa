package gateway

import (
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	soupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/soup/v1" // want gateway-contract
	"github.com/coworkcare/coworkcare/services/soup"                       // want layer
)

func Start() { soupv1.RegisterSoupServiceHandlerServer() } // want in-process-handler

var (
	_ eventv1.Event
	_ soup.Module
)
