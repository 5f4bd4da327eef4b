package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites/google/googletest"
)

// A desk is Ana's program beside a small Google, in which she is signed in.
type desk struct {
	*googletest.Server
	t   *testing.T
	dir string
}

const maya = "maya@example.org"

var googlePlan = strings.Replace(mayaPlan, "times: [in 8 working days at 10:00, in 9 working days at 15:00]", "start: in 8 working days at 10:00", 1)

// newDesk makes one with these plans, and more lines of config: name, contents, name, contents.
func newDesk(t *testing.T, more string, plans ...string) *desk {
	t.Helper()
	d := &desk{Server: googletest.Start(t), t: t}
	files := []string{"config.yaml", anaConfig + fmt.Sprintf("calendar:\n  via: google\n  google: {client_file: %q, token_file: ./token.json, endpoint: %q}\n", d.ClientFile(t), d.Endpoint()) + more}
	for i := 0; i < len(plans); i += 2 {
		files = append(files, "conversations/"+plans[i]+".yaml", plans[i+1])
	}
	d.dir = write(t, files...)
	old := time.Now().Add(-time.Hour)
	for i := 0; i < len(plans); i += 2 {
		if err := os.Chtimes(filepath.Join(d.dir, "conversations", plans[i]+".yaml"), old, old); err != nil {
			t.Fatal(err)
		}
	}
	d.signIn()
	return d
}

// signIn goes through Google's page, as Ana does.
func (d *desk) signIn() {
	d.t.Helper()
	shown, show := io.Pipe()
	var talk bytes.Buffer
	exit := make(chan int, 1)
	go func() {
		exit <- run(context.Background(), []string{"--config", filepath.Join(d.dir, "config.yaml"), "auth", "google", "--no-browser"}, nil, strings.NewReader(""), show, &talk)
		show.Close()
	}()
	lines := bufio.NewScanner(shown)
	if !lines.Scan() {
		d.t.Fatalf("no address is shown: exit %d\n%s", <-exit, talk.String())
	}
	address := lines.Text()
	go func() {
		for lines.Scan() {
		}
	}()
	if err := d.Consent(context.Background(), address); err != nil {
		d.t.Fatal(err)
	}
	if code := <-exit; code != 0 {
		d.t.Fatalf("auth google: exit %d\n%s", code, talk.String())
	}
	d.Forget()
}

// do runs a command, which has to end with that exit code.
func (d *desk) do(want int, args ...string) (stdout, stderr string) {
	d.t.Helper()
	code, stdout, stderr := coalition(d.t, d.dir, args...)
	if code != want {
		d.t.Fatalf("coalition %s: exit %d; want %d\n%s%s", strings.Join(args, " "), code, want, stdout, stderr)
	}
	return stdout, stderr
}

func (d *desk) talk() row {
	d.t.Helper()
	stdout, _ := d.do(0, "list", "--json")
	var rows []row
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || len(rows) == 0 {
		d.t.Fatalf("%v: %s", err, stdout)
	}
	return rows[slices.IndexFunc(rows, func(r row) bool { return r.ID == "maya" })]
}

// event is the one event that is ours.
func (d *desk) event() *calendar.Event {
	d.t.Helper()
	var ours []*calendar.Event
	for _, e := range d.Events() {
		if !strings.HasPrefix(e.Id, "foreign") {
			ours = append(ours, e)
		}
	}
	if len(ours) != 1 {
		d.t.Fatalf("%d events are ours; want 1", len(ours))
	}
	return ours[0]
}

// told is what Google has mailed on our account, each kind once for each change.
func (d *desk) told(want ...string) {
	d.t.Helper()
	var got []string
	for _, n := range d.Notices() {
		if n.By >= 0 {
			got = append(got, n.Kind)
			if n.To != maya {
				d.t.Errorf("%s got a mail", n.To)
			}
		}
	}
	if !slices.Equal(got, want) {
		d.t.Errorf("Google has mailed %q; want %q", got, want)
	}
}

