package store

import (
	"fmt"

	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// seal encrypts text for one column of one row; no text is null.
func (s *Store) seal(text, column, id string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	sealed, err := s.keys.Seal([]byte(text), place(column, id))
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", column, err)
	}
	return sealed, nil
}

func (s *Store) unseal(sealed []byte, column, id string) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	text, err := s.keys.Unseal(sealed, place(column, id))
	if err != nil {
		return "", fmt.Errorf("open %s: %w", column, err)
	}
	return string(text), nil
}

func place(column, id string) []byte { return []byte(column + "/" + id) }

// words are the columns of a follow-up that hold what people wrote.
func words() [3]string {
	return [3]string{"follow_up.title", "follow_up.snooze_reason", "follow_up.end_note"}
}

func (s *Store) sealWords(f followup.FollowUp) ([3][]byte, error) {
	var sealed [3][]byte
	for i, text := range []string{f.Title, f.SnoozeReason, f.End.Note} {
		var err error
		if sealed[i], err = s.seal(text, words()[i], f.ID); err != nil {
			return sealed, err
		}
	}
	return sealed, nil
}

func (s *Store) unsealWords(f *followup.FollowUp, sealed [3][]byte) error {
	for i, text := range []*string{&f.Title, &f.SnoozeReason, &f.End.Note} {
		var err error
		if *text, err = s.unseal(sealed[i], words()[i], f.ID); err != nil {
			return err
		}
	}
	return nil
}
