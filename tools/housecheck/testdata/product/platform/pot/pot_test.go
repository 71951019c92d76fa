package pot

import (
	"context"
	"testing"
	clock "time"

	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/soup/v1"
)

func TestBoil(t *testing.T) {
	_ = context.Background()
	clock.Sleep(clock.Second) // want sleep
	_ = clock.Now()           // want wall-clock
	panic("in a test")
}