// history is the messages of these kinds in the log, or what it says besides of them.
func (d *desk) history(kinds ...string) (list []logRow) {
	d.t.Helper()
	stdout, _ := d.do(0, "log", "--json")
	var rows []logRow
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil {
		d.t.Fatal(err)
	}
	return slices.DeleteFunc(rows, func(r logRow) bool { return !slices.Contains(kinds, r.Kind) })
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// TestGoogle is a talk from the brief to the end, with both sides moving it, in a calendar full of
// other things that comes page by page.
func TestGoogle(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "maya", googlePlan)
	d.AddForeign(1000)
	d.Set(func(s *googletest.Settings) { s.PageSize = 90 })
	d.do(0, "daemon", "--once")
	if briefs := inOutbox(t, d.dir, "*-brief-*.eml"); len(briefs) != 1 {
		t.Fatalf("briefs by mail: %v", briefs)
	}
	d.do(0, "answer", "maya", "yes")
	shown, _ := d.do(0, "invite", "maya", "--dry-run")
	if !strings.Contains(shown, "Riverside path") || !strings.Contains(shown, "What each of us is committed to") || d.Count("events.insert") > 0 {
		t.Errorf("a rehearsal shows:\n%s", shown)
	}
	d.do(0, "invite", "maya", "--yes")
	e, r := d.event(), d.talk()
	if r.Status != "invited" || value(r.PartStat) != "NEEDS-ACTION" || value(r.Channel) != "google" || value(r.EventID) != e.Id || value(r.UID) != e.ICalUID {
		t.Errorf("after the invitation: %+v, event %s %s", r, e.Id, e.ICalUID)
	}
	if len(e.Attendees) != 1 || e.Attendees[0].Email != maya || e.Visibility != "private" || !strings.Contains(e.Description, "What each of us is committed to") || e.Location != "Riverside path" || e.Reminders == nil || e.Reminders.UseDefault {
		t.Errorf("the event: %+v", e)
	}
	d.do(0, "invite", "maya", "--yes")
	d.do(0, "daemon", "--once")
	d.told("invitation")
	if files := inOutbox(t, d.dir, "*"); len(files) != 1 {
		t.Errorf("by mail: %v", files)
	}

	d.Answer(e.Id, maya, "accepted", "With pleasure")
	d.do(0, "sync")
	if r := d.talk(); r.Status != "confirmed" || value(r.PartStat) != "ACCEPTED" {
		t.Errorf("after she has accepted: %+v", r)
	}
	stdout, _ := d.do(0, "list")
	if !strings.Contains(stdout, "With pleasure") {
		t.Errorf("her words are not shown:\n%s", stdout)
	}
	d.do(0, "move", "maya", "--start", "in 9 working days at 15:00", "--yes")
	moved := d.event()
	if moved.Start.DateTime == e.Start.DateTime || moved.Attendees[0].ResponseStatus != "needsAction" {
		t.Errorf("after the move: %+v, %+v", moved.Start, moved.Attendees[0])
	}
	if r := d.talk(); value(r.PartStat) != "NEEDS-ACTION" || value(r.Sequence) != 1 {
		t.Errorf("after the move: %+v", r)
	}
	d.told("invitation", "update")

	d.Edit(e.Id, true, func(e *calendar.Event) { e.Start, e.End = moved.End, at(t, moved.End, time.Hour) })
	d.do(0, "sync")
	if r := d.talk(); instantOf(t, value(r.Start)) != instantOf(t, moved.End.DateTime) || value(r.Sequence) != 2 {
		t.Errorf("after the move in Google: %s, SEQUENCE %d; want %s", value(r.Start), value(r.Sequence), moved.End.DateTime)
	}
	d.do(0, "daemon", "--once")
	d.told("invitation", "update")
	d.do(0, "cancel", "maya", "--reason", "I have to be in Porto.", "--yes")
	d.do(0, "daemon", "--once")
	d.told("invitation", "update", "cancellation")
	if e := d.event(); e.Status != "cancelled" || !strings.Contains(e.Description, "Porto") {
		t.Errorf("after the cancellation: %s, %s", e.Status, e.Description)
	}
	for _, row := range d.history("invite", "update", "cancel") {
		if row.State == nil { // the organizer's word, not the message
			continue
		}
		if value(row.State) != "sent" || value(row.Via) != "google" || row.MessageID != nil || row.Flagged {
			t.Errorf("the log: %+v", row)
		}
	}
}

