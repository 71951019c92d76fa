package patient

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

var today = date.MustParse("2026-03-02")

func TestParseIdentityNumber(t *testing.T) {
	for _, test := range []struct {
		name, text string
		kind       IdentityKind
		want       string
		found      IdentityKind
		born       string
	}{
		{"twelve digits", "191212121212", Personnummer, "191212121212", Personnummer, "1912-12-12"},
		{"with hyphen", "19121212-1212", AnyKind, "191212121212", Personnummer, "1912-12-12"},
		{"full with plus", "19121212+1212", AnyKind, "191212121212", Personnummer, "1912-12-12"},
		{"centenarian", "121212+1212", AnyKind, "191212121212", Personnummer, "1912-12-12"},
		{"this century", "121212-1212", AnyKind, "201212121212", Personnummer, "2012-12-12"},
		{"last century", "811228-9874", Personnummer, "198112289874", Personnummer, "1981-12-28"},
		{"spaces around", " 811228-9874 ", Personnummer, "198112289874", Personnummer, "1981-12-28"},
		{"coordination number", "701063-2391", Samordningsnummer, "197010632391", Samordningsnummer, "1970-10-03"},
		{"coordination, any kind", "19701063-2391", AnyKind, "197010632391", Samordningsnummer, "1970-10-03"},
		{"reserve number", "99x12-abc", ReserveNumber, "99X12-ABC", ReserveNumber, ""},
		{"reserve number of twelve digits", "191212121213", ReserveNumber, "191212121213", ReserveNumber, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, problem := ParseIdentityNumber(test.kind, test.text, today)
			require.Nil(t, problem)
			require.Equal(t, test.want, got.Value)
			require.Equal(t, test.found, got.Kind)
			require.Equal(t, test.born, got.BirthDate().String())
		})
	}
}

func TestParseIdentityNumberRefuses(t *testing.T) {
	for _, test := range []struct {
		name, text string
		kind       IdentityKind
		reason     string
	}{
		{"nothing", "", AnyKind, "IDENTITY_NUMBER_FORM"},
		{"ten digits do not tell the century", "8112289874", AnyKind, "IDENTITY_NUMBER_FORM"},
		{"letters", "1981122898AB", AnyKind, "IDENTITY_NUMBER_FORM"},
		{"other sign", "811228/9874", AnyKind, "IDENTITY_NUMBER_FORM"},
		{"sign at the wrong place", "8112289-874", AnyKind, "IDENTITY_NUMBER_FORM"},
		{"too long", "19811228--9874", AnyKind, "IDENTITY_NUMBER_FORM"},
		{"other digits", "١٩٨١١٢٢٨٩٨٧٤", AnyKind, "IDENTITY_NUMBER_FORM"},
		{"no such month", "198113289874", AnyKind, "IDENTITY_NUMBER_DATE"},
		{"no such day", "198102309874", AnyKind, "IDENTITY_NUMBER_DATE"},
		{"day zero", "198112009874", AnyKind, "IDENTITY_NUMBER_DATE"},
		{"day sixty", "198112609874", AnyKind, "IDENTITY_NUMBER_DATE"},
		{"day 92", "198112929874", AnyKind, "IDENTITY_NUMBER_DATE"},
		{"not born yet", "202612121212", AnyKind, "IDENTITY_NUMBER_DATE"},
		{"not born yet, without century", "261212-1217", AnyKind, "IDENTITY_NUMBER_DATE"},
		{"long ago", "100012121212", AnyKind, "IDENTITY_NUMBER_DATE"},
		{"check digit", "198112289875", AnyKind, "IDENTITY_NUMBER_CHECK_DIGIT"},
		{"personnummer as samordningsnummer", "198112289874", Samordningsnummer, "IDENTITY_NUMBER_KIND"},
		{"samordningsnummer as personnummer", "197010632391", Personnummer, "IDENTITY_NUMBER_KIND"},
		{"reserve number too short", "12345", ReserveNumber, "IDENTITY_NUMBER_FORM"},
		{"reserve number with space", "123 456", ReserveNumber, "IDENTITY_NUMBER_FORM"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problem := ParseIdentityNumber(test.kind, test.text, today)
			require.NotNil(t, problem)
			require.Equal(t, test.reason, problem.Reason)
			if test.text != "" {
				require.NotContains(t, problem.Error(), test.text)
			}
		})
	}
}

