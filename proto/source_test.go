package proto_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// module is the path of the product's module, whose source stands beside the contract.
const module = "github.com/coworkcare/coworkcare"

// source is the product's hand-written Go, tests left out, as far as reasons need it: parsed and not type-checked.
type source struct {
	files     *token.FileSet
	parsed    map[string][]*ast.File          // by folder, as services/patient/internal/api
	consts    map[string]map[string]ast.Expr  // folder, name
	structs   map[string]map[string][]string  // folder, type, names of fields
	reasonArg map[string]map[string]int       // folder, function or method: which argument is called reason
	imports   map[*ast.File]map[string]string // file, name of an import: folder
}

func readSource(t *testing.T, root string, folders ...string) *source {
	t.Helper()
	s := &source{
		files: token.NewFileSet(), parsed: map[string][]*ast.File{}, consts: map[string]map[string]ast.Expr{},
		structs: map[string]map[string][]string{}, reasonArg: map[string]map[string]int{}, imports: map[*ast.File]map[string]string{},
	}
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "testdata":
				return fs.SkipDir
			case entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(s.files, name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(root, filepath.Dir(name))
			if err != nil {
				return err
			}
			s.add(filepath.ToSlash(relative), file)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *source) add(folder string, file *ast.File) {
	s.parsed[folder] = append(s.parsed[folder], file)
	s.imports[file] = map[string]string{}
	for _, spec := range file.Imports {
		at, _ := strconv.Unquote(spec.Path.Value)
		if inside, ok := strings.CutPrefix(at, module+"/"); ok {
			name := path.Base(inside)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			s.imports[file][name] = inside
		}
	}
	if s.consts[folder] == nil {
		s.consts[folder], s.structs[folder], s.reasonArg[folder] = map[string]ast.Expr{}, map[string][]string{}, map[string]int{}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.GenDecl:
			if n.Tok != token.CONST {
				return true
			}
			for _, spec := range n.Specs {
				value := spec.(*ast.ValueSpec)
				for i, name := range value.Names {
					if i < len(value.Values) {
						s.consts[folder][name.Name] = value.Values[i]
					}
				}
			}
		case *ast.TypeSpec:
			if structure, ok := n.Type.(*ast.StructType); ok {
				s.structs[folder][n.Name.Name] = fieldNames(structure.Fields)
			}
		case *ast.FuncDecl:
			if at := position(n.Type.Params, "reason"); at >= 0 {
				s.reasonArg[folder][n.Name.Name] = at
			}
		case *ast.AssignStmt: // refuse := func(field, reason, message string) { … }
			for i, right := range n.Rhs {
				function, ok := right.(*ast.FuncLit)
				if !ok || i >= len(n.Lhs) {
					continue
				}
				if name, ok := n.Lhs[i].(*ast.Ident); ok {
					if at := position(function.Type.Params, "reason"); at >= 0 {
						s.reasonArg[folder][name.Name] = at
					}
				}
			}
		}
		return true
	})
}

func fieldNames(fields *ast.FieldList) []string {
	var all []string
	for _, field := range fields.List {
		for _, name := range field.Names {
			all = append(all, name.Name)
		}
		if len(field.Names) == 0 {
			all = append(all, "")
		}
	}
	return all
}

func position(fields *ast.FieldList, name string) int {
	for i, field := range fieldNames(fields) {
		if field == name {
			return i
		}
	}
	return -1
}

// value is the constant text of an expression, through constants, conversions and generated enum values; empty when it is
// made at run time.
func (s *source) value(folder string, file *ast.File, e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	case *ast.ParenExpr:
		return s.value(folder, file, e.X)
	case *ast.Ident:
		if value := s.consts[folder][e.Name]; value != nil {
			return s.value(folder, file, value)
		}
	case *ast.SelectorExpr:
		if name, ok := strings.CutPrefix(e.Sel.Name, "Reason_"); ok {
			return name
		}
		if from, ok := e.X.(*ast.Ident); ok {
			if inside := s.imports[file][from.Name]; inside != "" && s.consts[inside][e.Sel.Name] != nil {
				return s.value(inside, file, s.consts[inside][e.Sel.Name])
			}
		}
	case *ast.CallExpr: // string(x), reason(x), x.String()
		if len(e.Args) == 1 {
			return s.value(folder, file, e.Args[0])
		}
		if called, ok := e.Fun.(*ast.SelectorExpr); ok && len(e.Args) == 0 && called.Sel.Name == "String" {
			return s.value(folder, file, called.X)
		}
	}
	return ""
}

