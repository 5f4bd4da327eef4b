// Package collection knows how a CalDAV collection (RFC 4791) is read: what entries are in it, and, in the best way
// that its server offers, which have changed since it was read last. It leaves the network to fetch, keeping to feed,
// and what is in an entry to freebusy.
package collection

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-webdav/caldav"

	"coalition/invites/feed/fetch"
	"coalition/invites/plaintext"
	"coalition/invites/reach"
)

// How a collection is asked. go-webdav finds out what lies at an address (see found). The questions about what is in a
// collection are our own: it has no sync-collection, gives up a whole answer for one entry that it can't parse, and for
// an ETag that is weak, and does not ask for an entry by the very address that its server gave.
const (
	xmlHead = `<?xml version="1.0" encoding="utf-8"?>` + "\n"
	// what is to be known of the collection itself (RFC 4918, section 9.1).
	askItself = xmlHead + `<propfind xmlns="DAV:" xmlns:S="http://calendarserver.org/ns/"><prop>` +
		`<resourcetype/><sync-token/><S:getctag/></prop></propfind>`
	// which entries there are.
	askEntries = xmlHead + `<propfind xmlns="DAV:"><prop><resourcetype/><getetag/></prop></propfind>`
	// which of them have changed since a token (RFC 6578, section 3.2).
	askChanges = xmlHead + `<sync-collection xmlns="DAV:"><sync-token>%s</sync-token><sync-level>1</sync-level>` +
		`<prop><getetag/></prop></sync-collection>`
	// what is in some of them (RFC 4791, section 7.9).
	askSome = xmlHead + `<C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">` +
		`<prop><getetag/><C:calendar-data/></prop>%s</C:calendar-multiget>`
	// what is in all of them that have part in a window (RFC 4791, section 7.8). Rules are expanded here, since not
	// every server does it, or does it well.
	askWindow = xmlHead + `<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">` +
		`<prop><getetag/><C:calendar-data/></prop><C:filter><C:comp-filter name="VCALENDAR">` +
		`<C:comp-filter name="VEVENT"><C:time-range start="%s" end="%s"/></C:comp-filter>` +
		`</C:comp-filter></C:filter></C:calendar-query>`

	// someEntries is how many are asked for in one question.
	someEntries = 200
	// mostPages is how many answers a server may cut a list of changes into.
	mostPages = 1000
)

// A multistatus is an answer about several resources (RFC 4918, section 13).
type multistatus struct {
	XMLName   xml.Name `xml:"DAV: multistatus"`
	Responses []struct {
		Href   string `xml:"DAV: href"`
		Status status `xml:"DAV: status"`
		Parts  []struct {
			Status status     `xml:"DAV: status"`
			Prop   properties `xml:"DAV: prop"`
		} `xml:"DAV: propstat"`
	} `xml:"DAV: response"`
	Token string `xml:"DAV: sync-token"`
}

// properties are those that are asked for; missing ones are empty.
type properties struct {
	Type struct {
		Collection *struct{} `xml:"DAV: collection"`
		Calendar   *struct{} `xml:"urn:ietf:params:xml:ns:caldav calendar"`
	} `xml:"DAV: resourcetype"`
	ETag  string `xml:"DAV: getetag"`
	Token string `xml:"DAV: sync-token"`
	CTag  string `xml:"http://calendarserver.org/ns/ getctag"`
	Data  []byte `xml:"urn:ietf:params:xml:ns:caldav calendar-data"`
}

// A status is an HTTP status line; 0: there was none.
type status int

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *status) UnmarshalText(text []byte) error {
	// What can't be read stays 0.
	_, _ = fmt.Sscanf(string(text), "HTTP/%s %d", new(string), s)
	return nil
}

// An Entry is one resource of a collection (RFC 4791, section 4.1).
type Entry struct {
	// Href is its address, as its server gives it.
	Href string
	// ETag is of Data; "": it has to be asked for again.
	ETag string
	// Data is in iCalendar format; empty: its server did not give it.
	Data []byte
}

// A State is what is known of a collection; the zero State: nothing.
type State struct {
	// Token is the collection's sync token (RFC 6578), or its ctag, and before it which of them it is; "": neither.
	Token string
	// Ranged says that only one window of it was read, and that there is more to know beyond it.
	Ranged bool
	// Entries are all that are in it, or in the window.
	Entries []Entry
}

