package scheduler_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/intake"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/worklist"
)

// A letter is a mail of Maya's that answers the newest message she has got.
func (w *world) letter(text string) *invites.Mail {
	w.t.Helper()
	last := w.arrived[len(w.arrived)-1]
	return &invites.Mail{Key: fmt.Sprint(w.now.UnixNano(), text, len(w.arrived)), MessageID: "r@example.org", At: w.now,
		From: invites.Address{Name: "Maya Chen", Email: "maya@example.org"}, Refs: []string{last.MessageID}, Sort: invites.Personal, Text: text}
}

// reply is what Maya's calendar answers to the newest invitation.
func (w *world) reply(method invites.Method, p invites.PartStat) *invites.Mail {
	w.t.Helper()
	c := w.find("maya")
	mail := w.letter("")
	mail.Key += string(p) + string(method)
	at := c.Start(w.now).UTC()
	mail.Calendar = &invites.Object{Method: method, UID: c.UID, Sequence: c.Sequence, Stamp: w.now.UTC(), Start: at, End: at.Add(c.Length()),
		Attendees: []invites.Attendee{{Email: "maya@example.org", PartStat: p}}}
	return mail
}

// receive takes in one mail, and gives what became of it.
func (w *world) receive(mail *invites.Mail) intake.Receipt {
	w.t.Helper()
	list, err := w.Intake.Receive(context.Background(), []*invites.Mail{mail})
	if err != nil || len(list) != 1 {
		w.t.Fatalf("received: %v, %v", list, err)
	}
	return list[0]
}

// asked is a world in which Maya has got a brief with three times.
func asked(t testing.TB, changes ...string) *world {
	w := newWorld(t)
	w.plan("maya", maya(append([]string{"when: {times: [2027-03-04 10:00, 2027-03-05 15:00, 2027-03-08 9:30]}"}, changes...)...))
	w.pass()
	w.want("brief-0")
	w.later(time.Hour)
	return w
}

// invited is a world in which Maya has been invited to the first of them.
func invited(t testing.TB) *world {
	w := asked(t)
	w.receive(w.letter("1"))
	w.pass()
	w.want("brief-0 invite-0")
	w.later(time.Hour)
	return w
}

func TestPlainReply(t *testing.T) {
	for _, test := range []struct {
		text   string
		status conversation.Status
		answer string
		start  string // "" none is known
		next   string // begins so
	}{
		{"2", conversation.Permitted, "yes", "2027-03-05 15:00", "send the invitation"},
		{"Yes please", conversation.Permitted, "yes", "", "choose a time"},
		{"3 or 1", conversation.Permitted, "yes", "2027-03-04 10:00", "send the invitation"},
		{"no thanks", conversation.Declined, "no", "", "let it rest"},
		{"later", conversation.Later, "later", "", "ask again"},
		{"7", conversation.Asked, "question", "", "answer the question"},
		{"What would it be about?", conversation.Asked, "question", "", "answer the question"},
		{"", conversation.Asked, "question", "", "answer the question"},
		{"2\n\n" + strings.Repeat("There is so much to say about this. ", 20), conversation.Asked, "question", "", "answer the question"},
		{"Yes, 1.\nThe hiring plan matters to me.", conversation.Permitted, "yes", "2027-03-04 10:00", "take or leave"},
		{"Yes, 1.\nSubject to approval.", conversation.Asked, "question", "", "answer the question"},
		{"Yes, 1 works for me.\n\nBest wishes\nMaya\n\nMaya Chen | 14 Harbour Street | +44 20 5550 0142\n" + strings.Repeat("This message may be confidential. If it was not meant for you, delete it. ", 8),
			conversation.Permitted, "yes", "2027-03-04 10:00", "send the invitation"},
		{"1\nMaya\n14 Harbour Street", conversation.Permitted, "yes", "2027-03-04 10:00", "send the invitation"},
		{"Nein, keine Zeit", conversation.Declined, "no", "", "let it rest"},
	} {
		w := asked(t)
		r := w.receive(w.letter(test.text))
		c := w.find("maya")
		at := ""
		if s := c.Start(w.now); !s.IsZero() {
			at = s.Format("2006-01-02 15:04")
		}
		if !r.Counted || c.Status(w.now) != test.status || c.Answer == nil || c.Answer.Value != test.answer || c.Answer.How != "mail" || at != test.start || !strings.HasPrefix(roster.Next(c, w.now).Next, test.next) {
			t.Errorf("%q: %+v: status %s, answer %+v, start %q, next %q", test.text, r, c.Status(w.now), c.Answer, at, roster.Next(c, w.now).Next)
		}
		before := w.kinds()
		if again := w.receive(w.letter(test.text)); again.Counted {
			t.Errorf("%q: the same mail counted twice", test.text)
		}
		w.want(before)
	}
}

// The times of a brief that was sent once more are not those of the first one.
func TestReplyToOldBrief(t *testing.T) {
	for _, via := range []string{"", "file"} { // whose replies are known by their subject, too
		w := asked(t)
		old := w.letter("1")
		w.plan("maya", maya("when: {times: [2027-03-11 10:00, 2027-03-12 15:00]}"))
		d := must(w.ask(w.find("maya"), true, w.now))
		if via != "" {
			d.Messages[0].State, d.Messages[0].Via = outbox.Accepted, via
		}
		w.commit(d, nil)
		w.pass()
		w.later(time.Hour)
		old.At, old.Subject = w.now, "Re: May we talk about working as partners?"
		w.receive(old)
		if c := w.find("maya"); c.Status(w.now) != conversation.Asked || c.Answer == nil || c.Answer.Value != conversation.Query {
			t.Errorf("after a number that answers the first brief %q: %s, %+v", via, c.Status(w.now), c.Answer)
		}
	}
}

func TestWhoIsBelieved(t *testing.T) {
	type change func(*invites.Mail)
	for _, test := range []struct {
		name string
		mail change
		why  string // a part of what is said of it; "": it is believed
	}{
		{"the invited address", func(*invites.Mail) {}, ""},
		{"in capitals", func(m *invites.Mail) { m.From.Email = "MAYA@example.org" }, ""},
		{"an alias", func(m *invites.Mail) { m.From.Email = "chen@example.net" }, ""},
		{"a server of her domain", func(m *invites.Mail) {
			m.From.Email, m.ReplyTo.Email = "noreply@example.org", "maya@example.org"
		}, ""},
		{"a server below it", func(m *invites.Mail) {
			m.From.Email, m.ReplyTo.Email = "noreply@cloud.example.org", "maya@example.org"
		}, ""},
		{"another server", func(m *invites.Mail) {
			m.From.Email, m.ReplyTo.Email = "noreply@badexample.org", "maya@example.org"
		}, "does not come from maya@example.org"},
		{"a domain above", func(m *invites.Mail) { m.From.Email, m.ReplyTo.Email = "noreply@org", "maya@example.org" }, "does not come from maya@example.org"},
		{"somebody else", func(m *invites.Mail) { m.From.Email = "mallory@example.org" }, "does not come from maya@example.org"},
		{"nobody", func(m *invites.Mail) { m.From = invites.Address{} }, "an unreadable address: it does not come from"},
		{"a doubt", func(m *invites.Mail) { m.Doubt = "neither SPF nor DKIM passed" }, "neither SPF nor DKIM passed. If it is theirs all the same"},
		{"DMARC failed, but it names our brief", func(m *invites.Mail) { m.Refused = "DMARC failed" }, ""},
		{"DMARC failed, and it names nothing", func(m *invites.Mail) {
			m.Refused, m.Refs, m.Subject = "DMARC failed", nil, "Re: May we talk about working as partners?"
		}, "not believed: a mail from maya@example.org: the receiving server could not verify who sent it (DMARC failed)"},
		{"DMARC failed, and it names the mail of somebody else", func(m *invites.Mail) {
			m.Refused, m.Refs, m.Subject = "DMARC failed", []string{"x@example.net"}, "Re: May we talk about working as partners?"
		}, "could not verify who sent it (DMARC failed), and it names no message of ours. If it is theirs"},
		{"spam", func(m *invites.Mail) { m.Sort = invites.Spam }, "marked as spam"},
		{"a list", func(m *invites.Mail) { m.Sort = invites.List }, "marked as list mail"},
		{"a robot", func(m *invites.Mail) { m.Sort = invites.Robot }, "an automatic reply"},
	} {
		w := asked(t, "  email: maya@example.org\n  aliases: [chen@example.net]")
		mail := w.letter("2")
		test.mail(mail)
		r, believed := w.receive(mail), test.why == ""
		c := w.find("maya")
		if r.Counted != believed || (c.Answer != nil) != believed || !strings.Contains(r.What, test.why) {
			t.Errorf("%s: %+v, answer %+v", test.name, r, c.Answer)
		}
		if events := must(w.store.History(context.Background(), "maya")); !slices.ContainsFunc(events, func(e conversation.HistoryEntry) bool { return e.Text == r.What }) {
			t.Errorf("%s: the log does not show %q: %v", test.name, r.What, events)
		}
		w.pass()
		if believed {
			w.want("brief-0 invite-0")
		} else {
			w.want("brief-0")
		}
	}
}

