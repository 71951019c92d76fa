package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/store"
)

var now = date.MustParse("2026-03-02").At(9, 0).UTC()

func id() string { return uuid.Must(uuid.NewV7()).String() }

// bench is a database with one care provider, two units, and one member of staff.
type bench struct {
	*store.Store
	t                     *testing.T
	db                    *sqldb.DB
	provider, unit, unit2 string
}

func run(t *testing.T, test func(t *testing.T, b bench)) {
	keys, err := crypt.OpenDev(t.TempDir())
	require.NoError(t, err)
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		b := bench{Store: store.New(keys), t: t, db: open("patient"), provider: id(), unit: id(), unit2: id()}
		require.NoError(t, b.db.Migrate(t.Context(), "patient", os.DirFS("../../migrations")))
		b.write(func(tx *sqldb.Tx) error {
			if err := b.InsertProvider(tx, patient.CareProvider{ID: b.provider, HSAID: "SE1", Name: "Region", Revision: 1, Created: now, Updated: now}); err != nil {
				return err
			}
			for i, unit := range []string{b.unit, b.unit2} {
				u := patient.CareUnit{ID: unit, ProviderID: b.provider, HSAID: fmt.Sprintf("SE1-%d", i), Name: "Unit", Phone: "08-1", Revision: 1, Created: now, Updated: now}
				if err := b.InsertUnit(tx, u); err != nil {
					return err
				}
			}
			return nil
		})
		test(t, b)
	})
}

func (b bench) write(do func(tx *sqldb.Tx) error) {
	b.t.Helper()
	require.NoError(b.t, b.try(do))
}

func (b bench) try(do func(tx *sqldb.Tx) error) error { return b.db.Tx(b.t.Context(), do) }

func (b bench) read() sqldb.Querier { return b.db.Read(b.t.Context()) }

func (b bench) patient(number, unit string) patient.Patient {
	b.t.Helper()
	p, err := patient.Register(patient.Registration{
		ID: id(), ProviderID: b.provider, UnitID: unit, Number: number, GivenName: "Canaria", FamilyName: "Secretsson", Phone: "070-5550001",
		ContactWish: "whispers", ProtectedIdentity: true,
		Employments: []patient.Job{{Employer: "Bakery", OrganisationNumber: "5560360793", ExtentPercent: 80, Occupation: "baker", Start: date.MustParse("2020-01-01")}},
	}, now)
	require.NoError(b.t, err)
	b.write(func(tx *sqldb.Tx) error { return b.InsertPatient(tx, p) })
	return p
}

func (b bench) episode(p patient.Patient) patient.Episode {
	b.t.Helper()
	e, err := patient.StartEpisode(patient.Assessment{
		EpisodeID: id(), PatientID: p.ID, ProviderID: p.ProviderID, UnitID: p.UnitID, Diagnosis: "F43.8A", Severity: "SEVERE", SickLeaveNeeded: true,
		Note: "sleepless", GP: id(), NewID: id,
		Refer: []patient.ReferralOrder{{Role: patient.Nurse, Note: "blood pressure"}},
	}, now)
	require.NoError(b.t, err)
	b.write(func(tx *sqldb.Tx) error { return b.InsertEpisode(tx, e) })
	return e
}