// reading is one reading of a collection.
type reading struct {
	*fetch.Visit
	// entries are those that are known, by their path; asked says that some were asked for just now.
	entries map[string]Entry
	asked   bool
}

// told is what an answer says of one resource.
type told struct {
	properties
	href, path string
	// status is that of the resource; 0: its properties are given.
	status status
}

// errNotOffered says that a server can't be asked in one way, but maybe in another.
var errNotOffered = errors.New("not offered")

// notOffered reports whether err says that the server does not know, or does not want, a question; or that its answer
// is too large, as the next one may not be.
func notOffered(err error) bool {
	var f *fetch.Failure
	if errors.As(err, &f) {
		again := f.Status == http.StatusUnauthorized || f.Status == http.StatusRequestTimeout ||
			f.Status == http.StatusTooManyRequests
		return f.Status >= 400 && f.Status < 500 && !again || f.Status == http.StatusNotImplemented
	}
	return errors.Is(err, errNotOffered) || errors.Is(err, fetch.TooLarge)
}

// Read brings what was known of the collection that v visits up to date: by what has changed, by a list of what there
// is, or, where neither is offered, by what has part in the window from from to to. changed says that it may differ,
// and problems tells for people what is missing in it. Errors are those of package fetch.
func Read(ctx context.Context, v *fetch.Visit, was State, from, to time.Time) (
	now State, changed bool, problems []string, err error,
) {
	c := reading{Visit: v, entries: make(map[string]Entry)}
	list, _, err := c.ask(ctx, "PROPFIND", "0", askItself)
	if err != nil || len(list) == 0 || list[0].Type.Calendar == nil {
		return State{}, false, nil, c.noCalendar(ctx, err)
	}
	for _, e := range was.Entries {
		c.entries[pathOf(e.Href)] = e
	}
	if was.Ranged {
		// No other way was of use.
		err = errNotOffered
	} else {
		now.Token, err = c.changes(ctx, list[0].Token, was.Token)
		if notOffered(err) {
			now.Token, err = c.list(ctx, list[0].CTag, was.Token)
		}
	}
	if notOffered(err) {
		v.Renew()
		now = State{Ranged: true}
		err = c.window(ctx, from, to)
	}
	if err != nil {
		return State{}, false, nil, err
	}
	lost := 0
	now.Entries = make([]Entry, 0, len(c.entries))
	for _, path := range slices.Sorted(maps.Keys(c.entries)) {
		now.Entries = append(now.Entries, c.entries[path])
		if len(c.entries[path].Data) == 0 {
			lost++
		}
	}
	if lost > 0 {
		problems = append(problems, fmt.Sprintf("its server does not give %d of the entries that it lists; they take no time",
			lost))
	}
	return now, c.asked || now.Token == "" || now.Token != was.Token, problems, nil
}

// changes brings the entries up to date by what has changed since the sync token was (RFC 6578), and returns the one
// that they now have. current is the collection's own; "": it has none.
func (c *reading) changes(ctx context.Context, current, was string) (string, error) {
	const kind = "sync "
	token, known := strings.CutPrefix(was, kind)
	switch {
	case current == "":
		return "", errNotOffered
	case !known:
		token = ""
	case token == current && c.complete():
		return was, nil
	}
	next := make(map[string]Entry)
	if token != "" {
		next = maps.Clone(c.entries)
	}
	wanted := make(map[string]string)
	for range mostPages {
		list, now, err := c.ask(ctx, "REPORT", "0", fmt.Sprintf(askChanges, escaped(token)))
		if notOffered(err) && token != "" {
			// The server does not know it any more: all is listed, and what is the same is not asked for again.
			token = ""
			clear(next)
			clear(wanted)
			continue
		}
		if err != nil {
			return "", err
		}
		more := false
		for _, e := range list {
			if c.isItself(e) {
				// The answer was cut (RFC 6578, section 3.6).
				more = more || e.status == http.StatusInsufficientStorage
				continue
			}
			c.note(e, next, wanted)
		}
		if more && now != token {
			token = now
			continue
		}
		if now != "" {
			now = kind + now
		}
		return now, c.fetch(ctx, next, wanted)
	}
	return "", errNotOffered
}

