package ops

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/telemetry"
)

// TracesPath is where the port shows traces.
const TracesPath = "/debug/traces"

const (
	listed = 100 // traces on a page when nobody says how many
	// foldedFrom is the number of spans from which a trace is shown with its calls folded.
	foldedFrom = 150
)

//go:embed page
var pages embed.FS

// ShowTraces shows the traces that are kept in memory: a list, and each as a waterfall whose links lead to the traces that it follows
// from and that follow from it. For a laptop, where nothing collects them.
func (p *Port) ShowTraces(recent *telemetry.Recent) {
	show := tracePages{recent: recent, templates: template.Must(template.New("").Funcs(template.FuncMap{"span": span, "clock": clock}).ParseFS(pages, "page/*.html"))}
	p.Mux.HandleFunc("GET "+TracesPath, show.list)
	p.Mux.HandleFunc("GET "+TracesPath+"/{trace}", show.one)
	p.Mux.HandleFunc("GET "+TracesPath+"/style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, pages, "page/style.css")
	})
}

type tracePages struct {
	recent    *telemetry.Recent
	templates *template.Template
}

// listPage is what the list's template shows.
type listPage struct {
	Name, AtLeast string
	Failed        bool
	Limit         int
	Traces        []telemetry.Summary
	Base          string
}

func (s tracePages) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	page := listPage{Name: query.Get("name"), AtLeast: query.Get("atLeast"), Failed: query.Get("failed") != "", Limit: listed, Base: TracesPath}
	filter := telemetry.Filter{Name: page.Name, Failed: page.Failed}
	var err error
	if page.AtLeast != "" {
		if filter.AtLeast, err = time.ParseDuration(page.AtLeast); err != nil {
			refuse(w, "atLeast is no length of time: write for example 100ms or 1s")
			return
		}
	}
	if limit := query.Get("limit"); limit != "" {
		if page.Limit, err = strconv.Atoi(limit); err != nil || page.Limit < 1 {
			refuse(w, "limit is no number over zero")
			return
		}
	}
	filter.Limit = page.Limit
	page.Traces = s.recent.List(filter)
	if query.Get("format") == "json" {
		writeJSON(w, struct {
			Traces []telemetry.Summary `json:"traces"`
		}{page.Traces})
		return
	}
	s.write(w, "list.html", page)
}

// tracePage is what a trace's template shows.
type tracePage struct {
	telemetry.Trace
	Parts     []part              // the spans that stand below no other, each with what stands below it
	More      int                 // parts beside the first
	Followers []telemetry.Summary // the traces that link to any span of this one, each once
	Folded    bool
	Base      string
}

// part is one span with all below it.
type part struct {
	Head      row
	Rows      []row
	Followers int // traces that link to any of them
}

// row is a span as a line of the waterfall.
type row struct {
	telemetry.Span
	Offset time.Duration
	Indent int // in pixels of the drawing
	X, W   int // of the bar, in thousandths of the time of its part
}

func (s tracePages) one(w http.ResponseWriter, r *http.Request) {
	found, there := s.recent.Get(r.PathValue("trace"))
	if !there {
		head(w, "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprintf(w, "this trace is not kept: the process keeps the latest ones only, since its start; see %s\n", TracesPath)
		return
	}
	if r.URL.Query().Get("format") == "json" {
		writeJSON(w, found)
		return
	}
	page := tracePage{Trace: found, Folded: len(found.All) >= foldedFrom, Base: TracesPath}
	for _, root := range found.Roots {
		rows := drawn(waterfall(found, root, 0, nil))
		one := part{Head: rows[0], Rows: rows[1:]}
		for _, row := range rows {
			one.Followers += len(row.FollowedUpBy)
			page.Followers = append(page.Followers, row.FollowedUpBy...)
		}
		page.Parts = append(page.Parts, one)
	}
	page.More = len(page.Parts) - 1
	slices.SortStableFunc(page.Followers, func(a, b telemetry.Summary) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.TraceID, b.TraceID))
	})
	page.Followers = slices.CompactFunc(page.Followers, func(a, b telemetry.Summary) bool { return a.TraceID == b.TraceID })
	s.write(w, "trace.html", page)
}

// waterfall lists a span and what stands below it, in order.
func waterfall(t telemetry.Trace, at, depth int, rows []row) []row {
	span := t.All[at]
	rows = append(rows, row{Span: span, Offset: span.Start.Sub(t.Start), Indent: min(depth, 20) * 12})
	for _, child := range span.Children {
		rows = waterfall(t, child, depth+1, rows)
	}
	return rows
}

// drawn gives each row its bar: where its time lies in that of all of them.
func drawn(rows []row) []row {
	begin, end := rows[0].Offset, rows[0].Offset
	for _, one := range rows {
		begin, end = min(begin, one.Offset), max(end, one.Offset+one.Duration)
	}
	whole := max(end-begin, 1)
	for i := range rows {
		rows[i].X = int(1000 * (rows[i].Offset - begin) / whole)
		rows[i].W = max(2, int(1000*rows[i].Duration/whole))
	}
	return rows
}

func (s tracePages) write(w http.ResponseWriter, name string, page any) {
	var text bytes.Buffer
	if err := s.templates.ExecuteTemplate(&text, name, page); err != nil {
		http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	head(w, "text/html; charset=utf-8")
	_, _ = w.Write(text.Bytes())
}

func head(w http.ResponseWriter, kind string) {
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
}

func writeJSON(w http.ResponseWriter, value any) {
	head(w, "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
}

func refuse(w http.ResponseWriter, text string) {
	head(w, "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = fmt.Fprintln(w, text)
}

// span writes a length of time as people read it.
func span(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return strconv.Itoa(int(d.Microseconds())) + " µs"
	case d < 10*time.Millisecond:
		return strings.TrimSuffix(strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64), ".0") + " ms"
	case d < time.Second:
		return strconv.Itoa(int(d.Milliseconds())) + " ms"
	default:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	}
}

// clock writes a time of today as a clock shows it. It is the machine's: the clock that decides care may be elsewhere.
func clock(at time.Time) string { return at.Local().Format("15:04:05.000") }
