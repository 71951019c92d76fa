package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// object is a JSON object that keeps the order in which its fields are written, so that a printed curl reads as the step does.
type object []field

type field struct {
	name  string
	value any
}

// MarshalJSON writes the fields in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // the escapes that only browsers need
	out.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := encoder.Encode(f.name); err != nil {
			return nil, fmt.Errorf("field %q: %w", f.name, err)
		}
		out.WriteByte(':')
		if err := encoder.Encode(f.value); err != nil {
			return nil, fmt.Errorf("field %q: %w", f.name, err)
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