func TestPatients(t *testing.T) {
	run(t, func(t *testing.T, b bench) {
		p := b.patient("191212121212", b.unit)
		got, err := b.Patient(b.read(), b.provider, p.ID)
		require.NoError(t, err)
		require.Equal(t, p, got)
		_, err = b.Patient(b.read(), id(), p.ID)
		require.ErrorIs(t, err, store.ErrNotFound, "another care provider's")

		place, err := b.PatientPlace(b.read(), p.ID)
		require.NoError(t, err)
		require.Equal(t, store.Place{ProviderID: b.provider, UnitID: b.unit, Revision: 1}, place)

		twin := p
		twin.ID, twin.UnitID = id(), b.unit2
		require.ErrorIs(t, b.try(func(tx *sqldb.Tx) error { return b.InsertPatient(tx, twin) }), store.ErrExists)
		who, unit, err := b.WhoHas(b.read(), b.provider, p.Number)
		require.NoError(t, err)
		require.Equal(t, []string{p.ID, b.unit}, []string{who, unit})

		changed, err := p.RegisterInError(patient.ErrorMark{Reason: "double", PractitionerID: id(), Time: now}, false)
		require.NoError(t, err)
		b.write(func(tx *sqldb.Tx) error { return b.UpdatePatient(tx, changed) })
		require.ErrorIs(t, b.try(func(tx *sqldb.Tx) error { return b.UpdatePatient(tx, changed) }), store.ErrStale)
		got, err = b.Patient(b.read(), b.provider, p.ID)
		require.NoError(t, err)
		require.Equal(t, changed, got)
		b.write(func(tx *sqldb.Tx) error { return b.InsertPatient(tx, twin) })
	})
}

func TestLookupStaysWithinTheUnits(t *testing.T) {
	run(t, func(t *testing.T, b bench) {
		p := b.patient("191212121212", b.unit)
		other := id()
		got, err := b.Lookup(b.read(), []string{other, b.provider}, []string{b.unit2, b.unit}, p.Number)
		require.NoError(t, err)
		require.Equal(t, p.ID, got.ID)
		reserve := patient.IdentityNumber{Kind: patient.ReserveNumber, Value: p.Number.Value}
		for _, look := range []func() error{
			func() error {
				_, err := b.Lookup(b.read(), []string{b.provider}, []string{b.unit2}, p.Number)
				return err
			},
			func() error { _, err := b.Lookup(b.read(), []string{other}, []string{b.unit}, p.Number); return err },
			func() error { _, err := b.Lookup(b.read(), []string{b.provider}, nil, p.Number); return err },
			func() error { _, err := b.Lookup(b.read(), nil, nil, p.Number); return err },
			func() error {
				_, err := b.Lookup(b.read(), []string{b.provider}, []string{b.unit}, reserve)
				return err
			},
		} {
			require.ErrorIs(t, look(), store.ErrNotFound)
		}
	})
}

func TestPatientPages(t *testing.T) {
	run(t, func(t *testing.T, b bench) {
		first, second := b.patient("191212121212", b.unit), b.patient("198112289874", b.unit2)
		third := b.patient("197010632391", b.unit)
		page, err := b.Patients(b.read(), []string{b.unit, b.unit2}, patient.Active, "", 2)
		require.NoError(t, err)
		require.Equal(t, []patient.Patient{first, second}, page)
		page, err = b.Patients(b.read(), []string{b.unit, b.unit2}, patient.Active, second.ID, 2)
		require.NoError(t, err)
		require.Equal(t, []patient.Patient{third}, page)
		page, err = b.Patients(b.read(), []string{b.unit2}, patient.Active, "", 10)
		require.NoError(t, err)
		require.Equal(t, []patient.Patient{second}, page)
		page, err = b.Patients(b.read(), nil, patient.Active, "", 10)
		require.NoError(t, err)
		require.Empty(t, page)
	})
}

