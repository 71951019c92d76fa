package identity

import "errors"

var (
	// ErrNoToken says that the request carries no bearer token.
	ErrNoToken = errors.New("no bearer token")
	// ErrInvalidToken matches every [InvalidTokenError].
	ErrInvalidToken = errors.New("invalid token")
	// ErrKeysUnavailable says that a token could not be judged because the issuer's keys could not be fetched. The token may
	// be good: the request should be tried again, not refused as unauthenticated.
	ErrKeysUnavailable = errors.New("the token issuer's keys are unavailable")
)

// Cause is why a token is refused. The texts are stable and may be shown to the caller.
type Cause string

// The causes.
const (
	CauseMalformed   Cause = "malformed"     // not a token of the documented form; the detail says which part
	CauseSignature   Cause = "signature"     // no known key signed it with an allowed algorithm
	CauseIssuer      Cause = "issuer"        // made by another issuer
	CauseAudience    Cause = "audience"      // made for another system
	CauseExpired     Cause = "expired"       // its time is over
	CauseNotYetValid Cause = "not_yet_valid" // its time has not come
	CauseLifetime    Cause = "lifetime"      // lives longer than a token may
)

// InvalidTokenError says why a token is refused. Its Error text holds the cause alone.
type InvalidTokenError struct {
	Cause Cause
	// Detail helps whoever runs the issuer, for logs. It is written in this package and quotes nothing from the token.
	Detail string
}

func (e *InvalidTokenError) Error() string { return "invalid token: " + string(e.Cause) }

// Is makes every InvalidTokenError match ErrInvalidToken.
func (e *InvalidTokenError) Is(target error) bool { return target == ErrInvalidToken }

func invalid(cause Cause, detail string) error {
	return &InvalidTokenError{Cause: cause, Detail: detail}
}
