package whole_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// writing are the methods that change something.
func (s *system) writing() []*method {
	var some []*method
	for _, m := range s.byPeople() {
		if m.writes() {
			some = append(some, m)
		}
	}
	return some
}

// A write that is sent again under its request id gives the first answer and writes once; under the same id with another body it
// is refused.
func TestRetry(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		for _, m := range w.writing() {
			t.Run(m.short(), func(t *testing.T) {
				st := w.prepared(t, m)
				request := st.sample(m)
				before := w.careData(t)
				first, err := w.call(st.asCaller(m), m, request)
				require.NoErrorf(t, err, "%s as %s", m.short(), m.caller())
				after := w.careData(t)
				require.NotEqual(t, before, after, "%s wrote nothing", m.short())
				again, err := w.call(st.asCaller(m), m, request)
				require.NoErrorf(t, err, "%s again", m.short())
				require.True(t, proto.Equal(first, again), "%s: the second answer is another:\n%s\n%s", m.short(), protojson.Format(first), protojson.Format(again))
				require.Equal(t, after, w.careData(t), "%s, sent twice, wrote twice", m.short())

				masked := m.Input().Fields().ByName("update_mask") != nil
				if m.verb != "" && !masked { // also over REST, where the id may come as a header; a PATCH is given a mask there
					r := m.overREST(t, request)
					r.header.Set("Idempotency-Key", at(request, "request_id"))
					got := w.send(r, st.token(m.caller(), st.place))
					require.Less(t, got.status, 300, "%s over REST: %s", m.short(), got.body)
					over := newMessage(t, m.Output())
					require.NoError(t, protojson.Unmarshal(got.body, over))
					require.True(t, proto.Equal(first, over), "%s: REST answers otherwise: %s", m.short(), got.body)
					require.Equal(t, after, w.careData(t), "%s, sent again over REST, wrote again", m.short())
				}

				other := st.sample(m)
				put(other, "request_id", at(request, "request_id"))
				if !changeSomething(other.ProtoReflect()) {
					return // nothing but ids: there is no other body
				}
				_, err = w.call(st.asCaller(m), m, other)
				require.Equal(t, codes.FailedPrecondition, status.Code(err), "%s with another body: %v", m.short(), err)
				require.Equal(t, "REQUEST_ID_REUSED", reason(err), "%s", m.short())
				if m.verb != "" {
					checkProblem(t, m.short(), w.send(m.overREST(t, other), st.token(m.caller(), st.place)), http.StatusUnprocessableEntity)
				}
				require.Equal(t, after, w.careData(t), "%s, refused, wrote", m.short())
			})
		}
	})
}

// The same write sent four times at once is one write: whoever gets an answer gets the same, and the others are told to retry.
func TestTwins(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		for _, m := range w.writing() {
			t.Run(m.short(), func(t *testing.T) {
				st := w.prepared(t, m)
				request := st.sample(m)
				answers, errs := make([]proto.Message, 4), make([]error, 4)
				var all sync.WaitGroup
				begin := make(chan struct{})
				for i := range answers {
					all.Go(func() {
						<-begin
						answers[i], errs[i] = w.call(st.asCaller(m), m, request)
					})
				}
				close(begin)
				all.Wait()
				after := w.careData(t)
				last, err := w.call(st.asCaller(m), m, request)
				require.NoError(t, err, "%s", m.short())
				for i := range answers {
					if errs[i] == nil {
						require.True(t, proto.Equal(last, answers[i]), "%s: two answers to one request:\n%s\n%s", m.short(), protojson.Format(last), protojson.Format(answers[i]))
					} else {
						require.Equal(t, codes.Aborted, status.Code(errs[i]), "%s: %v", m.short(), errs[i])
					}
				}
				require.Equal(t, after, w.careData(t), "%s: it was written more than once", m.short())
			})
		}
	})
}

