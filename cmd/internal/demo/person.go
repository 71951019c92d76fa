package demo

import (
	"fmt"
	"math/rand/v2"

	"github.com/coworkcare/coworkcare/platform/date"
)

var (
	givenNames = []string{
		"Agnes", "Ahmed", "Alva", "Astrid", "Axel", "Birgitta", "Björn", "Camilla", "Dan", "Ebba", "Elias", "Elin", "Emil", "Fatima",
		"Gunnar", "Hassan", "Ida", "Ingrid", "Johan", "Kerstin", "Lena", "Leila", "Linnea", "Magnus", "Malin", "Mikael", "Mona", "Nora",
		"Olof", "Oskar", "Petra", "Rolf", "Sara", "Sofia", "Stig", "Tove", "Ulla", "Viktor", "Ylva", "Åsa",
	}
	familyNames = []string{
		"Ahlgren", "Berg", "Bergström", "Dahl", "Ekström", "Engdahl", "Fors", "Friberg", "Granat", "Hall", "Hedlund", "Holm", "Isaksson",
		"Jansson", "Kvist", "Lind", "Lindgren", "Lundin", "Malm", "Norén", "Nyberg", "Olofsson", "Palm", "Rehn", "Sandell", "Sjögren",
		"Sund", "Svahn", "Thorell", "Vallin", "Wikström", "Öberg",
	}
	occupations = []string{
		"preschool teacher", "assistant nurse", "project leader", "bus driver", "shop assistant", "IT technician", "social worker",
		"teacher", "warehouse worker", "administrator", "cook", "engineer",
	}
	employers = []string{
		"Exempelskolan (synthetic)", "Provbolaget AB (synthetic)", "Testkommunen (synthetic)", "Mönsterlagret AB (synthetic)",
		"Modellköket HB (synthetic)",
	}
	wishes = []string{
		"Synthetic: glad to hear from closest colleagues, not from the manager yet.",
		"Synthetic: wants the manager to call once a week.",
		"Synthetic: prefers text messages before noon.",
		"",
	}
)

// newPerson draws an invented person; n is unique among those of one seed. Family names say that they are of a test.
func newPerson(dice *rand.Rand, n int, today date.Day) person {
	p := person{
		given: givenNames[dice.IntN(len(givenNames))], family: familyNames[(n*7+dice.IntN(3))%len(familyNames)] + "-Test",
		number: personnummer(birthday(dice), testSerials[n%len(testSerials)]),
		// 070-174 06 05 to 99 are kept free for films and books by the Swedish Post and Telecom Authority.
		phone: fmt.Sprintf("+46 70 174 06 %02d", 5+n%95), wish: wishes[dice.IntN(len(wishes))],
		employer: employers[dice.IntN(len(employers))], occupation: occupations[dice.IntN(len(occupations))],
		extent: []int{100, 100, 100, 75, 50}[dice.IntN(5)], since: today.AddDays(-400 - dice.IntN(3000)),
	}
	return p
}

// madrs gives nine answers of 0–6 that sum to a total (0–54), the ninth, on the wish to live, as named; the rest as even as can be.
func madrs(total, ninth int) []int {
	answers := make([]int, 9)
	answers[8] = ninth
	rest := total - ninth
	for i := range 8 {
		answers[i] = rest / 8
		if i < rest%8 {
			answers[i]++
		}
	}
	return answers
}
