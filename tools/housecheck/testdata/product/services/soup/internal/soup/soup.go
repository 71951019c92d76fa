package soup

import (
	"context"               // want domain-import
	"crypto/rand"           // want domain-import
	_ "database/sql/driver" // want domain-import
	"fmt"
	"log/slog"     // want domain-import
	"math/rand/v2" // want domain-import
	"net/http"     // want domain-import
	"os"           // want domain-import
	"time"

	"go.opentelemetry.io/otel" // want domain-import

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"                      // want domain-import
	soupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/soup/v1" // want domain-import
)

type Reason string

const (
	Cold   Reason = "SOUP_COLD"
	Eaten  Reason = "SOUP_EATEN"
	Spilt  Reason = "SOUP_SPILT"
	Stolen Reason = "SOUP_STOLEN" // want reason-declared
)

type StateError struct {
	Reason Reason
	State  string
}

type violation struct{ field, reason string }

type violations []violation

func (v *violations) add(field, reason, text string) { *v = append(*v, violation{field, reason}) }

func Serve(now time.Time, v *violations) []StateError {
	v.add("salt", "SOUP_SALTED", "is too much")
	v.add("salt", "SOUP_SWEET", "is wrong") // want reason-declared
	_ = []violation{{"lid", "SOUP_OPEN"}}   // want reason-declared
	_ = []violation{{"lid", "string.max_len"}}
	time.AfterFunc(time.Second, func() {}) // want domain-clock
	panic(fmt.Sprint(now.IsZero()))        // want panic
	return []StateError{{Cold, "ON_THE_TABLE"}, {Reason: Eaten}}
}

var (
	_ context.Context
	_ = rand.Int
	_ slog.Logger
	_ http.Server
	_ = os.Exit
	_ = otel.Tracer
	_ date.Day
	_ fault.Fault
	_ soupv1.Reason
)
