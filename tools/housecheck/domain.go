package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

var domainRules = []rule{
	{
		name:  "domain-import",
		why:   "the domain is pure: values and functions, no I/O, no context, no randomness, no contract, no SQL",
		do:    "take what you need as an argument and give what follows as a value; api, store and worker do the rest",
		check: checkDomainImports,
	},
	{
		name:  "domain-clock",
		why:   "the domain is given its time, so that twelve weeks pass in a test in a blink",
		do:    "take now time.Time as an argument",
		check: checkDomainClock,
	},
}

// impure are the packages of the standard library that the domain does without, with all below them.
var impure = []string{
	"context", "os", "net", "database/sql", "log", "math/rand", "crypto/rand", "syscall", "plugin", "runtime", "testing", "io/ioutil", "io/fs",
}

func checkDomainImports(t *tree, f *file, report func(token.Pos, string)) {
	if !isDomain(f.folder) || f.test {
		return
	}
	for _, i := range f.imports {
		first, _, _ := strings.Cut(i.path, "/")
		folder, own := t.inside(i.path)
		switch {
		case own && (folder == dates || under(folder, f.folder)):
		case own, strings.Contains(first, "."):
			if !slices.ContainsFunc(domainLibraries, func(l library) bool { return l.folder == f.folder && l.path == i.path }) {
				report(i.pos, "the domain imports "+i.path)
			}
		case i.path == "database/sql/driver" && f.folder == dates: // a day writes itself to a column
		case under(i.path, impure...):
			report(i.pos, "the domain imports "+i.path)
		}
	}
}

// clockReading are what of package time looks at a clock or waits for one.
var clockReading = []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTicker", "NewTimer"}

func checkDomainClock(_ *tree, f *file, report func(token.Pos, string)) {
	if !isDomain(f.folder) {
		return
	}
	eachUse(f, "time", func(use *ast.SelectorExpr) {
		if slices.Contains(clockReading, use.Sel.Name) {
			report(use.Pos(), "the domain uses time."+use.Sel.Name)
		}
	})
}

// eachUse calls found with every name that the file takes from a package.
func eachUse(f *file, at string, found func(*ast.SelectorExpr)) {
	name := f.named(at)
	if name == "" {
		return
	}
	ast.Inspect(f.ast, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if from, ok := selector.X.(*ast.Ident); ok && from.Name == name {
				found(selector)
			}
		}
		return true
	})
}
