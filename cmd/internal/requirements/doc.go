// Package requirements holds the requirements of the care model as tests: one function for each, which bears its number and
// follows its given, when and then over REST, with the whole product in one process, a test clock, and real stores on SQLite and
// on PostgreSQL. Each asserts what must happen and what must not. How the parts behave in every corner is tested where they are;
// here it is whether the model is kept.
//
//	agreement_test.go    R59 R64 R70 R71
//	certificate_test.go  R39
//	consent_test.go      R63 R66 R67 R69 R85
//	declining_test.go    R92
//	duty_test.go         R04 R10 R31
//	employer_test.go     R75 R86
//	flag_test.go         R43 R60 R62
//	meeting_test.go      R51 R52 R53 R54 R55 R56 R57 R58 R89
//	note_test.go         R29 R90
//	picture_test.go      R12 R30 R32 R83
//	return_test.go       R44 R45 R93
//	screening_test.go    R23 R24
//
// clinic_test.go opens a health centre, patient_test.go says what is done with a patient in a line or two, call_test.go calls.
package requirements
