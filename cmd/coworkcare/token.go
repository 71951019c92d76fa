package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

// tokenDesk makes ready tokens for people of the demo, asking the registry who works where. It stands on the operations
// port of `coworkcare dev` and nowhere else.
type tokenDesk struct {
	issuer   *devissuer.Issuer
	patients patientv1.PatientServiceClient
	clock    clock.Clock
}

func newTokenDesk(issuer *devissuer.Issuer, conn grpc.ClientConnInterface, now clock.Clock) *tokenDesk {
	return &tokenDesk{issuer: issuer, patients: patientv1.NewPatientServiceClient(conn), clock: now}
}

type tokenRequest struct {
	Role           string `json:"role"`
	Unit           string `json:"unit"` // id or name; "*" for every unit (integration)
	PractitionerID string `json:"practitioner_id"`
	TTLSeconds     int    `json:"ttl_seconds"`
}

type tokenAnswer struct {
	Token          string `json:"token,omitempty"`
	PractitionerID string `json:"practitioner_id,omitempty"`
	CareUnitID     string `json:"care_unit_id,omitempty"`
	CareProviderID string `json:"care_provider_id,omitempty"`
	Error          string `json:"error,omitempty"`
}

// ServeHTTP answers POST /dev/token, to loopback alone.
func (d *tokenDesk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	refuse := func(status int, err error) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(tokenAnswer{Error: err.Error()})
	}
	if !fromLoopback(r) {
		refuse(http.StatusForbidden, errors.New("development tokens are given on loopback only"))
		return
	}
	var request tokenRequest
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		refuse(http.StatusBadRequest, errors.New(`send {"role": "gp", "unit": "…", "practitioner_id": "…", "ttl_seconds": 3600}`))
		return
	}
	answer, err := d.token(r.Context(), request)
	if err != nil {
		refuse(http.StatusBadRequest, err)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// fromLoopback holds against pages in a browser too: their requests bear a foreign Origin or Host.
func fromLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !net.ParseIP(host).IsLoopback() || r.Header.Get("Origin") != "" {
		return false
	}
	named := r.Host
	if h, _, err := net.SplitHostPort(named); err == nil {
		named = h
	}
	return named == "localhost" || net.ParseIP(strings.Trim(named, "[]")).IsLoopback()
}

func (d *tokenDesk) token(ctx context.Context, request tokenRequest) (tokenAnswer, error) {
	role, err := identity.ParseRole(request.Role)
	if err != nil {
		return tokenAnswer{}, err
	}
	ttl := time.Duration(request.TTLSeconds) * time.Second
	if ttl <= 0 {
		ttl = devissuer.DefaultLifetime
	}
	claims := devissuer.Claims{Subject: "dev:" + string(role), TTL: ttl}
	if role == identity.RoleOperator {
		claims.Assignments = []identity.Assignment{{Roles: []identity.Role{role}}}
		return d.mint(claims, tokenAnswer{})
	}
	units, err := d.units(ctx)
	if err != nil {
		return tokenAnswer{}, err
	}
	here, err := pick(units, request.Unit)
	if err != nil {
		return tokenAnswer{}, err
	}
	answer := tokenAnswer{CareUnitID: here[0].GetCareUnitId(), CareProviderID: here[0].GetCareProviderId()}
	for _, unit := range here {
		assignment := identity.Assignment{ProviderID: unit.GetCareProviderId(), UnitID: unit.GetCareUnitId(), Roles: []identity.Role{role}}
		if role == identity.RoleProviderAdministrator {
			assignment.UnitID = ""
		}
		claims.Assignments = append(claims.Assignments, assignment)
	}
	if role == identity.RoleIntegration || role == identity.RoleProviderAdministrator {
		return d.mint(claims, answer)
	}
	person, assignments, err := d.person(ctx, here[0], role, request.PractitionerID)
	if err != nil {
		return tokenAnswer{}, err
	}
	claims.Subject, claims.PractitionerID, answer.PractitionerID = person, person, person
	if len(assignments) > 0 {
		claims.Assignments = assignments
	}
	return d.mint(claims, answer)
}

