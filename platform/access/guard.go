package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"

	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
)

// Guard keeps the rules of every method that a process serves and decides by them.
type Guard struct {
	rules    map[string]*Rule
	locators map[string]Locator // by service/field
}

// NewGuard makes a guard without rules; nothing may be called.
func NewGuard() *Guard {
	return &Guard{rules: map[string]*Rule{}, locators: map[string]Locator{}}
}

// Add reads the rules of gRPC services from their descriptors.
func (g *Guard) Add(services ...string) error {
	for _, service := range services {
		rules, err := RulesOf(service)
		if err != nil {
			return err
		}
		for method, rule := range rules {
			g.rules[method] = rule
		}
	}
	return nil
}

// Locate says how a service finds the place of an id field, for example followup's follow_up_id.
func (g *Guard) Locate(service, field string, locator Locator) {
	g.locators[service+"/"+field] = locator
}

// Complete refuses a guard whose rules ask for places that nobody can tell.
func (g *Guard) Complete() error {
	for _, rule := range g.rules {
		if rule.Scope != accessv1.Scope_SCOPE_RESOURCE && rule.Scope != accessv1.Scope_SCOPE_PATIENT {
			continue
		}
		if g.locators[g.locatorKey(rule)] == nil {
			return fmt.Errorf("%s is measured by %s, and nobody can tell where that stands", rule.Method, rule.lastField())
		}
	}
	return nil
}

func (g *Guard) locatorKey(rule *Rule) string {
	if rule.Scope == accessv1.Scope_SCOPE_PATIENT {
		return rule.Service + "/patient_id"
	}
	return rule.Service + "/" + rule.lastField()
}

// Rule is a method's rule; nil when it has none.
func (g *Guard) Rule(method string) *Rule { return g.rules[method] }

// Authorize decides whether a caller may call, and gives the handler's context what it found. Absent and foreign are one
// answer on one path: the place is looked up, and then either it is one of the caller's or there is nothing.
func (g *Guard) Authorize(ctx context.Context, method string, caller identity.Caller, request proto.Message) (context.Context, error) {
	rule := g.rules[method]
	if rule == nil {
		return nil, fmt.Errorf("%s has no access rule", method)
	}
	if IsWorker(caller) {
		return g.authorizeWorker(ctx, rule, caller, request)
	}
	if !caller.HasRole(rule.Roles...) {
		return nil, roleRequired(rule)
	}
	if err := rule.checkID(request); err != nil {
		return nil, err
	}
	switch rule.Scope {
	case accessv1.Scope_SCOPE_CALLER, accessv1.Scope_SCOPE_INSTALLATION:
		return withFound(ctx, found{}), nil
	case accessv1.Scope_SCOPE_OWN_UNITS:
		units := caller.UnitIDs(rule.Roles...)
		if units == nil {
			units = []string{}
		}
		return withFound(ctx, found{units: units}), nil
	case accessv1.Scope_SCOPE_CARE_PROVIDER:
		return authorizeAt(ctx, rule, caller, Place{ProviderID: rule.value(request)}, "")
	case accessv1.Scope_SCOPE_CARE_UNIT:
		unit := rule.value(request)
		for _, a := range caller.Assignments {
			if a.UnitID == unit {
				return authorizeAt(ctx, rule, caller, Place{ProviderID: a.ProviderID, UnitID: unit}, "")
			}
		}
		return nil, notFound(rule)
	case accessv1.Scope_SCOPE_PATIENT, accessv1.Scope_SCOPE_RESOURCE:
		found, _, err := g.find(ctx, rule, request)
		if err != nil {
			return nil, err
		}
		return authorizeAt(ctx, rule, caller, found.place, found.patient)
	default:
		return nil, fmt.Errorf("%s has an unknown scope", method)
	}
}

// Plausible says whether a text can be an id at all. What cannot is never looked up, nor written into a log.
func Plausible(id string) bool {
	return len(id) <= 64 && strings.IndexFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}) < 0
}