// Mail that belongs to nothing leaves no trace. What names no message of ours counts only under the subject
// of the brief, and where a trusted server says that it is the partner's; otherwise it is shown, with its
// subject and the reason, and starts nothing.
func TestNoReference(t *testing.T) {
	const subject = "Re: May we talk about working as partners?"
	for _, test := range []struct {
		name   string
		mail   func(*invites.Mail)
		answer string // "" none
		shown  string // what the list says of it; "": nothing
	}{
		{"a reply by its subject", func(m *invites.Mail) { m.Subject, m.Vouched = subject, true }, "yes", ""},
		{"that nobody vouches for", func(m *invites.Mail) { m.Subject = subject }, "", "it names no message of ours"},
		{"a question that nobody vouches for", func(m *invites.Mail) { m.Subject, m.Text = subject, "What about?" }, "", "it names no message of ours"},
		{"a question that somebody vouches for", func(m *invites.Mail) { m.Subject, m.Text, m.Vouched = subject, "What about?", true }, "question", "What about?"},
		{"a reply to a mail that nobody knows", func(m *invites.Mail) { m.Subject, m.Vouched, m.Refs = subject, true, []string{"x@example.net"} }, "", "it has the brief's subject, but is not a reply to the brief that was sent"},
		{"another subject", func(m *invites.Mail) { m.Subject, m.Text, m.Vouched = "Re: Team dinner", "Yes", true }, "", "under “Re: Team dinner”: “Yes” (not a reply to the brief"},
		{"another subject, and another mail", func(m *invites.Mail) { m.Subject, m.Refs = "Re: Team dinner", []string{"x@example.net"} }, "", "under “Re: Team dinner”: “2” (not a reply to the brief"},
		{"no subject", func(m *invites.Mail) { m.Text = "no" }, "", "without a subject: “no” (not a reply to the brief"},
		{"another matter", func(m *invites.Mail) { m.Subject, m.Text = "Lunch", "Shall we go at noon?" }, "", ""},
		{"another matter, forged", func(m *invites.Mail) {
			m.Subject, m.Text, m.Doubt = "Lunch", "Shall we go at noon?", "neither SPF nor DKIM passed"
		}, "", ""},
		{"a list's", func(m *invites.Mail) { m.Subject, m.Text, m.Sort = "[friends] Dinner", "Yes", invites.List }, "", ""},
		{"a stop to a list", func(m *invites.Mail) {
			m.Subject, m.Text, m.Vouched, m.Sort = "[friends] Dinner", "Please unsubscribe me.", true, invites.List
		}, "", ""},
		{"somebody else", func(m *invites.Mail) { m.From.Email = "tom@example.org" }, "", ""},
		{"somebody else under the subject", func(m *invites.Mail) {
			m.From, m.Subject = invites.Address{Name: "Tom", Email: "tom@example.org"}, subject
		}, "", ""},
		{"from another address", func(m *invites.Mail) { m.From.Email, m.Subject = "maya@home.example", subject }, "", "with.aliases"},
		{"oneself", func(m *invites.Mail) { m.From.Email, m.Subject = "ana@example.org", subject }, "", ""},
	} {
		w := asked(t)
		mail := w.letter("2")
		mail.Refs = nil
		test.mail(mail)
		r := w.receive(mail)
		c, answer := w.find("maya"), ""
		if c.Answer != nil {
			answer = c.Answer.Value
		}
		lines := strings.Join(worklist.Lines(c, w.now), "\n")
		if answer != test.answer || r.Counted != (answer != "") || !strings.Contains(lines, test.shown) || test.shown == "" && lines != "" || test.answer == "" && test.shown != "" && !strings.Contains(lines, "coalition answer maya yes") {
			t.Errorf("%s: answer %q, %+v; want %q; it waits: %s", test.name, answer, r, test.answer, lines)
		}
		if test.shown == "" && answer == "" && (r.ID != "" || len(must(w.store.History(context.Background(), "maya"))) != 0) {
			t.Errorf("%s: it leaves a trace: %+v", test.name, r)
		}
		if c.Answer == nil {
			w.pass()
			w.want("brief-0")
		}
		// It does not stand in the way of the answer, where it has nothing to do with that.
		if strings.Contains(test.name, "another subject") {
			w.later(time.Minute)
			w.receive(w.letter("2"))
			w.pass()
			w.want("brief-0 invite-0")
		}
	}
}

// Once there is an answer, a mail that names nothing is no answer: neither a yes to something else, nor one from
// another address under the brief's subject.
func TestNoReferenceAfterTheAnswer(t *testing.T) {
	w := invited(t)
	for _, from := range []invites.Address{{Name: "Maya Chen", Email: "maya@example.org"}, {Name: "Maya Chen", Email: "maya@home.example"}} {
		w.later(time.Minute)
		mail := w.letter("Yes")
		mail.Refs, mail.From, mail.Subject = nil, from, "Re: Team dinner"
		if from.Email != "maya@example.org" {
			mail.Subject = "Re: May we talk about working as partners?"
		}
		if r := w.receive(mail); r.ID != "" || len(worklist.Lines(w.find("maya"), w.now)) != 0 {
			t.Errorf("from %s: %+v, %q", from.Email, r, worklist.Lines(w.find("maya"), w.now))
		}
	}
	for _, off := range []bool{false, true} { // nor one that comes when the talk is over, or off
		w := invited(t)
		w.now = start.Add(2 * time.Hour)
		if off {
			w = asked(t)
			w.commit(w.callOff(w.find("maya"), "", w.now))
		}
		mail := w.letter("Yes")
		mail.Refs, mail.Subject = nil, "Re: May we talk about working as partners?"
		if r := w.receive(mail); r.ID != "" {
			t.Errorf("%s: %+v", w.status("maya"), r)
		}
	}
}

// What is not believed about a talk that is over, or off, is written down, without a notice and a remedy.
func TestNotBelievedWhenItIsOver(t *testing.T) {
	for _, status := range []conversation.Status{conversation.Met, conversation.Cancelled} {
		w := invited(t)
		w.Notify = true
		mail := w.letter("no")
		mail.From.Email = "mallory@example.org"
		if status == conversation.Met {
			w.now = start.Add(2 * time.Hour)
		} else {
			w.commit(w.callOff(w.find("maya"), "", w.now))
		}
		mail.At = w.now
		before := len(w.find("maya").Notices)
		r := w.receive(mail)
		if !strings.HasSuffix(r.What, "it does not come from maya@example.org") || len(w.find("maya").Notices) != before || w.status("maya") != status {
			t.Errorf("%s: %+v, %d notices", w.status("maya"), r, len(w.find("maya").Notices))
		}
	}
}

// Words about something else do not ask for the answer. Words that may be the answer do, whatever comes beside them.
func TestNextBesideWords(t *testing.T) {
	const other, perhaps = "Re: Team dinner", "Re: May we talk about working as partners?"
	for _, test := range []struct {
		subjects []string
		next     string
	}{
		{[]string{other}, "wait for the answer"},
		{[]string{other, other}, "wait for the answer"},
		{[]string{perhaps}, "read what Maya Chen wrote"},
		{[]string{other, perhaps}, "read what Maya Chen wrote"},
		{[]string{perhaps, other}, "read what Maya Chen wrote"},
	} {
		w := asked(t)
		for i, subject := range test.subjects {
			w.later(time.Minute)
			mail := w.letter(fmt.Sprint("Yes, ", i+1))
			mail.Refs, mail.Subject = nil, subject
			w.receive(mail)
		}
		if next := roster.Next(w.find("maya"), w.now).Next; !strings.HasPrefix(next, test.next) {
			t.Errorf("%q: next %q", test.subjects, next)
		}
	}
}

// What the partner's calendar says of other meetings is nobody's business here; what may be about ours, and
// their own invitation in answer to the brief, is shown.
func TestOtherMeetings(t *testing.T) {
	other := func(w *world, method invites.Method) *invites.Mail {
		mail := w.reply(method, invites.Accepted)
		mail.Calendar.UID, mail.UIDs, mail.Refs, mail.Subject = "other@example.org", []string{"other@example.org"}, nil, "Accepted: Team dinner"
		mail.Text = "Yes"
		return mail
	}
	for _, method := range []invites.Method{invites.Reply, invites.Counter, invites.Request, invites.Cancel, invites.Publish, ""} {
		for _, w := range []*world{asked(t), invited(t)} {
			w.Notify = true
			mail := other(w, method)
			unread := other(w, method)
			unread.Key, unread.Calendar, unread.Doubt = "unread", nil, "the calendar in it is larger than 256 kB"
			for _, mail := range []*invites.Mail{mail, unread} {
				before := len(must(w.store.History(context.Background(), "maya")))
				r := w.receive(mail)
				if c := w.find("maya"); r.ID != "" || len(worklist.Lines(c, w.now)) != 0 || len(must(w.store.History(context.Background(), "maya"))) != before {
					t.Errorf("%s: %+v, %q", method, r, worklist.Lines(c, w.now))
				}
			}
		}
	}
	w := asked(t)
	namesake := other(w, invites.Reply)
	namesake.Subject = "Accepted: May we talk about working as partners?"
	if r := w.receive(namesake); r.ID != "" {
		t.Errorf("an answer to another meeting under the brief's subject: %+v", r)
	}
	w = invited(t)
	for _, uid := range []string{w.find("maya").UID, ""} { // which may be about ours
		w.later(time.Minute)
		ours := w.reply(invites.Reply, invites.Accepted)
		ours.UIDs, ours.Refs, ours.Calendar, ours.Doubt = []string{"x", uid}, nil, nil, "the calendar in it is larger than 256 kB"
		if r := w.receive(ours); !strings.Contains(r.What, "256 kB") {
			t.Errorf("an answer with the UID %q that can't be read: %+v", uid, r)
		}
	}
	w = asked(t)
	own := other(w, invites.Request)
	own.Refs, own.Calendar.Summary, own.Calendar.Start = []string{w.arrived[0].MessageID}, "Partners", start.UTC()
	if r := w.receive(own); r.Counted || w.find("maya").Answer != nil || !strings.Contains(r.What, "an invitation of their own") || !strings.Contains(r.What, "Thu 4 Mar 2027 10:00 (Europe/Lisbon): Partners") {
		t.Errorf("an invitation in answer to the brief: %+v", r)
	}
}

