package api

import (
	"google.golang.org/protobuf/proto"

	"context"
	"strings"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/patient/internal/store"
)

func noPractitioner(err error) error {
	return absent(err, patientv1.Reason_PRACTITIONER_NOT_FOUND.String(), "there is no such member of staff at your care provider")
}

// CreatePractitioner registers a member of staff.
func (s *Server) CreatePractitioner(ctx context.Context, r *patientv1.CreatePractitionerRequest) (*patientv1.Practitioner, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.Practitioner, error) {
		given := r.GetPractitioner()
		if _, err := s.store.Provider(tx.Tx, given.GetCareProviderId()); err != nil {
			return nil, noProvider(err)
		}
		employments := employmentsOf(given.GetEmployments())
		providerOf, err := s.providers(tx.Tx, employments)
		if err != nil {
			return nil, err
		}
		p, err := patient.Hire(patient.Practitioner{
			ID: tx.NewID(), ProviderID: given.GetCareProviderId(), GivenName: given.GetGivenName(), FamilyName: given.GetFamilyName(),
			HSAID: given.GetHsaId(), Phone: given.GetPhoneNumber(), Employments: employments,
		}, providerOf, tx.Now)
		if err != nil {
			return nil, refusal(err)
		}
		if err := s.store.InsertPractitioner(tx.Tx, p); err != nil {
			return nil, exists(err, patientv1.Reason_PRACTITIONER_EXISTS, "a member of staff with this HSA id is registered")
		}
		return practitionerProto(p), tx.Emit(snapshot.Practitioner("practitioner.created", p))
	})
}

// providers tells which care provider runs each unit of employments.
func (s *Server) providers(q sqldb.Querier, employments []patient.Employment) (func(unitID string) string, error) {
	var units []string
	for _, e := range employments {
		units = append(units, e.UnitID)
	}
	providers, err := s.store.ProvidersOf(q, units)
	return func(unitID string) string { return providers[unitID] }, err
}

// GetPractitioner reads a member of staff.
func (s *Server) GetPractitioner(ctx context.Context, r *patientv1.GetPractitionerRequest) (*patientv1.Practitioner, error) {
	p, err := s.store.Practitioner(s.read(ctx), r.GetPractitionerId())
	if err != nil {
		return nil, noPractitioner(err)
	}
	return practitionerProto(p), nil
}

// ListPractitioners lists the staff of a unit.
func (s *Server) ListPractitioners(ctx context.Context, r *patientv1.ListPractitionersRequest) (*patientv1.ListPractitionersResponse, error) {
	query := store.StaffQuery{UnitID: r.GetCareUnitId(), Role: roleOf(r.GetRole()), Day: day(r.GetEmployedDate())}
	digest := strings.Join([]string{"ListPractitioners", query.UnitID, string(query.Role), query.Day.String()}, "/")
	w, err := s.window(r.GetPageSize(), r.GetPageToken(), digest, 1)
	if err != nil {
		return nil, err
	}
	query.After, query.Limit = w.after[0], w.size+1
	rows, err := s.store.StaffOf(s.read(ctx), query)
	if err != nil {
		return nil, err
	}
	answer := &patientv1.ListPractitionersResponse{}
	rows, answer.NextPageToken = cut(w, rows, func(p patient.Practitioner) []string { return []string{p.ID} })
	for _, p := range rows {
		answer.Practitioners = append(answer.Practitioners, practitionerProto(p))
	}
	return answer, nil
}

// UpdatePractitioner changes a member of staff.
func (s *Server) UpdatePractitioner(ctx context.Context, r *patientv1.UpdatePractitionerRequest) (*patientv1.Practitioner, error) {
	given := r.GetPractitioner()
	return s.changePractitioner(ctx, r, given.GetPractitionerId(), given.GetEtag(), "practitioner.updated", func(tx *act.Tx, p patient.Practitioner) (patient.Practitioner, error) {
		changed, err := changesOf(r.GetUpdateMask(), practitionerProto(p), given, "given_name", "family_name", "phone_number", "employments")
		if err != nil {
			return p, err
		}
		change := patient.StaffChange{
			GivenName: value(changed, "given_name", given.GetGivenName()), FamilyName: value(changed, "family_name", given.GetFamilyName()),
			Phone:       value(changed, "phone_number", given.GetPhoneNumber()),
			Employments: value(changed, "employments", employmentsOf(given.GetEmployments())),
		}
		employments := p.Employments
		if change.Employments != nil {
			employments = *change.Employments
		}
		providerOf, err := s.providers(tx.Tx, employments)
		if err != nil {
			return p, err
		}
		return p.Change(change, providerOf, tx.Now)
	})
}

// EndEmployment ends a member of staff's employments.
func (s *Server) EndEmployment(ctx context.Context, r *patientv1.EndEmploymentRequest) (*patientv1.Practitioner, error) {
	return s.changePractitioner(ctx, r, r.GetPractitionerId(), r.GetEtag(), "practitioner.employment_ended", func(tx *act.Tx, p patient.Practitioner) (patient.Practitioner, error) {
		last := day(r.GetEndDate())
		if last.IsZero() {
			return p, fault.Invalid(fault.Violation{Field: "end_date", Reason: patientv1.Reason_FIELD_REQUIRED.String(), Message: "must be set"})
		}
		return p.EndEmployment(r.GetCareUnitId(), last, tx.Now)
	})
}

func (s *Server) changePractitioner(ctx context.Context, r proto.Message, id, etag, event string,
	change func(*act.Tx, patient.Practitioner) (patient.Practitioner, error),
) (*patientv1.Practitioner, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.Practitioner, error) {
		p, err := s.store.Practitioner(tx.Tx, id)
		if err != nil {
			return nil, noPractitioner(err)
		}
		if err := tx.CheckEtag(etag, p.Revision); err != nil {
			return nil, err
		}
		if p, err = change(tx, p); err != nil {
			return nil, refusal(err)
		}
		if err := s.store.UpdatePractitioner(tx.Tx, p); err != nil {
			return nil, refusal(err)
		}
		return practitionerProto(p), tx.Emit(snapshot.Practitioner(event, p))
	})
}
