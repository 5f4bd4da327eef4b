package collection

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"coalition/invites/feed/fetch"
)

var monday = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)

// read reads the collection at an address.
func read(t *testing.T, address string, was State) (now State, changed bool, problems []string, err error) {
	t.Helper()
	home, err := fetch.Address(address)
	if err != nil {
		t.Fatal(err)
	}
	v, err := fetch.NewVisit(home, "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	return Read(t.Context(), v, was, monday, monday.AddDate(0, 0, 7))
}

// serve starts a server for t.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// asked names a question, and how deep it goes, and gives its body.
func asked(t *testing.T, r *http.Request) (kind, body string) {
	t.Helper()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	var root struct{ XMLName xml.Name }
	if err := xml.Unmarshal(data, &root); err != nil {
		t.Errorf("%v in %s", err, data)
	}
	if r.Method == "REPORT" {
		return root.XMLName.Local, string(data)
	}
	return r.Method + r.Header.Get("Depth"), string(data)
}

// titles are those of the entries.
func titles(s State) string {
	var list []string
	for _, e := range s.Entries {
		for _, found := range regexp.MustCompile(`(?m)^SUMMARY:(\w+)`).FindAllSubmatch(e.Data, -1) {
			list = append(list, string(found[1]))
		}
	}
	return strings.Join(list, " ")
}

// A script in testdata is what a server answers, question by question: each part is named by the kind of question, what
// has to stand in it, and its status, if that is not 207. After each round stands what is then in the collection:
// titles, and what is wrong.
func TestShapes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			script, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			at := regexp.MustCompile(`href>([^<]*/)</`).FindSubmatch(script.Files[0].Data)
			parts := script.Files
			address := serve(t, func(w http.ResponseWriter, r *http.Request) {
				kind, body := asked(t, r)
				words := strings.Fields(parts[0].Name)
				if kind != words[0] {
					t.Errorf("asked %s, want %s", kind, words[0])
				}
				status := http.StatusMultiStatus
				for _, word := range words[1:] {
					if word == "403" {
						status = http.StatusForbidden
					} else if !strings.Contains(body, word) {
						t.Errorf("asked\n%s\nwant %s in it", body, word)
					}
				}
				if n := strings.Count(body, ".ics<"); len(words) > 1 && n > 0 && n != len(words)-1 {
					t.Errorf("asked\n%s\nwant only %s", body, words[1:])
				}
				w.Header().Set("Content-Type", "text/xml; charset=utf-8")
				w.WriteHeader(status)
				_, _ = w.Write(parts[0].Data)
				parts = parts[1:]
			}) + string(at[1])
			var state State
			for round := 0; len(parts) > 0; round++ {
				unasked := parts[1].Name == "busy" && round > 0
				want := parts[slices.IndexFunc(parts, func(f txtar.File) bool { return f.Name == "busy" })]
				now, changed, problems, err := read(t, address, state)
				if err != nil {
					t.Fatal(err)
				}
				got := strings.TrimSpace(titles(now) + "\n" + strings.Join(problems, "; "))
				if got != strings.TrimSpace(string(want.Data)) {
					t.Errorf("got %s\nwant %s", got, want.Data)
				}
				if changed == unasked {
					t.Errorf("changed: %v", changed)
				}
				if parts[0].Name != "busy" {
					t.Fatal("not all was asked")
				}
				state, parts = now, parts[1:]
			}
		})
	}
}

// Many entries are asked for in several questions, and a redirect keeps each of them.
func TestManyEntries(t *testing.T) {
	const entries = 2*someEntries + 1
	var all []string
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if path.Clean(r.URL.Path) != "/c" {
			http.Redirect(w, r, "/c/", http.StatusMovedPermanently)
			return
		}
		kind, body := asked(t, r)
		all = append(all, kind)
		w.WriteHeader(http.StatusMultiStatus)
		fmt.Fprint(w, `<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">`)
		switch kind {
		case "PROPFIND0":
			fmt.Fprint(w, `<response><href>/c/</href><propstat><prop><resourcetype><C:calendar/></resourcetype></prop>`+
				`<status>HTTP/1.1 200 OK</status></propstat></response>`)
		case "PROPFIND1":
			for i := range entries {
				fmt.Fprintf(w, `<response><href>/c/%d.ics</href><propstat><prop><getetag>"1"</getetag></prop>`+
					`<status>HTTP/1.1 200 OK</status></propstat></response>`, i)
			}
		default:
			for _, found := range regexp.MustCompile(`(\d+)\.ics<`).FindAllStringSubmatch(body, -1) {
				fmt.Fprintf(w, `<response><href>/c/%s.ics</href><propstat><prop><C:calendar-data>SUMMARY:%[1]s</C:calendar-data>`+
					`</prop><status>HTTP/1.1 200 OK</status></propstat></response>`, found[1])
			}
		}
		fmt.Fprint(w, `</multistatus>`)
	})
	state, _, problems, err := read(t, address+"/old", State{})
	if err != nil || len(problems) > 0 || len(strings.Fields(titles(state))) != entries {
		t.Errorf("%v %v, %d titles", err, problems, len(strings.Fields(titles(state))))
	}
	if got := strings.Join(all, " "); got != "PROPFIND0 PROPFIND1"+strings.Repeat(" calendar-multiget", 3) {
		t.Errorf("asked %s", got)
	}
}

