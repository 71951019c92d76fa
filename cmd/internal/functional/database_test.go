package functional_test

import (
	"net"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A database that goes away in the middle of everything, as one does that is restarted or changes over, costs answers for as
// long as it is away and nothing else: what it has committed while its word was lost on the way is known when the call is
// sent again, and the process goes on by itself when it is back.
func TestDatabaseCutOff(t *testing.T) {
	t.Parallel()
	random := chance(t)
	s := newSite(t).onPostgres().withRedis()
	behind, err := url.Parse(s.store.URL)
	require.NoError(t, err)
	socket := behind.Query().Get("host") + "/.s.PGSQL.5432"
	between := proxyTo(t, func() (net.Conn, error) { return net.Dial("unix", socket) })
	before := *behind
	before.Host, before.RawQuery = between.address, "sslmode=disable"
	s.settings["COWORKCARE_DATABASE_URL"] = before.String()
	p := s.start("dev")
	storm := s.devStorm()
	end := storm.rage(t, writers)
	for i := range kills(t, 6) {
		storm.reach(t, storm.acknowledged.Load()+1+random.Int64N(60))
		<-time.After(time.Duration(random.IntN(15_000)) * time.Microsecond)
		between.swallow(i%2 == 0) // commits whose answers are lost
		between.bar(i%3 == 0)     // away for a while
		<-time.After(time.Duration(random.IntN(200)) * time.Millisecond)
		between.cut()
		if i%3 == 0 {
			eventually(t, 20*time.Second, "it says that it is not ready", func() error {
				if s.ready() == nil {
					return errReady
				}
				return nil
			})
		}
		between.swallow(false)
		between.bar(false)
	}
	end()
	require.NotZero(t, storm.refused.Load(), "no cut has hit a call")
	t.Logf("%d calls acknowledged, %d refused for the moment, %d patients", storm.acknowledged.Load(), storm.refused.Load(), len(storm.courses))
	eventually(t, 20*time.Second, "it is ready again", s.ready)
	s.settled(2*leaseTime + 30*time.Second)
	storm.checkByREST(t)
	storm.repeatAll(t)
	p.stop(syscall.SIGTERM)
	storm.checkBySQL(t, s, s.audit())
}
