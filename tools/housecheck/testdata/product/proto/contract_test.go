package proto_test

import (
	_ "github.com/coworkcare/coworkcare/platform/fault" // want layer
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/soup/v1"
)
