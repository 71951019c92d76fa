package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var reasonRules = []rule{
	{
		name:  "reason-declared",
		why:   "programs rely on reasons, and nobody can know one that the contract does not tell",
		do:    "declare it in the service's reason.proto, documented, and generate",
		whole: checkReasonsDeclared,
	},
	{
		name:  "reason-given",
		why:   "a declared reason that nothing answers with has callers handle what never comes",
		do:    "give it where it is meant, or take it out of the reason.proto and generate",
		whole: checkReasonsGiven,
	},
}

// everywhere is the contract package with the reasons that any method can answer with.
const everywhere = "error"

// reasonShape tells reasons from the ids of validation rules, as string.max_len.
var reasonShape = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)

// owner is whose reasons a folder answers with: its service's; elsewhere those of everywhere alone.
func owner(folder string) string {
	if name := service(folder); name != "" {
		return name
	}
	return everywhere
}

// declaredReason is one value of a Reason enum, where its generated constant stands.
type declaredReason struct {
	whose, name string
	file        *file
	pos         token.Pos
}

func declaredReasons(t *tree) []declaredReason {
	var all []declaredReason
	for _, f := range t.files {
		whose := contractOf(f.folder)
		if whose == "" || !strings.HasSuffix(f.path, "/reason.pb.go") {
			continue
		}
		ast.Inspect(f.ast, func(node ast.Node) bool {
			value, ok := node.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for _, constant := range value.Names {
				name, ok := strings.CutPrefix(constant.Name, "Reason_")
				if ok && name != "REASON_UNSPECIFIED" && reasonShape.MatchString(name) {
					all = append(all, declaredReason{whose, name, f, constant.Pos()})
				}
			}
			return true
		})
	}
	return all
}

func checkReasonsDeclared(t *tree, report func(*file, token.Pos, string)) {
	declared := map[string]bool{}
	for _, d := range declaredReasons(t) {
		declared[d.whose+"/"+d.name] = true
		declared["/"+d.name] = true
	}
	s := readReasons(t)
	s.given(func(f *file, e ast.Expr) {
		reason := s.value(f, e)
		if !reasonShape.MatchString(reason) {
			return // made at run time, or the id of a validation rule
		}
		whose := owner(f.folder)
		known := declared[whose+"/"+reason] || declared[everywhere+"/"+reason]
		if under(f.folder, "cmd") {
			known = declared["/"+reason] // a client, which reads what any service answers
		}
		if !known {
			report(f, e.Pos(), fmt.Sprintf("the reason %s is not declared in proto/coworkcare/%s/v1/reason.proto", reason, whose))
		}
	})
}

func checkReasonsGiven(t *tree, report func(*file, token.Pos, string)) {
	used := usedTexts(readReasons(t))
	for _, d := range declaredReasons(t) {
		given := used[d.whose][d.name]
		if d.whose == everywhere {
			given = slices.ContainsFunc(slices.Collect(maps.Values(used)), func(texts map[string]bool) bool { return texts[d.name] })
		}
		if !given {
			report(d.file, d.pos, fmt.Sprintf("nothing answers with %s of proto/coworkcare/%s/v1/reason.proto", d.name, d.whose))
		}
	}
}

// usedTexts are the texts and the generated values that each owner's code uses. The text of a constant counts when the
// constant is used.
func usedTexts(s *reasons) map[string]map[string]bool {
	used, referred := map[string]map[string]bool{}, map[string]map[string]bool{}
	constants := map[string]map[string]string{} // owner, name of the constant: its text
	for _, f := range s.files {
		whose := owner(f.folder)
		if used[whose] == nil {
			used[whose], referred[whose], constants[whose] = map[string]bool{}, map[string]bool{}, map[string]string{}
		}
		defining := map[ast.Node]bool{}
		ast.Inspect(f.ast, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.GenDecl:
				if n.Tok == token.CONST {
					eachConstant(n, func(name *ast.Ident, value ast.Expr) {
						defining[name] = true
						if text := s.value(f, value); text != "" {
							constants[whose][name.Name], defining[value] = text, true
						}
					})
				}
			case *ast.BasicLit:
				if !defining[n] {
					used[whose][s.value(f, n)] = true
				}
			case *ast.Ident:
				if name, ok := strings.CutPrefix(n.Name, "Reason_"); ok {
					used[whose][name] = true
				}
				if !defining[n] {
					referred[whose][n.Name] = true
				}
			}
			return true
		})
	}
	for whose, all := range constants {
		for name, text := range all {
			if referred[whose][name] {
				used[whose][text] = true
			}
		}
	}
	return used
}
