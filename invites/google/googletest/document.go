package googletest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A document is Google's description of an API (discovery/v1), as far as requests are checked by it.
type document struct {
	Parameters map[string]*schema
	Schemas    map[string]*schema
	Resources  map[string]struct{ Methods map[string]*method }
	Auth       struct {
		OAuth2 struct{ Scopes map[string]any }
	}

	methods []*method
}

// A method is one thing that the API can be asked to do.
type method struct {
	ID         string // calendar.events.insert
	HTTPMethod string
	Path       string // calendars/{calendarId}/events
	Parameters map[string]*schema
	Request    *schema
	Response   *schema
	Scopes     []string // any of them is enough

	segments []string
}

// A schema is the shape of a value, in a body or as a parameter.
type schema struct {
	Ref         string `json:"$ref"`
	Type        string
	Format      string
	Description string
	Location    string // of a parameter: path or query
	Required    bool
	Repeated    bool
	Enum        []string
	Minimum     string
	Maximum     string
	Items       *schema
	Properties  map[string]*schema
	Additional  *schema `json:"additionalProperties"`
	Annotations struct {
		Required []string // the methods that need it
	}

	readOnly, immutable bool
}

// discovery reads the document where the module cache has it: what the real client was made from is
// what requests are checked by.
var discovery = sync.OnceValues(func() (*document, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api").Output()
	if err != nil {
		return nil, fmt.Errorf("where is google.golang.org/api? %w", err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "calendar", "v3", "calendar-api.json"))
	if err != nil {
		return nil, err
	}
	return parseDocument(data)
})

func parseDocument(data []byte) (*document, error) {
	d := new(document)
	if err := json.Unmarshal(data, d); err != nil {
		return nil, err
	}
	for _, r := range d.Resources {
		for _, m := range r.Methods {
			m.ID = strings.TrimPrefix(m.ID, "calendar.")
			m.segments = strings.Split(m.Path, "/")
			d.methods = append(d.methods, m)
		}
	}
	if len(d.methods) == 0 || d.Schemas["Event"] == nil {
		return nil, errors.New("the document describes no calendar")
	}
	for _, s := range d.Schemas {
		s.learn()
	}
	return d, nil
}

var possible = regexp.MustCompile(`(?m)^- "(\w+)" -`)

// learn takes from the words of a description what has no field of its own in this kind of document.
func (s *schema) learn() {
	s.readOnly = strings.Contains(strings.ToLower(s.Description), "read-only")
	s.immutable = strings.Contains(s.Description, "Immutable.")
	if s.Type == "string" && strings.Contains(s.Description, "ossible values") {
		for _, m := range possible.FindAllStringSubmatch(s.Description, -1) {
			s.Enum = append(s.Enum, m[1])
		}
	}
	for _, p := range s.Properties {
		p.learn()
	}
	if s.Items != nil {
		s.Items.learn()
	}
	if s.Additional != nil {
		s.Additional.learn()
	}
}

// method finds what a request asks for; path is escaped, and relative to the base of the API. Where a
// fixed name and a parameter both fit, the fixed one is meant.
func (d *document) method(verb, path string) (found *method, args map[string]string) {
	segments := strings.Split(path, "/")
	fixed := -1
	for _, m := range d.methods {
		if m.HTTPMethod != verb || len(m.segments) != len(segments) {
			continue
		}
		a, n := map[string]string{}, 0
		for i, want := range m.segments {
			got, err := url.PathUnescape(segments[i])
			if err != nil || got == "" {
				a = nil
				break
			}
			if strings.HasPrefix(want, "{") {
				a[strings.Trim(want, "{}")] = got
			} else if want == got {
				n++
			} else {
				a = nil
				break
			}
		}
		if a != nil && n > fixed {
			found, args, fixed = m, a, n
		}
	}
	return found, args
}

