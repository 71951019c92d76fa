package whole_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/ops"
	"github.com/coworkcare/coworkcare/platform/telemetry"
)

// pagesRead is how many traces are looked at, spread over all that are kept. What they are made of is looked through whole, as spans.
const pagesRead = 150

// tracePages is what the operations port of a laptop shows of the traces, as pages and as JSON.
func (seen *sightings) tracePages(t *testing.T) []byte {
	t.Helper()
	port := ops.New(prometheus.NewRegistry(), func(context.Context) error { return nil })
	port.ShowTraces(seen.recent)
	web := httptest.NewServer(port.Mux)
	defer web.Close()
	var text bytes.Buffer
	read := func(path string) {
		response, err := http.Get(web.URL + ops.TracesPath + path)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		require.Equal(t, http.StatusOK, response.StatusCode, path)
		_, err = io.Copy(&text, response.Body)
		require.NoError(t, err)
	}
	all := seen.recent.List(telemetry.Filter{})
	require.NotEmpty(t, all)
	for _, form := range []string{"", "format=json"} {
		read(fmt.Sprintf("?limit=%d&%s", len(all), form))
		for i := 0; i < len(all); i += max(1, len(all)/pagesRead) {
			read("/" + all[i].TraceID + "?" + form)
		}
	}
	return text.Bytes()
}
