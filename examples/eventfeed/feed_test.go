package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/coworkcare/coworkcare/examples/internal/product"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

// reader is a region's system: it keeps what it has handled by event id, as one must where events come at least once.
type reader struct {
	mu      sync.Mutex
	handled map[string]string // patient by event id
	doubles int
	failAt  int // breaks when so many have been handled; 0 never
}

var errBroken = errors.New("the reader broke")

func (r *reader) handle(event *eventv1.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if event.GetType() != "patient.registered" {
		return nil
	}
	if r.failAt > 0 && len(r.handled) >= r.failAt {
		return errBroken
	}
	if _, known := r.handled[event.GetEventId()]; known {
		r.doubles++
		return nil
	}
	snapshot, err := event.GetSnapshot().UnmarshalNew()
	if err != nil {
		return err
	}
	if _, ok := snapshot.(*patientv1.PatientSnapshot); !ok {
		return fmt.Errorf("the snapshot is %T", snapshot)
	}
	r.handled[event.GetEventId()] = event.GetPatientId()
	return nil
}

func (r *reader) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.handled)
}

// The feed breaks in the middle of a page, is stopped, and sees the server restart; patients are registered all the while. It
// misses none.
func TestNothingIsMissed(t *testing.T) {
	p := product.New(t)
	p.Start()
	gp, unit := p.Token("gp", "")
	integration, _ := p.Token("integration", "*")
	registry := patientv1.NewPatientServiceClient(p.Connect(gp))
	registered := map[string]bool{}
	register := func(count int) {
		t.Helper()
		for range count {
			patient, err := registry.CreatePatient(t.Context(), &patientv1.CreatePatientRequest{Patient: &patientv1.Patient{
				CareUnitId: unit, GivenName: "Synthetic", FamilyName: "Person",
				IdentityNumber: &patientv1.IdentityNumber{Kind: patientv1.IdentityNumber_RESERVE_NUMBER, Value: fmt.Sprintf("TEST%06d", len(registered))}}})
			if err != nil {
				t.Fatal(err)
			}
			registered[patient.GetPatientId()] = true
		}
	}
	r := &reader{handled: map[string]string{}}
	file := filepath.Join(t.TempDir(), "cursor")
	newFeed := func() *feed {
		return &feed{client: eventv1.NewEventServiceClient(p.Connect(integration)), file: file, told: io.Discard, handle: r.handle}
	}

	register(10)
	r.failAt = 4
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if err := newFeed().follow(ctx); !errors.Is(err, errBroken) {
		t.Fatalf("follow: %v", err)
	}
	r.failAt = 0
	register(5) // nobody reads

	ctx, stop = context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- newFeed().follow(ctx) }()
	product.Eventually(t, "all are handled", func() bool { return r.count() >= len(registered) })
	product.Eventually(t, "the place is kept", func() bool { _, err := os.Stat(file); return err == nil })
	stop()
	if err := <-done; err != nil {
		t.Fatalf("a feed that is stopped: %v", err)
	}
	if r.doubles == 0 {
		t.Error("the page that broke did not come again")
	}

	register(3) // nobody reads
	ctx, stop = context.WithCancel(t.Context())
	defer stop()
	go func() { done <- newFeed().follow(ctx) }()
	product.Eventually(t, "all are handled", func() bool { return r.count() >= len(registered) })
	p.Stop()
	p.Start() // the feed goes on by itself
	register(3)
	product.Eventually(t, "all are handled", func() bool { return r.count() >= len(registered) })
	stop()
	if err := <-done; err != nil {
		t.Fatalf("a feed that is stopped: %v", err)
	}
	for _, patient := range r.handled {
		delete(registered, patient)
	}
	if len(registered) > 0 {
		t.Errorf("%d patients were missed", len(registered))
	}
}

func TestARefusalEndsTheFeed(t *testing.T) {
	p := product.New(t)
	p.Start()
	f := &feed{client: eventv1.NewEventServiceClient(p.Connect("none")), file: filepath.Join(t.TempDir(), "cursor"), told: io.Discard}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if err := f.follow(ctx); err == nil {
		t.Fatal("a token that is none was taken")
	}
}
