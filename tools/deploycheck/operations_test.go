package deploycheck

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	settings     = regexp.MustCompile(`koanf:"(\w+)"`)
	productsOwn  = regexp.MustCompile("`(coworkcare_\\w+)`")
	relativeLink = regexp.MustCompile(`\]\(([^)#:]+)(#[\w-]*)?\)`)
)

// docs/operations.md knows every setting, and no metric that there is not.
func TestOperations(t *testing.T) {
	page := string(content(t, "docs/operations.md"))
	for _, key := range settings.FindAllStringSubmatch(string(content(t, "platform/config/config.go")), -1) {
		require.True(t, strings.Contains(page, "`COWORKCARE_"+strings.ToUpper(key[1])+"`"), "say what the setting %s is", key[1])
	}
	exists := demo(t).shown.knows()
	for _, metric := range productsOwn.FindAllStringSubmatch(page, -1) {
		require.True(t, exists[metric[1]] != nil, "no scrape shows %s", metric[1])
	}
	for name := range exists {
		if strings.HasPrefix(name, "coworkcare_") {
			require.True(t, strings.Contains(page, "`"+name+"`"), "say what %s tells", name)
		}
	}
}

// The operator's pages lead to what there is, and the list of runbooks is whole.
func TestPagesLead(t *testing.T) {
	for _, page := range []string{"docs/operations.md", "docs/runbooks/README.md"} {
		folder := page[:strings.LastIndexByte(page, '/')]
		for _, link := range relativeLink.FindAllStringSubmatch(string(content(t, page)), -1) {
			_, err := os.Stat(under(t, folder, link[1]))
			require.NoError(t, err, page)
		}
	}
	list := string(content(t, "docs/runbooks/README.md"))
	for _, one := range rules(t) {
		if one.Alert != "" {
			require.Contains(t, list, "["+one.Alert+"]("+one.Alert+".md) | ")
			require.Regexp(t, `\]\(`+one.Alert+`\.md\) \| [^|]*`+one.Labels["severity"], list)
		}
	}
}