// A program that sends the file of a brief may give it a Message-ID of its own: the reply is known by its
// subject and its sender, and is believed like any other that names no message of ours.
func TestBriefByFile(t *testing.T) {
	for _, test := range []struct {
		name    string
		mail    func(*invites.Mail)
		counted bool
	}{
		{"the first reply", func(*invites.Mail) {}, true},
		{"without a reference", func(m *invites.Mail) { m.Refs = nil }, true},
		{"to the brief as it was written", nil, true},
		{"that nobody vouches for", func(m *invites.Mail) { m.Vouched = false }, false},
		{"to a later mail", func(m *invites.Mail) { m.Refs = append(m.Refs, "by-hand@example.org") }, false},
		{"to another mail", func(m *invites.Mail) { m.Subject = "Re: Team dinner" }, false},
		{"of somebody else", func(m *invites.Mail) { m.From.Email = "tom@example.org" }, false},
	} {
		w := newWorld(t)
		w.plan("maya", maya("when: {times: [2027-03-04 10:00, 2027-03-05 15:00]}"))
		c := w.find("maya")
		d := must(w.ask(c, false, w.now))
		d.Messages[0].State, d.Messages[0].Via = outbox.Accepted, "file"
		if err := w.store.Commit(context.Background(), d); err != nil {
			t.Fatal(err)
		}
		w.later(time.Hour)
		mail := &invites.Mail{Key: "k", At: w.now, From: invites.Address{Email: "maya@example.org"}, Subject: "AW: May we talk about working as partners?",
			Refs: []string{"thunderbird@example.org"}, Sort: invites.Personal, Vouched: true, Text: "2"}
		if test.mail == nil {
			mail.Refs, mail.Vouched = []string{d.Messages[0].MessageID}, false
		} else {
			test.mail(mail)
		}
		if r := w.receive(mail); r.Counted != test.counted || (w.status("maya") == conversation.Permitted) != test.counted {
			t.Errorf("%s: %+v, %s", test.name, r, w.status("maya"))
		}
	}
}

// Once the plan names the address, what was refused counts: when it comes once more, and from the mailbox by
// itself. The plan counts as it is written now, and mail that counts does so once.
func TestRefusedUntilTheAliasIsKnown(t *testing.T) {
	const alias = "  email: maya@example.org\n  aliases: [chen@example.net]"
	when := "when: {times: [2027-03-04 10:00, 2027-03-05 15:00, 2027-03-08 9:30]}"
	refused := func(w *world) *invites.Mail {
		mail := w.letter("2")
		mail.From.Email = "chen@example.net"
		return mail
	}
	w := asked(t)
	mail := refused(w)
	r := w.receive(mail)
	for _, part := range []string{"not believed", "chen@example.net", "with.aliases", "coalition receive FILE", "coalition answer maya yes"} {
		if lines := strings.Join(worklist.Lines(w.find("maya"), w.now), "\n"); r.Counted || !strings.Contains(r.What, part) || !strings.Contains(lines, part) {
			t.Errorf("it does not say %q: %s; %s", part, r.What, lines)
		}
	}
	if r := w.receive(mail); r.Counted || !strings.Contains(r.What, "taken in before") {
		t.Errorf("refused twice: %+v", r)
	}
	w.plan("maya", maya(when, alias)) // and no pass has read it
	if r := w.receive(mail); !r.Counted || w.status("maya") != conversation.Permitted || len(worklist.Lines(w.find("maya"), w.now)) != 0 {
		t.Errorf("with the alias: %+v, %q", r, worklist.Lines(w.find("maya"), w.now))
	}
	if r := w.receive(mail); r.Counted {
		t.Errorf("it counted twice: %+v", r)
	}
	w.plan("maya", maya(when))
	if r := w.receive(mail); r.Counted || len(worklist.Lines(w.find("maya"), w.now)) != 0 {
		t.Errorf("without the alias, what has counted is not believed: %+v", r)
	}
	// An alias that was taken out again is not believed, before a pass has seen that.
	w = asked(t, alias)
	w.plan("maya", maya(when))
	if r := w.receive(refused(w)); r.Counted {
		t.Errorf("an alias that the plan has no more: %+v", r)
	}
	// The address of somebody else does not bring its aliases.
	w = asked(t)
	w.plan("maya", strings.ReplaceAll(maya(when, alias), "maya@example.org", "mia@example.org"))
	if r := w.receive(refused(w)); r.Counted {
		t.Errorf("the alias of another partner: %+v", r)
	}
	// The mailbox is read from its beginning, once, with and without a pass in between.
	for _, passes := range []bool{false, true} {
		w := asked(t)
		stranger := &invites.Mail{Key: "s", At: w.now, From: invites.Address{Email: "x@example.net"}, Refs: []string{w.arrived[0].MessageID}, Sort: invites.Personal, Text: "no"}
		w.with(func(c *scheduler.Config) { c.Mailbox = &box{mails: []*invites.Mail{refused(w), stranger}} })
		read := func(want string, status conversation.Status) {
			t.Helper()
			if err := w.ReadMail(context.Background()); err != nil {
				t.Fatal(err)
			}
			if at := must(w.store.Cursor(context.Background(), "ana@box")); at != "1:2" || w.status("maya") != status {
				t.Errorf("%s: at %s, %s", want, at, w.status("maya"))
			}
		}
		read("refused", conversation.Asked)
		w.plan("maya", maya(when, alias))
		if passes {
			w.pass()
			w.pass()
			if n := w.Mailbox.(*box).closed; n != 1 {
				t.Errorf("whoever waits for mail was told %d times to read it again", n)
			}
		}
		read("with the alias", conversation.Permitted)
		events := len(must(w.store.History(context.Background(), "maya")))
		if c := w.find("maya"); c.Reread || events != 3 {
			t.Errorf("reread %t, %d events", c.Reread, events)
		}
		read("afterwards", conversation.Permitted)
	}
}

// What could not be told from a forgery counts when it comes once more, and a trusted server vouches for it.
func TestVouchedTheSecondTime(t *testing.T) {
	w := asked(t)
	mail := w.letter("2")
	mail.Refs, mail.Subject = nil, "Re: May we talk about working as partners?"
	w.receive(mail)
	if next := roster.Next(w.find("maya"), w.now).Next; !strings.Contains(next, "coalition answer maya yes") {
		t.Errorf("next %q", next)
	}
	mail.Vouched = true
	if r := w.receive(mail); !r.Counted || w.status("maya") != conversation.Permitted || len(worklist.Lines(w.find("maya"), w.now)) != 0 {
		t.Errorf("%+v, %q", r, worklist.Lines(w.find("maya"), w.now))
	}
	mail.Vouched = false
	if r := w.receive(mail); r.Counted || len(worklist.Lines(w.find("maya"), w.now)) != 0 {
		t.Errorf("once more: %+v, %q", r, worklist.Lines(w.find("maya"), w.now))
	}
}

// Words that the calendar's answer has settled leave the list; others stay.
func TestSettledWords(t *testing.T) {
	for _, test := range []struct {
		words   []string
		answer  invites.PartStat
		settled bool
	}{
		{[]string{"Yes, gladly."}, invites.Accepted, true},
		{[]string{"Yes, gladly."}, invites.Declined, false},
		{[]string{"no"}, invites.Declined, true},
		{[]string{"no"}, invites.Accepted, false},
		{[]string{"Yes.\n\nThe hiring plan"}, invites.Accepted, false},
		{[]string{"yes", "Yes, gladly."}, invites.Accepted, true},
		{[]string{"yes", "no"}, invites.Accepted, false},
		{[]string{"Where can I park?"}, invites.Accepted, false},
		{[]string{"Where can I park?", "yes"}, invites.Accepted, false},
	} {
		w := invited(t)
		for _, text := range test.words {
			w.receive(w.letter(text))
			w.later(time.Minute)
		}
		if len(worklist.Lines(w.find("maya"), w.now)) != 1 {
			t.Fatalf("%q is not shown", test.words)
		}
		w.receive(w.reply(invites.Reply, test.answer))
		if lines := worklist.Lines(w.find("maya"), w.now); (len(lines) == 0) != test.settled {
			t.Errorf("%q, then %s: %q", test.words, test.answer, lines)
		}
	}
	// So is what was not believed, where the partner says the same.
	for _, said := range []invites.PartStat{invites.Accepted, invites.Declined} {
		w := invited(t)
		stranger := w.reply(invites.Reply, said)
		stranger.From.Email = "chen@example.net"
		w.receive(stranger)
		w.later(time.Minute)
		w.receive(w.reply(invites.Reply, invites.Accepted))
		if lines := worklist.Lines(w.find("maya"), w.now); (len(lines) == 0) != (said == invites.Accepted) {
			t.Errorf("%s, not believed: %q", said, lines)
		}
	}
	// What the calendar itself has said before is settled by what it says now.
	w := invited(t)
	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
	w.pass()
	w.later(time.Minute)
	old := w.reply(invites.Reply, invites.Accepted)
	old.Calendar.Sequence = 0
	w.receive(old)
	w.later(time.Minute)
	accepted := w.reply(invites.Reply, invites.Accepted)
	accepted.Calendar.Comment = "With pleasure"
	w.receive(accepted)
	if lines := strings.Join(worklist.Lines(w.find("maya"), w.now), ""); strings.Contains(lines, "another version") || !strings.Contains(lines, "With pleasure") {
		t.Errorf("after an answer to the present version: %s", lines)
	}
	w.later(time.Minute)
	w.receive(w.reply(invites.Reply, invites.Declined))
	if lines := worklist.Lines(w.find("maya"), w.now); len(lines) != 0 {
		t.Errorf("after another answer: %q", lines)
	}
}

// Mail of words does not take back what is on record: it is shown.
func TestWordsAfterAnAnswer(t *testing.T) {
	w := asked(t)
	w.receive(w.letter("yes"))
	w.later(time.Minute)
	if r := w.receive(w.letter("Where can I park?")); r.Counted || w.status("maya") != conversation.Permitted || w.find("maya").Remark == nil {
		t.Errorf("a question after a yes: %+v, %s", r, w.status("maya"))
	}
	w = invited(t)
	mail := w.letter("no")
	mail.Refs = []string{w.arrived[0].MessageID} // it answers the brief, which is long answered
	if r := w.receive(mail); r.Counted || w.status("maya") != conversation.Invited || w.find("maya").Remark == nil {
		t.Errorf("a no to the brief after the invitation: %+v, %s", r, w.status("maya"))
	}
}

// A copy of the organizer's own mail is nobody's answer.
func TestOwnCopy(t *testing.T) {
	w := asked(t)
	mail := w.letter("no")
	mail.From.Email = "Ana@example.org"
	if r := w.receive(mail); r.ID != "" || w.find("maya").Doubted != nil {
		t.Errorf("%+v, %+v", r, w.find("maya").Doubted)
	}
}

