package api

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// dayOf reads a civil day of a request. Requests with a text that is no day are refused before they come here, so that what
// does not parse is an empty field: no day.
func dayOf(text string) date.Day {
	day, err := date.Parse(text)
	if err != nil {
		return 0
	}
	return day
}

// instant writes a point in time; the zero time is absent.
func instant(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func stateOf(state sickleave.State) sickleavev1.Certificate_State {
	return sickleavev1.Certificate_State(sickleavev1.Certificate_State_value[string(state)])
}

func periodsOf(periods []*sickleavev1.CertificatePeriod) []sickleave.Period {
	var read []sickleave.Period
	for _, p := range periods {
		read = append(read, sickleave.Period{Start: dayOf(p.GetStartDate()), End: dayOf(p.GetEndDate()), Degree: int(p.GetDegree())})
	}
	return read
}

func periodsTo(periods []sickleave.Period) []*sickleavev1.CertificatePeriod {
	var written []*sickleavev1.CertificatePeriod
	for _, p := range periods {
		written = append(written, &sickleavev1.CertificatePeriod{StartDate: p.Start.String(), EndDate: p.End.String(), Degree: int32(p.Degree)})
	}
	return written
}

// contentOf reads what the author of a certificate writes. Kinds are spelled alike in the contract and the domain; the
// contract's unspecified is the domain's "".
func contentOf(c *sickleavev1.Certificate) sickleave.Content {
	content := sickleave.Content{
		Periods:            periodsOf(c.GetPeriods()),
		Diagnoses:          c.GetDiagnosisCodes(),
		Occupation:         c.GetOccupation(),
		FunctionLimitation: c.GetFunctionLimitation(),
		ActivityLimitation: c.GetActivityLimitation(),
		EarlyStartReason:   c.GetEarlyStartReason(),
		OtherInformation:   c.GetOtherInformation(),
		Prognosis: sickleave.Prognosis{
			Months: int(c.GetPrognosis().GetMonths()), Explanation: c.GetPrognosis().GetExplanation(),
		},
	}
	if kind := c.GetPrognosis().GetKind(); kind != sickleavev1.CertificatePrognosis_KIND_UNSPECIFIED {
		content.Prognosis.Kind = sickleave.PrognosisKind(kind.String())
	}
	for _, b := range c.GetBases() {
		basis := sickleave.Basis{Day: dayOf(b.GetBasisDate()), Note: b.GetNote()}
		if b.GetKind() != sickleavev1.CertificateBasis_KIND_UNSPECIFIED {
			basis.Kind = sickleave.BasisKind(b.GetKind().String())
		}
		content.Bases = append(content.Bases, basis)
	}
	return content
}

// certificateTo writes a certificate in whole.
func certificateTo(r store.Record, today date.Day) *sickleavev1.Certificate {
	c := &sickleavev1.Certificate{
		CertificateId:            r.ID,
		PatientId:                r.PatientID,
		CareEpisodeId:            r.EpisodeID,
		State:                    stateOf(r.State),
		CareUnitId:               r.CareUnitID,
		Periods:                  periodsTo(r.Periods),
		DiagnosisCodes:           r.Diagnoses,
		Occupation:               r.Occupation,
		FunctionLimitation:       r.FunctionLimitation,
		ActivityLimitation:       r.ActivityLimitation,
		EarlyStartReason:         r.EarlyStartReason,
		OtherInformation:         r.OtherInformation,
		ReplacesCertificateId:    r.ReplacesID,
		ComplementsCertificateId: r.ComplementsID,
		RenewsCertificateId:      r.RenewsID,
		CreatedByPractitionerId:  r.CreatedBy,
		SignedByPractitionerId:   r.SignedBy,
		SignTime:                 instant(r.SignTime),
		Revocation:               withdrawalTo(r.RevokeTime, r.RevokedBy, r.RevokeReason),
		ErrorRegistration:        withdrawalTo(r.ErrorTime, r.ErrorBy, r.ErrorReason),
		Etag:                     page.Etag(r.Revision),
		CreateTime:               instant(r.CreateTime),
		UpdateTime:               instant(r.UpdateTime),
		Prefills:                 prefillsTo(r.Prefills),
		ChangedFields:            r.ChangedFields,
		Warnings:                 warningsTo(r, today),
	}
	if r.Prognosis != (sickleave.Prognosis{}) {
		c.Prognosis = &sickleavev1.CertificatePrognosis{
			Kind:        sickleavev1.CertificatePrognosis_Kind(sickleavev1.CertificatePrognosis_Kind_value[string(r.Prognosis.Kind)]),
			Months:      int32(r.Prognosis.Months),
			Explanation: r.Prognosis.Explanation,
		}
	}
	for _, b := range r.Bases {
		c.Bases = append(c.Bases, &sickleavev1.CertificateBasis{
			Kind:      sickleavev1.CertificateBasis_Kind(sickleavev1.CertificateBasis_Kind_value[string(b.Kind)]),
			BasisDate: b.Day.String(), Note: b.Note,
		})
	}
	return c
}

func withdrawalTo(at time.Time, by, why string) *sickleavev1.CertificateWithdrawal {
	if at.IsZero() {
		return nil
	}
	return &sickleavev1.CertificateWithdrawal{Reason: why, PractitionerId: by, WithdrawTime: instant(at)}
}

// snapshotOf is what the event log tells of a certificate: days, degrees and states, no diagnosis and no text.
func snapshotOf(r store.Record) *sickleavev1.CertificateSnapshot {
	return &sickleavev1.CertificateSnapshot{
		CertificateId:            r.ID,
		CareEpisodeId:            r.EpisodeID,
		State:                    stateOf(r.State),
		SignTime:                 instant(r.SignTime),
		SignedByPractitionerId:   r.SignedBy,
		Periods:                  periodsTo(r.Periods),
		ReplacesCertificateId:    r.ReplacesID,
		ComplementsCertificateId: r.ComplementsID,
		RenewsCertificateId:      r.RenewsID,
	}
}

func caseTo(c sickleave.Case) *sickleavev1.SickLeaveCase {
	written := &sickleavev1.SickLeaveCase{
		StartDate:           c.Start.String(),
		EndDate:             c.End.String(),
		CaseDays:            int32(c.CaseDays),
		DayNumber:           int32(c.DayNumber),
		GrossDays:           int32(c.GrossDays),
		NetDays:             c.NetDays,
		ChainDay:            int32(c.ChainDay),
		CertificateIds:      c.CertificateIDs,
		ActiveCertificateId: c.ActiveCertificateID,
		CurrentDegree:       int32(c.CurrentDegree),
		Ongoing:             c.Ongoing,
		RecentlyEnded:       c.RecentlyEnded,
	}
	for _, degree := range c.Degrees {
		written.Degrees = append(written.Degrees, int32(degree))
	}
	return written
}

func casesTo(cases []sickleave.Case) []*sickleavev1.SickLeaveCase {
	var written []*sickleavev1.SickLeaveCase
	for _, c := range cases {
		written = append(written, caseTo(c))
	}
	return written
}

func activeCaseTo(c *sickleave.Case) *sickleavev1.SickLeaveCase {
	if c == nil {
		return nil
	}
	return caseTo(*c)
}
