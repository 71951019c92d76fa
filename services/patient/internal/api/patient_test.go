package api_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

func lookup(number string) *patientv1.LookupPatientRequest {
	return &patientv1.LookupPatientRequest{IdentityNumber: &patientv1.IdentityNumber{Value: number}}
}

func TestRegisterReadLookUp(t *testing.T) {
	run(t, func(c *centre) {
		request := c.registration("19121212-1212")
		request.Patient.Employments = []*patientv1.Patient_Employment{{EmployerName: "Bageriet", OrganisationNumber: "5560360793", ExtentPercent: 75, StartDate: "2020-01-01"}}
		request.RequestId = uuid.NewString()
		p, err := c.client.CreatePatient(c.secretary, request)
		require.NoError(c, err)
		again, err := c.client.CreatePatient(c.secretary, request)
		require.NoError(c, err)
		require.True(c, proto.Equal(p, again))
		require.Equal(c, tolv, p.GetIdentityNumber().GetValue())
		require.Equal(c, "1912-12-12", p.GetBirthDate())
		require.Equal(c, c.place.ProviderID, p.GetCareProviderId())
		require.Equal(c, "556036-0793", p.GetEmployments()[0].GetOrganisationNumber())
		read, err := c.client.GetPatient(c.gp, &patientv1.GetPatientRequest{PatientId: p.GetPatientId()})
		require.NoError(c, err)
		require.True(c, proto.Equal(p, read))
		for _, number := range []string{tolv, "19121212-1212", "121212+1212"} {
			found, err := c.client.LookupPatient(c.cm, lookup(number))
			require.NoError(c, err)
			require.Equal(c, p.GetPatientId(), found.GetPatientId())
		}
		_, err = c.client.LookupPatient(c.cm, lookup("191212121213"))
		require.Equal(c, []string{"identity_number.value IDENTITY_NUMBER_CHECK_DIGIT"}, violations(err))
		require.NotContains(c, err.Error(), "121213")
	})
}

// A number of another unit, of another care provider, and one that nobody has, are one answer.
func TestLookupRevealsNothing(t *testing.T) {
	run(t, func(c *centre) {
		c.patient(tolv)
		neighbour, foreign := newCentre(c.T, c.Harness, c.place.ProviderID), newCentre(c.T, c.Harness, "")
		_, nobody := c.client.LookupPatient(c.gp, lookup(other))
		requireFault(c, nobody, codes.NotFound, "PATIENT_NOT_FOUND")
		for _, who := range []context.Context{neighbour.gp, foreign.gp, c.outsider} {
			_, err := c.client.LookupPatient(who, lookup(tolv))
			require.True(c, proto.Equal(status.Convert(nobody).Proto(), status.Convert(err).Proto()), "%v", err)
		}
	})
}

func TestOneNumberOnceInACareProvider(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		neighbour, foreign := newCentre(c.T, c.Harness, c.place.ProviderID), newCentre(c.T, c.Harness, "")
		_, err := c.client.CreatePatient(c.gp, c.registration("121212+1212"))
		requireFault(c, err, codes.AlreadyExists, "PATIENT_EXISTS")
		require.Contains(c, err.Error(), p.GetPatientId())
		_, err = c.client.CreatePatient(neighbour.gp, neighbour.registration(tolv))
		requireFault(c, err, codes.AlreadyExists, "PATIENT_EXISTS")
		require.NotContains(c, err.Error(), p.GetPatientId())
		foreign.patient(tolv) // another care provider's patient is not even a duplicate
		reserve := c.registration(tolv)
		reserve.Patient.IdentityNumber.Kind = patientv1.IdentityNumber_RESERVE_NUMBER
		_, err = c.client.CreatePatient(c.gp, reserve)
		require.NoError(c, err)

		wrong, err := c.client.RegisterPatientInError(c.secretary, &patientv1.RegisterPatientInErrorRequest{PatientId: p.GetPatientId(), Reason: "double"})
		require.NoError(c, err)
		require.Equal(c, patientv1.Patient_REGISTERED_IN_ERROR, wrong.GetState())
		c.patient(tolv)
		_, err = c.client.StartCareEpisode(c.gp, c.assessment(p.GetPatientId()))
		requireFault(c, err, codes.FailedPrecondition, "PATIENT_NOT_ACTIVE")
	})
}

