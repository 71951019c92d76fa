// Command generate writes the OpenAPI document of the REST API from the contract: the .proto files with their comments, the HTTP
// bindings, field behaviours, validation rules and access rules in them, and the recorded examples. `make generate` runs it; a
// test keeps the committed document to what it writes.
package main

import (
	"flag"
	"log"
	"os"
)

func main() {
	protos := flag.String("proto", "proto", "the folder of the contract")
	examples := flag.String("examples", "gateway/openapi/examples", "the folder of the recorded examples")
	out := flag.String("out", "gateway/openapi/openapi.json", "where the document goes")
	flag.Parse()
	text, err := generate(*protos, *examples)
	if err != nil {
		log.Fatalf("generating the OpenAPI document: %v", err)
	}
	if err := os.WriteFile(*out, text, 0o644); err != nil {
		log.Fatalf("writing the OpenAPI document: %v", err)
	}
}
