package api

import (
	"context"
	"errors"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// DraftCertificateExtension drafts an extension of a signed certificate.
func (s *Server) DraftCertificateExtension(ctx context.Context, request *sickleavev1.DraftCertificateExtensionRequest) (*sickleavev1.Certificate, error) {
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*sickleavev1.Certificate, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		last, err := s.toExtend(tx, request)
		if err != nil {
			return nil, err
		}
		assessment, err := s.latestAssessment(tx, request.GetPatientId())
		if err != nil {
			return nil, err
		}
		plan, err := s.standingPlan(tx, last)
		if err != nil {
			return nil, err
		}
		draft, err := sickleave.DraftExtension(tx.Now, sickleave.Origin{
			ID: tx.NewID(), PatientID: request.GetPatientId(), CareUnitID: tx.Place.UnitID, CreatedBy: tx.Caller.PractitionerID,
		}, last.Certificate, assessment, plan)
		if err != nil {
			return nil, refusal(err, "")
		}
		record, err := s.store.Insert(tx.Tx, store.Record{Certificate: draft, CareProviderID: tx.Place.ProviderID, UpdateTime: tx.Now})
		if err != nil {
			return nil, err
		}
		return told(tx, drafted, record)
	})
}

// toExtend reads the certificate that is asked for, or the one that ends last.
func (s *Server) toExtend(tx *act.Tx, request *sickleavev1.DraftCertificateExtensionRequest) (store.Record, error) {
	id := request.GetCertificateId()
	if id == "" {
		certificates, err := s.store.SignedOf(tx, tx.Place.ProviderID, request.GetPatientId())
		if err != nil {
			return store.Record{}, err
		}
		last, ok := sickleave.LastSigned(newest(certificates))
		if !ok {
			return store.Record{}, fault.State(reason(sickleavev1.Reason_NO_CERTIFICATE_TO_EXTEND),
				"the patient has no signed certificate that counts; write the first one", "NO_CERTIFICATE")
		}
		id = last.ID
	}
	record, err := s.store.Certificate(tx, tx.Place.ProviderID, request.GetPatientId(), id)
	if err != nil {
		return store.Record{}, refusal(err, "")
	}
	return record, nil
}

func (s *Server) latestAssessment(tx *act.Tx, patientID string) (*sickleave.WorkAbilityAssessment, error) {
	found, err := s.store.LatestAssessment(tx, tx.Place.ProviderID, patientID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	default:
		return &found.WorkAbilityAssessment, nil
	}
}

// standingPlan reads the plan that says how the certificate goes on: a proposed or accepted one of its episode, or the newest when
// the certificate belongs to none.
func (s *Server) standingPlan(tx *act.Tx, last store.Record) (*sickleave.Plan, error) {
	plans, err := s.store.Plans(tx, tx.Place.ProviderID, last.PatientID, []sickleave.PlanState{sickleave.PlanProposed, sickleave.PlanAccepted}, store.Place{}, pageLimit)
	if err != nil {
		return nil, err
	}
	for _, plan := range plans {
		if last.EpisodeID == "" || plan.EpisodeID == "" || plan.EpisodeID == last.EpisodeID {
			return &plan.Plan, nil
		}
	}
	return nil, nil
}

// compared marks what a draft says differently from the certificate that it renews.
func (s *Server) compared(tx *act.Tx, c sickleave.Certificate) (sickleave.Certificate, error) {
	if c.RenewsID == "" {
		return c, nil
	}
	renewed, err := s.store.Certificate(tx, tx.Place.ProviderID, c.PatientID, c.RenewsID)
	if err != nil {
		return c, err
	}
	return c.ComparedWith(renewed.Content), nil
}

func prefillsTo(prefills []sickleave.Prefill) []*sickleavev1.CertificatePrefill {
	var written []*sickleavev1.CertificatePrefill
	for _, p := range prefills {
		written = append(written, &sickleavev1.CertificatePrefill{
			Field: p.Field, SourceKind: sickleavev1.CertificatePrefill_SourceKind(sickleavev1.CertificatePrefill_SourceKind_value[string(p.Kind)]),
			SourceId: p.ID, SourceDate: p.Day.String(), Edited: p.Edited,
		})
	}
	return written
}

// warningsTo tells the author of a draft what to look at again before signing today.
func warningsTo(r store.Record, today date.Day) []*sickleavev1.CertificateWarning {
	if r.State != sickleave.Draft {
		return nil
	}
	var written []*sickleavev1.CertificateWarning
	for _, w := range r.Warnings(today) {
		written = append(written, &sickleavev1.CertificateWarning{Field: protoPath(w.Field), Reason: w.Reason, Message: w.Message})
	}
	return written
}
