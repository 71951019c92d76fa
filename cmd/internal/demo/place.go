package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/coworkcare/coworkcare/platform/date"
)

// The HSA ids of the demo. TST is nobody's prefix and ten zeros are nobody's organisation number.
const hsaPrefix = "TST0000000000-"

// Roles, as the API spells them.
const (
	roleGP           = "ROLE_GP"
	roleCareManager  = "ROLE_CARE_MANAGER"
	roleCoordinator  = "ROLE_REHABILITATION_COORDINATOR"
	rolePsychologist = "ROLE_PSYCHOLOGIST"
	rolePhysio       = "ROLE_PHYSIOTHERAPIST"
	roleSecretary    = "ROLE_MEDICAL_SECRETARY"
	roleManager      = "ROLE_UNIT_MANAGER"
)

// tokenRole is a role as tokens spell it.
var tokenRole = map[string]string{
	roleGP: "gp", roleCareManager: "care_manager", roleCoordinator: "rehabilitation_coordinator", rolePsychologist: "psychologist",
	rolePhysio: "physiotherapist", roleSecretary: "medical_secretary", roleManager: "unit_manager",
}

// centre is a care unit of the demo.
type centre struct {
	key      string
	provider int // index in providerNames
	name     string
}

var (
	providerNames = []string{"Region Exempel (synthetic)", "Lindens läkargrupp (synthetic)"}
	centres       = []centre{
		{"C1", 0, "Ekens vårdcentral (synthetic)"},
		{"C2", 0, "Björkens vårdcentral (synthetic)"},
		{"C3", 1, "Lindens vårdcentral (synthetic)"},
	}
)

// post is work at a centre.
type post struct {
	centre    int
	roles     []string
	locumDays int // for how many days a locum has been hired; 0: permanent staff
}

// colleague is a member of staff of the demo.
type colleague struct {
	key           string
	given, family string
	variable      string // of the token, in a curl
	posts         []post
}

// colleagues are the staff: at the first centre every role and a locum; at the second one person who is both care manager and
// coordinator, and shares the psychologist; the third belongs to another care provider.
func colleagues() []colleague {
	at := func(c int, roles ...string) []post { return []post{{centre: c, roles: roles}} }
	return []colleague{
		{"gp1", "Anna", "Ek-Test", "TOKEN_GP", at(0, roleGP)},
		{"gp2", "Bengt", "Alm-Test", "TOKEN_GP_2", at(0, roleGP)},
		{"locum", "Cecilia", "Hägg-Test", "TOKEN_GP_LOCUM", []post{{centre: 0, roles: []string{roleGP}, locumDays: 200}}},
		{"cm1", "Disa", "Sälg-Test", "TOKEN_CARE_MANAGER", at(0, roleCareManager)},
		{"cm2", "Erik", "Rönn-Test", "TOKEN_CARE_MANAGER_2", at(0, roleCareManager)},
		{"rc1", "Frida", "Ask-Test", "TOKEN_REHABILITATION_COORDINATOR", at(0, roleCoordinator)},
		{"psychologist", "Gösta", "Oxel-Test", "TOKEN_PSYCHOLOGIST", []post{
			{centre: 0, roles: []string{rolePsychologist}}, {centre: 1, roles: []string{rolePsychologist}},
		}},
		{"manager1", "Hanna", "Tall-Test", "TOKEN_UNIT_MANAGER", at(0, roleManager)},
		{"secretary1", "Ivar", "Gran-Test", "TOKEN_MEDICAL_SECRETARY", at(0, roleSecretary)},

		{"gp3", "Jenny", "Pil-Test", "TOKEN_GP_C2", at(1, roleGP)},
		{"both", "Karin", "Asp-Test", "TOKEN_CM_AND_RC_C2", at(1, roleCareManager, roleCoordinator)},
		{"manager2", "Lars", "En-Test", "TOKEN_UNIT_MANAGER_C2", at(1, roleManager)},
		{"secretary2", "Maja", "Idegran-Test", "TOKEN_MEDICAL_SECRETARY_C2", at(1, roleSecretary)},

		{"gp4", "Nils", "Lönn-Test", "TOKEN_GP_C3", at(2, roleGP)},
		{"cm3", "Olga", "Bok-Test", "TOKEN_CARE_MANAGER_C3", at(2, roleCareManager)},
		{"rc3", "Per", "Avenbok-Test", "TOKEN_REHABILITATION_COORDINATOR_C3", at(2, roleCoordinator)},
		{"physio3", "Runa", "Hassel-Test", "TOKEN_PHYSIOTHERAPIST_C3", at(2, rolePhysio)},
		{"manager3", "Sven", "Olvon-Test", "TOKEN_UNIT_MANAGER_C3", at(2, roleManager)},
		{"secretary3", "Tora", "Brakved-Test", "TOKEN_MEDICAL_SECRETARY_C3", at(2, roleSecretary)},
	}
}

// organisation is the centres and the staff as the system knows them.
type organisation struct {
	providers []string // ids, as providerNames
	units     []string // ids, as centres; "" where only some are established
	people    map[string]string
	firms     map[int]firm // employers of the layout, by provider
	existed   bool         // the first care provider was there before
}

