package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestCaseloadRebuild(t *testing.T) {
	s := newSystem(t)
	var asked struct {
		RequestID string `json:"requestId"`
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/caseload:rebuild", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+s.tokens["operator"] || json.NewDecoder(r.Body).Decode(&asked) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"beginTime":"2026-03-02T07:00:00Z"}`))
	})
	s.rest.Close()
	s.rest = httptest.NewServer(mux)
	t.Cleanup(s.rest.Close)
	require.Equal(t, outcome{exitOK, "begun  2026-03-02T07:00:00Z\n", ""}, s.ctl(t.Context(), nil, "caseload", "rebuild"))
	require.NoError(t, uuid.Validate(asked.RequestID), "a retry must do nothing")
	require.Equal(t, outcome{exitOK, "{\"beginTime\":\"2026-03-02T07:00:00Z\"}\n", ""}, s.ctl(t.Context(), nil, "caseload", "rebuild", "-o", "json"))
	require.Equal(t, exitUsage, s.ctl(t.Context(), nil, "caseload").code)
}
