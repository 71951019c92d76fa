package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Assignment is the roles held at one place: a unit (both ids), a whole care provider (UnitID ""; provider_administrator only)
// or the whole installation (both ""; operator only). Its JSON is the form used in tokens.
type Assignment struct {
	ProviderID string `json:"care_provider_id,omitempty"`
	UnitID     string `json:"care_unit_id,omitempty"`
	Roles      []Role `json:"roles"`
}

// Validate checks that the roles are known, that there is at least one, and that each is held at the kind of place it is for.
func (a Assignment) Validate() error {
	place := scopeUnit
	switch {
	case a.ProviderID == "" && a.UnitID == "":
		place = scopeInstallation
	case a.ProviderID == "":
		return errors.New("a care unit without its care provider")
	case a.UnitID == "":
		place = scopeProvider
	}
	if a.ProviderID != "" && !validID(a.ProviderID) || a.UnitID != "" && !validID(a.UnitID) {
		return errors.New("an id is not 1 to 64 letters, digits, '-' or '_'")
	}
	if len(a.Roles) == 0 {
		return errors.New("no role")
	}
	for _, role := range a.Roles {
		if !role.Valid() {
			return errors.New("an unknown role")
		}
		if role.scope() != place {
			return fmt.Errorf("role %s is not held at this kind of place", role)
		}
	}
	return nil
}

// validID accepts the form of ids made by the server, and nothing that could mean something in a path, a query or a log.
func validID(id string) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// Caller is who calls. The zero value is nobody and may do nothing.
type Caller struct {
	// Subject is the issuer's id of the person; of a service acting on its own it is "service:" and the service's name.
	// A person's subject never starts so.
	Subject string
	// PractitionerID is the person's id in the staff registry; "" for integrations, operators and services.
	PractitionerID string
	// Service names the part of this system that made the call, "" when the call came from outside. Beside a person's Subject
	// it means that the service calls on that person's behalf.
	Service     string
	Assignments []Assignment
	// Expiry is the instant from which the token counts no longer.
	Expiry time.Time
}

// HasRole reports whether the caller holds any of the roles anywhere. It says nothing about where: use RolesAt to decide about
// a unit's data.
func (c Caller) HasRole(roles ...Role) bool {
	return slices.ContainsFunc(c.Assignments, func(a Assignment) bool { return a.hasAny(roles) })
}

func (a Assignment) hasAny(roles []Role) bool {
	return slices.ContainsFunc(a.Roles, func(role Role) bool { return slices.Contains(roles, role) })
}

// RolesAt returns the roles that reach a unit: those held there, those held for its whole provider, and those held for the
// installation. With unitID "" it returns the roles that reach the provider, with both "" those that reach the installation.
// Each role stands once, in order of first appearance.
func (c Caller) RolesAt(providerID, unitID string) []Role {
	var roles []Role
	for _, a := range c.Assignments {
		if !a.reaches(providerID, unitID) {
			continue
		}
		for _, role := range a.Roles {
			if !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
	}
	return roles
}

func (a Assignment) reaches(providerID, unitID string) bool {
	if a.ProviderID == "" {
		return a.UnitID == ""
	}
	return a.ProviderID == providerID && (a.UnitID == "" || a.UnitID == unitID)
}

// WorksAt reports whether the caller has an assignment at exactly this unit of this provider. Roles held for a whole provider
// or the installation do not make anybody work at a unit.
func (c Caller) WorksAt(providerID, unitID string) bool {
	if providerID == "" || unitID == "" {
		return false
	}
	return slices.ContainsFunc(c.Assignments, func(a Assignment) bool { return a.ProviderID == providerID && a.UnitID == unitID })
}

// UnitIDs returns the units where the caller holds any of the roles, or any role at all when none is named: sorted, each once.
func (c Caller) UnitIDs(roles ...Role) []string {
	var ids []string
	for _, a := range c.Assignments {
		if a.UnitID != "" && (len(roles) == 0 || a.hasAny(roles)) {
			ids = append(ids, a.UnitID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// ProviderIDs returns the care providers where the caller has an assignment, at a unit or for the whole: sorted, each once.
func (c Caller) ProviderIDs() []string {
	var ids []string
	for _, a := range c.Assignments {
		if a.ProviderID != "" {
			ids = append(ids, a.ProviderID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// clone returns a Caller that shares no memory with c, so that nobody who is handed one can change a cached one.
func (c Caller) clone() Caller {
	if len(c.Assignments) == 0 {
		return c
	}
	count := 0
	for _, a := range c.Assignments {
		count += len(a.Roles)
	}
	roles := make([]Role, 0, count)
	assignments := make([]Assignment, len(c.Assignments))
	for i, a := range c.Assignments {
		from := len(roles)
		roles = append(roles, a.Roles...)
		a.Roles = roles[from:len(roles):len(roles)]
		assignments[i] = a
	}
	c.Assignments = assignments
	return c
}

type (
	callerKey   struct{}
	rawTokenKey struct{}
)

// NewContext returns a context that carries the verified caller.
func NewContext(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// FromContext returns the verified caller; false when the request was not authenticated.
func FromContext(ctx context.Context) (Caller, bool) {
	caller, ok := ctx.Value(callerKey{}).(Caller)
	return caller, ok
}

// WithRawToken returns a context that carries the caller's verified token, so that calls to other services are made on the
// caller's behalf (see [ServiceCredentials]). The token stays out of Caller, which may be logged.
func WithRawToken(ctx context.Context, raw string) context.Context {
	return context.WithValue(ctx, rawTokenKey{}, raw)
}

// RawToken returns the caller's token; "" when the work is the service's own.
func RawToken(ctx context.Context) string {
	raw, _ := ctx.Value(rawTokenKey{}).(string)
	return raw
}
