package main

import (
	"regexp"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// comment is what stands before a declaration, as CommonMark, with field names as JSON writes them.
func (c *contract) comment(d protoreflect.Descriptor) string {
	return c.inJSON(flow(d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments))
}

// flow joins the lines of each paragraph; lists keep theirs.
func flow(text string) string {
	var b strings.Builder
	blank := true
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			blank = true
			continue
		case b.Len() == 0:
		case blank:
			b.WriteString("\n\n")
		case strings.HasPrefix(line, "- "):
			b.WriteString("\n")
		default:
			b.WriteString(" ")
		}
		blank = false
		b.WriteString(line)
	}
	return b.String()
}

var quoted = regexp.MustCompile("`[a-z0-9_.]+`")

// inJSON writes field names in quotes as JSON does: `care_plan_id` as `carePlanId`. Other quoted words stay.
func (c *contract) inJSON(text string) string {
	return quoted.ReplaceAllStringFunc(text, func(word string) string {
		parts := strings.Split(strings.Trim(word, "`"), ".")
		for i, part := range parts {
			if !c.fields[part] {
				return word
			}
			parts[i] = lowerCamel(part)
		}
		return "`" + strings.Join(parts, ".") + "`"
	})
}

// summary is the first sentence, without its full stop, in the plain: a colon and what follows it is left for the description.
func summary(description string) string {
	first, _, _ := strings.Cut(description, "\n")
	if before, _, more := strings.Cut(first, ". "); more {
		first = before
	}
	if before, _, more := strings.Cut(first, ": "); more {
		first = before
	}
	return strings.TrimSuffix(strings.TrimSpace(first), ".")
}

// lowerCamel writes care_plan_id as carePlanId.
func lowerCamel(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts {
		if i > 0 && part != "" {
			parts[i] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}

func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

func upperFirst(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
