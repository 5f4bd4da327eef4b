package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport says which packages of ours each one may import. Imports point only downward; what is
// not named here is not allowed.
var mayImport = map[string][]string{
	"coalition/invites/zones":             {},
	"coalition/invites/reach":             {},
	"coalition/invites/plaintext":         {},
	"coalition/invites":                   {"coalition/invites/plaintext", "coalition/invites/zones"},
	"coalition/templates/answers/phrases": {},
	"coalition/templates/answers/moment":  {"coalition/templates/answers/phrases"},
	"coalition/templates/answers":         {"coalition/templates/answers/moment", "coalition/templates/answers/phrases"},
	"coalition/templates/tree":            {},
	"coalition/templates":                 {"coalition/templates/answers", "coalition/templates/answers/phrases", "coalition/templates/tree"},
	"coalition/invites/provider":          {"coalition/invites/plaintext"},
	"coalition/invites/icaltime":          {},
	"coalition/invites/rrule":             {"coalition/invites/icaltime", "coalition/invites/plaintext"},
	"coalition/invites/tzid":              {"coalition/invites", "coalition/invites/icaltime", "coalition/invites/rrule"},
	"coalition/invites/ical":              {"coalition/invites/icaltime", "coalition/invites/plaintext", "coalition/invites", "coalition/invites/tzid"},
	"coalition/invites/freebusy": {"coalition/invites", "coalition/invites/icaltime", "coalition/invites/plaintext",
		"coalition/invites/rrule", "coalition/invites/tzid"},
	"coalition/invites/feed/fetch":      {"coalition/invites/plaintext", "coalition/invites/reach"},
	"coalition/invites/feed/collection": {"coalition/invites/feed/fetch", "coalition/invites/plaintext", "coalition/invites/reach"},
	"coalition/invites/feed": {"coalition/invites", "coalition/invites/feed/collection", "coalition/invites/feed/fetch",
		"coalition/invites/freebusy", "coalition/invites/plaintext", "coalition/invites/reach", "coalition/invites/zones"},
	"coalition/invites/email/inbound/authres": {},
	"coalition/invites/email/inbound/prose":   {"coalition/invites/plaintext"},
	"coalition/invites/email/inbound": {"coalition/invites", "coalition/invites/email/inbound/authres", "coalition/invites/email/inbound/prose",
		"coalition/invites/ical", "coalition/invites/plaintext"},
	"coalition/invites/email/wire":    {"coalition/invites/reach"},
	"coalition/invites/email/eml":     {"coalition/invites"},
	"coalition/invites/email":         {"coalition/invites/email/wire", "coalition/invites/reach", "coalition/invites", "coalition/invites/email/inbound", "coalition/invites/plaintext"},
	"coalition/invites/web":           {"coalition/invites/plaintext", "coalition/templates"},
	"coalition/invites/google/push":   {"coalition/invites", "coalition/invites/google", "coalition/invites/reach"},
	"coalition/invites/google":        {"coalition/invites/reach", "coalition/invites/plaintext", "coalition/invites"},
	"coalition/scheduler/strictyaml":  {"coalition/invites/plaintext"},
	"coalition/scheduler/holidays":    {"coalition/invites/freebusy", "coalition/scheduler/strictyaml"},
	"coalition/scheduler/plan":        {"coalition/invites", "coalition/scheduler/holidays", "coalition/scheduler/strictyaml"},
	"coalition/scheduler/addressbook": {"coalition/invites", "coalition/scheduler/plan/form", "coalition/scheduler/strictyaml"},
	"coalition/scheduler/plan/form":   {"coalition/scheduler/plan", "coalition/scheduler/strictyaml"},
	"coalition/scheduler/plan/folder": {"coalition/invites/plaintext", "coalition/scheduler/plan", "coalition/scheduler/strictyaml"},
	"coalition/scheduler/journal":     {"coalition/scheduler/plan", "coalition/scheduler/strictyaml"},
	"coalition/scheduler/refusal":     {"coalition/invites/plaintext"},
	"coalition/scheduler/guard":       {},
	"coalition/scheduler/inbox":       {"coalition/invites", "coalition/invites/plaintext"},
	"coalition/scheduler/slots":       {"coalition/invites", "coalition/invites/tzid", "coalition/scheduler/plan"},
	"coalition/scheduler/outbox":      {"coalition/invites", "coalition/invites/plaintext", "coalition/scheduler/plan"},
	"coalition/scheduler/ways":        {"coalition/scheduler/outbox"},
	"coalition/scheduler/event":       {"coalition/invites", "coalition/invites/plaintext", "coalition/scheduler/outbox", "coalition/scheduler/plan"},
	"coalition/scheduler/organizer":   {"coalition/invites", "coalition/scheduler/outbox", "coalition/scheduler/plan", "coalition/scheduler/ways"},
	"coalition/scheduler/conversation": {"coalition/invites", "coalition/scheduler/event", "coalition/scheduler/inbox", "coalition/scheduler/outbox",
		"coalition/scheduler/plan", "coalition/scheduler/strictyaml", "coalition/scheduler/ways", "coalition/scheduler/organizer", "coalition/scheduler/refusal"},
	"coalition/scheduler/sheet": {"coalition/invites", "coalition/invites/plaintext", "coalition/scheduler/conversation",
		"coalition/scheduler/journal", "coalition/scheduler/plan"},
	"coalition/scheduler/worklist": {"coalition/invites", "coalition/invites/plaintext", "coalition/scheduler/conversation", "coalition/scheduler/inbox",
		"coalition/scheduler/outbox", "coalition/scheduler/ways"},
	"coalition/scheduler/nudge": {"coalition/scheduler/conversation", "coalition/scheduler/guard", "coalition/scheduler/inbox", "coalition/scheduler/journal",
		"coalition/scheduler/nurture", "coalition/scheduler/outbox", "coalition/scheduler/plan", "coalition/scheduler/roster", "coalition/scheduler/ways"},
	"coalition/scheduler/nurture": {"coalition/scheduler/conversation", "coalition/scheduler/inbox", "coalition/scheduler/journal", "coalition/scheduler/outbox",
		"coalition/scheduler/plan", "coalition/scheduler/roster"},
	"coalition/scheduler/lookup":  {"coalition/scheduler/conversation", "coalition/scheduler/plan"},
	"coalition/scheduler/command": {"coalition/scheduler/conversation", "coalition/scheduler/outbox", "coalition/scheduler/plan", "coalition/scheduler/ways", "coalition/scheduler/refusal"},
	"coalition/scheduler/roster": {"coalition/scheduler/conversation", "coalition/scheduler/outbox", "coalition/scheduler/plan",
		"coalition/scheduler/strictyaml", "coalition/scheduler/ways", "coalition/scheduler/organizer", "coalition/scheduler/worklist", "coalition/scheduler/refusal"},
	"coalition/scheduler/check": {"coalition/invites", "coalition/scheduler/conversation", "coalition/scheduler/holidays",
		"coalition/scheduler/plan", "coalition/scheduler/roster", "coalition/scheduler/strictyaml", "coalition/templates"},
	"coalition/scheduler/compose": {"coalition/invites", "coalition/invites/ical", "coalition/scheduler/conversation", "coalition/scheduler/event", "coalition/scheduler/inbox",
		"coalition/scheduler/outbox", "coalition/scheduler/plan", "coalition/templates", "coalition/scheduler/organizer"},
	"coalition/scheduler/delivery": {"coalition/invites", "coalition/invites/plaintext", "coalition/scheduler/conversation",
		"coalition/scheduler/event", "coalition/scheduler/guard", "coalition/scheduler/inbox", "coalition/scheduler/outbox",
		"coalition/scheduler/plan", "coalition/scheduler/plan/folder", "coalition/scheduler/ways", "coalition/scheduler/organizer"},
	"coalition/scheduler/intake": {"coalition/invites", "coalition/invites/plaintext", "coalition/scheduler/compose",
		"coalition/scheduler/conversation", "coalition/scheduler/guard", "coalition/scheduler/inbox", "coalition/scheduler/lookup",
		"coalition/scheduler/outbox", "coalition/scheduler/plan", "coalition/scheduler/plan/folder", "coalition/scheduler/roster", "coalition/templates", "coalition/templates/answers", "coalition/scheduler/ways", "coalition/scheduler/organizer"},
	"coalition/scheduler/intake/page": {"coalition/invites/plaintext", "coalition/scheduler/compose",
		"coalition/scheduler/conversation", "coalition/scheduler/inbox", "coalition/scheduler/intake",
		"coalition/scheduler/lookup", "coalition/scheduler/outbox", "coalition/scheduler/plan", "coalition/scheduler/roster",
		"coalition/scheduler/ways", "coalition/templates"},
	"coalition/scheduler/eventsync": {"coalition/invites", "coalition/invites/plaintext", "coalition/scheduler/conversation",
		"coalition/scheduler/delivery", "coalition/scheduler/event", "coalition/scheduler/guard", "coalition/scheduler/inbox", "coalition/scheduler/intake",
		"coalition/scheduler/lookup", "coalition/scheduler/outbox", "coalition/scheduler/plan", "coalition/scheduler/roster", "coalition/scheduler/ways", "coalition/scheduler/organizer"},
	"coalition/scheduler/finder": {"coalition/invites", "coalition/scheduler/conversation", "coalition/scheduler/holidays", "coalition/scheduler/plan", "coalition/scheduler/roster",
		"coalition/scheduler/slots", "coalition/scheduler/organizer"},
	"coalition/scheduler/holds": {"coalition/invites", "coalition/scheduler/conversation", "coalition/scheduler/guard",
		"coalition/scheduler/organizer", "coalition/scheduler/roster"},
	"coalition/scheduler/rehearsal": {"coalition/scheduler", "coalition/scheduler/conversation", "coalition/scheduler/outbox", "coalition/scheduler/roster"},
	"coalition/scheduler": {"coalition/scheduler/journal", "coalition/scheduler/finder", "coalition/scheduler/holds", "coalition/scheduler/holidays", "coalition/invites", "coalition/invites/plaintext", "coalition/invites/zones", "coalition/scheduler/command", "coalition/scheduler/compose",
		"coalition/scheduler/conversation", "coalition/scheduler/delivery", "coalition/scheduler/eventsync", "coalition/scheduler/guard",
		"coalition/scheduler/intake", "coalition/scheduler/intake/page", "coalition/scheduler/lookup", "coalition/scheduler/nudge", "coalition/scheduler/outbox", "coalition/scheduler/plan", "coalition/scheduler/plan/folder", "coalition/scheduler/roster", "coalition/templates", "coalition/templates/answers", "coalition/scheduler/ways", "coalition/scheduler/organizer"},
	"coalition/scheduler/store": {"coalition/scheduler/conversation", "coalition/scheduler/lookup", "coalition/scheduler/outbox", "coalition/scheduler/plan",
		"coalition/scheduler/store/database", "coalition/scheduler/store/organizers", "coalition/scheduler/store/sqlitefile",
		"coalition/scheduler/store/tables"},
	"coalition/scheduler/store/organizers": {"coalition/scheduler/store/database", "coalition/scheduler/store/tables"},
	"coalition/scheduler/store/backup": {"coalition/scheduler/store", "coalition/scheduler/store/database",
		"coalition/scheduler/store/sqlitefile", "coalition/scheduler/store/tables"},
	"coalition/scheduler/store/erase": {"coalition/scheduler/conversation", "coalition/scheduler/lookup", "coalition/scheduler/outbox", "coalition/scheduler/plan",
		"coalition/scheduler/store", "coalition/scheduler/store/database"},
	"coalition/scheduler/store/database":   {"coalition/scheduler/store/sqlitefile"},
	"coalition/scheduler/store/sqlitefile": {},
	"coalition/scheduler/store/tables": {"coalition/scheduler/conversation", "coalition/scheduler/lookup", "coalition/scheduler/plan",
		"coalition/scheduler/store/database"},
	"coalition/cmd/coalition/chart": {"coalition/scheduler/conversation"},
	"coalition/cmd/coalition": {"coalition/cmd/coalition/chart", "coalition/invites/feed", "coalition/invites/freebusy", "coalition/scheduler/finder", "coalition/invites/email/inbound/prose", "coalition/invites/email/inbound", "coalition/invites/plaintext", "coalition/invites", "coalition/invites/reach", "coalition/invites/email", "coalition/invites/email/eml", "coalition/invites/google", "coalition/invites/google/account", "coalition/invites/web", "coalition/invites/zones", "coalition/scheduler", "coalition/scheduler/check", "coalition/scheduler/command", "coalition/scheduler/compose", "coalition/scheduler/conversation",
		"coalition/scheduler/delivery", "coalition/scheduler/holidays", "coalition/scheduler/intake", "coalition/scheduler/journal", "coalition/scheduler/lookup", "coalition/scheduler/nudge", "coalition/scheduler/nurture", "coalition/scheduler/outbox", "coalition/scheduler/plan", "coalition/scheduler/plan/folder", "coalition/scheduler/roster",
		"coalition/scheduler/addressbook", "coalition/scheduler/plan/form", "coalition/scheduler/rehearsal", "coalition/scheduler/sheet",
		"coalition/scheduler/slots", "coalition/scheduler/store", "coalition/scheduler/store/backup", "coalition/scheduler/store/database", "coalition/scheduler/store/erase", "coalition/scheduler/strictyaml", "coalition/templates", "coalition/templates/answers", "coalition/scheduler/ways", "coalition/scheduler/organizer", "coalition/scheduler/worklist", "coalition/scheduler/refusal", "coalition/invites/google/push", "coalition/invites/provider"},
	"coalition/invites/google/account":    {"coalition/invites/reach", "coalition/invites/plaintext", "coalition/invites"},
	"coalition/scheduler/store/storetest": {},                          // for tests
	"coalition/invites/email/emailtest":   {},                          // likewise
	"coalition/invites/google/googletest": {"coalition/invites"},       // likewise
	"coalition/invites/zones/zonestest":   {"coalition/invites/zones"}, // likewise
}

