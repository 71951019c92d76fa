package careplan

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestABriefIsWrittenOnce(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	asked := RequestBrief(Brief{ID: "b", PatientID: "p", EpisodeID: "e"}, "rc", now)
	require.Equal(t, []string{"write"}, asked.Verbs())
	_, err := asked.Acknowledge("rc", now)
	require.Equal(t, BriefWrongState, stateOf(t, err).Reason)

	_, err = asked.Write(BriefContent{Situation: " \n ", WhatHelps: "quiet"}, "cm", now)
	require.Equal(t, []Violation{{"situation", FieldRequired, "is required"}}, violationsOf(err))
	written, err := asked.Write(BriefContent{Situation: " at home "}, "cm", now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, "at home", written.Content.Situation)
	require.Equal(t, now.Add(time.Hour), written.WriteTime)
	require.Equal(t, now, written.AskTime)
	_, err = written.Write(BriefContent{Situation: "other"}, "cm", now)
	require.Equal(t, []string{"acknowledge"}, stateOf(t, err).Allowed)

	read, err := written.Acknowledge("rc", now.Add(2*time.Hour))
	require.NoError(t, err)
	require.Equal(t, int64(3), read.Revision)
	require.Equal(t, written.WriteTime, read.WriteTime, "reading makes nothing newer")
	for _, again := range []func() (Brief, error){
		func() (Brief, error) { return read.Acknowledge("rc", now) },
		func() (Brief, error) { return read.Write(BriefContent{Situation: "other"}, "cm", now) },
	} {
		_, err = again()
		require.Empty(t, stateOf(t, err).Allowed)
	}
	_, err = NewBrief(Brief{}, "cm", now)
	require.Len(t, violationsOf(err), 2)
}

func stateOf(t *testing.T, err error) *StateError {
	t.Helper()
	var state *StateError
	require.ErrorAs(t, err, &state)
	return state
}
