package api

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// What happens to a certificate, as the event log tells it.
const (
	drafted           = "certificate.drafted"
	updated           = "certificate.updated"
	signed            = "certificate.signed"
	revoked           = "certificate.revoked"
	registeredInError = "certificate.registered_in_error"
)

// CreateCertificate creates a draft.
func (s *Server) CreateCertificate(ctx context.Context, request *sickleavev1.CreateCertificateRequest) (*sickleavev1.Certificate, error) {
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*sickleavev1.Certificate, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		c := request.GetCertificate()
		draft, err := sickleave.NewDraft(tx.Now, sickleave.Origin{
			ID: tx.NewID(), PatientID: c.GetPatientId(), CareUnitID: tx.Place.UnitID, EpisodeID: c.GetCareEpisodeId(),
			ReplacesID: c.GetReplacesCertificateId(), ComplementsID: c.GetComplementsCertificateId(),
			RenewsID: c.GetRenewsCertificateId(), CreatedBy: tx.Caller.PractitionerID,
		}, contentOf(c))
		related, relatedErr := s.checkRelated(tx, c)
		if relatedErr != nil {
			return nil, relatedErr
		}
		var violations sickleave.Violations
		if err != nil && !errors.As(err, &violations) {
			return nil, err
		}
		if told := append(violationsOf(violations, "certificate."), related...); len(told) > 0 {
			return nil, fault.Invalid(told...)
		}
		if draft, err = s.compared(tx, draft); err != nil {
			return nil, err
		}
		record, err := s.store.Insert(tx.Tx, store.Record{Certificate: draft, CareProviderID: tx.Place.ProviderID, UpdateTime: tx.Now})
		if err != nil {
			return nil, err
		}
		return told(tx, drafted, record)
	})
}

