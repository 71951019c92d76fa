package api

import (
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/patient/internal/store"
)

// CreatePatient registers a patient at a unit of the caller's.
func (s *Server) CreatePatient(ctx context.Context, r *patientv1.CreatePatientRequest) (*patientv1.Patient, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.Patient, error) {
		given := r.GetPatient()
		p, err := patient.Register(patient.Registration{
			ID: tx.NewID(), ProviderID: tx.Place.ProviderID, UnitID: tx.Place.UnitID,
			NumberKind: patient.IdentityKind(nameOf(given.GetIdentityNumber().GetKind())), Number: given.GetIdentityNumber().GetValue(),
			GivenName: given.GetGivenName(), FamilyName: given.GetFamilyName(), Phone: given.GetPhoneNumber(), ContactWish: given.GetContactWish(),
			ProtectedIdentity: given.GetProtectedIdentity(), Employments: jobsOf(given.GetEmployments()),
		}, tx.Now)
		if err != nil {
			return nil, refusal(err)
		}
		// The token says where the caller works; only the registry knows whether there is such a unit.
		providers, err := s.store.ProvidersOf(tx.Tx, []string{p.UnitID})
		if err != nil {
			return nil, err
		}
		if providers[p.UnitID] != p.ProviderID {
			return nil, noUnit(store.ErrNotFound)
		}
		if err := s.store.InsertPatient(tx.Tx, p); err != nil {
			return nil, s.taken(tx, err, p)
		}
		return patientProto(p), tx.Emit(snapshot.Patient("patient.registered", p))
	})
}

// taken says that the number is registered, and whose it is only to who works at that patient's unit.
func (s *Server) taken(tx *act.Tx, err error, p patient.Patient) error {
	text := "a patient with this identity number is registered with the care provider, at a unit where you do not work"
	if errors.Is(err, store.ErrExists) {
		id, unit, whoErr := s.store.WhoHas(tx.Tx, p.ProviderID, p.Number)
		if whoErr != nil {
			return refusal(whoErr)
		}
		if tx.Caller.WorksAt(p.ProviderID, unit) {
			text = "a patient with this identity number is registered: " + id
		}
	}
	return exists(err, patientv1.Reason_PATIENT_EXISTS, text)
}

// GetPatient reads a patient.
func (s *Server) GetPatient(ctx context.Context, r *patientv1.GetPatientRequest) (*patientv1.Patient, error) {
	p, err := s.store.Patient(s.read(ctx), access.PlaceFrom(ctx).ProviderID, r.GetPatientId())
	if err != nil {
		return nil, noPatient(err)
	}
	return patientProto(p), nil
}

// ListPatients lists the patients of the caller's units.
func (s *Server) ListPatients(ctx context.Context, r *patientv1.ListPatientsRequest) (*patientv1.ListPatientsResponse, error) {
	units := access.UnitsFrom(ctx)
	if only := r.GetCareUnitId(); only != "" {
		if !slices.Contains(units, only) {
			return nil, noUnit(store.ErrNotFound)
		}
		units = []string{only}
	}
	state := patient.Active
	if r.GetState() != patientv1.Patient_STATE_UNSPECIFIED {
		state = patient.RecordState(r.GetState().String())
	}
	w, err := s.window(r.GetPageSize(), r.GetPageToken(), strings.Join([]string{"ListPatients", string(state), strings.Join(units, ",")}, "/"), 1)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.Patients(s.read(ctx), units, state, w.after[0], w.size+1)
	if err != nil {
		return nil, err
	}
	answer := &patientv1.ListPatientsResponse{}
	rows, answer.NextPageToken = cut(w, rows, func(p patient.Patient) []string { return []string{p.ID} })
	for _, p := range rows {
		answer.Patients = append(answer.Patients, patientProto(p))
	}
	return answer, nil
}

// LookupPatient finds a patient of the caller's units by identity number. Whether nobody has the number or somebody elsewhere
// does, one statement finds nothing and one answer says so.
func (s *Server) LookupPatient(ctx context.Context, r *patientv1.LookupPatientRequest) (*patientv1.Patient, error) {
	given := r.GetIdentityNumber()
	number, problem := patient.ParseIdentityNumber(patient.IdentityKind(nameOf(given.GetKind())), given.GetValue(), s.today())
	if problem != nil {
		return nil, fault.Invalid(fault.Violation{Field: "identity_number.value", Reason: problem.Reason, Message: problem.Text})
	}
	units := access.UnitsFrom(ctx)
	var providers []string
	for _, a := range caller(ctx).Assignments {
		if slices.Contains(units, a.UnitID) && !slices.Contains(providers, a.ProviderID) {
			providers = append(providers, a.ProviderID)
		}
	}
	p, err := s.store.Lookup(s.read(ctx), providers, units, number)
	if err != nil {
		return nil, noPatient(err)
	}
	return patientProto(p), nil
}