func at(t *testing.T, from *calendar.EventDateTime, plus time.Duration) *calendar.EventDateTime {
	t.Helper()
	return &calendar.EventDateTime{DateTime: instantOf(t, from.DateTime).Add(plus).Format(time.RFC3339), TimeZone: from.TimeZone}
}

func instantOf(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

// TestGoogleDeleted deletes the event in the calendar: the partner hears of it when Ana says so.
func TestGoogleDeleted(t *testing.T) {
	d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n")
	d.do(0, "daemon", "--once")
	d.Delete(d.event().Id, false)
	d.do(0, "daemon", "--once")
	if next := value(d.talk().Next); !strings.Contains(next, "coalition cancel maya") {
		t.Errorf("next: %s", next)
	}
	d.told("invitation")
	d.do(0, "cancel", "maya", "--yes")
	d.told("invitation", "cancellation")
}

// TestGoogleLeft has the guest leave the event: they are asked again to come at another time, and not for less.
func TestGoogleLeft(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n")
	d.do(0, "daemon", "--once")
	d.Leave(d.event().Id, maya)
	d.do(0, "sync")
	path := filepath.Join(d.dir, "conversations", "maya.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(googlePlan, "Riverside path", "South gate", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	const left = maya + " has left the event there, and is told nothing"
	if stdout, _ := d.do(0, "daemon", "--once"); !strings.Contains(stdout, left) {
		t.Errorf("said: %s", stdout)
	}
	d.told("invitation")
	if next := value(d.talk().Next); d.event().Location != "South gate" || !strings.Contains(next, "declined") {
		t.Errorf("it is at %s; next: %s", d.event().Location, next)
	}
	if stdout, _ := d.do(0, "move", "maya", "--start", "in 9 working days at 15:00", "--yes"); strings.Contains(stdout, left) {
		t.Errorf("said: %s", stdout)
	}
	d.told("invitation", "invitation")
	d.Leave(d.event().Id, maya)
	if stdout, _ := d.do(0, "cancel", "maya", "--yes"); !strings.Contains(stdout, "The cancellation stands in Google Calendar. "+left) {
		t.Errorf("said: %s", stdout)
	}
	d.told("invitation", "invitation")
}

// TestGoogleNoRoom makes an invitation to a video call for which Google makes no room, and says so.
func TestGoogleNoRoom(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "maya", strings.Replace(googlePlan, "setting: {kind: walk, place: Riverside path}", "setting: {kind: video}", 1)+"permitted: In person.\n")
	d.Set(func(s *googletest.Settings) { s.NoRooms = true })
	d.do(0, "daemon", "--once")
	if stdout, _ := d.do(0, "list"); !strings.Contains(stdout, "no room for the video call") {
		t.Errorf("the list says:\n%s", stdout)
	}
	d.do(2, "invite", "maya", "--mail")
}

// TestGoogleElsewhere names another calendar in the config: what stands in the first one is not taken for
// deleted, and changes to it wait until that is named again.
func TestGoogleElsewhere(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n")
	d.AddCalendar("team@group.calendar.google.com", "Team", "owner")
	d.do(0, "daemon", "--once")
	path := filepath.Join(d.dir, "config.yaml")
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(first), "google: {", "google: {calendar: team@group.calendar.google.com, ", 1)
	if err := os.WriteFile(path, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr := d.do(0, "sync")
	if rows := d.history("sync"); len(rows) != 0 || !strings.Contains(stderr, "another Google calendar, "+googletest.Account+":") {
		t.Errorf("taken in: %+v; said: %s", rows, stderr)
	}
	_, stderr = d.do(1, "move", "maya", "--start", "in 9 working days at 15:00", "--yes")
	if !strings.Contains(stderr, "another Google calendar, "+googletest.Account+";") {
		t.Errorf("said: %s", stderr)
	}
	d.told("invitation")
	if next := value(d.talk().Next); !strings.Contains(next, "name the calendar of its event in the config again") {
		t.Errorf("next: %s", next)
	}
	if _, stderr = d.do(1, "daemon", "--once"); !strings.Contains(stderr, "is not seen") {
		t.Errorf("said: %s", stderr)
	}
	if err := os.WriteFile(path, first, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr = d.do(0, "daemon", "--once"); stderr != "" {
		t.Errorf("said: %s", stderr)
	}
	d.told("invitation", "update")
	d.event()
}

// TestGoogleIdle looks twice at a calendar in which nothing has happened.
func TestGoogleIdle(t *testing.T) {
	d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n")
	d.do(0, "daemon", "--once")
	d.do(0, "sync")
	before := digest(t, d.dir)
	d.Forget()
	stdout, _ := d.do(0, "sync")
	if n := len(d.Requests()); n != 1 || !strings.Contains(stdout, "Nothing new") {
		t.Errorf("%d requests: %s", n, stdout)
	}
	if digest(t, d.dir) != before {
		t.Error("the state was written to")
	}
}

// digest is the bytes of the state.
func digest(t *testing.T, dir string) (all string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "state", "coalition.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "-shm") {
			continue
		}
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all += f + string(data)
	}
	return all
}