// checkRelated looks for the certificates that a draft replaces, complements or renews: each must be a signed one of the same
// patient.
func (s *Server) checkRelated(tx *act.Tx, c *sickleavev1.Certificate) ([]fault.Violation, error) {
	var violations []fault.Violation
	for _, related := range []struct{ field, id string }{
		{"certificate.replaces_certificate_id", c.GetReplacesCertificateId()},
		{"certificate.complements_certificate_id", c.GetComplementsCertificateId()},
		{"certificate.renews_certificate_id", c.GetRenewsCertificateId()},
	} {
		if related.id == "" {
			continue
		}
		found, err := s.store.Certificate(tx, tx.Place.ProviderID, c.GetPatientId(), related.id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err != nil || found.State != sickleave.Signed {
			violations = append(violations, fault.Violation{
				Field: related.field, Reason: reason(sickleavev1.Reason_RELATED_CERTIFICATE_NOT_SIGNED),
				Message: "must be a signed certificate of the same patient",
			})
		}
	}
	return violations, nil
}

// GetCertificate reads a certificate.
func (s *Server) GetCertificate(ctx context.Context, request *sickleavev1.GetCertificateRequest) (*sickleavev1.Certificate, error) {
	record, err := s.store.Certificate(s.read(ctx), access.PlaceFrom(ctx).ProviderID, request.GetPatientId(), request.GetCertificateId())
	if err != nil {
		return nil, refusal(err, "")
	}
	return certificateTo(record, date.Of(s.clock.Now())), nil
}

// ListCertificates lists a patient's certificates.
func (s *Server) ListCertificates(ctx context.Context, request *sickleavev1.ListCertificatesRequest) (*sickleavev1.ListCertificatesResponse, error) {
	size, err := pageSize(request.GetPageSize())
	if err != nil {
		return nil, err
	}
	states := []sickleave.State{sickleave.Draft, sickleave.Signed, sickleave.Revoked}
	if len(request.GetStates()) > 0 {
		states = nil
		for _, state := range request.GetStates() {
			states = append(states, sickleave.State(state.String()))
		}
		slices.Sort(states)
		states = slices.Compact(states)
	}
	query := "ListCertificates " + request.GetPatientId()
	for _, state := range states {
		query += " " + string(state)
	}
	keys, err := s.after(query, request.GetPageToken(), 2)
	if err != nil {
		return nil, err
	}
	var after store.Place
	if keys != nil {
		created, err := strconv.ParseInt(keys[0], 10, 64)
		if err != nil {
			return nil, err
		}
		after = store.Place{CreateTime: sqldb.FromMicros(created), ID: keys[1]}
	}
	records, err := s.store.List(s.read(ctx), access.PlaceFrom(ctx).ProviderID, request.GetPatientId(), states, after, size+1)
	if err != nil {
		return nil, err
	}
	response := &sickleavev1.ListCertificatesResponse{}
	if len(records) > size {
		records = records[:size]
		last := records[size-1]
		response.NextPageToken = s.pages.Encode(query, strconv.FormatInt(sqldb.Micros(last.CreateTime), 10), last.ID)
	}
	today := date.Of(s.clock.Now())
	for _, record := range records {
		response.Certificates = append(response.Certificates, certificateTo(record, today))
	}
	return response, nil
}

// UpdateCertificate changes a draft.
func (s *Server) UpdateCertificate(ctx context.Context, request *sickleavev1.UpdateCertificateRequest) (*sickleavev1.Certificate, error) {
	c := request.GetCertificate()
	return s.change(ctx, request, c, c.GetEtag(), updated, func(tx *act.Tx, record store.Record) (sickleave.Certificate, error) {
		content, violations := masked(request.GetUpdateMask(), certificateTo(record, tx.Today()), c)
		if len(violations) > 0 {
			return sickleave.Certificate{}, fault.Invalid(violations...)
		}
		edited, err := record.Edit(content)
		if err != nil {
			return sickleave.Certificate{}, err
		}
		return s.compared(tx, edited)
	})
}

// SignCertificate signs a draft in the caller's name.
func (s *Server) SignCertificate(ctx context.Context, request *sickleavev1.SignCertificateRequest) (*sickleavev1.Certificate, error) {
	return s.change(ctx, request, request, request.GetEtag(), signed, func(tx *act.Tx, record store.Record) (sickleave.Certificate, error) {
		return record.Sign(tx.Now, tx.Caller.PractitionerID)
	})
}

// RevokeCertificate takes a signed certificate back.
func (s *Server) RevokeCertificate(ctx context.Context, request *sickleavev1.RevokeCertificateRequest) (*sickleavev1.Certificate, error) {
	return s.change(ctx, request, request, request.GetEtag(), revoked, func(tx *act.Tx, record store.Record) (sickleave.Certificate, error) {
		return record.Revoke(tx.Now, tx.Caller.PractitionerID, request.GetReason())
	})
}

// RegisterCertificateInError marks a certificate as one that should never have been there. What a GP has signed is a GP's to
// withdraw; a draft is anyone's who may write one.
func (s *Server) RegisterCertificateInError(ctx context.Context, request *sickleavev1.RegisterCertificateInErrorRequest) (*sickleavev1.Certificate, error) {
	return s.change(ctx, request, request, request.GetEtag(), registeredInError, func(tx *act.Tx, record store.Record) (sickleave.Certificate, error) {
		roles := tx.Caller.RolesAt(tx.Place.ProviderID, tx.Place.UnitID)
		if !record.SignTime.IsZero() && !slices.Contains(roles, identity.RoleGP) {
			return sickleave.Certificate{}, fault.Denied("ROLE_REQUIRED", "a certificate that has been signed takes the role gp to register in error")
		}
		return record.RegisterInError(tx.Now, tx.Caller.PractitionerID, request.GetReason())
	})
}

// named is a request that names a certificate.
type named interface {
	GetPatientId() string
	GetCertificateId() string
}

// change carries out one transition of a certificate: reads it for the write, compares the etag, lets the domain decide,
// stores what came of it and tells the event, and what it makes of the patient's sick leave.
func (s *Server) change(ctx context.Context, request proto.Message, which named, etag, event string,
	transition func(*act.Tx, store.Record) (sickleave.Certificate, error),
) (*sickleavev1.Certificate, error) {
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*sickleavev1.Certificate, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		var root store.Leave
		if counts(event) {
			var err error
			if root, err = s.store.ClaimLeave(tx.Tx, tx.Place, which.GetPatientId()); err != nil {
				return nil, err
			}
		}
		record, err := s.store.Claim(tx.Tx, tx.Place.ProviderID, which.GetPatientId(), which.GetCertificateId())
		if err != nil {
			return nil, refusal(err, "")
		}
		if err := tx.CheckEtag(etag, record.Revision); err != nil {
			return nil, err
		}
		prefix := "certificate."
		if event == revoked || event == registeredInError {
			prefix = ""
		}
		next, err := transition(tx, record)
		if err != nil {
			return nil, refusal(err, prefix)
		}
		record.Certificate, record.UpdateTime = next, tx.Now
		record, err = s.store.Update(tx.Tx, record)
		if err != nil {
			return nil, refusal(err, "")
		}
		answer, err := told(tx, event, record)
		if err == nil && counts(event) {
			err = s.tellLeave(tx, root)
		}
		return answer, err
	})
}

// told tells the event of a change and answers with the certificate.
func told(tx *act.Tx, event string, record store.Record) (*sickleavev1.Certificate, error) {
	err := tx.Emit(act.Event{
		Type: event, ResourceID: record.ID, Revision: record.Revision, PatientID: record.PatientID, Snapshot: snapshotOf(record),
	})
	if err != nil {
		return nil, err
	}
	return certificateTo(record, tx.Today()), nil
}

// practitionerRequired refuses a caller who is no person of the staff: somebody answers for every word.
func practitionerRequired(tx *act.Tx) error {
	if tx.Caller.PractitionerID == "" {
		return fault.Denied("PRACTITIONER_REQUIRED", "the token names no practitioner, and what is written must be somebody's")
	}
	return nil
}
