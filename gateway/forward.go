package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// errNotModified ends a response whose etag the client holds already.
var errNotModified = errors.New("gateway: not modified")

// forward sets what an answer says outside of its body: ETag, 304, and 201 with Location.
func (g *gateway) forward(ctx context.Context, w http.ResponseWriter, response proto.Message) error {
	x := exchangeOf(ctx)
	if response == nil {
		return nil
	}
	if etag := etagOf(response.ProtoReflect()); etag != "" {
		w.Header().Set("ETag", etag)
		if x.ifNoneMatch != "" && matches(x.ifNoneMatch, etag) {
			return errNotModified
		}
	}
	if x.route == nil || x.route.createdID == nil {
		return nil
	}
	message := response.ProtoReflect()
	if message.Descriptor() != x.route.createdID.ContainingMessage() {
		return nil
	}
	if id := message.Get(x.route.createdID).String(); id != "" {
		location := x.url.EscapedPath() + "/" + url.PathEscape(id)
		if g.served(http.MethodGet, x.url.Path+"/"+id) {
			w.Header().Set("Location", location)
		}
		w.WriteHeader(http.StatusCreated)
	}
	return nil
}

// etagOf is the response's own etag as a header writes it, quoted; empty when it has none.
func etagOf(message protoreflect.Message) string {
	field := message.Descriptor().Fields().ByName("etag")
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() {
		return ""
	}
	etag := message.Get(field).String()
	if etag == "" || strings.HasPrefix(etag, `"`) || strings.HasPrefix(etag, `W/"`) {
		return etag
	}
	return `"` + etag + `"`
}
