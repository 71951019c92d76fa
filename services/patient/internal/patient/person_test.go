package patient

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

func registration() Registration {
	return Registration{ID: "p", ProviderID: "v", UnitID: unit, Number: "19121212-1212", GivenName: " Tolvan ", FamilyName: "Tolvansson"}
}

func TestRegister(t *testing.T) {
	r := registration()
	r.Employments = []Job{{Employer: "Bageriet AB", OrganisationNumber: "5560360793", ExtentPercent: 80, Start: date.MustParse("2020-01-01")}}
	p, err := Register(r, monday)
	require.NoError(t, err)
	require.Equal(t, IdentityNumber{Personnummer, "191212121212"}, p.Number)
	require.Equal(t, "Tolvan", p.GivenName)
	require.Equal(t, "556036-0793", p.Employments[0].OrganisationNumber)
	require.Equal(t, Active, p.State)

	_, err = Register(Registration{Employments: []Job{{Employer: " ", Start: today, End: today.AddDays(-1)}}}, monday)
	require.Equal(t, map[string]string{
		"patient.care_unit_id": "FIELD_REQUIRED", "patient.identity_number": "FIELD_REQUIRED", "patient.given_name": "FIELD_REQUIRED",
		"patient.family_name": "FIELD_REQUIRED", "patient.employments[0].employer_name": "FIELD_REQUIRED", "patient.employments[0].end_date": "PERIOD_REVERSED",
	}, reasons(t, err))
	r.Number = "191212121213"
	_, err = Register(r, monday)
	require.Equal(t, map[string]string{"patient.identity_number.value": "IDENTITY_NUMBER_CHECK_DIGIT"}, reasons(t, err))
}

func TestChangeAndRegisterInError(t *testing.T) {
	p, err := Register(registration(), monday)
	require.NoError(t, err)
	wish, blank := "letters only", " "
	next, err := p.Change(Change{ContactWish: &wish}, at("2026-03-03"))
	require.NoError(t, err)
	require.Equal(t, wish, next.ContactWish)
	require.Equal(t, "Tolvan", next.GivenName)
	require.Equal(t, int64(2), next.Revision)
	_, err = p.Change(Change{GivenName: &blank}, monday)
	require.Equal(t, map[string]string{"patient.given_name": "FIELD_REQUIRED"}, reasons(t, err))

	_, err = p.RegisterInError(ErrorMark{Reason: "double", Time: monday}, true)
	requireState(t, err, "PATIENT_HAS_OPEN_EPISODE")
	wrong, err := p.RegisterInError(ErrorMark{Reason: "double", Time: monday}, false)
	require.NoError(t, err)
	require.Equal(t, RecordInError, wrong.State)
	_, err = wrong.Change(Change{ContactWish: &wish}, monday)
	requireState(t, err, "PATIENT_NOT_ACTIVE")
	_, err = wrong.RegisterInError(ErrorMark{Reason: "again", Time: monday}, false)
	requireState(t, err, "PATIENT_NOT_ACTIVE")
}

func TestStaff(t *testing.T) {
	providers := map[string]string{unit: "v", "unit-2": "v", "foreign": "w"}
	providerOf := func(id string) string { return providers[id] }
	from := date.MustParse("2026-01-01")
	p, err := Hire(Practitioner{
		ID: "a", ProviderID: "v", HSAID: "SE1", GivenName: "A", FamilyName: "B",
		Employments: []Employment{
			{UnitID: "unit-2", Roles: []Role{Nurse}, Start: date.MustParse("2027-01-01")},
			{UnitID: unit, Roles: []Role{CareManager, RehabilitationCoordinator}, Start: from},
			{UnitID: unit, Roles: []Role{GP}, Start: from, End: date.MustParse("2026-02-01"), Locum: true},
		},
	}, providerOf, monday)
	require.NoError(t, err)
	require.Equal(t, "unit-2", p.Employments[2].UnitID, "by start")
	require.True(t, p.Holds(RehabilitationCoordinator, unit, today))
	require.False(t, p.Holds(GP, unit, today), "the locum has left")
	require.False(t, p.Holds(Nurse, "unit-2", today), "has not begun")

	ended, err := p.EndEmployment("", today, monday)
	require.NoError(t, err)
	require.Len(t, ended.Employments, 2, "what would begin later is removed")
	require.Equal(t, today, ended.Employments[0].End)
	require.Equal(t, date.MustParse("2026-02-01"), ended.Employments[1].End, "what had ended stays")
	require.True(t, ended.Holds(CareManager, unit, today))
	require.False(t, ended.Holds(CareManager, unit, today.AddDays(1)))
	_, err = ended.EndEmployment("", today, monday)
	requireState(t, err, "EMPLOYMENT_ENDED")
	part, err := p.EndEmployment(unit, today, monday)
	require.NoError(t, err)
	require.Len(t, part.Employments, 3)

	_, err = Hire(Practitioner{Employments: []Employment{
		{UnitID: "foreign", Locum: true}, {UnitID: "none", Roles: []Role{GP}, Start: today, End: today.AddDays(-1)},
	}}, providerOf, monday)
	require.Equal(t, map[string]string{
		"practitioner.care_provider_id": "FIELD_REQUIRED", "practitioner.hsa_id": "FIELD_REQUIRED",
		"practitioner.given_name": "FIELD_REQUIRED", "practitioner.family_name": "FIELD_REQUIRED",
		"practitioner.employments[0].care_unit_id": "UNIT_OF_OTHER_PROVIDER", "practitioner.employments[0].roles": "FIELD_REQUIRED",
		"practitioner.employments[0].start_date": "FIELD_REQUIRED", "practitioner.employments[0].end_date": "LOCUM_NEEDS_END",
		"practitioner.employments[1].care_unit_id": "UNIT_OF_OTHER_PROVIDER", "practitioner.employments[1].end_date": "PERIOD_REVERSED",
	}, reasons(t, err))
}
