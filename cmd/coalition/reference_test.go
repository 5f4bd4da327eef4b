package main

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

// TestReferences holds the pages of all keys against what is read: docs/plan.md and docs/config.md come from the same
// tags as the schemas. With -update they are written.
func TestReferences(t *testing.T) {
	for _, page := range []struct {
		file, intro, example string
		root                 reflect.Type
	}{
		{"../../docs/plan.md", planPage, "../../examples/maya.yaml", reflect.TypeFor[plan.Plan]()},
		{"../../docs/config.md", configPage, "../../config.example.yaml", reflect.TypeFor[config]()},
	} {
		example, err := os.ReadFile(page.example)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		fmt.Fprintf(&out, "%s\n\n```yaml\n%s```\n\n## Every key\n", page.intro, example)
		keys(&out, "", page.root, strictyaml.Schema(page.root, ""))
		if *update {
			if err := os.WriteFile(page.file, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(page.file); err != nil || !bytes.Equal(got, out.Bytes()) {
			t.Errorf("%s does not tell what is read (%v): go test ./cmd/coalition -run TestReferences -update", page.file, err)
		}
	}
}

const planPage = `# A plan, key by key

One YAML file for each conversation; the file's name without ` + "`.yaml`" + ` is its id. You write it, and the program only
reads it. A file may hold several documents (` + "`---`" + `), each further one with an ` + "`id:`" + ` of its own; a further round
of a conversation has the same id and ` + "`round: 2`" + `.

Any date may be relative: ` + "`in 10 days at 10:00`, `in 8 working days at 10:00`, `in 2 weeks`" + `. It is fixed when the daemon
or a command that sends first acts on the plan.

` + "`coalition check`" + ` says what is wrong, with file, line and column; ` + "`coalition schema plan`" + ` lets an editor complete and
check while you type. Here is a whole one:`

const configPage = `# The config, key by key

It is looked for where ` + "`--config`" + ` says, in ` + "`$COALITION_CONFIG`, `./config.yaml`" + ` and ` + "`~/.config/coalition/config.yaml`" + `.
Relative paths in it are relative to the file. Only name, email and timezone of the organizer are required; all else has
the default that is shown. What is unknown, contradicts itself or has a wrong form is refused, with its place and what to
write instead.

` + "`coalition init`" + ` writes one by questions, ` + "`coalition check`" + ` looks through it, and ` + "`coalition schema config`" + ` lets an
editor complete and check while you type. This one is in the repository, with every key explained:`

// keys writes a table of the keys of a block, and then those of the blocks in it.
func keys(out *bytes.Buffer, name string, t reflect.Type, schema map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	required := fmt.Sprint(schema["required"])
	if name != "" {
		fmt.Fprintf(out, "\n### `%s`\n", name)
	}
	fmt.Fprint(out, "\n| Key | Form | What it says |\n| --- | --- | --- |\n")
	type block struct {
		name   string
		t      reflect.Type
		schema map[string]any
	}
	var blocks []block
	for _, f := range strictyaml.Fields(t) {
		p := properties[f.Key].(map[string]any)
		form, inner := formOf(p)
		if inner != nil {
			below := f.Type
			for below.Kind() == reflect.Pointer || below.Kind() == reflect.Slice {
				below = below.Elem()
			}
			blocks = append(blocks, block{strings.TrimPrefix(name+"."+f.Key, "."), below, inner})
		}
		if strings.Contains(required, f.Key) {
			form += "; required"
		}
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", f.Key, form, strings.ReplaceAll(f.Doc, "|", `\|`))
	}
	for _, b := range blocks {
		keys(out, b.name, b.t, b.schema)
	}
}

// formOf says in words what a key may hold, and returns the schema of the block that it is, or is a list of.
func formOf(p map[string]any) (form string, block map[string]any) {
	if either, ok := p["anyOf"].([]any); ok {
		_, block = formOf(either[1].(map[string]any))
		return "a block, or a list of them", block
	}
	if words, ok := p["enum"].([]any); ok {
		var list []string
		for _, w := range words {
			if w != nil {
				list = append(list, fmt.Sprintf("`%v`", w))
			}
		}
		return strings.Join(list, ", "), nil
	}
	switch kind := strings.Trim(strings.TrimSuffix(fmt.Sprint(p["type"]), " null]"), "[]"); kind {
	case "object":
		return "a block", p
	case "array":
		form, block = formOf(p["items"].(map[string]any))
		if block != nil {
			return "a list of blocks", block
		}
		return "a list: " + form, nil
	case "boolean":
		return "true or false", nil
	case "integer":
		return "a number", nil
	}
	if longest, ok := p["maxLength"]; ok {
		return fmt.Sprintf("text, up to %v characters", longest), nil
	}
	return "text", nil
}
