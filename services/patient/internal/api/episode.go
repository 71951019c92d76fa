package api

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/patient/internal/store"
)

func noEpisode(err error) error {
	return absent(err, patientv1.Reason_CARE_EPISODE_NOT_FOUND.String(), "there is no such care episode of this patient")
}

// StartCareEpisode starts an episode with its referrals.
func (s *Server) StartCareEpisode(ctx context.Context, r *patientv1.StartCareEpisodeRequest) (*patientv1.CareEpisode, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.CareEpisode, error) {
		gp, err := actor(tx)
		if err != nil {
			return nil, err
		}
		if err := s.take(tx, r.GetPatientId()); err != nil {
			return nil, err
		}
		consented, err := s.consented(tx, r.GetPatientId())
		if err != nil {
			return nil, err
		}
		orders, asked := ordersOf(r.GetReferrals())
		staff, err := s.store.Staff(tx.Tx, asked)
		if err != nil {
			return nil, err
		}
		e, err := patient.StartEpisode(patient.Assessment{
			EpisodeID: tx.NewID(), PatientID: r.GetPatientId(), ProviderID: tx.Place.ProviderID, UnitID: tx.Place.UnitID,
			Diagnosis: r.GetDiagnosisCode(), DiagnosisReason: r.GetDiagnosisReason(), Severity: nameOf(r.GetSeverity()),
			SickLeaveNeeded: r.GetSickLeaveNeeded(), Preventive: r.GetPreventive(), Note: r.GetAssessmentNote(), Start: day(r.GetStartDate()),
			Refer: orders, Staff: staff, Consented: consented, GP: gp, NewID: tx.NewID,
		}, tx.Now)
		if err != nil {
			return nil, refusal(err)
		}
		err = s.store.InsertEpisode(tx.Tx, e)
		if errors.Is(err, store.ErrExists) {
			return nil, fault.State(patientv1.Reason_CARE_EPISODE_OPEN.String(), "the patient has an open care episode; go on with that one, or close it first",
				string(patient.EpisodeOpen), e.Verbs()...)
		}
		if err != nil {
			return nil, refusal(err)
		}
		return episodeProto(e), tx.Emit(snapshot.Episode("care_episode.started", e, tx.Place))
	})
}

func ordersOf(given []*patientv1.Referral) (orders []patient.ReferralOrder, asked []string) {
	for _, r := range given {
		orders = append(orders, patient.ReferralOrder{
			Role: roleOf(r.GetRole()), PractitionerID: r.GetPractitionerId(), Due: day(r.GetDueDate()), Note: r.GetNote(),
		})
		if r.GetPractitionerId() != "" {
			asked = append(asked, r.GetPractitionerId())
		}
	}
	return orders, asked
}

// take takes a patient in use for this transaction; what else is written about the patient waits for it.
func (s *Server) take(tx *act.Tx, patientID string) error {
	state, err := s.store.Touch(tx.Tx, tx.Place.ProviderID, patientID)
	if err != nil {
		return noPatient(err)
	}
	return refusal(patient.CheckActive(state))
}

// consented tells whether the patient consents to coordination today.
func (s *Server) consented(tx *act.Tx, patientID string) (bool, error) {
	c, stands, err := s.store.Standing(tx.Tx, patientID, patient.Matter{Kind: patient.Coordination})
	return stands && c.Covers(tx.Today()), err
}

// GetCareEpisode reads an episode.
func (s *Server) GetCareEpisode(ctx context.Context, r *patientv1.GetCareEpisodeRequest) (*patientv1.CareEpisode, error) {
	e, err := s.store.Episode(s.read(ctx), r.GetPatientId(), r.GetCareEpisodeId())
	if err != nil {
		return nil, noEpisode(err)
	}
	return episodeProto(e), nil
}

// ListCareEpisodes lists a patient's episodes.
func (s *Server) ListCareEpisodes(ctx context.Context, r *patientv1.ListCareEpisodesRequest) (*patientv1.ListCareEpisodesResponse, error) {
	state := nameOf(r.GetState())
	w, err := s.window(r.GetPageSize(), r.GetPageToken(), "ListCareEpisodes/"+r.GetPatientId()+"/"+state, 2)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.Episodes(s.read(ctx), store.EpisodeQuery{
		PatientID: r.GetPatientId(), State: patient.EpisodeState(state), AfterDay: day(w.after[0]), AfterID: w.after[1], Limit: w.size + 1,
	})
	if err != nil {
		return nil, err
	}
	answer := &patientv1.ListCareEpisodesResponse{}
	rows, answer.NextPageToken = cut(w, rows, func(e patient.Episode) []string { return []string{e.Start.String(), e.ID} })
	for _, e := range rows {
		answer.CareEpisodes = append(answer.CareEpisodes, episodeProto(e))
	}
	return answer, nil
}