// Messages that the organizer alone has got name nothing, since they travel when somebody passes a mail on.
func TestOrganizersMessagesNameNothing(t *testing.T) {
	for _, kind := range []outbox.Kind{outbox.Notice, outbox.Invite} {
		w := invited(t)
		w.Notify, w.CopyToSelf = kind == outbox.Notice, true
		if kind == outbox.Notice {
			w.receive(w.letter("Where can I park?"))
		} else {
			w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
		}
		w.pass()
		own := w.arrived[len(w.arrived)-1]
		if own.To != "ana@example.org" {
			t.Fatalf("the newest message is to %s: %s", own.To, w.kinds())
		}
		w.later(time.Minute)
		mail := w.letter("Stop writing to me.")
		if r := w.receive(mail); r.Counted {
			t.Errorf("a stop that names the organizer's own %s: %+v", own.Kind, r)
		}
		w.later(time.Minute)
		mail = w.letter("Stop writing to me.")
		mail.Refused = "DMARC failed"
		if r := w.receive(mail); r.Counted || !strings.Contains(r.What, "it names no message of ours") {
			t.Errorf("the same where DMARC failed: %+v", r)
		}
	}
}

// Of several times the earliest that is still free is taken.
func TestTimeTaken(t *testing.T) {
	w := asked(t)
	w.plan("tom", strings.ReplaceAll(maya("permitted: He said so.", "when: {start: 2027-03-04 10:30}"), "maya@", "tom@"))
	w.pass()
	mail := w.letter("1 or 3")
	mail.Refs = []string{w.arrived[0].MessageID}
	w.receive(mail)
	if at := w.find("maya").Start(w.now); at.Format("2 Jan") != "8 Mar" {
		t.Errorf("taken: %s", at)
	}
}

// A mail's clock may be wrong; the order in which mail comes is not.
func TestWrongClocks(t *testing.T) {
	for _, wrong := range []time.Duration{-10000 * time.Hour, 10000 * time.Hour} {
		w := asked(t)
		w.receive(w.letter("What about?"))
		w.later(time.Minute)
		mail := w.letter("2")
		mail.At = w.now.Add(wrong)
		if r := w.receive(mail); !r.Counted || w.status("maya") != conversation.Permitted {
			t.Errorf("%s off: %+v", wrong, r)
		}
		w.pass()
		w.later(time.Minute)
		reply := w.reply(invites.Reply, invites.Declined)
		reply.At, reply.Calendar.Stamp = w.now.Add(wrong), time.Time{}
		w.receive(reply)
		w.later(time.Minute)
		w.receive(w.reply(invites.Reply, invites.Accepted))
		if got := w.status("maya"); got != conversation.Confirmed {
			t.Errorf("%s off: after two answers of the calendar: %s", wrong, got)
		}
	}
}

// What a mail that has counted before would change again does not get in with the next one.
func TestKnownAmongOthers(t *testing.T) {
	w := asked(t)
	yes := w.letter("2")
	w.receive(yes)
	w.later(time.Minute)
	w.receive(w.letter("no"))
	robot := w.letter("I am away.")
	robot.Sort = invites.Robot
	yes.At = w.now.Add(time.Minute)
	w.later(2 * time.Minute)
	if _, err := w.Intake.Receive(context.Background(), []*invites.Mail{yes, robot}); err != nil {
		t.Fatal(err)
	}
	if got := w.status("maya"); got != conversation.Declined {
		t.Errorf("after yes, no, and the yes once more: %s", got)
	}
}

// An older mail that is read late does not overrule what has been said since.
func TestOlderThanTheAnswer(t *testing.T) {
	w := asked(t)
	yes := w.letter("2")
	w.later(time.Hour)
	w.take("maya", conversation.Answer{Value: conversation.No, How: "command"})
	w.later(time.Hour)
	w.receive(yes)
	if c := w.find("maya"); c.Answer.Value != conversation.No {
		t.Errorf("an older yes overruled a no: %+v", c.Answer)
	}
	w.pass()
	w.want("brief-0")
	newer := w.letter("2")
	w.receive(newer)
	w.pass()
	w.want("brief-0") // there are words that the organizer has not looked at
	w.commit(w.invite(w.find("maya"), plan.Slot{}, "", w.now))
	w.pass()
	w.want("brief-0 invite-0")
}

// A yes further down in a talk by mail may be to something that the organizer has written by hand.
func TestReplyToOwnMail(t *testing.T) {
	for _, text := range []string{"2", "yes", "no"} {
		w := asked(t)
		mail := w.letter(text)
		mail.Refs = append(mail.Refs, "by-hand@example.org")
		w.receive(mail)
		if c := w.find("maya"); c.Answer != nil || c.Remark == nil || !strings.Contains(c.Remark.Text, "not a reply to the brief, but to another mail") {
			t.Errorf("%q to another mail than the brief: %+v, %+v", text, c.Answer, c.Remark)
		}
		w.later(time.Minute) // it may mean something else than what is answered then
		direct := w.letter("1")
		w.receive(direct)
		w.pass()
		w.want("brief-0")
	}
}

// What the partner adds to a yes waits until the organizer takes it or leaves it, and the invitation
// with it: it may be more than a line for the agenda.
func TestAdditions(t *testing.T) {
	w := asked(t)
	w.receive(w.letter("2\n\nThe hiring plan\nOur budget"))
	c := w.find("maya")
	if fmt.Sprint(c.Proposed) != "[The hiring plan Our budget]" {
		t.Fatalf("proposed: %q", c.Proposed)
	}
	w.pass()
	w.want("brief-0")
	if next := roster.Next(w.find("maya"), w.now).Next; !strings.Contains(next, "coalition agenda maya") {
		t.Errorf("next %q", next)
	}
	w.later(time.Hour)
	if err := second(w.Take(w.find("maya"), command.Agenda{Lines: []int{3}, Take: true}, w.now)); err == nil {
		t.Error("took a line that nobody proposed")
	}
	w.take("maya", command.Agenda{Lines: []int{2}, Take: true})
	for range 2 {
		w.pass()
		w.want("brief-0 invite-0")
	}
	if text := string(w.arrived[1].Calendar); !strings.Contains(text, "2. Our budget") || strings.Contains(text, "hiring") {
		t.Errorf("the invitation:\n%s", text)
	}
	w.take("maya", command.Agenda{})
	if c := w.find("maya"); len(c.Proposed) != 0 || fmt.Sprint(c.Taken) != "[Our budget]" {
		t.Errorf("proposed %q, taken %q", c.Proposed, c.Taken)
	}
	w.pass()
	w.want("brief-0 invite-0")
	// Taken after the invitation, a line is told once.
	w = asked(t)
	w.receive(w.letter("2\n\nThe hiring plan"))
	w.commit(w.invite(w.find("maya"), plan.Slot{}, "", w.now))
	w.pass()
	w.later(time.Hour)
	w.take("maya", command.Agenda{Take: true})
	for range 2 {
		w.pass()
		w.want("brief-0 invite-0 update-0")
	}
}

// Two mails that are read late count in the order in which they were written.
func TestReadLate(t *testing.T) {
	for _, test := range []struct {
		first, second string
		status        conversation.Status
	}{{"1", "No, sorry.", conversation.Declined}, {"Who else comes?", "1", conversation.Permitted}} {
		w := asked(t)
		first, second := w.letter(test.first), w.letter(test.second)
		second.At = first.At.Add(5 * time.Minute)
		w.later(10 * time.Hour)
		if _, err := w.Intake.Receive(context.Background(), []*invites.Mail{first, second}); err != nil {
			t.Fatal(err)
		}
		if got := w.status("maya"); got != test.status {
			t.Errorf("%q, then %q: %s", test.first, test.second, got)
		}
	}
}

// Words after a yes stop the invitation until the organizer has seen them.
func TestWaitAMoment(t *testing.T) {
	for _, decided := range []bool{false, true} {
		w := asked(t)
		w.receive(w.letter("1"))
		if decided { // it is waiting for the server
			w.answer = func(*invites.Submission, func() error) error {
				return &invites.DeliveryError{Code: 451, Text: "not now"}
			}
			w.pass()
			w.answer = nil
		}
		w.later(time.Minute)
		w.receive(w.letter("Wait, who else is coming?"))
		for _, m := range w.find("maya").Messages {
			if m.Kind == outbox.Invite && m.State != outbox.Dropped {
				t.Errorf("the invitation is %s", m.State)
			}
		}
		for range 2 {
			w.pass()
			w.want("brief-0")
		}
		if len(worklist.Lines(w.find("maya"), w.now)) == 0 {
			t.Error("the list does not show the words")
		}
		w.commit(w.invite(w.find("maya"), plan.Slot{}, "", w.now))
		w.again()
		w.want("brief-0 invite-0")
	}
}

// A reply without a reference is nobody's where the partner has been asked twice.
func TestTwoConversationsOnePartner(t *testing.T) {
	w := asked(t)
	w.plan("other", maya("purpose: Another one.", "when: {start: 2027-03-11 10:00}"))
	w.commit(w.ask(w.find("other"), false, w.now)) // by itself it would wait for the answer to the first
	w.pass()
	mail := w.letter("yes")
	mail.Refs, mail.Subject, mail.Vouched = nil, "Re: May we talk about working as partners?", true
	w.receive(mail)
	w.pass()
	w.want("brief-0 brief-0")
	for _, id := range []string{"maya", "other"} {
		if c := w.find(id); c.Answer != nil && c.Answer.Value != conversation.Query {
			t.Errorf("%s: %+v", id, c.Answer)
		}
	}
	// Where a mail names messages of both, it answers the last one.
	mail = w.letter("yes")
	mail.Key, mail.Refs = "both", []string{w.arrived[1].MessageID, w.arrived[0].MessageID}
	if r := w.receive(mail); string(r.ID) != w.arrived[0].ID {
		t.Errorf("to the brief of %s: %+v", w.arrived[0].ID, r)
	}
}

