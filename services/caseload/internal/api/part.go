package api

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// partTime is how long a part of a page is waited for: one slow service must not sink the page.
const partTime = 2 * time.Second

// parts gathers the parts of a page from the services that own them, all at once, each by the caller's own right.
type parts struct {
	group errgroup.Group

	mu      sync.Mutex
	missing []*caseloadv1.MissingPart
}

// ask asks for a part; read writes it into the page, and is the only one to write there. What is not there is no part.
func (p *parts) ask(ctx context.Context, part caseloadv1.MissingPart_Part, read func(ctx context.Context) error) {
	p.group.Go(func() error {
		asking, cancel := context.WithTimeout(ctx, partTime)
		defer cancel()
		err := read(asking)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err() // the caller has gone
		}
		cause := caseloadv1.MissingPart_UNAVAILABLE
		switch status.Code(err) {
		case codes.NotFound:
			return nil
		case codes.PermissionDenied:
			cause = caseloadv1.MissingPart_NOT_PERMITTED
		default:
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.missing = append(p.missing, &caseloadv1.MissingPart{Part: part, Cause: cause})
		return nil
	})
}

// wait gives what could not be had.
func (p *parts) wait() ([]*caseloadv1.MissingPart, error) {
	err := p.group.Wait()
	slices.SortFunc(p.missing, func(a, b *caseloadv1.MissingPart) int { return cmp.Compare(a.GetPart(), b.GetPart()) })
	return p.missing, err
}
