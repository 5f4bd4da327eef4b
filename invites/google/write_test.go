package google_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/google/googletest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var nine = time.Date(2027, 3, 4, 9, 0, 0, 0, time.UTC)

const (
	eventID = "0123456789abcdefghijklmn04"
	maya    = "maya@example.org"
)

// invitation is a talk with Maya that is to be written for the first time.
func invitation() *invites.EventChange {
	return &invites.EventChange{Key: "invitation", Event: invites.Event{
		ID: eventID, Ref: "maya/1", Start: nine, End: nine.Add(time.Hour), Zone: "Europe/Berlin",
		Summary: "A conversation: Ana Lopes and Maya Chen", Location: "Riverside path, north gate",
		Description: "<b>Agenda</b><ul><li>What we agree on</li></ul>",
		Guests:      []invites.Guest{{Name: "Maya Chen", Email: maya}},
		Alarms:      []time.Duration{24 * time.Hour, time.Hour},
	}}
}

// A desk is a calendar beside the Google that holds it, and what this program knows of the talk in it.
type desk struct {
	*testing.T
	*googletest.Server
	calendar *google.Calendar
	id       string
	was, is  *invites.Event
}

func sit(t *testing.T) *desk {
	t.Helper()
	g := googletest.Start(t)
	g.Set(func(s *googletest.Settings) {
		s.Now = func() time.Time { return time.Date(2027, 2, 22, 9, 0, 0, 0, time.UTC) }
		s.Keeps = true // so that a write which wipes answers is seen
	})
	c, err := google.New(google.Config{Client: g.Client(), Endpoint: g.Endpoint()})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{T: t, Server: g, calendar: c, id: eventID}
}

// try writes ch once, as the scheduler does: with what is known of the event.
func (d *desk) try(ch *invites.EventChange) error {
	d.Helper()
	writes := func() int { return d.Count("events.insert", "events.patch", "events.update", "events.delete") }
	before, dots := writes(), 0
	ch.ID, ch.Was, ch.Is = d.id, d.was, d.is
	if d.is != nil && d.is.In == googletest.Account { // nobody has moved it into another calendar
		is := *d.is
		is.In, ch.Is = "", &is
	}
	e, err := d.calendar.Write(d.Context(), ch, func() error {
		if dots++; writes() != before {
			d.Error("dot came after a write")
		}
		return nil
	})
	if changed := writes() > before; dots > 1 || changed && dots == 0 || !changed && dots == 1 && err == nil {
		d.Errorf("dot was called %d times; something was written: %t", dots, changed)
	}
	var f *invites.DeliveryError
	switch {
	case err == nil && ch.Cancel:
		d.is = e
	case err == nil:
		d.was, d.is = &ch.Event, e
	case errors.As(err, &f) && f.Stale != nil:
		d.is = f.Stale
	}
	return err
}

// write writes ch, which has to succeed.
func (d *desk) write(ch *invites.EventChange) {
	d.Helper()
	if err := d.try(ch); err != nil {
		d.Fatal(err)
	}
}

// invited is a desk whose talk is in the calendar.
func (d *desk) invited() *desk {
	d.Helper()
	d.persist(invitation()) // a connection that broke off under an earlier test may be noticed only now
	d.Forget()
	return d
}

// told is whom Google mailed about what.
func (d *desk) told() (list []string) {
	for _, n := range d.Notices() {
		list = append(list, n.Kind+" "+n.To)
	}
	return list
}

// changed is the talk as change makes it.
func changed(change func(*invites.EventChange)) func(*desk) *invites.EventChange {
	return func(*desk) *invites.EventChange {
		ch := invitation()
		change(ch)
		sum := sha256.Sum256(fmt.Append(nil, ch.Event, ch.Cancel, ch.Reason, ch.Restore))
		ch.Key = hex.EncodeToString(sum[:8])
		return ch
	}
}