// AcceptReferral takes a referral on.
func (s *Server) AcceptReferral(ctx context.Context, r *patientv1.AcceptReferralRequest) (*patientv1.CareEpisode, error) {
	return s.changeEpisode(ctx, r, r, "care_episode.referral_accepted", func(tx *act.Tx, e patient.Episode) (patient.Episode, error) {
		consented, err := s.consented(tx, e.PatientID)
		if err != nil {
			return e, err
		}
		return e.Accept(patient.Answer{ReferralID: r.GetReferralId(), Role: roleOf(r.GetRole()), By: tx.Caller.PractitionerID, Held: held(tx)}, consented, tx.Now)
	})
}

// DeclineReferral turns a referral down.
func (s *Server) DeclineReferral(ctx context.Context, r *patientv1.DeclineReferralRequest) (*patientv1.CareEpisode, error) {
	return s.changeEpisode(ctx, r, r, "care_episode.referral_declined", func(tx *act.Tx, e patient.Episode) (patient.Episode, error) {
		return e.Decline(patient.Answer{ReferralID: r.GetReferralId(), Role: roleOf(r.GetRole()), By: tx.Caller.PractitionerID, Held: held(tx)}, r.GetReason(), tx.Now)
	})
}

// AssignTeam puts a practitioner in the team.
func (s *Server) AssignTeam(ctx context.Context, r *patientv1.AssignTeamRequest) (*patientv1.CareEpisode, error) {
	return s.changeEpisode(ctx, r, r, "care_episode.team_assigned", func(tx *act.Tx, e patient.Episode) (patient.Episode, error) {
		consented, err := s.consented(tx, e.PatientID)
		if err != nil {
			return e, err
		}
		staff, err := s.store.Staff(tx.Tx, []string{r.GetPractitionerId()})
		if err != nil {
			return e, err
		}
		var who *patient.Practitioner
		if p, ok := staff[r.GetPractitionerId()]; ok {
			who = &p
		}
		next, changed, err := e.Assign(who, roleOf(r.GetRole()), consented, tx.Now)
		if err != nil || !changed {
			return e, err
		}
		return next, nil
	})
}

// CloseCareEpisode closes an episode.
func (s *Server) CloseCareEpisode(ctx context.Context, r *patientv1.CloseCareEpisodeRequest) (*patientv1.CareEpisode, error) {
	return s.changeEpisode(ctx, r, r, "care_episode.closed", func(tx *act.Tx, e patient.Episode) (patient.Episode, error) {
		return e.CloseWith(nameOf(r.GetOutcome()), r.GetOutcomeNote(), tx.Now)
	})
}

// RegisterCareEpisodeInError marks an episode as a mistake.
func (s *Server) RegisterCareEpisodeInError(ctx context.Context, r *patientv1.RegisterCareEpisodeInErrorRequest) (*patientv1.CareEpisode, error) {
	return s.changeEpisode(ctx, r, r, "care_episode.registered_in_error", func(tx *act.Tx, e patient.Episode) (patient.Episode, error) {
		return e.RegisterInError(patient.ErrorMark{Reason: r.GetReason(), PractitionerID: tx.Caller.PractitionerID, Time: tx.Now})
	})
}

// episodeRequest is what every request about one episode says.
type episodeRequest interface {
	GetPatientId() string
	GetCareEpisodeId() string
	GetEtag() string
}

// changeEpisode changes an episode in somebody's name and tells of it. A change that returns the episode at the revision it had changes nothing.
func (s *Server) changeEpisode(ctx context.Context, r proto.Message, about episodeRequest, event string,
	change func(*act.Tx, patient.Episode) (patient.Episode, error),
) (*patientv1.CareEpisode, error) {
	return act.Do(ctx, s.acts, r, func(tx *act.Tx) (*patientv1.CareEpisode, error) {
		if _, err := actor(tx); err != nil {
			return nil, err
		}
		if err := s.take(tx, about.GetPatientId()); err != nil {
			return nil, err
		}
		before, err := s.store.Episode(tx.Tx, about.GetPatientId(), about.GetCareEpisodeId())
		if err != nil {
			return nil, noEpisode(err)
		}
		if err := tx.CheckEtag(about.GetEtag(), before.Revision); err != nil {
			return nil, err
		}
		e, err := change(tx, before)
		if err != nil {
			return nil, refusal(err)
		}
		if e.Revision == before.Revision {
			return episodeProto(before), nil
		}
		if err := s.store.UpdateEpisode(tx.Tx, before, e); err != nil {
			return nil, refusal(err)
		}
		return episodeProto(e), tx.Emit(snapshot.Episode(event, e, tx.Place))
	})
}
