package api

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/identity"
)

// told are the kinds of things that the snapshots of a service's log are of: those that no other snapshot holds.
func told(file protoreflect.FileDescriptor) (kinds []string) {
	within := map[protoreflect.FullName]bool{}
	for i := range file.Messages().Len() {
		fields := file.Messages().Get(i).Fields()
		for k := range fields.Len() {
			if message := fields.Get(k).Message(); message != nil {
				within[message.FullName()] = true
			}
		}
	}
	for i := range file.Messages().Len() {
		message := file.Messages().Get(i)
		name, ok := strings.CutSuffix(string(message.Name()), "Snapshot")
		if !ok || within[message.FullName()] {
			continue
		}
		kind := ""
		for k, letter := range name {
			if k > 0 && letter < 'a' {
				kind += "_"
			}
			kind += strings.ToLower(string(letter))
		}
		kinds = append(kinds, kind)
	}
	return kinds
}

// Every kind of thing that any service tells of a patient has its readers; a new one fails here until somebody has decided.
func TestEveryKindHasReaders(t *testing.T) {
	nobodys := []string{"care_provider", "care_unit", "practitioner", "employer"} // told of no patient, and so in no timeline
	kinds := slices.Clone(nobodys)
	for kind := range maps.Keys(readBy) {
		kinds = append(kinds, kind)
	}
	var all []string
	for _, file := range []protoreflect.FileDescriptor{
		patientv1.File_coworkcare_patient_v1_events_proto, careplanv1.File_coworkcare_careplan_v1_events_proto,
		sickleavev1.File_coworkcare_sickleave_v1_events_proto, employerdialoguev1.File_coworkcare_employerdialogue_v1_events_proto,
		followupv1.File_coworkcare_followup_v1_events_proto,
	} {
		all = append(all, told(file)...)
	}
	require.ElementsMatch(t, all, kinds)
}

// Who may read what follows the contracts' access options, and for each role of the timeline this is what is left out.
func TestReadersFollowTheContract(t *testing.T) {
	r, err := readersOf(readBy)
	require.NoError(t, err)
	for kind, method := range readBy {
		service, name, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
		require.True(t, strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List"), "%s is no reading", method)
		rules, err := access.RulesOf(service)
		require.NoError(t, err)
		require.Equal(t, rules[method].Roles, r[kind], kind)
		require.Equal(t, accessv1.Act_ACT_READ, rules[method].Act, method)
	}
	timeline := caseloadv1.File_coworkcare_caseload_v1_caseload_service_proto.Services().Get(0).Methods().ByName("ListTimeline")
	rule, _ := proto.GetExtension(timeline.Options(), accessv1.E_Access).(*accessv1.AccessRule)
	place := access.Place{ProviderID: "provider", UnitID: "unit"}
	hidden := map[string][]string{}
	for _, role := range rule.GetRoles() {
		ctx := identity.NewContext(access.WithPlace(t.Context(), place), identity.Caller{Assignments: []identity.Assignment{
			{ProviderID: place.ProviderID, UnitID: place.UnitID, Roles: []identity.Role{access.RoleOf(role)}},
			{ProviderID: place.ProviderID, UnitID: "another", Roles: []identity.Role{identity.RoleGP}},
		}})
		hidden[role.String()] = r.hiddenFrom(ctx)
	}
	consents := []string{"consent"}
	require.Equal(t, map[string][]string{
		"ROLE_GP": nil, "ROLE_CARE_MANAGER": nil, "ROLE_REHABILITATION_COORDINATOR": nil, "ROLE_INTEGRATION": nil,
		"ROLE_THERAPIST": consents, "ROLE_PSYCHOLOGIST": consents, "ROLE_PHYSIOTHERAPIST": consents, "ROLE_OCCUPATIONAL_THERAPIST": consents, "ROLE_NURSE": consents,
	}, hidden)
	_, err = readersOf(map[string]string{"consent": "/coworkcare.patient.v1.PatientService/GetConsent"})
	require.ErrorContains(t, err, "no method")
}