// jobs are all kinds of changes, to a talk that is in the calendar already but for the first two.
var jobs = []struct {
	name string
	new  bool
	job  func(*desk) *invites.EventChange // after what came before it
	told []string
	left string // the event's status
}{
	{"insert", true, changed(func(*invites.EventChange) {}), []string{"invitation " + maya}, "confirmed"},
	{"insert-meet", true, changed(func(ch *invites.EventChange) { ch.Meet, ch.Location, ch.Alarms = true, "", nil }), []string{"invitation " + maya}, "confirmed"},
	{"time", false, changed(func(ch *invites.EventChange) { ch.Start, ch.End = nine.Add(25*time.Hour), nine.Add(26*time.Hour) }), []string{"update " + maya}, "confirmed"},
	{"zone", false, changed(func(ch *invites.EventChange) { ch.Zone = "Europe/Lisbon" }), []string{"update " + maya}, "confirmed"},
	{"words", false, changed(func(ch *invites.EventChange) { ch.Summary, ch.Location, ch.Description = "Another", "", "<i>New</i>" }), []string{"update " + maya}, "confirmed"},
	{"meet", false, changed(func(ch *invites.EventChange) { ch.Meet, ch.Location = true, "" }), []string{"update " + maya}, "confirmed"},
	{"guest", false, changed(func(ch *invites.EventChange) { ch.Guests = []invites.Guest{{Name: "Li", Email: "li@example.org"}} }),
		[]string{"cancellation " + maya, "invitation li@example.org"}, "confirmed"},
	{"nobody", false, changed(func(ch *invites.EventChange) { ch.Guests = nil }), []string{"cancellation " + maya}, "confirmed"},
	{"alarms", false, changed(func(ch *invites.EventChange) { ch.Alarms = nil }), nil, "confirmed"},
	{"cancel", false, changed(func(ch *invites.EventChange) { ch.Cancel = true }), []string{"cancellation " + maya}, "cancelled"},
	{"reason", false, changed(func(ch *invites.EventChange) { ch.Cancel, ch.Reason = true, "I am ill <sorry>,\nlet us talk later" }), []string{"cancellation " + maya}, "cancelled"},
	{"restore", false, func(d *desk) *invites.EventChange {
		d.bin()
		return changed(func(ch *invites.EventChange) { ch.Restore, ch.Location = true, "South gate" })(d)
	}, []string{"invitation " + maya}, "confirmed"},
	{"restore-same", false, func(d *desk) *invites.EventChange {
		d.bin()
		return changed(func(ch *invites.EventChange) { ch.Restore = true })(d)
	}, []string{"invitation " + maya}, "confirmed"},
	{"cancel-deleted", false, func(d *desk) *invites.EventChange {
		d.bin()
		return changed(func(ch *invites.EventChange) { ch.Cancel, ch.Restore = true, true })(d)
	}, []string{"cancellation " + maya}, "cancelled"},
	{"reason-deleted", false, func(d *desk) *invites.EventChange {
		d.bin()
		return changed(func(ch *invites.EventChange) { ch.Cancel, ch.Restore, ch.Reason = true, true, "Too much on" })(d)
	}, []string{"cancellation " + maya}, "cancelled"},
	{"cancel-deleted-silently", false, func(d *desk) *invites.EventChange {
		d.bin()
		return changed(func(ch *invites.EventChange) { ch.Cancel = true })(d)
	}, nil, "cancelled"},
}

// bin is the organizer who deletes the event in the calendar, without a word to anybody, and the program
// that has heard of it.
func (d *desk) bin() {
	d.Helper()
	d.Delete(d.id, false)
	is, err := d.calendar.Event(d.Context(), "", d.id)
	if err != nil {
		d.Fatal(err)
	}
	d.is = is
	d.Forget()
}

// open is a desk that is ready for a job, and the change.
func open(d *desk, i int) (*desk, *invites.EventChange) {
	d.Helper()
	if !jobs[i].new {
		d.invited()
	}
	return d, jobs[i].job(d)
}