func TestEpisodes(t *testing.T) {
	run(t, func(t *testing.T, b bench) {
		p := b.patient("191212121212", b.unit)
		e := b.episode(p)
		got, err := b.Episode(b.read(), p.ID, e.ID)
		require.NoError(t, err)
		require.Equal(t, e, got)
		open, err := b.OpenEpisode(b.read(), p.ID)
		require.NoError(t, err)
		require.Equal(t, e, open)
		_, err = b.Episode(b.read(), id(), e.ID)
		require.ErrorIs(t, err, store.ErrNotFound, "another patient's")

		second := e
		second.ID = id()
		require.ErrorIs(t, b.try(func(tx *sqldb.Tx) error { return b.InsertEpisode(tx, second) }), store.ErrExists)

		declined, err := e.Decline(patient.Answer{Role: patient.CareManager, By: id(), Held: []patient.Role{patient.CareManager}}, "no room", now.Add(time.Hour))
		require.NoError(t, err)
		b.write(func(tx *sqldb.Tx) error { return b.UpdateEpisode(tx, e, declined) })
		require.ErrorIs(t, b.try(func(tx *sqldb.Tx) error { return b.UpdateEpisode(tx, e, declined) }), store.ErrStale)
		accepted, err := declined.Accept(patient.Answer{Role: patient.Nurse, By: id(), Held: []patient.Role{patient.Nurse}}, false, now.Add(2*time.Hour))
		require.NoError(t, err)
		b.write(func(tx *sqldb.Tx) error { return b.UpdateEpisode(tx, declined, accepted) })
		closed, err := accepted.CloseWith("OTHER", "told by phone", now.Add(3*time.Hour))
		require.NoError(t, err)
		b.write(func(tx *sqldb.Tx) error { return b.UpdateEpisode(tx, accepted, closed) })
		got, err = b.Episode(b.read(), p.ID, e.ID)
		require.NoError(t, err)
		require.Equal(t, closed, got)

		has, err := b.HasOpenEpisode(b.read(), p.ID)
		require.NoError(t, err)
		require.False(t, has)
		next := b.episode(p)
		has, err = b.HasOpenEpisode(b.read(), p.ID)
		require.NoError(t, err)
		require.True(t, has)

		page, err := b.Episodes(b.read(), store.EpisodeQuery{PatientID: p.ID, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, []patient.Episode{next}, page)
		page, err = b.Episodes(b.read(), store.EpisodeQuery{PatientID: p.ID, Limit: 5, AfterDay: next.Start, AfterID: next.ID})
		require.NoError(t, err)
		require.Equal(t, []patient.Episode{closed}, page)
		page, err = b.Episodes(b.read(), store.EpisodeQuery{PatientID: p.ID, State: patient.EpisodeClosed, Limit: 5})
		require.NoError(t, err)
		require.Equal(t, []patient.Episode{closed}, page)
		page, err = b.Episodes(b.read(), store.EpisodeQuery{PatientID: p.ID, Limit: 5})
		require.NoError(t, err)
		require.Equal(t, []patient.Episode{next, closed}, page)
	})
}

func TestStaff(t *testing.T) {
	run(t, func(t *testing.T, b bench) {
		hire := func(hsa string, employments ...patient.Employment) patient.Practitioner {
			p, err := patient.Hire(patient.Practitioner{ID: id(), ProviderID: b.provider, HSAID: hsa, GivenName: "Canaria", FamilyName: "Staffsson", Phone: "08-5550002", Employments: employments},
				func(string) string { return b.provider }, now)
			require.NoError(t, err)
			b.write(func(tx *sqldb.Tx) error { return b.InsertPractitioner(tx, p) })
			return p
		}
		from, gone := date.MustParse("2020-01-01"), date.MustParse("2026-02-28")
		both := hire("SE1-A", patient.Employment{UnitID: b.unit, Roles: []patient.Role{patient.CareManager, patient.RehabilitationCoordinator}, Start: from})
		locum := hire("SE1-B", patient.Employment{UnitID: b.unit, Roles: []patient.Role{patient.GP}, Start: from, End: gone, Locum: true},
			patient.Employment{UnitID: b.unit2, Roles: []patient.Role{patient.GP}, Start: gone.AddDays(1)})
		idle := hire("SE1-C")

		for _, p := range []patient.Practitioner{both, locum, idle} {
			got, err := b.Practitioner(b.read(), p.ID)
			require.NoError(t, err)
			require.Equal(t, p.ID, got.ID)
			require.Equal(t, len(p.Employments), len(got.Employments))
		}
		got, err := b.Practitioner(b.read(), locum.ID)
		require.NoError(t, err)
		require.Equal(t, locum, got)
		_, err = b.Practitioner(b.read(), id())
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, b.try(func(tx *sqldb.Tx) error {
			twin := both
			twin.ID = id()
			return b.InsertPractitioner(tx, twin)
		}), store.ErrExists)

		list := func(query store.StaffQuery) []string {
			query.UnitID, query.Limit = b.unit, max(query.Limit, 1)
			page, err := b.StaffOf(b.read(), query)
			require.NoError(t, err)
			var ids []string
			for _, p := range page {
				ids = append(ids, p.ID)
			}
			return ids
		}
		require.Equal(t, []string{both.ID, locum.ID}, list(store.StaffQuery{Limit: 10}))
		require.Equal(t, []string{both.ID}, list(store.StaffQuery{}))
		require.Equal(t, []string{locum.ID}, list(store.StaffQuery{After: both.ID}))
		require.Equal(t, []string{both.ID}, list(store.StaffQuery{Limit: 10, Role: patient.RehabilitationCoordinator}))
		require.Equal(t, []string{both.ID}, list(store.StaffQuery{Limit: 10, Day: date.Of(now)}))
		require.Equal(t, []string{both.ID, locum.ID}, list(store.StaffQuery{Limit: 10, Day: gone}))
		require.Empty(t, list(store.StaffQuery{Limit: 10, Role: patient.GP, Day: date.Of(now)}))

		staff, err := b.Staff(b.read(), []string{both.ID, id(), idle.ID})
		require.NoError(t, err)
		require.Len(t, staff, 2)

		ended, err := both.EndEmployment("", date.Of(now), now)
		require.NoError(t, err)
		b.write(func(tx *sqldb.Tx) error { return b.UpdatePractitioner(tx, ended) })
		require.ErrorIs(t, b.try(func(tx *sqldb.Tx) error { return b.UpdatePractitioner(tx, ended) }), store.ErrStale)
		got, err = b.Practitioner(b.read(), both.ID)
		require.NoError(t, err)
		require.Equal(t, ended, got)

		providers, err := b.ProvidersOf(b.read(), []string{b.unit, id()})
		require.NoError(t, err)
		require.Equal(t, map[string]string{b.unit: b.provider}, providers)
	})
}

