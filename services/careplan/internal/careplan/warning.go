package careplan

import "strings"

// WarningKind is what the team should look at, spelled as in the contract.
type WarningKind string

// The warnings.
const (
	WarnGoalConflict    WarningKind = "GOAL_CONFLICT"
	WarnFirstContact    WarningKind = "FIRST_CONTACT_NOT_HELD"
	WarnStrengthsAbsent WarningKind = "STRENGTHS_MISSING"
)

// Warning is something the team should look at. It never stops a plan.
type Warning struct {
	Kind    WarningKind
	Message string // without any of the plan's text
	Goals   []string
	Authors []string // of those goals, in the same order
}

// Warnings looks at a plan; contactHeld tells whether any contact of the episode has taken place.
func (p Plan) Warnings(contactHeld bool) []Warning {
	if p.State != PlanDraft && p.State != PlanActive {
		return nil
	}
	warnings := conflicts(p.Content.Goals)
	if !contactHeld {
		warnings = append(warnings, Warning{Kind: WarnFirstContact, Message: "no contact has been held in the episode yet"})
	}
	if strings.TrimSpace(p.Content.Strengths) == "" {
		warnings = append(warnings, Warning{Kind: WarnStrengthsAbsent, Message: "the plan says nothing of the patient's strengths and resources"})
	}
	return warnings
}

// conflicts finds open goals of one kind whose targets or days differ, pair by pair. Case and spacing make no difference.
// Goals of kind OTHER have nothing in common to differ about.
func conflicts(goals []Goal) []Warning {
	var warnings []Warning
	for n, a := range goals {
		for _, b := range goals[n+1:] {
			if a.Kind != b.Kind || a.Kind == GoalKindOther || a.Status != GoalOpen || b.Status != GoalOpen {
				continue
			}
			if plain(a.Target) == plain(b.Target) && a.TargetDate == b.TargetDate {
				continue
			}
			warnings = append(warnings, Warning{
				Kind:    WarnGoalConflict,
				Message: "two open goals of the same kind have different targets; settle which one the patient is to follow",
				Goals:   []string{a.ID, b.ID}, Authors: []string{a.Author, b.Author},
			})
		}
	}
	return warnings
}

func plain(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }
