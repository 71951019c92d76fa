package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
	"github.com/coworkcare/coworkcare/platform/identity"
)

// refusal explains why the server does not accept a token, from the cause in its answer.
func refusal(detail, token string) (text, fix string) {
	text = "the server does not accept the token: " + detail
	claims, _ := client.ReadClaims(token)
	for cause, told := range map[identity.Cause][2]string{
		identity.CauseIssuer: {fmt.Sprintf("the token is of %q, which is not the issuer that the server trusts", claims.Issuer),
			"take a token of the server's issuer, or set COWORKCARE_OIDC_ISSUER to the token's iss, letter for letter"},
		identity.CauseAudience:    {"the token is made for another system", "have the issuer put the server's COWORKCARE_OIDC_AUDIENCE into aud"},
		identity.CauseExpired:     {"the server finds the token expired", "fetch a new one; if it is new, the server's clock is ahead"},
		identity.CauseNotYetValid: {"the server finds that the token's time has not come", "set the clocks of the server and of the issuer by NTP"},
		identity.CauseLifetime:    {"the token lives longer than the server allows", "have the issuer make tokens of at most 24 hours"},
		identity.CauseSignature: {fmt.Sprintf("the token says it is of %q, but no key of that issuer signed it", claims.Issuer),
			"take a fresh token: that of an installation that was reset, or of keys since withdrawn, is worth nothing"},
		identity.CauseMalformed: {"the token is not of the form that the server takes", "see docs/operations.md, Tokens, and what the server's log says about it"},
	} {
		if strings.Contains(detail, "("+string(cause)+")") {
			return told[0], told[1]
		}
	}
	return text, "issuer, audience and keys of the server (COWORKCARE_OIDC_ISSUER) must be those of the token"
}

// silence explains why no answer came from an address.
func silence(base *url.URL, err error, variable string) (text, fix string) {
	var unknown *net.DNSError
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at " + base.String(), "start the server (`coworkcare dev` on a laptop; when it ends at once, its last line says why), or name its address by " + variable
	case errors.As(err, &unknown):
		return "there is no machine of the name " + base.Hostname(), "correct the address by " + variable
	case errors.Is(err, http.ErrSchemeMismatch):
		return base.String() + " does not speak TLS", "write http:// for a server without TLS, in " + variable
	case errors.As(err, &untrusted):
		return "the certificate of " + base.Host + " is not trusted here", "install the certificate authority on this machine, or name the host that the certificate is for"
	case strings.Contains(err.Error(), "malformed HTTP"):
		return base.String() + " does not speak HTTP; it may be the gRPC port", "name the port of REST by " + variable
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer from " + base.String() + " in five seconds", "see that the address is right, that no firewall drops the packets, and that the server is not overloaded"
	}
	return "no answer from " + base.String(), "start the server, or name its address by " + variable
}
