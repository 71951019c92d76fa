package whole_test

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// unitRoles are the roles held at a care unit.
func unitRoles() []identity.Role {
	var roles []identity.Role
	for _, role := range identity.AllRoles() {
		if role != identity.RoleOperator && role != identity.RoleProviderAdministrator {
			roles = append(roles, role)
		}
	}
	return roles
}

// world is two care providers: one with two units, one with one. At each unit somebody holds each role.
type world struct {
	*system
	own, other, foreign access.Place // unit, another of the same provider, one of another provider
	staff               map[access.Place]map[identity.Role]string
	numbers             int               // of patients so far
	serial              int               // of HSA ids so far
	canaries            map[string]string // by field
	bystander           identity.Role     // of the method tried
	handles             map[string]*sqldb.DB
	unseen              map[string]bool // canaries that no answer has shown
}

func newWorld(t testing.TB, s *system) *world {
	t.Helper()
	w := &world{system: s, staff: map[access.Place]map[identity.Role]string{}, canaries: map[string]string{}, handles: map[string]*sqldb.DB{}}
	client := patientv1.NewPatientServiceClient(s.conn)
	operator := w.as(identity.RoleOperator, access.Place{})
	provider := func(name string) string {
		made, err := client.CreateCareProvider(operator, &patientv1.CreateCareProviderRequest{
			CareProvider: &patientv1.CareProvider{DisplayName: name, HsaId: w.hsaID()}})
		require.NoError(t, err)
		return made.GetCareProviderId()
	}
	unit := func(providerID, name string) access.Place {
		made, err := client.CreateCareUnit(operator, &patientv1.CreateCareUnitRequest{
			CareUnit: &patientv1.CareUnit{CareProviderId: providerID, DisplayName: name, HsaId: w.hsaID()}})
		require.NoError(t, err)
		return access.Place{ProviderID: providerID, UnitID: made.GetCareUnitId()}
	}
	first, second := provider("Region Norrland"), provider("Vård i Väst AB")
	w.own, w.other, w.foreign = unit(first, "Åkerby vårdcentral"), unit(first, "Ängens vårdcentral"), unit(second, "Hamnens vårdcentral")
	for _, place := range []access.Place{w.own, w.other, w.foreign} {
		w.staff[place] = map[identity.Role]string{}
		for _, role := range unitRoles() {
			w.staff[place][role] = w.hire(place, role)
		}
	}
	s.settle()
	return w
}

// hsaID is one that nobody has.
func (w *world) hsaID() string {
	w.serial++
	return fmt.Sprintf("SE2321000016-%04X", w.serial)
}

// hire registers somebody who holds a role at a unit from long ago.
func (w *world) hire(place access.Place, role identity.Role) string {
	w.t.Helper()
	made, err := patientv1.NewPatientServiceClient(w.conn).CreatePractitioner(w.as(identity.RoleOperator, access.Place{}), &patientv1.CreatePractitionerRequest{
		Practitioner: &patientv1.Practitioner{
			CareProviderId: place.ProviderID, GivenName: "Kim", FamilyName: "Bergström", HsaId: w.hsaID(),
			Employments: []*patientv1.Practitioner_Employment{{
				CareUnitId: place.UnitID, Roles: []accessv1.Role{access.ProtoRole(role)}, StartDate: "2020-01-01"}},
		}})
	require.NoError(w.t, err)
	return made.GetPractitionerId()
}

// as is a context with the token of who holds a role at a place: at the unit, or for the provider or the installation where the
// role is held so. A zero place is nowhere: the token then names no assignment, but for an operator.
func (w *world) as(role identity.Role, place access.Place) context.Context {
	w.t.Helper()
	return w.bearing(w.token(role, place))
}

func (w *world) bearing(token string) context.Context {
	return metadata.AppendToOutgoingContext(context.WithoutCancel(w.t.Context()), identity.MetadataCaller, "Bearer "+token)
}

func (w *world) token(role identity.Role, place access.Place) string {
	w.t.Helper()
	return w.mint(w.person(role, place), held(role, place))
}

// person is who holds a role at a place.
func (w *world) person(role identity.Role, place access.Place) string {
	if id := w.staff[place][role]; id != "" {
		return id
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(string(role)+place.UnitID)).String()
}

// held is a role at a place, as a token says it.
func held(role identity.Role, place access.Place) []identity.Assignment {
	a := identity.Assignment{ProviderID: place.ProviderID, UnitID: place.UnitID, Roles: []identity.Role{role}}
	switch {
	case role == identity.RoleOperator:
		a.ProviderID, a.UnitID = "", ""
	case place.IsZero():
		return nil
	case role == identity.RoleProviderAdministrator:
		a.UnitID = ""
	}
	return []identity.Assignment{a}
}

// mint is a token of a practitioner; the same twice is the same token.
func (w *world) mint(person string, assignments []identity.Assignment) string {
	w.t.Helper()
	var key strings.Builder
	key.WriteString(person)
	for _, a := range assignments {
		_, _ = fmt.Fprint(&key, "|", a)
	}
	w.minting.Lock()
	defer w.minting.Unlock()
	if token := w.tokens[key.String()]; token != "" {
		return token
	}
	token, err := w.issuer.Mint(devissuer.Claims{Subject: person, PractitionerID: person, Assignments: assignments})
	require.NoError(w.t, err)
	w.tokens[key.String()] = token
	return token
}

// personnummer is a valid one that nobody bears: its last three digits before the check digit, 980–999, are not given out.
func (w *world) personnummer() string {
	w.numbers++
	n := w.numbers
	born := date.MustParse("1950-01-01").AddDays(n / 20 * 37)
	digits := strings.ReplaceAll(born.String(), "-", "") + fmt.Sprint(980+n%20)
	sum := 0
	for i, c := range digits[2:] {
		d := int(c - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return digits + fmt.Sprint((10-sum%10)%10)
}

// sortedKeys are the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
