package api

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

// tries is how many times the consents are read anew when they change meanwhile.
const tries = 5

func consentsChanging() error {
	return fault.Unavailable(reason(employerdialoguev1.Reason_CONSENTS_CHANGING), "the patient's consents are being changed; try again")
}

// consents asks the patient service what the patient consents to now with regard to an employer. Never inside a transaction.
func (s *Server) consents(ctx context.Context, patientID, employerID string) (employerdialogue.Consents, error) {
	for range tries {
		coordination, err := s.check(ctx, &patientv1.CheckConsentRequest{PatientId: patientID, Kind: patientv1.Consent_COORDINATION})
		if err != nil {
			return employerdialogue.Consents{}, err
		}
		information, err := s.check(ctx, &patientv1.CheckConsentRequest{
			PatientId: patientID, Kind: patientv1.Consent_INFORMATION, ReceiverKind: patientv1.Consent_EMPLOYER, ReceiverId: employerID,
		})
		if err != nil {
			return employerdialogue.Consents{}, err
		}
		if coordination.GetConsentsRevision() != information.GetConsentsRevision() || coordination.GetCheckDate() != information.GetCheckDate() {
			continue
		}
		read := employerdialogue.Consents{Coordination: coordination.GetConsented(), Revision: int(information.GetConsentsRevision())}
		for _, item := range information.GetItems() {
			if item.GetConsented() {
				read.Told = append(read.Told, employerdialogue.Item(nameOf(item.GetItemType())))
			}
		}
		return read, nil
	}
	return employerdialogue.Consents{}, consentsChanging()
}

func (s *Server) check(ctx context.Context, request *patientv1.CheckConsentRequest) (*patientv1.CheckConsentResponse, error) {
	answer, err := s.Patients.CheckConsent(ctx, request)
	switch status.Code(err) {
	case codes.OK:
		return answer, nil
	case codes.NotFound:
		return nil, fault.NotFound("PATIENT_NOT_FOUND", "there is no such patient at your units")
	case codes.Canceled, codes.DeadlineExceeded:
		return nil, err
	default:
		return nil, fault.Unavailable("UNAVAILABLE", "the patient's consents cannot be read now, and nothing is done without them; try again")
	}
}

// current refuses to go on with consents that the patient service has told a change of since they were read.
func (s *Server) current(tx *act.Tx, patientID string, read employerdialogue.Consents) error {
	heard, err := store.HeardConsents(tx, patientID, "", tx.Today())
	if err != nil {
		return err
	}
	if heard.Revision > read.Revision {
		return consentsChanging()
	}
	return nil
}

// opens is current for what puts a meeting under way: a withdrawal that is heard of later finds it and calls it off.
func (s *Server) opens(tx *act.Tx, patientID string, read employerdialogue.Consents) error {
	if err := store.HoldConsents(tx.Tx, patientID); err != nil {
		return err
	}
	return s.current(tx, patientID, read)
}

// signs reads what readiness rests on at the unit of a place, and the brief that counts.
func (s *Server) signs(q sqldb.Querier, place access.Place, patientID, episodeID, employerID string, consents employerdialogue.Consents) (employerdialogue.Signs, string, error) {
	signs := employerdialogue.Signs{Consents: consents}
	settings, err := s.Store.Settings(q, place.UnitID)
	if err != nil {
		return signs, "", err
	}
	signs.Settings = settings.Settings
	talks, err := s.Store.Contacts().List(q, place.ProviderID, patientID, store.Filter{
		EpisodeID: episodeID, EmployerID: employerID, States: []string{employerdialogue.KindEarlyTalk},
	}, store.Position{}, 1)
	if err != nil {
		return signs, "", err
	}
	signs.EarlyTalk = len(talks) > 0
	briefs, err := store.Told(q, patientID, store.ToldBrief, func() *careplanv1.BriefSnapshot { return &careplanv1.BriefSnapshot{} })
	if err != nil {
		return signs, "", err
	}
	var brief string
	for _, b := range briefs {
		if at := timeOf(b.GetAcknowledgeTime()); b.GetCareEpisodeId() == episodeID && at.After(signs.Brief) {
			signs.Brief, brief = at, b.GetBriefId()
		}
	}
	return signs, brief, nil
}