// TestGoogleFaults has each kind of trouble meet each kind of write: in the end there is one event, and
// one mail for each change.
func TestGoogleFaults(t *testing.T) {
	for _, fault := range []struct {
		name string
		googletest.Fault
	}{
		{"401", googletest.Fault{Status: 401}},
		{"403 rate", googletest.Fault{Status: 403, Reason: "userRateLimitExceeded"}},
		{"429", googletest.Fault{Status: 429, RetryAfter: time.Second}},
		{"500 before", googletest.Fault{Status: 500}},
		{"500 after", googletest.Fault{Status: 500, After: true}},
		{"503 of a front end", googletest.Fault{Status: 503, HTML: true}},
		{"cut before", googletest.Fault{Cut: true}},
		{"cut after", googletest.Fault{Cut: true, After: true}},
		{"torn", googletest.Fault{Torn: true}},
		{"409", googletest.Fault{Status: 409, After: true}},
		{"412", googletest.Fault{Status: 412}},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "", "maya", googlePlan)
			d.do(0, "ready", "maya", "--yes")
			d.do(0, "answer", "maya", "yes")
			for _, step := range []struct {
				call string
				args []string
				told []string
			}{
				{"events.insert", []string{"invite", "maya", "--yes"}, []string{"invitation"}},
				{"events.patch", []string{"move", "maya", "--start", "in 9 working days at 15:00", "--yes"}, []string{"invitation", "update"}},
				{"events.delete", []string{"cancel", "maya", "--yes"}, []string{"invitation", "update", "cancellation"}},
			} {
				f := fault.Fault
				f.Call = step.call
				d.Fail(f)
				d.do(0, step.args...)
				d.told(step.told...)
				d.event()
			}
			if e := d.event(); e.Status != "cancelled" {
				t.Errorf("in the end it is %s", e.Status)
			}
		})
	}
}

// TestGoogleRefuses is what nobody but Ana can mend: her sign-in, and Google's quota on guests.
func TestGoogleRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n", "tom", strings.Replace(googlePlan, "maya@", "tom@", 1))
	d.Quota(1000)
	d.do(1, "daemon", "--once")
	if next := value(d.talk().Next); !strings.Contains(next, "coalition invite maya --mail") {
		t.Errorf("next: %s", next)
	}
	if briefs := inOutbox(t, d.dir, "*-tom-brief-*.eml"); len(briefs) != 1 {
		t.Errorf("the other brief: %v", briefs)
	}
	inserts := d.Count("events.insert")
	d.do(1, "daemon", "--once")
	if n := d.Count("events.insert"); inserts != 1 || n != inserts {
		t.Errorf("%d, then %d tries while the quota lasts", inserts, n)
	}
	d.Heal()
	d.RevokeGrant()
	d.Forget()
	for range 3 {
		if _, stderr := d.do(4, "sync"); !strings.Contains(stderr, "coalition auth google") {
			t.Errorf("sync says: %s", stderr)
		}
		d.do(4, "daemon", "--once")
	}
	if n := d.Count("token"); n != 1 {
		t.Errorf("%d tries to renew a dead sign-in", n)
	}
	d.signIn()
	d.do(0, "daemon", "--once")
	d.event()
	d.told("invitation")
}

