package functional_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/coworkcare/coworkcare/platform/date"
)

// deed is a write and its acknowledgement.
type deed struct {
	call
	answer answer
	id     string // of what it made or changed
}

// course is what one patient went through, each step acknowledged.
type course struct {
	patient, episode, referral, certificate, contact string
}

// storm is writers at work, and the oracle of what they were told.
type storm struct {
	*clinic
	today date.Day
	route func() *client // who is called next

	acknowledged atomic.Int64
	resent       atomic.Int64 // calls sent again after they were cut off
	refused      atomic.Int64 // calls sent again after they were refused for the moment, or found nobody

	mu      sync.Mutex
	deeds   []deed
	courses []course
	failure error // of a writer; the others stop
}

func newStorm(c *clinic, today date.Day) *storm {
	return &storm{clinic: c, today: today, route: func() *client { return c.client }}
}

// patience is how long a writer goes on with one call.
const patience = 2 * time.Minute

// deed makes a call until it is acknowledged: where no answer came, the same call is sent again under the same key.
func (s *storm) deed(ctx context.Context, c call, id string) (object, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := s.route().send(ctx, c)
		if err == nil && got.good() {
			var o object
			if err := json.Unmarshal(got.text, &o); err != nil {
				return nil, fmt.Errorf("%s: %w: %v", c.path, err, got)
			}
			s.mu.Lock()
			s.deeds = append(s.deeds, deed{call: c, answer: got, id: str(o, id)})
			s.mu.Unlock()
			s.acknowledged.Add(1)
			return o, nil
		}
		if err == nil && !again(got) {
			return nil, fmt.Errorf("%s %s: %v", c.method, c.path, got)
		}
		if err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			s.resent.Add(1)
		} else {
			s.refused.Add(1)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s %s: %w; last: %v %w", c.method, c.path, ctx.Err(), got, err)
		}
	}
}

// again tells of a refusal that asks for another try.
func again(a answer) bool {
	return a.status == http.StatusServiceUnavailable || a.status == http.StatusGatewayTimeout || a.reason() == "REQUEST_ID_CONFLICT"
}

// follow takes one patient through a course.
func (s *storm) follow(ctx context.Context) error {
	var c course
	steps := []func() (call, string, func(object)){
		func() (call, string, func(object)) {
			return s.newPatient(), "patientId", func(o object) { c.patient = str(o, "patientId") }
		},
		func() (call, string, func(object)) {
			return startEpisode(c.patient), "careEpisodeId", func(o object) {
				c.episode = str(o, "careEpisodeId")
				for _, r := range o["referrals"].([]any) {
					if str(r.(object), "role") == "ROLE_CARE_MANAGER" {
						c.referral = str(r.(object), "referralId")
					}
				}
			}
		},
		func() (call, string, func(object)) {
			return draftCertificate(c.patient, c.episode, s.today), "certificateId", func(o object) { c.certificate = str(o, "certificateId") }
		},
		func() (call, string, func(object)) {
			return acceptReferral(c.patient, c.episode), "careEpisodeId", func(object) {}
		},
		func() (call, string, func(object)) {
			return signCertificate(c.patient, c.certificate), "certificateId", func(object) {}
		},
		func() (call, string, func(object)) {
			at := date.AddWorkingDays(s.today, 1).At(10, 0)
			return bookContact(c.patient, c.episode, at), "contactId", func(o object) { c.contact = str(o, "contactId") }
		},
	}
	for _, step := range steps {
		made, id, keep := step()
		o, err := s.deed(ctx, made, id)
		if err != nil {
			return err
		}
		keep(o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.courses = append(s.courses, c)
	return nil
}

// rage lets several writers work until it is told to end; then each brings the course that it is at to its end. It gives the
// way to tell it, which waits for the writers.
func (s *storm) rage(t testing.TB, writers int) func() {
	t.Helper()
	ended := make(chan struct{})
	group, ctx := errgroup.WithContext(t.Context())
	for range writers {
		group.Go(func() error {
			for {
				select {
				case <-ended:
					return nil
				default:
				}
				if err := s.follow(ctx); err != nil {
					s.fail(err)
					return err
				}
			}
		})
	}
	var once sync.Once
	return func() {
		t.Helper()
		once.Do(func() { close(ended) })
		require.NoError(t, group.Wait(), "a writer has given up")
	}
}

func (s *storm) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		s.failure = err
	}
}

func (s *storm) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

// reach waits until so many calls are acknowledged.
func (s *storm) reach(t testing.TB, acknowledged int64) {
	t.Helper()
	eventually(t, patience, fmt.Sprintf("%d calls acknowledged", acknowledged), func() error {
		require.NoError(t, s.failed(), "a writer has given up")
		if s.acknowledged.Load() < acknowledged {
			return fmt.Errorf("%d so far", s.acknowledged.Load())
		}
		return nil
	})
}

// chance is a source of random choices; the seed stands in the log.
func chance(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("COWORKCARE_FUNCTIONAL_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("COWORKCARE_FUNCTIONAL_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// kills is how often a process is killed.
func kills(t testing.TB, few int) int {
	t.Helper()
	text := os.Getenv("COWORKCARE_FUNCTIONAL_KILLS")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// repeatAll sends every acknowledged call once more: each must be answered as it was the first time.
func (s *storm) repeatAll(t testing.TB) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(4)
	for _, d := range s.deeds {
		group.Go(func() error {
			got, err := s.send(ctx, d.call)
			if err != nil {
				return err
			}
			var first, second object
			if err := errors.Join(json.Unmarshal(d.answer.text, &first), json.Unmarshal(got.text, &second)); err != nil {
				return err
			}
			if got.status != d.answer.status || fmt.Sprint(first) != fmt.Sprint(second) {
				return fmt.Errorf("%s %s under its key again: %v; the first time: %v", d.method, d.path, got, d.answer)
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
}
