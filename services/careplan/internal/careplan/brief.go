package careplan

import (
	"strings"
	"time"
)

// BriefState is how far a brief has come.
type BriefState string

// The states of a brief.
const (
	BriefRequestedState    BriefState = "REQUESTED"
	BriefWrittenState      BriefState = "WRITTEN"
	BriefAcknowledgedState BriefState = "ACKNOWLEDGED"
)

// BriefContent is what the care manager tells the coordinator.
type BriefContent struct {
	Situation     string
	WhatHelps     string
	WhatToAvoid   string
	ContactWishes string
}

// Brief is what the care manager passes on to the coordinator before the employer is met. It is written once: what has changed
// since is a new brief, so that what the coordinator confirmed having read stays what it was.
type Brief struct {
	ID              string
	PatientID       string
	EpisodeID       string
	State           BriefState
	Content         BriefContent
	RequestedBy     string // empty when nobody asked
	AskTime         time.Time
	WrittenBy       string
	WriteTime       time.Time
	AcknowledgedBy  string
	AcknowledgeTime time.Time
	Revision        int64
	CreateTime      time.Time
	UpdateTime      time.Time
}

// RequestBrief asks for a brief.
func RequestBrief(b Brief, by string, now time.Time) Brief {
	b.State, b.RequestedBy, b.AskTime = BriefRequestedState, by, now
	b.CreateTime, b.UpdateTime, b.Revision = now, now, 1
	return b
}

// NewBrief writes a brief that nobody has asked for. Violations have the fields of the brief.
func NewBrief(b Brief, by string, now time.Time) (Brief, error) {
	content, violations := b.Content.checked()
	if b.EpisodeID == "" {
		violations = append([]Violation{{"care_episode_id", FieldRequired, "is required"}}, violations...)
	}
	b.State, b.Content, b.WrittenBy, b.WriteTime = BriefWrittenState, content, by, now
	b.CreateTime, b.UpdateTime, b.Revision = now, now, 1
	return b, invalid(violations)
}

// Write answers the request.
func (b Brief) Write(content BriefContent, by string, now time.Time) (Brief, error) {
	if b.State != BriefRequestedState {
		return b, &StateError{BriefWrongState, "the brief has been written; what has changed since is a new brief", string(b.State), b.Verbs()}
	}
	content, violations := content.checked()
	if len(violations) > 0 {
		return b, invalid(violations)
	}
	b.State, b.Content, b.WrittenBy, b.WriteTime = BriefWrittenState, content, by, now
	return b.touched(now), nil
}

// Acknowledge keeps that a coordinator has read it.
func (b Brief) Acknowledge(by string, now time.Time) (Brief, error) {
	if b.State != BriefWrittenState {
		return b, &StateError{BriefWrongState, "only a brief that is written, and that nobody has confirmed having read, can be acknowledged", string(b.State), b.Verbs()}
	}
	b.State, b.AcknowledgedBy, b.AcknowledgeTime = BriefAcknowledgedState, by, now
	return b.touched(now), nil
}

// Verbs are those that the brief bears now.
func (b Brief) Verbs() []string {
	switch b.State {
	case BriefRequestedState:
		return []string{"write"}
	case BriefWrittenState:
		return []string{"acknowledge"}
	default:
		return nil
	}
}

func (b Brief) touched(now time.Time) Brief {
	b.Revision++
	b.UpdateTime = now
	return b
}

func (c BriefContent) checked() (BriefContent, []Violation) {
	c.Situation, c.WhatHelps = strings.TrimSpace(c.Situation), strings.TrimSpace(c.WhatHelps)
	c.WhatToAvoid, c.ContactWishes = strings.TrimSpace(c.WhatToAvoid), strings.TrimSpace(c.ContactWishes)
	if c.Situation == "" {
		return c, []Violation{{"situation", FieldRequired, "is required"}}
	}
	return c, nil
}