// A request id is its sender's own: the same id and body from somebody else is another request.
func TestRequestIDsArePersonal(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		st := w.newStage(w.own)
		m := w.method("FollowUpService.CreateFollowUp")
		request := st.sample(m)
		first, err := w.call(st.as(identity.RoleGP, w.own), m, request)
		require.NoError(t, err)
		second, err := w.call(st.as(identity.RoleCareManager, w.own), m, request)
		require.NoError(t, err)
		require.NotEqual(t, at(first, "follow_up_id"), at(second, "follow_up_id"))
		_, err = w.call(st.as(identity.RoleGP, w.foreign), m, request)
		require.Equal(t, nothing, outcome(t, m, err), "somebody of another provider")
	})
}

// changeSomething changes the first text that is a canary; false when there is none.
func changeSomething(message protoreflect.Message) bool {
	changed := false
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap():
		case field.IsList():
			for i := range value.List().Len() {
				if field.Kind() == protoreflect.MessageKind && !changed {
					changed = changeSomething(value.List().Get(i).Message())
				}
			}
		case field.Kind() == protoreflect.MessageKind:
			changed = changeSomething(value.Message())
		case field.Kind() == protoreflect.StringKind && strings.Contains(value.String(), canaryMark):
			message.Set(field, protoreflect.ValueOfString(value.String()+" mer"))
			changed = true
		}
		return !changed
	})
	return changed
}

// cutter is a proxy that hands on requests and, while it is set to cut, closes the connection in place of handing back the answer.
type cutter struct {
	*net.TCPAddr
	mu  sync.Mutex
	cut bool
}

func (c *cutter) set(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
}

func (c *cutter) cuts() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

// newCutter puts a cutter before REST. The whole answer has come from the product when the connection is cut: what was to be
// committed is.
func newCutter(t *testing.T, s *system) (*cutter, string) {
	t.Helper()
	target, err := url.Parse(s.web.URL)
	require.NoError(t, err)
	c := &cutter{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(response *http.Response) error {
		if !c.cuts() {
			return nil
		}
		_, err := io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		return http.ErrAbortHandler
	}
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: proxy}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return c, "http://" + listener.Addr().String()
}

// A connection that is cut after the commit leaves the caller without an answer; the retry gives the first one, and there is one
// of everything.
func TestCutConnection(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		cutter, address := newCutter(t, s)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		send := func(r *rest, token string) (*http.Response, []byte, error) {
			request, err := http.NewRequest(r.verb, address+r.target(), strings.NewReader(string(r.payload())))
			require.NoError(t, err)
			request.Header = r.header.Clone()
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Authorization", "Bearer "+token)
			response, err := client.Do(request)
			if err != nil {
				return nil, nil, err
			}
			defer func() { _ = response.Body.Close() }()
			body, err := io.ReadAll(response.Body)
			return response, body, err
		}
		for _, m := range w.writing() {
			if m.verb == "" {
				continue
			}
			t.Run(m.short(), func(t *testing.T) {
				st := w.prepared(t, m)
				r := m.overREST(t, st.sample(m))
				token := st.token(m.caller(), st.place)
				cutter.set(true)
				_, _, err := send(r, token)
				require.Error(t, err, "%s: an answer came through", m.short())
				after := w.careData(t)
				cutter.set(false)
				response, first, err := send(r, token)
				require.NoError(t, err)
				require.Less(t, response.StatusCode, 300, "%s again: %s", m.short(), first)
				_, second, err := send(r, token)
				require.NoError(t, err)
				require.JSONEq(t, string(first), string(second), "%s", m.short())
				require.Equal(t, after, w.careData(t), "%s: the retry wrote once more", m.short())
			})
		}
	})
}

