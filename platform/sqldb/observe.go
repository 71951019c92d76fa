package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// observed opens a pool whose statements are spans and whose size is measured.
// Spans exist only below another span: work nobody asked for, such as polling,
// makes no traces. They bear the statement's text, which has placeholders for
// values, and the code of an error, not its text, which may quote a value.
func observed(connector driver.Connector, engine Engine, name, use string) (*sql.DB, []metric.Registration, error) {
	attributes := otelsql.WithAttributes(
		attribute.String("db.system.name", engine.String()),
		attribute.String("db.namespace", name),
	)
	pool := otelsql.OpenDB(connector, attributes,
		otelsql.WithSpanNameFormatter(func(_ context.Context, method otelsql.Method, query string) string {
			return spanName(string(method), query, name)
		}),
		otelsql.WithSpanErrorAttributesGetter(func(err error) []attribute.KeyValue {
			if c := code(err); c != "" {
				return []attribute.KeyValue{attribute.String("db.response.status_code", c)}
			}
			return []attribute.KeyValue{attribute.String("error.type", fmt.Sprintf("%T", err))}
		}),
		otelsql.WithSpanOptions(otelsql.SpanOptions{
			DisableErrSkip:       true,
			OmitConnResetSession: true,
			OmitConnPrepare:      true,
			OmitConnectorConnect: true,
			OmitRows:             true,
			RecordError:          func(error) bool { return false },
			SpanFilter: func(ctx context.Context, _ otelsql.Method, _ string, _ []driver.NamedValue) bool {
				return trace.SpanContextFromContext(ctx).IsValid()
			},
		}))
	registration, err := otelsql.RegisterDBStatsMetrics(pool, otelsql.WithAttributes(
		attribute.String("db.system.name", engine.String()),
		attribute.String("db.client.connection.pool.name", name+"/"+use),
	))
	if err != nil {
		_ = pool.Close()
		return nil, nil, fmt.Errorf("sqldb: measure the pool of %q: %w", name, err)
	}
	return pool, []metric.Registration{registration}, nil
}

// Below puts the statements that follow into the trace of ctx, such as that of one piece of a worker's batch, until the function
// that it returns is called. The transaction still ends with its own context.
func (tx *Tx) Below(ctx context.Context) (restore func()) {
	outer := tx.ctx
	tx.ctx = trace.ContextWithSpan(outer, trace.SpanFromContext(ctx))
	return func() { tx.ctx = outer }
}

// spanName is "INSERT sickleave" for a statement and "COMMIT sickleave" for
// the ends of a transaction.
func spanName(method, query, name string) string {
	verb := ""
	if words := strings.Fields(query); len(words) > 0 {
		verb = words[0]
	} else {
		verb = method[strings.LastIndexByte(method, '.')+1:]
		verb = strings.TrimSuffix(verb, "_tx")
	}
	return strings.ToUpper(verb) + " " + name
}
