package strictyaml

import (
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// A Field is one key of a block: what [Document.Decode] reads and a JSON Schema describes.
type Field struct {
	Key    string
	Type   reflect.Type
	Doc    string // what the key means, from the `doc` tag
	index  []int
	limits limits
}

// Index leads to the field from the struct, as [reflect.Value.FieldByIndex] takes it.
func (f Field) Index() []int { return f.index }

// Required reports whether the key must be there.
func (f Field) Required() bool { return f.limits.required }

// Max is how many characters the text of the key, or of each item of its list, may have.
func (f Field) Max() int { return f.limits.max }

func (f Field) path(in string) string {
	if in == "" {
		return f.Key
	}
	if strings.HasSuffix(in, ",") {
		return in + " " + f.Key
	}
	return in + "." + f.Key
}

var fieldCache sync.Map // reflect.Type → []Field

// Fields are the keys of a struct in the order of its fields; those of embedded structs stand
// among them, and a field without a `yaml` tag is no key.
func Fields(t reflect.Type) []Field {
	if f, ok := fieldCache.Load(t); ok {
		return f.([]Field)
	}
	var list []Field
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.Anonymous {
			for _, f := range Fields(sf.Type) {
				f.index = append([]int{i}, f.index...)
				list = append(list, f)
			}
			continue
		}
		key := sf.Tag.Get("yaml")
		if key == "" {
			continue
		}
		f := Field{Key: key, Type: sf.Type, Doc: sf.Tag.Get("doc"), index: []int{i}, limits: limits{max: 200}}
		for _, word := range strings.Split(sf.Tag.Get("strict"), ",") {
			switch {
			case word == "required":
				f.limits.required = true
			case word == "text":
				f.limits.text = true
			case word == "alone":
				f.limits.alone = true
			case strings.HasPrefix(word, "max="):
				n, err := strconv.Atoi(word[len("max="):])
				if err != nil {
					panic("strictyaml: " + t.String() + "." + sf.Name + ": " + err.Error())
				}
				f.limits.max = n
			}
		}
		list = append(list, f)
	}
	fieldCache.Store(t, list)
	return list
}