// given calls found with every expression that stands where a reason stands: a field called Reason, an argument whose
// parameter is called reason, a constant named or typed Reason.
func (s *source) given(found func(folder string, file *ast.File, e ast.Expr)) {
	for folder, files := range s.parsed {
		for _, file := range files {
			ast.Inspect(file, func(node ast.Node) bool {
				switch n := node.(type) {
				case *ast.CompositeLit:
					s.givenInLiteral(folder, file, n.Type, n, found)
				case *ast.CallExpr:
					if at, ok := s.reasonArgument(folder, file, n); ok && at < len(n.Args) {
						found(folder, file, n.Args[at])
					}
				case *ast.AssignStmt:
					for i, left := range n.Lhs {
						if to, ok := left.(*ast.SelectorExpr); ok && to.Sel.Name == "Reason" && i < len(n.Rhs) {
							found(folder, file, n.Rhs[i])
						}
					}
				case *ast.ValueSpec:
					typed, _ := n.Type.(*ast.Ident)
					for i, name := range n.Names {
						if i < len(n.Values) && (typed != nil && typed.Name == "Reason" || strings.HasPrefix(strings.ToLower(name.Name), "reason")) {
							found(folder, file, n.Values[i])
						}
					}
				}
				return true
			})
		}
	}
}

// givenInLiteral looks at one composite literal; those inside without a type of their own, as in []Violation{{…}}, take it
// from the element.
func (s *source) givenInLiteral(folder string, file *ast.File, kind ast.Expr, literal *ast.CompositeLit, found func(string, *ast.File, ast.Expr)) {
	if kind == nil {
		return // met from outside
	}
	var element ast.Expr
	switch k := kind.(type) {
	case *ast.ArrayType:
		element = k.Elt
	case *ast.MapType:
		element = k.Value
	}
	fields := s.fieldsOf(folder, file, kind)
	for i, part := range literal.Elts {
		value := part
		name := ""
		if i < len(fields) {
			name = fields[i]
		}
		if keyed, ok := part.(*ast.KeyValueExpr); ok {
			value, name = keyed.Value, ""
			if key, ok := keyed.Key.(*ast.Ident); ok && element == nil {
				name = key.Name
			}
		}
		if name == "Reason" || name == "reason" {
			found(folder, file, value)
		}
		if inner, ok := value.(*ast.CompositeLit); ok && inner.Type == nil && element != nil {
			s.givenInLiteral(folder, file, element, inner, found)
		}
	}
}

func (s *source) fieldsOf(folder string, file *ast.File, kind ast.Expr) []string {
	switch k := kind.(type) {
	case *ast.Ident:
		return s.structs[folder][k.Name]
	case *ast.SelectorExpr:
		if from, ok := k.X.(*ast.Ident); ok {
			return s.structs[s.imports[file][from.Name]][k.Sel.Name]
		}
	case *ast.StarExpr:
		return s.fieldsOf(folder, file, k.X)
	case *ast.StructType:
		return fieldNames(k.Fields)
	}
	return nil
}

func (s *source) reasonArgument(folder string, file *ast.File, call *ast.CallExpr) (int, bool) {
	switch called := call.Fun.(type) {
	case *ast.Ident:
		at, ok := s.reasonArg[folder][called.Name]
		return at, ok
	case *ast.SelectorExpr:
		if from, ok := called.X.(*ast.Ident); ok {
			if inside, ok := s.imports[file][from.Name]; ok {
				at, ok := s.reasonArg[inside][called.Sel.Name]
				return at, ok
			}
		}
		at, ok := s.reasonArg[folder][called.Sel.Name]
		return at, ok
	}
	return 0, false
}
