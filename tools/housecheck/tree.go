package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// tree is all Go of the product, parsed and not type-checked: seconds, and no build.
type tree struct {
	module string
	set    *token.FileSet
	files  []*file
}

// file is one Go file.
type file struct {
	path      string // from the root, with slashes: platform/date/day.go
	folder    string // platform/date
	ast       *ast.File
	test      bool
	generated bool
	lines     int
	imports   []imported
}

// imported is one import of a file.
type imported struct {
	name string // as the file calls it
	path string
	pos  token.Pos
}

// readTree parses every Go file below root but for hidden folders, testdata and what is built.
func readTree(root, module string) (*tree, error) {
	t := &tree{module: module, set: token.NewFileSet()}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		if entry.IsDir() {
			base := entry.Name()
			if relative != "." && (strings.HasPrefix(base, ".") || base == "testdata" || relative == "build") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(relative) != ".go" {
			return nil
		}
		return t.read(name, relative)
	})
	if err != nil {
		return nil, err
	}
	if len(t.files) == 0 {
		return nil, errors.New("no Go file below " + root)
	}
	return t, nil
}

func (t *tree) read(name, relative string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(t.set, relative, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("parsing: %w", err)
	}
	f := &file{
		path: relative, folder: path.Dir(relative), ast: parsed, test: strings.HasSuffix(relative, "_test.go"),
		generated: ast.IsGenerated(parsed), lines: bytes.Count(text, []byte("\n")),
	}
	for _, spec := range parsed.Imports {
		at, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: import %s: %w", relative, spec.Path.Value, err)
		}
		called := lastName(at)
		if spec.Name != nil {
			called = spec.Name.Name
		}
		f.imports = append(f.imports, imported{called, at, spec.Pos()})
	}
	t.files = append(t.files, f)
	return nil
}

// lastName is what a package is called by its path, versions left out: math/rand/v2 is rand.
func lastName(at string) string {
	base := path.Base(at)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(at))
	}
	return base
}

// inside is the folder that an import of the product leads to; false for what is not the product's.
func (t *tree) inside(at string) (string, bool) {
	return strings.CutPrefix(at, t.module+"/")
}

// named is what the file calls a package; empty when it does not import it.
func (f *file) named(at string) string {
	for _, i := range f.imports {
		if i.path == at {
			return i.name
		}
	}
	return ""
}

// isMain tells whether the file belongs to a program.
func (f *file) isMain() bool { return f.ast.Name.Name == "main" }

// under tells whether a path is a folder, or lies in it.
func under(at string, folders ...string) bool {
	for _, folder := range folders {
		if at == folder || strings.HasPrefix(at, folder+"/") {
			return true
		}
	}
	return false
}

// service is the name of the service that a folder belongs to; empty outside services.
func service(folder string) string {
	rest, ok := strings.CutPrefix(folder, "services/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// room is a service's inner folder: store, api, worker, or the domain, which bears the service's name.
func room(folder string) string {
	rest, ok := strings.CutPrefix(folder, "services/"+service(folder)+"/internal/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// isDomain tells whether a folder holds a service's rules, or the days that all of them count in.
func isDomain(folder string) bool {
	return service(folder) != "" && room(folder) == service(folder) || folder == dates
}

// dates is the one package of the platform that the domain builds on, and is as pure.
const dates = "platform/date"
