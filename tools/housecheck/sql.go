package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
)

var sqlRules = []rule{
	{
		name:  "sql",
		why:   "SQL stands with the tables it is about: in a service's store, or in the platform package that owns them",
		do:    "add a method to the store and call that",
		check: checkSQL,
	},
}

// tableOwners are the platform packages with tables of their own, and the engine itself.
var tableOwners = []string{
	"platform/accesslog", "platform/act", "platform/app", "platform/event", "platform/installation", "platform/sqldb", "platform/timer", "platform/worker",
}

var statement = regexp.MustCompile(`(?s)^\s*(SELECT\s.*\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+(TABLE|INDEX|UNIQUE)\s|ALTER\s+TABLE\s|DROP\s|WITH\s+\w+(\s*\([^)]*\))?\s+AS\s*\()`)

var queries = []string{"Exec", "Query", "QueryRow", "ExecContext", "QueryContext", "QueryRowContext", "Prepare", "PrepareContext"}

func checkSQL(t *tree, f *file, report func(token.Pos, string)) {
	if f.test || room(f.folder) == "store" || under(f.folder, tableOwners...) || !under(f.folder, "platform", "services", "gateway", "cmd") {
		return
	}
	ast.Inspect(f.ast, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && statement.MatchString(text) {
				report(n.Pos(), "holds an SQL statement")
			}
		case *ast.CallExpr:
			called, ok := n.Fun.(*ast.SelectorExpr)
			if ok && slices.Contains(queries, called.Sel.Name) && slices.ContainsFunc(n.Args, func(a ast.Expr) bool { return constantText(t, f, a) }) {
				report(n.Pos(), "runs a statement of its own by "+called.Sel.Name)
			}
		}
		return true
	})
}

// constantText tells whether an argument is text that stands in the source: a literal, a sum with one, a constant of the package.
func constantText(t *tree, f *file, e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.BinaryExpr:
		return constantText(t, f, e.X) || constantText(t, f, e.Y)
	case *ast.ParenExpr:
		return constantText(t, f, e.X)
	case *ast.Ident:
		value, in := t.constant(f.folder, e.Name)
		return value != nil && constantText(t, in, value)
	default:
		return false
	}
}

// constant is the value of a package's constant and the file where it stands; nil when there is none.
func (t *tree) constant(folder, name string) (ast.Expr, *file) {
	for _, f := range t.files {
		if f.folder != folder {
			continue
		}
		for _, declared := range f.ast.Decls {
			group, ok := declared.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				values := spec.(*ast.ValueSpec)
				for i, called := range values.Names {
					if called.Name == name && i < len(values.Values) {
						return values.Values[i], f
					}
				}
			}
		}
	}
	return nil, nil
}