// authorizeAt lets a caller pass who holds one of the rule's roles at the place. One who works there as something else is told
// the role; to anybody else nothing is there.
func authorizeAt(ctx context.Context, rule *Rule, caller identity.Caller, place Place, patient string) (context.Context, error) {
	var here []identity.Role
	switch {
	case place.IsZero():
	case place.UnitID == "":
		here = rolesInProvider(caller, place.ProviderID)
	default:
		here = caller.RolesAt(place.ProviderID, place.UnitID)
	}
	if slices.ContainsFunc(here, func(role identity.Role) bool { return slices.Contains(rule.Roles, role) }) {
		return withFound(ctx, found{place: place, patient: patient}), nil
	}
	if rule.Act != accessv1.Act_ACT_UNSPECIFIED || patient != "" {
		// Administrators' roles reach every unit, but see no patient: for them nothing is there either.
		here = slices.DeleteFunc(here, func(role identity.Role) bool {
			return role == identity.RoleOperator || role == identity.RoleProviderAdministrator
		})
	}
	if len(here) > 0 {
		return nil, roleRequired(rule)
	}
	return nil, notFound(rule)
}

// rolesInProvider are the roles that the caller holds anywhere in a care provider, for what belongs to the whole of it.
func rolesInProvider(caller identity.Caller, providerID string) []identity.Role {
	var roles []identity.Role
	for _, a := range caller.Assignments {
		if a.ProviderID == providerID || a.ProviderID == "" {
			roles = append(roles, a.Roles...)
		}
	}
	return roles
}

func (g *Guard) authorizeWorker(ctx context.Context, rule *Rule, caller identity.Caller, request proto.Message) (context.Context, error) {
	if !slices.Contains(rule.Services, caller.Service) {
		return nil, fault.Denied("ROLE_REQUIRED", "the service "+caller.Service+" may not call this method by itself")
	}
	if err := rule.checkID(request); err != nil {
		return nil, err
	}
	if rule.Scope != accessv1.Scope_SCOPE_PATIENT && rule.Scope != accessv1.Scope_SCOPE_RESOURCE {
		return withFound(ctx, found{}), nil
	}
	found, known, err := g.find(ctx, rule, request)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, notFound(rule)
	}
	return withFound(ctx, found), nil
}

// find looks up where the patient or resource of a request stands: at no place when there is none.
func (g *Guard) find(ctx context.Context, rule *Rule, request proto.Message) (found, bool, error) {
	locator := g.locators[g.locatorKey(rule)]
	if locator == nil {
		return found{}, false, fmt.Errorf("%s: nobody can tell where %s stands", rule.Method, rule.lastField())
	}
	var f found
	id := rule.value(request)
	if rule.Scope == accessv1.Scope_SCOPE_PATIENT {
		f.patient = id
	}
	place, known, err := locator(ctx, id)
	if err != nil {
		return found{}, false, fmt.Errorf("looking up where %s stands: %w", rule.lastField(), err)
	}
	if known {
		f.place = place
	}
	return f, known, nil
}

// IsWorker says that a service calls by itself. A service that calls on behalf of a person, also of one who holds no role at
// all, is judged as that person.
func IsWorker(caller identity.Caller) bool {
	return caller.Service != "" && caller.Subject == "service:"+caller.Service && len(caller.Assignments) == 0
}

func roleRequired(rule *Rule) error {
	if len(rule.Roles) == 0 {
		return fault.Denied("ROLE_REQUIRED", "only the product's own services may call this method")
	}
	names := make([]string, len(rule.Roles))
	for i, role := range rule.Roles {
		names[i] = string(role)
	}
	return fault.Denied("ROLE_REQUIRED", "this takes one of the roles "+strings.Join(names, ", ")+" at the place in question")
}

func notFound(rule *Rule) error {
	switch {
	case rule.Scope == accessv1.Scope_SCOPE_PATIENT:
		return fault.NotFound("PATIENT_NOT_FOUND", "there is no such patient at your units")
	case rule.lastField() == "care_unit_id":
		return fault.NotFound("CARE_UNIT_NOT_FOUND", "there is no such care unit among yours")
	case rule.lastField() == "care_provider_id":
		return fault.NotFound("CARE_PROVIDER_NOT_FOUND", "there is no such care provider among yours")
	default:
		return fault.NotFound("RESOURCE_NOT_FOUND", "there is no such resource at your units")
	}
}
