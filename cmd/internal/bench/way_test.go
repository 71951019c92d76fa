package bench

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

// way is one way of doing an operation.
type way struct {
	name string
	call func(n int64) error // n counts the calls
	// usage is what whoever answers has used up: the server, or this process for bare SQL.
	usage func() usage
	// settle returns when what follows from the calls is done; nil when nothing follows.
	settle func()
	w      *world // nil for bare SQL
}

// operation is something that is done in several ways.
type operation struct {
	name   string
	grpc   func(w *world, client clients, n int64) error
	rest   func(w *world, web *http.Client, n int64) error
	sql    func(tb testing.TB, w *world, op *operation) []way
	writes bool
	// alone: the services do nothing unasked meanwhile.
	alone bool
	// statements that the product makes of one call; set before the first round.
	statements []string
}

// clients are connections of a caller.
type clients struct {
	patient  patientv1.PatientServiceClient
	followup followupv1.FollowUpServiceClient
}

func operations() []*operation {
	create := operation{name: "create", writes: true, sql: sqlCreate,
		grpc: func(w *world, c clients, _ int64) error {
			_, err := c.patient.CreatePatient(w.bearing(w.tokens[0]), w.newPatient())
			return err
		},
		rest: func(w *world, web *http.Client, _ int64) error {
			body := `{"careUnitId":"` + w.unit + `","givenName":"Kim","familyName":"Bergström","phoneNumber":"070-1740605",` +
				`"identityNumber":{"kind":"RESERVE_NUMBER","value":"` + w.number() + `"},` +
				`"employments":[{"employerName":"Bageriet i Åkerby","extentPercent":100,"occupation":"baker"}]}`
			return w.http(web, http.MethodPost, "/v1/patients", body, w.tokens[0])
		}}
	alone := create
	alone.name, alone.alone = "create_alone", true
	return []*operation{&create, &alone,
		{name: "get", sql: sqlGet,
			grpc: func(w *world, c clients, n int64) error {
				_, err := c.patient.GetPatient(w.bearing(w.tokens[0]), &patientv1.GetPatientRequest{PatientId: w.patient(n)})
				return err
			},
			rest: func(w *world, web *http.Client, n int64) error {
				return w.http(web, http.MethodGet, "/v1/patients/"+w.patient(n), "", w.tokens[0])
			}},
		{name: "get_first", sql: sqlGet,
			grpc: func(w *world, c clients, _ int64) error {
				token, id, err := w.firstReading()
				if err == nil {
					_, err = c.patient.GetPatient(w.bearing(token), &patientv1.GetPatientRequest{PatientId: id})
				}
				return err
			},
			rest: func(w *world, web *http.Client, _ int64) error {
				token, id, err := w.firstReading()
				if err == nil {
					err = w.http(web, http.MethodGet, "/v1/patients/"+id, "", token)
				}
				return err
			}},
		{name: "list", sql: sqlList,
			grpc: func(w *world, c clients, _ int64) error {
				page, err := c.followup.ListCareUnitFollowUps(w.bearing(w.tokens[0]), &followupv1.ListCareUnitFollowUpsRequest{CareUnitId: w.unit})
				if err == nil && (len(page.GetFollowUps()) != pageSize || page.GetNextPageToken() == "") {
					err = fmt.Errorf("the page has %d rows", len(page.GetFollowUps()))
				}
				return err
			},
			rest: func(w *world, web *http.Client, _ int64) error {
				return w.http(web, http.MethodGet, "/v1/careUnits/"+w.unit+"/followUps", "", w.tokens[0])
			}},
	}
}

// pageSize is that of a page nobody gave a size.
const pageSize = 50

// http sends a request and reads the answer to its end.
func (w *world) http(web *http.Client, method, path, body, token string) error {
	request, err := http.NewRequest(method, w.HTTP+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", uuid.NewString())
	}
	response, err := web.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, said)
	}
	return nil
}

// ways are those of one operation: bare SQL first, then the product, then the same product of another revision.
func (op *operation) ways(tb testing.TB, worlds []*world) []way {
	tb.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	tb.Cleanup(transport.CloseIdleConnections)
	web := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	all := op.sql(tb, worlds[0], op)
	for i, w := range worlds {
		c := clients{patientv1.NewPatientServiceClient(w.conn), followupv1.NewFollowUpServiceClient(w.conn)}
		suffix := ""
		if i > 0 {
			suffix = "_before"
		}
		settle := w.settle
		if !op.writes {
			settle = nil
		}
		all = append(all,
			way{name: "grpc" + suffix, w: w, usage: w.usage, settle: settle, call: func(n int64) error { return op.grpc(w, c, n) }},
			way{name: "rest" + suffix, w: w, usage: w.usage, settle: settle, call: func(n int64) error { return op.rest(w, web, n) }})
	}
	return all
}

// watched notes the statements of one call by gRPC.
func (op *operation) watched(tb testing.TB, w *world) {
	tb.Helper()
	c := clients{patientv1.NewPatientServiceClient(w.conn), followupv1.NewFollowUpServiceClient(w.conn)}
	w.alone(func() {
		op.statements = w.statements(func() { require.NoError(tb, op.grpc(w, c, 0)) })
	})
	require.NotEmpty(tb, op.statements, op.name)
	if testing.Verbose() {
		for _, s := range op.statements {
			tb.Logf("%s %s: %s", w.place.engine, op.name, s)
		}
	}
}
