package identity

import (
	"strings"

	"google.golang.org/grpc/metadata"
)

// Metadata keys of a gRPC request; the first is also the HTTP header.
const (
	// MetadataCaller carries the caller's token as "Bearer <token>".
	MetadataCaller = "authorization"
	// MetadataService carries the token of the service that makes the call, bare.
	MetadataService = "x-coworkcare-service-token"
)

// BearerToken returns the token of an authorization header value (RFC 6750 section 2.1; the scheme's case does not matter). It
// returns ErrNoToken when the value is empty or of another scheme.
func BearerToken(authorization string) (string, error) {
	scheme, token, _ := strings.Cut(authorization, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "bearer") || token == "" {
		return "", ErrNoToken
	}
	return token, nil
}

// CallerToken returns the caller's token of an incoming request, ErrNoToken when there is none. Several authorization values
// are refused: two readers could judge different ones.
func CallerToken(md metadata.MD) (string, error) {
	switch values := md.Get(MetadataCaller); len(values) {
	case 0:
		return "", ErrNoToken
	case 1:
		return BearerToken(values[0])
	default:
		return "", invalid(CauseMalformed, "several authorization values")
	}
}

// ServiceToken returns the service token of an incoming request, ErrNoToken when there is none.
func ServiceToken(md metadata.MD) (string, error) {
	switch values := md.Get(MetadataService); {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return "", ErrNoToken
	case len(values) == 1:
		return values[0], nil
	default:
		return "", invalid(CauseMalformed, "several service tokens")
	}
}
