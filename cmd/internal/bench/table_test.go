package bench

import (
	"fmt"
	"strings"
)

// table shows a line for each cell: ratios as medians with their quartiles, the rest for bare SQL, gRPC and REST in this order.
func table(cells []*cell) string {
	var s strings.Builder
	s.WriteString("| engine | operation | callers | sync µs | statements | gRPC × SQL | REST × SQL | REST × gRPC | gRPC × SQL with record | CPU µs | database CPU µs | allocations | kB allocated |\n")
	s.WriteString("|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, c := range cells {
		sql, grpc, rest, record := c.named("sql"), c.named("grpc"), c.named("rest"), "–"
		if with := c.named("sql_record"); with != nil {
			record = ratio(grpc, with)
		}
		three := func(of func(*tried) float64) string {
			return fmt.Sprintf("%s / %s / %s", short(of(sql)), short(of(grpc)), short(of(rest)))
		}
		database := "–"
		if c.engine == "postgres" {
			database = three(func(t *tried) float64 { return t.perCall(micros(t.db)) })
		}
		fmt.Fprintf(&s, "| %s | %s | %d | %.0f | %d | %s | %s | %s | %s | %s | %s | %s | %s |\n", c.engine, c.op.name, c.callers, micros(c.sync), c.statements,
			ratio(grpc, sql), ratio(rest, sql), ratio(rest, grpc), record,
			three(func(t *tried) float64 { return t.perCall(micros(t.usage.CPU)) }), database,
			three(func(t *tried) float64 { return t.perCall(float64(t.usage.Allocs)) }),
			three(func(t *tried) float64 { return t.perCall(float64(t.usage.Bytes)) / 1000 }))
	}
	return s.String()
}

// beside compares with the other revision, if there is one.
func beside(cells []*cell) string {
	var s strings.Builder
	for _, c := range cells {
		for _, t := range c.tried {
			old := c.named(t.way.name + "_before")
			if old == nil {
				continue
			}
			of := func(u func(*tried) float64) float64 { return u(t) / u(old) }
			fmt.Fprintf(&s, "| %s | %s | %d | %s | %s | %.2f | %.2f | %.2f |\n", c.engine, c.op.name, c.callers, t.way.name, ratio(t, old),
				of(func(t *tried) float64 { return t.perCall(float64(t.usage.CPU)) }),
				of(func(t *tried) float64 { return t.perCall(float64(t.usage.Allocs)) }),
				of(func(t *tried) float64 { return t.perCall(float64(t.usage.Bytes)) }))
		}
	}
	if s.Len() == 0 {
		return ""
	}
	return "\n| engine | operation | callers | way | time × before | CPU × before | allocations × before | bytes × before |\n|---|---|---|---|---|---|---|---|\n" + s.String()
}

// ratio is a median and its quartiles.
func ratio(a, b *tried) string {
	low, high := spread(a, b)
	return fmt.Sprintf("%s (%s–%s)", short(over(a, b)), short(low), short(high))
}

// short writes no more digits than can be meant.
func short(x float64) string {
	switch {
	case x >= 20:
		return fmt.Sprintf("%.0f", x)
	case x >= 3:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.2f", x)
	}
}
