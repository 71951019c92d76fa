package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

var layerRules = []rule{
	{
		name:  "layer",
		why:   "imports go one way: proto/gen <- platform <- services/<x>, gateway <- cmd, and a service never imports another",
		do:    "call the other service over gRPC, listen to its events, or move what is common into a named platform package",
		check: checkLayers,
	},
	{
		name:  "room",
		why:   "inside a service api and worker build on store and domain, and neither on the other",
		do:    "move what both need into the domain or the store",
		check: checkRooms,
	},
	{
		name:  "platform-medicine",
		why:   "the platform carries every service and knows no medicine",
		do:    "take the type as a parameter, or move the code into the service",
		check: checkMedicine,
	},
	{
		name:  "gateway-contract",
		why:   "the gateway holds no business rule and knows methods by their descriptors",
		do:    "work on descriptors, or move the code into the service",
		check: checkGateway,
	},
	{
		name:  "in-process-handler",
		why:   "Register…HandlerServer calls the service past the interceptors: no authentication, access rule, validation or access log",
		do:    "use Register…Handler with a connection; in one process it is in memory",
		check: checkHandlers,
	},
}

// layers are what each part may import of the product, by the beginning of the folder.
var layers = map[string][]string{
	"proto":    {"proto/gen"},
	"platform": {"proto/gen", "platform"},
	"gateway":  {"proto/gen", "platform", "gateway"},
	"cmd":      {"proto/gen", "platform", "services", "gateway", "cmd"},
	"tools":    {"tools"},
}

func checkLayers(t *tree, f *file, report func(token.Pos, string)) {
	first, _, _ := strings.Cut(f.folder, "/")
	may, known := layers[first]
	if name := service(f.folder); name != "" {
		may, known = []string{"proto/gen", "platform", "services/" + name}, true
	}
	if !known {
		return
	}
	for _, i := range f.imports {
		if folder, ok := t.inside(i.path); ok && !under(folder, may...) {
			report(i.pos, f.folder+" imports "+folder)
		}
	}
}

// closed are the rooms that a room must not import.
var closed = map[string][]string{
	"store":  {"api", "worker"},
	"api":    {"worker"},
	"worker": {"api"},
}

func checkRooms(t *tree, f *file, report func(token.Pos, string)) {
	for _, i := range f.imports {
		if folder, ok := t.inside(i.path); ok && service(folder) == service(f.folder) && service(folder) != "" &&
			slices.Contains(closed[room(f.folder)], room(folder)) {
			report(i.pos, room(f.folder)+" imports "+room(folder))
		}
	}
}

// contractOf is the short name of a contract package: patient of proto/gen/coworkcare/patient/v1.
func contractOf(folder string) string {
	rest, ok := strings.CutPrefix(folder, "proto/gen/coworkcare/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// technical are the packages of the contract that belong to no service.
var technical = []string{"access", "clock", "error", "event"}

func checkMedicine(t *tree, f *file, report func(token.Pos, string)) {
	if !under(f.folder, "platform") || f.test { // tests need some message, and guards are tried on the whole contract
		return
	}
	for _, i := range f.imports {
		folder, _ := t.inside(i.path)
		name := contractOf(folder)
		if name == "" || slices.Contains(technical, name) || name == "patient" && under(f.folder, "platform/app") {
			continue // platform/app keeps each service's copy of where a patient belongs
		}
		report(i.pos, f.folder+" imports the contract of "+name)
	}
}

func checkGateway(t *tree, f *file, report func(token.Pos, string)) {
	if !under(f.folder, "gateway") || f.test {
		return
	}
	for _, i := range f.imports {
		folder, _ := t.inside(i.path)
		if name := contractOf(folder); name != "" && !slices.Contains(technical, name) {
			report(i.pos, f.folder+" imports the contract of "+name)
		}
	}
}

var inProcessHandler = regexp.MustCompile(`^Register\w+HandlerServer$`)

func checkHandlers(_ *tree, f *file, report func(token.Pos, string)) {
	ast.Inspect(f.ast, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok && inProcessHandler.MatchString(selector.Sel.Name) {
			report(selector.Pos(), "uses "+selector.Sel.Name)
		}
		return true
	})
}
