package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/coworkcare/coworkcare/platform/fault"
)

// maxViolations is how many faults of one body are told.
const maxViolations = 50

// explain says why a body does not fit a message: where it stops being JSON, or every field that is unknown, doubled or of the
// wrong type, by its path from prefix. It returns nil when it finds nothing wrong. It runs only on bodies already refused.
func explain(body []byte, message protoreflect.MessageDescriptor, prefix string) error {
	if at, ok := firstInvalid(body); !ok {
		return malformed("the body is not valid UTF-8 at " + position(body, at))
	}
	if at, ok := tooDeep(body); !ok {
		return malformed(fmt.Sprintf("the body nests deeper than %d levels at %s", maxDepth, position(body, at)))
	}
	if err := syntax(body); err != nil {
		return err
	}
	var e explainer
	e.message(body, message, prefix)
	if len(e.violations) == 0 {
		return nil
	}
	return &fault.Fault{Code: codes.InvalidArgument, Reason: reasonMalformed, Text: "the body does not fit the request", Violations: e.violations}
}

func malformed(text string) error {
	return &fault.Fault{Code: codes.InvalidArgument, Reason: reasonMalformed, Text: text}
}

func firstInvalid(body []byte) (int, bool) {
	for at := 0; at < len(body); {
		c, size := utf8.DecodeRune(body[at:])
		if c == utf8.RuneError && size == 1 {
			return at, false
		}
		at += size
	}
	return 0, true
}

// tooDeep finds where brackets nest too deep, in one pass without recursion.
func tooDeep(body []byte) (int, bool) {
	depth, quoted := 0, false
	for at := 0; at < len(body); at++ {
		switch c := body[at]; {
		case quoted && c == '\\':
			at++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return at, false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return 0, true
}

// syntax checks that the body is one JSON value and nothing more.
func syntax(body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil {
		var wrong *json.SyntaxError
		if errors.As(err, &wrong) && int(wrong.Offset) <= len(body) {
			return malformed("the body is not valid JSON at " + position(body, max(int(wrong.Offset)-1, 0)))
		}
		return malformed("the body is not valid JSON: it ends too early")
	}
	end := int(decoder.InputOffset())
	rest := bytes.TrimLeft(body[end:], " \t\r\n")
	if len(rest) > 0 {
		return malformed("the body goes on after its JSON value at " + position(body, len(body)-len(rest)))
	}
	return nil
}

// position is where a byte stands, counted as editors count.
func position(body []byte, at int) string {
	at = min(at, len(body))
	before := body[:at]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("line %d, column %d", line, column)
}