// What the partner wrote is shown until the organizer does something, whatever comes after it.
func TestWordsStay(t *testing.T) {
	w := invited(t)
	w.receive(w.letter("I am ill and can not come."))
	w.later(time.Minute)
	w.receive(w.letter("Thanks!"))
	w.receive(w.reply(invites.Reply, invites.Accepted))
	if lines := strings.Join(worklist.Lines(w.find("maya"), w.now), "\n"); !strings.Contains(lines, "I am ill") || !strings.Contains(lines, "Thanks!") {
		t.Errorf("waiting: %s", lines)
	}
	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
	if lines := worklist.Lines(w.find("maya"), w.now); len(lines) != 0 {
		t.Errorf("after a move: %s", lines)
	}
}

func TestCalendarReplies(t *testing.T) {
	w := invited(t)
	for _, p := range []invites.PartStat{invites.Tentative, invites.Declined, invites.Accepted} {
		w.later(time.Minute)
		if r := w.receive(w.reply(invites.Reply, p)); !r.Counted || w.find("maya").PartStat != p {
			t.Errorf("%s: %+v, %s", p, r, w.find("maya").PartStat)
		}
	}
	if got := w.status("maya"); got != conversation.Confirmed {
		t.Fatalf("status %s", got)
	}
	// The UID alone, which only the partner has been told, names the invitation, whatever DMARC says.
	for _, p := range []invites.PartStat{invites.Declined, invites.Accepted} {
		w.later(time.Minute)
		mail := w.reply(invites.Reply, p)
		mail.Refs, mail.Refused = nil, "DMARC failed"
		if r := w.receive(mail); !r.Counted || w.find("maya").PartStat != p {
			t.Errorf("%s, where DMARC failed: %+v, %s", p, r, w.find("maya").PartStat)
		}
	}
	// A mail of words is shown, and never sets PARTSTAT.
	w.later(time.Minute)
	if r := w.receive(w.letter("no")); r.Counted || w.status("maya") != conversation.Confirmed || w.find("maya").Remark == nil {
		t.Errorf("a plain no: %+v, %s", r, w.status("maya"))
	}
	// An update of the agenda does not wipe out what she has answered.
	w.plan("maya", maya("when: {times: [2027-03-04 10:00, 2027-03-05 15:00, 2027-03-08 9:30]}", "purpose: Another one."))
	w.pass()
	w.want("brief-0 invite-0 update-0")
	if text := strings.ReplaceAll(string(w.arrived[2].Calendar), "\r\n ", ""); !strings.Contains(text, "PARTSTAT=ACCEPTED") || w.status("maya") != conversation.Confirmed {
		t.Errorf("the update of the agenda, and %s:\n%s", w.status("maya"), text)
	}
	// A move asks again, and an answer to the time before does not confirm it.
	old := w.reply(invites.Reply, invites.Accepted)
	w.later(time.Minute)
	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
	w.pass()
	w.want("brief-0 invite-0 update-0 update-1")
	if text := strings.ReplaceAll(string(w.arrived[3].Calendar), "\r\n ", ""); !strings.Contains(text, "PARTSTAT=NEEDS-ACTION") {
		t.Errorf("the move does not ask again:\n%s", text)
	}
	if n := len(w.find("maya").Messages); n != 4 {
		t.Errorf("%d messages were decided on", n)
	}
	if r := w.receive(old); r.Counted || w.status("maya") != conversation.Invited || !strings.Contains(r.What, "another version") {
		t.Errorf("an answer to the time before: %+v, %s", r, w.status("maya"))
	}
	w.later(time.Minute)
	kde := w.reply(invites.Reply, invites.Accepted)
	kde.Calendar.Sequence = -1
	if r := w.receive(kde); !r.Counted || w.status("maya") != conversation.Confirmed {
		t.Errorf("an answer without SEQUENCE that names the new time: %+v, %s", r, w.status("maya"))
	}
}

// A move that never went is taken back together with a change of the agenda: the update says what she has answered to
// what stands, as the list does.
func TestAnswerAfterMoveTakenBack(t *testing.T) {
	for _, p := range []invites.PartStat{invites.Accepted, invites.Declined, invites.Tentative} {
		w := invited(t)
		w.receive(w.reply(invites.Reply, p))
		w.commit(w.reschedule(w.find("maya"), dayLater, w.now))
		w.plan("maya", maya("purpose: Another one."))
		w.pass()
		w.want("brief-0 invite-0 update-1")
		w.wantAnswer(p)
	}
}

// An update that came back, and that she answered all the same, keeps the answer when it goes again, whatever else
// is recorded before it does.
func TestAnswerToUpdateThatCameBack(t *testing.T) {
	for _, p := range []invites.PartStat{invites.Accepted, invites.Declined, invites.Tentative} {
		w := invited(t)
		w.commit(w.reschedule(w.find("maya"), dayLater, w.now))
		w.pass()
		w.receive(&invites.Mail{Key: "b", At: w.now, Sort: invites.Report, Bounce: &invites.Bounce{Of: w.arrived[2].MessageID, Final: true}})
		w.receive(w.reply(invites.Reply, p))
		w.commit(w.invite(w.find("maya"), plan.Slot{}, "", w.now))
		w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command"})
		w.pass()
		w.want("brief-0 invite-0 update-1 update-1")
		w.wantAnswer(p)
	}
}

// wantAnswer wants p to be Maya's answer in the list and in the event that she has got last.
func (w *world) wantAnswer(p invites.PartStat) {
	w.t.Helper()
	text := strings.ReplaceAll(string(w.arrived[len(w.arrived)-1].Calendar), "\r\n ", "")
	if got := w.find("maya").PartStat; got != p || !strings.Contains(text, "PARTSTAT="+string(p)) {
		w.t.Errorf("she has answered %s, and it is %s:\n%s", p, got, text)
	}
}

// TestCalendarsThatDoNotCount has every way in which a calendar is not the partner's answer to what
// was sent.
func TestCalendarsThatDoNotCount(t *testing.T) {
	for _, test := range []struct {
		name string
		mail func(*invites.Mail)
		why  string
	}{
		{"a SEQUENCE never sent", func(m *invites.Mail) { m.Calendar.Sequence = 7 }, "SEQUENCE 7"},
		{"another UID", func(m *invites.Mail) { m.Calendar.UID = "u" }, "UID"},
		{"another attendee", func(m *invites.Mail) { m.Calendar.Attendees[0].Email = "tom@example.org" }, "maya@example.org"},
		{"no attendee", func(m *invites.Mail) { m.Calendar.Attendees = nil }, "maya@example.org"},
		{"a REQUEST", func(m *invites.Mail) { m.Calendar.Method = invites.Request }, "REQUEST"},
		{"a CANCEL", func(m *invites.Mail) { m.Calendar.Method = invites.Cancel }, "CANCEL"},
		{"no METHOD", func(m *invites.Mail) { m.Calendar.Method = "" }, "METHOD"},
		{"a DELEGATED", func(m *invites.Mail) { m.Calendar.Attendees[0].PartStat = "DELEGATED" }, "delegated"},
		{"another sender", func(m *invites.Mail) { m.From.Email = "mallory@example.org" }, "does not come from"},
		{"another sender and no reference", func(m *invites.Mail) { m.From.Email, m.Refs = "mallory@example.org", nil }, "does not come from"},
		{"an unreadable calendar", func(m *invites.Mail) { m.Calendar, m.Doubt = nil, "the calendar in it is larger than 256 kB" }, "256 kB"},
	} {
		w := invited(t)
		mail := w.reply(invites.Reply, invites.Accepted)
		test.mail(mail)
		r := w.receive(mail)
		c := w.find("maya")
		if r.Counted || c.PartStat != invites.NeedsAction || c.Status(w.now) != conversation.Invited || !strings.Contains(r.What, test.why) {
			t.Errorf("%s: %+v; PARTSTAT %s", test.name, r, c.PartStat)
		}
		if len(worklist.Lines(c, w.now)) == 0 {
			t.Errorf("%s: the list does not show it", test.name)
		}
		w.pass()
		w.want("brief-0 invite-0")
	}
}

// Answers of a calendar are ordered by when they were given, not by when they come.
func TestOrderOfAnswers(t *testing.T) {
	w := invited(t)
	first := w.reply(invites.Reply, invites.Declined)
	w.later(time.Minute)
	w.receive(w.reply(invites.Reply, invites.Accepted))
	w.later(time.Minute)
	first.At = w.now
	if r := w.receive(first); r.Counted || w.status("maya") != conversation.Confirmed {
		t.Errorf("an earlier answer that came late: %+v, %s", r, w.status("maya"))
	}
	// SOGo repeats the DTSTAMP of the invitation in each of its answers.
	w.later(time.Minute)
	sogo := w.reply(invites.Reply, invites.Tentative)
	sogo.Calendar.Stamp = w.find("maya").Messages[1].Stamp
	if r := w.receive(sogo); !r.Counted || w.find("maya").PartStat != invites.Tentative {
		t.Errorf("an answer with the stamp of the invitation: %+v", r)
	}
	// A stamp from the future does not stand in the way of the answers after it.
	w.later(time.Minute)
	future := w.reply(invites.Reply, invites.Declined)
	future.Calendar.Stamp = w.now.Add(1000 * time.Hour)
	w.receive(future)
	w.later(time.Minute)
	if r := w.receive(w.reply(invites.Reply, invites.Accepted)); !r.Counted || w.status("maya") != conversation.Confirmed {
		t.Errorf("after an answer from the future: %+v, %s", r, w.status("maya"))
	}
}

// Nobody who has declined is reminded, and a declined talk is not one that was held.
func TestDeclined(t *testing.T) {
	w := invited(t)
	w.receive(w.reply(invites.Reply, invites.Declined))
	w.now = start.Add(-time.Hour)
	w.pass()
	w.want("brief-0 invite-0")
	if n := len(w.find("maya").Messages); n != 2 {
		t.Errorf("%d messages were decided on", n)
	}
	w.now = start.Add(2 * time.Hour)
	if got := w.status("maya"); got != conversation.Invited {
		t.Errorf("after the end: %s", got)
	}
	w.pass()
	w.want("brief-0 invite-0")
}

