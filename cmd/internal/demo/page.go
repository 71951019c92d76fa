package demo

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// page is what the walk prints on: one line a step, and the curl under it. Colour only on a terminal that wants it.
type page struct {
	out    io.Writer
	colour bool

	mu    sync.Mutex
	steps int
	day   date.Day
	told  map[string]bool // chapters
	err   error
}

func newPage(out io.Writer) *page {
	if out == nil {
		out = io.Discard
	}
	return &page{out: out, colour: onTerminal(out), told: map[string]bool{}}
}

func onTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// The styles, as codes of ECMA-48.
const (
	bold  = "1"
	dim   = "2"
	green = "32"
	red   = "31"
)

func (p *page) in(style, words string) string {
	if !p.colour {
		return words
	}
	return "\x1b[" + style + "m" + words + "\x1b[0m"
}

func (p *page) line(format string, a ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(fmt.Sprintf(format, a...))
}

func (p *page) write(line string) {
	if _, err := fmt.Fprintln(p.out, line); err != nil && p.err == nil {
		p.err = err
	}
}

// step prints a step that went well, under its day, with the next number; the first of a chapter under the chapter's name.
func (p *page) step(when time.Time, chapter, what, curl string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.steps++
	local := when.In(date.Stockholm())
	if day := date.Of(when); day != p.day {
		p.day = day
		p.write(p.in(bold, local.Format("\nMon 2 January 2006")))
	}
	if chapter != "" && !p.told[chapter] {
		p.told[chapter] = true
		p.write(strings.Repeat(" ", 5) + p.in(bold, "— "+chapter))
	}
	p.write(fmt.Sprintf("%s %s  %s", p.in(green, fmt.Sprintf("%4d", p.steps)), local.Format("15:04"), what))
	if curl != "" {
		p.write(strings.Repeat(" ", 12) + p.in(dim, curl))
	}
}

// fail prints the step that ended a walk, and gives it its number.
func (p *page) fail(f *Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.steps++
	f.Number = p.steps
	p.write(p.in(red, fmt.Sprintf("%4d FAIL   %s", f.Number, f.Name)))
	p.write(strings.Repeat(" ", 12) + f.Err.Error())
}
