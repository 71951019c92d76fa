package functional_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

var errRolledBack = errors.New("rolled back by the test")

// hold keeps every writer of a service's store waiting until it is released.
func (s *site) hold(service string) (release func()) {
	s.t.Helper()
	db := s.open(service)
	held, released, done := make(chan error, 1), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		err := db.Tx(context.WithoutCancel(s.t.Context()), func(tx *sqldb.Tx) error {
			if db.Engine() == sqldb.Postgres {
				if _, err := tx.Exec(`LOCK TABLE event_log IN SHARE MODE`); err != nil {
					return err
				}
			}
			held <- nil
			<-released
			return errRolledBack
		})
		if !errors.Is(err, errRolledBack) {
			held <- err
		}
	}()
	require.NoError(s.t, <-held)
	ended := false
	release = func() {
		if !ended {
			ended = true
			close(released)
			<-done
		}
	}
	s.t.Cleanup(release)
	return release
}

// working waits until so many of the process's goroutines stand in a function.
func (s *site) working(function string, goroutines int) {
	s.t.Helper()
	eventually(s.t, 20*time.Second, fmt.Sprintf("%d goroutines in %s", goroutines, function), func() error {
		page, err := s.operations("/debug/pprof/goroutine?debug=2")
		if err != nil {
			return err
		}
		if n := strings.Count(page, function+"("); n < goroutines {
			return fmt.Errorf("%d of them", n)
		}
		return nil
	})
}

// dial opens a raw connection and sends the beginning of something on it.
func dial(t testing.TB, address, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write([]byte(text))
	require.NoError(t, err)
	return conn
}

// slowPatient sends a call that registers a patient, its last byte held back, and gives the way to send that and read the answer.
func (c *clinic) slowPatient(t testing.TB, address string) func() answer {
	t.Helper()
	call := c.newPatient()
	body, err := json.Marshal(call.body)
	require.NoError(t, err)
	conn := dial(t, address, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nIdempotency-Key: %s\r\nContent-Length: %d\r\n\r\n%s",
		call.path, address, c.tokens[call.role], call.key, len(body), body[:len(body)-1]))
	return func() answer {
		t.Helper()
		_, err := conn.Write(body[len(body)-1:])
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return answer{status: response.StatusCode, header: response.Header, text: text}
	}
}

// outcome is how a call in the background ended.
type outcome struct {
	answer
	err error
}

func (c *client) background(ctx context.Context, call call) <-chan outcome {
	ended := make(chan outcome, 1)
	go func() {
		got, err := c.send(ctx, call)
		ended <- outcome{got, err}
	}()
	return ended
}

// never are events that do not come.
const never = "care_provider.updated"

// poll asks by REST for events that do not come.
func (c *client) poll(t testing.TB) <-chan outcome {
	t.Helper()
	at := c.do(t, read(integration, "/v1/events?pageSize=1000&types="+never))
	return c.background(context.WithoutCancel(t.Context()), read(integration, "/v1/events?waitSeconds=30&types="+never+"&cursor="+url.QueryEscape(str(at, "nextCursor"))))
}

// dialGRPC connects to a gRPC port as somebody.
func (c *clinic) dialGRPC(t testing.TB, address string) (*grpc.ClientConn, func(role string) context.Context) {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn, func(role string) context.Context {
		return metadata.AppendToOutgoingContext(context.WithoutCancel(t.Context()), "authorization", "Bearer "+c.tokens[role])
	}
}

// patientRequest is newPatient for gRPC.
func (c *clinic) patientRequest() *patientv1.CreatePatientRequest {
	number := fmt.Sprintf("TEST-%06d", c.numbers.Add(1))
	return &patientv1.CreatePatientRequest{RequestId: uuid.NewString(), Patient: &patientv1.Patient{
		CareUnitId: c.unit, IdentityNumber: &patientv1.IdentityNumber{Kind: patientv1.IdentityNumber_RESERVE_NUMBER, Value: number},
		GivenName: "Synthetic", FamilyName: number}}
}

// hang opens what a client can leave open: long polls by REST and gRPC, and half-open connections to every port.
func (c *clinic) hang(t testing.TB, s *site) <-chan outcome {
	t.Helper()
	polled := c.poll(t)
	conn, as := c.dialGRPC(t, s.grpc)
	go func() {
		_, _ = eventv1.NewEventServiceClient(conn).ListEvents(as(integration), &eventv1.ListEventsRequest{WaitSeconds: 30, Types: []string{never}})
	}()
	s.working("app.(*eventServer).ListEvents", s.consumers()+2)
	for _, address := range []string{s.rest, s.grpc, s.ops} {
		dial(t, address, "")
		dial(t, address, "POST /v1/patients HTTP/1.1\r\nHost: half")
		dial(t, address, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04")
	}
	return polled
}

var signals = map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT}