// checkQuery says what is wrong with the parameters of a request.
func (d *document) checkQuery(m *method, q url.Values) error {
	for name, values := range q {
		p := m.Parameters[name]
		if p == nil || p.Location != "query" {
			p = d.Parameters[name]
		}
		switch {
		case p == nil:
			return fmt.Errorf("there is no parameter %q", name)
		case len(values) > 1 && !p.Repeated:
			return fmt.Errorf("the parameter %q comes twice", name)
		case name == "oauth_token" || name == "key":
			return fmt.Errorf("a secret in the address: %q", name)
		}
		for _, v := range values {
			if err := p.checkText(v); err != nil {
				return fmt.Errorf("the parameter %q: %w", name, err)
			}
			if p.Format == "date-time" {
				if _, err := time.Parse(time.RFC3339, v); err != nil {
					return fmt.Errorf("the parameter %q has no zone offset: %q", name, v)
				}
			}
		}
	}
	for name, p := range m.Parameters {
		if p.Required && p.Location == "query" && !q.Has(name) {
			return fmt.Errorf("the parameter %q is missing", name)
		}
	}
	return nil
}

// checkText says what is wrong with a value that is written as text.
func (s *schema) checkText(v string) error {
	switch {
	case s.Type == "boolean" && v != "true" && v != "false":
		return fmt.Errorf("%q is not true or false", v)
	case s.Type == "integer":
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil {
			return fmt.Errorf("%q is no number", v)
		}
		if least, err := strconv.ParseInt(s.Minimum, 10, 64); err == nil && n < least {
			return fmt.Errorf("%d is less than %d", n, least)
		}
		if most, err := strconv.ParseInt(s.Maximum, 10, 64); err == nil && n > most {
			return fmt.Errorf("%d is more than %d", n, most)
		}
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, v):
		return fmt.Errorf("%q is none of %q", v, s.Enum)
	case s.Format == "date":
		if _, err := time.Parse(time.DateOnly, v); err != nil {
			return fmt.Errorf("%q is no date", v)
		}
	case s.Format == "date-time":
		if _, _, err := parseTime(v); err != nil {
			return err
		}
	case s.Format == "int64":
		if _, err := strconv.ParseInt(v, 10, 64); err != nil {
			return fmt.Errorf("%q is no number", v)
		}
	}
	return nil
}

// parseTime reads an RFC 3339 time; local: without an offset, so that it needs a zone to be one.
func parseTime(v string) (at time.Time, local bool, err error) {
	if at, err = time.Parse(time.RFC3339, v); err == nil {
		return at, false, nil
	}
	if at, err = time.Parse("2006-01-02T15:04:05", v); err == nil {
		return at, true, nil
	}
	return at, false, fmt.Errorf("%q is no time of RFC 3339", v)
}

// decode reads exactly one JSON value, keeping numbers as they are written.
func decode(body []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("more than one value")
	}
	return v, nil
}

