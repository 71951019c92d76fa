package api_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/services/employerdialogue"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// patients stands in for the patient service: it knows where patients belong and what they consent to.
type patients struct {
	patientv1.UnimplementedPatientServiceServer
	acts *act.Acts

	mu           sync.Mutex
	places       map[string]access.Place
	coordination map[string]bool
	told         map[string][]patientv1.Consent_ItemType // by patient/employer
	revision     map[string]int32
	checked      func(n int) // is told of each answer, after it has been given
	checks       int
	diagnoses    map[string]string // by episode; the rest have F43.8A
	open         map[string]string // the open episode, by patient
}

func newPatients() *patients {
	return &patients{
		places: map[string]access.Place{}, coordination: map[string]bool{}, told: map[string][]patientv1.Consent_ItemType{},
		revision: map[string]int32{}, diagnoses: map[string]string{}, open: map[string]string{},
	}
}

func (p *patients) module() app.Module {
	return app.Module{Name: "patient", Start: func(_ context.Context, host *app.Host) error {
		p.acts = host.Acts
		patientv1.RegisterPatientServiceServer(host.Server, p)
		nowhere := func(context.Context, string) (access.Place, bool, error) { return access.Place{}, false, nil }
		for _, field := range []string{"care_unit_id", "care_provider_id", "practitioner_id"} {
			host.Locate(field, nowhere)
		}
		host.ProvidePlaces(func(_ context.Context, id string) (access.Place, bool, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			place, ok := p.places[id]
			return place, ok, nil
		})
		return nil
	}}
}

func (p *patients) GetPatientPlace(_ context.Context, r *patientv1.GetPatientPlaceRequest) (*patientv1.PatientPlace, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	place, ok := p.places[r.GetPatientId()]
	if !ok {
		return nil, fault.NotFound("PATIENT_NOT_FOUND", "there is no such patient")
	}
	return &patientv1.PatientPlace{PatientId: r.GetPatientId(), CareProviderId: place.ProviderID, CareUnitId: place.UnitID}, nil
}

func (p *patients) GetCareEpisode(_ context.Context, r *patientv1.GetCareEpisodeRequest) (*patientv1.CareEpisode, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	diagnosis := p.diagnoses[r.GetCareEpisodeId()]
	if diagnosis == "" {
		diagnosis = "F43.8A"
	}
	return &patientv1.CareEpisode{
		CareEpisodeId: r.GetCareEpisodeId(), PatientId: r.GetPatientId(), State: patientv1.CareEpisode_OPEN, DiagnosisCode: diagnosis,
	}, nil
}

func (p *patients) ListCareEpisodes(_ context.Context, r *patientv1.ListCareEpisodesRequest) (*patientv1.ListCareEpisodesResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	answer := &patientv1.ListCareEpisodesResponse{}
	if open := p.open[r.GetPatientId()]; open != "" {
		answer.CareEpisodes = []*patientv1.CareEpisode{{CareEpisodeId: open, PatientId: r.GetPatientId(), State: patientv1.CareEpisode_OPEN}}
	}
	return answer, nil
}

// begins lets a patient's open episode be another; with an empty id none is open.
func (p *patients) begins(patient, episode string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[patient] = episode
}

func (p *patients) CheckConsent(_ context.Context, r *patientv1.CheckConsentRequest) (*patientv1.CheckConsentResponse, error) {
	p.mu.Lock()
	answer := &patientv1.CheckConsentResponse{CheckDate: "2026-03-02", ConsentsRevision: p.revision[r.GetPatientId()]}
	if r.GetKind() == patientv1.Consent_COORDINATION {
		answer.Consented = p.coordination[r.GetPatientId()]
	} else {
		for number := range patientv1.Consent_ItemType_name {
			if item := patientv1.Consent_ItemType(number); number != 0 {
				answer.Items = append(answer.Items, &patientv1.CheckConsentResponse_Item{
					ItemType: item, Consented: slices.Contains(p.told[r.GetPatientId()+"/"+r.GetReceiverId()], item),
				})
			}
		}
	}
	p.checks++
	n, checked := p.checks, p.checked
	p.mu.Unlock()
	if checked != nil {
		checked(n)
	}
	return answer, nil
}

// say sets what a patient consents to.
func (p *patients) say(patient, employer string, coordination bool, items ...patientv1.Consent_ItemType) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.coordination[patient] = coordination
	p.told[patient+"/"+employer] = items
	p.revision[patient]++
}

// unit is a care unit with staff, a patient in an episode and the patient's employer, seen through the whole call chain.
type unit struct {
	*testing.T
	*apptest.Harness
	*patients
	client            employerdialoguev1.EmployerDialogueServiceClient
	place             access.Place
	patient, episode  string
	employer, person  string
	gp, cm, rc, nurse context.Context
	rcID              string
	revisions         int64
}

