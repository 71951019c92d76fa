package requirements_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/coworkcare/coworkcare/gateway"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// clinic is the whole product in one process with REST in front and a test clock, seen from one health centre.
type clinic struct {
	*testing.T
	*apptest.Harness
	web                          *httptest.Server
	provider, unit               string
	gp, careManager, coordinator colleague
	therapist, manager, stranger colleague // the stranger works at another centre
	operator                     colleague
	employer, contactPerson      string
	serial                       int
}

// colleague is somebody who calls over REST.
type colleague struct{ id, token string }

// onBothEngines runs a test at a new health centre, on SQLite and on PostgreSQL.
func onBothEngines(t *testing.T, test func(c *clinic)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(open(t, sqldb.Config{Dir: t.TempDir()}))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(open(t, sqldb.Config{URL: sqldbtest.PostgresURL(t), MaxConns: 4}))
	})
}

// open starts the product and opens a health centre with staff and an employer in the neighbourhood. It is Monday 2 March 2026,
// eight in the morning.
func open(t *testing.T, database sqldb.Config) *clinic {
	t.Helper()
	c := &clinic{T: t, Harness: apptest.New(t, database, modules...)}
	var register []gateway.Register
	for _, routes := range c.System.Routes() {
		register = append(register, gateway.Register(routes))
	}
	handler, err := gateway.New(t.Context(), gateway.Options{Conn: c.Conn.(*grpc.ClientConn), Register: register, Timeout: time.Minute})
	require.NoError(t, err)
	c.web = httptest.NewServer(handler)
	t.Cleanup(c.web.Close)

	c.operator = c.mint(identity.RoleOperator, "", "")
	c.provider = c.good(c.operator, http.MethodPost, "/v1/careProviders", object{"displayName": "Region Exempel", "hsaId": c.hsaID()}).text("careProviderId")
	c.unit = c.newUnit("Ekens vårdcentral")
	c.gp, c.careManager = c.hire(identity.RoleGP), c.hire(identity.RoleCareManager)
	c.coordinator = c.hire(identity.RoleRehabilitationCoordinator)
	c.therapist, c.manager = c.hire(identity.RoleTherapist), c.hire(identity.RoleUnitManager)
	c.stranger = c.hireAt(c.newUnit("Björkens vårdcentral"), identity.RoleRehabilitationCoordinator)
	c.Settle()
	c.employer = c.good(c.coordinator, http.MethodPost, "/v1/employers", object{"careProviderId": c.provider, "displayName": "Provbolaget AB"}).text("employerId")
	c.contactPerson = c.good(c.coordinator, http.MethodPost, "/v1/employers/"+c.employer+"/contactPersons", object{
		"displayName": "Sam Test", "function": "chef", "email": "chef@example.se",
	}).text("contactPersonId")
	return c
}

func (c *clinic) newUnit(name string) string {
	c.Helper()
	return c.good(c.operator, http.MethodPost, "/v1/careUnits", object{"careProviderId": c.provider, "displayName": name, "hsaId": c.hsaID()}).text("careUnitId")
}

// hire hires somebody for roles at the health centre.
func (c *clinic) hire(roles ...identity.Role) colleague {
	c.Helper()
	return c.hireAt(c.unit, roles...)
}

func (c *clinic) hireAt(unit string, roles ...identity.Role) colleague {
	c.Helper()
	var named []string
	for _, role := range roles {
		named = append(named, "ROLE_"+upper(string(role)))
	}
	id := c.good(c.operator, http.MethodPost, "/v1/practitioners", object{
		"careProviderId": c.provider, "givenName": "Kim", "familyName": "Test", "hsaId": c.hsaID(),
		"employments": list{object{"careUnitId": unit, "roles": named, "startDate": "2020-01-01"}},
	}).text("practitionerId")
	return c.mintAt(unit, id, roles...)
}

func (c *clinic) mint(role identity.Role, unit, id string) colleague {
	c.Helper()
	return c.mintAt(unit, id, role)
}

func (c *clinic) mintAt(unit, id string, roles ...identity.Role) colleague {
	c.Helper()
	claims := devissuer.Claims{Subject: "operator", Assignments: []identity.Assignment{{Roles: roles}}}
	if unit != "" {
		claims = devissuer.Claims{Subject: id, PractitionerID: id, Assignments: []identity.Assignment{{ProviderID: c.provider, UnitID: unit, Roles: roles}}}
	}
	token, err := c.Issuer.Mint(claims)
	require.NoError(c, err)
	return colleague{id, token}
}

func (c *clinic) hsaID() string {
	c.serial++
	return fmt.Sprintf("TST0000000000-%04X", c.serial)
}

// today is the civil day, by the test clock.
func (c *clinic) today() date.Day { return date.Of(c.Clock.Now()) }

// in is the day so many days from today, as the API spells it.
func (c *clinic) in(days int) string { return c.today().AddDays(days).String() }

// at is an instant so many days from today, as the API spells it.
func (c *clinic) at(days, hour int) string {
	return c.today().AddDays(days).At(hour, 0).UTC().Format(time.RFC3339)
}

// pass lets days pass, with all that falls due on the way; it is eight in the morning then.
func (c *clinic) pass(days int) {
	c.Helper()
	c.Advance(c.today().AddDays(days).At(8, 0).Sub(c.Clock.Now()))
}
