package gateway

import (
	"errors"
	"io"
	"reflect"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// maxDepth is how deep JSON may nest; no message of the API comes near it.
const maxDepth = 64

// errBody stands for every body that the codec refuses. The generated code keeps only an error's text, so the text is the
// mark by which the error handler knows to explain the body.
var errBody = errors.New("gateway: the body does not fit the request")

// codec is the JSON of the API: lowerCamelCase, enums by name, zero values present, what is not set absent, unknown fields
// refused.
type codec struct {
	*runtime.JSONPb
}

func newCodec() *codec {
	return &codec{&runtime.JSONPb{
		MarshalOptions:   protojson.MarshalOptions{EmitDefaultValues: true},
		UnmarshalOptions: protojson.UnmarshalOptions{RecursionLimit: maxDepth},
	}}
}

// NewDecoder decodes one message that must fill the whole of r.
func (c *codec) NewDecoder(r io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(target any) error {
		data, err := contents(r)
		if err != nil {
			return errBody
		}
		if c.decode(data, target) != nil {
			return errBody
		}
		return nil
	})
}

func contents(r io.Reader) ([]byte, error) {
	if read, ok := r.(*payload); ok {
		return read.data, nil
	}
	return io.ReadAll(r)
}

// decode takes a message, or the address of a request's message field, which is nil until now.
func (c *codec) decode(data []byte, target any) error {
	if message, ok := target.(proto.Message); ok {
		return c.UnmarshalOptions.Unmarshal(data, message)
	}
	field := reflect.ValueOf(target)
	if field.Kind() != reflect.Pointer || field.Elem().Kind() != reflect.Pointer {
		return c.JSONPb.Unmarshal(data, target)
	}
	value := reflect.New(field.Elem().Type().Elem())
	message, ok := value.Interface().(proto.Message)
	if !ok {
		return c.JSONPb.Unmarshal(data, target)
	}
	if err := c.UnmarshalOptions.Unmarshal(data, message); err != nil {
		return err
	}
	field.Elem().Set(value)
	return nil
}
