package gateway

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
)

// A route that ends in :watch is a long poll. To who accepts text/event-stream it is answered as Server-Sent Events: the gateway
// polls on from cursor to cursor, each time by the same call with the same token, so that everything that guards a call guards
// every part of the stream.
//
//	event: ready               the cursor from which changes are told; read the list now
//	event: follow_up.created   a change; its id is the cursor to go on from
//	: still here               nothing has happened; the id may have moved
//	event: rebuilt             read the list again
//	event: problem             what a call would have been refused with; the stream ends

const (
	eventStream = "text/event-stream"
	// DefaultHeartbeat is how long a stream is silent at most.
	DefaultHeartbeat = 15 * time.Second
	// reconnectAfter is what a client is told to wait before it connects again.
	reconnectAfter = 3 * time.Second
	// slowestWrite is how long one part of a stream may take to be taken by the client.
	slowestWrite = 10 * time.Second
)

// wantsStream tells that the client would rather have a stream than one answer.
func wantsStream(x *exchange, r *http.Request) bool {
	if x.route == nil || !x.route.watches || x.outer.Method == http.MethodHead {
		return false
	}
	for _, accept := range r.Header.Values("Accept") {
		for one := range strings.SplitSeq(accept, ",") {
			if media, _, err := mime.ParseMediaType(one); err == nil && media == eventStream {
				return true
			}
		}
	}
	return false
}

// errStreamEnds says that a stream has told its last.
var errStreamEnds = errors.New("gateway: the stream ends")

// polled is the answer to a long poll, as far as a stream needs to know it.
type polled struct {
	Changes    []json.RawMessage `json:"changes"`
	NextCursor string            `json:"nextCursor"`
	Rebuilt    bool              `json:"rebuilt"`
}

// watcher is one stream.
type watcher struct {
	http.ResponseWriter
	control *http.ResponseController
	poll    func(ctx context.Context, cursor string, wait time.Duration) *kept
	cursor  string
}

// stream answers with Server-Sent Events until the client goes, the process stops or a poll is refused.
func (g *gateway) stream(w http.ResponseWriter, r *http.Request, query url.Values, params map[string]string, next runtime.HandlerFunc) {
	s := &watcher{ResponseWriter: w, control: http.NewResponseController(w), cursor: cmp.Or(r.Header.Get("Last-Event-ID"), query.Get("cursor"))}
	s.poll = func(ctx context.Context, cursor string, wait time.Duration) *kept {
		ctx, cancel := context.WithTimeout(ctx, g.options.Timeout+wait)
		defer cancel()
		query.Set("cursor", cursor)
		query.Set("wait_seconds", strconv.Itoa(int(wait/time.Second)))
		asked := r.WithContext(ctx)
		target := *r.URL
		target.RawQuery = query.Encode()
		asked.URL = &target
		answer := &kept{header: w.Header().Clone(), status: http.StatusOK}
		next(answer, asked, params)
		return answer
	}
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	go func() { // ends with the stream
		select {
		case <-g.options.Stopping:
			stop()
		case <-ctx.Done():
		}
	}()
	// The first poll does not wait: it refuses what is to be refused, as a problem, and gives the cursor to begin from.
	first := s.poll(ctx, s.cursor, 0)
	if first.status != http.StatusOK {
		first.replay(w)
		return
	}
	w.Header().Set("Content-Type", eventStream)
	w.Header().Set("X-Accel-Buffering", "no") // proxies must pass it on at once
	_ = s.control.SetReadDeadline(time.Time{})
	if s.begin(first) != nil {
		return
	}
	for ctx.Err() == nil {
		if s.tell(ctx, s.poll(ctx, s.cursor, g.options.Heartbeat)) != nil {
			return
		}
	}
}

// begin tells where the stream begins, and what has happened since the cursor that the client brought.
func (s *watcher) begin(first *kept) error {
	var answer polled
	if err := json.Unmarshal(first.body.Bytes(), &answer); err != nil {
		return err
	}
	from := cmp.Or(s.cursor, answer.NextCursor)
	ready := fmt.Sprintf("retry: %d\nevent: ready\nid: %s\ndata: {}\n\n", reconnectAfter.Milliseconds(), line(from))
	if err := s.send(ready); err != nil {
		return err
	}
	return s.changes(answer)
}

// tell passes on what a poll brought.
func (s *watcher) tell(ctx context.Context, answer *kept) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if answer.status != http.StatusOK {
		_ = s.send("event: problem\ndata: " + line(answer.body.String()) + "\n\n")
		return errStreamEnds
	}
	var got polled
	if err := json.Unmarshal(answer.body.Bytes(), &got); err != nil {
		return err
	}
	return s.changes(got)
}

// changes sends the changes of one poll, or that there were none.
func (s *watcher) changes(got polled) error {
	if got.Rebuilt {
		s.cursor = got.NextCursor
		return s.send("event: rebuilt\nid: " + line(s.cursor) + "\ndata: {}\n\n")
	}
	var text strings.Builder
	for _, change := range got.Changes {
		var named struct{ Cursor, Type string }
		if err := json.Unmarshal(change, &named); err != nil {
			return err
		}
		fmt.Fprintf(&text, "event: %s\nid: %s\ndata: %s\n\n", line(named.Type), line(named.Cursor), line(string(change)))
	}
	if len(got.Changes) == 0 {
		fmt.Fprintf(&text, ": still here\nid: %s\n\n", line(got.NextCursor))
	}
	s.cursor = got.NextCursor
	return s.send(text.String())
}

func (s *watcher) send(text string) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(slowestWrite))
	if _, err := s.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}

// line keeps a text on one line, since a line break ends a field.
func line(text string) string {
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(text)
}

// kept is an answer that is not sent yet.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) WriteHeader(status int)      { k.status = status }
func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }

// replay sends the answer after all.
func (k *kept) replay(w http.ResponseWriter) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	w.WriteHeader(k.status)
	_, _ = w.Write(k.body.Bytes())
}
