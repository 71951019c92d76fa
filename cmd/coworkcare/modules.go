package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/coworkcare/coworkcare/platform/accesslog"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/services/careplan"
	"github.com/coworkcare/coworkcare/services/caseload"
	"github.com/coworkcare/coworkcare/services/employerdialogue"
	"github.com/coworkcare/coworkcare/services/followup"
	"github.com/coworkcare/coworkcare/services/patient"
	"github.com/coworkcare/coworkcare/services/sickleave"
)

// modules are the services. A new one is a folder under services/ and a line here.
var modules = []app.Module{
	patient.Module,
	careplan.Module,
	sickleave.Module,
	employerdialogue.Module,
	followup.Module,
	caseload.Module,
}

// gatewayOnly names a process without services, which passes everything on.
const gatewayOnly = "gateway"

// chosen gives the modules named, or all when none is, and the others.
func chosen(names []string) (some, others []app.Module, err error) {
	if len(names) == 0 {
		return modules, nil, nil
	}
	if slices.Equal(names, []string{gatewayOnly}) {
		return nil, modules, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(modules, func(m app.Module) bool { return m.Name == name })
		if i < 0 {
			var known []string
			for _, m := range modules {
				known = append(known, m.Name)
			}
			return nil, nil, usageError{fmt.Errorf("there is no service %q; the services are %s", name, strings.Join(known, ", "))}
		}
		some = append(some, modules[i])
	}
	others = slices.DeleteFunc(slices.Clone(modules), func(m app.Module) bool { return slices.Contains(names, m.Name) })
	return some, others, nil
}

// migrationsFingerprint stands for every migration that this program knows.
func migrationsFingerprint() (string, error) {
	sets := []fs.FS{act.Migrations, accesslog.Migrations}
	for _, m := range modules {
		sets = append(sets, m.Migrations)
	}
	sum := sha256.New()
	for _, set := range sets {
		err := fs.WalkDir(set, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := fs.ReadFile(set, path)
			_, _ = fmt.Fprintf(sum, "%s %d\n", path, len(text))
			_, _ = sum.Write(text)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("reading the migrations: %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
