package main

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// reasons finds where the source answers with a reason, without types: by what fields, parameters and constants are called.
type reasons struct {
	tree      *tree
	files     []*file
	consts    map[string]map[string]constant // folder, name
	structs   map[string]map[string][]string // folder, type: names of its fields
	reasonArg map[string]map[string]int      // folder, function or method: which argument is called reason
}

type constant struct {
	file  *file
	value ast.Expr
}

func readReasons(t *tree) *reasons {
	s := &reasons{tree: t, consts: map[string]map[string]constant{}, structs: map[string]map[string][]string{}, reasonArg: map[string]map[string]int{}}
	for _, f := range t.files {
		if !f.test && !f.generated && under(f.folder, "platform", "services", "gateway", "cmd") {
			s.files = append(s.files, f)
			s.learn(f)
		}
	}
	return s
}

func (s *reasons) learn(f *file) {
	if s.consts[f.folder] == nil {
		s.consts[f.folder], s.structs[f.folder], s.reasonArg[f.folder] = map[string]constant{}, map[string][]string{}, map[string]int{}
	}
	ast.Inspect(f.ast, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.GenDecl:
			if n.Tok == token.CONST {
				eachConstant(n, func(name *ast.Ident, value ast.Expr) { s.consts[f.folder][name.Name] = constant{f, value} })
			}
		case *ast.TypeSpec:
			if structure, ok := n.Type.(*ast.StructType); ok {
				s.structs[f.folder][n.Name.Name] = fieldNames(structure.Fields)
			}
		case *ast.FuncDecl:
			s.learnFunction(f.folder, n.Name.Name, n.Type)
		case *ast.AssignStmt: // refuse := func(field, reason, message string) { … }
			for i, right := range n.Rhs {
				if function, ok := right.(*ast.FuncLit); ok && i < len(n.Lhs) {
					if name, ok := n.Lhs[i].(*ast.Ident); ok {
						s.learnFunction(f.folder, name.Name, function.Type)
					}
				}
			}
		}
		return true
	})
}

func (s *reasons) learnFunction(folder, name string, function *ast.FuncType) {
	for i, parameter := range fieldNames(function.Params) {
		if parameter == "reason" {
			s.reasonArg[folder][name] = i
		}
	}
}

func eachConstant(group *ast.GenDecl, found func(name *ast.Ident, value ast.Expr)) {
	for _, spec := range group.Specs {
		values, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, name := range values.Names {
			if i < len(values.Values) {
				found(name, values.Values[i])
			}
		}
	}
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

// folderOf is the product's folder that a file calls by a name; empty for what is not the product's.
func (s *reasons) folderOf(f *file, name string) string {
	for _, i := range f.imports {
		if folder, ok := s.tree.inside(i.path); ok && i.name == name {
			return folder
		}
	}
	return ""
}

// value is the constant text of an expression, through constants, conversions and generated enum values; empty when it is
// made at run time.
func (s *reasons) value(f *file, e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	case *ast.ParenExpr:
		return s.value(f, e.X)
	case *ast.Ident:
		if c, ok := s.consts[f.folder][e.Name]; ok {
			return s.value(c.file, c.value)
		}
	case *ast.SelectorExpr:
		if name, ok := strings.CutPrefix(e.Sel.Name, "Reason_"); ok {
			return name
		}
		if from, ok := e.X.(*ast.Ident); ok {
			if c, ok := s.consts[s.folderOf(f, from.Name)][e.Sel.Name]; ok {
				return s.value(c.file, c.value)
			}
		}
	case *ast.CallExpr: // string(x), reason(x), x.String()
		if len(e.Args) == 1 {
			return s.value(f, e.Args[0])
		}
		if called, ok := e.Fun.(*ast.SelectorExpr); ok && len(e.Args) == 0 && called.Sel.Name == "String" {
			return s.value(f, called.X)
		}
	}
	return ""
}

// given calls found with every expression that stands where a reason stands: a field called Reason, an argument whose
// parameter is called reason, a constant named or typed Reason.
func (s *reasons) given(found func(*file, ast.Expr)) {
	for _, f := range s.files {
		ast.Inspect(f.ast, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.CompositeLit:
				s.givenInLiteral(f, n.Type, n, found)
			case *ast.CallExpr:
				if at, ok := s.reasonArgument(f, n); ok && at < len(n.Args) {
					found(f, n.Args[at])
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if to, ok := left.(*ast.SelectorExpr); ok && to.Sel.Name == "Reason" && i < len(n.Rhs) {
						found(f, n.Rhs[i])
					}
				}
			case *ast.ValueSpec:
				typed, _ := n.Type.(*ast.Ident)
				for i, name := range n.Names {
					if i < len(n.Values) && (typed != nil && typed.Name == "Reason" || strings.HasPrefix(strings.ToLower(name.Name), "reason")) {
						found(f, n.Values[i])
					}
				}
			}
			return true
		})
	}
}

// givenInLiteral looks at one composite literal; those inside without a type of their own, as in []Violation{{…}}, take it
// from the element.
func (s *reasons) givenInLiteral(f *file, kind ast.Expr, literal *ast.CompositeLit, found func(*file, ast.Expr)) {
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
	fields := s.fieldsOf(f, kind)
	for i, part := range literal.Elts {
		value, name := part, ""
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
			found(f, value)
		}
		if inner, ok := value.(*ast.CompositeLit); ok && inner.Type == nil && element != nil {
			s.givenInLiteral(f, element, inner, found)
		}
	}
}

// fieldsOf are the fields of a struct type in their order, for literals without keys.
func (s *reasons) fieldsOf(f *file, kind ast.Expr) []string {
	switch k := kind.(type) {
	case *ast.Ident:
		return s.structs[f.folder][k.Name]
	case *ast.SelectorExpr:
		if from, ok := k.X.(*ast.Ident); ok {
			return s.structs[s.folderOf(f, from.Name)][k.Sel.Name]
		}
	case *ast.StarExpr:
		return s.fieldsOf(f, k.X)
	case *ast.StructType:
		return fieldNames(k.Fields)
	}
	return nil
}

func (s *reasons) reasonArgument(f *file, call *ast.CallExpr) (int, bool) {
	switch called := call.Fun.(type) {
	case *ast.Ident:
		at, ok := s.reasonArg[f.folder][called.Name]
		return at, ok
	case *ast.SelectorExpr:
		if from, ok := called.X.(*ast.Ident); ok {
			if inside := s.folderOf(f, from.Name); inside != "" {
				at, ok := s.reasonArg[inside][called.Sel.Name]
				return at, ok
			}
		}
		at, ok := s.reasonArg[f.folder][called.Sel.Name]
		return at, ok
	}
	return 0, false
}
