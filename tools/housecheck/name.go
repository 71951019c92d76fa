package main

import (
	"fmt"
	"go/token"
	"path"
	"slices"
	"strings"
)

var nameRules = []rule{
	{
		name:  "package-name",
		why:   "a name that says nothing gathers everything",
		do:    "name the package after what it holds; put a function beside its first caller",
		check: checkPackageName,
	},
	{
		name:  "file-length",
		why:   "a file is read as a whole",
		do:    "split it by noun",
		check: checkLength,
	},
}

var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "model", "models", "base"}

func checkPackageName(_ *tree, f *file, report func(token.Pos, string)) {
	for _, name := range []string{strings.TrimSuffix(f.ast.Name.Name, "_test"), path.Base(f.folder)} {
		if slices.Contains(emptyNames, name) {
			report(f.ast.Name.Pos(), "the package is called "+name)
			return
		}
	}
}

// The most lines of a file written by hand, and of a test, which is longer by nature: tables.
const (
	longestFile = 450
	longestTest = 900
)

func checkLength(_ *tree, f *file, report func(token.Pos, string)) {
	most := longestFile
	if f.test {
		most = longestTest
	}
	if f.lines > most {
		report(f.ast.Package, fmt.Sprintf("has %d lines, and %d are the most", f.lines, most))
	}
}
