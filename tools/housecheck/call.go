package main

import (
	"go/ast"
	"go/token"
	"slices"
)

var callRules = []rule{
	{
		name:  "wall-clock",
		why:   "what decides care goes by the injected clock; wall time is for tokens, leases, the access log and ids",
		do:    "use clock.Clock, tx.Now or an argument; where wall time is right, list the file in tools/housecheck/allow.go with the reason",
		check: checkWallClock,
	},
	{
		name:  "sleep",
		why:   "a test that sleeps is slow on a quick machine and fails on a slow one",
		do:    "wait for a signal, move the test clock, or call the worker once",
		check: checkSleep,
	},
	{
		name:  "panic",
		why:   "a panic ends the work of everybody in the process",
		do:    "return an error; where nothing could go on, list the file in tools/housecheck/allow.go with the reason",
		check: checkPanic,
	},
	{
		name:  "context-root",
		why:   "work without its caller's context outlives deadlines, shutdown and the trace",
		do:    "take ctx as an argument; where work must outlive its caller use context.WithoutCancel, or list the file in tools/housecheck/allow.go",
		check: checkContext,
	},
}

func checkWallClock(_ *tree, f *file, report func(token.Pos, string)) {
	if isDomain(f.folder) {
		return // domain-clock says it
	}
	eachUse(f, "time", func(use *ast.SelectorExpr) {
		if slices.Contains([]string{"Now", "Since", "Until"}, use.Sel.Name) {
			report(use.Pos(), "uses time."+use.Sel.Name)
		}
	})
}

func checkSleep(_ *tree, f *file, report func(token.Pos, string)) {
	if !f.test {
		return
	}
	eachUse(f, "time", func(use *ast.SelectorExpr) {
		if use.Sel.Name == "Sleep" {
			report(use.Pos(), "a test uses time.Sleep")
		}
	})
}

func checkPanic(_ *tree, f *file, report func(token.Pos, string)) {
	if f.test || f.isMain() {
		return
	}
	ast.Inspect(f.ast, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok {
			if called, ok := call.Fun.(*ast.Ident); ok && called.Name == "panic" {
				report(call.Pos(), "panics")
			}
		}
		return true
	})
}

func checkContext(_ *tree, f *file, report func(token.Pos, string)) {
	if f.test || f.isMain() {
		return
	}
	eachUse(f, "context", func(use *ast.SelectorExpr) {
		if use.Sel.Name == "Background" || use.Sel.Name == "TODO" {
			report(use.Pos(), "uses context."+use.Sel.Name)
		}
	})
}