func run(t *testing.T, test func(u *unit)) {
	for engine, config := range map[string]func(*testing.T) sqldb.Config{
		"sqlite":   func(t *testing.T) sqldb.Config { return sqldb.Config{Dir: t.TempDir()} },
		"postgres": func(t *testing.T) sqldb.Config { return sqldb.Config{URL: sqldbtest.PostgresURL(t), MaxConns: 4} },
	} {
		t.Run(engine, func(t *testing.T) {
			p := newPatients()
			h := apptest.New(t, config(t), p.module(), employerdialogue.Module)
			test(newUnit(t, h, p))
		})
	}
}

const email = "chef@example.se"

func newUnit(t *testing.T, h *apptest.Harness, p *patients) *unit {
	u := &unit{
		T: t, Harness: h, patients: p, client: employerdialoguev1.NewEmployerDialogueServiceClient(h.Conn), place: h.NewPlace(),
		rcID: uuid.NewString(), episode: uuid.NewString(), patient: uuid.NewString(),
	}
	u.gp, u.cm, u.nurse = h.As("gp", u.place), h.As("care_manager", u.place), h.As("nurse", u.place)
	u.rc = h.As("rehabilitation_coordinator", u.place, u.rcID)
	p.places[u.patient] = u.place
	p.begins(u.patient, u.episode)
	employer, err := u.client.CreateEmployer(u.rc, &employerdialoguev1.CreateEmployerRequest{Employer: &employerdialoguev1.Employer{
		CareProviderId: u.place.ProviderID, DisplayName: "canary-employer", OrganisationNumber: "5560360793",
		Workplaces: []*employerdialoguev1.Workplace{{DisplayName: "canary-workplace"}},
	}})
	require.NoError(t, err)
	u.employer = employer.GetEmployerId()
	person, err := u.client.CreateContactPerson(u.rc, &employerdialoguev1.CreateContactPersonRequest{ContactPerson: &employerdialoguev1.ContactPerson{
		EmployerId: u.employer, DisplayName: "canary-person", Email: email,
	}})
	require.NoError(t, err)
	u.person = person.GetContactPersonId()
	u.hearEpisode(patientv1.CareEpisode_OPEN)
	return u
}

// hear lets another service tell something of the patient.
func (u *unit) hear(source string, e act.Event) {
	u.Helper()
	u.revisions++
	e.Revision, e.PatientID, e.Place = u.revisions, u.patient, u.place
	if source != "patient" {
		u.Tell(source, e)
	} else {
		require.NoError(u, u.acts.Run(u.Context(), func(tx *act.Tx) error { return tx.Emit(e) }))
	}
	u.Settle()
}

func (u *unit) hearEpisode(state patientv1.CareEpisode_State) {
	u.Helper()
	u.hear("patient", act.Event{Type: "care_episode.started", ResourceID: u.episode, Snapshot: &patientv1.CareEpisodeSnapshot{CareEpisodeId: u.episode, State: state}})
}

func (u *unit) hearBrief() {
	u.Helper()
	brief := uuid.NewString()
	u.hear("careplan", act.Event{Type: "brief.acknowledged", ResourceID: brief, Snapshot: &careplanv1.BriefSnapshot{
		BriefId: brief, CareEpisodeId: u.episode, State: careplanv1.Brief_ACKNOWLEDGED, AcknowledgeTime: timestamppb.New(u.Clock.Now()),
	}})
}

// consent sets what the patient consents to towards the employer, with coordination.
func (u *unit) consent(items ...patientv1.Consent_ItemType) {
	u.say(u.patient, u.employer, true, items...)
}

func (u *unit) propose() *employerdialoguev1.DialogueMeeting {
	u.Helper()
	meeting, err := u.client.ProposeDialogueMeeting(u.rc, &employerdialoguev1.ProposeDialogueMeetingRequest{
		PatientId: u.patient, CareEpisodeId: u.episode, EmployerId: u.employer, ContactPersonId: u.person,
	})
	require.NoError(u, err)
	return meeting
}

func (u *unit) schedule(id string, days int) *employerdialoguev1.DialogueMeeting {
	u.Helper()
	meeting, err := u.client.ScheduleDialogueMeeting(u.rc, &employerdialoguev1.ScheduleDialogueMeetingRequest{
		PatientId: u.patient, DialogueMeetingId: id, ScheduledTime: timestamppb.New(u.Clock.Now().AddDate(0, 0, days)),
	})
	require.NoError(u, err)
	return meeting
}

func (u *unit) inform(id string) {
	u.Helper()
	for _, party := range []employerdialoguev1.Agreement_Party{employerdialoguev1.Agreement_PATIENT, employerdialoguev1.Agreement_EMPLOYER} {
		for _, form := range []employerdialoguev1.InformationMark_Form{employerdialoguev1.InformationMark_ORAL, employerdialoguev1.InformationMark_WRITTEN} {
			_, err := u.client.InformDialogueMeeting(u.rc, &employerdialoguev1.InformDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, Party: party, Form: form})
			require.NoError(u, err)
		}
	}
}