func (d *tokenDesk) mint(claims devissuer.Claims, answer tokenAnswer) (tokenAnswer, error) {
	var err error
	answer.Token, err = d.issuer.Mint(claims)
	return answer, err
}

// pick gives the units that a request names: by id, by name, all, or the first.
func pick(units []*patientv1.CareUnit, named string) ([]*patientv1.CareUnit, error) {
	switch {
	case len(units) == 0:
		return nil, errors.New("there is no care unit yet; create one with an operator's token, or start with --demo")
	case named == "":
		return units[:1], nil
	case named == "*":
		return units, nil
	}
	var names []string
	for _, unit := range units {
		if unit.GetCareUnitId() == named || strings.EqualFold(unit.GetDisplayName(), named) {
			return []*patientv1.CareUnit{unit}, nil
		}
		names = append(names, unit.GetDisplayName())
	}
	return nil, fmt.Errorf("there is no care unit %q; there are %s", named, strings.Join(names, ", "))
}

// asOperator acts with an operator's token of a minute.
func (d *tokenDesk) asOperator(ctx context.Context) (context.Context, error) {
	token, err := d.issuer.Mint(devissuer.Claims{Subject: "dev:desk", TTL: time.Minute, Assignments: []identity.Assignment{{Roles: []identity.Role{identity.RoleOperator}}}})
	if err != nil {
		return nil, err
	}
	return metadata.AppendToOutgoingContext(ctx, identity.MetadataCaller, "Bearer "+token), nil
}

func (d *tokenDesk) units(ctx context.Context) ([]*patientv1.CareUnit, error) {
	ctx, err := d.asOperator(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := d.patients.ListCareUnits(ctx, &patientv1.ListCareUnitsRequest{PageSize: 200})
	if err != nil {
		return nil, fmt.Errorf("asking for the care units: %w", err)
	}
	return answer.GetCareUnits(), nil
}

// person finds somebody with the role at the unit, with every role that they hold there and elsewhere. A unit without one gets
// a person by name of role, so that every role can be tried.
func (d *tokenDesk) person(ctx context.Context, unit *patientv1.CareUnit, role identity.Role, named string) (string, []identity.Assignment, error) {
	ctx, err := d.asOperator(ctx)
	if err != nil {
		return "", nil, err
	}
	answer, err := d.patients.ListPractitioners(ctx, &patientv1.ListPractitionersRequest{CareUnitId: unit.GetCareUnitId(), PageSize: 200})
	if err != nil {
		return "", nil, fmt.Errorf("asking for the staff: %w", err)
	}
	for _, p := range answer.GetPractitioners() {
		assignments, holds := assignmentsOf(p, unit, role, date.Of(d.clock.Now()))
		if p.GetPractitionerId() == named || named == "" && holds {
			if !holds {
				return "", nil, fmt.Errorf("that practitioner is no %s at the unit", role)
			}
			return p.GetPractitionerId(), assignments, nil
		}
	}
	if named != "" {
		return named, nil, nil
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(unit.GetCareUnitId()+"/"+string(role))).String(), nil, nil
}

func assignmentsOf(p *patientv1.Practitioner, unit *patientv1.CareUnit, role identity.Role, today date.Day) ([]identity.Assignment, bool) {
	var assignments []identity.Assignment
	holds := false
	for _, employment := range p.GetEmployments() {
		if last, err := date.Parse(employment.GetEndDate()); err == nil && last.Before(today) {
			continue // a locum who has left is not the one to try with
		}
		a := identity.Assignment{ProviderID: p.GetCareProviderId(), UnitID: employment.GetCareUnitId()}
		for _, held := range employment.GetRoles() {
			if r := access.RoleOf(held); r.Valid() && r != identity.RoleOperator && r != identity.RoleProviderAdministrator {
				a.Roles = append(a.Roles, r)
			}
		}
		if len(a.Roles) > 0 {
			assignments = append(assignments, a)
			holds = holds || a.UnitID == unit.GetCareUnitId() && slices.Contains(a.Roles, role)
		}
	}
	return assignments, holds
}
