package api

import (
	"time"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

func stepsOf(steps []*sickleavev1.ReturnToWorkStep) []sickleave.Step {
	var read []sickleave.Step
	for _, s := range steps {
		read = append(read, sickleave.Step{
			ID: s.GetStepId(), Start: dayOf(s.GetStartDate()), End: dayOf(s.GetEndDate()), Degree: int(s.GetDegree()), Adaptations: s.GetAdaptations(),
		})
	}
	return read
}

func stepsTo(steps []sickleave.Step) []*sickleavev1.ReturnToWorkStep {
	var written []*sickleavev1.ReturnToWorkStep
	for _, s := range steps {
		written = append(written, &sickleavev1.ReturnToWorkStep{
			StepId: s.ID, StartDate: s.Start.String(), EndDate: s.End.String(), Degree: int32(s.Degree), Adaptations: s.Adaptations,
		})
	}
	return written
}

// planContentOf reads what a coordinator writes.
func planContentOf(p *sickleavev1.ReturnToWorkPlan) sickleave.PlanContent {
	content := sickleave.PlanContent{Steps: stepsOf(p.GetSteps()), Note: p.GetNote()}
	if p.GetTarget() != sickleavev1.ReturnToWorkPlan_TARGET_UNSPECIFIED {
		content.Target = sickleave.Target(p.GetTarget().String())
	}
	return content
}

func planTo(r store.PlanRecord) *sickleavev1.ReturnToWorkPlan {
	p := &sickleavev1.ReturnToWorkPlan{
		ReturnToWorkPlanId: r.ID, PatientId: r.PatientID, CareEpisodeId: r.EpisodeID, State: planStateOf(r.State), Version: int32(r.Version),
		Steps:  stepsTo(r.Steps),
		Target: sickleavev1.ReturnToWorkPlan_Target(sickleavev1.ReturnToWorkPlan_Target_value[string(r.Target)]),
		Note:   r.Note, GrossDays: int32(r.GrossDays()), NetDays: r.NetDays(), Answer: answerTo(r.Answer), AgreedParties: partiesTo(r.AgreedParties()),
		NextMeasure: measureTo(r.NextMeasure()),
		Hold:        withdrawalTo(r.Hold.Time, r.Hold.By, r.Hold.Reason), Closing: withdrawalTo(r.Closing.Time, r.Closing.By, r.Closing.Reason),
		CareUnitId: r.CareUnitID, ProposedByPractitionerId: r.ProposedBy, Etag: page.Etag(r.Revision),
		CreateTime: instant(r.CreateTime), UpdateTime: instant(r.UpdateTime),
	}
	for _, a := range r.Agreements {
		p.Agreements = append(p.Agreements, &sickleavev1.ReturnToWorkAgreement{
			Party: partyTo(a.Party), Version: int32(a.Version), PractitionerId: a.By, AgreeTime: instant(a.Time),
		})
	}
	for _, c := range r.CheckIns {
		p.CheckIns = append(p.CheckIns, &sickleavev1.ReturnToWorkCheckIn{
			StepId: c.StepID, Version: int32(c.Version), CheckInDate: c.Day.String(),
			Outcome:             sickleavev1.ReturnToWorkCheckIn_Outcome(sickleavev1.ReturnToWorkCheckIn_Outcome_value[string(c.Outcome)]),
			ChangedTasksOffered: c.ChangedTasksOffered, Note: c.Note, PractitionerId: c.By, RecordTime: instant(c.Time),
		})
	}
	for _, v := range r.Earlier {
		p.EarlierVersions = append(p.EarlierVersions, &sickleavev1.ReturnToWorkVersion{
			Version: int32(v.Version), Steps: stepsTo(v.Steps), ProposedByPractitionerId: v.By, Answer: answerTo(v.Answer), EndTime: instant(v.End),
		})
	}
	for _, d := range r.Deviations {
		p.Deviations = append(p.Deviations, &sickleavev1.ReturnToWorkDeviation{
			Code:   sickleavev1.ReturnToWorkDeviation_Code(sickleavev1.ReturnToWorkDeviation_Code_value[string(d.Code)]),
			Reason: d.Reason, PractitionerId: d.By, DeviateTime: instant(d.Time),
		})
	}
	return p
}

func planStateOf(state sickleave.PlanState) sickleavev1.ReturnToWorkPlan_State {
	return sickleavev1.ReturnToWorkPlan_State(sickleavev1.ReturnToWorkPlan_State_value[string(state)])
}

func measureTo(measure sickleave.Measure) sickleavev1.ReturnToWorkPlan_Measure {
	return sickleavev1.ReturnToWorkPlan_Measure(sickleavev1.ReturnToWorkPlan_Measure_value[string(measure)])
}

func partyTo(party sickleave.Party) sickleavev1.ReturnToWorkPlan_Party {
	return sickleavev1.ReturnToWorkPlan_Party(sickleavev1.ReturnToWorkPlan_Party_value[string(party)])
}

func partiesTo(parties []sickleave.Party) []sickleavev1.ReturnToWorkPlan_Party {
	var written []sickleavev1.ReturnToWorkPlan_Party
	for _, party := range parties {
		written = append(written, partyTo(party))
	}
	return written
}

func answerTo(a *sickleave.Answer) *sickleavev1.ReturnToWorkAnswer {
	if a == nil {
		return nil
	}
	return &sickleavev1.ReturnToWorkAnswer{
		Kind:   sickleavev1.ReturnToWorkAnswer_Kind(sickleavev1.ReturnToWorkAnswer_Kind_value[string(a.Kind)]),
		Reason: a.Reason, Version: int32(a.Version), PractitionerId: a.By, AnswerTime: instant(a.Time),
	}
}

// toldPlan tells the event of a change and answers with the plan. The event has days and degrees, no text.
func toldPlan(tx *act.Tx, event string, r store.PlanRecord) (*sickleavev1.ReturnToWorkPlan, error) {
	snapshot := &sickleavev1.ReturnToWorkPlanSnapshot{
		ReturnToWorkPlanId: r.ID, CareEpisodeId: r.EpisodeID, State: planStateOf(r.State), Version: int32(r.Version),
		Steps: stepsTo(r.Steps), AgreedParties: partiesTo(r.AgreedParties()), NextMeasure: measureTo(r.NextMeasure()),
	}
	for _, c := range r.CheckIns {
		if c.Version == r.Version {
			snapshot.CheckIns = append(snapshot.CheckIns, &sickleavev1.ReturnToWorkCheckInSnapshot{StepId: c.StepID, CheckInDate: c.Day.String()})
		}
	}
	for _, step := range snapshot.GetSteps() {
		step.Adaptations = ""
	}
	err := tx.Emit(act.Event{Type: event, ResourceID: r.ID, Revision: r.Revision, PatientID: r.PatientID, Snapshot: snapshot})
	return planTo(r), err
}

// certificatesOf reads the certificates that a stateless call computes from.
func certificatesOf(given []*sickleavev1.ComputeSickLeaveCasesRequest_Certificate) []sickleave.Certificate {
	certificates := make([]sickleave.Certificate, len(given))
	for i, c := range given {
		certificates[i] = sickleave.Certificate{
			ID: c.GetCertificateId(), State: sickleave.Signed,
			Content:    sickleave.Content{Periods: periodsOf(c.GetPeriods())},
			ReplacesID: c.GetReplacesCertificateId(), ComplementsID: c.GetComplementsCertificateId(),
		}
		if c.GetStatus() == sickleavev1.ComputeSickLeaveCasesRequest_Certificate_REVOKED {
			certificates[i].State = sickleave.Revoked
		}
		certificates[i].SignTime = timeOf(c)
	}
	return certificates
}

func timeOf(c *sickleavev1.ComputeSickLeaveCasesRequest_Certificate) time.Time {
	if c.GetSignTime() == nil {
		return time.Time{}
	}
	return c.GetSignTime().AsTime()
}