// What goes over the wire for each change, to the letter.
func TestWriteBodies(t *testing.T) {
	for i, job := range jobs {
		t.Run(job.name, func(t *testing.T) {
			d, ch := open(sit(t), i)
			d.write(ch)
			var b bytes.Buffer
			for _, r := range d.Requests() {
				r.Query.Del("alt")
				r.Query.Del("prettyPrint")
				r.Query.Del("fields")
				fmt.Fprintf(&b, "%s %s?%s\n", r.Method, r.Path, r.Query.Encode())
				if m := r.Header.Get("If-Match"); m != "" {
					fmt.Fprintf(&b, "If-Match: %s\n", m)
				}
				if len(r.Body) > 0 {
					_ = json.Indent(&b, bytes.TrimSpace(r.Body), "", "\t")
					b.WriteByte('\n')
				}
				b.WriteByte('\n')
			}
			path := filepath.Join("testdata", job.name+".http")
			if *update {
				if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if diff := cmp.Diff(job.told, d.told()); diff != "" {
				t.Errorf("told: -want +got\n%s", diff)
			}
		})
	}
}

// faults are what can go wrong with one request.
var faults = []struct {
	name string
	googletest.Fault
}{
	{"cut before", googletest.Fault{Cut: true}},
	{"cut after", googletest.Fault{Cut: true, After: true}},
	{"half an answer", googletest.Fault{Torn: true}},
	{"500 before", googletest.Fault{Status: 500}},
	{"500 after", googletest.Fault{Status: 500, After: true}},
	{"503 page", googletest.Fault{Status: 503, HTML: true, After: true}},
	{"429", googletest.Fault{Status: 429, RetryAfter: 3 * time.Second}},
	{"403 rate", googletest.Fault{Status: 403, Reason: "rateLimitExceeded"}},
	{"401", googletest.Fault{Status: 401}},
	{"409", googletest.Fault{Status: 409}},
	{"412", googletest.Fault{Status: 412}},
}

// Whatever happens to any two requests, a change that is tried until it is done is done once.
func TestWriteOnce(t *testing.T) {
	for i, job := range jobs {
		t.Run(job.name, func(t *testing.T) {
			t.Parallel()
			d, ch := open(sit(t), i)
			d.write(ch)
			requests := d.Count()
			for first := range requests {
				for _, fault := range faults {
					for second := range requests + 2 {
						d, ch := open(d.another(), i)
						one, two := fault.Fault, googletest.Fault{Cut: true, After: true, Skip: second}
						one.Skip = first
						d.Fail(one)
						d.Fail(two)
						d.persist(ch)
						d.Heal()
						if diff := cmp.Diff(job.told, d.told()); diff != "" {
							t.Errorf("%s at %d, cut after %d: told -want +got\n%s", fault.name, first, second, diff)
						}
						d.stands(ch, job.left)
						if t.Failed() {
							t.Fatalf("%s at %d, cut after %d: %s", fault.name, first, second, d.asked())
						}
					}
				}
			}
		})
	}
}

// another is the same desk with another talk.
func (d *desk) another() *desk {
	d.Forget()
	return &desk{T: d.T, Server: d.Server, calendar: d.calendar, id: newEventID()}
}

// persist tries until ch is done, as the scheduler does where nobody else has changed anything.
func (d *desk) persist(ch *invites.EventChange) {
	d.Helper()
	for range 10 {
		err := d.try(ch)
		if err == nil {
			return
		}
		if f := delivery(d.T, err); f.Final {
			d.Fatalf("it is given up: %v", f)
		}
	}
	d.Fatalf("it is never done: %s", d.asked())
}

// asked is the requests in short, for a test that fails.
func (d *desk) asked() string {
	var b strings.Builder
	for _, r := range d.Requests() {
		fmt.Fprintf(&b, "\n%s %s %s %s", r.Call, r.Query.Get("sendUpdates"), r.Header.Get("If-Match"), r.Body)
	}
	return b.String()
}

// stands compares the event as the calendar holds it with what was to be written.
func (d *desk) stands(ch *invites.EventChange, status string) {
	d.Helper()
	e := d.Event(d.id)
	if e.Status != status {
		d.Errorf("the event is %s, not %s", e.Status, status)
	}
	if status == "cancelled" {
		if ch.Reason != "" && strings.Count(e.Description, "<b>"+strings.NewReplacer("<", "&lt;", ">", "&gt;", "\n", "<br>").Replace(ch.Reason)+"</b>") != 1 {
			d.Errorf("the reason is not there once: %s", e.Description)
		}
		return
	}
	is, err := d.calendar.Event(d.Context(), "", d.id)
	if err != nil {
		d.Fatal(err)
	}
	want := ch.Event
	want.UID, want.Etag, want.Updated, want.Sequence, want.Join, want.Last = is.UID, is.Etag, is.Updated, is.Sequence, is.Join, is.Last
	want.Alarms, want.Meet = nil, false
	want.Guests = slices.Clone(want.Guests)
	for i := range want.Guests {
		want.Guests[i].PartStat = invites.NeedsAction
	}
	if diff := cmp.Diff(&want, is, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(invites.Event{}, "In")); diff != "" {
		d.Errorf("the event: -want +got\n%s", diff)
	}
	if ch.Meet != (is.Join != "") {
		d.Errorf("there is the room %q", is.Join)
	}
	minutes := []int64{}
	for _, r := range e.Reminders.Overrides {
		minutes = append(minutes, r.Minutes)
	}
	if e.Reminders.UseDefault || len(minutes) != len(ch.Alarms) {
		d.Errorf("it rings %v minutes before, or by default (%t), not %v", minutes, e.Reminders.UseDefault, ch.Alarms)
	}
	if e.Visibility != "private" || e.GuestsCanInviteOthers == nil || *e.GuestsCanInviteOthers {
		d.Errorf("visibility %q, guestsCanInviteOthers %v", e.Visibility, e.GuestsCanInviteOthers)
	}
}
