package api

import (
	"context"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// names asks for the names of patients of a unit. The service asks in its own name: that its caller may see these patients has
// been decided. Nothing of the answer is kept.
func (s *Server) names(ctx context.Context, unitID string, patientIDs []string) (map[string]*patientv1.PatientName, error) {
	if len(patientIDs) == 0 || unitID == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(identity.WithRawToken(ctx, ""), partTime)
	defer cancel()
	answer, err := patientv1.NewPatientServiceClient(s.elsewhere.patient).GetPatientNames(ctx, &patientv1.GetPatientNamesRequest{CareUnitId: unitID, PatientIds: patientIDs})
	if err != nil {
		return nil, err
	}
	found := map[string]*patientv1.PatientName{}
	for _, name := range answer.GetPatientNames() {
		found[name.GetPatientId()] = name
	}
	return found, nil
}

// call writes a name into a row. Protected is protected, whoever says so.
func call(row *caseloadv1.CaseloadRow, name *patientv1.PatientName) {
	row.ProtectedIdentity = row.GetProtectedIdentity() || name.GetProtectedIdentity()
	if !row.GetProtectedIdentity() {
		row.GivenName, row.FamilyName, row.BirthDate = name.GetGivenName(), name.GetFamilyName(), name.GetBirthDate()
	}
}

// named names the rows of one unit. Without an answer the rows go without names.
func (s *Server) named(ctx context.Context, unitID string, rows []*caseloadv1.CaseloadRow) {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.GetPatientId()
	}
	names, err := s.names(ctx, unitID, ids)
	if err != nil {
		s.host.Log.WarnContext(ctx, "rows are shown without names: the patient service did not give them", "error", err)
	}
	for _, row := range rows {
		call(row, names[row.GetPatientId()])
	}
}
