package main

import (
	"errors"
	"net/http"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
)

// The exit codes, the same for every command.
const (
	exitOK       = 0
	exitFailure  = 1
	exitUsage    = 2
	exitNotFound = 3
	exitAuth     = 4
)

// usageError says that the command was called wrongly.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func usage(err error) error { return usageError{err} }

// exitCode is what the program ends with after an error.
func exitCode(err error) int {
	var wrong usageError
	var problem *client.Problem
	switch {
	case errors.As(err, &wrong):
		return exitUsage
	case errors.Is(err, client.ErrNoDevIssuer):
		return exitAuth
	case errors.As(err, &problem):
		switch problem.Status {
		case http.StatusNotFound:
			return exitNotFound
		case http.StatusUnauthorized, http.StatusForbidden:
			return exitAuth
		}
	}
	return exitFailure
}

// failure is an error in JSON.
type failure struct {
	Error    string `json:"error"`
	ExitCode int    `json:"exitCode"`
	Status   int    `json:"status,omitempty"` // of the server's answer
	Reason   string `json:"reason,omitempty"`
	TraceID  string `json:"traceId,omitempty"`
}

// told says an error in JSON.
func told(err error) failure {
	f := failure{Error: explain(err), ExitCode: exitCode(err)}
	var problem *client.Problem
	if errors.As(err, &problem) {
		f.Status, f.Reason, f.TraceID = problem.Status, problem.Reason, problem.TraceID
	}
	return f
}

// explain adds to an error what to do about it.
func explain(err error) string {
	var absent *client.Unreachable
	var wrong usageError
	switch {
	case errors.As(err, &absent):
		return err.Error() + "; start `coworkcare dev`, or name the address by " + variableHTTP + " and " + variableOps
	case errors.As(err, &wrong):
		return err.Error()
	case exitCode(err) == exitAuth && !errors.Is(err, client.ErrNoDevIssuer):
		return err.Error() + "; `coworkctl doctor` shows whose token it is"
	}
	return err.Error()
}