// list brings the entries up to date by a list of all, where ctag, the collection's own ("": it has none), says that
// something has changed, and returns the ctag that they now have.
func (c *reading) list(ctx context.Context, ctag, was string) (string, error) {
	now := ""
	if ctag != "" {
		now = "ctag " + ctag
	}
	if now != "" && now == was && c.complete() {
		return was, nil
	}
	list, _, err := c.ask(ctx, "PROPFIND", "1", askEntries)
	if err != nil {
		return "", err
	}
	next, wanted := make(map[string]Entry), make(map[string]string)
	for _, e := range list {
		switch {
		case c.isItself(e), e.Type.Collection != nil:
		case e.status == 0 && e.ETag == "":
			return "", errNotOffered
		default:
			c.note(e, next, wanted)
		}
	}
	return now, c.fetch(ctx, next, wanted)
}

// note takes an entry of a list into next, and into wanted, with its ETag, where it is not as it is known.
func (c *reading) note(e told, next map[string]Entry, wanted map[string]string) {
	known := c.entries[e.path]
	switch {
	case e.gone():
		delete(next, e.path)
		delete(wanted, e.path)
	case known.ETag != "" && known.ETag == e.ETag:
		next[e.path] = known
	default:
		next[e.path] = Entry{Href: e.href, Data: known.Data}
		wanted[e.path] = e.ETag
	}
}

// fetch asks for the entries of next that are wanted, and for those that it could not get last time. Then next are
// those that are known.
func (c *reading) fetch(ctx context.Context, next map[string]Entry, wanted map[string]string) error {
	for path, r := range next {
		if _, listed := wanted[path]; !listed && r.ETag == "" {
			wanted[path] = ""
		}
	}
	c.asked = len(wanted) > 0
	for some := range slices.Chunk(slices.Sorted(maps.Keys(wanted)), someEntries) {
		var hrefs strings.Builder
		for _, path := range some {
			hrefs.WriteString("<href>" + escaped(next[path].Href) + "</href>")
		}
		list, _, err := c.ask(ctx, "REPORT", "1", fmt.Sprintf(askSome, hrefs.String()))
		if err != nil {
			return err
		}
		for _, e := range list {
			etag, asked := wanted[e.path]
			switch {
			case !asked:
			case e.gone():
				delete(next, e.path)
			case len(e.Data) > 0:
				next[e.path] = Entry{Href: e.href, ETag: cmp.Or(etag, e.ETag), Data: e.Data}
			}
		}
	}
	size := 0
	for _, r := range next {
		size += len(r.Href) + len(r.Data)
	}
	if size > fetch.Most {
		return fetch.TooLarge
	}
	c.entries = next
	return nil
}

// window reads only what has part in the window.
func (c *reading) window(ctx context.Context, from, to time.Time) error {
	const utc = "20060102T150405Z"
	list, _, err := c.ask(ctx, "REPORT", "1", fmt.Sprintf(askWindow, from.UTC().Format(utc), to.UTC().Format(utc)))
	if err != nil {
		return err
	}
	clear(c.entries)
	for _, e := range list {
		if !e.gone() && !c.isItself(e) {
			c.entries[e.path] = Entry{Href: e.href, ETag: e.ETag, Data: e.Data}
		}
	}
	return nil
}

// complete reports whether nothing has to be asked for again.
func (c *reading) complete() bool {
	for _, r := range c.entries {
		if r.ETag == "" {
			return false
		}
	}
	return true
}

// ask asks a question about the collection, and returns what its server says of each resource, and its sync token.
func (c *reading) ask(ctx context.Context, method, depth, body string) (list []told, token string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, c.Home.String(), strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Content-Type", "application/xml; charset=utf-8")
	r.Header.Set("Depth", depth)
	answer, err := c.Do(r)
	if err != nil {
		return nil, "", err
	}
	if answer.StatusCode != http.StatusMultiStatus {
		return nil, "", c.Refused(answer)
	}
	data, err := c.Body(answer)
	if err != nil {
		return nil, "", err
	}
	var all multistatus
	tokens := &shallow{Decoder: xml.NewDecoder(bytes.NewReader(legible(data)))}
	if err := xml.NewTokenDecoder(tokens).Decode(&all); err != nil {
		return nil, "", reach.Words("its answer is not the XML that CalDAV wants")
	}
	for _, of := range all.Responses {
		href := strings.TrimSpace(of.Href)
		e := told{href: href, path: pathOf(href), status: of.Status}
		for _, part := range of.Parts {
			if part.Status == http.StatusOK {
				e.properties, e.status = part.Prop, 0
				break
			}
		}
		list = append(list, e)
	}
	return list, strings.TrimSpace(all.Token), nil
}

