package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tokenSeconds is how long a token is asked for: a working day, as the banner's tokens are to last one.
const tokenSeconds = 8 * 60 * 60

// tokens asks the development issuer for tokens and keeps them while they last. Tokens live by the machine's time, whatever the
// development clock shows.
type tokens struct {
	url  string
	http *http.Client

	mu   sync.Mutex
	held map[Actor]token
}

type token struct {
	text string
	ends time.Time
}

// of returns a token of an actor that lasts at least another minute.
func (t *tokens) of(ctx context.Context, actor Actor) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if held, ok := t.held[actor]; ok && time.Until(held.ends) > time.Minute {
		return held.text, nil
	}
	text, err := t.mint(ctx, actor)
	if err != nil {
		return "", err
	}
	t.held[actor] = token{text: text, ends: time.Now().Add(tokenSeconds * time.Second)}
	return text, nil
}

func (t *tokens) forget(actor Actor) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.held, actor)
}

func (t *tokens) mint(ctx context.Context, actor Actor) (string, error) {
	asked := object{{"role", actor.Role}}
	if actor.UnitID != "" {
		asked = append(asked, field{"unit", actor.UnitID})
	}
	if actor.PractitionerID != "" {
		asked = append(asked, field{"practitioner_id", actor.PractitionerID})
	}
	body, err := json.Marshal(append(asked, field{"ttl_seconds", tokenSeconds}))
	if err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := t.http.Do(request)
	if err != nil {
		return "", fmt.Errorf("asking the development issuer for a token (does `coworkcare dev` run?): %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	var granted struct {
		Token string `json:"token"`
	}
	if response.StatusCode != http.StatusOK || json.Unmarshal(answer, &granted) != nil || granted.Token == "" {
		return "", fmt.Errorf("the development issuer gave no token for role %s: %d %s", actor.Role, response.StatusCode,
			strings.TrimSpace(string(answer[:min(len(answer), 300)])))
	}
	return granted.Token, nil
}
