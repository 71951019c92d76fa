package client

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Claims are what a token says. They are read, not verified: the server judges, this only shows.
type Claims struct {
	Issuer         string       `json:"iss"`
	Subject        string       `json:"sub"`
	Expiry         float64      `json:"exp"`
	IssuedAt       float64      `json:"iat"`
	PractitionerID string       `json:"practitioner_id"`
	Assignments    []Assignment `json:"assignments"`
}

// Assignment is a set of roles at a place.
type Assignment struct {
	CareProviderID string   `json:"care_provider_id"`
	CareUnitID     string   `json:"care_unit_id"`
	Roles          []string `json:"roles"`
}

// Expires is when the token ends.
func (c Claims) Expires() time.Time { return time.Unix(int64(c.Expiry), 0) }

// Issued is when the token was made.
func (c Claims) Issued() time.Time { return time.Unix(int64(c.IssuedAt), 0) }

// ReadClaims reads the claims of a JWT.
func ReadClaims(token string) (Claims, error) {
	wrong := errors.New("the token is not a JWT with claims in JSON")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, wrong
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return Claims{}, wrong
	}
	var claims Claims
	if json.Unmarshal(data, &claims) != nil {
		return Claims{}, wrong
	}
	return claims, nil
}
