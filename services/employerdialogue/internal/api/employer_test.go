package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	ed "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
)

func TestEmployersBelongToACareProvider(t *testing.T) {
	run(t, func(u *unit) {
		elsewhere := u.As("rehabilitation_coordinator", u.NewPlace())
		_, err := u.client.GetEmployer(elsewhere, &ed.GetEmployerRequest{EmployerId: u.employer})
		requireFault(u, err, codes.NotFound, "RESOURCE_NOT_FOUND")
		_, err = u.client.CreateEmployer(u.rc, &ed.CreateEmployerRequest{Employer: &ed.Employer{CareProviderId: u.place.ProviderID, DisplayName: "Annan", OrganisationNumber: "556036-0793"}})
		requireFault(u, err, codes.AlreadyExists, "EMPLOYER_EXISTS")
		_, err = u.client.CreateEmployer(u.rc, &ed.CreateEmployerRequest{Employer: &ed.Employer{CareProviderId: u.place.ProviderID, OrganisationNumber: "556036-0794"}})
		requireFault(u, err, codes.InvalidArgument, "INVALID_FIELD")
		require.Equal(u, []string{"MISSING", "ORGANISATION_NUMBER_INVALID"}, violations(err))
		found, err := u.client.LookupEmployer(u.cm, &ed.LookupEmployerRequest{OrganisationNumber: "5560360793"})
		require.NoError(u, err)
		require.Equal(u, u.employer, found.GetEmployerId())
		require.Equal(u, "556036-0793", found.GetOrganisationNumber())
		_, err = u.client.LookupEmployer(elsewhere, &ed.LookupEmployerRequest{OrganisationNumber: "5560360793"})
		requireFault(u, err, codes.NotFound, "EMPLOYER_NOT_FOUND")
		changed, err := u.client.UpdateEmployer(u.rc, &ed.UpdateEmployerRequest{
			Employer:   &ed.Employer{EmployerId: u.employer, Etag: found.GetEtag(), Workplaces: append(found.GetWorkplaces(), &ed.Workplace{DisplayName: "Ny"})},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"workplaces", "organisation_number"}},
		})
		require.NoError(u, err)
		require.Len(u, changed.GetWorkplaces(), 2)
		require.Equal(u, found.GetWorkplaces()[0].GetWorkplaceId(), changed.GetWorkplaces()[0].GetWorkplaceId())
		require.Empty(u, changed.GetOrganisationNumber())
		require.Equal(u, "canary-employer", changed.GetDisplayName())
		// Two without a number do not stand in each other's way.
		other, err := u.client.CreateEmployer(u.rc, &ed.CreateEmployerRequest{Employer: &ed.Employer{CareProviderId: u.place.ProviderID, DisplayName: "Annan"}})
		require.NoError(u, err)
		list, err := u.client.ListEmployers(u.gp, &ed.ListEmployersRequest{CareProviderId: u.place.ProviderID})
		require.NoError(u, err)
		require.Len(u, list.GetEmployers(), 2)
		_, err = u.client.UpdateContactPerson(u.rc, &ed.UpdateContactPersonRequest{ContactPerson: &ed.ContactPerson{EmployerId: other.GetEmployerId(), ContactPersonId: u.person, Function: "chef"}})
		requireFault(u, err, codes.NotFound, "CONTACT_PERSON_NOT_FOUND")
		person, err := u.client.UpdateContactPerson(u.rc, &ed.UpdateContactPersonRequest{ContactPerson: &ed.ContactPerson{EmployerId: u.employer, ContactPersonId: u.person, Function: "chef"}})
		require.NoError(u, err)
		require.Equal(u, "chef", person.GetFunction())
		require.Equal(u, email, person.GetEmail())
		persons, err := u.client.ListContactPersons(u.cm, &ed.ListContactPersonsRequest{EmployerId: u.employer})
		require.NoError(u, err)
		require.Len(u, persons.GetContactPersons(), 1)
	})
}
