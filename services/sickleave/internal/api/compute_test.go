package api_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/testing/protocmp"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
)

// The worked cases are written as a client writes them, and answered in whole.
func TestComputeAnswersWorkedCases(t *testing.T) {
	text, err := os.ReadFile("testdata/compute.json")
	require.NoError(t, err)
	var worked []struct {
		Name              string
		Request, Response json.RawMessage
	}
	require.NoError(t, json.Unmarshal(text, &worked))
	require.NotEmpty(t, worked)
	run(t, func(u *unit) {
		for _, w := range worked {
			u.Run(w.Name, func(t *testing.T) {
				request, want := &sickleavev1.ComputeSickLeaveCasesRequest{}, &sickleavev1.ComputeSickLeaveCasesResponse{}
				require.NoError(t, protojson.Unmarshal(w.Request, request))
				require.NoError(t, protojson.Unmarshal(w.Response, want))
				got, err := u.client.ComputeSickLeaveCases(u.rc, request)
				require.NoError(t, err)
				require.Empty(t, cmp.Diff(want, got, protocmp.Transform()))
			})
		}
	})
}

func TestComputeRefusesAbsurdInput(t *testing.T) {
	run(t, func(u *unit) {
		for name, test := range map[string]struct {
			request string
			want    []string
		}{
			"end before start": {
				`{"certificates": [{"certificateId": "a", "periods": [{"startDate": "2026-01-10", "endDate": "2026-01-01", "degree": 100}]}]}`,
				[]string{"certificates[0].periods[0].end_date PERIOD_END_BEFORE_START"},
			},
			"over five years": {
				`{"certificates": [{"certificateId": "a", "periods": [{"startDate": "2021-01-01", "endDate": "2026-01-01", "degree": 100}]}]}`,
				[]string{"certificates[0].periods[0].end_date PERIOD_TOO_LONG"},
			},
			"degrees and ids, all at once": {
				`{"maxGapDays": -1, "certificates": [
					{"certificateId": "a", "periods": [{"startDate": "2026-01-01", "endDate": "2026-01-01", "degree": 60}]},
					{"certificateId": "a", "periods": [{"startDate": "2026-01-01", "endDate": "2026-01-01"}]},
					{"periods": []}]}`,
				[]string{
					"certificates[0].periods[0].degree DEGREE_NOT_ALLOWED", "certificates[1].certificate_id CERTIFICATE_ID_DUPLICATE",
					"certificates[1].periods[0].degree DEGREE_NOT_ALLOWED", "certificates[2].certificate_id CERTIFICATE_ID_MISSING",
					"certificates[2].periods PERIOD_MISSING", "max_gap_days OUT_OF_RANGE",
				},
			},
			"a missing day": {
				`{"certificates": [{"certificateId": "a", "periods": [{"endDate": "2026-01-01", "degree": 50}]}]}`,
				[]string{"certificates[0].periods[0].start_date DATE_MISSING"},
			},
			"no such day": {
				`{"asOfDate": "2026-02-29", "certificates": [{"certificateId": "a", "periods": [{"startDate": "1899-12-31", "endDate": "2201-01-01", "degree": 50}]}]}`,
				[]string{"as_of_date date", "certificates[0].periods[0].end_date date", "certificates[0].periods[0].start_date date"},
			},
			"a window without days":  {`{"window": {"startDate": "2026-01-01"}}`, []string{"window.days WINDOW_EMPTY"}},
			"a window without start": {`{"window": {"days": 3}}`, []string{"window.start_date DATE_MISSING"}},
			"a window without end":   {`{"window": {"startDate": "2026-01-01", "days": 2147483647}}`, []string{"window.days DATE_OUT_OF_RANGE"}},
			"a window backwards":     {`{"window": {"startDate": "2026-01-01", "days": -2147483648}}`, []string{"window.days WINDOW_EMPTY"}},
			"negative days after":    {`{"recentlyEndedDays": -1}`, []string{"recently_ended_days OUT_OF_RANGE"}},
			"a certificate of itself": {
				`{"certificates": [{"certificateId": "a", "replacesCertificateId": "a", "periods": [{"startDate": "2026-01-01", "endDate": "2026-01-01", "degree": 50}]}]}`,
				[]string{"certificates[0].replaces_certificate_id RELATION_TO_ITSELF"},
			},
		} {
			u.Run(name, func(t *testing.T) {
				request := &sickleavev1.ComputeSickLeaveCasesRequest{}
				require.NoError(t, protojson.Unmarshal([]byte(test.request), request))
				_, err := u.client.ComputeSickLeaveCases(u.rc, request)
				require.Equal(t, test.want, violations(err), err)
			})
		}
	})
}

func TestComputeTakesAThousandCertificates(t *testing.T) {
	run(t, func(u *unit) {
		request := &sickleavev1.ComputeSickLeaveCasesRequest{AsOfDate: "2026-03-02"}
		for i := range 1000 {
			request.Certificates = append(request.Certificates, &sickleavev1.ComputeSickLeaveCasesRequest_Certificate{
				CertificateId: fmt.Sprint(i), Periods: []*sickleavev1.CertificatePeriod{period("2026-03-02", "2026-03-05", 100)},
			})
		}
		response, err := u.client.ComputeSickLeaveCases(u.rc, request)
		require.NoError(u, err)
		require.EqualValues(u, 4, response.GetActiveCase().GetCaseDays())
		require.Len(u, response.GetActiveCase().GetCertificateIds(), 1000)

		for _, c := range request.GetCertificates() {
			c.Periods[0].Degree = 33
		}
		_, err = u.client.ComputeSickLeaveCases(u.rc, request)
		requireFault(u, err, codes.InvalidArgument, "DEGREE_NOT_ALLOWED")
		require.Len(u, violations(err), 100, "the answer to absurd input is bounded")

		request.Certificates = append(request.Certificates, &sickleavev1.ComputeSickLeaveCasesRequest_Certificate{})
		_, err = u.client.ComputeSickLeaveCases(u.rc, request)
		requireFault(u, err, codes.InvalidArgument, "TOO_MANY_CERTIFICATES")
	})
}
