package fault

import "fmt"

type Fault struct {
	Code   int
	Reason string
}

func (f *Fault) Error() string { return fmt.Sprint(f.Code, f.Reason) }

func NotFound(reason, text string) error { return &Fault{Reason: reason + text} }

func Denied(text string) error { return &Fault{Reason: "ROLE_REQUIRED"} }

func Teapot() error { return &Fault{418, "TEAPOT"} } // want reason-declared