// mustNotKnow says which packages of the library a package must do without, however far down.
var mustNotKnow = map[string][]string{
	"coalition/invites/zones":          {"net/http", "database/sql"},
	"coalition/invites/plaintext":      {"net", "net/http"},
	"coalition/invites/reach":          {"net/http", "database/sql"},
	"coalition/invites":                {"net/http", "database/sql", "net/smtp", "crypto/tls"},
	"coalition/invites/rrule":          {"net", "net/http", "database/sql", "coalition/invites/zones"},
	"coalition/invites/tzid":           {"net/http", "database/sql", "net/smtp", "crypto/tls"},
	"coalition/invites/ical":           {"net/http", "database/sql", "net/smtp", "crypto/tls"},
	"coalition/invites/freebusy":       {"net/http", "database/sql", "crypto/tls"},
	"coalition/invites/feed":           {"database/sql", "net/smtp", "google.golang.org/api/calendar/v3"},
	"coalition/templates":              {"net/http", "database/sql", "crypto/tls"},
	"coalition/scheduler/plan":         {"net/http", "database/sql", "crypto/tls"},
	"coalition/scheduler/plan/form":    {"net/http", "database/sql", "crypto/tls"},
	"coalition/scheduler/addressbook":  {"net/http", "database/sql", "crypto/tls"},
	"coalition/scheduler/holidays":     {"net/http", "database/sql", "crypto/tls"},
	"coalition/scheduler/slots":        {"net/http", "database/sql", "crypto/tls"},
	"coalition/invites/email":          {"net/http", "database/sql"},
	"coalition/invites/provider":       {"database/sql", "net/smtp", "github.com/emersion/go-smtp", "github.com/emersion/go-imap/v2"},
	"coalition/invites/email/inbound":  {"net/http", "database/sql", "net/smtp", "crypto/tls", "github.com/emersion/go-smtp", "github.com/emersion/go-imap/v2"},
	"coalition/invites/web":            {"database/sql", "net/smtp", "github.com/emersion/go-smtp"},
	"coalition/invites/google":         {"database/sql", "net/smtp", "github.com/emersion/go-smtp", "github.com/emersion/go-imap/v2"},
	"coalition/scheduler":              {"database/sql", "net/http", "github.com/emersion/go-smtp", "github.com/emersion/go-imap/v2", "github.com/spf13/cobra"},
	"coalition/scheduler/store":        {"github.com/emersion/go-smtp", "github.com/spf13/cobra"},
	"coalition/scheduler/conversation": {"coalition/templates", "database/sql", "net/http", "crypto/tls"},
	// The care of a file knows no other database, and neither of the two a conversation.
	"coalition/scheduler/store/database":   {"coalition/scheduler", "net/smtp"},
	"coalition/scheduler/store/sqlitefile": {"coalition/scheduler", "github.com/jackc/pgx/v5", "net/http"},

	"coalition/invites/google/account": {"database/sql", "net/smtp", "google.golang.org/api/calendar/v3"},
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Deps", "coalition/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath    string
			Imports, Deps []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(p.ImportPath, "coalition/") {
			continue
		}
		seen++
		allowed, known := mayImport[p.ImportPath]
		if !known {
			t.Errorf("%s is not in the picture: say above what it may import, or do without it", p.ImportPath)
		}
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "coalition/") && !slices.Contains(allowed, i) {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
		}
		for _, i := range mustNotKnow[p.ImportPath] {
			if slices.Contains(p.Deps, i) {
				t.Errorf("%s depends on %s", p.ImportPath, i)
			}
		}
	}
	if seen != len(mayImport) {
		t.Errorf("%d packages seen, %d in the picture", seen, len(mayImport))
	}
}