func TestUnits(t *testing.T) {
	run(t, func(t *testing.T, b bench) {
		ids := func(query store.UnitQuery) []string {
			query.Limit = 10
			page, err := b.Units(b.read(), query)
			require.NoError(t, err)
			var ids []string
			for _, u := range page {
				ids = append(ids, u.ID)
			}
			return ids
		}
		require.Equal(t, []string{b.unit, b.unit2}, ids(store.UnitQuery{All: true}))
		require.Equal(t, []string{b.unit2}, ids(store.UnitQuery{All: true, After: b.unit}))
		require.Equal(t, []string{b.unit2}, ids(store.UnitQuery{IDs: []string{b.unit2}}))
		require.Equal(t, []string{b.unit, b.unit2}, ids(store.UnitQuery{ProviderIDs: []string{b.provider}}))
		require.Empty(t, ids(store.UnitQuery{}))
		require.Empty(t, ids(store.UnitQuery{All: true, ProviderID: id()}))
		providers, err := b.Providers(b.read(), nil, "", 5)
		require.NoError(t, err)
		require.Len(t, providers, 1)
		providers, err = b.Providers(b.read(), []string{}, "", 5)
		require.NoError(t, err)
		require.Empty(t, providers)
	})
}

// Whoever steals the files finds neither numbers, nor names, nor illness.
func TestNothingTellingStandsInTheFiles(t *testing.T) {
	keys, err := crypt.OpenDev(t.TempDir())
	require.NoError(t, err)
	dir := t.TempDir()
	db, err := sqldb.Open(context.Background(), sqldb.Config{Dir: dir}, "patient")
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), "patient", os.DirFS("../../migrations")))
	b := bench{Store: store.New(keys), t: t, db: db, provider: id(), unit: id()}
	b.write(func(tx *sqldb.Tx) error {
		if err := b.InsertProvider(tx, patient.CareProvider{ID: b.provider, HSAID: "SE1", Name: "Region", Revision: 1}); err != nil {
			return err
		}
		return b.InsertUnit(tx, patient.CareUnit{ID: b.unit, ProviderID: b.provider, HSAID: "SE1-1", Name: "Unit", Revision: 1})
	})
	p := b.patient("191212121212", b.unit)
	e := b.episode(p)
	answered, err := e.Decline(patient.Answer{Role: patient.CareManager, Held: []patient.Role{patient.CareManager}}, "overloaded", now)
	require.NoError(t, err)
	c, err := patient.Grant(patient.Consent{ID: id(), PatientID: p.ID, Kind: patient.Coordination, Note: "mumbled"}, now)
	require.NoError(t, err)
	staff, err := patient.Hire(patient.Practitioner{ID: id(), ProviderID: b.provider, HSAID: "SE1-A", GivenName: "Staffina", FamilyName: "Staffsson", Phone: "08-5550002"}, nil, now)
	require.NoError(t, err)
	b.write(func(tx *sqldb.Tx) error {
		if err := b.UpdateEpisode(tx, e, answered); err != nil {
			return err
		}
		if err := b.InsertConsent(tx, b.provider, c); err != nil {
			return err
		}
		return b.InsertPractitioner(tx, staff)
	})
	require.NoError(t, db.Close())

	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(content)
	}
	require.Contains(t, all.String(), p.ID, "the files hold what was written")
	for _, canary := range []string{"1212121212", "Canaria", "Secretsson", "5550001", "whispers", "Bakery", "556036", "baker", "F43", "sleepless", "blood pressure", "overloaded", "mumbled", "Staffina", "Staffsson", "5550002"} {
		require.NotContains(t, all.String(), canary)
	}
}

