package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Weeks is how long before today the layout's care begins: as long as the whole path takes, and a few days.
const Weeks = 16

const layoutDays = 7 * Weeks

// Options say where a development system stands, and how to fill it.
type Options struct {
	BaseURL  string    // of REST, such as http://127.0.0.1:8080
	OpsURL   string    // of the operations port, such as http://127.0.0.1:9100
	GRPCAddr string    // such as 127.0.0.1:9090; for the banner alone
	Out      io.Writer // where the walk is printed; nil: nowhere
	Seed     uint64    // the same seed gives the same people and the same care; 0 is a seed too
	Workers  int       // how many patients at once; 0 means 4
}

// ErrLaidOut says that the demo's care providers exist already.
var ErrLaidOut = errors.New("the demo has been laid out in this system before; start on an empty data folder")

// LayOut fills an empty development system: two care providers, three centres, their staff, and sixty invented patients at every
// stage, four of whom are walked with every step checked and printed. It begins where the development clock stands and moves it forward by
// sixteen weeks, to ten in the morning. Errors: [ErrLaidOut]; a *[Failure] for a step of the walk; whatever refuses.
func LayOut(ctx context.Context, o Options) (Summary, error) {
	began := time.Now()
	client, clock := o.connect()
	now, err := clock.now(ctx)
	if err != nil {
		return Summary{}, err
	}
	start := date.Of(now)
	today := start.AddDays(layoutDays)
	page := newPage(o.Out)
	page.line("Laying out synthetic people: sixteen weeks of care at three centres, from %s to %s.\nFour of them are walked: the whole path, and three that part from it. Each step below is checked, and shown with the curl that does the same.", start, today)
	org, err := establish(ctx, client, start, false)
	if err != nil {
		return Summary{}, err
	}
	if org.existed {
		return Summary{}, ErrLaidOut
	}
	if err := org.employers(ctx, client); err != nil {
		return Summary{}, err
	}
	page.line("%d care providers, %d centres and %d members of staff are registered.", len(org.providers), len(org.units), len(org.people))
	end := today.At(10, 0)
	day0 := firstDay(now)
	walked := walks(client, clock, page, org, day0, o.Seed)
	scripts := scriptsOf(walked)
	for n, course := range newCast(dice(o.Seed, 0), start, today) {
		scripts = append(scripts, course.script(client, org, n+1, dice(o.Seed, uint64(n)+1), today, end))
	}
	if err := drive(ctx, clock, scripts, end, o.workers()); err != nil {
		return Summary{}, err
	}
	if err := clock.to(ctx, end); err != nil {
		return Summary{}, err
	}
	summary := Summary{
		Seed: o.Seed, Patients: len(scripts), StartDate: start, TodayDate: today, Steps: page.steps,
		WalkPatientID: walked[0].patientID, SecondPatientID: walked[1].patientID, WalkTraceID: walked[0].traceID, Units: units(org), Actors: ready(org),
		Timers: clock.timers(), Seconds: time.Since(began).Seconds(),
	}
	return summary, page.err
}

// Walk walks one patient along the whole path, and three whose path parts from it, on a running development system, whatever is in it.
// It moves the clock forward by about fourteen weeks. Errors: a *[Failure] for the step that did not go as it should.
func Walk(ctx context.Context, o Options) error {
	client, clock := o.connect()
	now, err := clock.now(ctx)
	if err != nil {
		return err
	}
	org, err := establish(ctx, client, date.Of(now), true)
	if err != nil {
		return err
	}
	page := newPage(o.Out)
	page.line("One synthetic patient walks from the GP's assessment to the closed episode; a second one declines coordination, a third is too ill for\na meeting at first, a fourth wants no contact with the employer. Each step is checked, and shown with the curl that does the same.\nThe development clock moves fourteen weeks ahead. ($TOKEN_GP and the like: export TOKEN_GP=$(coworkctl token --role gp))")
	if o.Seed == 0 {
		o.Seed = uint64(time.Now().UnixNano()) // other people each time
	}
	walked := walks(client, clock, page, org, firstDay(now), o.Seed)
	if err := drive(ctx, clock, scriptsOf(walked), time.Time{}, o.workers()); err != nil {
		return err
	}
	page.line("\n%s", page.in(green, fmt.Sprintf("All %d steps went as they should.", page.steps)))
	page.line("The whole path as one trace: %s", o.traceURL(walked[0].traceID))
	return page.err
}

func scriptsOf(walked []*walk) []Script {
	var scripts []Script
	for _, w := range walked {
		scripts = append(scripts, w.script)
	}
	return scripts
}

func (o Options) connect() (*Client, *devClock) {
	client := NewClient(o.BaseURL, o.OpsURL)
	return client, &devClock{client: client, operator: operator}
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return 4
}

func dice(seed, n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }

// firstDay is the first working day whose morning is still to come.
func firstDay(now time.Time) date.Day {
	day := date.NextWorkingDay(date.Of(now))
	if !now.Before(day.At(8, 0)) {
		day = date.AddWorkingDays(day, 1)
	}
	return day
}

// walks writes the checked scripts, at the first centre: the whole path, without coordination, with a meeting deferred, and without
// the employer.
func walks(client *Client, clock *devClock, page *page, org *organisation, day0 date.Day, seed uint64) []*walk {
	t := team{
		providerID: org.providers[0], unitID: org.units[0], secretary: org.actor("secretary1", 0), gp: org.actor("gp1", 0),
		careManager: org.actor("cm1", 0), coordinator: org.actor("rc1", 0),
	}
	paths := []func(*walk, date.Day, *rand.Rand){(*walk).wholePath, (*walk).withoutCoordination, (*walk).deferred, (*walk).withoutEmployer}
	var all []*walk
	for i, path := range paths {
		w := newWalk(fmt.Sprintf("walk %d", i+1), client, clock, page, t)
		w.colleague = org.actor("cm2", 0)
		path(w, day0, dice(seed, uint64(1_000_001+i)))
		all = append(all, w)
	}
	return all
}

// ready are the actors whose tokens the banner prints.
func ready(org *organisation) []Actor {
	return []Actor{
		org.actor("gp1", 0), org.actor("locum", 0), org.actor("cm1", 0), org.actor("cm2", 0), org.actor("rc1", 0), org.actor("psychologist", 0),
		org.actor("manager1", 0), org.actor("secretary1", 0), org.actor("both", 1), org.actor("gp4", 2),
		{Role: "integration", UnitID: "*", Variable: "TOKEN_INTEGRATION"}, operator,
	}
}

// units are the centres with their managers.
func units(org *organisation) []Unit {
	var all []Unit
	for i, c := range centres {
		all = append(all, Unit{CareUnitID: org.units[i], Name: c.name, Manager: org.actor(fmt.Sprintf("manager%d", i+1), i)})
	}
	return all
}
