package strictyaml

import (
	"reflect"
	"slices"
	"strings"
)

// Schema is the JSON Schema (2020-12) of what [Document.Decode] reads into a struct of type t, for
// editors that complete keys and check while one types. It comes from the same tags as the reading;
// rules that look at several keys, and what own types read, are told in words only.
func Schema(t reflect.Type, title string) map[string]any {
	s := schemaOf(t, limits{max: 200})
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = title
	return s
}

var scalar = reflect.TypeFor[Scalar]()

func schemaOf(t reflect.Type, l limits) map[string]any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(scalar) {
		if own, ok := reflect.Zero(t).Interface().(interface{ JSONSchema() map[string]any }); ok {
			return own.JSONSchema()
		}
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Struct:
		properties := make(map[string]any)
		var required []string
		for _, f := range Fields(t) {
			p := schemaOf(f.Type, f.limits)
			if f.Doc != "" {
				p["description"] = f.Doc
			}
			properties[f.Key] = p
			if f.limits.required {
				required = append(required, f.Key)
			} else {
				orNull(p)
			}
		}
		s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
		if required != nil {
			s["required"] = required
		}
		return s
	case reflect.Slice:
		list := map[string]any{"type": "array", "items": schemaOf(t.Elem(), l), "maxItems": maxItems}
		if l.alone {
			return map[string]any{"anyOf": []any{list, schemaOf(t.Elem(), l)}}
		}
		return list
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	}
	return map[string]any{"type": "string", "maxLength": l.max}
}

// orNull lets s accept null too: a key that is not required may stand there without a value.
func orNull(s map[string]any) {
	if one, ok := s["type"].(string); ok {
		s["type"] = []string{one, "null"}
	} else if several, ok := s["type"].([]string); ok {
		s["type"] = append(slices.Clip(several), "null")
	}
	if either, ok := s["anyOf"].([]any); ok {
		s["anyOf"] = append(slices.Clip(either), map[string]any{"type": "null"})
	}
	if words, ok := s["enum"].([]any); ok {
		s["enum"] = append(slices.Clip(words), nil)
	}
}

// Enum is a JSON Schema for text that is one of words.
func Enum(words ...string) map[string]any {
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	return map[string]any{"type": "string", "enum": list}
}

// OneOf is the fault of text that is none of words.
func OneOf(words ...string) *Fault {
	last := len(words) - 1
	return &Fault{"is none of the words known here", "write " + strings.Join(words[:last], ", ") + " or " + words[last]}
}