// noCalendar says what is at the address in place of a calendar; err is that of asking.
func (c *reading) noCalendar(ctx context.Context, err error) error {
	var f *fetch.Failure
	switch {
	case errors.As(err, &f) && (f.Status < 400 || f.Status == http.StatusBadRequest ||
		f.Status == http.StatusMethodNotAllowed || f.Status == http.StatusNotImplemented):
		return &fetch.Failure{Text: "what answers at its address is no CalDAV server; " +
			"write the address of the calendar itself"}
	case err != nil:
		return err
	}
	var names []string
	for _, found := range c.found(ctx) {
		if has := found.SupportedComponentSet; len(has) == 0 || slices.Contains(has, "VEVENT") {
			names = append(names, fmt.Sprintf("%s (…/%s/)", line(found.Name), line(path.Base(found.Path))))
		}
	}
	if len(names) == 0 {
		return &fetch.Failure{Text: "there is no calendar at its address; write the address of the calendar itself"}
	}
	return &fetch.Failure{Text: "its address is not that of one calendar; write that of one of those that are there: " +
		strings.Join(names[:min(len(names), 20)], ", ")}
}

// found returns the calendars that are below the address, or else those of whom its server takes us for.
func (c *reading) found(ctx context.Context) []caldav.Calendar {
	client, err := caldav.NewClient(brief{c.Visit}, c.Home.String())
	if err != nil {
		return nil
	}
	if list, err := client.FindCalendars(ctx, c.Home.Path); err == nil && len(list) > 0 {
		return list
	}
	principal, err := client.FindCurrentUserPrincipal(ctx)
	if err != nil {
		return nil
	}
	home, err := client.FindCalendarHomeSet(ctx, principal)
	if err != nil {
		return nil
	}
	list, err := client.FindCalendars(ctx, home)
	if err != nil {
		return nil
	}
	return list
}

// brief is a [fetch.Visit] for go-webdav, whose parser goes as deep as an answer is nested.
type brief struct{ *fetch.Visit }

// Do implements webdav.HTTPClient.
func (b brief) Do(r *http.Request) (*http.Response, error) {
	answer, err := b.Visit.Do(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, 256<<10), answer.Body}
	}
	return answer, err
}

// line returns what a server has said as people may see it.
func line(text string) string { return plaintext.Clip(plaintext.Line(text), 60) }

func (c *reading) isItself(e told) bool {
	return strings.TrimRight(e.path, "/") == strings.TrimRight(c.Home.Path, "/")
}

func (e told) gone() bool { return e.status == http.StatusNotFound || e.status == http.StatusGone }

// pathOf returns the path of an address as it is meant, however it is written.
func pathOf(href string) string {
	if u, err := url.Parse(href); err == nil {
		return u.Path
	}
	return href
}

// escaped returns s as the text of an element.
func escaped(s string) string {
	var b strings.Builder
	// A strings.Builder takes everything.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// shallow gives the tokens of XML that is not nested deeper than answers are: a decoder remembers each level.
type shallow struct {
	*xml.Decoder
	depth int
}

// Token implements [xml.TokenReader].
func (s *shallow) Token() (xml.Token, error) {
	const most = 50
	token, err := s.RawToken()
	switch token.(type) {
	case xml.StartElement:
		s.depth++
	case xml.EndElement:
		s.depth--
	}
	if s.depth > most {
		return nil, errors.New("too deep")
	}
	return token, err
}

// legible returns XML without what it must not have, and calendars bring in: one such character would make all of an
// answer illegible.
func legible(data []byte) []byte {
	if !utf8.Valid(data) {
		data = bytes.ToValidUTF8(data, []byte("\ufffd"))
	}
	for i, c := range data {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			data[i] = ' '
		}
	}
	return data
}
