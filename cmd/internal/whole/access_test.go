package whole_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/identity"
)

var update = flag.Bool("update", false, "write the tables of testdata anew")

// The outcomes of a call as far as access goes.
const (
	allowed = 'A' // the method answers, or refuses for what the request says
	denied  = 'D' // PERMISSION_DENIED, ROLE_REQUIRED
	nothing = 'N' // NOT_FOUND, as if nothing were there
)

// guardReasons are what a foreign thing is answered with.
var guardReasons = []string{"PATIENT_NOT_FOUND", "CARE_UNIT_NOT_FOUND", "CARE_PROVIDER_NOT_FOUND", "RESOURCE_NOT_FOUND"}

// ownReasons are what a service refuses somebody with whom the access rule lets in.
var ownReasons = []string{"READER_REQUIRED", "NOTE_WITHHELD"}

// reason is the ErrorInfo reason of an error.
func reason(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

func outcome(t *testing.T, m *method, err error) rune {
	t.Helper()
	switch code := status.Code(err); {
	case code == codes.PermissionDenied && reason(err) == "ROLE_REQUIRED":
		return denied
	case code == codes.NotFound && slices.Contains(guardReasons, reason(err)):
		return nothing
	case code == codes.PermissionDenied && slices.Contains(ownReasons, reason(err)):
		return allowed
	case code == codes.OK, code == codes.InvalidArgument, code == codes.NotFound, code == codes.FailedPrecondition:
		return allowed
	case (code == codes.Internal || code == codes.Unimplemented) && !m.served():
		return allowed
	}
	t.Errorf("an outcome that is no matter of access: %v", err)
	return '?'
}

// position is one kind of caller as seen from the own unit.
type position struct {
	name        string
	assignments func(w *world, role identity.Role) []identity.Assignment
}

// positions are the columns of the table.
var positions = []position{
	{"own unit", func(w *world, role identity.Role) []identity.Assignment { return held(role, w.own) }},
	{"other unit of the same provider", func(w *world, role identity.Role) []identity.Assignment { return held(role, w.other) }},
	{"other provider", func(w *world, role identity.Role) []identity.Assignment { return held(role, w.foreign) }},
	{"other provider, and the own unit in a role that the method is not for", func(w *world, role identity.Role) []identity.Assignment {
		return append(held(role, w.foreign), held(w.bystander, w.own)...)
	}},
}

// expected is what the access option says of a caller, worked out from its documentation alone. Everything that is asked for
// stands at the own unit; staff and providers belong to the whole provider.
func expected(m *method, assignments []identity.Assignment, own access.Place) rune {
	named := func(a identity.Assignment) bool {
		return slices.ContainsFunc(m.rule.GetRoles(), func(role accessv1.Role) bool {
			return slices.Contains(a.Roles, identity.Role(strings.ToLower(strings.TrimPrefix(role.String(), "ROLE_"))))
		})
	}
	if !slices.ContainsFunc(assignments, named) {
		return denied
	}
	wholeProvider, patient := false, false
	switch m.rule.GetScope() {
	case accessv1.Scope_SCOPE_CALLER, accessv1.Scope_SCOPE_INSTALLATION:
		return allowed
	case accessv1.Scope_SCOPE_CARE_PROVIDER:
		wholeProvider = true
	case accessv1.Scope_SCOPE_RESOURCE:
		wholeProvider = sharedWithin(m.scopeField()) || strings.HasSuffix(m.scopeField(), "employer_id")
	case accessv1.Scope_SCOPE_PATIENT:
		patient = true
	}
	told := false
	for _, a := range assignments {
		everywhere := a.ProviderID == ""
		if !everywhere && (a.ProviderID != own.ProviderID || !wholeProvider && a.UnitID != "" && a.UnitID != own.UnitID) {
			continue
		}
		if named(a) {
			return allowed
		}
		told = told || !patient || a.UnitID != ""
	}
	if told && m.rule.GetScope() != accessv1.Scope_SCOPE_OWN_UNITS {
		return denied
	}
	return nothing
}

// harmless makes a request that the guard lets pass or not by its scope, and that changes nothing when it passes: a write with a
// request id that is none is refused by validation, which comes after access.
func (st *stage) harmless(m *method) proto.Message {
	request := st.sample(m)
	if m.writes() {
		put(request, "request_id", "none")
	}
	return request
}

// The table of who may call what where is what the access options say, and stands in testdata/access.txt for review.
func TestAccess(t *testing.T) {
	var table string
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		st := w.newStage(w.own)
		var text strings.Builder
		_, _ = fmt.Fprint(&text, "# Who may call what. A letter a position: A allowed, D denied for the role, N nothing there.\n# Written by `go test ./cmd/internal/whole -run TestAccess -update`.\n#\n")
		for i, p := range positions {
			_, _ = fmt.Fprintf(&text, "# %d. %s\n", i+1, p.name)
		}
		for _, m := range w.methods() {
			request := st.harmless(m)
			lines, order := map[string][]string{}, []string{}
			for _, role := range append(identity.AllRoles(), "nobody") {
				letters := ""
				w.bystander = bystander(m)
				for _, p := range positions {
					var assignments []identity.Assignment
					if role != "nobody" {
						assignments = p.assignments(w, role)
					}
					answer, err := w.call(w.bearing(w.mint("0190aaaa-0000-7000-8000-000000000001", assignments)), m, request)
					got, want := outcome(t, m, err), expected(m, assignments, w.own)
					if m.rule.GetScope() == accessv1.Scope_SCOPE_OWN_UNITS && want == nothing {
						// The query gives what is the caller's own, or says that nothing is there.
						require.NotContains(t, protojson.Format(answer), st.place.UnitID, "%s as %s, %s", m.short(), role, p.name)
					} else if got != want {
						t.Errorf("%s as %s, %s: got %c, the access option says %c: %v", m.short(), role, p.name, got, want, err)
					}
					letters += string(got)
				}
				if lines[letters] == nil {
					order = append(order, letters)
				}
				lines[letters] = append(lines[letters], string(role))
			}
			services := w.servicesOf(t, m, request)
			if !m.served() {
				continue // kept by the same guard; it joins the table with its code
			}
			_, _ = fmt.Fprintf(&text, "\n%s %s\n", m.short(), strings.TrimPrefix(m.rule.GetScope().String(), "SCOPE_"))
			for _, letters := range order {
				_, _ = fmt.Fprintf(&text, "  %s %s\n", letters, strings.Join(lines[letters], " "))
			}
			if len(services) > 0 {
				_, _ = fmt.Fprintf(&text, "  by itself: %s\n", strings.Join(services, " "))
			}
		}
		if table == "" {
			table = text.String()
		}
		require.Equal(t, table, text.String(), "the engines differ")
	})
	const file = "testdata/access.txt"
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(table), 0o644))
	}
	reviewed, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(reviewed), table, "access has changed: review the difference, then run with -update")
}

// bystander is a role of a unit that the method is not for; one that it is for when there is no other.
func bystander(m *method) identity.Role {
	for _, role := range unitRoles() {
		if !slices.Contains(m.rule.GetRoles(), access.ProtoRole(role)) {
			return role
		}
	}
	return identity.RoleNurse
}

// servicesOf are the services that may call a method with nobody's token but their own, tried out and compared with the option.
func (w *world) servicesOf(t *testing.T, m *method, request proto.Message) []string {
	t.Helper()
	var may []string
	for _, service := range []string{"careplan", "caseload", "employerdialogue", "followup", "gateway", "patient", "sickleave"} {
		signer, err := identity.NewServiceSigner(w.keys.Derive("service-token"), service, time.Now)
		require.NoError(t, err)
		token, err := signer.Token()
		require.NoError(t, err)
		_, err = w.call(metadata.AppendToOutgoingContext(context.WithoutCancel(t.Context()), identity.MetadataService, token), m, request)
		if got := outcome(t, m, err) == allowed; got != slices.Contains(m.rule.GetServices(), service) {
			t.Errorf("%s by the service %s: the access option says otherwise: %v", m.short(), service, err)
		} else if got {
			may = append(may, service)
		}
	}
	return may
}
