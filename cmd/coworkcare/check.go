package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/ops"
	"github.com/coworkcare/coworkcare/platform/redisdb"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/worker"
)

// examined is what a running process can tell about itself to whoever looks for a fault.
type examined struct {
	system  *app.System
	modules []app.Module
	redis   *redisdb.DB // nil: none is used
	callers *identity.Verifier
	issuer  string
}

func (e examined) looks() []ops.Look {
	return []ops.Look{e.migrations, e.bell, e.keys, e.events}
}

// migrations compares every store with what this program knows.
func (e examined) migrations(ctx context.Context) []ops.Finding {
	var found []ops.Finding
	for _, module := range e.modules {
		acts := e.system.Log(module.Name)
		if acts == nil {
			continue
		}
		for set, files := range map[string]fs.FS{"chassis": act.Migrations, module.Name: module.Migrations} {
			if files == nil {
				continue
			}
			folder, err := fs.Sub(files, "migrations")
			if err == nil {
				err = acts.DB.Version(ctx, set, folder)
			}
			if err != nil {
				found = append(found, migrationFinding(module.Name, err))
			}
		}
	}
	if len(found) > 0 {
		return found
	}
	return []ops.Finding{{Check: "migrations", OK: true, Text: "every store is as this program knows it"}}
}

func migrationFinding(store string, err error) ops.Finding {
	f := ops.Finding{Check: "migrations"}
	var newer *sqldb.NewerError
	var pending *sqldb.PendingError
	switch {
	case errors.As(err, &newer):
		f.Text = fmt.Sprintf("the store of %s was migrated by a newer program: %s stands at %d, this one knows %d", store, newer.Set, newer.Database, newer.Program)
		f.Fix = "replace this program by the newer one; to go back, restore the copy made before its first start"
	case errors.As(err, &pending):
		f.Text = fmt.Sprintf("the store of %s lacks migrations: %s stands at %d, this program needs %d", store, pending.Set, pending.Database, pending.Program)
		f.Fix = "restart this program, which migrates as it starts; if an old copy was restored, see that it is the right one"
	default:
		f.Text = "the store of " + store + " does not say how it was migrated"
		f.Fix = "see that the database answers and that this program may read it; its log names the error"
	}
	return f
}

// bell asks Redis for an answer.
func (e examined) bell(ctx context.Context) []ops.Finding {
	if e.redis == nil {
		return []ops.Finding{{Check: "Redis", OK: true, Text: "none is used: this process is alone on its stores"}}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if e.redis.Ping(ctx).Err() != nil {
		return []ops.Finding{{Check: "Redis", Text: "does not answer; timers come by the sweep, seconds late, and nothing is lost",
			Fix: "start Redis, or correct COWORKCARE_REDIS_URL; the server finds it again by itself"}}
	}
	text := "answers"
	if e.redis.Embedded() {
		text = "runs inside the process"
	}
	return []ops.Finding{{Check: "Redis", OK: true, Text: text}}
}

// keys says whose tokens are taken, and whether they can be judged.
func (e examined) keys(ctx context.Context) []ops.Finding {
	if e.callers.Ready(ctx) != nil {
		return []ops.Finding{{Check: "issuer", Text: "the keys of " + e.issuer + " cannot be fetched, so no token can be judged",
			Fix: "see that this machine reaches the issuer (COWORKCARE_OIDC_ISSUER, COWORKCARE_OIDC_JWKS_URL)"}}
	}
	return []ops.Finding{{Check: "issuer", OK: true, Text: "tokens of " + e.issuer + " are taken"}}
}

// counted is a number of things as a sentence says it.
func counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// numbering is how long events may stay without a number before that is a fault.
const numbering = time.Second

// events looks for events that nobody can read yet, and for those that could not be handled.
func (e examined) events(ctx context.Context) []ops.Finding {
	var found []ops.Finding
	waiting := map[string]int64{} // the head of each log that has events without a number
	for _, module := range e.modules {
		acts := e.system.Log(module.Name)
		if acts == nil {
			continue
		}
		q := acts.DB.Read(ctx)
		parked, err := worker.Parked(q)
		if err == nil && parked > 0 {
			found = append(found, ops.Finding{Check: "events", Text: module.Name + " could not handle " + counted(parked, "event") + ", those among them that wait for another; they are parked, and tried again ever more seldom",
				Fix: "look into the log for \"an event could not be handled and is parked\": it names the event and the error; once that is mended they pass by themselves"})
		}
		if unnumbered, err := event.Unnumbered(q); err == nil && unnumbered > 0 {
			waiting[module.Name], _ = event.Head(q)
		}
	}
	found = append(found, e.stuck(ctx, waiting)...)
	if len(found) > 0 {
		return found
	}
	return []ops.Finding{{Check: "events", OK: true, Text: "all are numbered, none is parked"}}
}

// stuck are the logs among those with unnumbered events that get no numbers for a moment.
func (e examined) stuck(ctx context.Context, waiting map[string]int64) []ops.Finding {
	if len(waiting) == 0 {
		return nil
	}
	moment := time.NewTimer(numbering)
	defer moment.Stop()
	select {
	case <-moment.C:
	case <-ctx.Done():
		return nil
	}
	var names []string
	for _, module := range e.modules {
		before, looked := waiting[module.Name]
		if !looked {
			continue
		}
		q := e.system.Log(module.Name).DB.Read(ctx)
		head, err := event.Head(q)
		left, err2 := event.Unnumbered(q)
		if errors.Join(err, err2) == nil && head == before && left > 0 {
			names = append(names, module.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []ops.Finding{{Check: "events", Text: "events of " + strings.Join(names, ", ") + " get no numbers, so nobody can read them",
		Fix: "see that a process which serves them runs and can write to the database; a transaction left open there may hold the log's head"}}
}
