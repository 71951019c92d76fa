package sqldb_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

func TestSpans(t *testing.T) {
	const canary = "canary191212121212"
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(before) })

	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		recorder.Reset()
		db := openItems(t, open)
		insert(t, db, canary)
		require.Empty(t, ended(recorder), "no spans of work that nobody traces")

		ctx, parent := provider.Tracer("test").Start(t.Context(), "request")
		err := db.Tx(ctx, func(tx *sqldb.Tx) error {
			var id string
			if err := tx.QueryRow("SELECT id FROM items WHERE id = $1", canary).Scan(&id); err != nil {
				return err
			}
			_, err := tx.Exec(addItem, canary)
			return err
		})
		require.True(t, sqldb.IsUnique(err))
		require.Equal(t, []string{"BEGIN shop", "SELECT shop", "INSERT shop", "ROLLBACK shop"}, ended(recorder))
		for _, span := range recorder.Ended() {
			require.Equal(t, parent.SpanContext().SpanID(), span.Parent().SpanID(), span.Name())
			told := fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Status())
			require.NotContains(t, told, canary)
			require.Contains(t, told, db.Engine().String())
		}
		failed := fmt.Sprint(recorder.Ended()[2].Attributes())
		require.Contains(t, failed, "INSERT INTO items", "the statement, with its placeholders")
		require.Contains(t, failed, "db.response.status_code")
	})
}

func ended(recorder *tracetest.SpanRecorder) []string {
	var names []string
	for _, span := range recorder.Ended() {
		names = append(names, span.Name())
	}
	return names
}