func (u *unit) prepare(id string) {
	u.Helper()
	_, err := u.client.PrepareDialogueMeeting(u.rc, &employerdialoguev1.PrepareDialogueMeetingRequest{
		PatientId: u.patient, DialogueMeetingId: id, Preparation: &employerdialoguev1.MeetingPreparation{
			OwnDescription: "canary-description", Needs: "canary-needs", WorkAbility: "canary-ability", ContactWish: "canary-wish", NotToBeSaid: "canary-secret",
			OwnExpectation: "canary-expectation",
		},
	})
	require.NoError(u, err)
}

func (u *unit) earlyTalk() *employerdialoguev1.EmployerContact {
	u.Helper()
	contact, err := u.client.CreateEmployerContact(u.rc, u.talk())
	require.NoError(u, err)
	return contact
}

func (u *unit) talk() *employerdialoguev1.CreateEmployerContactRequest {
	return &employerdialoguev1.CreateEmployerContactRequest{EmployerContact: &employerdialoguev1.EmployerContact{
		PatientId: u.patient, CareEpisodeId: u.episode, EmployerId: u.employer, Kind: employerdialoguev1.EmployerContact_EARLY_TALK,
		ContactPersonId: u.person, EmployerView: "canary-view", PossibleTasks: "canary-tasks",
		PossibleAdaptations: []employerdialoguev1.Adaptation{employerdialoguev1.Adaptation_SIMPLER_TASKS}, Cooperation: employerdialoguev1.EmployerContact_FULL,
	}}
}

// ready is a meeting to which nothing is missing, at its time.
func (u *unit) ready() *employerdialoguev1.DialogueMeeting {
	u.Helper()
	u.consent(patientv1.Consent_CONTACT)
	u.hearBrief()
	u.earlyTalk()
	meeting := u.propose()
	u.prepare(meeting.GetDialogueMeetingId())
	u.inform(meeting.GetDialogueMeetingId())
	return u.schedule(meeting.GetDialogueMeetingId(), 1)
}

func (u *unit) begin(id, why string) (*employerdialoguev1.DialogueMeeting, error) {
	return u.client.BeginDialogueMeeting(u.rc, &employerdialoguev1.BeginDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, DeviationReason: why})
}

func (u *unit) perspective(id string, speaker employerdialoguev1.Agreement_Party, why string) (*employerdialoguev1.DialogueMeeting, error) {
	return u.client.RecordPerspective(u.rc, &employerdialoguev1.RecordPerspectiveRequest{
		PatientId: u.patient, DialogueMeetingId: id, Speaker: speaker, Text: "canary-says-" + speaker.String(), Confirmed: true, DeviationReason: why,
	})
}

func (u *unit) conclusion(id string) *employerdialoguev1.ConcludeDialogueMeetingRequest {
	return &employerdialoguev1.ConcludeDialogueMeetingRequest{
		PatientId: u.patient, DialogueMeetingId: id,
		Facts: []*employerdialoguev1.AgreementPoint{
			{Text: "canary-fact", ContributedBy: employerdialoguev1.Agreement_EMPLOYER},
			{Text: "canary-private", ContributedBy: employerdialoguev1.Agreement_PATIENT, WithheldFromEmployer: true},
		},
		Agreements: []*employerdialoguev1.AgreementPoint{{Text: "canary-agreed", ContributedBy: employerdialoguev1.Agreement_PATIENT}},
		Actions: []*employerdialoguev1.NewAgreedAction{{
			Text: "canary-action", OwnerParty: employerdialoguev1.Agreement_EMPLOYER, Horizon: employerdialoguev1.AgreedAction_SHORT, DueDate: "2026-04-01",
			LeadTimeDays: 10, Adaptation: employerdialoguev1.Adaptation_QUIET_ROOM,
		}},
	}
}

// held is a meeting held and concluded.
func (u *unit) held() *employerdialoguev1.DialogueMeeting {
	u.Helper()
	id := u.ready().GetDialogueMeetingId()
	_, err := u.begin(id, "")
	require.NoError(u, err)
	_, err = u.perspective(id, employerdialoguev1.Agreement_PATIENT, "")
	require.NoError(u, err)
	_, err = u.perspective(id, employerdialoguev1.Agreement_EMPLOYER, "")
	require.NoError(u, err)
	meeting, err := u.client.ConcludeDialogueMeeting(u.rc, u.conclusion(id))
	require.NoError(u, err)
	return meeting
}

func requireFault(t require.TestingT, err error, code codes.Code, reason string) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
	require.Error(t, err)
	require.Equal(t, code.String(), status.Code(err).String(), err)
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			require.Equal(t, reason, info.GetReason(), err)
			return
		}
	}
	require.Fail(t, "the error has no reason", err)
}

// violations are the reasons of an error's violations, sorted.
func violations(err error) []string {
	var found []string
	for _, detail := range status.Convert(err).Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				found = append(found, v.GetReason())
			}
		}
	}
	slices.Sort(found)
	return found
}
