package api

import (
	"context"

	"google.golang.org/protobuf/proto"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// What happens to a screening, as the event log tells it.
const (
	screeningRecorded      = "screening.recorded"
	screeningOfferRecorded = "screening.offer_recorded"
	screeningInError       = "screening.registered_in_error"
)

// CreateScreening records a screening.
func (s *Server) CreateScreening(ctx context.Context, request *sickleavev1.CreateScreeningRequest) (*sickleavev1.Screening, error) {
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*sickleavev1.Screening, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		r := request.GetScreening()
		screening, err := sickleave.NewScreening(tx.Now, sickleave.Screening{
			ID: tx.NewID(), PatientID: r.GetPatientId(), CareUnitID: tx.Place.UnitID, EpisodeID: r.GetCareEpisodeId(),
			Day: dayOf(r.GetScreenDate()), Need: sickleave.Need(r.GetNeed().String()), Reason: r.GetReason(),
			Offer: sickleave.Offer(r.GetOffer().String()), By: tx.Caller.PractitionerID,
		})
		if err != nil {
			return nil, screeningRefusal(err, "screening.")
		}
		record, err := s.store.InsertScreening(tx.Tx, store.ScreeningRecord{Screening: screening, CareProviderID: tx.Place.ProviderID, UpdateTime: tx.Now})
		if err != nil {
			return nil, err
		}
		return toldScreening(tx, screeningRecorded, record)
	})
}

// GetScreening reads a screening.
func (s *Server) GetScreening(ctx context.Context, request *sickleavev1.GetScreeningRequest) (*sickleavev1.Screening, error) {
	record, err := s.store.Screening(s.read(ctx), access.PlaceFrom(ctx).ProviderID, request.GetPatientId(), request.GetScreeningId())
	if err != nil {
		return nil, screeningRefusal(err, "")
	}
	return screeningTo(record), nil
}

// ListScreenings lists a patient's screenings.
func (s *Server) ListScreenings(ctx context.Context, request *sickleavev1.ListScreeningsRequest) (*sickleavev1.ListScreeningsResponse, error) {
	query := "ListScreenings " + request.GetPatientId()
	if request.GetIncludeRegisteredInError() {
		query += " all"
	}
	at, err := s.pageAt(query, request.GetPageSize(), request.GetPageToken())
	if err != nil {
		return nil, err
	}
	records, err := s.store.Screenings(s.read(ctx), access.PlaceFrom(ctx).ProviderID, request.GetPatientId(),
		request.GetIncludeRegisteredInError(), at.after, at.size+1)
	if err != nil {
		return nil, err
	}
	records, next := cut(at, records, func(r store.ScreeningRecord) store.Place { return store.Place{CreateTime: r.CreateTime, ID: r.ID} })
	response := &sickleavev1.ListScreeningsResponse{NextPageToken: next}
	for _, record := range records {
		response.Screenings = append(response.Screenings, screeningTo(record))
	}
	return response, nil
}

// RecordScreeningOffer records that coordination was offered, or what the patient said.
func (s *Server) RecordScreeningOffer(ctx context.Context, request *sickleavev1.RecordScreeningOfferRequest) (*sickleavev1.Screening, error) {
	return s.changeScreening(ctx, request, request, screeningOfferRecorded, func(tx *act.Tx, r sickleave.Screening) (sickleave.Screening, error) {
		return r.RecordOffer(tx.Now, tx.Caller.PractitionerID, sickleave.Offer(request.GetOffer().String()))
	})
}

// RegisterScreeningInError marks a screening as registered in error.
func (s *Server) RegisterScreeningInError(ctx context.Context, request *sickleavev1.RegisterScreeningInErrorRequest) (*sickleavev1.Screening, error) {
	return s.changeScreening(ctx, request, request, screeningInError, func(tx *act.Tx, r sickleave.Screening) (sickleave.Screening, error) {
		return r.RegisterInError(tx.Now, tx.Caller.PractitionerID, request.GetReason())
	})
}

type namesScreening interface {
	GetPatientId() string
	GetScreeningId() string
	GetEtag() string
}

func (s *Server) changeScreening(ctx context.Context, request proto.Message, which namesScreening, event string,
	transition func(*act.Tx, sickleave.Screening) (sickleave.Screening, error),
) (*sickleavev1.Screening, error) {
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*sickleavev1.Screening, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		record, err := s.store.ClaimScreening(tx.Tx, tx.Place.ProviderID, which.GetPatientId(), which.GetScreeningId())
		if err != nil {
			return nil, screeningRefusal(err, "")
		}
		if err := tx.CheckEtag(which.GetEtag(), record.Revision); err != nil {
			return nil, err
		}
		if record.Screening, err = transition(tx, record.Screening); err != nil {
			return nil, screeningRefusal(err, "")
		}
		record.UpdateTime = tx.Now
		if record, err = s.store.UpdateScreening(tx.Tx, record); err != nil {
			return nil, screeningRefusal(err, "")
		}
		return toldScreening(tx, event, record)
	})
}

func toldScreening(tx *act.Tx, event string, r store.ScreeningRecord) (*sickleavev1.Screening, error) {
	shown := screeningTo(r)
	err := tx.Emit(act.Event{
		Type: event, ResourceID: r.ID, Revision: r.Revision, PatientID: r.PatientID,
		Snapshot: &sickleavev1.ScreeningSnapshot{
			ScreeningId: r.ID, CareEpisodeId: r.EpisodeID, ScreenDate: r.Day.String(), Need: shown.GetNeed(), Offer: shown.GetOffer(),
			RegisteredInError: !r.InError.IsZero(),
		},
	})
	return shown, err
}

func screeningTo(r store.ScreeningRecord) *sickleavev1.Screening {
	return &sickleavev1.Screening{
		ScreeningId: r.ID, PatientId: r.PatientID, CareEpisodeId: r.EpisodeID, ScreenDate: r.Day.String(),
		Need:   sickleavev1.Screening_Need(sickleavev1.Screening_Need_value[string(r.Need)]),
		Reason: r.Reason,
		Offer:  sickleavev1.Screening_Offer(sickleavev1.Screening_Offer_value[string(r.Offer)]),

		CareUnitId: r.CareUnitID, PractitionerId: r.By, OfferPractitionerId: r.OfferBy, OfferTime: instant(r.OfferTime),
		ErrorRegistration: withdrawalTo(r.InError.Time, r.InError.By, r.InError.Reason),
		Etag:              page.Etag(r.Revision), CreateTime: instant(r.CreateTime), UpdateTime: instant(r.UpdateTime),
	}
}

func screeningRefusal(err error, prefix string) error {
	return refusalOf(err, prefix, resource{name: "screening", missing: sickleavev1.Reason_SCREENING_NOT_FOUND})
}

// ListUnscreened lists the patients of a care unit whose ongoing case has lasted longer than the limit without a screening. The
// database finds who is on leave, as for the unit's cases; the domain decides of a page's patients who is missed.
func (s *Server) ListUnscreened(ctx context.Context, request *sickleavev1.ListUnscreenedRequest) (*sickleavev1.ListUnscreenedResponse, error) {
	size, err := pageSize(request.GetPageSize())
	if err != nil {
		return nil, err
	}
	rules := s.orToday(rulesOf(request.GetAsOfDate(), request.MaxGapDays, nil, nil))
	limit := sickleave.DefaultScreeningDays
	if request.LimitDays != nil {
		limit = int(request.GetLimitDays())
	}
	query := "ListUnscreened " + request.GetCareUnitId() + " " + request.GetAsOfDate()
	keys, err := s.after(query, request.GetPageToken(), 1)
	if err != nil {
		return nil, err
	}
	last := ""
	if keys != nil {
		last = keys[0]
	}
	response := &sickleavev1.ListUnscreenedResponse{}
	for {
		rows, candidates, err := s.onLeave(ctx, rules, last, size+1)
		if err != nil {
			return nil, err
		}
		missed, err := s.missed(ctx, rules, rows, limit)
		if err != nil {
			return nil, err
		}
		response.UnscreenedPatients = append(response.UnscreenedPatients, missed...)
		if len(response.UnscreenedPatients) > size {
			response.UnscreenedPatients = response.UnscreenedPatients[:size]
			response.NextPageToken = s.pages.Encode(query, response.UnscreenedPatients[size-1].GetPatientId())
			return response, nil
		}
		if len(candidates) <= size {
			return response, nil
		}
		last = candidates[len(candidates)-1]
	}
}

// missed keeps, of the patients on leave, those whose case holds no screening although it has lasted longer than the limit.
func (s *Server) missed(ctx context.Context, rules sickleave.Rules, rows []onLeaveRow, limit int) ([]*sickleavev1.UnscreenedPatient, error) {
	var patients []string
	for _, row := range rows {
		patients = append(patients, row.patient)
	}
	days, err := s.store.ScreeningDays(s.read(ctx), access.PlaceFrom(ctx).ProviderID, patients)
	if err != nil {
		return nil, err
	}
	var missed []*sickleavev1.UnscreenedPatient
	for _, row := range rows {
		if row.active.Ongoing && row.active.DayNumber > limit && !row.active.Screened(days[row.patient], rules) {
			missed = append(missed, &sickleavev1.UnscreenedPatient{PatientId: row.patient, SickLeaveCase: caseTo(row.active)})
		}
	}
	return missed, nil
}
