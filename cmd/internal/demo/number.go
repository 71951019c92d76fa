package demo

import (
	"fmt"
	"math/rand/v2"

	"github.com/coworkcare/coworkcare/platform/date"
)

// testSerials are three-digit serials of the test numbers that the Swedish Tax Agency publishes (Testpersonnummer): nobody alive
// gets a number with one of them.
var testSerials = []int{980, 981, 982, 983, 984, 985, 986, 987, 238, 239}

// identityNumber is an invented identity number.
type identityNumber struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// personnummer makes a number of the test ranges: the day of birth, a test serial, the check digit.
func personnummer(born date.Day, serial int) identityNumber {
	return identityNumber{"PERSONNUMMER", withCheckDigit(born, 0, serial)}
}

// samordningsnummer is the same with 60 added to the day (act 2022:1697).
func samordningsnummer(born date.Day, serial int) identityNumber {
	return identityNumber{"SAMORDNINGSNUMMER", withCheckDigit(born, 60, serial)}
}

// reserveNumber is a number of no region's form, so that it can be nobody's.
func reserveNumber(n int) identityNumber {
	return identityNumber{"RESERVE_NUMBER", fmt.Sprintf("TEST-R-%04d", n)}
}

func withCheckDigit(born date.Day, add, serial int) string {
	year, month, day := born.Date()
	eleven := fmt.Sprintf("%04d%02d%02d%03d", year, month, day+add, serial)
	return eleven + string(rune('0'+checkDigit(eleven[2:])))
}

// checkDigit makes the sum of nine digits, weighted 2, 1, 2, … from the left, and itself a multiple of ten (SKV 704).
func checkDigit(nine string) int {
	sum := 0
	for i := range len(nine) {
		n := int(nine[i] - '0')
		if i%2 == 0 {
			n *= 2
		}
		sum += n/10 + n%10
	}
	return (10 - sum%10) % 10
}

// birthday draws a day of birth of somebody of working age.
func birthday(dice *rand.Rand) date.Day {
	return date.MustParse("1962-01-01").AddDays(dice.IntN(40 * 365))
}