// A reminder that waits for its server when she declines does not go any more.
func TestDeclinedBeforeTheReminder(t *testing.T) {
	w := invited(t)
	w.now = start.Add(-24 * time.Hour)
	w.answer = func(*invites.Submission, func() error) error {
		return &invites.DeliveryError{Code: 451, Text: "not now"}
	}
	w.pass()
	w.answer = nil
	w.receive(w.reply(invites.Reply, invites.Declined))
	w.again()
	w.want("brief-0 invite-0")
}

func TestCounter(t *testing.T) {
	w := invited(t)
	propose := func(at time.Time) intake.Receipt {
		w.later(time.Minute)
		mail := w.reply(invites.Counter, invites.Tentative)
		mail.Calendar.Start, mail.Calendar.End = at, at.Add(time.Hour)
		return w.receive(mail)
	}
	other := start.Add(26 * time.Hour)
	if r := propose(other.UTC()); !r.Counted {
		t.Fatalf("%+v", r)
	}
	c := w.find("maya")
	if next := roster.Next(c, w.now).Next; !strings.Contains(next, "Fri 5 Mar 2027 12:00") || !strings.Contains(next, "coalition counter maya") || c.PartStat != invites.Tentative {
		t.Errorf("next %q, PARTSTAT %s", next, c.PartStat)
	}
	w.pass()
	w.want("brief-0 invite-0")
	w.commit(w.declineCounter(w.find("maya"), "I am on the train then.", w.now))
	for range 2 {
		w.pass()
		w.want("brief-0 invite-0 declinecounter-0")
	}
	text := strings.ReplaceAll(string(w.arrived[2].Calendar), "\r\n ", "")
	for _, part := range []string{"METHOD:DECLINECOUNTER", "SEQUENCE:0", "mailto:maya@example.org", "COMMENT:I am on the train then."} {
		if !strings.Contains(text, part) {
			t.Errorf("the refusal lacks %s:\n%s", part, text)
		}
	}
	if err := second(w.declineCounter(w.find("maya"), "", w.now)); err == nil {
		t.Error("declined twice")
	}
	if err := second(w.takeCounter(w.find("maya"), w.now)); err == nil {
		t.Error("taken after it was declined")
	}
	propose(other.UTC())
	w.commit(w.takeCounter(w.find("maya"), w.now))
	for range 2 {
		w.pass()
		w.want("brief-0 invite-0 declinecounter-0 update-1")
	}
	c = w.find("maya")
	if !c.Start(w.now).Equal(other) || c.PartStat != invites.NeedsAction || c.Counter != nil {
		t.Errorf("taken: %s, %s, %+v", c.Start(w.now), c.PartStat, c.Counter)
	}
	// One for the time before counts no more, and one for a time that has passed never does.
	stale := w.reply(invites.Counter, invites.Tentative)
	stale.Calendar.Sequence, stale.Calendar.Start = 0, other.Add(time.Hour)
	if r := w.receive(stale); r.Counted || w.find("maya").Counter != nil {
		t.Errorf("a counter-proposal for the time before: %+v", r)
	}
	if r := propose(w.now.Add(-time.Hour)); !r.Counted || w.find("maya").Counter != nil {
		t.Errorf("a counter-proposal for the past: %+v", r)
	}
	// An acceptance after all takes it back.
	propose(other.Add(time.Hour))
	w.later(time.Minute)
	w.receive(w.reply(invites.Reply, invites.Accepted))
	if c := w.find("maya"); c.Counter != nil || c.Status(w.now) != conversation.Confirmed {
		t.Errorf("accepted after all: %+v, %s", c.Counter, c.Status(w.now))
	}
}

// Once the time proposed has passed there is nothing to take; and nothing is added after a no.
func TestNothingLeftToDecide(t *testing.T) {
	w := invited(t)
	mail := w.reply(invites.Counter, invites.Tentative)
	mail.Calendar.Start, mail.Calendar.End = w.now.Add(time.Hour), w.now.Add(2*time.Hour)
	w.receive(mail)
	w.later(2 * time.Hour)
	if next := roster.Next(w.find("maya"), w.now).Next; strings.Contains(next, "counter") {
		t.Errorf("next %q", next)
	}
	w = asked(t)
	w.receive(w.letter("1\n\nHiring"))
	w.take("maya", conversation.Answer{Value: conversation.No, How: "command"})
	if err := second(w.Take(w.find("maya"), command.Agenda{Take: true}, w.now)); err == nil || len(worklist.Lines(w.find("maya"), w.now)) != 0 {
		t.Errorf("after a no: %v, %q", err, worklist.Lines(w.find("maya"), w.now))
	}
	w = invited(t)
	w.receive(w.reply(invites.Reply, invites.Declined))
	w.now = start.Add(time.Minute)
	if next := roster.Next(w.find("maya"), w.now).Next; strings.Contains(next, "hold the talk") {
		t.Errorf("declined, and under way: next %q", next)
	}
}

// After a no that the organizer has recorded nothing more goes out, a refusal neither; and a proposal that
// waits keeps no reminder from going.
// A counter-proposal that names no other time ahead says which of these it was; a no or a maybe in it counts, and a
// yes only to what stands.
func TestCounterWithoutAnotherTime(t *testing.T) {
	past := time.Date(2020, 3, 11, 14, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name   string
		p      invites.PartStat
		change func(o *invites.Object)
		counts bool
		says   string
	}{
		{"a no, past", invites.Declined, func(o *invites.Object) { o.Start, o.End = past, past.Add(time.Hour) }, true,
			"declined (by calendar, from maya@example.org), in a counter-proposal that names a time that has passed, Wed 11 Mar 2020 14:00 (Europe/Lisbon)"},
		{"a no, unreadable", invites.Declined, func(o *invites.Object) { o.Start, o.End = time.Time{}, time.Time{} }, true,
			"declined (by calendar, from maya@example.org), in a counter-proposal that names no time that can be read"},
		{"a no, the same", invites.Declined, func(*invites.Object) {}, true,
			"declined (by calendar, from maya@example.org), in a counter-proposal that names the time that stands"},
		{"a maybe, the same, with words", invites.Tentative, func(o *invites.Object) { o.Comment = "I will see" }, true,
			"tentative (by calendar, from maya@example.org), in a counter-proposal that names the time that stands: I will see"},
		{"a maybe, another place", invites.Tentative, func(o *invites.Object) { o.Location = "Corner café" }, true,
			"tentative (by calendar, from maya@example.org), in a counter-proposal that names the time that stands, and another place, Corner café"},
		{"a yes, the same", invites.Accepted, func(*invites.Object) {}, true,
			"accepted (by calendar, from maya@example.org), in a counter-proposal that names the time that stands"},
		{"a yes, the same place", invites.Accepted, func(o *invites.Object) { o.Location = "Riverside path" }, true,
			"accepted (by calendar, from maya@example.org), in a counter-proposal that names the time that stands"},
		{"a yes, longer", invites.Accepted, func(o *invites.Object) { o.End = o.Start.Add(2 * time.Hour) }, false,
			"a counter-proposal (by calendar, from maya@example.org) that names the start that stands, for 120 minutes; its yes is to that, and does not count for the talk as it stands"},
		{"a yes, another place", invites.Accepted, func(o *invites.Object) { o.Location = "Corner café" }, false,
			"a counter-proposal (by calendar, from maya@example.org) that names the time that stands, and another place, Corner café; its yes is to that, and does not count for the talk as it stands"},
		{"a yes, unreadable", invites.Accepted, func(o *invites.Object) { o.Start, o.End = time.Time{}, time.Time{} }, false,
			"a counter-proposal (by calendar, from maya@example.org) that names no time that can be read; its yes is to that, and does not count for the talk as it stands"},
		{"nothing, past", invites.NeedsAction, func(o *invites.Object) { o.Start, o.End = past, past.Add(time.Hour) }, false,
			"a counter-proposal (by calendar, from maya@example.org) that names a time that has passed, Wed 11 Mar 2020 14:00 (Europe/Lisbon)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := invited(t)
			mail := w.reply(invites.Counter, test.p)
			test.change(mail.Calendar)
			r := w.receive(mail)
			want := invites.NeedsAction
			if test.counts {
				want = test.p
			}
			c := w.find("maya")
			if r.Counted != test.counts || c.PartStat != want || c.Counter != nil {
				t.Errorf("counted %v, PARTSTAT %s, counter %v", r.Counted, c.PartStat, c.Counter)
			}
			if r.What != test.says {
				t.Errorf("got  %s\nwant %s", r.What, test.says)
			}
			if lines := strings.Join(worklist.Lines(c, w.now), "\n"); !strings.Contains(lines, test.says) {
				t.Errorf("the list does not say it: %s", lines)
			}
		})
	}
}

// An answer that names another start than ours is taken, and the difference is told; so is whom somebody has sent in
// their place.
func TestReplyWithAnotherStart(t *testing.T) {
	w := invited(t)
	mail := w.reply(invites.Reply, invites.Accepted)
	mail.Calendar.Start, mail.Calendar.End = mail.Calendar.Start.Add(time.Hour), mail.Calendar.End.Add(time.Hour)
	const says = "accepted (by calendar, from maya@example.org), where Thu 4 Mar 2027 11:00 (Europe/Lisbon) is named as the start, and the talk is at Thu 4 Mar 2027 10:00 (Europe/Lisbon)"
	if r := w.receive(mail); !r.Counted || r.What != says || w.status("maya") != conversation.Confirmed {
		t.Errorf("counted %v, %s: %s", r.Counted, w.status("maya"), r.What)
	}
	if lines := strings.Join(worklist.Lines(w.find("maya"), w.now), "\n"); !strings.Contains(lines, says) {
		t.Errorf("the list does not say it: %s", lines)
	}
	// Without a start there is no difference, and with ours in another zone neither.
	for _, start := range []time.Time{{}, start.In(time.FixedZone("", 3600))} {
		w := invited(t)
		mail := w.reply(invites.Reply, invites.Accepted)
		mail.Calendar.Start, mail.Calendar.End = start, start
		if r := w.receive(mail); !r.Counted || strings.Contains(r.What, "named as the start") {
			t.Errorf("%v: %v, %s", start, r.Counted, r.What)
		}
	}
	for delegates, says := range map[string]string{
		"tom@example.org": "delegated to tom@example.org (by calendar, from maya@example.org)",
		"":                "delegated to somebody whom it does not name (by calendar, from maya@example.org)",
	} {
		w := invited(t)
		mail := w.reply(invites.Reply, "DELEGATED")
		mail.Calendar.Attendees[0].Delegates = delegates
		if r := w.receive(mail); r.Counted || r.What != says || w.find("maya").PartStat != invites.NeedsAction {
			t.Errorf("counted %v: %s; want %s", r.Counted, r.What, says)
		}
	}
}