// Absent and foreign are one answer, for every method that names a patient.
func TestAForeignPatientIsNotThere(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		e := c.episode(p.GetPatientId())
		for _, call := range []func(ctx context.Context, id string) error{
			func(ctx context.Context, id string) error {
				_, err := c.client.GetPatient(ctx, &patientv1.GetPatientRequest{PatientId: id})
				return err
			},
			func(ctx context.Context, id string) error {
				_, err := c.client.UpdatePatient(ctx, &patientv1.UpdatePatientRequest{Patient: &patientv1.Patient{PatientId: id, GivenName: "X"}})
				return err
			},
			func(ctx context.Context, id string) error {
				_, err := c.client.StartCareEpisode(ctx, c.assessment(id))
				return err
			},
			func(ctx context.Context, id string) error {
				_, err := c.client.GetCareEpisode(ctx, &patientv1.GetCareEpisodeRequest{PatientId: id, CareEpisodeId: e.GetCareEpisodeId()})
				return err
			},
			func(ctx context.Context, id string) error {
				_, err := c.client.CheckConsent(ctx, &patientv1.CheckConsentRequest{PatientId: id, Kind: patientv1.Consent_COORDINATION})
				return err
			},
		} {
			absent := call(c.outsider, uuid.NewString())
			requireFault(c, absent, codes.NotFound, "PATIENT_NOT_FOUND")
			foreign := call(c.outsider, p.GetPatientId())
			require.True(c, proto.Equal(status.Convert(absent).Proto(), status.Convert(foreign).Proto()), "%v", foreign)
		}
		// An episode of one patient is not found under another.
		second := c.patient(other)
		_, err := c.client.GetCareEpisode(c.gp, &patientv1.GetCareEpisodeRequest{PatientId: second.GetPatientId(), CareEpisodeId: e.GetCareEpisodeId()})
		requireFault(c, err, codes.NotFound, "CARE_EPISODE_NOT_FOUND")
		_, err = c.client.GetPatientPlace(c.gp, &patientv1.GetPatientPlaceRequest{PatientId: p.GetPatientId()})
		requireFault(c, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = c.client.GetPatient(c.operator, &patientv1.GetPatientRequest{PatientId: p.GetPatientId()})
		requireFault(c, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = c.client.CreatePatient(c.outsider, c.registration(other))
		requireFault(c, err, codes.NotFound, "CARE_UNIT_NOT_FOUND")
		nowhere := c.NewPlace() // a token for a unit that is not in the registry
		lost := c.registration(other)
		lost.Patient.CareUnitId = nowhere.UnitID
		_, err = c.client.CreatePatient(c.As("gp", nowhere), lost)
		requireFault(c, err, codes.NotFound, "CARE_UNIT_NOT_FOUND")
	})
}

func TestUpdatePatient(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		p.ContactWish, p.ProtectedIdentity = "letters only", true
		changed, err := c.client.UpdatePatient(c.cm, &patientv1.UpdatePatientRequest{Patient: p})
		require.NoError(c, err, "what was read may be sent back")
		require.Equal(c, "letters only", changed.GetContactWish())
		require.True(c, changed.GetProtectedIdentity())
		require.NotEqual(c, p.GetEtag(), changed.GetEtag())
		_, err = c.client.UpdatePatient(c.cm, &patientv1.UpdatePatientRequest{Patient: p})
		requireFault(c, err, codes.Aborted, "ETAG_MISMATCH")
		open, err := c.client.UpdatePatient(c.cm, &patientv1.UpdatePatientRequest{
			Patient: &patientv1.Patient{PatientId: p.GetPatientId()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"protected_identity"}},
		})
		require.NoError(c, err)
		require.False(c, open.GetProtectedIdentity())
		require.Equal(c, "letters only", open.GetContactWish())

		number := proto.CloneOf(open)
		number.IdentityNumber.Value, number.Etag = other, ""
		_, err = c.client.UpdatePatient(c.cm, &patientv1.UpdatePatientRequest{Patient: number})
		require.Equal(c, []string{"patient.identity_number FIELD_IMMUTABLE"}, violations(err))
		for _, paths := range [][]string{{"shoe_size"}, {"employments.occupation"}, {"given_name.x"}} {
			_, err = c.client.UpdatePatient(c.cm, &patientv1.UpdatePatientRequest{Patient: open, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
			require.Equal(c, []string{"update_mask FIELD_NOT_UPDATABLE"}, violations(err), paths)
		}
		_, err = c.client.UpdatePatient(c.cm, &patientv1.UpdatePatientRequest{
			Patient: &patientv1.Patient{PatientId: p.GetPatientId()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"given_name"}},
		})
		require.Equal(c, []string{"patient.given_name FIELD_REQUIRED"}, violations(err))
		all, err := c.client.UpdatePatient(c.cm, &patientv1.UpdatePatientRequest{
			Patient: &patientv1.Patient{PatientId: p.GetPatientId(), GivenName: "A", FamilyName: "B"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"*"}},
		})
		require.NoError(c, err)
		require.Empty(c, all.GetContactWish())
		require.Equal(c, tolv, all.GetIdentityNumber().GetValue())
	})
}

