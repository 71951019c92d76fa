package gateway

import _ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/soup/v1"
