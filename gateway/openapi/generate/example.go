package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// example is one call that was made of a running system, and what came of it.
type example struct {
	Request  json.RawMessage `json:"request,omitempty"`
	Response json.RawMessage `json:"response,omitempty"`
}

// examples are recorded calls by operation, as createPatient.json, and a refusal, problem.json.
type examples struct {
	calls map[string]example
	used  map[string]bool
}

func readExamples(folder string) (*examples, error) {
	e := &examples{calls: map[string]example{}, used: map[string]bool{}}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name, isJSON := strings.CutSuffix(entry.Name(), ".json")
		if !isJSON {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		var one example
		if err := json.Unmarshal(text, &one); err != nil {
			return nil, fmt.Errorf("the example %s: %w", entry.Name(), err)
		}
		e.calls[name] = one
	}
	return e, nil
}

func (e *examples) of(name string) example {
	e.used[name] = true
	return e.calls[name]
}

// unused are examples whose method is gone.
func (e *examples) unused() []string {
	var names []string
	for name := range e.calls {
		if !e.used[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
