package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	day         = 24 * time.Hour
	week        = 7 * day
	longestSpan = 400 * day
)

// parseSpan reads a span of time such as 14d, 12w, 36h, 90m, 30s or 1w2d12h: weeks, days, hours, minutes, seconds, each at most
// once and the larger before the smaller. A day is 24 hours. The span is over zero and at most 400 days.
func parseSpan(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%.20q is not a span of time: write for example 14d, 12w, 36h, 90m or 1d12h", text)
	units := "wdhms"
	lengths := []time.Duration{week, day, time.Hour, time.Minute, time.Second}
	var span time.Duration
	for rest, next := text, 0; rest != "" || next == 0; {
		digits := strings.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' })
		if digits < 1 || digits > 9 {
			return 0, wrong
		}
		unit := strings.IndexByte(units, rest[digits])
		if unit < next {
			return 0, wrong
		}
		count, err := strconv.Atoi(rest[:digits])
		if err != nil || time.Duration(count) > longestSpan/lengths[unit] {
			return 0, errors.New("the clock moves at most 400 days at a time")
		}
		span += time.Duration(count) * lengths[unit]
		rest, next = rest[digits+1:], unit+1
	}
	switch {
	case span > longestSpan:
		return 0, errors.New("the clock moves at most 400 days at a time")
	case span == 0:
		return 0, errors.New("the clock moves by more than nothing")
	}
	return span, nil
}
