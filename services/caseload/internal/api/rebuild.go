package api

import (
	"context"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/worker"
	"github.com/coworkcare/coworkcare/services/caseload/internal/store"
)

// RebuildCaseload forgets everything and begins anew. Consumers go on from the beginning of every log with their next batch.
func (s *Server) RebuildCaseload(ctx context.Context, request *caseloadv1.RebuildCaseloadRequest) (*caseloadv1.RebuildCaseloadResponse, error) {
	answer, err := act.Do(ctx, s.host.Acts, request, func(tx *act.Tx) (*caseloadv1.RebuildCaseloadResponse, error) {
		if err := worker.ForgetConsumed(tx.Tx); err != nil {
			return nil, err
		}
		if err := event.Forget(tx.Tx); err != nil {
			return nil, err
		}
		if err := s.store.Forget(tx.Tx, store.Build{Epoch: tx.NewID(), Begin: tx.Now}); err != nil {
			return nil, err
		}
		return &caseloadv1.RebuildCaseloadResponse{BeginTime: instant(tx.Now)}, nil
	})
	s.fresh.forget()
	return answer, err
}