// check says what is wrong with the value of that shape at that place of a body. A null stands for
// "not there" everywhere.
func (d *document) check(v any, s *schema, at string) error {
	if s.Ref != "" {
		s = d.Schemas[s.Ref]
	}
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		if s.Type != "object" {
			return fmt.Errorf("%s is an object, and has to be %s", at, s.Type)
		}
		for name, value := range v {
			p := s.Properties[name]
			if p == nil {
				p = s.Additional
			}
			if p == nil {
				return fmt.Errorf("there is no field %s.%s", at, name)
			}
			if err := d.check(value, p, at+"."+name); err != nil {
				return err
			}
		}
	case []any:
		if s.Type != "array" {
			return fmt.Errorf("%s is a list, and has to be %s", at, s.Type)
		}
		for i, value := range v {
			if value == nil {
				return fmt.Errorf("%s[%d] is null", at, i)
			}
			if err := d.check(value, s.Items, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case bool:
		if s.Type != "boolean" && s.Type != "any" {
			return fmt.Errorf("%s is true or false, and has to be %s", at, s.Type)
		}
	case json.Number:
		if s.Type != "integer" && s.Type != "any" {
			return fmt.Errorf("%s is a number, and has to be %s", at, s.Type)
		}
		if err := s.checkText(v.String()); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	case string:
		if s.Type != "string" && s.Type != "any" {
			return fmt.Errorf("%s is text, and has to be %s", at, s.Type)
		}
		if err := s.checkText(v); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return nil
}

// checkBody says what is wrong with the body of a request.
func (d *document) checkBody(m *method, body []byte) (map[string]any, error) {
	if m.Request == nil {
		if len(body) > 0 {
			return nil, errors.New("a body, where there is none to be")
		}
		return nil, nil
	}
	v, err := decode(body)
	if err != nil {
		return nil, fmt.Errorf("the body is no JSON: %w", err)
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the body is no object")
	}
	s := d.Schemas[m.Request.Ref]
	if err := d.check(object, s, m.Request.Ref); err != nil {
		return nil, err
	}
	for name, p := range s.Properties {
		value, there := object[name]
		switch {
		case slices.Contains(p.Annotations.Required, "calendar."+m.ID) && value == nil:
			return nil, fmt.Errorf("the field %q is missing", name)
		case there && value != nil && value != "" && (p.readOnly || name == "etag"):
			return nil, fmt.Errorf("the field %q is read-only", name)
		}
	}
	return object, nil
}

// A mask is which fields of an answer are wanted; nil: all.
type mask map[string]mask

// parseMask reads the parameter fields (a,b(c,d),e/f,*), and refuses what the answer can't have.
func (d *document) parseMask(text string, s *schema) (mask, error) {
	m, rest, err := d.parseFields(text, s)
	if err == nil && rest != "" {
		err = fmt.Errorf("%q is too much", rest)
	}
	return m, err
}

// parseFields reads fields with commas between them.
func (d *document) parseFields(text string, s *schema) (m mask, rest string, err error) {
	m = mask{}
	for {
		name, below, rest, err := d.parseField(text, s)
		if err != nil {
			return nil, "", err
		}
		m.add(name, below)
		if !strings.HasPrefix(rest, ",") {
			return m, rest, nil
		}
		text = rest[1:]
	}
}

var fieldName = regexp.MustCompile(`^([a-zA-Z0-9_.-]+|\*)`)

// parseField reads one field, and what is wanted of it.
func (d *document) parseField(text string, s *schema) (name string, below mask, rest string, err error) {
	name = fieldName.FindString(text)
	if name == "" {
		return "", nil, "", fmt.Errorf("a field is missing at %q", text)
	}
	s = d.plain(s)
	p := s.Properties[name]
	if p == nil {
		p = s.Additional
	}
	rest = text[len(name):]
	switch {
	case name == "*":
	case p == nil:
		return "", nil, "", fmt.Errorf("there is no field %q", name)
	case strings.HasPrefix(rest, "/"):
		var first string
		var more mask
		if first, more, rest, err = d.parseField(rest[1:], p); err == nil {
			below = mask{first: more}
		}
	case strings.HasPrefix(rest, "("):
		if below, rest, err = d.parseFields(rest[1:], p); err == nil && !strings.HasPrefix(rest, ")") {
			err = fmt.Errorf("a ) is missing at %q", rest)
		} else if err == nil {
			rest = rest[1:]
		}
	}
	return name, below, rest, err
}

// add puts a field to those that are wanted; what is wanted of it twice is wanted together.
func (m mask) add(name string, below mask) {
	had, twice := m[name]
	if !twice || had == nil || below == nil {
		if twice {
			below = nil
		}
		m[name] = below
		return
	}
	for k, v := range below {
		had.add(k, v)
	}
}

// of leaves in v what is wanted.
func (m mask) of(v any) any {
	if _, all := m["*"]; m == nil || all {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		left := map[string]any{}
		for name, below := range m {
			if value, ok := v[name]; ok {
				left[name] = below.of(value)
			}
		}
		return left
	case []any:
		left := make([]any, len(v))
		for i, value := range v {
			left[i] = m.of(value)
		}
		return left
	}
	return v
}

// plain is the shape that is meant: behind a reference, or of the values of a list.
func (d *document) plain(s *schema) *schema {
	for s.Ref != "" || s.Type == "array" {
		if s.Type == "array" {
			s = s.Items
		} else {
			s = d.Schemas[s.Ref]
		}
	}
	return s
}
