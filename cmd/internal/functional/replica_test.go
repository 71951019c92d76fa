package functional_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

// balancer sends calls to the replicas that say that they are ready, as a load balancer in front of them does.
type balancer struct {
	clients []*client
	ready   []atomic.Bool
}

// balance looks after replicas until the test ends.
func balance(t testing.TB, c *client, replicas ...*site) *balancer {
	t.Helper()
	b := &balancer{ready: make([]atomic.Bool, len(replicas))}
	ended := make(chan struct{})
	var looking sync.WaitGroup
	for i, s := range replicas {
		b.clients = append(b.clients, c.at(s.rest))
		b.ready[i].Store(s.ready() == nil)
		looking.Go(func() {
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					b.ready[i].Store(s.ready() == nil)
				case <-ended:
					return
				}
			}
		})
	}
	t.Cleanup(func() {
		close(ended)
		looking.Wait()
	})
	return b
}

// next is any replica that is ready, or just any.
func (b *balancer) next() *client {
	for _, i := range rand.Perm(len(b.clients)) {
		if b.ready[i].Load() {
			return b.clients[i]
		}
	}
	return b.clients[rand.IntN(len(b.clients))]
}

// newReplicas starts two processes at once on an empty database.
func newReplicas(t testing.TB) (r *region, second *site, processes [2]*process) {
	t.Helper()
	r = newRegion(t, newSite(t).onPostgres().withRedis())
	r.settings["COWORKCARE_DRAIN_DELAY"] = "500ms"
	second = r.replica()
	processes = [2]*process{r.begin("serve"), second.begin("serve")}
	r.awaitReady(processes[0])
	second.awaitReady(processes[1])
	return r, second, processes
}

// What is written at one replica is seen at the other, and done once; the issuer's new keys are known to both, its withdrawn
// ones to none.
func TestReplicasAreOne(t *testing.T) {
	t.Parallel()
	r, second, processes := newReplicas(t)
	here := r.found()
	there := &clinic{client: here.at(second.rest), unit: here.unit, numbers: here.numbers}
	today := date.Of(time.Now())

	at := there.do(t, read(integration, "/v1/events?pageSize=1000"))
	heard := there.background(t.Context(), read(integration, "/v1/events?waitSeconds=30&sources=sickleave&types=certificate.signed&cursor="+url.QueryEscape(str(at, "nextCursor"))))
	patient := str(here.do(t, here.newPatient()), "patientId")
	require.Equal(t, patient, str(there.do(t, read(gp, "/v1/patients/"+patient)), "patientId"))
	episode := str(there.do(t, startEpisode(patient)), "careEpisodeId")
	certificate := str(here.do(t, draftCertificate(patient, episode, today)), "certificateId")
	there.do(t, signCertificate(patient, certificate))
	told := <-heard
	require.NoError(t, told.err)
	require.Truef(t, told.good(), "%v", told.answer)
	require.Len(t, told.object(t)["events"], 1)
	r.settled(30 * time.Second)
	for _, c := range []*client{here.client, there.client} {
		require.Len(t, c.list(t, gp, "/v1/patients/"+patient+"/followUps", "followUps"), followUps)
	}

	old := maps.Clone(here.tokens)
	require.NoError(t, r.issuer.RotateKey())
	r.refresh(here)
	there.tokens = here.tokens
	here.do(t, read(gp, "/v1/patients/"+patient))
	there.do(t, read(gp, "/v1/patients/"+patient))
	here.tokens, there.tokens = old, old
	here.do(t, read(gp, "/v1/patients/"+patient)) // still published
	require.NoError(t, r.issuer.WithdrawOldKeys())
	require.NoError(t, r.issuer.RotateKey())
	r.refresh(here)
	fresh := here.tokens
	for _, c := range []*client{here.client, there.client} {
		c.tokens = fresh
		c.do(t, read(gp, "/v1/patients/"+patient)) // an unknown key makes it ask the issuer
		c.tokens = old
		got, err := c.send(t.Context(), read(gp, "/v1/patients/"+patient))
		require.NoError(t, err)
		require.Equalf(t, http.StatusUnauthorized, got.status, "signed by a withdrawn key: %v", got)
	}
	for _, p := range processes {
		p.stop(syscall.SIGTERM)
	}
	r.audit()
}

