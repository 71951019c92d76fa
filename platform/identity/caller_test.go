package identity_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"

	"github.com/coworkcare/coworkcare/platform/identity"
)

func TestRoles(t *testing.T) {
	roles := identity.AllRoles()
	require.Len(t, roles, 13)
	seen := map[identity.Role]bool{}
	for _, role := range roles {
		require.False(t, seen[role], role)
		seen[role] = true
		parsed, err := identity.ParseRole(string(role))
		require.NoError(t, err)
		require.Equal(t, role, parsed)
	}
	for _, text := range []string{"", "GP", " gp", "gp ", "root", "*", "operator\x00"} {
		_, err := identity.ParseRole(text)
		require.Error(t, err, text)
		require.False(t, identity.Role(text).Valid(), text)
	}
	roles[0] = "changed"
	require.Equal(t, identity.RoleGP, identity.AllRoles()[0])
}

func TestCallerReach(t *testing.T) {
	caller := identity.Caller{Assignments: []identity.Assignment{
		{ProviderID: "p1", UnitID: "u2", Roles: []identity.Role{identity.RoleGP}},
		{ProviderID: "p1", UnitID: "u1", Roles: []identity.Role{identity.RoleCareManager, identity.RoleRehabilitationCoordinator}},
		{ProviderID: "p1", UnitID: "u1", Roles: []identity.Role{identity.RoleCareManager, identity.RoleNurse}},
		{ProviderID: "p2", Roles: []identity.Role{identity.RoleProviderAdministrator}},
		{Roles: []identity.Role{identity.RoleOperator}},
	}}
	at := func(provider, unit string, want ...identity.Role) {
		t.Helper()
		require.Equal(t, want, caller.RolesAt(provider, unit))
	}
	at("p1", "u1", identity.RoleCareManager, identity.RoleRehabilitationCoordinator, identity.RoleNurse, identity.RoleOperator)
	at("p1", "u2", identity.RoleGP, identity.RoleOperator)
	at("p1", "u3", identity.RoleOperator)
	at("p1", "", identity.RoleOperator)
	at("p2", "u9", identity.RoleProviderAdministrator, identity.RoleOperator)
	at("p2", "", identity.RoleProviderAdministrator, identity.RoleOperator)
	at("p2", "u1", identity.RoleProviderAdministrator, identity.RoleOperator) // the same unit id under another provider
	at("p3", "u1", identity.RoleOperator)
	at("", "u1", identity.RoleOperator)
	at("", "", identity.RoleOperator)

	for place, want := range map[[2]string]bool{
		{"p1", "u1"}: true, {"p1", "u2"}: true, {"p1", "u3"}: false, {"p2", "u1"}: false, {"p2", "u9"}: false,
		{"p1", ""}: false, {"p2", ""}: false, {"", ""}: false, {"", "u1"}: false,
	} {
		require.Equal(t, want, caller.WorksAt(place[0], place[1]), place)
	}

	require.True(t, caller.HasRole(identity.RoleTherapist, identity.RoleGP))
	require.False(t, caller.HasRole(identity.RoleTherapist))
	require.False(t, caller.HasRole())
	require.Equal(t, []string{"u1", "u2"}, caller.UnitIDs())
	require.Equal(t, []string{"u1"}, caller.UnitIDs(identity.RoleNurse, identity.RoleCareManager))
	require.Empty(t, caller.UnitIDs(identity.RoleOperator, identity.RoleProviderAdministrator))
	require.Equal(t, []string{"p1", "p2"}, caller.ProviderIDs())

	var nobody identity.Caller
	require.Empty(t, nobody.RolesAt("", ""))
	require.False(t, nobody.WorksAt("", ""))
	require.False(t, nobody.HasRole(identity.AllRoles()...))
	require.Empty(t, nobody.UnitIDs())
	require.Empty(t, nobody.ProviderIDs())
}

// Whatever was constructed by hand, half an address reaches nothing.
func TestUnitWithoutProviderReachesNothing(t *testing.T) {
	caller := identity.Caller{Assignments: []identity.Assignment{{UnitID: "u1", Roles: []identity.Role{identity.RoleGP}}}}
	require.Empty(t, caller.RolesAt("p1", "u1"))
	require.Empty(t, caller.RolesAt("", "u1"))
	require.False(t, caller.WorksAt("", "u1"))
}

func TestAssignmentJSONIsTheTokenForm(t *testing.T) {
	data, err := json.Marshal([]identity.Assignment{
		{ProviderID: "p", UnitID: "u", Roles: []identity.Role{identity.RoleGP}},
		{Roles: []identity.Role{identity.RoleOperator}},
	})
	require.NoError(t, err)
	require.JSONEq(t, `[{"care_provider_id":"p","care_unit_id":"u","roles":["gp"]},{"roles":["operator"]}]`, string(data))
}

func TestContext(t *testing.T) {
	ctx := context.Background()
	_, ok := identity.FromContext(ctx)
	require.False(t, ok)
	require.Empty(t, identity.RawToken(ctx))
	caller := identity.Caller{Subject: "s", Service: "followup"}
	ctx = identity.WithRawToken(identity.NewContext(ctx, caller), "raw")
	got, ok := identity.FromContext(ctx)
	require.True(t, ok)
	require.Equal(t, caller, got)
	require.Equal(t, "raw", identity.RawToken(ctx))
}

func TestTokensOfARequest(t *testing.T) {
	for name, c := range map[string]struct {
		values []string
		want   string
		err    error
	}{
		"none":           {nil, "", identity.ErrNoToken},
		"empty":          {[]string{""}, "", identity.ErrNoToken},
		"scheme alone":   {[]string{"Bearer"}, "", identity.ErrNoToken},
		"blank":          {[]string{"Bearer   "}, "", identity.ErrNoToken},
		"another scheme": {[]string{"Basic YTpi"}, "", identity.ErrNoToken},
		"no scheme":      {[]string{"a.b.c"}, "", identity.ErrNoToken},
		"one":            {[]string{"Bearer a.b.c"}, "a.b.c", nil},
		"lower case":     {[]string{"bearer  a.b.c "}, "a.b.c", nil},
		"two":            {[]string{"Bearer a.b.c", "Bearer d.e.f"}, "", identity.ErrInvalidToken},
	} {
		md := metadata.MD{}
		if c.values != nil {
			md.Set(identity.MetadataCaller, c.values...)
		}
		got, err := identity.CallerToken(md)
		require.ErrorIs(t, err, c.err, name)
		require.Equal(t, c.want, got, name)
	}
	for name, c := range map[string]struct {
		values []string
		want   string
		err    error
	}{
		"none":  {nil, "", identity.ErrNoToken},
		"empty": {[]string{""}, "", identity.ErrNoToken},
		"one":   {[]string{"a.b.c"}, "a.b.c", nil},
		"two":   {[]string{"a.b.c", ""}, "", identity.ErrInvalidToken},
	} {
		md := metadata.MD{}
		if c.values != nil {
			md.Set(identity.MetadataService, c.values...)
		}
		got, err := identity.ServiceToken(md)
		require.ErrorIs(t, err, c.err, name)
		require.Equal(t, c.want, got, name)
	}
}