func TestRegisterSaysEverythingThatIsWrong(t *testing.T) {
	run(t, func(c *centre) {
		request := &patientv1.CreatePatientRequest{Patient: &patientv1.Patient{
			CareUnitId: c.place.UnitID, IdentityNumber: &patientv1.IdentityNumber{Value: "811228-9875"},
			Employments: []*patientv1.Patient_Employment{{EmployerName: "X", ExtentPercent: 50, StartDate: "2026-02-01", EndDate: "2026-01-01"}},
		}}
		_, err := c.client.CreatePatient(c.gp, request)
		require.Equal(c, []string{
			"patient.employments[0].end_date PERIOD_REVERSED", "patient.family_name FIELD_REQUIRED",
			"patient.given_name FIELD_REQUIRED", "patient.identity_number.value IDENTITY_NUMBER_CHECK_DIGIT",
		}, violations(err))
		require.NotContains(c, err.Error(), "9875")
		request.Patient.Employments[0].ExtentPercent = 101
		request.Patient.Employments[0].EndDate = "2026-02-30"
		request.Patient.PhoneNumber = "call me"
		request.Patient.GivenName = strings.Repeat("x", 101)
		_, err = c.client.CreatePatient(c.gp, request)
		require.Equal(c, []string{
			"patient.employments[0].end_date date", "patient.employments[0].extent_percent int32.gte_lte",
			"patient.given_name string.max_len", "patient.phone_number string.pattern",
		}, violations(err))
	})
}

func TestPagesOfPatients(t *testing.T) {
	run(t, func(c *centre) {
		var registered []string
		for _, number := range []string{"X-0001", "X-0002", "X-0003", "X-0004", "X-0005"} {
			request := c.registration(number)
			request.Patient.IdentityNumber.Kind = patientv1.IdentityNumber_RESERVE_NUMBER
			p, err := c.client.CreatePatient(c.secretary, request)
			require.NoError(c, err)
			registered = append(registered, p.GetPatientId())
		}
		newCentre(c.T, c.Harness, c.place.ProviderID).patient(tolv)
		var listed []string
		request := &patientv1.ListPatientsRequest{PageSize: 2}
		for {
			page, err := c.client.ListPatients(c.secretary, request)
			require.NoError(c, err)
			for _, p := range page.GetPatients() {
				listed = append(listed, p.GetPatientId())
			}
			if page.GetNextPageToken() == "" {
				break
			}
			request.PageToken = page.GetNextPageToken()
		}
		require.Equal(c, registered, listed)
		request.State = patientv1.Patient_MERGED
		_, err := c.client.ListPatients(c.secretary, request)
		requireFault(c, err, codes.InvalidArgument, "BAD_PAGE_TOKEN")
		_, err = c.client.ListPatients(c.secretary, &patientv1.ListPatientsRequest{CareUnitId: c.NewPlace().UnitID})
		requireFault(c, err, codes.NotFound, "CARE_UNIT_NOT_FOUND")
	})
}