// A replica that is killed takes nothing with it: what was under way there is done by the other one when it is sent again,
// its leases are taken over, and every follow-up is made, once.
func TestKillOfReplicas(t *testing.T) {
	t.Parallel()
	random := chance(t)
	r, second, processes := newReplicas(t)
	replicas := [2]*site{r.site, second}
	storm := newStorm(r.found(), date.Of(time.Now()))
	storm.route = balance(t, storm.client, replicas[:]...).next
	for i := range kills(t, 3) {
		end := storm.rage(t, writers)
		storm.reach(t, storm.acknowledged.Load()+1+random.Int64N(100))
		<-time.After(time.Duration(random.IntN(15_000)) * time.Microsecond)
		victim := (i + 1) % 2
		processes[victim].kill()
		storm.reach(t, storm.acknowledged.Load()+50)
		end()
		if i == 0 { // the other one takes over what the victim held
			replicas[1-victim].settled(2*leaseTime + 30*time.Second)
		}
		processes[victim] = replicas[victim].start("serve")
	}
	require.NotZero(t, storm.resent.Load(), "no kill has hit a call")
	t.Logf("%d calls acknowledged, %d cut off by a kill, %d patients", storm.acknowledged.Load(), storm.resent.Load(), len(storm.courses))
	r.settled(2*leaseTime + 30*time.Second)
	storm.clinic.client = storm.at(second.rest)
	storm.checkByREST(t)
	storm.repeatAll(t)
	for _, p := range processes {
		p.stop(syscall.SIGTERM)
	}
	storm.checkBySQL(t, r.site, r.audit())
}

// One replica after the other is stopped and started again; no call fails for it.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	r, second, processes := newReplicas(t)
	storm := newStorm(r.found(), date.Of(time.Now()))
	storm.route = balance(t, storm.client, r.site, second).next
	end := storm.rage(t, writers)
	for i, s := range []*site{r.site, second, r.site} {
		storm.reach(t, storm.acknowledged.Load()+40)
		t.Logf("ended after %v", processes[i%2].stop(syscall.SIGTERM).Round(time.Millisecond))
		storm.reach(t, storm.acknowledged.Load()+40)
		processes[i%2] = s.start("serve")
	}
	storm.reach(t, storm.acknowledged.Load()+40)
	end()
	require.Zero(t, storm.resent.Load(), "calls cut off")
	require.Zero(t, storm.refused.Load(), "calls refused")
	r.settled(30 * time.Second)
	storm.checkByREST(t)
	for _, p := range processes {
		p.stop(syscall.SIGTERM)
	}
	storm.checkBySQL(t, r.site, r.audit())
}

// others are the names of all services but one, as the program tells them.
func (s *site) others(one string) []string {
	s.t.Helper()
	_, list, found := strings.Cut(strings.TrimSpace(s.refuses("serve", "no-such-service")), "the services are ")
	require.True(s.t, found)
	names := slices.DeleteFunc(strings.Split(list, ", "), func(name string) bool { return name == one })
	require.Subset(s.t, names, []string{"careplan", "sickleave", "followup"})
	return names
}

// The services also run in processes of their own, each telling the others by its log.
func TestServicesApart(t *testing.T) {
	t.Parallel()
	r := newRegion(t, newSite(t).onPostgres().withRedis())
	second := r.replica()
	second.settings["COWORKCARE_SERVICES"] = "patient=" + r.grpc
	first := r.start("serve", "patient")
	others := second.start(append([]string{"serve"}, r.others("patient")...)...)
	c := r.found()
	there := c.at(second.rest)
	today := date.Of(time.Now())
	patient := str(c.do(t, c.newPatient()), "patientId")
	episode := str(c.do(t, startEpisode(patient)), "careEpisodeId")
	certificate := str(there.do(t, draftCertificate(patient, episode, today)), "certificateId")
	there.do(t, signCertificate(patient, certificate))
	there.do(t, bookContact(patient, episode, date.AddWorkingDays(today, 1).At(10, 0)))
	c.do(t, acceptReferral(patient, episode))
	eventually(t, 30*time.Second, "the follow-ups are made", func() error {
		if made := there.list(t, gp, "/v1/patients/"+patient+"/followUps", "followUps"); len(made) != followUps {
			return fmt.Errorf("%d of %d", len(made), followUps)
		}
		return nil
	})
	// A process passes on what another serves, when it has been told where that is.
	require.Equal(t, patient, str(there.do(t, read(gp, "/v1/patients/"+patient)), "patientId"))
	got, err := c.send(t.Context(), read(gp, "/v1/patients/"+patient+"/followUps"))
	require.NoError(t, err)
	require.Equalf(t, http.StatusNotFound, got.status, "it was not told where: %v", got)
	sources := map[string]bool{}
	for _, e := range there.do(t, read(integration, "/v1/events?pageSize=1000"))["events"].([]any) {
		sources[str(e.(object), "source")] = true
	}
	require.Contains(t, sources, "patient", "logs are merged over the processes")
	require.Contains(t, sources, "followup")
	settled(t, 30*time.Second, r.site, second)
	// While one is away, the others' logs are told all the same.
	first.kill()
	told := there.do(t, read(integration, "/v1/events?pageSize=200"))["events"].([]any)
	require.NotEmpty(t, told)
	for _, e := range told {
		require.NotEqual(t, "patient", str(e.(object), "source"))
	}
	first = r.start("serve", "patient")
	settled(t, 2*leaseTime+30*time.Second, r.site, second)
	others.stop(syscall.SIGTERM)
	first.stop(syscall.SIGTERM)
	r.audit()
}
