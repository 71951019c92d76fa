package careplan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Content is what a plan says; each revision keeps its own. The JSON form is what is stored, sealed.
type Content struct {
	Problems          string     `json:"problems"`
	Strengths         string     `json:"strengths"`
	Goals             []Goal     `json:"goals"`
	Activities        []Activity `json:"activities"`
	RelapsePrevention string     `json:"relapse_prevention"`
	Schedule          Schedule   `json:"schedule"`
}

// Goal statuses and the kind that is not compared, spelled as in the contract.
const (
	GoalOpen      = "OPEN"
	GoalKindOther = "OTHER"
)

// Goal is something to be reached. Kind, owner and status are spelled as in the contract.
type Goal struct {
	ID         string `json:"id"`
	Kind       string `json:"kind"`
	Target     string `json:"target"`
	TargetDate string `json:"target_date"` // YYYY-MM-DD or empty
	Owner      string `json:"owner"`
	Status     string `json:"status"`
	Author     string `json:"author"`
}

// Activity is something that is done.
type Activity struct {
	ID          string `json:"id"`
	Kind        string `json:"kind"`
	Description string `json:"description"`
	Owner       string `json:"owner"`
}

// with applies a change. The prefix leads the fields of violations.
func (c Content) with(change Change, prefix string, act Act) (Content, error) {
	var violations []Violation
	if change.Problems != nil {
		c.Problems = *change.Problems
	}
	if change.Strengths != nil {
		c.Strengths = *change.Strengths
	}
	if change.RelapsePrevention != nil {
		c.RelapsePrevention = *change.RelapsePrevention
	}
	if change.Goals != nil {
		goals, wrong := mergeGoals(c.Goals, *change.Goals, prefix, act)
		c.Goals = goals
		violations = append(violations, wrong...)
	}
	if change.Activities != nil {
		activities, wrong := mergeActivities(c.Activities, *change.Activities, prefix, act)
		c.Activities = activities
		violations = append(violations, wrong...)
	}
	if change.Schedule != nil {
		schedule, err := NewSchedule(*change.Schedule, c.Schedule, prefix+"schedule")
		c.Schedule = schedule
		violations = append(violations, violationsOf(err)...)
	}
	return c, invalid(violations)
}

// mergeGoals gives new goals their ids and keeps the author of those whose kind, target and day have not changed.
func mergeGoals(have, want []Goal, prefix string, act Act) ([]Goal, []Violation) {
	var violations []Violation
	goals, seen := make([]Goal, 0, len(want)), map[string]bool{}
	for n, goal := range want {
		goal.Target = strings.TrimSpace(goal.Target)
		if goal.Target == "" {
			violations = append(violations, Violation{fmt.Sprintf("%sgoals[%d].target", prefix, n), FieldRequired, "is required"})
		}
		if goal.Status == "" {
			goal.Status = GoalOpen
		}
		goal.Author = act.By
		if goal.ID == "" {
			goal.ID = act.NewID()
			goals = append(goals, goal)
			continue
		}
		old := slices.IndexFunc(have, func(g Goal) bool { return g.ID == goal.ID })
		if old < 0 || seen[goal.ID] {
			violations = append(violations, Violation{fmt.Sprintf("%sgoals[%d].goal_id", prefix, n), GoalNotFound,
				"must be one of the plan's goals, once; leave it out to add a goal"})
			continue
		}
		seen[goal.ID] = true
		if was := have[old]; was.Kind == goal.Kind && was.Target == goal.Target && was.TargetDate == goal.TargetDate {
			goal.Author = was.Author
		}
		goals = append(goals, goal)
	}
	return goals, violations
}

func mergeActivities(have, want []Activity, prefix string, act Act) ([]Activity, []Violation) {
	var violations []Violation
	activities, seen := make([]Activity, 0, len(want)), map[string]bool{}
	for n, activity := range want {
		activity.Description = strings.TrimSpace(activity.Description)
		if activity.Description == "" {
			violations = append(violations, Violation{fmt.Sprintf("%sactivities[%d].description", prefix, n), FieldRequired, "is required"})
		}
		if activity.ID == "" {
			activity.ID = act.NewID()
			activities = append(activities, activity)
			continue
		}
		known := slices.ContainsFunc(have, func(a Activity) bool { return a.ID == activity.ID })
		if !known || seen[activity.ID] {
			violations = append(violations, Violation{fmt.Sprintf("%sactivities[%d].activity_id", prefix, n), GoalNotFound,
				"must be one of the plan's activities, once; leave it out to add an activity"})
			continue
		}
		seen[activity.ID] = true
		activities = append(activities, activity)
	}
	return activities, violations
}

// violationsOf takes the violations out of an error of this package.
func violationsOf(err error) []Violation {
	var wrong *InvalidError
	if errors.As(err, &wrong) {
		return wrong.Violations
	}
	return nil
}
