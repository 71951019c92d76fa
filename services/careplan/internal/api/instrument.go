package api

import (
	"context"
	"slices"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// GetInstrument reads the definition of an instrument.
func (s *Server) GetInstrument(_ context.Context, request *careplanv1.GetInstrumentRequest) (*careplanv1.Instrument, error) {
	i, ok := s.Instruments.Get(request.GetCode())
	if !ok {
		return nil, fault.NotFound(string(careplan.UnknownInstrument), "no such instrument is known; the list of instruments names those that are")
	}
	return instrumentTo(i), nil
}

// ListInstruments lists the instruments.
func (s *Server) ListInstruments(_ context.Context, request *careplanv1.ListInstrumentsRequest) (*careplanv1.ListInstrumentsResponse, error) {
	l, err := s.list(request.GetPageSize(), request.GetPageToken(), "ListInstruments")
	if err != nil {
		return nil, err
	}
	all := s.Instruments.All()
	from := 1 + slices.IndexFunc(all, func(i *careplan.Instrument) bool { return i.Code == l.after.ID })
	all, next := cut(s, l, all[from:], func(i *careplan.Instrument) store.Cursor { return store.Cursor{ID: i.Code} })
	response := &careplanv1.ListInstrumentsResponse{NextPageToken: next}
	for _, i := range all {
		response.Instruments = append(response.Instruments, instrumentTo(i))
	}
	return response, nil
}

func instrumentTo(i *careplan.Instrument) *careplanv1.Instrument {
	told := &careplanv1.Instrument{
		Code: i.Code, DisplayName: i.Title, Scoring: careplanv1.Instrument_Scoring(careplanv1.Instrument_Scoring_value[string(i.Scoring)]),
		Recall: i.Recall, RemissionMax: i.RemissionMax, Licence: i.Licence, Sources: i.Sources,
	}
	for _, item := range i.Items {
		row := &careplanv1.InstrumentItem{Min: int32(item.Min), Max: int32(item.Max)}
		for _, value := range item.Allowed {
			row.Allowed = append(row.Allowed, int32(value))
		}
		told.Items = append(told.Items, row)
	}
	if i.Scoring != careplan.ScoringProfile {
		low, high := i.Range()
		told.MinScore, told.MaxScore = &low, &high
		told.Bands = bandsTo(i, high)
	}
	if i.Safety != nil {
		told.Safety = &careplanv1.InstrumentSafety{Item: int32(i.Safety.Item), ReviewAt: int32(i.Safety.ReviewAt), UrgentAt: int32(i.Safety.UrgentAt)}
	}
	if i.ResponsePercent > 0 {
		told.ResponsePercent = of(int32(i.ResponsePercent))
	}
	for _, code := range i.Loinc {
		told.LoincCodes = append(told.LoincCodes, &careplanv1.LoincCode{Part: code.Part, Code: code.Code})
	}
	return told
}

// bandsTo gives each band its end: sums end one below the next band, means where it begins.
func bandsTo(i *careplan.Instrument, high float64) []*careplanv1.InstrumentBand {
	told := make([]*careplanv1.InstrumentBand, len(i.Bands))
	for n, band := range i.Bands {
		told[n] = &careplanv1.InstrumentBand{Name: band.Name, Min: band.From, Max: high}
		if n == len(i.Bands)-1 {
			continue
		}
		told[n].Max = i.Bands[n+1].From - 1
		if i.Scoring == careplan.ScoringMean {
			told[n].Max, told[n].MaxExcluded = i.Bands[n+1].From, true
		}
	}
	return told
}
