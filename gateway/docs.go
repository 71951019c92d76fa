package gateway

import (
	"fmt"
	"net/http"

	"github.com/coworkcare/coworkcare/gateway/openapi"
)

// describe serves the OpenAPI document and the page that shows it. Neither asks for a token: the contract is public.
func (g *gateway) describe() error {
	document, err := openapi.For(g.served)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	page := openapi.Page()
	for pattern, answer := range map[string]func(http.ResponseWriter, *http.Request, map[string]string){
		"/openapi.json": func(w http.ResponseWriter, _ *http.Request, _ map[string]string) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(document)
		},
		"/docs":        func(w http.ResponseWriter, r *http.Request, _ map[string]string) { page(w, r, "") },
		"/docs/{file}": func(w http.ResponseWriter, r *http.Request, file map[string]string) { page(w, r, file["file"]) },
	} {
		if err := g.mux.HandlePath(http.MethodGet, pattern, answer); err != nil {
			return fmt.Errorf("gateway: %s: %w", pattern, err)
		}
	}
	return nil
}
