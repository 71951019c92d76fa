package openapi

import (
	"embed"
	"net/http"

	"github.com/swaggest/swgui/v5/static"
	"github.com/vearutop/statigz"
)

//go:embed page
var page embed.FS

// pagePolicy lets the page load what this host serves, and nothing else. Swagger UI bears its small pictures in its style sheet.
const pagePolicy = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Page serves a file of the page by its name; "" is the page itself. It shows the document at /openapi.json and stands at /docs.
func Page() func(w http.ResponseWriter, r *http.Request, name string) {
	library := statigz.FileServer(static.FS)
	return func(w http.ResponseWriter, r *http.Request, name string) {
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("Cache-Control", "no-cache")
		switch name {
		case "":
			http.ServeFileFS(w, r, page, "page/page.html")
		case "page.js", "page.css":
			http.ServeFileFS(w, r, page, "page/"+name)
		default:
			file := r.Clone(r.Context())
			file.URL.Path = "/" + name
			library.ServeHTTP(w, file)
		}
	}
}