// TestGoogleByMail sends an invitation by mail that Google does not take.
func TestGoogleByMail(t *testing.T) {
	d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n")
	d.Quota(1000)
	d.do(1, "daemon", "--once")
	d.do(0, "invite", "maya", "--mail", "--yes")
	if files := inOutbox(t, d.dir, "*-invite-*.ics"); len(files) != 1 {
		t.Errorf("by mail: %v", files)
	}
	d.Heal()
	d.do(0, "daemon", "--once")
	d.do(0, "move", "maya", "--start", "in 9 working days at 15:00", "--yes")
	if r := d.talk(); value(r.Channel) != "mail" || r.EventID != nil || len(d.Events()) != 0 {
		t.Errorf("it went by %s, %d events", value(r.Channel), len(d.Events()))
	}
	if files := inOutbox(t, d.dir, "*-update-*.eml"); len(files) != 1 {
		t.Errorf("the update by mail: %v", files)
	}
}

// TestGoogleResync has Google forget where the program was, in the middle of its pages.
func TestGoogleResync(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"410", "400"} {
		t.Run(how, func(t *testing.T) {
			d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n")
			d.AddForeign(300)
			d.Set(func(s *googletest.Settings) { s.PageSize = 50 })
			d.do(0, "daemon", "--once")
			d.AddForeign(300)
			id := d.event().Id
			d.Answer(id, maya, "accepted", "")
			forgotten := false
			d.Hook(func(p googletest.Point, r googletest.Request) {
				if p == googletest.Arrived && r.Call == "events.list" && r.Query.Get("pageToken") != "" && !forgotten {
					forgotten = true
					if how == "410" {
						go d.ExpireSyncTokens()
					} else {
						go d.InvalidateSyncTokens()
					}
				}
			})
			d.do(0, "sync")
			d.do(0, "sync")
			if r := d.talk(); r.Status != "confirmed" {
				t.Errorf("the answer is lost: %s", r.Status)
			}
			d.ExpireSyncTokens()
			d.Delete(id, false)
			d.Set(func(s *googletest.Settings) { s.BareDeletions = true })
			d.do(0, "sync")
			if rows := d.history("sync"); len(rows) == 0 || !strings.Contains(value(rows[len(rows)-1].Text), "deleted in Google Calendar") {
				t.Errorf("that it is gone is not seen: %+v", rows)
			}
		})
	}
}

// TestGoogleKilled kills the program at every step of a request that changes something, and at every
// named point of its own: there is one event, and one mail for each change.
func TestGoogleKilled(t *testing.T) {
	points := []string{"before-decide", "after-decide", "before-claim", "after-claim", "before-dot", "after-dot", "before-settle", "after-settle"}
	for _, call := range []string{"events.insert", "events.patch", "events.delete", "events.list"} {
		for _, p := range []googletest.Point{googletest.Arrived, googletest.Done, googletest.Answered} {
			points = append(points, call+" "+strconv.Itoa(int(p)))
		}
	}
	for _, point := range points {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "", "maya", googlePlan)
			d.do(0, "answer", "maya", "yes")
			for _, change := range []func(){
				func() {},
				func() {
					path := filepath.Join(d.dir, "conversations", "maya.yaml")
					text := strings.Replace(googlePlan, "Riverside path", "South gate", 1)
					if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
					old := time.Now().Add(-time.Hour)
					if err := os.Chtimes(path, old, old); err != nil {
						t.Fatal(err)
					}
					d.Answer(d.event().Id, maya, "accepted", "")
				},
			} {
				change()
				d.killedAt(point)
				d.do(0, "daemon", "--once")
			}
			if r := d.talk(); d.event().Location != "South gate" || value(r.EventID) != d.event().Id {
				t.Errorf("in the end: %+v, %s", r, d.event().Location)
			}
			d.told("invitation", "update")
			d.Answer(d.event().Id, maya, "declined", "")
			d.do(0, "sync")
			if r := d.talk(); value(r.PartStat) != "DECLINED" {
				t.Errorf("the answer is %s", value(r.PartStat))
			}
			d.do(0, "pause")
			d.do(1, "cancel", "maya", "--yes")
			d.do(0, "resume")
			if !strings.HasSuffix(point, "decide") { // that is done
				d.killedAt(point)
			}
			d.do(0, "daemon", "--once")
			d.told("invitation", "update", "cancellation")
			if status := d.event().Status; status != "cancelled" {
				t.Errorf("in the end it is %s", status)
			}
			for _, row := range d.history("invite", "update", "cancel") {
				if row.State != nil && (*row.State != "sent" || row.Flagged) {
					t.Errorf("the %s is %s, flagged: %t", row.Kind, *row.State, row.Flagged)
				}
			}
		})
	}
}

