package caseload_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"

	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/caseload"
)

// A store that is thrown away builds itself: the next process answers as the last one did, and an old cursor is told so.
func TestDropped(t *testing.T) {
	dir := t.TempDir()
	w := &ward{revisions: map[string]int64{}}
	start := func(t *testing.T) {
		w.t, w.h = t, apptest.New(t, sqldb.Config{Dir: dir}, caseload.Module)
		w.client = caseloadv1.NewCaseloadServiceClient(w.h.Conn)
		if w.place.IsZero() {
			w.place = w.h.NewPlace()
		}
	}
	var before map[string]string
	var cursor string
	t.Run("before", func(t *testing.T) {
		start(t)
		w.life(3)
		w.h.Settle()
		before = w.told()
		require.Len(t, before, 3)
		cursor = w.watch(w.manager(), "", 0, 0).GetNextCursor()
	})
	files, err := filepath.Glob(filepath.Join(dir, "caseload*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		require.NoError(t, os.Remove(file))
	}
	t.Run("after", func(t *testing.T) {
		start(t)
		require.Empty(t, w.list(10, &caseloadv1.ListCaseloadRequest{}))
		w.h.Settle()
		require.Equal(t, before, w.told())
		require.True(t, w.watch(w.manager(), cursor, 0, 0).GetRebuilt())
	})
}
