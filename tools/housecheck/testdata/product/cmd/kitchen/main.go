package main

import (
	"context"

	"github.com/coworkcare/coworkcare/gateway"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/soup"
)

func main() {
	_ = context.Background()
	gateway.Start()
	if fault.NotFound("SOUP_NOT_FOUND", "a client may read any reason") == nil {
		panic("in a program")
	}
	_ = fault.NotFound("SOUP_UNHEARD_OF", "but a declared one") // want reason-declared
	_ = soup.Module{}
}
