package demo

import (
	"fmt"
	"strings"
)

// check collects what does not hold, so that a failing step says everything that is wrong at once.
type check struct{ wrong []string }

func (c *check) that(ok bool, format string, a ...any) {
	if !ok {
		c.wrong = append(c.wrong, fmt.Sprintf(format, a...))
	}
}

// equal compares a value got with the one expected.
func equal[T comparable](c *check, what string, got, want T) {
	if got != want {
		c.wrong = append(c.wrong, fmt.Sprintf("%s: expected %v, got %v", what, want, got))
	}
}

func (c *check) err() error {
	if len(c.wrong) == 0 {
		return nil
	}
	return &unexpected{c.wrong}
}

// unexpected says in what an answer differs from what the contract promises.
type unexpected struct{ wrong []string }

func (e *unexpected) Error() string { return strings.Join(e.wrong, "; ") }

// Failure is a step of a walk that did not go as it should.
type Failure struct {
	Number int    // of the step, as printed
	Name   string // what should have happened
	Err    error  // what was expected and what came
}

// Error names the step by number and name.
func (f *Failure) Error() string {
	return fmt.Sprintf("step %d failed (%s): %v", f.Number, f.Name, f.Err)
}

// Unwrap gives what was expected and what came.
func (f *Failure) Unwrap() error { return f.Err }
