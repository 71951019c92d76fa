package store

import (
	"fmt"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// EpisodeOpen is the state in which new things are booked and planned.
const EpisodeOpen = "OPEN"

// Episode is what is known here of a care episode.
type Episode struct {
	ID          string
	PatientID   string
	State       string // OPEN, CLOSED or REGISTERED_IN_ERROR
	CareManager string
	Revision    int64
}

const putEpisode = `
INSERT INTO care_episode (care_episode_id, patient_id, state, care_manager_id, revision) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (care_episode_id) DO UPDATE SET patient_id = excluded.patient_id, state = excluded.state,
  care_manager_id = excluded.care_manager_id, revision = excluded.revision
WHERE care_episode.revision < excluded.revision`

// PutEpisode keeps what is newer than what is known and tells whether it was.
func (s *Store) PutEpisode(tx *sqldb.Tx, e Episode) (bool, error) {
	result, err := tx.Exec(putEpisode, e.ID, e.PatientID, e.State, e.CareManager, e.Revision)
	if err != nil {
		return false, fmt.Errorf("keep an episode: %w", err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

const selectEpisode = `SELECT care_episode_id, patient_id, state, care_manager_id, revision FROM care_episode WHERE care_episode_id = $1 AND patient_id = $2`

// Episode reads what is known of an episode of the patient. Errors: ErrNotFound.
func (s *Store) Episode(q sqldb.Querier, patientID, episodeID string) (Episode, error) {
	return one("episode", q.QueryRow(selectEpisode, episodeID, patientID), scanEpisode)
}

// ClaimEpisode is Episode for a write that depends on it being open: the end of the episode waits for it.
func (s *Store) ClaimEpisode(tx *sqldb.Tx, patientID, episodeID string) (Episode, error) {
	return one("episode", tx.QueryRow(selectEpisode+tx.Dialect().ForUpdate(), episodeID, patientID), scanEpisode)
}

const selectOpenEpisode = `SELECT care_episode_id, patient_id, state, care_manager_id, revision FROM care_episode
WHERE patient_id = $1 AND state = 'OPEN' ORDER BY care_episode_id DESC LIMIT 1`

// OpenEpisode reads the patient's open episode, as far as it has been heard of. Errors: ErrNotFound.
func (s *Store) OpenEpisode(q sqldb.Querier, patientID string) (Episode, error) {
	return one("episode", q.QueryRow(selectOpenEpisode, patientID), scanEpisode)
}

func scanEpisode(row scanner) (Episode, error) {
	var e Episode
	err := row.Scan(&e.ID, &e.PatientID, &e.State, &e.CareManager, &e.Revision)
	return e, err
}
