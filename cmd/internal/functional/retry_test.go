package functional_test

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/date"
)

// committed waits until the act of a request id stands in a service's store.
func (s *site) committed(service, key string) {
	s.t.Helper()
	q := s.open(service).Read(s.t.Context())
	eventually(s.t, 20*time.Second, "the act is committed", func() error {
		if count(s.t, q, `SELECT count(*) FROM request WHERE request_id = $1`, key) != 1 {
			return errors.New("no such request")
		}
		return nil
	})
}

// A write whose answer is lost on its way has happened; sent again under its key, it is answered as it was the first time and
// happens no second time, also by a process that has been killed and started again meanwhile.
func TestRetryAfterACutConnection(t *testing.T) {
	onEngines(t, func(t *testing.T, s *site) {
		p := s.start("dev")
		c := s.devClinic()
		between := newProxy(t, s.rest)
		away := &clinic{client: c.at(between.address), unit: c.unit, staff: c.staff, numbers: c.numbers}
		today := date.Of(c.now(t))

		// lost makes a call whose answer is lost, and then makes it again.
		lost := func(service string, call call, meanwhile func()) object {
			t.Helper()
			away.do(t, read(gp, "/v1/patients?pageSize=1")) // the connection stands
			between.swallow(true)
			ended := away.background(t.Context(), call)
			s.committed(service, call.key)
			between.cut()
			require.Error(t, (<-ended).err, "the connection was cut")
			between.swallow(false)
			meanwhile()
			first, err := away.send(t.Context(), call)
			require.NoError(t, err)
			require.Truef(t, first.good(), "%v", first)
			second, err := c.send(t.Context(), call)
			require.NoError(t, err)
			require.Equal(t, first.status, second.status)
			require.Equal(t, first.object(t), second.object(t))
			return first.object(t)
		}
		nothing := func() {}
		restart := func() {
			p.kill()
			p = s.start("dev")
		}

		created := c.newPatient()
		patient := str(lost("patient", created, nothing), "patientId")
		// What has changed since does not show in a first answer.
		again := lost("patient", c.newPatient(), func() {
			changed, err := c.send(t.Context(), call{role: gp, method: http.MethodPatch, path: "/v1/patients/" + patient, body: object{"phoneNumber": "070-1740605"}, key: "08f0ee70-64a1-4b62-9a7a-9d0ecbb0d1e1"})
			require.NoError(t, err)
			require.Truef(t, changed.good(), "%v", changed)
			first, err := c.send(t.Context(), created)
			require.NoError(t, err)
			require.Equal(t, `"r1"`, str(first.object(t), "etag"))
		})
		require.NotEqual(t, patient, str(again, "patientId"))
		episode := str(lost("patient", startEpisode(patient), restart), "careEpisodeId")
		certificate := str(lost("sickleave", draftCertificate(patient, episode, today), nothing), "certificateId")
		signed := lost("sickleave", signCertificate(patient, certificate), restart)
		require.Equal(t, "SIGNED", str(signed, "state"))
		lost("careplan", bookContact(patient, episode, date.AddWorkingDays(today, 1).At(10, 0)), nothing)

		// The same key with another body is another act, and refused.
		other := created
		other.body = c.newPatient().body
		refused, err := c.send(t.Context(), other)
		require.NoError(t, err)
		require.Equalf(t, "REQUEST_ID_REUSED", refused.reason(), "%v", refused)

		s.settled(2*leaseTime + 30*time.Second)
		p.stop(syscall.SIGTERM)
		ledgers := s.audit()
		require.Len(t, ledgers["sickleave"].events, 3, "drafted, signed, and what that adds up to")
		require.Len(t, ledgers["careplan"].events, 1)
		q := s.open("patient").Read(t.Context())
		require.Equal(t, int64(2), count(t, q, `SELECT count(*) FROM patient`))
		require.Equal(t, int64(1), count(t, q, `SELECT count(*) FROM care_episode`))
	})
}

// The same over gRPC.
func TestRetryAfterACutCall(t *testing.T) {
	onEngines(t, func(t *testing.T, s *site) {
		p := s.start("dev")
		c := s.devClinic()
		between := newProxy(t, s.grpc)
		conn, as := c.dialGRPC(t, between.address)
		patients := patientv1.NewPatientServiceClient(conn)
		lost := func(id string, send func(...grpc.CallOption) (proto.Message, error), meanwhile func()) proto.Message {
			t.Helper()
			_, err := patients.ListPatients(as(gp), &patientv1.ListPatientsRequest{}, grpc.WaitForReady(true))
			require.NoError(t, err)
			between.swallow(true)
			ended := make(chan error, 1)
			go func() {
				_, err := send()
				ended <- err
			}()
			s.committed("patient", id)
			between.cut()
			require.Error(t, <-ended)
			between.swallow(false)
			meanwhile()
			first, err := send(grpc.WaitForReady(true))
			require.NoError(t, err)
			second, err := send(grpc.WaitForReady(true))
			require.NoError(t, err)
			require.True(t, proto.Equal(first, second))
			return first
		}
		made := c.patientRequest()
		patient := lost(made.GetRequestId(), func(o ...grpc.CallOption) (proto.Message, error) {
			return patients.CreatePatient(as(gp), made, o...)
		}, func() {}).(*patientv1.Patient)
		started := &patientv1.StartCareEpisodeRequest{PatientId: patient.GetPatientId(), DiagnosisCode: "F32.1", Severity: patientv1.CareEpisode_MODERATE,
			RequestId: "0192a4d4-7c0e-7d5a-9a55-5a8f64b3c0de"}
		lost(started.GetRequestId(), func(o ...grpc.CallOption) (proto.Message, error) {
			return patients.StartCareEpisode(as(gp), started, o...)
		}, func() {
			p.kill()
			p = s.start("dev")
		})
		p.stop(syscall.SIGTERM)
		q := s.open("patient").Read(t.Context())
		require.Equal(t, int64(1), count(t, q, `SELECT count(*) FROM patient`))
		require.Equal(t, int64(1), count(t, q, `SELECT count(*) FROM care_episode`))
		require.Equal(t, int64(2), count(t, q, `SELECT count(*) FROM request`))
	})
}

// A call that is sent again while the first one is still at work waits for it, and both are answered alike; one whose caller
// has gone before it was committed has not happened, and happens when it is sent again.
func TestRetryDuringTheFirstTry(t *testing.T) {
	onEngines(t, func(t *testing.T, s *site) {
		p := s.start("dev")
		c := s.devClinic()
		release := s.hold("patient")
		made := c.newPatient()
		first, second := c.background(t.Context(), made), c.background(t.Context(), made)
		s.working("act.(*Acts).transact", 2)
		release()
		a, b := <-first, <-second
		require.NoError(t, a.err)
		require.NoError(t, b.err)
		require.Truef(t, a.good(), "%v", a.answer)
		require.Truef(t, b.good(), "%v", b.answer)
		require.Equal(t, a.object(t), b.object(t))

		release = s.hold("patient")
		made = c.newPatient()
		gone, leave := context.WithCancel(t.Context())
		left := c.background(gone, made)
		s.working("act.(*Acts).transact", 1)
		leave()
		require.ErrorIs(t, (<-left).err, context.Canceled)
		release()
		c.do(t, made)
		c.do(t, made)
		s.settled(30 * time.Second)
		p.stop(syscall.SIGTERM)
		s.audit()
		require.Equal(t, int64(2), count(t, s.open("patient").Read(t.Context()), `SELECT count(*) FROM patient`))
	})
}
