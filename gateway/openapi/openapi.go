// Package openapi holds the description of the REST API: the OpenAPI document, generated from the contract by ./generate, and a
// page that shows it in a browser without asking any other host for anything.
package openapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed openapi.json
var document []byte

// Document is the description of everything that the contract offers.
func Document() []byte { return slices.Clone(document) }

// For is the description of what a process serves: operations that it does not, and services without any, are left out.
func For(served func(method, path string) bool) ([]byte, error) {
	var whole struct {
		OpenAPI    json.RawMessage                       `json:"openapi"`
		Info       json.RawMessage                       `json:"info"`
		Servers    json.RawMessage                       `json:"servers"`
		Security   json.RawMessage                       `json:"security"`
		Tags       []described                           `json:"tags"`
		Paths      map[string]map[string]json.RawMessage `json:"paths"`
		Components json.RawMessage                       `json:"components"`
	}
	if err := json.Unmarshal(document, &whole); err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	left, used := false, map[string]bool{}
	for path, operations := range whole.Paths {
		for method, text := range operations {
			if !served(strings.ToUpper(method), filled(path)) {
				delete(operations, method)
				left = true
				continue
			}
			var operation struct{ Tags []string }
			if err := json.Unmarshal(text, &operation); err != nil {
				return nil, fmt.Errorf("reading the OpenAPI document: %s %s: %w", method, path, err)
			}
			for _, name := range operation.Tags {
				used[name] = true
			}
		}
		if len(operations) == 0 {
			delete(whole.Paths, path)
		}
	}
	if !left {
		return Document(), nil
	}
	whole.Tags = slices.DeleteFunc(whole.Tags, func(tag described) bool { return !used[tag.Name] })
	return json.Marshal(whole)
}

type described struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// filled is a path with something in place of each variable.
func filled(path string) string {
	segments := strings.Split(path, "{")
	for i, segment := range segments[1:] {
		_, rest, _ := strings.Cut(segment, "}")
		segments[i+1] = "x" + rest
	}
	return strings.Join(segments, "")
}
