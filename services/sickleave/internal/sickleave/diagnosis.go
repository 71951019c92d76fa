package sickleave

import "strings"

// NormalizeDiagnosis returns an ICD-10-SE code in its usual form: a letter, two
// digits, a point, a digit, and for some a fifth character, as F43.8A. Small
// letters, a missing point and blanks around the code are accepted. A bare
// category as F43 is refused with ReasonDiagnosisTooCoarse: a certificate needs
// the fourth character. Anything else is ReasonDiagnosisFormat. Whether the
// code exists is not checked. Errors are a Violation in field "diagnoses".
func NormalizeDiagnosis(text string) (string, error) {
	code, v := normalizeDiagnosis(text)
	if v.Reason == "" {
		return code, nil
	}
	v.Field = "diagnoses"
	return "", Violations{v}
}

func normalizeDiagnosis(text string) (string, Violation) {
	wrong := Violation{Reason: ReasonDiagnosisFormat, Message: "must be an ICD-10-SE code, written as J06.9"}
	code := strings.Map(upperASCII, strings.TrimSpace(text))
	if len(code) < 3 || !isLetter(code[0]) || !isDigit(code[1]) || !isDigit(code[2]) {
		return "", wrong
	}
	category, detail := code[:3], strings.TrimPrefix(code[3:], ".")
	switch {
	case len(code) == 3:
		return "", Violation{Reason: ReasonDiagnosisTooCoarse, Message: "a category is not enough: pick the fourth character of the code"}
	case len(detail) < 1 || len(detail) > 2 || !isDigit(detail[0]):
		return "", wrong
	case len(detail) == 2 && !isDigit(detail[1]) && !isLetter(detail[1]):
		return "", wrong
	}
	return category + "." + detail, Violation{}
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'A' <= c && c <= 'Z' }

// upperASCII leaves other letters alone: some, as the long s, have an ASCII
// capital.
func upperASCII(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}
