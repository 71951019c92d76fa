package access_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// Every method with every role at the own unit, another one of the provider, and another provider: exactly what its rule says.
func TestEveryMethodWithEveryRole(t *testing.T) {
	guard := newGuard(t)
	own := map[accessv1.Scope]string{accessv1.Scope_SCOPE_CARE_PROVIDER: "p1", accessv1.Scope_SCOPE_CARE_UNIT: "u1",
		accessv1.Scope_SCOPE_PATIENT: "at-u1", accessv1.Scope_SCOPE_RESOURCE: "at-u1"}
	cases := 0
	for _, method := range methods(t) {
		rule := guard.Rule(method)
		for _, role := range identity.AllRoles() {
			holds := map[string]string{"own": "u1", "other unit": "u2", "other provider": "u3"}
			switch role {
			case identity.RoleProviderAdministrator:
				holds = map[string]string{"own": "p1", "other provider": "p2"}
			case identity.RoleOperator:
				holds = map[string]string{"own": ""}
			default:
			}
			for distance, place := range holds {
				want := "404"
				switch {
				case !slices.Contains(rule.Roles, role):
					want = "403"
				case distance == "own":
					want = "ok"
				case own[rule.Scope] == "": // not measured by a place
					want = "ok"
				case rule.Scope == accessv1.Scope_SCOPE_CARE_PROVIDER && distance == "other unit":
					want = "ok"
				}
				_, err := guard.Authorize(t.Context(), method, person(string(role)+"@"+place), pointing(t, guard, method, own[rule.Scope]))
				require.Equal(t, want, answer(err), "%s as %s, %s", method, role, distance)
				cases++
			}
		}
		_, err := guard.Authorize(t.Context(), method, identity.Caller{}, pointing(t, guard, method, own[rule.Scope]))
		require.Equal(t, "403", answer(err), "%s as nobody", method)
	}
	t.Logf("%d cases", cases)
}

// What is absent and what is somebody else's cannot be told apart, by anybody.
func TestAbsentAndForeignAreOneAnswer(t *testing.T) {
	guard := newGuard(t)
	for _, method := range methods(t) {
		rule := guard.Rule(method)
		foreign, absent := "at-u3", "absent"
		switch rule.Scope {
		case accessv1.Scope_SCOPE_PATIENT, accessv1.Scope_SCOPE_RESOURCE:
		case accessv1.Scope_SCOPE_CARE_UNIT:
			foreign, absent = "u3", "u9"
		case accessv1.Scope_SCOPE_CARE_PROVIDER:
			foreign, absent = "p2", "p9"
		default:
			continue
		}
		for _, role := range identity.AllRoles() {
			if role == identity.RoleOperator {
				continue // reaches everything by design
			}
			for _, caller := range []identity.Caller{person(string(role) + "@u1"), person(string(role)+"@u1", "provider_administrator@p1"), onBehalf("followup", person(string(role)+"@u2"))} {
				_, one := guard.Authorize(t.Context(), method, caller, pointing(t, guard, method, foreign))
				_, other := guard.Authorize(t.Context(), method, caller, pointing(t, guard, method, absent))
				require.Error(t, one)
				require.Empty(t, cmp.Diff(status.Convert(one).Proto(), status.Convert(other).Proto(), protocmp.Transform()), "%s as %v", method, caller)
				require.NotContains(t, one.Error(), foreign)
			}
		}
	}
}

// An administrator of another provider, and an operator, who are caregivers elsewhere, learn nothing of patients there.
func TestAdministratorsLearnNothingOfPatients(t *testing.T) {
	guard := newGuard(t)
	for _, method := range methods(t) {
		rule := guard.Rule(method)
		if rule.Act == accessv1.Act_ACT_UNSPECIFIED || rule.Scope != accessv1.Scope_SCOPE_PATIENT && rule.Scope != accessv1.Scope_SCOPE_RESOURCE {
			continue
		}
		for _, admin := range []string{"operator", "provider_administrator@p2"} {
			for _, role := range rule.Roles {
				caller := person(string(role)+"@u1", admin)
				_, one := guard.Authorize(t.Context(), method, caller, pointing(t, guard, method, "at-u3"))
				_, other := guard.Authorize(t.Context(), method, caller, pointing(t, guard, method, "absent"))
				require.Equal(t, "404", answer(one), "%s as %v", method, caller)
				require.Equal(t, "404", answer(other))
			}
		}
	}
}
