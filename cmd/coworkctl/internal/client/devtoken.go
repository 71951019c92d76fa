package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// ErrNoDevIssuer says that the server has no development issuer: it runs in production.
var ErrNoDevIssuer = errors.New("this server gives no development tokens; put one of your issuer's into COWORKCARE_TOKEN")

// TokenRequest says what a development token is for.
type TokenRequest struct {
	Role           string `json:"role"`                      // as in tokens: gp, care_manager, …
	Unit           string `json:"unit,omitempty"`            // a care unit's id or name; empty leaves the choice to the issuer
	PractitionerID string `json:"practitioner_id,omitempty"` // empty leaves the choice to the issuer
	TTLSeconds     int    `json:"ttl_seconds,omitempty"`     // 0 takes the issuer's default
}

// DevToken asks the development issuer, on the operations port, for a token.
func DevToken(ctx context.Context, opsAddress string, ask TokenRequest) (string, error) {
	base, err := BaseURL(opsAddress)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(ask)
	if err != nil {
		return "", fmt.Errorf("encoding the request: %w", err)
	}
	base.Path += "/dev/token"
	data, err := send(ctx, newHTTP(), http.MethodPost, base, "", body)
	if problem := (*Problem)(nil); errors.As(err, &problem) && problem.Reason == "" &&
		(problem.Status == http.StatusNotFound && problem.Detail == "404 page not found" || problem.Status == http.StatusMethodNotAllowed) {
		return "", ErrNoDevIssuer // the answer of a port without this page
	}
	if err != nil {
		return "", err
	}
	var answer struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(data, &answer) != nil || answer.Token == "" {
		return "", fmt.Errorf("%s did not answer with a token: is this the operations port of Co-Work-Care?", base.Redacted())
	}
	return answer.Token, nil
}