// What is too much, in several answers or together with what is known, is not taken: only the window is read.
func TestTooMuch(t *testing.T) {
	large := Entry{Href: "/c/large.ics", ETag: `"1"`, Data: make([]byte, 24<<20)}
	for name, tt := range map[string]struct {
		known []Entry
		// How much is behind the list, and behind each answer about entries; how large the first entry in that is.
		list, behind, size int
		want               string
	}{
		"enough":           {[]Entry{large}, 0, 0, 1 << 17, "PROPFIND0 PROPFIND1 calendar-multiget calendar-multiget"},
		"several answers":  {nil, 20 << 20, 8 << 20, 1, "PROPFIND0 PROPFIND1 calendar-multiget calendar-query"},
		"with the known":   {[]Entry{large}, 0, 0, 1 << 20, "PROPFIND0 PROPFIND1 calendar-multiget calendar-multiget calendar-query"},
		"one large answer": {nil, 0, 26 << 20, 1, "PROPFIND0 PROPFIND1 calendar-multiget calendar-query"},
	} {
		t.Run(name, func(t *testing.T) {
			var all []string
			address := serve(t, func(w http.ResponseWriter, r *http.Request) {
				kind, body := asked(t, r)
				all = append(all, kind)
				w.WriteHeader(http.StatusMultiStatus)
				fmt.Fprint(w, `<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">`)
				behind := 0
				give := func(name, props string) {
					fmt.Fprintf(w, `<response><href>/c/%s</href><propstat><prop><getetag>"1"</getetag>%s</prop>`+
						`<status>HTTP/1.1 200 OK</status></propstat></response>`, name, props)
				}
				switch kind {
				case "PROPFIND0":
					give("", "<resourcetype><C:calendar/></resourcetype>")
				case "PROPFIND1":
					behind = tt.list
					give("large.ics", "")
					for i := range someEntries + 1 {
						give(fmt.Sprintf("%d.ics", i), "")
					}
				case "calendar-multiget":
					behind = tt.behind
					// Only the first of those that are asked for is given.
					found := regexp.MustCompile(`/c/([^<]+)<`).FindStringSubmatch(body)
					give(found[1], "<C:calendar-data>"+strings.Repeat("x", tt.size)+"</C:calendar-data>")
				case "calendar-query":
					behind = 20 << 20
					give("1.ics", "<C:calendar-data>SUMMARY:lunch</C:calendar-data>")
				}
				fmt.Fprint(w, `</multistatus>`)
				_, _ = w.Write(bytes.Repeat([]byte(" "), behind))
			})
			now, changed, _, err := read(t, address+"/c/", State{Token: "ctag 1", Entries: tt.known})
			ranged := strings.Contains(tt.want, "calendar-query")
			if err != nil || !changed || now.Ranged != ranged || ranged && titles(now) != "lunch" {
				t.Errorf("%v, changed %v, ranged %v, %s", err, changed, now.Ranged, titles(now))
			}
			if got := strings.Join(all, " "); got != tt.want {
				t.Errorf("asked %s", got)
			}
		})
	}
}

// A list in parts without an end, or whose parts all are the first one, ends.
func TestEndlessParts(t *testing.T) {
	for name, token := range map[string]func(int) string{"new ones": func(n int) string { return fmt.Sprint(n) },
		"the same": func(int) string { return "1" }} {
		t.Run(name, func(t *testing.T) {
			n := 0
			address := serve(t, func(w http.ResponseWriter, r *http.Request) {
				kind, _ := asked(t, r)
				n++
				w.WriteHeader(http.StatusMultiStatus)
				fmt.Fprintf(w, `<multistatus xmlns="DAV:"><response><href>/c/</href>`)
				switch kind {
				case "PROPFIND0":
					fmt.Fprint(w, `<propstat><prop><resourcetype><calendar xmlns="urn:ietf:params:xml:ns:caldav"/></resourcetype>`+
						`<sync-token>x</sync-token></prop><status>HTTP/1.1 200 OK</status></propstat>`)
				case "sync-collection":
					fmt.Fprint(w, `<status>HTTP/1.1 507 Insufficient Storage</status>`)
				}
				fmt.Fprintf(w, `</response><sync-token>%s</sync-token></multistatus>`, token(n))
			})
			state, _, _, err := read(t, address+"/c/", State{})
			if err != nil || len(state.Entries) != 0 {
				t.Errorf("%v, %d entries", err, len(state.Entries))
			}
			if most := map[string]int{"new ones": mostPages + 2, "the same": 5}[name]; n > most {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// Each level of nesting costs a parser, and go-webdav's calls itself: an answer that is nested without end must not
// take the program with it.
func TestNested(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusMultiStatus)
		_, _ = io.WriteString(w, `<multistatus xmlns="DAV:"><response><href>/c/</href><propstat><prop>`)
		if _, body := asked(t, r); strings.Contains(body, "getctag") {
			_, _ = io.WriteString(w, `</prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`)
			return
		}
		_, _ = io.WriteString(w, strings.Repeat("<a>", 8<<20))
	})
	var f *fetch.Failure
	if _, _, _, err := read(t, address+"/c/", State{}); !errors.As(err, &f) ||
		!strings.Contains(f.Text, "there is no calendar at its address") {
		t.Error(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	deep := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusMultiStatus)
		_, _ = io.WriteString(w, `<multistatus xmlns="DAV:">`+strings.Repeat("<a>", 8<<20))
	})
	_, _, _, err := read(t, deep, State{})
	if err == nil || !strings.Contains(err.Error(), "not the XML that CalDAV wants") {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if all := (after.TotalAlloc - before.TotalAlloc) >> 20; all > 200 {
		t.Errorf("%d MB were taken", all)
	}
}