// Who takes a patient sees everything that was written about the patient by whoever took them before, however close they come:
// so a consent finds the episode that starts beside it.
func TestWhoTakesAPatientWaits(t *testing.T) {
	run(t, func(t *testing.T, b bench) {
		p := b.patient("191212121212", b.unit)
		e, err := patient.StartEpisode(patient.Assessment{
			EpisodeID: id(), PatientID: p.ID, ProviderID: p.ProviderID, UnitID: p.UnitID, Diagnosis: "F43.8A", Severity: "MILD", NewID: id,
		}, now)
		require.NoError(t, err)
		saw := make(chan error, 1)
		b.write(func(tx *sqldb.Tx) error {
			if _, err := b.Touch(tx, b.provider, p.ID); err != nil {
				return err
			}
			begun := make(chan struct{}, 9)
			go func() {
				saw <- b.try(func(tx *sqldb.Tx) error {
					begun <- struct{}{}
					if _, err := b.Touch(tx, b.provider, p.ID); err != nil {
						return err
					}
					_, err := b.OpenEpisode(tx, p.ID)
					return err
				})
			}()
			// Room for the other to go wrong in: until it has begun, which SQLite does not let it, and some more.
			for left := 2000; left > 0; left-- {
				select {
				case <-begun:
					left = 200
				default:
				}
				if _, err := b.HasOpenEpisode(tx, p.ID); err != nil {
					return err
				}
			}
			return b.InsertEpisode(tx, e)
		})
		require.NoError(t, <-saw)
		require.ErrorIs(t, b.try(func(tx *sqldb.Tx) error {
			_, err := b.Touch(tx, id(), p.ID)
			return err
		}), store.ErrNotFound, "another care provider's")
	})
}
