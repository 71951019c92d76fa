package ops

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// ChecksPath is where the port tells what it finds when it looks at its own parts; `coworkctl doctor` reads it.
const ChecksPath = "/checks"

// Finding is the outcome of a look at one part: what there is, and what to do when it is not as it should be.
type Finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Text  string `json:"text"`
	Fix   string `json:"fix,omitempty"`
}

// Look looks at a part of the process. It names no person and nothing of a patient's.
type Look func(ctx context.Context) []Finding

// lookFor bounds all looks together.
const lookFor = 4 * time.Second

// Findings is the answer at ChecksPath.
type Findings struct {
	Findings []Finding `json:"findings"`
}

// ShowChecks shows what looks find, each time they are asked for, in the order given.
func (p *Port) ShowChecks(looks ...Look) {
	p.Mux.HandleFunc("GET "+ChecksPath, func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), lookFor)
		defer cancel()
		found := make([][]Finding, len(looks))
		var group sync.WaitGroup
		for i, look := range looks {
			group.Go(func() { found[i] = look(ctx) })
		}
		group.Wait()
		all := Findings{Findings: []Finding{}}
		for _, some := range found {
			all.Findings = append(all.Findings, some...)
		}
		writeJSON(w, all)
	})
}