func TestUnitsAndStaff(t *testing.T) {
	run(t, func(c *centre) {
		neighbour, foreign := newCentre(c.T, c.Harness, c.place.ProviderID), newCentre(c.T, c.Harness, "")
		units := func(ctx context.Context) (ids []string) {
			page, err := c.client.ListCareUnits(ctx, &patientv1.ListCareUnitsRequest{})
			require.NoError(c, err)
			for _, u := range page.GetCareUnits() {
				ids = append(ids, u.GetCareUnitId())
			}
			return ids
		}
		require.Equal(c, []string{c.place.UnitID}, units(c.gp))
		require.Equal(c, []string{c.place.UnitID, neighbour.place.UnitID}, units(c.admin))
		require.Equal(c, []string{c.place.UnitID, neighbour.place.UnitID, foreign.place.UnitID}, units(c.operator))
		providers, err := c.client.ListCareProviders(c.gp, &patientv1.ListCareProvidersRequest{})
		require.NoError(c, err)
		require.Len(c, providers.GetCareProviders(), 1)
		providers, err = c.client.ListCareProviders(c.operator, &patientv1.ListCareProvidersRequest{PageSize: 1})
		require.NoError(c, err)
		require.NotEmpty(c, providers.GetNextPageToken())
		provider, err := c.client.GetCareProvider(c.gp, &patientv1.GetCareProviderRequest{CareProviderId: c.place.ProviderID})
		require.NoError(c, err)
		provider.DisplayName = "Region Ny"
		provider, err = c.client.UpdateCareProvider(c.operator, &patientv1.UpdateCareProviderRequest{CareProvider: provider})
		require.NoError(c, err)
		_, err = c.client.CreateCareProvider(c.operator, &patientv1.CreateCareProviderRequest{CareProvider: &patientv1.CareProvider{DisplayName: "X", HsaId: provider.GetHsaId()}})
		requireFault(c, err, codes.AlreadyExists, "CARE_PROVIDER_EXISTS")
		_, err = c.client.GetCareProvider(foreign.gp, &patientv1.GetCareProviderRequest{CareProviderId: c.place.ProviderID})
		requireFault(c, err, codes.NotFound, "CARE_PROVIDER_NOT_FOUND")

		unit, err := c.client.GetCareUnit(c.gp, &patientv1.GetCareUnitRequest{CareUnitId: c.place.UnitID})
		require.NoError(c, err)
		unit.PhoneNumber = "call"
		_, err = c.client.UpdateCareUnit(c.gp, &patientv1.UpdateCareUnitRequest{CareUnit: unit})
		requireFault(c, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = c.client.UpdateCareUnit(foreign.admin, &patientv1.UpdateCareUnitRequest{CareUnit: unit})
		requireFault(c, err, codes.NotFound, "CARE_UNIT_NOT_FOUND")
		_, err = c.client.UpdateCareUnit(c.admin, &patientv1.UpdateCareUnitRequest{CareUnit: unit})
		require.Equal(c, []string{"care_unit.phone_number string.pattern"}, violations(err))
		unit.PhoneNumber, unit.CareProviderId = "08-99 99", foreign.place.ProviderID
		_, err = c.client.UpdateCareUnit(c.admin, &patientv1.UpdateCareUnitRequest{CareUnit: unit})
		require.Equal(c, []string{"care_unit.care_provider_id FIELD_IMMUTABLE"}, violations(err))
		unit.CareProviderId = c.place.ProviderID
		unit, err = c.client.UpdateCareUnit(c.admin, &patientv1.UpdateCareUnitRequest{CareUnit: unit})
		require.NoError(c, err)
		require.Equal(c, "08-99 99", unit.GetPhoneNumber())
		_, err = c.client.CreateCareUnit(c.admin, &patientv1.CreateCareUnitRequest{CareUnit: &patientv1.CareUnit{CareProviderId: c.place.ProviderID, DisplayName: "X", HsaId: unit.GetHsaId()}})
		requireFault(c, err, codes.AlreadyExists, "CARE_UNIT_EXISTS")
		_, err = c.client.CreateCareUnit(c.operator, &patientv1.CreateCareUnitRequest{CareUnit: &patientv1.CareUnit{CareProviderId: uuid.NewString(), DisplayName: "X", HsaId: hsa()}})
		requireFault(c, err, codes.NotFound, "CARE_PROVIDER_NOT_FOUND")

		staff, err := c.client.ListPractitioners(c.gp, &patientv1.ListPractitionersRequest{CareUnitId: c.place.UnitID, Role: rc, EmployedDate: "2026-03-02"})
		require.NoError(c, err)
		require.Len(c, staff.GetPractitioners(), 2)
		require.Equal(c, "Vårdare", staff.GetPractitioners()[0].GetFamilyName())
		_, err = c.client.ListPractitioners(foreign.gp, &patientv1.ListPractitionersRequest{CareUnitId: c.place.UnitID})
		requireFault(c, err, codes.NotFound, "CARE_UNIT_NOT_FOUND")
		_, err = c.client.GetPractitioner(neighbour.gp, &patientv1.GetPractitionerRequest{PractitionerId: c.gpID})
		require.NoError(c, err, "colleagues of the same care provider")
		_, err = c.client.GetPractitioner(foreign.gp, &patientv1.GetPractitionerRequest{PractitionerId: c.gpID})
		requireFault(c, err, codes.NotFound, "RESOURCE_NOT_FOUND")

		gp, err := c.client.GetPractitioner(c.gp, &patientv1.GetPractitionerRequest{PractitionerId: c.gpID})
		require.NoError(c, err)
		gp.Employments = append(gp.Employments, &patientv1.Practitioner_Employment{CareUnitId: foreign.place.UnitID, Roles: []accessv1.Role{rc}, StartDate: "2026-03-01", Locum: true})
		_, err = c.client.UpdatePractitioner(c.admin, &patientv1.UpdatePractitionerRequest{Practitioner: gp})
		require.Equal(c, []string{"practitioner.employments[1].care_unit_id UNIT_OF_OTHER_PROVIDER", "practitioner.employments[1].end_date LOCUM_NEEDS_END"}, violations(err))
		gp.Employments[1].CareUnitId, gp.Employments[1].EndDate = neighbour.place.UnitID, "2026-06-30"
		gp, err = c.client.UpdatePractitioner(c.admin, &patientv1.UpdatePractitionerRequest{Practitioner: gp})
		require.NoError(c, err)
		require.Len(c, gp.GetEmployments(), 2)
		ended, err := c.client.EndEmployment(c.admin, &patientv1.EndEmploymentRequest{PractitionerId: c.gpID, EndDate: "2026-03-31", CareUnitId: c.place.UnitID, Etag: gp.GetEtag()})
		require.NoError(c, err)
		require.Equal(c, "2026-03-31", ended.GetEmployments()[0].GetEndDate())
		_, err = c.client.EndEmployment(c.admin, &patientv1.EndEmploymentRequest{PractitionerId: c.gpID, EndDate: "2026-03-31", CareUnitId: c.place.UnitID})
		requireFault(c, err, codes.FailedPrecondition, "EMPLOYMENT_ENDED")
		_, err = c.client.CreatePractitioner(c.admin, &patientv1.CreatePractitionerRequest{Practitioner: &patientv1.Practitioner{
			CareProviderId: c.place.ProviderID, GivenName: "A", FamilyName: "B", HsaId: gp.GetHsaId(),
		}})
		requireFault(c, err, codes.AlreadyExists, "PRACTITIONER_EXISTS")
	})
}

// No event carries what names a person or tells of an illness.
func TestEventsAreCoded(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		request := c.assessment(p.GetPatientId())
		request.Referrals = []*patientv1.Referral{{Role: cm, Note: "canary note"}}
		_, err := c.client.StartCareEpisode(c.gp, request)
		require.NoError(c, err)
		c.grant(p.GetPatientId())
		for _, event := range c.Events("patient") {
			body, err := proto.Marshal(event)
			require.NoError(c, err)
			for _, canary := range []string{tolv, "Tolvan", "Vårdare", "174 06 05", "F32", "tired", "canary"} {
				require.NotContains(c, string(body), canary, event.GetType())
			}
		}
	})
}
