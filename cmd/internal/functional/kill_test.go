package functional_test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// writers is how many write at once.
const writers = 6

// leaseTime is how long a killed process's leases stand; then another one takes them over.
const leaseTime = 15 * time.Second

func TestKillInAWriteStorm(t *testing.T) {
	onEngines(t, func(t *testing.T, s *site) {
		random := chance(t)
		p := s.start("dev")
		storm := s.devStorm()
		end := storm.rage(t, writers)
		for range kills(t, 5) {
			storm.reach(t, storm.acknowledged.Load()+1+random.Int64N(80))
			<-time.After(time.Duration(random.IntN(15_000)) * time.Microsecond) // somewhere in a call
			p.kill()
			p = s.start("dev")
		}
		end()
		require.NotZero(t, storm.resent.Load(), "no kill has hit a call")
		t.Logf("%d calls acknowledged, %d cut off by a kill, %d patients", storm.acknowledged.Load(), storm.resent.Load(), len(storm.courses))
		s.settled(2*leaseTime + 30*time.Second)
		storm.checkByREST(t)
		storm.repeatAll(t)
		p.stop(syscall.SIGTERM)
		storm.checkBySQL(t, s, s.audit())
	})
}

// checkByREST compares what the API shows with what was acknowledged: all of it, once, and nothing else.
func (s *storm) checkByREST(t testing.TB) {
	t.Helper()
	want := map[string]bool{}
	for _, c := range s.courses {
		want[c.patient] = true
	}
	patients := s.list(t, gp, "/v1/patients", "patients")
	for _, p := range patients {
		require.Truef(t, want[str(p, "patientId")], "a patient that nobody was told of, or twice: %v", p["identityNumber"])
		delete(want, str(p, "patientId"))
	}
	require.Empty(t, want, "patients that were acknowledged and are not there")
	pictured := map[string]bool{}
	for _, row := range s.list(t, gp, "/v1/careUnits/"+s.unit+"/caseload", "rows") {
		require.Equal(t, float64(1), row["sickLeave"].(object)["dayNumber"], "%v", row)
		pictured[str(row, "patientId")] = true
	}
	require.Len(t, pictured, len(s.courses), "patients in the common picture")
	group := errgroup.Group{}
	group.SetLimit(4)
	for _, c := range s.courses {
		group.Go(func() error {
			return s.shows(t, c)
		})
	}
	require.NoError(t, group.Wait())
}

// followUps is how many a course makes.
const followUps = 5

// shows compares one patient's lists with the course.
func (s *storm) shows(t testing.TB, c course) error {
	var got []string
	for _, list := range []struct{ path, field, id, mark string }{
		{"careEpisodes", "careEpisodes", "careEpisodeId", "etag"},
		{"certificates", "certificates", "certificateId", "state"},
		{"contacts", "contacts", "contactId", "state"},
		{"followUps", "followUps", "subjectId", "kind"},
	} {
		for _, o := range s.list(t, gp, "/v1/patients/"+c.patient+"/"+list.path, list.field) {
			got = append(got, list.path+" "+str(o, list.id)+" "+str(o, list.mark))
		}
	}
	want := []string{
		"careEpisodes " + c.episode + ` "r2"`,
		"certificates " + c.certificate + " SIGNED",
		"contacts " + c.contact + " BOOKED",
		"followUps " + c.referral + " ANSWER_REFERRAL",
		"followUps " + c.episode + " BOOK_FIRST_CONTACT",
		"followUps " + c.episode + " HOLD_FIRST_CONTACT",
		"followUps " + c.certificate + " CERTIFICATE_ENDING",
		"followUps " + c.episode + " SCREEN",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("patient %s: the API shows\n%q\nand not\n%q", c.patient, got, want)
	}
	return nil
}

// checkBySQL compares the stores with what was acknowledged.
func (s *storm) checkBySQL(t testing.TB, site *site, ledgers map[string]*ledger) {
	t.Helper()
	ids := map[string]bool{}
	for _, d := range s.deeds {
		found := false
		for _, l := range ledgers {
			if _, ok := l.revisions[d.id]; ok {
				found = true
			}
		}
		require.Truef(t, found, "%s was acknowledged and there is no row %s", d.path, d.id)
		ids[d.id] = true
	}
	kept := map[string]int{}
	for service := range ledgers {
		q := site.open(service).Read(t.Context())
		for _, row := range rows(t, q, `SELECT request_id FROM request`, 1) {
			kept[row[0].(string)]++
		}
	}
	for _, d := range s.deeds {
		require.Equalf(t, 1, kept[d.key], "answers kept for %s", d.path)
	}

	n := int64(len(s.courses))
	for service, tables := range map[string][]string{"patient": {"patient", "care_episode"}, "sickleave": {"certificate"}, "careplan": {"contact"}} {
		q := site.open(service).Read(t.Context())
		for _, table := range tables {
			require.Equalf(t, n, count(t, q, `SELECT count(*) FROM `+table), "rows of %s", table)
		}
	}
	follow := site.open("followup").Read(t.Context())
	require.Equal(t, followUps*n, count(t, follow, `SELECT count(*) FROM follow_up`), "follow-ups")
	created := map[string]int{}
	for _, e := range ledgers["followup"].events {
		if e.GetType() == "follow_up.created" {
			created[e.GetResourceId()]++
		}
	}
	require.Len(t, created, int(followUps*n), "follow-ups told of, each made once")

	access := site.open("accesslog").Read(t.Context())
	recorded := map[string]bool{}
	for _, row := range rows(t, access, `SELECT DISTINCT patient_id FROM access_record WHERE kind = 'WRITE'`, 1) {
		recorded[row[0].(string)] = true
	}
	for _, c := range s.courses {
		require.Truef(t, recorded[c.patient], "what was done with patient %s is not in the access log", c.patient)
	}
}
