package functional_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

// region is an installation that `coworkcare serve` runs: it has an issuer of tokens of its own.
type region struct {
	*site
	issuer *devissuer.Issuer
}

// newRegion makes the issuer, with discovery and keys at a URL, and the settings that serve asks for.
func newRegion(t testing.TB, s *site) *region {
	t.Helper()
	s.serving()
	server := httptest.NewUnstartedServer(nil)
	issuer, err := devissuer.New(devissuer.Config{URL: "http://" + server.Listener.Addr().String() + "/issuer"})
	require.NoError(t, err)
	server.Config.Handler = issuer
	server.Start()
	t.Cleanup(server.Close)
	s.settings["COWORKCARE_OIDC_ISSUER"] = issuer.URL()
	return &region{site: s, issuer: issuer}
}

func (r *region) mint(subject, practitioner string, assignments ...identity.Assignment) string {
	r.t.Helper()
	token, err := r.issuer.Mint(devissuer.Claims{Subject: subject, PractitionerID: practitioner, Assignments: assignments})
	require.NoError(r.t, err)
	return token
}

// found makes a care provider, a unit and its staff, as an operator would.
func (r *region) found() *clinic {
	t := r.t
	t.Helper()
	c := &clinic{client: &client{base: "http://" + r.rest, http: newHTTP(), tokens: map[string]string{}}, staff: map[string]string{}, numbers: r.patients}
	c.tokens[admin] = r.mint("the-operator", "", identity.Assignment{Roles: []identity.Role{identity.RoleOperator}})
	c.provider = str(c.do(t, write(admin, "/v1/careProviders", object{"displayName": "Region Prov", "hsaId": "TSTNMT2321000016-R001"})), "careProviderId")
	c.unit = str(c.do(t, write(admin, "/v1/careUnits", object{"careProviderId": c.provider, "displayName": "Vårdcentralen Prov", "hsaId": "TSTNMT2321000016-R002"})), "careUnitId")
	for role, name := range map[identity.Role]string{identity.RoleGP: "ROLE_GP", identity.RoleCareManager: "ROLE_CARE_MANAGER"} {
		c.staff[string(role)] = str(c.do(t, write(admin, "/v1/practitioners", object{
			"careProviderId": c.provider, "givenName": "Synthetic", "familyName": "Staff", "hsaId": "TSTNMT2321000016-" + string(role[:2]),
			"employments": []object{{"careUnitId": c.unit, "roles": []string{name}, "startDate": date.Of(time.Now()).AddDays(-30).String()}}})), "practitionerId")
	}
	r.refresh(c)
	return c
}

// refresh gives everybody a token signed by the issuer's present key.
func (r *region) refresh(c *clinic) {
	tokens := map[string]string{admin: c.tokens[admin]}
	for role, practitioner := range c.staff {
		tokens[role] = r.mint("person:"+role, practitioner, identity.Assignment{ProviderID: c.provider, UnitID: c.unit, Roles: []identity.Role{identity.Role(role)}})
	}
	tokens[integration] = r.mint("record-system", "", identity.Assignment{ProviderID: c.provider, UnitID: c.unit, Roles: []identity.Role{identity.RoleIntegration}})
	c.tokens = tokens
}
