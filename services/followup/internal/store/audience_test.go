package store

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// The rule that says in whose list a follow-up stands is the same in the list's query and in the domain, which the watch uses.
func TestAudienceIsTheRuleOfLists(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		var all []followup.FollowUp
		roles := []followup.Role{followup.GP, followup.CareManager}
		write(t, db, func(tx *sqldb.Tx) error {
			for _, unit := range []string{"unit", "other"} {
				for _, role := range roles {
					for _, person := range []string{"", "ann", "bo"} {
						for level := range 3 {
							for _, escalation := range roles {
								f := whole(fmt.Sprintf("f%02d", len(all)))
								f.Place.UnitID, f.Owner = unit, followup.Owner{Role: role, PractitionerID: person}
								f.EscalationLevel, f.EscalationRole = level, escalation
								if err := s.insert(tx, f); err != nil {
									return err
								}
								all = append(all, f)
							}
						}
					}
				}
			}
			return nil
		})
		for _, held := range [][]followup.Role{nil, {followup.GP}, {followup.CareManager}, {followup.GP, followup.CareManager}, {followup.UnitManager}, {followup.Nurse}} {
			for _, person := range []string{"", "ann"} {
				listed, err := s.Mine(db.Read(t.Context()), person, []Reach{{UnitID: "unit", Roles: held}}, Filter{}, Page{Limit: 200})
				require.NoError(t, err)
				var want, got []string
				for _, f := range all {
					if f.Audience().Concerns(person, "unit", held) {
						want = append(want, f.ID)
					}
				}
				for _, f := range listed {
					got = append(got, f.ID)
				}
				slices.Sort(got)
				require.Equal(t, want, got, "%s with %v", person, held)
			}
		}
	})
}

// What a follow-up left behind is kept, and nothing where nobody's list changed.
func TestAudienceIsKept(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		f := whole("one")
		write(t, db, func(tx *sqldb.Tx) error { return s.insert(tx, f) })
		change := func(alter func(f *followup.FollowUp)) {
			alter(&f)
			from := f.Revision
			f.Revision++
			write(t, db, func(tx *sqldb.Tx) error {
				if err := keepAudience(tx, f); err != nil {
					return err
				}
				return s.update(tx, from, f)
			})
		}
		was := f.Audience()
		change(func(f *followup.FollowUp) { f.Reminders++ })
		change(func(f *followup.FollowUp) { f.Owner.PractitionerID = "another" })
		moved := f.Audience()
		change(func(f *followup.FollowUp) { f.Place.UnitID = "elsewhere" })
		kept, err := s.Audiences(db.Read(t.Context()), []string{"one", "none"})
		require.NoError(t, err)
		require.Equal(t, map[string][]AudienceBefore{"one": {{Revision: 7, Audience: was}, {Revision: 8, Audience: moved}}}, kept)
		units, err := s.MovedFrom(db.Read(t.Context()), []string{"unit"})
		require.NoError(t, err)
		require.Equal(t, []string{"elsewhere"}, units)
		units, err = s.MovedFrom(db.Read(t.Context()), []string{"elsewhere"})
		require.NoError(t, err)
		require.Empty(t, units)
	})
}
