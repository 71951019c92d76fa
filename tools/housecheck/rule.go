package main

import (
	"fmt"
	"go/token"
	"path"
	"slices"
	"strings"
)

// rule is one rule of the house.
type rule struct {
	name string
	why  string
	do   string
	// check reports breaches file by file; one of the two is set.
	check func(t *tree, f *file, report func(pos token.Pos, what string))
	whole func(t *tree, report func(f *file, pos token.Pos, what string))
}

var rules = slices.Concat(layerRules, domainRules, callRules, sqlRules, nameRules, reasonRules)

// allowance lets a file, or every file of a pattern, break one rule. Path is a path.Match pattern of the file, or of a folder
// when it ends in a slash.
type allowance struct {
	rule string
	path string
	why  string
}

func (a allowance) covers(f *file) bool {
	if folder, ok := strings.CutSuffix(a.path, "/"); ok {
		return under(f.folder, folder)
	}
	matched, err := path.Match(a.path, f.path)
	return err == nil && matched
}

// finding is a breach.
type finding struct {
	path string
	line int
	rule string
	what string
	why  string
	do   string
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: [%s] %s; %s; %s", f.path, f.line, f.rule, f.what, f.why, f.do)
}

// check asks every rule of the tree. An allowance that nothing needs is a breach itself, so that the list stays true.
func check(t *tree, allowed []allowance) []finding {
	var found []finding
	used := make([]bool, len(allowed))
	for _, r := range rules {
		report := func(f *file, pos token.Pos, what string) {
			excused := false
			for i, a := range allowed {
				if a.rule == r.name && a.covers(f) {
					used[i], excused = true, true
				}
			}
			if !excused {
				found = append(found, finding{f.path, t.set.Position(pos).Line, r.name, what, r.why, r.do})
			}
		}
		if r.whole != nil {
			r.whole(t, report)
			continue
		}
		for _, f := range t.files {
			if !f.generated {
				r.check(t, f, func(pos token.Pos, what string) { report(f, pos, what) })
			}
		}
	}
	for i, a := range allowed {
		switch {
		case a.why == "" || !slices.ContainsFunc(rules, func(r rule) bool { return r.name == a.rule }):
			found = append(found, finding{"tools/housecheck/allow.go", 1, "allowance",
				fmt.Sprintf("the allowance of %s for %q gives no reason or names no rule", a.path, a.rule), "an exception without a reason is a hole", "say why, or take it out"})
		case !used[i]:
			found = append(found, finding{"tools/housecheck/allow.go", 1, "allowance",
				fmt.Sprintf("nothing in %s needs the allowance for %q", a.path, a.rule), "a list of exceptions must stay true", "take it out"})
		}
	}
	slices.SortFunc(found, func(a, b finding) int {
		if by := strings.Compare(a.path, b.path); by != 0 {
			return by
		}
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.rule+a.what, b.rule+b.what)
	})
	return slices.Compact(found)
}