// UpdatePatient changes a patient.
func (s *Server) UpdatePatient(ctx context.Context, r *patientv1.UpdatePatientRequest) (*patientv1.Patient, error) {
	given := r.GetPatient()
	return s.changePatient(ctx, r, given.GetPatientId(), given.GetEtag(), "patient.updated", func(tx *act.Tx, p patient.Patient) (patient.Patient, error) {
		changed, err := changesOf(r.GetUpdateMask(), patientProto(p), given,
			"given_name", "family_name", "phone_number", "contact_wish", "protected_identity", "employments")
		if err != nil {
			return p, err
		}
		return p.Change(patient.Change{
			GivenName: value(changed, "given_name", given.GetGivenName()), FamilyName: value(changed, "family_name", given.GetFamilyName()),
			Phone: value(changed, "phone_number", given.GetPhoneNumber()), ContactWish: value(changed, "contact_wish", given.GetContactWish()),
			ProtectedIdentity: value(changed, "protected_identity", given.GetProtectedIdentity()),
			Employments:       value(changed, "employments", jobsOf(given.GetEmployments())),
		}, tx.Now)
	})
}

// RegisterPatientInError marks a patient record as a mistake.
func (s *Server) RegisterPatientInError(ctx context.Context, r *patientv1.RegisterPatientInErrorRequest) (*patientv1.Patient, error) {
	return s.changePatient(ctx, r, r.GetPatientId(), r.GetEtag(), "patient.registered_in_error", func(tx *act.Tx, p patient.Patient) (patient.Patient, error) {
		by, err := actor(tx)
		if err != nil {
			return p, err
		}
		open, err := s.store.HasOpenEpisode(tx.Tx, p.ID)
		if err != nil {
			return p, err
		}
		return p.RegisterInError(patient.ErrorMark{Reason: r.GetReason(), PractitionerID: by, Time: tx.Now}, open)
	})
}

func (s *Server) changePatient(ctx context.Context, r proto.Message, id, etag, event string,
	change func(*act.Tx, patient.Patient) (patient.Patient, error),
) (*patientv1.Patient, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.Patient, error) {
		if _, err := s.store.Touch(tx.Tx, tx.Place.ProviderID, id); err != nil {
			return nil, noPatient(err)
		}
		p, err := s.store.Patient(tx.Tx, tx.Place.ProviderID, id)
		if err != nil {
			return nil, noPatient(err)
		}
		if err := tx.CheckEtag(etag, p.Revision); err != nil {
			return nil, err
		}
		if p, err = change(tx, p); err != nil {
			return nil, refusal(err)
		}
		if err := s.store.UpdatePatient(tx.Tx, p); err != nil {
			return nil, refusal(err)
		}
		return patientProto(p), tx.Emit(snapshot.Patient(event, p))
	})
}

// GetPatientPlace tells the product's own services where a patient belongs.
func (s *Server) GetPatientPlace(ctx context.Context, r *patientv1.GetPatientPlaceRequest) (*patientv1.PatientPlace, error) {
	place, err := s.store.PatientPlace(s.read(ctx), r.GetPatientId())
	if err != nil {
		return nil, noPatient(err)
	}
	return &patientv1.PatientPlace{
		PatientId: r.GetPatientId(), CareProviderId: place.ProviderID, CareUnitId: place.UnitID, Revision: int32(place.Revision),
	}, nil
}

// GetPatientNames tells the read side the names of patients of a unit, for lists that keep none.
func (s *Server) GetPatientNames(ctx context.Context, r *patientv1.GetPatientNamesRequest) (*patientv1.PatientNames, error) {
	ids := slices.Compact(slices.Sorted(slices.Values(r.GetPatientIds())))
	found, err := s.store.ActiveOf(s.read(ctx), r.GetCareUnitId(), ids)
	if err != nil {
		return nil, err
	}
	named := make(map[string]patient.Patient, len(found))
	for _, p := range found {
		named[p.ID] = p
	}
	answer := &patientv1.PatientNames{}
	for _, id := range r.GetPatientIds() {
		p, ok := named[id]
		if !ok {
			continue
		}
		delete(named, id) // each once
		answer.PatientNames = append(answer.PatientNames, nameProto(p))
	}
	return answer, nil
}