// Of two writers who have read the same etag one wins, and the other is told.
func TestTwoWritersOfOneEtag(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		for _, m := range w.writing() {
			field := (&caseMaker{method: m}).etag()
			if field == "" {
				continue
			}
			t.Run(m.short(), func(t *testing.T) {
				st := w.prepared(t, m)
				etag := w.currentEtag(t, m, st)
				if etag == "" {
					t.Fatalf("%s takes an etag, and nothing that can be read has it", m.short())
				}
				mark := func(request proto.Message, etag string) proto.Message {
					path := "etag"
					if m.Input().Fields().ByName("etag") == nil {
						path = m.body + ".etag"
					}
					put(request, path, etag)
					return request
				}
				requests := []proto.Message{mark(st.sample(m), etag), mark(st.sample(m), etag)}
				errs := make([]error, 2)
				var both sync.WaitGroup
				begin := make(chan struct{})
				for i := range requests {
					both.Go(func() {
						<-begin
						_, errs[i] = w.call(st.asCaller(m), m, requests[i])
					})
				}
				close(begin)
				both.Wait()
				won, told := 0, 0
				for _, err := range errs {
					switch {
					case err == nil:
						won++
					case status.Code(err) == codes.Aborted && reason(err) == "ETAG_MISMATCH":
						told++
					}
				}
				require.Truef(t, won == 1 && told == 1, "%s: %v; %v", m.short(), errs[0], errs[1])

				// And over REST: 409 for the field, 412 for the header.
				r := m.overREST(t, mark(st.sample(m), etag))
				checkProblem(t, m.short()+" with a stale etag", w.send(r, st.token(m.caller(), st.place)), http.StatusConflict)
				put(requests[0], "request_id", uuid.NewString())
				r = m.overREST(t, st.sample(m))
				r.header.Set("If-Match", etag)
				checkProblem(t, m.short()+" with a stale If-Match", w.send(r, st.token(m.caller(), st.place)), http.StatusPreconditionFailed)
			})
		}
	})
}

// currentEtag reads what a method changes and gives its etag: by the method whose path is the same without the verb.
func (w *world) currentEtag(t *testing.T, m *method, st *stage) string {
	t.Helper()
	plain := unbound(m.path)
	if i := strings.LastIndex(plain, ":"); i > strings.LastIndex(plain, "/") {
		plain = plain[:i]
	}
	for _, reader := range w.byPeople() {
		if reader.verb != http.MethodGet || unbound(reader.path) != plain {
			continue
		}
		answer, err := w.call(st.as(reader.caller(), st.place), reader, st.sample(reader))
		require.NoError(t, err, "%s, to know the etag for %s", reader.short(), m.short())
		return at(answer, "etag")
	}
	if etag := w.listedEtag(t, m, st, plain); etag != "" {
		return etag
	}
	return w.wholeEtag(t, st, plain)
}

// wholeEtag is that of what a part belongs to, two steps up the path: an agreement's for its actions.
func (w *world) wholeEtag(t *testing.T, st *stage, plain string) string {
	t.Helper()
	steps := strings.Split(plain, "/")
	whole := strings.Join(steps[:max(0, len(steps)-2)], "/")
	for _, reader := range w.byPeople() {
		if reader.verb == http.MethodGet && unbound(reader.path) == whole {
			answer, err := w.call(st.as(reader.caller(), st.place), reader, st.sample(reader))
			require.NoError(t, err, "%s", reader.short())
			return at(answer, "etag")
		}
	}
	return ""
}

// listedEtag finds the etag of what has no method of its own to read it, in the list that its path hangs under.
func (w *world) listedEtag(t *testing.T, m *method, st *stage, plain string) string {
	t.Helper()
	list := plain[:strings.LastIndex(plain, "/")]
	for _, reader := range w.byPeople() {
		if reader.verb != http.MethodGet || unbound(reader.path) != list {
			continue
		}
		got := w.send(reader.overREST(t, st.sample(reader)), st.token(reader.caller(), st.place))
		require.Equal(t, http.StatusOK, got.status, "%s", got.body)
		var lists map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(got.body, &lists))
		for _, raw := range lists {
			var items []map[string]any
			if json.Unmarshal(raw, &items) != nil {
				continue
			}
			for _, item := range items {
				for _, id := range st.things {
					if item[camel(m.inPath[len(m.inPath)-1])] == id {
						etag, _ := item["etag"].(string)
						return etag
					}
				}
			}
		}
	}
	return ""
}

// unbound is a path without the names of what it binds.
func unbound(path string) string {
	var b strings.Builder
	inside := false
	for _, c := range path {
		switch {
		case c == '{':
			inside = true
			b.WriteString("{}")
		case c == '}':
			inside = false
		case !inside:
			b.WriteRune(c)
		}
	}
	return b.String()
}