func TestCounterBesideOtherThings(t *testing.T) {
	counter := func(w *world) {
		mail := w.reply(invites.Counter, invites.Tentative)
		mail.Calendar.Start, mail.Calendar.End = start.Add(26*time.Hour), start.Add(27*time.Hour)
		w.receive(mail)
		w.later(time.Minute)
	}
	w := invited(t)
	counter(w)
	w.answer = func(*invites.Submission, func() error) error {
		return &invites.DeliveryError{Code: 451, Text: "not now"}
	}
	w.commit(w.declineCounter(w.find("maya"), "", w.now))
	w.pass()
	w.answer = nil
	w.take("maya", conversation.Answer{Value: conversation.No, How: "command"})
	w.again()
	w.want("brief-0 invite-0")
	w = invited(t)
	counter(w)
	w.take("maya", conversation.Answer{Value: conversation.No, How: "command"})
	if err := second(w.declineCounter(w.find("maya"), "", w.now)); err == nil {
		t.Error("a refusal after a no")
	}
	w = invited(t)
	counter(w)
	w.now = start.Add(-24 * time.Hour)
	w.pass()
	w.want("brief-0 invite-0 reminder-0")
}

// A refusal that has not left when the talk moves is not sent any more.
func TestRefusalOvertaken(t *testing.T) {
	w := invited(t)
	mail := w.reply(invites.Counter, invites.Tentative)
	mail.Calendar.Start, mail.Calendar.End = start.Add(26*time.Hour), start.Add(27*time.Hour)
	w.receive(mail)
	w.commit(w.declineCounter(w.find("maya"), "", w.now))
	w.later(time.Minute)
	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(50*time.Hour)), w.now))
	w.pass()
	w.want("brief-0 invite-0 update-1")
}

func TestBounce(t *testing.T) {
	w := asked(t)
	report := func(final bool) *invites.Mail {
		return &invites.Mail{Key: fmt.Sprint(final, len(w.arrived)), At: w.now, From: invites.Address{Email: "mailer-daemon@mx.example.org"}, Sort: invites.Report,
			Bounce: &invites.Bounce{Of: w.arrived[len(w.arrived)-1].MessageID, Final: final, Code: "5.1.1", Text: "no such user"}}
	}
	if r := w.receive(report(false)); r.Counted || w.find("maya").Messages[0].State != outbox.Accepted {
		t.Errorf("late: %+v, %s", r, w.find("maya").Messages[0].State)
	}
	if r := w.receive(report(true)); !r.Counted {
		t.Errorf("came back: %+v", r)
	}
	c := w.find("maya")
	if m := c.Messages[0]; m.State != outbox.Bounced || !strings.Contains(m.Error, "5.1.1 no such user") || c.Status(w.now) != conversation.Asked || !strings.HasPrefix(roster.Next(c, w.now).Next, "mend the address") {
		t.Errorf("%s, %q, %s, %q", m.State, m.Error, c.Status(w.now), roster.Next(c, w.now).Next)
	}
	w.pass()
	w.want("brief-0")
	// It goes once more when the organizer wants it to.
	w.commit(w.ask(w.find("maya"), false, w.now))
	for range 2 {
		w.pass()
		w.want("brief-0 brief-0")
	}
	// An invitation that came back stops the reminders, until she answers all the same.
	w = invited(t)
	w.receive(report(true))
	if c := w.find("maya"); c.Status(w.now) != conversation.Invited || !strings.HasPrefix(roster.Next(c, w.now).Next, "find another way") {
		t.Errorf("%s, %q", c.Status(w.now), roster.Next(c, w.now).Next)
	}
	w.now = start.Add(-24 * time.Hour)
	w.pass()
	w.want("brief-0 invite-0")
	w.receive(w.reply(invites.Reply, invites.Accepted))
	w.pass()
	w.want("brief-0 invite-0 reminder-0")
	// The address that her server passes it on to is another one: whether it arrived is not known.
	w = asked(t)
	w.Notify = true
	passed := report(true)
	passed.Bounce.For = "maya@elsewhere.example"
	r := w.receive(passed)
	c = w.find("maya")
	if r.Counted || c.Messages[0].State != outbox.Accepted || !strings.Contains(r.What, "passed on to maya@elsewhere.example") || !strings.Contains(fmt.Sprint(worklist.Lines(c, w.now)), "no such user") || len(c.Notices) != 1 {
		t.Errorf("passed on: %+v, %s, waiting %q, %d notices", r, c.Messages[0].State, worklist.Lines(c, w.now), len(c.Notices))
	}
	w.later(time.Minute)
	if w.receive(w.letter("1")); len(worklist.Lines(w.find("maya"), w.now)) > 0 {
		t.Errorf("after her answer there is still %q", worklist.Lines(w.find("maya"), w.now))
	}
	// What is rewritten within her house is hers.
	w = asked(t)
	passed = report(true)
	passed.Bounce.For = "m.chen@EXAMPLE.org"
	if r := w.receive(passed); !r.Counted {
		t.Errorf("rewritten: %+v", r)
	}
	// What can't be read leaves a line in the log, and changes nothing.
	w = asked(t)
	for _, mail := range []*invites.Mail{
		{Key: "puzzle", Sort: invites.Report, Subject: "About your mail", Text: "There is something.", Bounce: &invites.Bounce{Of: w.arrived[0].MessageID, Unclear: true}},
		{Key: "nameless", Sort: invites.Report, Bounce: &invites.Bounce{For: "maya@example.org", Final: true, Code: "5.1.1", Text: "no such user"}},
	} {
		mail.At = w.now
		r := w.receive(mail)
		if r.ID != "maya" || r.Counted || w.find("maya").Messages[0].State != outbox.Accepted {
			t.Errorf("%s: %+v", mail.Key, r)
		}
		if events := must(w.store.History(context.Background(), "maya")); !slices.ContainsFunc(events, func(e conversation.HistoryEntry) bool { return e.Text == r.What }) {
			t.Errorf("%s: the log does not show %q", mail.Key, r.What)
		}
	}
	if r := w.receive(&invites.Mail{Key: "other", At: w.now, Sort: invites.Report, Bounce: &invites.Bounce{For: "tom@example.org", Final: true}}); r.ID != "" {
		t.Errorf("about somebody else: %+v", r)
	}
	// A report about a mail of somebody else's is nothing.
	foreign := report(true)
	foreign.Bounce.Of = "x@example.org"
	if r := w.receive(foreign); r.ID != "" {
		t.Errorf("a foreign report: %+v", r)
	}
}

// A believed answer proves that what it answers has arrived: it does not go again.
func TestAnswerSettlesUnclear(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("when: {times: [2027-03-04 10:00, 2027-03-05 15:00]}"))
	w.answer = func(p *invites.Submission, dot func() error) error {
		w.arrived = append(w.arrived, p)
		if err := dot(); err != nil {
			return err
		}
		return &invites.DeliveryError{Unclear: true, Text: "the connection broke"}
	}
	w.pass()
	w.answer = nil
	w.later(time.Second)
	forged := w.letter("1")
	forged.From.Email, forged.Key = "mallory@example.org", "forged"
	w.receive(forged)
	if m := w.find("maya").Messages[0]; m.State != outbox.Unclear {
		t.Errorf("after a forged answer the brief is %s", m.State)
	}
	w.receive(w.letter("What about?"))
	if m := w.find("maya").Messages[0]; m.State != outbox.Accepted {
		t.Errorf("after an answer the brief is %s", m.State)
	}
	w.again()
	w.want("brief-0")
}

// TestNotify has the organizer told by mail, once, of what waits for them, and of nothing else.
func TestNotify(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(*world)
		want string // what the subject says; "": no mail
		why  string // a part of what stands in it
	}{
		{"a question", func(w *world) { w.receive(w.letter("What about?")) }, "question", ""},
		{"a yes without a time", func(w *world) { w.receive(w.letter("yes")) }, "time", ""},
		{"a no", func(w *world) { w.receive(w.letter("no")) }, "no", ""},
		{"a later", func(w *world) { w.receive(w.letter("later")) }, "later", ""},
		{"a yes with its time", func(w *world) { w.receive(w.letter("1")) }, "", ""},
		{"a forgery", func(w *world) {
			mail := w.letter("no")
			mail.From.Email = "mallory@example.org"
			w.receive(mail)
			mail.Key += " again"
			w.receive(mail)
		}, "not believed", "it does not come from maya@example.org"},
		{"a yes to another mail", func(w *world) {
			mail := w.letter("yes")
			mail.Refs, mail.Subject = nil, "Re: Team dinner"
			w.receive(mail)
		}, "a mail about", "not a reply to the brief"},
		{"a robot", func(w *world) {
			mail := w.letter("I am away.")
			mail.Sort = invites.Robot
			w.receive(mail)
		}, "", ""},
	} {
		w := asked(t)
		w.Notify = true
		test.do(w)
		for range 2 {
			w.pass()
		}
		var told []*invites.Submission
		for _, p := range w.arrived {
			if p.To == "ana@example.org" {
				told = append(told, p)
			}
		}
		if test.want == "" {
			if len(told) != 0 {
				t.Errorf("%s: told:\n%s", test.name, told[0].Data)
			}
			continue
		}
		if len(told) != 1 {
			t.Errorf("%s: told %d times", test.name, len(told))
			continue
		}
		_, subject, _ := strings.Cut(string(told[0].Data), "\r\nSubject: ")
		subject, _, _ = strings.Cut(subject, "\r\n")
		if !strings.Contains(strings.ToLower(subject), test.want) || !strings.Contains(string(told[0].Data), "Auto-Submitted: auto-generated") ||
			!strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(string(told[0].Data), "=\r\n", "")), " "), test.why) {
			t.Errorf("%s: told:\n%s", test.name, told[0].Data)
		}
	}
}