// numberOf builds a valid number for a day of birth, as an independent reading of the rule.
func numberOf(born date.Day, serial int, coordination bool) string {
	y, m, d := born.Date()
	if coordination {
		d += 60
	}
	nine := fmt.Sprintf("%02d%02d%02d%03d", y%100, int(m), d, serial)
	sum := 0
	for i, c := range nine {
		for _, digit := range fmt.Sprint(int(c-'0') * (2 - i%2)) {
			sum += int(digit - '0')
		}
	}
	return fmt.Sprintf("%02d%s%d", y/100, nine, (10-sum%10)%10)
}

func TestEveryFormGivesTheSameNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		born := today.AddDays(-rapid.IntRange(0, 110*365).Draw(t, "age in days"))
		full := numberOf(born, rapid.IntRange(0, 999).Draw(t, "serial"), rapid.Bool().Draw(t, "coordination"))
		year, _, _ := born.Date()
		thisYear, _, _ := today.Date()
		sign := "-"
		if thisYear-year >= 100 {
			sign = "+"
		}
		for _, form := range []string{full, full[:8] + "-" + full[8:], full[2:8] + sign + full[8:]} {
			got, problem := ParseIdentityNumber(AnyKind, form, today)
			require.Nil(t, problem, form)
			require.Equal(t, full, got.Value)
			require.Equal(t, born, got.BirthDate())
		}
		// One wrong digit never passes the check digit.
		i := rapid.IntRange(8, 11).Draw(t, "place")
		wrong := []byte(full)
		wrong[i] = '0' + (wrong[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		_, problem := ParseIdentityNumber(AnyKind, string(wrong), today)
		require.Equal(t, "IDENTITY_NUMBER_CHECK_DIGIT", problem.Reason)
	})
}

func TestANumberNeverPrints(t *testing.T) {
	p := Patient{Number: IdentityNumber{Personnummer, "191212121212"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		require.NotContains(t, fmt.Sprintf(verb, p), "19121212", verb)
		require.NotContains(t, fmt.Sprintf(verb, p.Number), "19121212", verb)
	}
}

func FuzzParseIdentityNumber(f *testing.F) {
	f.Add("", "19121212-1212")
	f.Add("RESERVE_NUMBER", "99X12-ABC")
	f.Fuzz(func(t *testing.T, kind, text string) {
		got, problem := ParseIdentityNumber(IdentityKind(kind), text, today)
		if problem != nil {
			return
		}
		again, problem := ParseIdentityNumber(got.Kind, got.Value, today)
		if problem != nil || again != got {
			t.Fatalf("the normal form of an accepted number is not accepted as it is: %v", problem)
		}
		if got.Kind != ReserveNumber && (len(got.Value) != 12 || got.BirthDate().IsZero()) {
			t.Fatal("an accepted number has no twelve digits or no day of birth")
		}
	})
}

func TestParseDiagnosis(t *testing.T) {
	for text, want := range map[string]string{
		"F438A": "F43.8A", "f43.8a": "F43.8A", "F32.1": "F32.1", "f321": "F32.1", " F43 ": "F43", "F33.10": "F33.10",
		"M54.5": "M54.5", "Z73.0A": "Z73.0A", "S52.50A": "S52.50A", "C50.XA": "C50.XA",
	} {
		got, problem := ParseDiagnosis(text)
		require.Nil(t, problem, text)
		require.Equal(t, Diagnosis(want), got)
	}
	for _, text := range []string{"", "F", "F4", "43F", "F43.", "F43..8", "F43A", "F43.8AB", "F43.8123", "F43 8", "Å43.1", "F43.8Å", strings.Repeat("F", 9)} {
		_, problem := ParseDiagnosis(text)
		require.NotNil(t, problem, text)
		require.Equal(t, "DIAGNOSIS_CODE_FORM", problem.Reason)
	}
}

func TestDiagnosesOutsideTheModel(t *testing.T) {
	for code, want := range map[string]bool{
		"F00": true, "F09": true, "F10.2": true, "F19": true, "F20.0": true, "F29": true, "F30": true, "F31.6": true, "F32.3": true, "F33.3": true,
		"F32.3A": true, "F32.2": false, "F33": false, "F34": false, "F41.1": false, "F43.8A": false, "E03.9": false, "G47.0": false,
	} {
		require.Equal(t, want, Diagnosis(code).NeedsReason(), code)
	}
}

func FuzzParseDiagnosis(f *testing.F) {
	f.Add("f438a")
	f.Fuzz(func(t *testing.T, text string) {
		got, problem := ParseDiagnosis(text)
		if problem != nil {
			return
		}
		if again, problem := ParseDiagnosis(string(got)); problem != nil || again != got {
			t.Fatalf("the normal form of an accepted code is not accepted as it is")
		}
	})
}

func at(day string) time.Time { return date.MustParse(day).At(9, 0) }
