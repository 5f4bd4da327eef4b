package scheduler_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/worklist"
	"coalition/templates"
)

// paged is a world in which Maya has got a brief with a link to its page, and the token in it.
func paged(t *testing.T, changes ...string) (*world, string) {
	t.Helper()
	w := newWorld(t)
	w.with(func(c *scheduler.Config) {
		c.Link = func(token string) string { return "https://talk.example.org/a/" + token }
	})
	w.plan("maya", maya(append([]string{"when: {times: [2027-03-04 10:00, 2027-03-05 15:00, 2027-03-08 9:30]}"}, changes...)...))
	w.pass()
	w.want("brief-0")
	w.later(time.Hour)
	return w, w.token()
}

// token is that of the newest brief.
func (w *world) token() string {
	w.t.Helper()
	text := strings.ReplaceAll(string(w.arrived[len(w.arrived)-1].Data), "=\r\n", "")
	m := regexp.MustCompile(`https://talk\.example\.org/a/([\w-]+)`).FindStringSubmatch(text)
	if m == nil {
		w.t.Fatalf("no link in the brief:\n%s", text)
	}
	return m[1]
}

func (w *world) open(token string) *templates.Page {
	w.t.Helper()
	p, _, err := w.Pages.Page(context.Background(), token)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) choose(token string, choice templates.Choice, note string) *templates.Page {
	w.t.Helper()
	p, _, err := w.Pages.Answer(context.Background(), token, templates.Reply{Choice: choice, Note: note})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestPageAnswers(t *testing.T) {
	for _, test := range []struct {
		choice templates.Choice
		status conversation.Status
		answer string
		open   bool // after five minutes, before anything has followed
		sends  string
	}{
		{"yes2", conversation.Permitted, "yes", true, "brief-0 invite-0"},
		{"yes", conversation.Permitted, "yes", true, "brief-0"},
		{"no", conversation.Declined, "no", false, "brief-0"},
		{"later", conversation.Later, "later", true, "brief-0"},
		{"question", conversation.Asked, "question", true, "brief-0"},
	} {
		w, token := paged(t)
		if p := w.open(token); !p.Open || len(p.Times) != 3 || p.Answer != "" || p.HasCalendar {
			t.Fatalf("before an answer: %+v", p)
		}
		p := w.choose(token, test.choice, "Note\nof two lines")
		c := w.find("maya")
		if p.Problem != "" || c.Status(w.now) != test.status || c.Answer.Value != test.answer || c.Answer.How != "page" || p.Changeable.Sub(w.now) != 5*time.Minute || !p.Open {
			t.Errorf("%s: %s, %+v, page %+v", test.choice, c.Status(w.now), c.Answer, p)
		}
		for _, after := range []time.Duration{0, 5*time.Minute - time.Second} {
			w.later(after)
			w.pass()
			w.want("brief-0")
		}
		w.later(time.Second)
		if p := w.open(token); p.Open != test.open {
			t.Errorf("%s: after five minutes the form is open: %t", test.choice, p.Open)
		}
		w.pass()
		w.want(test.sends)
	}
}

// The daemon looks again when the five minutes are over, without anybody waking it.
func TestPageWakes(t *testing.T) {
	w, token := paged(t)
	w.choose(token, "yes2", "")
	if r := w.pass(); !r.Again.Equal(w.now.Add(5 * time.Minute)) {
		t.Errorf("to look again at %s; want in five minutes", r.Again)
	}
}

// What waits for the organizer is told when it can't be changed any more, whatever else happens before.
func TestPageIsToldLate(t *testing.T) {
	w, token := paged(t)
	w.Notify = true
	w.choose(token, "later", "")
	answered := w.now
	w.later(time.Minute)
	w.plan("maya", maya("when: {times: [2027-03-04 10:00, 2027-03-05 15:00, 2027-03-08 9:30]}", "purpose: Another one."))
	if r := w.pass(); !r.Again.Equal(answered.Add(5 * time.Minute)) {
		t.Errorf("to look again at %s; want five minutes after the answer", r.Again)
	}
	w.want("brief-0")
	w.later(4 * time.Minute)
	w.pass()
	w.want("brief-0 notice-0")
}

// An answer is changed as often as one likes within five minutes, and only the last one counts.
func TestPageChanged(t *testing.T) {
	w, token := paged(t)
	w.Notify = true
	w.choose(token, "yes2", "Hiring")
	if !w.open(token).HasCalendar {
		t.Error("a yes with a time gives no calendar entry")
	}
	w.later(time.Minute)
	w.choose(token, "no", "")
	w.later(time.Minute)
	p := w.choose(token, "yes", "Friday is better")
	if !p.Start.IsZero() || p.HasCalendar {
		t.Errorf("after a yes without a time there is one: %+v", p)
	}
	if c := w.find("maya"); len(c.Proposed) != 0 {
		t.Errorf("words about the time are proposed for the agenda: %q", c.Proposed)
	}
	w.later(time.Minute)
	w.choose(token, "yes3", "Budget")
	w.pass()
	w.want("brief-0")
	w.later(5 * time.Minute)
	for range 2 {
		w.pass()
		w.want("brief-0 invite-0 notice-0")
	}
	c := w.find("maya")
	if c.Answer.Value != conversation.Yes || len(c.Proposed) != 1 || c.Proposed[0] != "Budget" || !c.Start(w.now).Equal(start.Add(4*24*time.Hour-30*time.Minute)) {
		t.Errorf("%+v, proposed %q, start %s", c.Answer, c.Proposed, c.Start(w.now))
	}
}

// Nothing that a partner sends is lost: what comes too late to count is shown, and they are told so.
func TestPageTooLate(t *testing.T) {
	for _, test := range []struct {
		first, then templates.Choice
		sends       string
	}{{"yes2", "no", "brief-0 invite-0"}, {"no", "yes1", "brief-0"}} {
		w, token := paged(t)
		w.choose(token, test.first, "")
		w.later(5 * time.Minute)
		w.pass()
		w.want(test.sends)
		w.Notify = true
		before := w.find("maya").Answer.Value
		for range 2 {
			if p := w.choose(token, test.then, "I was too quick."); p.Problem != templates.TooLate || p.Note != "I was too quick." {
				t.Errorf("%s, then %s: %+v", test.first, test.then, p)
			}
		}
		if c := w.find("maya"); c.Answer.Value != before || c.Remark == nil || !strings.Contains(c.Remark.Text, "I was too quick.") {
			t.Errorf("%s, then %s: %+v, %+v", test.first, test.then, c.Answer, c.Remark)
		}
		w.pass()
		w.want(test.sends + " notice-0")
	}
}

// As long as no invitation has gone, a yes can be taken back, also after the five minutes.
func TestPageTakenBack(t *testing.T) {
	w, token := paged(t)
	w.choose(token, "yes2", "Hiring")
	w.later(10 * time.Minute) // no daemon runs
	w.choose(token, "question", "Could it be shorter?")
	for range 2 {
		w.later(10 * time.Minute)
		w.pass()
		w.want("brief-0")
	}
}

// A yes to none of the times takes back the time of an earlier yes, however late it comes.
func TestPageNoneOfThem(t *testing.T) {
	w, token := paged(t)
	w.choose(token, "yes2", "")
	w.later(10 * time.Minute) // no daemon runs
	w.choose(token, "yes", "")
	w.later(10 * time.Minute)
	w.pass()
	w.want("brief-0")
	if next := roster.Next(w.find("maya"), w.now).Next; next != "choose a time: coalition invite maya --start TIME" {
		t.Errorf("next %q", next)
	}
}

// A yes to another time than the one proposed is no yes to that one.
func TestPageAnotherTime(t *testing.T) {
	for _, test := range []struct{ name, plan, tom, edit, why string }{
		{"taken meanwhile", "when: {start: 2027-03-04 10:00}", "when: {start: 2027-03-04 10:30}", "", "taken by the talk tom"},
		{"the plan names another meanwhile", "when: {start: 2027-03-04 10:00}", "", "when: {start: 2027-03-05 10:00}", "not free any more"},
	} {
		w, token := paged(t, test.plan)
		if test.tom != "" {
			w.plan("tom", strings.ReplaceAll(maya("permitted: He said so.", test.tom), "maya@", "tom@"))
		}
		if test.edit != "" {
			w.plan("maya", maya(test.edit))
		}
		w.pass()
		before := w.kinds()
		if p := w.open(token); len(p.Times) != 0 {
			t.Errorf("%s: offered %v", test.name, p.Times)
		}
		w.choose(token, "yes", "")
		w.later(10 * time.Minute)
		w.pass()
		w.want(before)
		w.wantStep("maya", "choose a time (Thu 4 Mar 2027 10:00 (Europe/Lisbon), which was offered, is "+test.why+"; no other time of the plan is left): coalition invite maya --start TIME", "")
		w.plan("maya", maya("when: {start: 2027-03-09 10:00}")) // the organizer does
		w.pass()
		w.want(before + " invite-0")
	}
}

// A change of the time alone keeps the words that came with it.
func TestPageKeepsWords(t *testing.T) {
	w, token := paged(t)
	w.choose(token, "yes1", "Please add the budget")
	w.choose(token, "yes2", "")
	if c := w.find("maya"); c.Answer.Note != "Please add the budget" || len(c.Proposed) != 1 {
		t.Errorf("%+v, %q", c.Answer, c.Proposed)
	}
}

// A page has no original to go back to: what was written there is kept whole.
func TestPageKeepsLongWords(t *testing.T) {
	w, token := paged(t)
	note := strings.Repeat("word ", 380) + "THE END"
	w.choose(token, "question", note)
	if c := w.find("maya"); c.Answer.Note != note {
		t.Errorf("of %d characters %d are kept", len(note), len(c.Answer.Note))
	}
}

// The link of a brief holds until that of the next one has left.
func TestPageBeforeTheNext(t *testing.T) {
	w, token := paged(t)
	w.answer = func(*invites.Submission, func() error) error {
		return &invites.DeliveryError{Code: 451, Text: "not now"}
	}
	w.commit(w.ask(w.find("maya"), true, w.now))
	w.pass()
	if w.open(token) == nil {
		t.Error("the only link that she has got is dead")
	}
	w.answer = nil
	w.again()
	w.want("brief-0 brief-0")
	if w.open(token) != nil || w.open(w.token()) == nil {
		t.Error("the older link outlives the newer one, or that is dead")
	}
}

// What the page offers is what is still ahead and free, under the numbers of the brief.
func TestPageTimes(t *testing.T) {
	w, token := paged(t)
	w.plan("tom", strings.NewReplacer("maya@", "tom@").Replace(maya("permitted: He said so.", "when: {start: 2027-03-05 15:30}")))
	w.pass()
	p := w.open(token)
	if len(p.Times) != 2 || p.Numbers[0] != 1 || p.Numbers[1] != 3 {
		t.Fatalf("offered: %v %v", p.Numbers, p.Times)
	}
	if p := w.choose(token, "yes2", "kept"); p.Problem != templates.TimeGone || p.Note != "kept" || w.find("maya").Answer != nil {
		t.Errorf("a time that is taken: %+v", p)
	}
	for _, choice := range []templates.Choice{"yes0", "yes4", "yes-1", "yes1x", "yes 1", "yes+1", "1", "", "maybe"} {
		if p := w.choose(token, choice, ""); p.Problem == "" || w.find("maya").Answer != nil {
			t.Errorf("%q was taken in: %+v", choice, p)
		}
	}
	w.now = start.Add(time.Minute)
	if p := w.open(token); len(p.Times) != 1 || p.Numbers[0] != 3 {
		t.Errorf("later: %v %v", p.Numbers, p.Times)
	}
}

// A link leads nowhere when it was never given out, another brief has gone, all is cancelled, or its time is over.
func TestPageGone(t *testing.T) {
	w, token := paged(t)
	for _, wrong := range []string{"", "x", token[:len(token)-1], token + "A", strings.ToUpper(token)} {
		if w.open(wrong) != nil {
			t.Errorf("the token %q leads somewhere", wrong)
		}
		if w.choose(wrong, "yes2", "") != nil || w.find("maya").Answer != nil {
			t.Errorf("the token %q was taken", wrong)
		}
	}
	w.commit(w.ask(w.find("maya"), true, w.now))
	w.pass()
	newer := w.token()
	if w.open(token) != nil || w.open(newer) == nil {
		t.Error("the link of the first brief outlives it, or that of the second is dead")
	}
	w.now = start.Add(7 * 24 * time.Hour)
	if w.open(newer) != nil {
		t.Error("the link outlives the talk")
	}
	w, token = paged(t)
	w.commit(w.callOff(w.find("maya"), "", w.now))
	if w.open(token) != nil {
		t.Error("the link outlives a cancellation")
	}
}

// After the invitation the page shows it, and takes no answer; its entry is that of the invitation.
func TestPageInvited(t *testing.T) {
	w, token := paged(t)
	w.choose(token, "yes2", "")
	entry, err := w.Pages.Calendar(context.Background(), token)
	if err != nil || !strings.Contains(string(entry), "METHOD:PUBLISH") {
		t.Fatalf("%v:\n%s", err, entry)
	}
	w.later(5 * time.Minute)
	w.pass()
	w.want("brief-0 invite-0")
	uid := regexp.MustCompile(`UID:\w+`)
	if before, after := uid.Find(entry), uid.Find(w.arrived[1].Calendar); len(before) == 0 || string(before) != string(after) {
		t.Errorf("the entry has %s, the invitation %s", before, after)
	}
	if p := w.open(token); !p.Invited || p.Open || !p.Start.Equal(start.Add(29*time.Hour)) {
		t.Errorf("%+v", p)
	}
	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(20*24*time.Hour)), w.now))
	w.pass()
	w.now = start.Add(19 * 24 * time.Hour)
	if w.open(token) == nil {
		t.Error("the page ends before the talk, which was moved")
	}
	w.now = monday.Add(2 * time.Hour)
	w.choose(token, "no", "")
	if c := w.find("maya"); c.Answer.Value != conversation.Yes || c.Status(w.now) != conversation.Invited {
		t.Errorf("%+v, %s", c.Answer, c.Status(w.now))
	}
}