// TestGoogleWord takes the organizer's word although a process was killed that was writing.
func TestGoogleWord(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n")
	d.killedAt("events.insert 1")
	for _, args := range [][]string{{"answer", "maya", "no"}, {"daemon", "--once"}} {
		if stdout, _ := d.do(0, args...); !strings.Contains(stdout, "cancel the talk") {
			t.Errorf("%s said: %s", args, stdout)
		}
	}
	d.do(0, "cancel", "maya", "--yes")
	d.told("invitation", "cancellation")
}

// TestGoogleBack takes a move back of which nobody knows yet that it has counted.
func TestGoogleBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n")
	d.do(0, "daemon", "--once")
	d.do(0, "pause")
	d.do(1, "move", "maya", "--start", "in 9 working days at 15:00", "--yes")
	d.do(0, "resume")
	d.killedAt("events.patch 1")
	if stdout, _ := d.do(0, "move", "maya", "--start", "in 8 working days at 10:00", "--yes"); !strings.Contains(stdout, "Nobody is written to, unless it turns out that the message before it has arrived.") {
		t.Errorf("said: %s", stdout)
	}
	d.do(0, "daemon", "--once")
	d.told("invitation", "update", "update")
	d.do(0, "daemon", "--once")
	d.told("invitation", "update", "update")
}

// killedAt runs the daemon until it is killed at that point, or has nothing left to do where it does not
// come there.
func (d *desk) killedAt(point string) {
	d.t.Helper()
	config := filepath.Join(d.dir, "config.yaml")
	var stderr bytes.Buffer
	cmd := binary("killed", config)
	call, n, ofGoogle := strings.Cut(point, " ")
	started := make(chan struct{})
	if ofGoogle {
		cmd = binary("coalition", "--config", config, "daemon", "--once")
		when, _ := strconv.Atoi(n)
		d.Hook(func(p googletest.Point, r googletest.Request) {
			if int(p) == when && r.Call == call {
				<-started
				cmd.Process.Kill()
			}
		})
		defer d.Hook(nil)
	} else {
		cmd.Env = append(os.Environ(), "KILL_AT="+point+" 1")
	}
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	close(started)
	_ = cmd.Wait() // as killed, mostly
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL && (!ofGoogle || s.ExitStatus() != 0) {
		d.t.Fatalf("the daemon has ended by itself: %v\n%s", cmd.ProcessState, stderr.String())
	}
}

