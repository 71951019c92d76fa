package api

import (
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

type agreementRow = store.Row[employerdialogue.Agreement]

func pointsOf(points []*employerdialoguev1.AgreementPoint) []employerdialogue.Point {
	var read []employerdialogue.Point
	for _, p := range points {
		read = append(read, employerdialogue.Point{Text: p.GetText(), By: employerdialogue.Party(nameOf(p.GetContributedBy())), Withheld: p.GetWithheldFromEmployer()})
	}
	return read
}

func pointsTo(points []employerdialogue.Point) []*employerdialoguev1.AgreementPoint {
	var told []*employerdialoguev1.AgreementPoint
	for _, p := range points {
		told = append(told, &employerdialoguev1.AgreementPoint{Text: p.Text, ContributedBy: partyTo(p.By), WithheldFromEmployer: p.Withheld})
	}
	return told
}

func horizonTo(horizon string) employerdialoguev1.AgreedAction_Horizon {
	return named[employerdialoguev1.AgreedAction_Horizon](employerdialoguev1.AgreedAction_Horizon_value, horizon)
}

func actionStateTo(state string) employerdialoguev1.AgreedAction_State {
	return named[employerdialoguev1.AgreedAction_State](employerdialoguev1.AgreedAction_State_value, state)
}

func agreementTo(r agreementRow) *employerdialoguev1.Agreement {
	a := r.Value
	told := &employerdialoguev1.Agreement{
		AgreementId: a.ID, PatientId: a.PatientID, CareEpisodeId: a.EpisodeID, DialogueMeetingId: a.MeetingID, EmployerId: a.EmployerID,
		Facts: pointsTo(a.Facts), Agreements: pointsTo(a.Agreements), PractitionerId: a.PractitionerID, Etag: page.Etag(r.Revision),
		CreateTime: instant(a.CreateTime), UpdateTime: instant(r.UpdateTime), ErrorMark: markTo(a.Error),
	}
	for _, x := range a.Actions {
		told.Actions = append(told.Actions, &employerdialoguev1.AgreedAction{
			ActionId: x.ID, Text: x.Text, OwnerParty: partyTo(x.Owner), Horizon: horizonTo(x.Horizon),
			Adaptation:   named[employerdialoguev1.Adaptation](employerdialoguev1.Adaptation_value, x.Adaptation),
			LeadTimeDays: int32(x.LeadDays), ReturnToWorkPlanId: x.PlanID, StepStartDate: x.Step.String(), StartByDate: x.StartBy.String(),
			DueDate: x.Due.String(), State: actionStateTo(x.State), DropReason: x.DropReason, EndTime: instant(x.EndTime), WithheldFromEmployer: x.Withheld,
		})
	}
	for _, k := range a.Acknowledgements {
		told.Acknowledgements = append(told.Acknowledgements, &employerdialoguev1.AgreementAcknowledgement{
			Party: partyTo(k.Party), AcknowledgeTime: instant(k.Time), PractitionerId: k.PractitionerID,
		})
	}
	return told
}

// tellAgreement tells the event of an agreement, coded fields only, and answers with it.
func tellAgreement(tx *act.Tx, event string, r agreementRow) (*employerdialoguev1.Agreement, error) {
	a := r.Value
	told := &employerdialoguev1.AgreementSnapshot{
		AgreementId: a.ID, DialogueMeetingId: a.MeetingID, CareEpisodeId: a.EpisodeID, EmployerId: a.EmployerID, RegisteredInError: a.Error != nil,
	}
	for _, x := range a.Actions {
		told.Actions = append(told.Actions, &employerdialoguev1.AgreedActionSnapshot{
			ActionId: x.ID, OwnerParty: partyTo(x.Owner), Horizon: horizonTo(x.Horizon), StartByDate: x.StartBy.String(), DueDate: x.Due.String(),
			State: actionStateTo(x.State),
		})
	}
	for _, k := range a.Acknowledgements {
		told.AcknowledgedParties = append(told.AcknowledgedParties, partyTo(k.Party))
	}
	return agreementTo(r), tx.Emit(act.Event{Type: event, ResourceID: a.ID, Revision: r.Revision, PatientID: a.PatientID, Snapshot: told})
}

// steps are those of the patient's open return-to-work plans that count, by plan: of all that are not withdrawn or declined.
func steps(q sqldb.Querier, patientID string, count func(*sickleavev1.ReturnToWorkPlanSnapshot) bool) (map[string][]employerdialogue.Step, error) {
	plans, err := store.Told(q, patientID, store.ToldReturnPlan, func() *sickleavev1.ReturnToWorkPlanSnapshot { return &sickleavev1.ReturnToWorkPlanSnapshot{} })
	if err != nil {
		return nil, err
	}
	known := map[string][]employerdialogue.Step{}
	for _, plan := range plans {
		switch plan.GetState() {
		case sickleavev1.ReturnToWorkPlan_PROPOSED, sickleavev1.ReturnToWorkPlan_ACCEPTED, sickleavev1.ReturnToWorkPlan_HELD:
			if !count(plan) {
				continue
			}
		default:
			continue
		}
		for _, step := range plan.GetSteps() {
			known[plan.GetReturnToWorkPlanId()] = append(known[plan.GetReturnToWorkPlanId()], employerdialogue.Step{
				Start: dayOf(step.GetStartDate()), End: dayOf(step.GetEndDate()), Degree: int(step.GetDegree()),
			})
		}
	}
	return known, nil
}

// ConcludeDialogueMeeting concludes a meeting; what it ended in becomes an agreement.
func (s *Server) ConcludeDialogueMeeting(ctx context.Context, r *employerdialoguev1.ConcludeDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	change := s.change
	if slices.Contains(r.GetParticipants(), employerdialoguev1.DialogueMeeting_EMPLOYER) {
		change = s.changeWithConsents // an employer who was not there at the begin
	}
	return change(ctx, r, "dialogue_meeting.concluded", func(t turn) (employerdialogue.Meeting, error) {
		m := t.row.Value
		known, err := steps(t.Tx, m.PatientID, func(*sickleavev1.ReturnToWorkPlanSnapshot) bool { return true })
		if err != nil {
			return m, err
		}
		conclusion := employerdialogue.Conclusion{
			Participants: participantsOf(r.GetParticipants()), Facts: pointsOf(r.GetFacts()), Agreements: pointsOf(r.GetAgreements()),
			NoneReason: r.GetNoneReason(), DeviationReason: r.GetDeviationReason(), ActualLength: int(r.GetActualLengthMinutes()), Steps: known,
			AgreementID: t.NewID(),
		}
		for _, a := range r.GetActions() {
			conclusion.ActionIDs = append(conclusion.ActionIDs, t.NewID())
			conclusion.Actions = append(conclusion.Actions, employerdialogue.NewAction{
				Text: a.GetText(), Owner: employerdialogue.Party(nameOf(a.GetOwnerParty())), Horizon: nameOf(a.GetHorizon()),
				Adaptation: nameOf(a.GetAdaptation()), PlanID: a.GetReturnToWorkPlanId(), LeadDays: int(a.GetLeadTimeDays()),
				Step: dayOf(a.GetStepStartDate()), Due: dayOf(a.GetDueDate()), Withheld: a.GetWithheldFromEmployer(),
			})
		}
		next, agreement, err := m.Conclude(t.by, t.consents, conclusion)
		if err != nil || agreement == nil {
			return next, err
		}
		row, err := s.Store.Agreements().Insert(t.Tx.Tx, agreementRow{
			Value: *agreement, CareProviderID: t.row.CareProviderID, CareUnitID: t.Place.UnitID, UpdateTime: t.Now,
		})
		if err != nil {
			return next, err
		}
		_, err = tellAgreement(t.Tx, "agreement.made", row)
		return next, err
	})
}

func absentAgreement(err error) error {
	return absent(err, employerdialoguev1.Reason_AGREEMENT_NOT_FOUND, "the patient has no such agreement")
}

type namesAgreement interface {
	GetPatientId() string
	GetAgreementId() string
}

func (s *Server) agreement(ctx context.Context, r namesAgreement) (agreementRow, error) {
	row, err := s.Store.Agreements().Get(s.read(ctx), access.PlaceFrom(ctx).ProviderID, r.GetPatientId(), r.GetAgreementId())
	if err != nil {
		return row, absentAgreement(err)
	}
	return row, nil
}

// GetAgreement reads an agreement.
func (s *Server) GetAgreement(ctx context.Context, r *employerdialoguev1.GetAgreementRequest) (*employerdialoguev1.Agreement, error) {
	row, err := s.agreement(ctx, r)
	if err != nil {
		return nil, err
	}
	return agreementTo(row), nil
}

// ListAgreements lists a patient's agreements.
func (s *Server) ListAgreements(ctx context.Context, r *employerdialoguev1.ListAgreementsRequest) (*employerdialoguev1.ListAgreementsResponse, error) {
	w, err := s.window("ListAgreements "+r.GetPatientId(), r.GetPageSize(), r.GetPageToken(), 2)
	if err != nil {
		return nil, err
	}
	rows, next, err := casePage(ctx, s, s.Store.Agreements(), w, access.PlaceFrom(ctx).ProviderID, r.GetPatientId(), store.Filter{},
		func(a employerdialogue.Agreement) (time.Time, string) { return a.CreateTime, a.ID })
	if err != nil {
		return nil, err
	}
	answer := &employerdialoguev1.ListAgreementsResponse{NextPageToken: next}
	for _, row := range rows {
		answer.Agreements = append(answer.Agreements, agreementTo(row))
	}
	return answer, nil
}

type changesAgreement interface {
	proto.Message
	namesAgreement
	GetEtag() string
}

func (s *Server) changeAgreement(ctx context.Context, r changesAgreement, event string,
	transition func(*act.Tx, employerdialogue.Act, employerdialogue.Agreement) (employerdialogue.Agreement, error),
) (*employerdialoguev1.Agreement, error) {
	return act.Do(ctx, s.Acts, r, func(tx *act.Tx) (*employerdialoguev1.Agreement, error) {
		by, err := actor(tx)
		if err != nil {
			return nil, err
		}
		row, err := s.Store.Agreements().Claim(tx.Tx, tx.Place.ProviderID, r.GetPatientId(), r.GetAgreementId())
		if err != nil {
			return nil, absentAgreement(err)
		}
		if err := tx.CheckEtag(r.GetEtag(), row.Revision); err != nil {
			return nil, err
		}
		if row.Value, err = transition(tx, by, row.Value); err != nil {
			return nil, refusal(err)
		}
		row.UpdateTime = tx.Now
		if row, err = s.Store.Agreements().Update(tx.Tx, row); err != nil {
			return nil, refusal(err)
		}
		return tellAgreement(tx, event, row)
	})
}

// AcknowledgeAgreement records that a party acknowledges an agreement.
func (s *Server) AcknowledgeAgreement(ctx context.Context, r *employerdialoguev1.AcknowledgeAgreementRequest) (*employerdialoguev1.Agreement, error) {
	before, err := s.agreement(ctx, r)
	if err != nil {
		return nil, err
	}
	consents, err := s.consents(ctx, r.GetPatientId(), before.Value.EmployerID)
	if err != nil {
		return nil, err
	}
	return s.changeAgreement(ctx, r, "agreement.acknowledged", func(tx *act.Tx, by employerdialogue.Act, a employerdialogue.Agreement) (employerdialogue.Agreement, error) {
		if err := s.current(tx, r.GetPatientId(), consents); err != nil {
			return a, err
		}
		return a.Acknowledge(by, consents, employerdialogue.Party(nameOf(r.GetParty())))
	})
}

// DoneAction records that an action is done.
func (s *Server) DoneAction(ctx context.Context, r *employerdialoguev1.DoneActionRequest) (*employerdialoguev1.Agreement, error) {
	return s.changeAgreement(ctx, r, "agreement.action_done", func(_ *act.Tx, by employerdialogue.Act, a employerdialogue.Agreement) (employerdialogue.Agreement, error) {
		return a.Complete(by, r.GetActionId())
	})
}

// DropAction records that an action is given up.
func (s *Server) DropAction(ctx context.Context, r *employerdialoguev1.DropActionRequest) (*employerdialoguev1.Agreement, error) {
	return s.changeAgreement(ctx, r, "agreement.action_dropped", func(_ *act.Tx, by employerdialogue.Act, a employerdialogue.Agreement) (employerdialogue.Agreement, error) {
		return a.Drop(by, r.GetActionId(), r.GetReason())
	})
}
