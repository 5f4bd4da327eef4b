package feed

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"coalition/invites"
)

// dav is a server of a calendar collection at /c/ with two entries, which are too large unless only the window is asked
// for; the third can't be read.
func dav(asked *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		question := kind(r, data)
		*asked = append(*asked, question)
		w.WriteHeader(http.StatusMultiStatus)
		fmt.Fprint(w, `<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">`)
		give := func(name, data string) {
			fmt.Fprintf(w, `<response><href>/c/%s.ics</href><propstat><prop><getetag>"%s"</getetag>`+
				`<C:calendar-data>%s</C:calendar-data></prop><status>HTTP/1.1 200 OK</status></propstat></response>`,
				name, name, data)
		}
		switch question {
		case "PROPFIND0":
			fmt.Fprint(w, `<response><href>/c/</href><propstat><prop><resourcetype><C:calendar/></resourcetype></prop>`+
				`<status>HTTP/1.1 200 OK</status></propstat></response>`)
		case "PROPFIND1":
			give("lunch", "")
		case "calendar-multiget":
			give("lunch", strings.Repeat("x", 26<<20))
		case "calendar-query":
			give("lunch", ics("lunch"))
			give("walk", ics("lunch", "walk"))
			give("broken", "BEGIN:VCALENDAR")
		}
		fmt.Fprint(w, `</multistatus>`)
	}
}

// Of a calendar that is too large only the window is read, from then on at once, and anew where the window grows.
func TestLargeCollection(t *testing.T) {
	var asked []string
	s := newServer(t, dav(&asked))
	w := newWorld(t, Source{Kind: CalDAV, Address: s.URL + "/c/"})
	for _, want := range []string{"PROPFIND0 PROPFIND1 calendar-multiget calendar-query", "PROPFIND0 calendar-query"} {
		asked = nil
		w = w.again(w.Sources...)
		w.expect(invites.FreshBusy, "its entry broken.ics ends in the middle of a calendar", "lunch", "walk")
		if got := strings.Join(asked, " "); got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
		w.now = w.now.Add(15 * time.Minute)
	}
	asked = nil
	w.now = w.now.Add(-time.Minute)
	w.FreeBusy(t.Context(), monday, monday.AddDate(1, 0, 0))
	if got := strings.Join(asked, " "); got != "PROPFIND0 calendar-query" {
		t.Errorf("asked %s", got)
	}
}
