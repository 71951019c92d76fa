package api

import (
	"context"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
)

// ComputeSickLeaveCases computes cases from the certificates in the request.
func (s *Server) ComputeSickLeaveCases(_ context.Context, request *sickleavev1.ComputeSickLeaveCasesRequest) (*sickleavev1.ComputeSickLeaveCasesResponse, error) {
	certificates := certificatesOf(request.GetCertificates())
	result, err := sickleave.Compute(certificates, rulesOf(request.GetAsOfDate(), request.MaxGapDays, request.RecentlyEndedDays, request.GetWindow()))
	if err != nil {
		return nil, refusal(err, "")
	}
	return &sickleavev1.ComputeSickLeaveCasesResponse{
		PatientListed:         result.PatientListed,
		ActiveCertificateId:   result.ActiveCertificateID,
		CountedCertificateIds: result.CountedCertificateIDs,
		ActiveCase:            activeCaseTo(result.ActiveCase),
		Cases:                 casesTo(result.Cases),
	}, nil
}

// ListSickLeaveCases computes a patient's cases from the stored certificates.
func (s *Server) ListSickLeaveCases(ctx context.Context, request *sickleavev1.ListSickLeaveCasesRequest) (*sickleavev1.ListSickLeaveCasesResponse, error) {
	rules := s.orToday(rulesOf(request.GetAsOfDate(), request.MaxGapDays, request.RecentlyEndedDays, request.GetWindow()))
	place := access.PlaceFrom(ctx)
	certificates, err := s.store.SignedOf(s.read(ctx), place.ProviderID, request.GetPatientId())
	if err != nil {
		return nil, err
	}
	certificates = newest(certificates)
	all, err := sickleave.Compute(certificates, rules)
	if err != nil {
		return nil, refusal(err, "")
	}
	own, err := sickleave.Compute(sickleave.OfUnit(certificates, place.UnitID), rules)
	if err != nil {
		return nil, refusal(err, "")
	}
	return &sickleavev1.ListSickLeaveCasesResponse{
		PatientId:             request.GetPatientId(),
		AsOfDate:              rules.AsOf.String(),
		PatientListed:         own.PatientListed,
		ActiveCertificateId:   own.ActiveCertificateID,
		CountedCertificateIds: own.CountedCertificateIDs,
		ActiveCase:            activeCaseTo(own.ActiveCase),
		Cases:                 casesTo(all.Cases),
	}, nil
}

// ListCareUnitSickLeaveCases lists the patients of a care unit with a case on a day. The database finds who may be on leave by
// the days of certificates; the domain decides who is, from that page's patients alone.
func (s *Server) ListCareUnitSickLeaveCases(ctx context.Context, request *sickleavev1.ListCareUnitSickLeaveCasesRequest) (*sickleavev1.ListCareUnitSickLeaveCasesResponse, error) {
	size, err := pageSize(request.GetPageSize())
	if err != nil {
		return nil, err
	}
	rules := s.orToday(rulesOf(request.GetAsOfDate(), request.MaxGapDays, request.RecentlyEndedDays, nil))
	// The domain checks the rules even when nobody is on leave.
	if _, err := sickleave.Compute(nil, rules); err != nil {
		return nil, refusal(err, "")
	}
	// Neither the gap nor today changes who stands where in the list, but a page token goes with one question.
	query := "ListCareUnitSickLeaveCases " + request.GetCareUnitId() + " " + request.GetAsOfDate()
	keys, err := s.after(query, request.GetPageToken(), 1)
	if err != nil {
		return nil, err
	}
	last := ""
	if keys != nil {
		last = keys[0]
	}
	response := &sickleavev1.ListCareUnitSickLeaveCasesResponse{}
	for {
		rows, candidates, err := s.onLeave(ctx, rules, last, size+1)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			response.SickLeaveCases = append(response.SickLeaveCases, &sickleavev1.CareUnitSickLeaveCase{PatientId: row.patient, SickLeaveCase: caseTo(row.active)})
		}
		if len(response.SickLeaveCases) > size {
			response.SickLeaveCases = response.SickLeaveCases[:size]
			response.NextPageToken = s.pages.Encode(query, response.SickLeaveCases[size-1].GetPatientId())
			return response, nil
		}
		if len(candidates) <= size {
			return response, nil
		}
		last = candidates[len(candidates)-1]
	}
}

// onLeaveRow is a patient on a unit's list with the case of the day.
type onLeaveRow struct {
	patient string
	active  sickleave.Case
}

// onLeave computes the next candidates of a unit's list: the rows of those who are on it, and all candidates looked at.
func (s *Server) onLeave(ctx context.Context, rules sickleave.Rules, after string, limit int) ([]onLeaveRow, []string, error) {
	place := access.PlaceFrom(ctx)
	q := s.read(ctx)
	candidates, err := s.store.PatientsOnLeave(q, place.UnitID, rules.AsOf.AddDays(-rules.RecentlyEndedDays), rules.AsOf, after, limit)
	if err != nil || len(candidates) == 0 {
		return nil, candidates, err
	}
	certificates, err := s.store.SignedByPatient(q, place.ProviderID, candidates)
	if err != nil {
		return nil, nil, err
	}
	var rows []onLeaveRow
	for _, patient := range candidates {
		result, err := sickleave.Compute(sickleave.OfUnit(newest(certificates[patient]), place.UnitID), rules)
		if err != nil {
			return nil, nil, err
		}
		if result.PatientListed {
			rows = append(rows, onLeaveRow{patient: patient, active: *result.ActiveCase})
		}
	}
	return rows, candidates, nil
}

// newest keeps as many of a patient's certificates, oldest first, as cases are computed from. Nobody has more.
func newest(certificates []sickleave.Certificate) []sickleave.Certificate {
	return certificates[max(0, len(certificates)-sickleave.MaxCertificates):]
}

// maxWindowDays is more than any two days that the product knows are apart; more is cut to it, and refused for its end.
const maxWindowDays = 1 << 17

// rulesOf reads the rules that a request chooses.
func rulesOf(asOf string, maxGapDays, recentlyEndedDays *int32, window *sickleavev1.DayWindow) sickleave.Rules {
	rules := sickleave.Rules{AsOf: dayOf(asOf), MaxGapDays: sickleave.DefaultGapDays, Window: windowOf(window)}
	if maxGapDays != nil {
		rules.MaxGapDays = int(*maxGapDays)
	}
	if recentlyEndedDays != nil {
		rules.RecentlyEndedDays = int(*recentlyEndedDays)
	}
	return rules
}

// orToday has the rules look at today when the request names no day.
func (s *Server) orToday(rules sickleave.Rules) sickleave.Rules {
	if rules.AsOf.IsZero() {
		rules.AsOf = date.Of(s.clock.Now())
	}
	return rules
}

// windowOf reads a window. One without a first day keeps an end, so that the domain sees what is missing.
func windowOf(w *sickleavev1.DayWindow) date.Span {
	if w == nil {
		return date.Span{}
	}
	start := dayOf(w.GetStartDate())
	if start.IsZero() {
		return date.Span{End: 1}
	}
	return date.Span{Start: start, End: start.AddDays(max(0, min(int(w.GetDays()), maxWindowDays)) - 1)}
}