// The state holds the hash of a token, and nothing of the private block comes near a page.
func TestPageKeepsSecrets(t *testing.T) {
	w, token := paged(t, "private: {why: Canary}")
	if c := w.find("maya"); strings.Contains(c.Page, token) || len(c.Page) != 64 {
		t.Errorf("stored: %s", c.Page)
	}
	if len(token) != 22 {
		t.Errorf("the token %s has not 128 bits", token)
	}
	if _, n, err := w.store.Page(context.Background(), token); n != 0 || err != nil {
		t.Error("found by the token itself")
	}
}

// With a page, a mail is an answer as well as ever: the last word counts.
func TestPageThenMail(t *testing.T) {
	w, token := paged(t)
	w.choose(token, "yes2", "")
	w.later(time.Minute)
	w.receive(&invites.Mail{Key: "k", At: w.now, From: invites.Address{Email: "maya@example.org"}, Refs: []string{w.arrived[0].MessageID}, Sort: invites.Personal, Text: "no"})
	w.later(10 * time.Minute)
	w.pass()
	w.want("brief-0")
	if got := w.status("maya"); got != conversation.Declined {
		t.Errorf("status %s", got)
	}
	if w.open(token).Open {
		t.Error("the page is open after a no by mail")
	}
}

// Who chooses a time on the page that another talk has by now sees that there; the log and the list say so at once, and
// another choice settles it.
func TestPageTaken(t *testing.T) {
	w, token := paged(t)
	w.Notify = true
	w.plan("tom", strings.NewReplacer("maya@", "tom@").Replace(maya("permitted: He said so.", "when: {start: 2027-03-05 15:30}")))
	w.pass()
	for range 2 { // a second click is none more
		if p := w.choose(token, "yes2", ""); p.Problem != templates.TimeGone {
			t.Errorf("the page: %+v", p)
		}
	}
	c := w.find("maya")
	const says = "15:00 (Europe/Lisbon), which was offered, is taken by the talk tom"
	events := must(w.store.History(context.Background(), "maya"))
	if n := len(events); n == 0 || !strings.Contains(events[n-1].Text, says) || !strings.Contains(fmt.Sprint(worklist.Lines(c, w.now)), says) || len(c.Notices) != 0 || c.Answer != nil {
		t.Errorf("log %v, waiting %q, notices %+v, answer %+v", events, worklist.Lines(c, w.now), c.Notices, c.Answer)
	}
	if next := roster.Next(c, w.now).Next; !strings.HasPrefix(next, "wait for the answer") {
		t.Errorf("next %q", next)
	}
	w.choose(token, "yes1", "")
	if c := w.find("maya"); c.Remark != nil || c.Answer.Slot.IsZero() {
		t.Errorf("after another choice: %+v, %+v", c.Remark, c.Answer)
	}
	// By mail she reads it on the page as well, and can choose there.
	w, token = paged(t)
	letter := w.letter("2")
	w.plan("tom", strings.NewReplacer("maya@", "tom@").Replace(maya("permitted: He said so.", "when: {start: 2027-03-05 15:30}")))
	w.pass()
	w.receive(letter)
	if p := w.open(token); p.Before.Start.IsZero() || !p.Open || len(p.Times) != 2 {
		t.Errorf("the page after her mail: %+v", p)
	}
	if p := w.choose(token, "yes1", ""); p.Problem != "" || p.Start.IsZero() {
		t.Errorf("the page after another choice: %+v", p)
	}
}
