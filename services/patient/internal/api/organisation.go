package api

import (
	"context"
	"slices"
	"strings"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/patient/internal/store"
)

func noProvider(err error) error {
	return absent(err, "CARE_PROVIDER_NOT_FOUND", "there is no such care provider among yours")
}

func noUnit(err error) error {
	return absent(err, "CARE_UNIT_NOT_FOUND", "there is no such care unit among yours")
}

// CreateCareProvider creates a care provider.
func (s *Server) CreateCareProvider(ctx context.Context, r *patientv1.CreateCareProviderRequest) (*patientv1.CareProvider, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.CareProvider, error) {
		given := r.GetCareProvider()
		p, err := patient.NewCareProvider(patient.CareProvider{ID: tx.NewID(), Name: given.GetDisplayName(), HSAID: given.GetHsaId()}, tx.Now)
		if err != nil {
			return nil, refusal(err)
		}
		if err := s.store.InsertProvider(tx.Tx, p); err != nil {
			return nil, exists(err, patientv1.Reason_CARE_PROVIDER_EXISTS, "a care provider with this HSA id is registered")
		}
		return providerProto(p), tx.Emit(snapshot.CareProvider("care_provider.created", p))
	})
}

// GetCareProvider reads a care provider.
func (s *Server) GetCareProvider(ctx context.Context, r *patientv1.GetCareProviderRequest) (*patientv1.CareProvider, error) {
	p, err := s.store.Provider(s.read(ctx), r.GetCareProviderId())
	if err != nil {
		return nil, noProvider(err)
	}
	return providerProto(p), nil
}

// ListCareProviders lists the care providers where the caller has an assignment; all for who runs the installation.
func (s *Server) ListCareProviders(ctx context.Context, r *patientv1.ListCareProvidersRequest) (*patientv1.ListCareProvidersResponse, error) {
	own := caller(ctx).ProviderIDs()
	if own == nil {
		own = []string{}
	}
	if caller(ctx).HasRole(identity.RoleOperator) {
		own = nil
	}
	w, err := s.window(r.GetPageSize(), r.GetPageToken(), "ListCareProviders/"+strings.Join(own, ","), 1)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.Providers(s.read(ctx), own, w.after[0], w.size+1)
	if err != nil {
		return nil, err
	}
	answer := &patientv1.ListCareProvidersResponse{}
	rows, answer.NextPageToken = cut(w, rows, func(p patient.CareProvider) []string { return []string{p.ID} })
	for _, p := range rows {
		answer.CareProviders = append(answer.CareProviders, providerProto(p))
	}
	return answer, nil
}

// UpdateCareProvider changes a care provider's name.
func (s *Server) UpdateCareProvider(ctx context.Context, r *patientv1.UpdateCareProviderRequest) (*patientv1.CareProvider, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.CareProvider, error) {
		given := r.GetCareProvider()
		p, err := s.store.Provider(tx.Tx, given.GetCareProviderId())
		if err != nil {
			return nil, noProvider(err)
		}
		if err := tx.CheckEtag(given.GetEtag(), p.Revision); err != nil {
			return nil, err
		}
		changed, err := changesOf(r.GetUpdateMask(), providerProto(p), given, "display_name")
		if err != nil {
			return nil, err
		}
		if p, err = p.Rename(value(changed, "display_name", given.GetDisplayName()), tx.Now); err != nil {
			return nil, refusal(err)
		}
		if err := s.store.UpdateProvider(tx.Tx, p); err != nil {
			return nil, refusal(err)
		}
		return providerProto(p), tx.Emit(snapshot.CareProvider("care_provider.updated", p))
	})
}

// CreateCareUnit creates a care unit.
func (s *Server) CreateCareUnit(ctx context.Context, r *patientv1.CreateCareUnitRequest) (*patientv1.CareUnit, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.CareUnit, error) {
		given := r.GetCareUnit()
		u, err := patient.NewCareUnit(patient.CareUnit{
			ID: tx.NewID(), ProviderID: given.GetCareProviderId(), Name: given.GetDisplayName(), HSAID: given.GetHsaId(), Phone: given.GetPhoneNumber(),
		}, tx.Now)
		if err != nil {
			return nil, refusal(err)
		}
		// Who runs the installation may name any care provider, also one that is not there.
		if _, err := s.store.Provider(tx.Tx, u.ProviderID); err != nil {
			return nil, noProvider(err)
		}
		if err := s.store.InsertUnit(tx.Tx, u); err != nil {
			return nil, exists(err, patientv1.Reason_CARE_UNIT_EXISTS, "a care unit with this HSA id is registered")
		}
		return unitProto(u), tx.Emit(snapshot.CareUnit("care_unit.created", u))
	})
}

// GetCareUnit reads a care unit.
func (s *Server) GetCareUnit(ctx context.Context, r *patientv1.GetCareUnitRequest) (*patientv1.CareUnit, error) {
	u, err := s.store.Unit(s.read(ctx), r.GetCareUnitId())
	if err != nil {
		return nil, noUnit(err)
	}
	return unitProto(u), nil
}

// ListCareUnits lists the units where the caller works, those of a care provider that the caller administers, and all for who
// runs the installation.
func (s *Server) ListCareUnits(ctx context.Context, r *patientv1.ListCareUnitsRequest) (*patientv1.ListCareUnitsResponse, error) {
	query := store.UnitQuery{IDs: access.UnitsFrom(ctx), All: caller(ctx).HasRole(identity.RoleOperator), ProviderID: r.GetCareProviderId()}
	for _, a := range caller(ctx).Assignments {
		if a.UnitID == "" && a.ProviderID != "" && slices.Contains(a.Roles, identity.RoleProviderAdministrator) {
			query.ProviderIDs = append(query.ProviderIDs, a.ProviderID)
		}
	}
	digest := strings.Join([]string{"ListCareUnits", query.ProviderID, strings.Join(query.IDs, ","), strings.Join(query.ProviderIDs, ",")}, "/")
	w, err := s.window(r.GetPageSize(), r.GetPageToken(), digest, 1)
	if err != nil {
		return nil, err
	}
	query.After, query.Limit = w.after[0], w.size+1
	rows, err := s.store.Units(s.read(ctx), query)
	if err != nil {
		return nil, err
	}
	answer := &patientv1.ListCareUnitsResponse{}
	rows, answer.NextPageToken = cut(w, rows, func(u patient.CareUnit) []string { return []string{u.ID} })
	for _, u := range rows {
		answer.CareUnits = append(answer.CareUnits, unitProto(u))
	}
	return answer, nil
}

// UpdateCareUnit changes a care unit's name or telephone number.
func (s *Server) UpdateCareUnit(ctx context.Context, r *patientv1.UpdateCareUnitRequest) (*patientv1.CareUnit, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.CareUnit, error) {
		given := r.GetCareUnit()
		u, err := s.store.Unit(tx.Tx, given.GetCareUnitId())
		if err != nil {
			return nil, noUnit(err)
		}
		if err := tx.CheckEtag(given.GetEtag(), u.Revision); err != nil {
			return nil, err
		}
		changed, err := changesOf(r.GetUpdateMask(), unitProto(u), given, "display_name", "phone_number")
		if err != nil {
			return nil, err
		}
		u, err = u.Change(value(changed, "display_name", given.GetDisplayName()), value(changed, "phone_number", given.GetPhoneNumber()), tx.Now)
		if err != nil {
			return nil, refusal(err)
		}
		if err := s.store.UpdateUnit(tx.Tx, u); err != nil {
			return nil, refusal(err)
		}
		return unitProto(u), tx.Emit(snapshot.CareUnit("care_unit.updated", u))
	})
}
