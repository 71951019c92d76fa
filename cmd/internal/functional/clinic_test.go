package functional_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Roles, as tokens spell them.
const (
	gp          = "gp"
	careManager = "care_manager"
	integration = "integration"
	admin       = "operator"
)

// clinic is a care unit with somebody in each role.
type clinic struct {
	*client
	provider, unit string
	staff          map[string]string // practitioner ids by role
	numbers        *atomic.Int64     // of the site's patients
}

// devClinic is the unit that `coworkcare dev` makes for itself.
func (s *site) devClinic() *clinic {
	s.t.Helper()
	c := &clinic{client: &client{base: "http://" + s.rest, http: newHTTP(), tokens: map[string]string{}}, staff: map[string]string{}, numbers: s.patients}
	for _, role := range []string{gp, careManager, integration, admin} {
		got := s.devToken(object{"role": role})
		c.tokens[role] = str(got, "token")
		if role == gp || role == careManager {
			c.staff[role], c.unit, c.provider = str(got, "practitioner_id"), str(got, "care_unit_id"), str(got, "care_provider_id")
		}
	}
	return c
}

// devStorm is writers at the unit that `coworkcare dev` makes for itself.
func (s *site) devStorm() *storm {
	s.t.Helper()
	c := s.devClinic()
	return newStorm(c, date.Of(c.now(s.t)))
}

func (s *site) devToken(asked object) object {
	s.t.Helper()
	body, err := json.Marshal(asked)
	require.NoError(s.t, err)
	response, err := operator.Post("http://"+s.ops+"/dev/token", "application/json", bytes.NewReader(body))
	require.NoError(s.t, err)
	defer response.Body.Close()
	var got object
	require.NoError(s.t, json.NewDecoder(response.Body).Decode(&got))
	require.Equalf(s.t, http.StatusOK, response.StatusCode, "%v", got)
	return got
}

// newPatient is the call that registers a patient whom nobody has seen.
func (c *clinic) newPatient() call {
	number := fmt.Sprintf("TEST-%06d", c.numbers.Add(1))
	return write(gp, "/v1/patients", object{
		"careUnitId": c.unit, "identityNumber": object{"kind": "RESERVE_NUMBER", "value": number},
		"givenName": "Synthetic", "familyName": number})
}

func startEpisode(patient string) call {
	return write(gp, "/v1/patients/"+patient+"/careEpisodes:start", object{
		"diagnosisCode": "F32.1", "severity": "MODERATE", "sickLeaveNeeded": true, "assessmentNote": "Synthetic."})
}

func acceptReferral(patient, episode string) call {
	return write(careManager, "/v1/patients/"+patient+"/careEpisodes/"+episode+":acceptReferral", object{"role": "ROLE_CARE_MANAGER"})
}

func draftCertificate(patient, episode string, today date.Day) call {
	return write(gp, "/v1/patients/"+patient+"/certificates", object{
		"careEpisodeId": episode, "diagnosisCodes": []string{"F32.1"},
		"periods": []object{{"startDate": today.String(), "endDate": today.AddDays(27).String(), "degree": 100}},
		"bases":   []object{{"kind": "EXAMINATION", "basisDate": today.String()}}})
}

func signCertificate(patient, certificate string) call {
	return write(gp, "/v1/patients/"+patient+"/certificates/"+certificate+":sign", object{})
}

func bookContact(patient, episode string, at time.Time) call {
	return write(careManager, "/v1/patients/"+patient+"/contacts", object{
		"careEpisodeId": episode, "kind": "FIRST", "channel": "PHONE", "scheduledTime": at.UTC().Format(time.RFC3339)})
}

// now is the time by the clock that decides care.
func (c *clinic) now(t testing.TB) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, str(c.do(t, read(admin, "/v1/clock")), "nowTime"))
	require.NoError(t, err)
	return at
}

// advance moves the test clock to an instant and says how many timers fired on the way.
func (c *clinic) advance(t testing.TB, until time.Time) int {
	t.Helper()
	got := c.do(t, write(admin, "/v1/clock:advance", object{"untilTime": until.UTC().Format(time.RFC3339Nano)}))
	fired, _ := got["firedTimers"].(float64)
	return int(fired)
}
