package pot

import (
	"context"
	"time"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1" // want platform-medicine
	"github.com/coworkcare/coworkcare/services/soup"                             // want layer
)

func Boil() time.Time {
	ctx := context.Background()                            // want context-root
	_ = context.TODO()                                     // want context-root
	context.AfterFunc(ctx, func() { panic("hot") })        // want panic
	if time.Since(time.Time{}) > time.Until(time.Time{}) { // want wall-clock wall-clock
		return time.Now() // want wall-clock
	}
	now := time.Now // want wall-clock
	return now()
}

var (
	_ accessv1.Role
	_ patientv1.Patient
	_ soup.Module
)
