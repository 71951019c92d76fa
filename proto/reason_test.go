package proto_test

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// everywhere holds the reasons that any method can answer with.
const everywhere = "error"

var reasonShape = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)

// unusedReasons are declared before the code that gives them.
var unusedReasons = map[string]string{}

// noRefusals look like reasons and answer no call.
var noRefusals = map[string]string{
	"sickleave/START_LONG_BEFORE_SIGNING": "a warning of the domain, which stops nobody and stands in no answer",
}

// declaredReasons are the values of each package's Reason, by the package's short name.
func declaredReasons() map[string][]string {
	declared := map[string][]string{}
	for _, enum := range linked().enums() {
		if enum.Name() != "Reason" {
			continue
		}
		if _, ok := enum.Parent().(protoreflect.FileDescriptor); !ok {
			continue
		}
		short := strings.Split(string(enum.FullName()), ".")[1]
		for i := range enum.Values().Len() {
			if value := enum.Values().Get(i); value.Number() != 0 {
				declared[short] = append(declared[short], string(value.Name()))
			}
		}
	}
	return declared
}

// productSource is read from beside the contract; who took the contract alone as a module has none.
func productSource(t *testing.T) *source {
	t.Helper()
	if _, err := os.Stat("../go.mod"); err != nil {
		t.Skip("the product's source does not stand beside the contract")
	}
	return readSource(t, "..", "platform", "services", "gateway", "cmd")
}

// owner is whose reasons a folder answers with: its service's, else those of everywhere alone.
func owner(folder string) string {
	if inside, ok := strings.CutPrefix(folder, "services/"); ok {
		service, _, _ := strings.Cut(inside, "/")
		return service
	}
	return everywhere
}

// Programs rely on reasons; one that is not declared is one that nobody could know of.
func TestEveryReasonGivenIsDeclared(t *testing.T) {
	s := productSource(t)
	declared := declaredReasons()
	seen := 0
	s.given(func(folder string, file *ast.File, e ast.Expr) {
		reason := s.value(folder, file, e)
		if !reasonShape.MatchString(reason) {
			return // made at run time, or the id of a validation rule
		}
		seen++
		whose := owner(folder)
		if strings.HasPrefix(folder, "cmd/") && slices.ContainsFunc(slices.Collect(maps.Values(declared)), func(all []string) bool { return slices.Contains(all, reason) }) {
			return // a client, which reads what any service answers
		}
		if noRefusals[whose+"/"+reason] == "" && !slices.Contains(declared[whose], reason) && !slices.Contains(declared[everywhere], reason) {
			t.Errorf("%s: the reason %s is not declared in proto/coworkcare/%s/v1/reason.proto", s.files.Position(e.Pos()), reason, whose)
		}
	})
	if seen < 50 {
		t.Errorf("only %d reasons are found in the source; the test looks in the wrong places", seen)
	}
}

// A declared reason that nothing answers with is a promise to handle what never comes.
func TestEveryDeclaredReasonIsGiven(t *testing.T) {
	used := usedNames(productSource(t))
	declared := declaredReasons()
	for _, whose := range slices.Sorted(maps.Keys(declared)) {
		for _, reason := range declared[whose] {
			t.Run(whose+"/"+reason, func(t *testing.T) {
				isUsed := used[whose][reason]
				if whose == everywhere {
					isUsed = slices.ContainsFunc(slices.Collect(maps.Values(used)), func(names map[string]bool) bool { return names[reason] })
				}
				why, waiting := unusedReasons[whose+"/"+reason]
				switch {
				case !isUsed && !waiting:
					t.Errorf("nothing answers with %s: give it, or take it out of proto/coworkcare/%s/v1/reason.proto", reason, whose)
				case isUsed && waiting:
					t.Errorf("%s is answered with by now (%s): take it out of unusedReasons", reason, why)
				}
			})
		}
	}
}

// usedNames are the texts and the generated values that a service's code uses, by whose they are. The text of a constant
// counts when the constant is used.
func usedNames(s *source) map[string]map[string]bool {
	used := map[string]map[string]bool{}
	constants := map[string]map[string]string{} // whose, name of the constant: its text
	referred := map[string]map[string]bool{}
	for folder, files := range s.parsed {
		whose := owner(folder)
		if used[whose] == nil {
			used[whose], constants[whose], referred[whose] = map[string]bool{}, map[string]string{}, map[string]bool{}
		}
		for _, file := range files {
			defining := map[ast.Node]bool{}
			ast.Inspect(file, func(node ast.Node) bool {
				switch n := node.(type) {
				case *ast.GenDecl:
					if n.Tok != token.CONST {
						return true
					}
					for _, spec := range n.Specs {
						value := spec.(*ast.ValueSpec)
						for i, name := range value.Names {
							defining[name] = true
							if i < len(value.Values) {
								if text := s.value(folder, file, value.Values[i]); text != "" {
									constants[whose][name.Name] = text
									defining[value.Values[i]] = true
								}
							}
						}
					}
				case *ast.BasicLit:
					if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && !defining[n] {
						used[whose][text] = true
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