// actor is a colleague at one of the centres where the person works, in the first role there or the role named.
func (o *organisation) actor(key string, unit int, role ...string) Actor {
	for _, c := range colleagues() {
		if c.key != key {
			continue
		}
		for _, p := range c.posts {
			if p.centre == unit {
				as := slices.Concat(role, p.roles)[0]
				return Actor{Role: tokenRole[as], UnitID: o.units[unit], PractitionerID: o.people[key], Variable: c.variable}
			}
		}
	}
	return Actor{}
}

var operator = Actor{Role: "operator", Variable: "TOKEN_OPERATOR"}

// establish registers the care providers, the centres and their staff, or finds those that are registered. With only the first
// centre wanted, it leaves out everybody who also works elsewhere.
func establish(ctx context.Context, client *Client, today date.Day, firstOnly bool) (*organisation, error) {
	o := &organisation{units: make([]string, len(centres)), providers: make([]string, len(providerNames)), people: map[string]string{}}
	for i, name := range providerNames {
		if firstOnly && i > 0 {
			break
		}
		hsa := fmt.Sprintf("%sP%d", hsaPrefix, i+1)
		id, existed, err := create(ctx, client, "/v1/careProviders", "careProviders", "careProviderId", hsa, nil, object{{"displayName", name}, {"hsaId", hsa}})
		if err != nil {
			return nil, err
		}
		o.providers[i], o.existed = id, o.existed || existed
	}
	for i, c := range centres {
		if firstOnly && i > 0 {
			break
		}
		hsa := hsaPrefix + c.key
		id, _, err := create(ctx, client, "/v1/careUnits", "careUnits", "careUnitId", hsa, nil, object{
			{"careProviderId", o.providers[c.provider]}, {"displayName", c.name}, {"hsaId", hsa}, {"phoneNumber", "+46 8 465 004 00"},
		})
		if err != nil {
			return nil, err
		}
		o.units[i] = id
	}
	for n, c := range colleagues() {
		elsewhere := slices.ContainsFunc(c.posts, func(p post) bool { return p.centre > 0 })
		if firstOnly && elsewhere {
			continue
		}
		if err := o.hire(ctx, client, n, c, today); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// employers enters an employer with each care provider, as its coordinator does.
func (o *organisation) employers(ctx context.Context, client *Client) error {
	o.firms = map[int]firm{}
	for provider, coordinator := range []Actor{o.actor("rc1", 0), o.actor("rc3", 2)} {
		made, err := newFirm(ctx, client, coordinator, o.providers[provider], "Mönsterlagret AB (synthetic)")
		if err != nil {
			return err
		}
		o.firms[provider] = made
	}
	return nil
}

func (o *organisation) hire(ctx context.Context, client *Client, n int, c colleague, today date.Day) error {
	var employments []object
	for _, p := range c.posts {
		employment := object{{"careUnitId", o.units[p.centre]}, {"roles", p.roles}}
		if p.locumDays > 0 {
			employment = append(employment, field{"startDate", today}, field{"endDate", today.AddDays(p.locumDays)}, field{"locum", true})
		} else {
			employment = append(employment, field{"startDate", "2021-03-01"})
		}
		employments = append(employments, employment)
	}
	first := c.posts[0].centre
	hsa := fmt.Sprintf("%sS%02d", hsaPrefix, n+1)
	id, _, err := create(ctx, client, "/v1/practitioners", "practitioners", "practitionerId", hsa,
		[]string{"/v1/careUnits/" + o.units[first] + "/practitioners"}, object{
			{"careProviderId", o.providers[centres[first].provider]}, {"givenName", c.given}, {"familyName", c.family}, {"hsaId", hsa},
			{"phoneNumber", fmt.Sprintf("+46 8 465 004 %02d", n+1)}, {"employments", employments},
		})
	o.people[c.key] = id
	return err
}

// create makes a resource that bears an HSA id or, where there is one already, finds it in the list at lookIn (default: path).
func create(ctx context.Context, client *Client, path, list, idField, hsa string, lookIn []string, body object) (id string, existed bool, err error) {
	var made map[string]any
	err = client.post(ctx, operator, path, body, &made)
	var refusal *Refusal
	switch {
	case err == nil:
		return text(made[idField]), false, nil
	case asRefusal(err, &refusal) && refusal.Status == http.StatusConflict:
	default:
		return "", false, err
	}
	query := url.Values{"pageSize": {"200"}}
	for {
		var page map[string]any
		if err := client.get(ctx, operator, slices.Concat(lookIn, []string{path})[0], query, &page); err != nil {
			return "", true, err
		}
		items, _ := page[list].([]any)
		for _, item := range items {
			if found, _ := item.(map[string]any); text(found["hsaId"]) == hsa {
				return text(found[idField]), true, nil
			}
		}
		token := text(page["nextPageToken"])
		if token == "" {
			return "", true, fmt.Errorf("%s: %s is taken, but not in the list", path, hsa)
		}
		query = clone(query)
		query.Set("pageToken", token)
	}
}

func text(value any) string {
	s, _ := value.(string)
	return s
}
