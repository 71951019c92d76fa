package store

import (
	"fmt"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
)

// HeardConsents is what the patient consents to on a day as far as has been told here. Walls do not rest on it: it may lag.
func HeardConsents(q sqldb.Querier, patientID, employerID string, today date.Day) (employerdialogue.Consents, error) {
	told, err := Told(q, patientID, ToldConsent, func() *patientv1.ConsentSnapshot { return &patientv1.ConsentSnapshot{} })
	if err != nil {
		return employerdialogue.Consents{}, err
	}
	var heard employerdialogue.Consents
	for _, c := range told {
		heard.Revision = max(heard.Revision, int(c.GetConsentsRevision()))
		if c.GetState() != patientv1.Consent_GRANTED || !covers(c, today) {
			continue
		}
		switch {
		case c.GetKind() == patientv1.Consent_COORDINATION:
			heard.Coordination = true
		case c.GetReceiverKind() == patientv1.Consent_EMPLOYER && c.GetReceiverId() == employerID:
			for _, item := range c.GetItemTypes() {
				heard.Told = append(heard.Told, employerdialogue.Item(item.String()))
			}
		}
	}
	return heard, nil
}

// covers tells whether a day lies in the period of a consent; one that cannot be read covers none.
func covers(c *patientv1.ConsentSnapshot, day date.Day) bool {
	start, err := date.Parse(c.GetStartDate())
	if err != nil && c.GetStartDate() != "" || day < start {
		return false
	}
	end, err := date.Parse(c.GetEndDate())
	return c.GetEndDate() == "" || err == nil && day <= end
}

// HoldConsents keeps what has been told of a patient's consents as it is until the transaction ends, so that what hears of a
// withdrawal sees the meeting that was opened before it.
func HoldConsents(tx *sqldb.Tx, patientID string) error {
	rows, err := tx.Query(`SELECT resource_id FROM told WHERE patient_id = $1 AND kind = $2 ORDER BY resource_id`+tx.Dialect().ForUpdate(), patientID, ToldConsent)
	if err != nil {
		return fmt.Errorf("hold what was told of consents: %w", err)
	}
	defer rows.Close()
	for rows.Next() { // the rows are locked as they are read
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("hold what was told of consents: %w", err)
	}
	return nil
}
