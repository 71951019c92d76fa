package careplan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

func TestTheLaterWordOnCoordinationCounts(t *testing.T) {
	today := date.MustParse("2026-03-02")
	yes, no := Coordination{Revision: 2, Consented: true}, Coordination{Revision: 2}
	later := func(c Coordination) Coordination { c.Revision++; return c }
	require.True(t, yes.Or(Coordination{}).Covers(today), "nothing was heard")
	require.True(t, yes.Or(no).Covers(today), "of one revision the answer asked for counts")
	require.False(t, no.Or(yes).Covers(today))
	require.False(t, yes.Or(later(no)).Covers(today))
	require.True(t, no.Or(later(yes)).Covers(today))
	ended := Coordination{Consented: true, Start: today.AddDays(-9), End: today.AddDays(-1)}
	require.False(t, ended.Covers(today))
	require.True(t, ended.Covers(today.AddDays(-9)))
	require.False(t, ended.Covers(today.AddDays(-10)))
}
