package store

import (
	"encoding/json"
	"fmt"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
)

// sealedPart is what stands encrypted in a row, as JSON. Keys are never renamed: old rows keep theirs.
type sealedPart struct {
	Diagnoses          []string      `json:"diagnoses,omitempty"`
	Bases              []sealedBasis `json:"bases,omitempty"`
	Occupation         string        `json:"occupation,omitempty"`
	FunctionLimitation string        `json:"function_limitation,omitempty"`
	ActivityLimitation string        `json:"activity_limitation,omitempty"`
	PrognosisKind      string        `json:"prognosis_kind,omitempty"`
	PrognosisMonths    int           `json:"prognosis_months,omitempty"`
	PrognosisText      string        `json:"prognosis_text,omitempty"`
	EarlyStartReason   string        `json:"early_start_reason,omitempty"`
	OtherInformation   string        `json:"other_information,omitempty"`
	RevokeReason       string        `json:"revoke_reason,omitempty"`
	ErrorReason        string        `json:"error_reason,omitempty"`

	Prefills      []sickleave.Prefill `json:"prefills,omitempty"`
	ChangedFields []string            `json:"changed_fields,omitempty"`
}

type sealedBasis struct {
	Kind string   `json:"kind"`
	Day  date.Day `json:"day"`
	Note string   `json:"note,omitempty"`
}

// boundTo is what the sealed part of a certificate is bound to.
func boundTo(certificateID string) []byte { return []byte("certificate.sealed:" + certificateID) }

func (s *Store) seal(c sickleave.Certificate) ([]byte, error) {
	part := sealedPart{
		Diagnoses: c.Diagnoses, Occupation: c.Occupation, FunctionLimitation: c.FunctionLimitation,
		ActivityLimitation: c.ActivityLimitation, PrognosisKind: string(c.Prognosis.Kind), PrognosisMonths: c.Prognosis.Months,
		PrognosisText: c.Prognosis.Explanation, EarlyStartReason: c.EarlyStartReason, OtherInformation: c.OtherInformation,
		RevokeReason: c.RevokeReason, ErrorReason: c.ErrorReason, Prefills: c.Prefills, ChangedFields: c.ChangedFields,
	}
	for _, b := range c.Bases {
		part.Bases = append(part.Bases, sealedBasis{Kind: string(b.Kind), Day: b.Day, Note: b.Note})
	}
	plain, err := json.Marshal(part)
	if err != nil {
		return nil, fmt.Errorf("seal certificate: %w", err)
	}
	sealed, err := s.keys.Seal(plain, boundTo(c.ID))
	if err != nil {
		return nil, fmt.Errorf("seal certificate: %w", err)
	}
	return sealed, nil
}

func (s *Store) unseal(c *sickleave.Certificate, sealed []byte) error {
	plain, err := s.keys.Unseal(sealed, boundTo(c.ID))
	if err != nil {
		return fmt.Errorf("open certificate: %w", err)
	}
	var part sealedPart
	if err := json.Unmarshal(plain, &part); err != nil {
		// The cause quotes what could not be read; it stays inside.
		return fmt.Errorf("open certificate: the sealed part has another form")
	}
	c.Diagnoses, c.Occupation, c.FunctionLimitation = part.Diagnoses, part.Occupation, part.FunctionLimitation
	c.ActivityLimitation, c.EarlyStartReason = part.ActivityLimitation, part.EarlyStartReason
	c.OtherInformation, c.RevokeReason, c.ErrorReason = part.OtherInformation, part.RevokeReason, part.ErrorReason
	c.Prefills, c.ChangedFields = part.Prefills, part.ChangedFields
	c.Prognosis = sickleave.Prognosis{
		Kind: sickleave.PrognosisKind(part.PrognosisKind), Months: part.PrognosisMonths, Explanation: part.PrognosisText,
	}
	for _, b := range part.Bases {
		c.Bases = append(c.Bases, sickleave.Basis{Kind: sickleave.BasisKind(b.Kind), Day: b.Day, Note: b.Note})
	}
	return nil
}
