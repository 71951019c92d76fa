package identity

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	// Field names match by case and a name that stands twice is an error, unlike in encoding/json: two readers of one token
	// must not see different claims.
	"github.com/go-jose/go-jose/v4/json"
)

const (
	maxTokenSize    = 16 << 10
	maxAssignments  = 200
	maxLifetime     = 24 * time.Hour
	clockSkew       = time.Minute // allowed for iat and nbf; an expired token is expired
	maxSubjectSize  = 255         // OpenID Connect Core 1.0 section 2
	maxKeyIDSize    = 256
	serviceSubjects = "service:"
	// Nothing later than the year 9999 is an instant.
	maxInstant = 253402300799
)

// header is the protected header of a compact JWS, as far as it is judged here.
type header struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ"`
	KeyID     string `json:"kid"`
	// Critical extensions must be understood or refused (RFC 7515 section 4.1.11); none is understood.
	Critical any `json:"crit"`
}

// parseHeader checks that raw has the outer form of a compact JWS (RFC 7515 section 7.1) and returns its header, of which
// nothing is verified yet.
func parseHeader(raw string) (header, error) {
	if len(raw) > maxTokenSize {
		return header{}, invalid(CauseMalformed, "longer than 16 kB")
	}
	// The JSON serialisation of a JWS, which libraries accept as well, has no dots at these places.
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
		return header{}, invalid(CauseMalformed, "not a compact JWS")
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	if err != nil {
		return header{}, invalid(CauseMalformed, "header is not base64url")
	}
	var h header
	if err := json.Unmarshal(data, &h); err != nil {
		return header{}, invalid(CauseMalformed, "header is not a JSON object of the expected form")
	}
	if h.Critical != nil {
		return header{}, invalid(CauseMalformed, "crit names extensions that are not understood")
	}
	return h, nil
}

// claims are the claims of a caller's token or a service token. Instants are NumericDate: seconds since 1970, as a JSON number.
type claims struct {
	Issuer         string            `json:"iss"`
	Audience       audience          `json:"aud"`
	Subject        string            `json:"sub"`
	Expiry         *float64          `json:"exp"`
	NotBefore      *float64          `json:"nbf"`
	IssuedAt       *float64          `json:"iat"`
	PractitionerID string            `json:"practitioner_id"`
	Assignments    []assignmentClaim `json:"assignments"`
}

// audience is one string or several (RFC 7519 section 4.1.3).
type audience []string

func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// assignmentClaim refuses fields it does not know: one could narrow the assignment.
type assignmentClaim Assignment

func (a *assignmentClaim) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	if fields == nil {
		return fmt.Errorf("null assignment")
	}
	for name, value := range fields {
		var target any
		switch name {
		case "care_provider_id":
			target = &a.ProviderID
		case "care_unit_id":
			target = &a.UnitID
		case "roles":
			target = &a.Roles
		default:
			return fmt.Errorf("unknown field")
		}
		if err := json.Unmarshal(value, target); err != nil {
			return err
		}
	}
	return nil
}

func parseClaims(payload []byte) (claims, error) {
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return claims{}, invalid(CauseMalformed, "claims are not a JSON object of the expected form")
	}
	return c, nil
}

// check judges everything but the signature: issuer and audience before time, so that a token of another system is named so.
func (c claims) check(issuer, audience string, now time.Time) error {
	switch {
	case c.Issuer != issuer:
		return invalid(CauseIssuer, "iss is not the configured issuer")
	case !slices.Contains(c.Audience, audience):
		return invalid(CauseAudience, "aud does not hold the configured audience")
	}
	expiry, okExpiry := instant(c.Expiry)
	issued, okIssued := instant(c.IssuedAt)
	if !okExpiry || !okIssued {
		return invalid(CauseMalformed, "exp or iat is missing or not an instant")
	}
	notBefore, okNotBefore := instant(c.NotBefore)
	if c.NotBefore != nil && !okNotBefore {
		return invalid(CauseMalformed, "nbf is not an instant")
	}
	switch {
	case !now.Before(expiry): // RFC 7519 section 4.1.4: not on the instant either
		return invalid(CauseExpired, "exp has passed")
	case issued.After(now.Add(clockSkew)), notBefore.After(now.Add(clockSkew)):
		return invalid(CauseNotYetValid, "iat or nbf lies ahead by more than a minute")
	case !issued.Before(expiry):
		return invalid(CauseMalformed, "iat is not before exp")
	case expiry.Sub(issued) > maxLifetime:
		return invalid(CauseLifetime, "more than 24 hours between iat and exp")
	}
	return nil
}

// caller returns who the claims name; check must have passed.
func (c claims) caller() (Caller, error) {
	if !validSubject(c.Subject) || strings.HasPrefix(c.Subject, serviceSubjects) {
		return Caller{}, invalid(CauseMalformed, "sub is not 1 to 255 printable ASCII characters, or names a service")
	}
	if c.PractitionerID != "" && !validID(c.PractitionerID) {
		return Caller{}, invalid(CauseMalformed, "practitioner_id is not 1 to 64 letters, digits, '-' or '_'")
	}
	if len(c.Assignments) > maxAssignments {
		return Caller{}, invalid(CauseMalformed, "more than 200 assignments")
	}
	assignments := make([]Assignment, len(c.Assignments))
	for i, claim := range c.Assignments {
		assignments[i] = Assignment(claim)
		if err := assignments[i].Validate(); err != nil {
			return Caller{}, invalid(CauseMalformed, fmt.Sprintf("assignment %d: %v", i+1, err))
		}
	}
	expiry, _ := instant(c.Expiry)
	return Caller{Subject: c.Subject, PractitionerID: c.PractitionerID, Assignments: assignments, Expiry: expiry}, nil
}

func validSubject(subject string) bool {
	if len(subject) == 0 || len(subject) > maxSubjectSize {
		return false
	}
	for i := range len(subject) {
		if c := subject[i]; c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

func instant(seconds *float64) (time.Time, bool) {
	if seconds == nil || !(*seconds > 0 && *seconds <= maxInstant) {
		return time.Time{}, false
	}
	whole, fraction := math.Modf(*seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), true
}
