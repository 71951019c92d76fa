package patient

import (
	"slices"
	"strings"
)

// Diagnosis is a code of ICD-10-SE in its one spelling: with dot, upper case, Swedish letter suffix kept ("F32.1", "F43.8A"), or
// a category of three characters ("F43").
type Diagnosis string

// ParseDiagnosis reads a code in any common spelling: letter, two digits, then optionally a dot, one or two characters of
// subdivision (the first a digit or X) and a letter. It checks the form, not whether the code is in use.
// Reason: DIAGNOSIS_CODE_FORM.
func ParseDiagnosis(text string) (Diagnosis, *Problem) {
	code := strings.ToUpper(strings.TrimSpace(text))
	form := &Problem{"DIAGNOSIS_CODE_FORM", "must be a code of ICD-10-SE, for example F32.1, F43.8A or F43"}
	if len(code) < 3 || !isLetter(code[0]) || !isDigit(code[1]) || !isDigit(code[2]) {
		return "", form
	}
	category, rest := code[:3], code[3:]
	rest, dotted := strings.CutPrefix(rest, ".")
	if rest == "" {
		if dotted {
			return "", form
		}
		return Diagnosis(category), nil
	}
	ok := isDigit(rest[0]) || rest[0] == 'X'
	switch len(rest) {
	case 1:
	case 2:
		ok = ok && (isDigit(rest[1]) || isLetter(rest[1]))
	case 3:
		ok = ok && isDigit(rest[1]) && isLetter(rest[2])
	default:
		ok = false
	}
	if !ok {
		return "", form
	}
	return Diagnosis(category + "." + rest), nil
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' }

// NeedsReason tells whether the model was not tried for the diagnosis, so that following it here needs a reason: organic
// disorders (F00–F09), addiction (F10–F19), psychoses (F20–F29), mania and bipolar disorder (F30–F31), and depression with
// psychotic symptoms (F32.3, F33.3). These were the exclusions of the CO-WORK-CARE trial; they are a warning, not a wall.
func (d Diagnosis) NeedsReason() bool {
	if len(d) < 3 {
		return false
	}
	category := string(d[:3])
	if category >= "F00" && category <= "F31" {
		return true
	}
	return slices.ContainsFunc([]string{"F32.3", "F33.3"}, func(code string) bool { return strings.HasPrefix(string(d), code) })
}
