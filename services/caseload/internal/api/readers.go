package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/identity"
)

// readBy is, for each kind of thing that a timeline tells of, the method by which its owner shows it: who may not call that does
// not see it in the timeline either.
var readBy = map[string]string{
	"patient":      patientv1.PatientService_GetPatient_FullMethodName,
	"care_episode": patientv1.PatientService_GetCareEpisode_FullMethodName,
	"consent":      patientv1.PatientService_ListConsents_FullMethodName,

	"care_plan":      careplanv1.CarePlanService_GetCarePlan_FullMethodName,
	"contact":        careplanv1.CarePlanService_GetContact_FullMethodName,
	"assessment":     careplanv1.CarePlanService_GetAssessment_FullMethodName,
	"safety_flag":    careplanv1.CarePlanService_GetSafetyFlag_FullMethodName,
	"brief":          careplanv1.CarePlanService_GetBrief_FullMethodName,
	"note":           careplanv1.CarePlanService_GetNote_FullMethodName,
	"recommendation": careplanv1.CarePlanService_GetRecommendation_FullMethodName,
	"reading":        careplanv1.CarePlanService_ListReadings_FullMethodName,

	"certificate":             sickleavev1.SickLeaveService_GetCertificate_FullMethodName,
	"screening":               sickleavev1.SickLeaveService_GetScreening_FullMethodName,
	"work_ability_assessment": sickleavev1.SickLeaveService_GetWorkAbilityAssessment_FullMethodName,
	"return_to_work_plan":     sickleavev1.SickLeaveService_GetReturnToWorkPlan_FullMethodName,
	"sick_leave":              sickleavev1.SickLeaveService_ListSickLeaveCases_FullMethodName,

	"employer_contact": employerdialoguev1.EmployerDialogueService_GetEmployerContact_FullMethodName,
	"dialogue_meeting": employerdialoguev1.EmployerDialogueService_GetDialogueMeeting_FullMethodName,
	"agreement":        employerdialoguev1.EmployerDialogueService_GetAgreement_FullMethodName,

	"follow_up": followupv1.FollowUpService_GetFollowUp_FullMethodName,
}

// readers are the roles that may read each kind of thing, as the owner's contract says.
type readers map[string][]identity.Role

// readersOf reads the roles from the contracts.
func readersOf(methods map[string]string) (readers, error) {
	all := readers{}
	for kind, method := range methods {
		service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
		rules, err := access.RulesOf(service)
		if err != nil {
			return nil, err
		}
		rule, ok := rules[method]
		if !ok {
			return nil, fmt.Errorf("a %s is read by %s, which is no method", kind, method)
		}
		all[kind] = rule.Roles
	}
	return all, nil
}

// hiddenFrom are the kinds of things that none of the caller's roles at the place of the call may read, in order.
func (r readers) hiddenFrom(ctx context.Context) []string {
	caller, _ := identity.FromContext(ctx)
	place := access.PlaceFrom(ctx)
	held := caller.RolesAt(place.ProviderID, place.UnitID)
	var hidden []string
	for _, kind := range slices.Sorted(maps.Keys(r)) {
		if !slices.ContainsFunc(held, func(role identity.Role) bool { return slices.Contains(r[kind], role) }) {
			hidden = append(hidden, kind)
		}
	}
	return hidden
}