// Calls under way finish, whatever else is open, and the process ends well and soon.
func TestStopFinishesCallsUnderWay(t *testing.T) {
	onEngines(t, func(t *testing.T, s *site) {
		for name, signal := range signals {
			p := s.start("dev")
			c := s.devClinic()
			conn, as := c.dialGRPC(t, s.grpc)
			polled := c.hang(t, s)
			release := s.hold("patient")
			byREST := c.background(t.Context(), c.newPatient())
			request, byGRPC := c.patientRequest(), make(chan error, 1)
			var made *patientv1.Patient
			go func() {
				var err error
				made, err = patientv1.NewPatientServiceClient(conn).CreatePatient(as(gp), request)
				byGRPC <- err
			}()
			s.working("act.(*Acts).transact", 2)
			slow := c.slowPatient(t, s.rest)
			s.working("gateway.(*gateway).readBody", 1)
			began := time.Now()
			p.signal(signal)
			eventually(t, endsWithin, "no longer ready", func() error {
				if s.ready() == nil {
					return errReady
				}
				return nil
			})
			release()
			got := <-byREST
			require.NoErrorf(t, got.err, "%s: a REST call under way", name)
			require.Equalf(t, http.StatusCreated, got.status, "%s: %v", name, got.answer)
			require.NoErrorf(t, <-byGRPC, "%s: a gRPC call under way", name)
			late := slow()
			require.Equalf(t, http.StatusCreated, late.status, "%s: %v", name, late)
			p.stopsBy(began.Add(endsWithin))
			t.Logf("%s: ended after %v", name, time.Since(began).Round(time.Millisecond))
			ended := <-polled
			require.NoErrorf(t, ended.err, "%s: the long poll", name)
			require.Truef(t, ended.good(), "%s: the long poll: %v", name, ended.answer)

			s.audit()
			q := s.open("patient").Read(t.Context())
			for _, id := range []string{str(got.object(t), "patientId"), made.GetPatientId(), str(late.object(t), "patientId")} {
				require.Equalf(t, int64(1), count(t, q, `SELECT count(*) FROM patient WHERE patient_id = $1`, id), "%s: acknowledged while stopping", name)
			}
		}
	})
}

// stopsBy expects the process to end well by an instant.
func (p *process) stopsBy(at time.Time) {
	p.t.Helper()
	require.Zerof(p.t, p.exit(time.Until(at)), "exit status\n%s", tail(p.err.String()))
}

// What does not finish is given up: the process ends in its time, and what was given up has not half happened.
func TestStopGivesUpWhatHangs(t *testing.T) {
	onEngines(t, func(t *testing.T, s *site) {
		p := s.start("dev")
		c := s.devClinic()
		c.hang(t, s)
		c.slowPatient(t, s.rest)
		s.working("gateway.(*gateway).readBody", 1)
		t.Logf("ended after %v", p.stop(syscall.SIGTERM).Round(time.Millisecond))
		s.audit()
	})
}

// A store that does not let go keeps no process from its end, though it may be one with an error.
func TestStopWithAHangingStore(t *testing.T) {
	onEngines(t, func(t *testing.T, s *site) {
		p := s.start("dev")
		c := s.devClinic()
		release := s.hold("patient")
		held := c.background(t.Context(), c.newPatient())
		s.working("act.(*Acts).transact", 1)
		began := time.Now()
		p.signal(syscall.SIGTERM)
		status := p.exit(endsWithin)
		t.Logf("ended after %v with status %d", time.Since(began).Round(time.Millisecond), status)
		got := <-held
		require.Falsef(t, got.err == nil && got.good(), "acknowledged: %v", got.answer)
		release()
		p = s.start("dev")
		s.settled(2*leaseTime + 30*time.Second)
		p.stop(syscall.SIGTERM)
		s.audit()
		require.Zero(t, count(t, s.open("patient").Read(t.Context()), `SELECT count(*) FROM patient`))
	})
}

// A second signal does not wait for what hangs.
func TestSecondSignal(t *testing.T) {
	s := newSite(t)
	p := s.start("dev")
	s.devClinic().slowPatient(t, s.rest)
	s.working("gateway.(*gateway).readBody", 1)
	p.signal(syscall.SIGINT)
	eventually(t, endsWithin, "no longer ready", func() error {
		if s.ready() == nil {
			return errReady
		}
		return nil
	})
	began := time.Now()
	p.signal(syscall.SIGINT)
	<-p.done
	require.Less(t, time.Since(began), 2*time.Second)
	s.start("dev").stop(syscall.SIGTERM)
}

// Writers at work notice no more of a stop than of a cut connection.
func TestStopUnderLoad(t *testing.T) {
	onEngines(t, func(t *testing.T, s *site) {
		p := s.start("dev")
		storm := s.devStorm()
		end := storm.rage(t, writers)
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			storm.reach(t, storm.acknowledged.Load()+30)
			t.Logf("%v: ended after %v", signal, p.stop(signal).Round(time.Millisecond))
			s.released()
			p = s.start("dev")
		}
		end()
		s.settled(30 * time.Second)
		storm.checkByREST(t)
		p.stop(syscall.SIGTERM)
		storm.checkBySQL(t, s, s.audit())
	})
}
