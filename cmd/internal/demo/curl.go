package demo

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// Curl renders the call as one line for a POSIX shell. The token stands as the actor's variable, such as $TOKEN_GP; the banner
// prints the lines that set them.
func (c *Client) Curl(call Call) string {
	var line strings.Builder
	line.WriteString("curl -sS ")
	if call.Method != http.MethodGet && (call.Method != http.MethodPost || call.Body == nil) {
		line.WriteString("-X " + call.Method + " ")
	}
	line.WriteString(quoted(c.base+call.target()) + ` -H "Authorization: Bearer $` + call.As.Variable + `"`)
	if call.Key != "" {
		line.WriteString(" -H " + quoted("Idempotency-Key: "+call.Key))
	}
	if call.Body != nil {
		line.WriteString(" -H " + quoted("Content-Type: application/json") + " -d " + quoted(asJSON(call.Body)))
	}
	return line.String()
}

// quoted writes a word that the shell takes as it stands.
func quoted(word string) string {
	plain := word != "" && strings.IndexFunc(word, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./:@%+,=", c))
	}) < 0
	if plain {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// asJSON is a body as it is sent, without the escapes that only browsers need.
func asJSON(body any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(body) != nil {
		return "{}"
	}
	return strings.TrimSpace(out.String())
}