// A pass that holds its messages does not hold what it tells the organizer.
func TestNoticeIsNotHeld(t *testing.T) {
	w := asked(t)
	w.Notify, w.HoldOver = true, 0
	w.receive(w.letter("1")) // the invitation is due
	w.plan("tom", strings.ReplaceAll(maya("when: {times: [2027-03-04 10:00, 2027-03-05 15:00]}"), "maya@", "tom@"))
	w.receive(&invites.Mail{Key: "k", At: w.now, Sort: invites.Report, Bounce: &invites.Bounce{Of: w.arrived[0].MessageID, Final: true}})
	if r := w.pass(); !r.Held {
		t.Fatal("nothing was held")
	}
	w.want("brief-0 notice-0")
}

// A move that was taken back before anybody heard of it leaves no trace: answers to what the partner
// knows count.
func TestMovedBack(t *testing.T) {
	there, back := "when: {start: 2027-03-05 10:00}", "when: {start: 2027-03-04 10:00}"
	for _, byPlan := range []bool{false, true} {
		w := newWorld(t)
		w.plan("maya", maya("permitted: She said so.", back))
		w.pass()
		w.later(time.Minute)
		declined := w.reply(invites.Reply, invites.Declined)
		w.answer = func(*invites.Submission, func() error) error {
			return &invites.DeliveryError{Code: 451, Text: "not now"}
		}
		if byPlan {
			for _, when := range []string{there, back} {
				w.plan("maya", maya("permitted: She said so.", when))
				w.pass()
			}
		} else {
			w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
			w.commit(w.reschedule(w.find("maya"), slot, w.now))
		}
		w.answer = nil
		w.again()
		w.want("invite-0")
		w.later(time.Minute)
		if r := w.receive(declined); !r.Counted || w.find("maya").PartStat != invites.Declined {
			t.Errorf("by the plan %t: %+v, SEQUENCE %d", byPlan, r, w.find("maya").Sequence)
		}
		// What comes next still has a higher SEQUENCE than anything before.
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(48*time.Hour)), w.now))
		w.pass()
		w.want("invite-0 update-2")
	}
}

// The time was part of the yes: it does not come back with another one.
func TestTimeOfAnEarlierYes(t *testing.T) {
	w := asked(t)
	for _, text := range []string{"2", "no", "yes"} {
		w.receive(w.letter(text))
		w.later(time.Minute)
	}
	if c := w.find("maya"); c.Status(w.now) != conversation.Permitted || !c.Start(w.now).IsZero() {
		t.Errorf("%s, %s", c.Status(w.now), c.Start(w.now))
	}
}

// DTSTAMP orders the answers to one SEQUENCE; the first answer to the next one counts, whatever clock it
// comes from.
func TestSlowClockAfterAMove(t *testing.T) {
	w := invited(t)
	w.receive(w.reply(invites.Reply, invites.Accepted))
	w.later(time.Minute)
	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
	w.pass()
	w.later(time.Minute)
	slow := w.reply(invites.Reply, invites.Declined)
	slow.Calendar.Stamp = w.now.Add(-time.Hour)
	if r := w.receive(slow); !r.Counted || w.find("maya").PartStat != invites.Declined {
		t.Errorf("%+v", r)
	}
}

// A sign that the partner puts to a mail is shown, and is no answer: it neither says yes nor keeps one waiting.
func TestReaction(t *testing.T) {
	w := asked(t)
	w.Notify = true
	react := func(sign string) *invites.Mail {
		mail := w.letter(sign)
		mail.Sort = invites.Reaction
		return mail
	}
	r := w.receive(react("👍"))
	c := w.find("maya")
	if r.Counted || r.ID != "maya" || !strings.Contains(r.What, "👍") || c.Status(w.now) != conversation.Asked || c.Answer != nil || len(c.Proposed) > 0 || len(c.Notices) != 1 ||
		!strings.Contains(fmt.Sprint(worklist.Lines(c, w.now)), "reacted to your mail with 👍, which is no answer") {
		t.Errorf("%+v, %s, %+v, waiting %q", r, c.Status(w.now), c.Answer, worklist.Lines(c, w.now))
	}
	w.later(time.Minute)
	w.receive(w.letter("1"))
	if c := w.find("maya"); len(worklist.Lines(c, w.now)) > 0 {
		t.Errorf("after the answer there is still %q", worklist.Lines(c, w.now))
	}
	w.later(time.Second)
	w.receive(react("🎉"))
	w.pass()
	w.want("brief-0 notice-0 invite-0 notice-0")
	w = asked(t)
	forged := react("👎")
	forged.From.Email, forged.Key = "mallory@example.com", "forged"
	if r := w.receive(forged); !strings.Contains(r.What, "not believed") {
		t.Errorf("somebody else's: %+v", r)
	}
}

// A mail whose text can't be read is a question, and says what to do with it.
func TestSealed(t *testing.T) {
	w := asked(t)
	w.Notify = true
	mail := w.letter("")
	mail.Sealed = "it is encrypted with OpenPGP"
	r := w.receive(mail)
	c := w.find("maya")
	const says = "can't be read here: it is encrypted with OpenPGP; open it in your mail program"
	if !r.Counted || c.Answer.Value != conversation.Query || !strings.Contains(r.What, says) || !strings.Contains(fmt.Sprint(worklist.Lines(c, w.now)), says) || strings.Contains(fmt.Sprint(worklist.Lines(c, w.now)), "“") {
		t.Errorf("%+v, %+v, waiting %q", r, c.Answer, worklist.Lines(c, w.now))
	}
	if len(c.Notices) != 1 || !strings.Contains(c.Notices[0].Text, "encrypted") {
		t.Errorf("notices %+v", c.Notices)
	}
	w = invited(t)
	mail = w.letter("")
	mail.Sealed = "it is encrypted with S/MIME"
	if r := w.receive(mail); !strings.Contains(r.What, "can't be read here: it is encrypted with S/MIME") || !strings.Contains(fmt.Sprint(worklist.Lines(w.find("maya"), w.now)), "S/MIME") {
		t.Errorf("after the invitation: %+v", r)
	}
}

// A yes to a time that another talk has by now says so at once, and invites nobody: what is left is offered, or else
// the organizer is asked.
func TestTaken(t *testing.T) {
	for _, reply := range []struct {
		times, text, next string
		notices           int
	}{
		{"[2027-03-04 10:00, 2027-03-05 15:00]", "1", "wait until Maya Chen has chosen another time", 0},
		{"[2027-03-04 10:00, 2027-03-05 15:00]", "The first one, gladly.", "wait until Maya Chen has chosen another time", 0},
		{"[2027-03-04 10:00]", "Yes, gladly", "choose a time (Thu 4 Mar 2027 10:00 (Europe/Lisbon), which was offered, is taken by the talk tom; ", 1},
	} {
		w := newWorld(t)
		w.Notify = true
		w.with(func(c *scheduler.Config) {
			c.Link = func(token string) string { return "https://talk.example.org/" + token }
		})
		w.plan("maya", maya("when: {times: "+reply.times+"}"))
		w.plan("tom", maya("when: {times: [2027-03-04 10:30, 2027-03-09 10:00]}", "  name: Tom Weiss", "  email: tom@example.org"))
		w.pass()
		w.later(time.Hour)
		var letter *invites.Mail
		for _, p := range w.arrived {
			if p.To == "maya@example.org" {
				letter = w.letter(reply.text)
				letter.Refs = []string{p.MessageID}
			}
		}
		w.commit(w.Take(w.find("tom"), conversation.Answer{Value: conversation.Yes, How: "command", Slot: w.find("tom").Offered[0]}, w.now))
		r := w.receive(letter)
		c := w.find("maya")
		const says = "2027 10:00 (Europe/Lisbon), which was offered, is taken by the talk tom"
		if c.Status(w.now) != conversation.Permitted || !c.Start(w.now).IsZero() || !strings.Contains(r.What, says) {
			t.Errorf("%q: %+v, %s", reply.text, r, c.Status(w.now))
		}
		before := w.kinds()
		w.pass()
		w.wantStep("maya", reply.next, "")
		if got := w.sent(outbox.Notice); len(got) != reply.notices {
			t.Errorf("%q: %d notices, want %d", reply.text, len(got), reply.notices)
		}
		for _, m := range w.find("maya").Messages {
			if m.Kind == outbox.Invite {
				t.Errorf("%q: invited to a time that is taken, after %s", reply.text, before)
			}
		}
	}
}

// A counter-proposal by mail to a talk in Google Calendar says which of these it was, too; what they have answered says
// the calendar.
func TestCounterWithoutAnotherTimeInGoogle(t *testing.T) {
	w, _ := booked(t)
	w.later(time.Hour)
	c := w.find("maya")
	at := c.Start(w.now).UTC()
	mail := &invites.Mail{Key: "k", MessageID: "r@example.org", At: w.now, From: invites.Address{Email: "maya@example.org"}, Sort: invites.Personal,
		Calendar: &invites.Object{Method: invites.Counter, UID: c.UID, Sequence: c.Sequence, Stamp: w.now.UTC(), Start: at, End: at.Add(c.Length()),
			Comment: "Earlier?", Attendees: []invites.Attendee{{Email: "maya@example.org", PartStat: invites.Declined}}}}
	const says = "a counter-proposal (by calendar, from maya@example.org) that names the time that stands: Earlier?"
	if r := w.receive(mail); r.Counted || r.What != says || w.find("maya").PartStat != invites.NeedsAction {
		t.Errorf("counted %v, %s: %s", r.Counted, w.find("maya").PartStat, r.What)
	}
}
