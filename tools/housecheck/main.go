// Command housecheck keeps the rules of this house that no compiler keeps: who may import whom, what the domain may touch, where
// SQL stands, who may look at the clock, what packages and files are called and how long they are, and that every reason the
// product answers with is declared in the contract.
//
//	housecheck FOLDER
//
// It prints one line for every breach (file:line: [rule] what; why; what to do) and exits with 1 when there is one. It reads
// the source alone and takes about a second. What may differ from a rule stands in allow.go, each with its reason.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: housecheck FOLDER")
		os.Exit(2)
	}
	tree, err := readTree(os.Args[1], "github.com/coworkcare/coworkcare")
	if err != nil {
		fmt.Fprintf(os.Stderr, "housecheck: %v\n", err)
		os.Exit(2)
	}
	found := check(tree, allowances)
	for _, f := range found {
		fmt.Println(f)
	}
	if len(found) > 0 {
		fmt.Fprintf(os.Stderr, "housecheck: %d breaches in %d files read\n", len(found), len(tree.files))
		os.Exit(1)
	}
}
