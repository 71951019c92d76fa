package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
)

const (
	pollSeconds = 25               // how long a call waits for a first event
	pageSize    = 200              // events a call
	longestWait = 30 * time.Second // between tries while the server is away
)

// feed follows the log. Delivery is at least once: the place is kept after the events have been handled, so what was handled just
// before a crash comes again, and handle must bear that (the event id tells).
type feed struct {
	client eventv1.EventServiceClient
	file   string
	told   io.Writer // what goes wrong on the way
	handle func(*eventv1.Event) error
}

// follow handles events until the context ends, which is no error, or something breaks that trying again does not mend.
func (f *feed) follow(ctx context.Context) error {
	cursor, err := f.place()
	if err != nil {
		return err
	}
	wait := time.Second
	for {
		page, err := f.client.ListEvents(ctx, &eventv1.ListEventsRequest{Cursor: cursor, WaitSeconds: pollSeconds, PageSize: pageSize})
		switch {
		case ctx.Err() != nil:
			return nil
		case passing(err):
			_, _ = fmt.Fprintf(f.told, "eventfeed: %v; trying again in %v\n", err, wait)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(wait):
			}
			wait = min(2*wait, longestWait)
			continue
		case err != nil:
			return fmt.Errorf("listing events: %w", err)
		}
		wait = time.Second
		for _, event := range page.GetEvents() {
			if ctx.Err() != nil {
				return nil // the rest of the page comes again
			}
			if err := f.handle(event); err != nil {
				return fmt.Errorf("handling event %s (%s): %w", event.GetEventId(), event.GetType(), err)
			}
		}
		if cursor == page.GetNextCursor() {
			continue
		}
		cursor = page.GetNextCursor()
		if err := f.keep(cursor); err != nil {
			return err
		}
	}
}

// passing tells errors that trying again may mend.
func passing(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted:
		return true
	default:
		return false
	}
}

// place is where the feed was when it kept its place; the beginning of the log when there is no file.
func (f *feed) place() (string, error) {
	text, err := os.ReadFile(f.file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the cursor: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// keep writes the place beside the file and moves it there: a crash leaves the old place or the new one, never half of one.
func (f *feed) keep(cursor string) error {
	next, err := os.CreateTemp(filepath.Dir(f.file), filepath.Base(f.file)+".*")
	if err != nil {
		return fmt.Errorf("keeping the cursor: %w", err)
	}
	defer func() { _ = os.Remove(next.Name()) }() // nothing is left of it when it was moved
	_, err = next.WriteString(cursor + "\n")
	if err == nil {
		err = next.Sync()
	}
	if err = errors.Join(err, next.Close()); err == nil {
		err = os.Rename(next.Name(), f.file)
	}
	if err != nil {
		return fmt.Errorf("keeping the cursor: %w", err)
	}
	return nil
}
