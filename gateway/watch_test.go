package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"

	"github.com/coworkcare/coworkcare/gateway"
	"github.com/coworkcare/coworkcare/platform/fault"
)

// poll is one call of the worklist's long poll, waiting to be answered by the test.
type poll struct {
	request       *followupv1.WatchFollowUpsRequest
	authorization string
	answer        chan<- *followupv1.WatchFollowUpsResponse
	refuse        chan<- error
}

// changing is a service whose long polls a test answers one by one.
type changing struct {
	followupv1.UnimplementedFollowUpServiceServer
	polls chan poll
}

func (c *changing) WatchFollowUps(ctx context.Context, r *followupv1.WatchFollowUpsRequest) (*followupv1.WatchFollowUpsResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	answer, refuse := make(chan *followupv1.WatchFollowUpsResponse, 1), make(chan error, 1)
	select {
	case c.polls <- poll{r, strings.Join(md.Get("authorization"), ""), answer, refuse}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case a := <-answer:
		return a, nil
	case err := <-refuse:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// watching serves the service over REST; closing stopping ends its streams.
func watching(t *testing.T) (*changing, *httptest.Server, chan struct{}) {
	t.Helper()
	c := &changing{polls: make(chan poll)}
	server := grpc.NewServer()
	followupv1.RegisterFollowUpServiceServer(server, c)
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///watch", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	stopping := make(chan struct{})
	h, err := gateway.New(t.Context(), gateway.Options{
		Log: slog.New(slog.DiscardHandler), Conn: conn, Register: []gateway.Register{followupv1.RegisterFollowUpServiceHandler},
		Heartbeat: 7 * time.Second, Stopping: stopping})
	require.NoError(t, err)
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	return c, web, stopping
}

// open asks for the stream.
func open(t *testing.T, web *httptest.Server, headers ...string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/v1/followUps:watch", nil)
	require.NoError(t, err)
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Authorization", "Bearer of-the-caller")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := web.Client().Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// part reads one part of a stream, up to its blank line.
func part(t *testing.T, stream *bufio.Reader) string {
	t.Helper()
	var text strings.Builder
	for {
		line, err := stream.ReadString('\n')
		require.NoError(t, err, "after %q", text.String())
		if line == "\n" {
			return text.String()
		}
		text.WriteString(line)
	}
}

func change(n int) *followupv1.FollowUpChange {
	return &followupv1.FollowUpChange{Cursor: fmt.Sprint("followup:", n), Type: "follow_up.created", Listed: true,
		FollowUp: &followupv1.FollowUp{FollowUpId: providerID}}
}

func TestStreamOfChanges(t *testing.T) {
	c, web, stopping := watching(t)
	opened := make(chan *http.Response, 1)
	go func() { opened <- open(t, web) }()
	first := <-c.polls
	require.Empty(t, first.request.GetCursor(), "from now on")
	require.Zero(t, first.request.GetWaitSeconds(), "the first answer comes at once")
	first.answer <- &followupv1.WatchFollowUpsResponse{NextCursor: "followup:41"}
	response := <-opened
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	stream := bufio.NewReader(response.Body)
	require.Equal(t, "retry: 3000\nevent: ready\nid: followup:41\ndata: {}\n", part(t, stream))
	require.Equal(t, ": still here\nid: followup:41\n", part(t, stream))

	second := <-c.polls
	require.Equal(t, "followup:41", second.request.GetCursor())
	require.EqualValues(t, 7, second.request.GetWaitSeconds())
	require.Equal(t, "Bearer of-the-caller", second.authorization, "every poll is guarded by the caller's token")
	second.answer <- &followupv1.WatchFollowUpsResponse{Changes: []*followupv1.FollowUpChange{change(42), change(44)}, NextCursor: "followup:45"}
	for _, n := range []int{42, 44} {
		text := part(t, stream)
		require.True(t, strings.HasPrefix(text, fmt.Sprintf("event: follow_up.created\nid: followup:%d\ndata: {", n)), "%s", text)
		require.Contains(t, text, providerID)
		require.Equal(t, 3, strings.Count(text, "\n"), "one line of data")
	}

	quiet := <-c.polls
	require.Equal(t, "followup:45", quiet.request.GetCursor())
	quiet.answer <- &followupv1.WatchFollowUpsResponse{NextCursor: "followup:50"}
	require.Equal(t, ": still here\nid: followup:50\n", part(t, stream), "a heartbeat moves the cursor on")

	expired := <-c.polls
	expired.refuse <- fault.Unauthenticated("TOKEN_INVALID", "the bearer token is not accepted (expired); fetch a new one")
	text := part(t, stream)
	require.True(t, strings.HasPrefix(text, "event: problem\ndata: {"), "%s", text)
	require.Contains(t, text, `"reason":"TOKEN_INVALID"`)
	_, err := stream.ReadByte()
	require.ErrorIs(t, err, io.EOF, "then it ends")
	close(stopping)
}

func TestStreamGoesOnWhereItBrokeOff(t *testing.T) {
	c, web, stopping := watching(t)
	opened := make(chan *http.Response, 1)
	go func() { opened <- open(t, web, "Last-Event-ID: followup:42") }()
	first := <-c.polls
	require.Equal(t, "followup:42", first.request.GetCursor())
	first.answer <- &followupv1.WatchFollowUpsResponse{Changes: []*followupv1.FollowUpChange{change(44)}, NextCursor: "followup:44"}
	stream := bufio.NewReader((<-opened).Body)
	require.Equal(t, "retry: 3000\nevent: ready\nid: followup:42\ndata: {}\n", part(t, stream))
	require.Contains(t, part(t, stream), "id: followup:44\n")
	// A process that stops ends its streams at once, though a poll is still waiting.
	<-c.polls
	close(stopping)
	_, err := stream.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}

func TestStreamIsRefusedAsACallIs(t *testing.T) {
	c, web, _ := watching(t)
	opened := make(chan *http.Response, 1)
	go func() { opened <- open(t, web, "Last-Event-ID: nonsense") }()
	(<-c.polls).refuse <- fault.Invalid(fault.Violation{Field: "cursor", Reason: "BAD_CURSOR", Message: "is not a cursor of this API"})
	response := <-opened
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), "BAD_CURSOR")
}

// Who does not ask for a stream gets one answer.
func TestLongPollWithoutStream(t *testing.T) {
	c, web, _ := watching(t)
	done := make(chan answer, 1)
	go func() {
		done <- do(t, web, http.MethodGet, "/v1/followUps:watch?cursor=followup%3A41&waitSeconds=3", "")
	}()
	asked := <-c.polls
	require.Equal(t, "followup:41", asked.request.GetCursor())
	require.EqualValues(t, 3, asked.request.GetWaitSeconds())
	asked.answer <- &followupv1.WatchFollowUpsResponse{Changes: []*followupv1.FollowUpChange{change(42)}, NextCursor: "followup:42"}
	got := <-done
	require.Equal(t, http.StatusOK, got.StatusCode)
	require.Equal(t, "followup:42", got.json(t)["nextCursor"])
}
