package patient

import (
	"fmt"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// IdentityKind is who gives a number out, spelled as in the API.
type IdentityKind string

// The kinds. AnyKind stands for a personnummer or a samordningsnummer, told apart by the day.
const (
	AnyKind           IdentityKind = ""
	Personnummer      IdentityKind = "PERSONNUMMER"
	Samordningsnummer IdentityKind = "SAMORDNINGSNUMMER"
	ReserveNumber     IdentityKind = "RESERVE_NUMBER"
)

// IdentityNumber is a number that a person is known by, in its one normal form: twelve digits (personnummer,
// samordningsnummer) or upper case (reserve number). It prints as a placeholder whatever the verb of fmt is.
type IdentityNumber struct {
	Kind  IdentityKind
	Value string
}

// Format hides the number.
func (IdentityNumber) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte("[identity number]"))
}

// earliestBirth bounds the century of a number; nobody alive was born earlier, and the authority's test series begins in 1890.
var earliestBirth = date.New(1850, time.January, 1)

// coordinationDay is what a samordningsnummer adds to the day of birth (act 2022:1697).
const coordinationDay = 60

// ParseIdentityNumber reads a number as people write it.
//
// A personnummer or samordningsnummer is YYYYMMDDNNNN, YYYYMMDD-NNNN, YYMMDD-NNNN or, from the year in which the person turns
// 100, YYMMDD+NNNN (Population Registration Act 1991:481, section 18); ten digits without a sign are refused, since they do not
// tell the century. A reserve number is 6–20 characters of 0–9, A–Z and "-"; each region has a form of its own.
//
// Reasons: IDENTITY_NUMBER_FORM, IDENTITY_NUMBER_DATE, IDENTITY_NUMBER_CHECK_DIGIT, IDENTITY_NUMBER_KIND.
func ParseIdentityNumber(kind IdentityKind, text string, today date.Day) (IdentityNumber, *Problem) {
	text = strings.TrimSpace(text)
	if kind == ReserveNumber {
		return parseReserveNumber(text)
	}
	digits, problem := twelveDigits(text, today)
	if problem != nil {
		return IdentityNumber{}, problem
	}
	found := Personnummer
	if digits[6] >= '6' {
		found = Samordningsnummer
	}
	born, ok := birthDay(digits)
	if !ok || born.After(today) || born.Before(earliestBirth) {
		return IdentityNumber{}, &Problem{"IDENTITY_NUMBER_DATE", "does not begin with a day of birth that has been; check year, month and day"}
	}
	if !luhn(digits[2:]) {
		return IdentityNumber{}, &Problem{"IDENTITY_NUMBER_CHECK_DIGIT", "has a check digit that does not fit; a digit is mistyped"}
	}
	if kind != AnyKind && kind != found {
		return IdentityNumber{}, &Problem{"IDENTITY_NUMBER_KIND", "is a " + strings.ToLower(string(found)) + " by its day; give that as its kind"}
	}
	return IdentityNumber{Kind: found, Value: digits}, nil
}

func parseReserveNumber(text string) (IdentityNumber, *Problem) {
	value := strings.ToUpper(text)
	ok := len(value) >= 6 && len(value) <= 20
	for _, c := range []byte(value) {
		ok = ok && (c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '-')
	}
	if !ok {
		return IdentityNumber{}, &Problem{"IDENTITY_NUMBER_FORM", `must be 6–20 characters of 0–9, A–Z and "-"`}
	}
	return IdentityNumber{Kind: ReserveNumber, Value: value}, nil
}

// twelveDigits brings the accepted forms to YYYYMMDDNNNN.
func twelveDigits(text string, today date.Day) (string, *Problem) {
	form := &Problem{"IDENTITY_NUMBER_FORM", "must be written YYYYMMDD-NNNN, YYYYMMDDNNNN, YYMMDD-NNNN or, from the age of 100, YYMMDD+NNNN"}
	birth, sign, serial := text, byte(0), ""
	switch len(text) {
	case 12:
		birth, serial = text[:8], text[8:]
	case 11, 13:
		cut := len(text) - 5
		birth, sign, serial = text[:cut], text[cut], text[cut+1:]
		if sign != '-' && sign != '+' {
			return "", form
		}
	default:
		return "", form
	}
	if !allDigits(birth) || !allDigits(serial) {
		return "", form
	}
	if len(birth) == 6 {
		year, _, _ := today.Date()
		if sign == '+' {
			year -= 100
		}
		// The latest year with these two last digits that is not after the year above.
		year -= ((year-twoDigits(birth))%100 + 100) % 100
		birth = string([]byte{'0' + byte(year/1000), '0' + byte(year/100%10)}) + birth
	}
	return birth + serial, nil
}

// birthDay returns the day of birth in twelve digits; false when there is no such day.
func birthDay(digits string) (date.Day, bool) {
	year, month, day := twoDigits(digits)*100+twoDigits(digits[2:]), twoDigits(digits[4:]), twoDigits(digits[6:])
	if day > coordinationDay {
		day -= coordinationDay
	}
	born := date.New(year, time.Month(month), day)
	y, m, d := born.Date()
	return born, y == year && int(m) == month && d == day
}

// BirthDate returns the day of birth that the number states; no day for a reserve number.
func (n IdentityNumber) BirthDate() date.Day {
	if n.Kind == ReserveNumber || len(n.Value) != 12 {
		return 0
	}
	born, _ := birthDay(n.Value)
	return born
}

// luhn checks ten digits, weights 2, 1, 2, 1, … from the left (SKV 704).
func luhn(ten string) bool {
	sum := 0
	for i := range ten {
		n := int(ten[i] - '0')
		if i%2 == 0 {
			n *= 2
		}
		sum += n/10 + n%10
	}
	return sum%10 == 0
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

func twoDigits(text string) int { return int(text[0]-'0')*10 + int(text[1]-'0') }