// TestGoogleSecrets: no token, code or secret is in what is said, logged or stored, but in the file that
// is for it; and what stands under private: is in no request.
func TestGoogleSecrets(t *testing.T) {
	t.Parallel()
	files := canaryFiles()
	d := newDesk(t, "notify: true\n", "maya", googlePlan+"permitted: In person.\n"+strings.TrimPrefix(files[3], mayaPlan), "tomas", files[5], "slip", files[13])
	var said bytes.Buffer
	do := func(args ...string) {
		cmd := binary("coalition", append([]string{"--config", filepath.Join(d.dir, "config.yaml")}, args...)...)
		cmd.Dir = d.dir
		out, _ := cmd.CombinedOutput() // some are refused
		fmt.Fprintf(&said, "$ %s\n%s\n", strings.Join(args, " "), out)
	}
	all := func() {
		do("auth", "status")
		do("auth", "status", "--json")
		do("daemon", "--once")
		do("invite", "maya", "--dry-run", "--json")
		do("sync", "--json")
		do("list", "--json")
		do("show", "maya", "--json")
		do("log", "--json")
	}
	all()
	d.Answer(d.event().Id, maya, "tentative", "Perhaps")
	do("move", "maya", "--start", "in 9 working days at 15:00", "--yes")
	d.ExpireAccessTokens()
	all()
	for _, f := range []googletest.Fault{{Status: 400, Reason: "invalid_request"}, {Status: 500, HTML: true}, {Cut: true}, {Torn: true}} {
		d.ExpireAccessTokens()
		f.Call = "token"
		d.Fail(f)
		do("sync")
		d.Heal()
	}
	d.RevokeGrant()
	all()
	secrets := d.Secrets()
	if len(secrets) < 5 {
		t.Fatalf("only %d secrets were handed out", len(secrets))
	}
	look := func(where string, data []byte) {
		for _, s := range secrets {
			if bytes.Contains(data, []byte(s)) {
				t.Errorf("a secret is in %s:\n%s", where, data)
			}
		}
	}
	look("what was said", said.Bytes())
	err := filepath.WalkDir(d.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "token.json" {
			return err
		}
		data, err := os.ReadFile(path)
		look(path, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(d.dir, "token.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of the token: %v, %v", info, err)
	}
	for _, r := range d.Requests() {
		for key, canary := range canaries {
			if strings.Contains(strings.ToLower(r.Path+r.Query.Encode()+string(r.Body)), strings.ToLower(canary)) {
				t.Errorf("%s of the private block is in a request:\n%s %s\n%s", key, r.Method, r.Path, r.Body)
			}
		}
	}
	if found := leaked(t, d.dir, said.Bytes()); len(found) > 0 {
		t.Errorf("leaked: %v", found)
	}
	if !bytes.Contains(said.Bytes(), []byte("auth google")) || d.Count("events.patch") == 0 {
		t.Errorf("the run has not come far:\n%s", said.Bytes())
	}
}

// TestGoogleEnds warns before a sign-in of a client that is being tested ends.
func TestGoogleEnds(t *testing.T) {
	d := newDesk(t, "", "maya", googlePlan)
	for left, warned := range map[time.Duration]bool{0: false, 7 * 24 * time.Hour: false, 30 * time.Hour: true} {
		d.Set(func(s *googletest.Settings) { s.RefreshExpiresIn = left })
		d.signIn()
		if _, stderr := d.do(0, "sync"); strings.Contains(stderr, "ends on") != warned {
			t.Errorf("%s before the end, sync says: %q", left, stderr)
		}
	}
}

// TestGoogleBlind has a daemon come up while Google is out of order: the reminder that is due goes as soon as
// the calendar could be read.
func TestGoogleBlind(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n")
	d.do(0, "daemon", "--once")
	start := instantOf(t, d.event().Start.DateTime)
	d.Fail(googletest.Fault{Call: "events.list", Status: 404, Reason: "notFound", Times: 1})
	r := startDaemon(t, d.dir, "--at", start.Add(-23*time.Hour).Format(time.RFC3339))
	r.await("msg=sent id=maya kind=reminder")
	if code := r.stop(); code != 0 {
		t.Errorf("the daemon: exit %d", code)
	}
}

// TestGoogleDaemon is the daemon while people work in the calendar: a hint of Google's makes it look at
// once, and what follows goes by itself.
func TestGoogleDaemon(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	d := newDesk(t, fmt.Sprintf("web: {listen: %q, public_url: https://talk.example.org}\n", address), "maya", googlePlan+"permitted: In person.\n")
	d.Set(func(s *googletest.Settings) { s.Push = "http://" + address })
	r := startDaemon(t, d.dir)
	r.await("tells of changes")
	r.await("sent")
	d.Answer(d.event().Id, maya, "accepted", "")
	if err := d.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.await("taken in from the calendar")
	if r := d.talk(); r.Status != "confirmed" {
		t.Errorf("it is %s", r.Status)
	}
	if code := r.stop(); code != 0 {
		t.Errorf("the daemon: exit %d", code)
	}
	d.told("invitation")
}

// TestGoogleOddThings is what people do to an event beside answering it, seen and mended by commands.
func TestGoogleOddThings(t *testing.T) {
	const team = "team@group.calendar.google.com"
	invited := func(t *testing.T) (*desk, string) {
		t.Parallel()
		d := newDesk(t, "", "maya", googlePlan+"permitted: In person.\n")
		d.do(0, "daemon", "--once")
		return d, d.event().Id
	}
	lists := func(d *desk, want string) {
		d.t.Helper()
		if stdout, _ := d.do(0, "list"); !strings.Contains(strings.Join(strings.Fields(stdout), " "), want) {
			d.t.Errorf("the list lacks %q:\n%s", want, stdout)
		}
	}
	t.Run("moved into another calendar", func(t *testing.T) {
		d, id := invited(t)
		d.AddCalendar(team, "Team", "owner")
		d.MoveTo(id, team)
		d.do(0, "sync")
		lists(d, "its event is in another Google calendar of yours, "+team)
		d.Answer(id, maya, "accepted", "")
		d.do(0, "sync")
		if r := d.talk(); value(r.PartStat) != "ACCEPTED" || r.Status != "confirmed" {
			t.Errorf("what happens there is not seen: %+v", r)
		}
		d.do(0, "cancel", "maya", "--yes")
		if e := d.Event(id); e.Status != "cancelled" {
			t.Errorf("it is %s", e.Status)
		}
		d.told("invitation", "cancellation")
	})
	t.Run("a right that was lowered", func(t *testing.T) {
		d, id := invited(t)
		d.Answer(id, maya, "accepted", "")
		d.do(0, "sync")
		for _, role := range []string{"reader", "freeBusyReader"} {
			d.Role("primary", role)
			if _, stderr := d.do(1, "sync"); !strings.Contains(stderr, "may not change the calendar") {
				t.Errorf("said: %s", stderr)
			}
			if r := d.talk(); r.Status != "confirmed" || len(d.history("sync")) > 0 {
				t.Errorf("%s: it is %+v", role, r)
			}
		}
		d.Role("primary", "owner")
		d.do(0, "sync")
		if r := d.talk(); r.Status != "confirmed" || len(d.history("sync")) > 0 {
			t.Errorf("given back: it is %+v", r)
		}
	})
	t.Run("a lost state", func(t *testing.T) {
		d, id := invited(t)
		d.Answer(id, maya, "accepted", "")
		d.do(0, "sync")
		lost, err := filepath.Glob(filepath.Join(d.dir, "state", "*.db*"))
		if err != nil || len(lost) == 0 {
			t.Fatalf("%v, %v", lost, err)
		}
		for _, path := range lost {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		d.do(0, "sync")
		if r := d.talk(); r.Status != "confirmed" || value(r.EventID) != id || value(r.PartStat) != "ACCEPTED" {
			t.Errorf("it is %+v", r)
		}
		d.do(0, "daemon", "--once")
		d.event()
		d.told("invitation")
		if files := inOutbox(t, d.dir, "*"); len(files) > 0 {
			t.Errorf("there has gone %v", files)
		}
	})
	t.Run("cancelled, and back", func(t *testing.T) {
		d, id := invited(t)
		d.do(0, "cancel", "maya", "--yes")
		d.Restore(id, false)
		d.do(0, "sync")
		lists(d, "take the event out again")
		d.do(0, "cancel", "maya", "--yes")
		if e := d.Event(id); e.Status != "cancelled" {
			t.Errorf("it is %s", e.Status)
		}
		d.told("invitation", "cancellation", "cancellation")
	})
	t.Run("for the whole day", func(t *testing.T) {
		d, id := invited(t)
		start := d.Event(id).Start.DateTime
		d.Edit(id, false, func(e *calendar.Event) {
			day := e.Start.DateTime[:10]
			next, _ := time.Parse(time.DateOnly, day)
			e.Start, e.End = &calendar.EventDateTime{Date: day}, &calendar.EventDateTime{Date: next.AddDate(0, 0, 1).Format(time.DateOnly)}
		})
		d.do(0, "sync")
		lists(d, "no time of day any more")
		next := value(d.talk().Next)
		_, at, _ := strings.Cut(next, `--start "`)
		at, _, _ = strings.Cut(at, `"`)
		d.do(0, "move", "maya", "--start", at, "--yes")
		if e := d.Event(id); e.Start.DateTime != start {
			t.Errorf("it is at %+v", e.Start)
		}
		d.told("invitation", "update")
	})
}
