package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// walk writes and carries out the script of one patient whose every step is checked and printed.
type walk struct {
	*chart
	clock  *devClock
	page   *page
	script Script
	calls  []Call // of the step that is being carried out
	shown  int    // which of them the printed curl shows
	said   string // what the step found, for the printed line

	traceID   string  // of the one trace that all its calls stand in
	chapter   string  // of the steps that are written now
	whose     string  // " (second patient)", where it would not be clear
	minute    int     // by how much the patient's contacts come later than another's
	colleague Actor   // another care manager of the centre
	signed    []leave // so far

	workAbilityID string
	actions       []string // ids, in the order agreed
}

func newWalk(name string, client *Client, clock *devClock, page *page, t team) *walk {
	w := &walk{clock: clock, page: page, script: Script{Name: name}}
	watched := client.watched(func(call Call) { w.calls = append(w.calls, call) })
	watched.trace, w.traceID = newTrace()
	w.chart = &chart{client: watched, team: t}
	return w
}

// on adds a step that is checked and printed.
func (w *walk) on(when time.Time, name string, do func(ctx context.Context, c *check) error) {
	chapter := w.chapter
	w.script.on(when, name, func(ctx context.Context) error {
		w.calls, w.shown, w.said = nil, 0, ""
		c := &check{}
		err := do(ctx, c)
		if err = errors.Join(err, c.err()); err != nil {
			if ctx.Err() != nil {
				return ctx.Err() // it was broken off, it did not fail
			}
			failure := &Failure{Name: name, Err: err}
			w.page.fail(failure)
			return failure
		}
		now, err := w.clock.now(ctx)
		if err != nil {
			return err
		}
		line, curl := name, ""
		if w.said != "" {
			line += ": " + w.said
		}
		if w.shown < len(w.calls) {
			curl = w.client.Curl(w.calls[w.shown])
		}
		w.page.step(now, chapter, line, curl)
		return nil
	})
}

// say adds to the printed line what the step has found.
func (w *walk) say(format string, a ...any) { w.said = fmt.Sprintf(format, a...) }

// show makes the call made last the one whose curl is printed.
func (w *walk) show() { w.shown = len(w.calls) - 1 }

// worklist reads a worklist and leaves in what concerns the patient.
func (w *walk) worklist(ctx context.Context, as Actor, path string, query url.Values) ([]followUpAnswer, error) {
	all, err := listFollowUps(ctx, w.client, as, path, query)
	return slices.DeleteFunc(all, func(f followUpAnswer) bool { return f.PatientID != w.patientID }), err
}

func (w *walk) unitList(ctx context.Context, as Actor, query url.Values) ([]followUpAnswer, error) {
	return w.worklist(ctx, as, "/v1/careUnits/"+w.team.unitID+"/followUps", query)
}

func (w *walk) ownList(ctx context.Context, as Actor) ([]followUpAnswer, error) {
	return w.worklist(ctx, as, "/v1/followUps:mine", url.Values{})
}

// find picks a follow-up of a kind, about something when subjectID is set.
func find(list []followUpAnswer, kind, subjectID string) (followUpAnswer, bool) {
	i := slices.IndexFunc(list, func(f followUpAnswer) bool { return f.Kind == kind && (subjectID == "" || f.SubjectID == subjectID) })
	if i < 0 {
		return followUpAnswer{}, false
	}
	return list[i], true
}

// ended checks that the patient's follow-up of a kind has ended for a cause.
func (w *walk) ended(ctx context.Context, c *check, as Actor, kind, subjectID, state, cause string) error {
	f, err := w.followUp(ctx, as, kind, subjectID)
	if err != nil {
		return err
	}
	equal(c, "follow-up "+kind+", state", f.State, state)
	equal(c, "follow-up "+kind+", cause of its end", f.End.Cause, cause)
	return nil
}

// enrol registers a new invented patient for a walk. An identity number that is taken, by an earlier walk, is followed by the next.
func (w *walk) enrol(ctx context.Context, c *check, dice *rand.Rand, today date.Day) error {
	for range 200 {
		p := newPerson(dice, dice.IntN(1000), today)
		made, err := w.register(ctx, p)
		if refused(err, http.StatusConflict, "PATIENT_EXISTS") {
			w.calls = nil
			continue
		}
		if err != nil {
			return err
		}
		equal(c, "state", made.State, "ACTIVE")
		equal(c, "identity number", made.IdentityNumber, p.number)
		c.that(made.BirthDate != "", "birth date: expected the day that the number states, got none")
		return nil
	}
	return errors.New("no free identity number was found; the demo's are all in use")
}

// cases reads the patient's sick-leave cases as of a day.
func (w *walk) cases(ctx context.Context, as Actor, query url.Values) (casesAnswer, error) {
	var answer casesAnswer
	err := w.client.get(ctx, as, w.path("/sickLeaveCases"), query, &answer)
	return answer, err
}

// noneOpen checks that no follow-up of the patient is open any more, and counts those that have ended.
func (w *walk) noneOpen(ctx context.Context, c *check, as Actor) error {
	all, err := w.followUps(ctx, as, "", "")
	if err != nil {
		return err
	}
	states := map[string]int{}
	for _, f := range all {
		states[f.State]++
		c.that(f.State != "OPEN", "follow-up %s, due %s, is still open", f.Kind, f.DueDate)
	}
	c.that(len(all) > 0, "expected follow-ups that have ended, got none at all")
	w.say("%d were done, %d fell away, none is open", states["COMPLETED"], states["CANCELLED"]+states["LAPSED"])
	return nil
}
