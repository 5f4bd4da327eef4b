package email_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"coalition/invites"
	"coalition/invites/email"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// mailOf is a mail whose subject is its name.
func mailOf(name string) string {
	return "From: maya@example.org\r\nMessage-ID: <" + name + "@example.org>\r\nSubject: " + name + "\r\n\r\nyes\r\n"
}

// items are mails that came a day apart, the last one at noon.
func items(uids ...int) (l []item) {
	for i, uid := range uids {
		l = append(l, item{uid, noon.AddDate(0, 0, i+1-len(uids)), mailOf(fmt.Sprint("mail", uid))})
	}
	return l
}

// A haul is what one Fetch has brought.
type haul struct {
	subjects []string
	cursors  []string // of the mails
	nexts    []string // of the batches
	at       []time.Time
}

func (h *haul) take(batch []*invites.Mail, next string) error {
	for _, m := range batch {
		h.subjects, h.cursors, h.at = append(h.subjects, m.Subject), append(h.cursors, m.Cursor), append(h.at, m.At)
	}
	h.nexts = append(h.nexts, next)
	return nil
}

// once is a reply to the first of the commands that begin so and ask for bodies.
func once(command string, what func(command string) string) reply {
	var done atomic.Bool
	return func(_ int, c string) string {
		if strings.HasPrefix(c, command) && strings.Contains(c, "BODY") && !done.Swap(true) {
			return what(c)
		}
		return usual
	}
}

func TestFetch(t *testing.T) {
	big := strings.Repeat("x", 600<<10)
	tests := []struct {
		name   string
		box    *postbox
		cursor string
		since  time.Time
		want   []string // cursors of mails
		nexts  []string // nil: that of the last mail
	}{
		{"nothing there", &postbox{next: 1}, "", noon, nil, []string{"7:0"}},
		{"first time", &postbox{items: items(3, 5, 900), next: 901}, "", noon.AddDate(0, 0, -1), []string{"7:5", "7:900"}, []string{"7:900"}},
		{"first time, clocks differ", &postbox{items: items(3, 5, 900), next: 901}, "", noon.AddDate(0, 0, -1).Add(time.Minute), []string{"7:5", "7:900"}, []string{"7:900"}},
		{"first time, all too old", &postbox{items: items(3, 5, 900), next: 901}, "", noon.Add(time.Hour), nil, []string{"7:900"}},
		{"first time, from the end", &postbox{items: items(3, 5, 900), next: 2000}, "", time.Time{}, nil, []string{"7:1999"}},
		{"from the end, no UIDNEXT", &postbox{items: items(3, 5, 900)}, "", time.Time{}, nil, []string{"7:900"}},
		{"from the end, nothing there, no UIDNEXT", &postbox{}, "", time.Time{}, nil, []string{"7:0"}},
		{"the rest", &postbox{items: items(3, 5, 900), next: 901}, "7:3", noon.Add(time.Hour), []string{"7:5", "7:900"}, []string{"7:900"}},
		{"no more", &postbox{items: items(3, 5, 900), next: 901}, "7:900", noon, nil, []string{}},
		{"no more, and the last ones gone", &postbox{items: items(3, 5), next: 901}, "7:900", noon, nil, []string{}},
		{"another mailbox", &postbox{items: items(3, 5, 900), next: 901, validity: 8}, "7:900", noon, []string{"8:900"}, []string{"8:900"}},
		{"another mailbox, from the end", &postbox{items: items(3, 5, 900), next: 901, validity: 8}, "7:900", time.Time{}, nil, []string{"8:900"}},
		{"a backup came back", &postbox{items: items(3, 5), next: 6}, "7:900", noon, []string{"7:5"}, []string{"7:5"}},
		{"nonsense", &postbox{items: items(3), next: 4}, "7:-1", noon, []string{"7:3"}, []string{"7:3"}},
		{"nonsense with zeros", &postbox{items: items(3), next: 4}, "07:3", noon, []string{"7:3"}, []string{"7:3"}},
		{"the last of all numbers", &postbox{items: items(3, math.MaxUint32)}, "7:3", noon, []string{"7:4294967295"}, []string{"7:4294967295"}},
		{"behind the last of all numbers", &postbox{items: items(3, math.MaxUint32)}, "7:4294967295", noon, nil, []string{}},
		{"large ones alone", &postbox{items: []item{{1, noon, big}, {2, noon, big}, {3, noon, "x"}, {4, noon, big + big + big}, {5, noon, ""}}, next: 6}, "7:0", noon,
			[]string{"7:1", "7:2", "7:3", "7:4", "7:5"}, []string{"7:1", "7:3", "7:4", "7:5"}},
		{"gone between SEARCH and FETCH", &postbox{items: items(3), do: to("UID SEARCH", "* SEARCH 2 3 4\r\n%t OK\r\n")}, "7:1", noon, []string{"7:3"}, []string{"7:4"}},
		{"all gone between SEARCH and FETCH", &postbox{do: to("UID SEARCH", "* SEARCH 2 3 4\r\n%t OK\r\n")}, "7:1", noon, nil, []string{"7:4"}},
		{"told that some are gone", &postbox{do: func(_ int, c string) string {
			switch {
			case strings.HasPrefix(c, "UID SEARCH"):
				return "* SEARCH 2\r\n%t OK\r\n"
			case strings.HasPrefix(c, "UID FETCH"):
				return "%t NO [EXPUNGEISSUED] some are gone\r\n"
			}
			return usual
		}}, "7:1", noon, nil, []string{"7:2"}},
		{"out of order and twice", &postbox{items: items(2, 3, 5), do: to("UID SEARCH", "* SEARCH 5 3 5\r\n* SEARCH 2 3\r\n%t OK\r\n")}, "7:2", noon,
			[]string{"7:3", "7:5"}, []string{"7:5"}},
		{"answered out of order, twice, and with others", &postbox{items: items(2, 3), do: func(_ int, c string) string {
			if fetching.MatchString(c) && strings.Contains(c, "BODY") {
				l := items(2, 3, 9)
				return l[1].fetch(2, c) + l[2].fetch(3, c) + l[0].fetch(1, c) + l[0].fetch(1, c) + "%t OK\r\n"
			}
			return usual
		}}, "7:0", noon, []string{"7:2", "7:3"}, []string{"7:3"}},
		{"flags change meanwhile", &postbox{items: items(2, 3, 4), do: once("UID FETCH", func(c string) string {
			l := items(2, 3, 4)
			return l[0].fetch(1, c) + "* 2 FETCH (UID 3 FLAGS (\\Seen))\r\n" + l[1].fetch(2, c) + l[2].fetch(3, c) + "%t OK\r\n"
		})}, "7:0", noon, []string{"7:2", "7:3", "7:4"}, []string{"7:2", "7:4"}},
		{"flags of the first one change meanwhile", &postbox{items: items(2), do: once("UID FETCH", func(string) string {
			return "* 1 FETCH (UID 2 FLAGS (\\Seen))\r\n%t OK\r\n"
		})}, "7:0", noon, []string{"7:2"}, []string{"7:2"}},
		{"noise", &postbox{items: items(2), do: to("UID SEARCH", "* OK Still here (\"really\" {3}\r\n* 1 EXISTS\r\n* NO \"quoted\r\n* FLAGS (\\Seen)\r\n* OK [ALERT] (((((\r\n* SEARCH 2\r\n%t OK (\"\r\n")},
			"7:0", noon, []string{"7:2"}, []string{"7:2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.box.security = email.Clear
			m := tt.box.start(t).client()
			defer m.Close()
			var h haul
			if err := m.Fetch(t.Context(), tt.cursor, tt.since, h.take); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, h.cursors); d != "" {
				t.Errorf("mails (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.nexts, append([]string{}, h.nexts...)); d != "" {
				t.Errorf("cursors (-want +got):\n%s", d)
			}
			for i, at := range h.at {
				if at.Location() != time.UTC || at.After(noon) {
					t.Errorf("mail %d came at %v, want what the server says, in UTC", i, at)
				}
			}
			for _, c := range tt.box.heard(0) {
				if strings.HasPrefix(c, "SELECT") || strings.Contains(c, "BODY[") {
					t.Errorf("the client said %q, which changes the mailbox", c)
				}
			}
			// Nothing is new now: nobody is told, and on the same connection.
			if last := h.nexts; last != nil {
				h = haul{}
				if err := m.Fetch(t.Context(), last[len(last)-1], tt.since, h.take); err != nil {
					t.Fatal(err)
				}
				if tt.box.do(0, "UID SEARCH") == usual && h.nexts != nil {
					t.Errorf("a second Fetch brought %v and %v, want nothing", h.subjects, h.nexts)
				}
			}
			if tt.box.heard(1) != nil {
				t.Error("the second Fetch made a connection of its own")
			}
		})
	}
}

// What goes wrong, in words for people, and whether the account would be locked by knocking again.
func TestFetchFails(t *testing.T) {
	const signIn = "refused the sign-in: "
	type test struct {
		name string
		box  *postbox
		text string
		wait time.Duration
	}
	wrong := func(name, answer, text string, wait time.Duration) test {
		return test{name, &postbox{caps: "AUTH=PLAIN SASL-IR", do: to("AUTHENTICATE", answer)}, text, wait}
	}
	search := func(name, answer, text string) test {
		return test{name, &postbox{items: items(3, 5), do: to("UID SEARCH", answer)}, text, 0}
	}
	fetch := func(name, answer, text string) test {
		return test{name, &postbox{items: items(3, 5), do: func(_ int, c string) string {
			if fetching.MatchString(c) && strings.Contains(c, "BODY") {
				return answer
			}
			return usual
		}}, text, 0}
	}
	const silent, cut, garbled = "did not answer in time", "the connection was cut", "none that this program understands"
	tests := []test{
		{"certificate of nobody known", &postbox{security: email.StartTLS, cert: &untrusted}, "(STARTTLS: its certificate is signed by nobody this machine trusts)", 0},
		{"certificate for another name, tls", &postbox{security: email.TLS, cert: &otherName}, "(TLS: its certificate is for another name)", 0},
		{"no STARTTLS", &postbox{security: email.StartTLS, do: to("STARTTLS", "%t BAD what?\r\n")}, "offers no STARTTLS, and nothing is sent in the clear", 0},
		{"STARTTLS cut short", &postbox{security: email.StartTLS, do: to("STARTTLS", "a OK go\rX"+gone)}, cut, 0},
		{"STARTTLS without end", &postbox{security: email.StartTLS, do: to("STARTTLS", again+"* OK wait\r\n")}, "had no end", 0},
		{"STARTTLS, a line without end", &postbox{security: email.StartTLS, do: to("STARTTLS", "* OK"+again+" wait")}, "had no end", 0},
		{"slipped in before TLS", &postbox{security: email.StartTLS, do: to("STARTTLS", "%t OK go\r\n* CAPABILITY IMAP4rev1\r\n")}, "slipped in before TLS", 0},
		{"signed in before TLS", &postbox{security: email.StartTLS, do: to(greeting, "* PREAUTH welcome\r\n")}, garbled, 0},
		{"busy before TLS", &postbox{security: email.StartTLS, do: to(greeting, "* BYE too busy\r\n")}, "too busy", 0},

		{"greeting BYE", &postbox{do: to(greeting, "* BYE [UNAVAILABLE] too \x1b[1mbusy\r\n")}, "refused (greeting): too [1mbusy", 0},
		{"greeting is no IMAP", &postbox{do: to(greeting, "220 smtp.example.org\r\n")}, garbled, 0},
		{"greeting and gone", &postbox{do: to(greeting, drop)}, cut, 0},
		{"greeting without end", &postbox{do: to(greeting, "* OK"+again+" hello")}, "had no end", 0},
		{"greeting and silence", &postbox{do: to(greeting, silence)}, silent, 0},
		{"silence after the greeting", &postbox{do: to("CAPABILITY", silence)}, silent, 0},
		{"gone after the greeting", &postbox{do: to("CAPABILITY", drop)}, cut, 0},
		{"capabilities in brackets", &postbox{do: to("CAPABILITY", "* CAPABILITY (IMAP4rev1)\r\n%t OK\r\n")}, garbled, 0},
		{"capabilities in brackets later", &postbox{do: to("EXAMINE", "* OK [CAPABILITY (IMAP4rev1)] hm\r\n%t OK\r\n")}, garbled, 0},

		wrong("wrong password", "%t NO [AUTHENTICATIONFAILED] wrong\r\n", signIn+"wrong", 10*time.Minute),
		wrong("wrong password, without a word", "%t NO\r\n", signIn+"the mail server gave no reason", 10*time.Minute),
		wrong("password said again", "%t BAD no \"geheim\" here\r\n", signIn+`no "…" here`, 10*time.Minute),
		wrong("down for now", "%t NO [UNAVAILABLE] the directory is down\r\n", signIn+"the directory is down", 0),
		wrong("asks on", "+ bW9yZQ==\r\n", garbled, 0),
		wrong("silence", silence, silent, 0),
		wrong("gone", drop, cut, 0),
		{"LOGIN refused", &postbox{do: to("LOGIN", "%t NO wrong\r\n")}, signIn + "wrong", 10 * time.Minute},
		{"LOGIN not allowed", &postbox{caps: "LOGINDISABLED AUTH=GSSAPI"}, "(sign-in: it offers no way to sign in that this program knows: PLAIN or LOGIN)", 0},

		{"no such mailbox", &postbox{do: to("EXAMINE", "%t NO [NONEXISTENT] there is no such mailbox\r\n")}, "refused (EXAMINE): there is no such mailbox", 0},
		{"no UIDVALIDITY", &postbox{do: to("EXAMINE", "* 3 EXISTS\r\n%t OK\r\n")}, "no lasting numbers", 0},
		{"UIDVALIDITY below zero", &postbox{do: to("EXAMINE", "* OK [UIDVALIDITY -1] hm\r\n%t OK\r\n")}, garbled, 0},
		{"more mails than numbers", &postbox{do: to("EXAMINE", "* 4294967296 EXISTS\r\n%t OK\r\n")}, garbled, 0},
		{"EXAMINE and gone", &postbox{do: to("EXAMINE", "* BYE going down\r\n"+gone)}, cut, 0},
		{"EXAMINE in a tag that is nobody's", &postbox{do: to("EXAMINE", "T999 OK\r\n")}, garbled, 0},

		search("SEARCH refused", "%t NO not now\r\n", "refused (SEARCH): not now"),
		search("SEARCH finds number 0", "* SEARCH 0\r\n%t OK\r\n", garbled),
		search("SEARCH finds a number below zero", "* SEARCH -4\r\n%t OK\r\n", garbled),
		search("SEARCH finds too large a number", "* SEARCH 99999999999999999999\r\n%t OK\r\n", garbled),
		search("SEARCH finds all numbers", "* ESEARCH (TAG \"%t\") UID ALL 1:4294967295\r\n%t OK\r\n", "more mails than there can be"),
		search("SEARCH finds some that are no UIDs", "* ESEARCH (TAG \"%t\") ALL 1:3\r\n%t OK\r\n", garbled),
		search("SEARCH finds without end", "* SEARCH"+again+" 4000000000 4000000002", "had no end"),
		search("SEARCH and silence", silence, silent),

		fetch("FETCH refused", "%t NO [SERVERBUG] disk\r\n", "refused (FETCH): disk"),
		fetch("more than was asked for", "* 1 FETCH (UID 3 BODY[]<0> {1048577}\r\n", "more than it was asked for"),
		fetch("far more than was asked for", "* 1 FETCH (UID 3 BODY[]<0> {99999999999999999999}\r\n", "more than it was asked for"),
		fetch("less than nothing", "* 1 FETCH (UID 3 BODY[]<0> {-1}\r\n", garbled),
		fetch("mails without end", again+"* 1 FETCH (UID 3 BODY[]<0> {8}\r\nSubject:)\r\n", "had no end"),
		fetch("a line without end", "* 1 FETCH (UID 3 BODY[]<0> \""+again+"xxxxxxxxx", "had no end"),
		fetch("a name without end", "* 1 FETCH (UID 3 BODY"+again+"BODY", "had no end"),
		fetch("lists without end", "* 1 FETCH (UID 3 BODYSTRUCTURE "+again+"(((((((((", garbled),
		fetch("a quoted line that hides a literal", "* 1 FETCH (UID 3 BODY[]<0> \"{99}\r\n\"", garbled),
		fetch("cut within a mail", "* 1 FETCH (UID 3 BODY[]<0> {100}\r\nSubject: no"+gone, cut),
		fetch("silence within a mail", "* 1 FETCH (UID 3 BODY[]<0> {100}\r\nSubject: no", silent),
		fetch("cut between mails", "* 1 FETCH (UID 3 BODY[]<0> {4}\r\nmail)\r\n"+gone, cut),
		fetch("says goodbye", "* BYE that is all\r\n"+gone, cut),
		fetch("never gives the mail", "%t OK\r\n", "does not give a mail that it says it has"),
		fetch("names the mail behind it", "* 1 FETCH (BODY[]<0> {4}\r\nmail UID 3)\r\n%t OK\r\n", "does not give a mail that it says it has"),
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.box.security == "" {
				tt.box.security = email.Clear
			}
			m := tt.box.start(t).client(func(c *email.MailboxConfig) {
				if tt.text == silent {
					c.Dial, c.Command = 3*short, short
				}
			})
			defer m.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := m.Fetch(ctx, "7:1", noon, func([]*invites.Mail, string) error { t.Error("something was taken in"); return nil })
			got := fault(t, err)
			if ctx.Err() != nil {
				t.Error("only the end of the context ended it")
			}
			if !strings.Contains(got.Text, tt.text) || !strings.Contains(got.Text, fmt.Sprintf("127.0.0.1:%d", tt.box.port)) || goSpeak.MatchString(got.Text) {
				t.Errorf("text %q, want words for people with %q", got.Text, tt.text)
			}
			if strings.Contains(fmt.Sprintf("%v %v", err, got.Err), "geheim") {
				t.Errorf("the error tells the password: %v, %v", err, got.Err)
			}
			account := tt.wait > 0 || strings.Contains(tt.text, "certificate") || strings.Contains(tt.text, "offers no") // somebody has to mend it
			got.Text, got.Err = "", nil
			if d := cmp.Diff(invites.DeliveryError{Channel: true, Account: account, Wait: tt.wait}, got); d != "" {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
			if err := m.Wait(t.Context()); err == nil {
				t.Error("Wait waits on a connection that failed")
			}
		})
	}
}

// Every way in, and what is said on it.
func TestSignIn(t *testing.T) {
	const plain = "AUTHENTICATE PLAIN AGFuYQBnZWhlaW0="
	tests := []struct {
		name string
		box  *postbox
		user string
		want []string // before EXAMINE
	}{
		{"tls, PLAIN at once", &postbox{security: email.TLS, caps: "AUTH=LOGIN AUTH=PLAIN SASL-IR"}, "ana", []string{"CAPABILITY", plain, "CAPABILITY"}},
		{"starttls, PLAIN", &postbox{security: email.StartTLS, caps: "LOGINDISABLED AUTH=PLAIN"}, "ana", []string{"STARTTLS", "CAPABILITY", "AUTHENTICATE PLAIN", "CAPABILITY"}},
		{"LOGIN", &postbox{security: email.Clear}, "ana", []string{"CAPABILITY", `LOGIN "ana" "geheim"`, "CAPABILITY"}},
		{"LOGIN, capabilities told", &postbox{security: email.Clear, do: to("LOGIN", "%t OK [CAPABILITY IMAP4rev1] welcome\r\n")}, "ana", []string{"CAPABILITY", `LOGIN "ana" "geheim"`}},
		{"LOGIN in literals", &postbox{security: email.Clear, do: to("LOGIN", "%t OK\r\n")}, "änne", []string{"CAPABILITY", `LOGIN "änne" "geheim"`, "CAPABILITY"}},
		{"nobody", &postbox{security: email.Clear}, "", []string{"CAPABILITY"}},
		{"known already", &postbox{security: email.TLS, do: to(greeting, "* PREAUTH [CAPABILITY IMAP4rev1] welcome (ana)\r\n")}, "ana", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := tt.box.start(t).client(func(c *email.MailboxConfig) { c.Username, c.Folder = tt.user, "Answers & more" })
			defer m.Close()
			if err := m.Fetch(t.Context(), "", noon, new(haul).take); err != nil {
				t.Fatal(err)
			}
			got := tt.box.heard(0)
			if i := slices.Index(got, `EXAMINE "Answers &- more"`); i < 0 {
				t.Errorf("EXAMINE was not said: %q", got)
			} else if d := cmp.Diff(tt.want, append([]string(nil), got[:i]...)); d != "" {
				t.Errorf("commands (-want +got):\n%s", d)
			}
		})
	}
}

func TestMailboxNeverConnects(t *testing.T) {
	s := (&postbox{security: email.Clear}).start(t)
	tests := []struct {
		name string
		do   func(*email.MailboxConfig)
		text string
	}{
		{"in the clear to elsewhere", func(c *email.MailboxConfig) { c.Host = "192.0.2.1" },
			fmt.Sprintf("the mail server 192.0.2.1:%d gave no mail (connecting: without TLS only this machine itself is written to)", s.port)},
		{"unknown security", func(c *email.MailboxConfig) { c.Security = "ssl" },
			fmt.Sprintf("the mail server 127.0.0.1:%d gave no mail (connecting: no such security: ssl)", s.port)},
		{"no password", func(c *email.MailboxConfig) {
			c.Password = func(context.Context) (string, error) { return "", errors.New("the file secrets/imap is not there") }
		}, "the password for the mail server can't be read: the file secrets/imap is not there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := s.client(func(c *email.MailboxConfig) { c.SentFolder = "Sent" }, tt.do)
			if got := fault(t, m.Fetch(t.Context(), "", noon, new(haul).take)).Text; got != tt.text {
				t.Errorf("Fetch: %q, want %q", got, tt.text)
			}
			_, _, err := m.Sent(t.Context(), "a@b")
			if got := fault(t, err).Text; got != tt.text {
				t.Errorf("Sent: %q, want %q", got, tt.text)
			}
		})
	}
	if said := s.heard(0); said != nil {
		t.Errorf("somebody said %q", said)
	}
}

// Names of folders are written as the server reads them: go-imap takes offered for enabled.
func TestFolderName(t *testing.T) {
	for caps, want := range map[string][]string{
		"":          {`EXAMINE "Envoy&AOk-s"`},
		"IMAP4rev2": {"ENABLE IMAP4rev2", `EXAMINE "Envoyés"`},
	} {
		s := (&postbox{security: email.Clear, caps: caps, do: func(_ int, c string) string {
			switch {
			case strings.HasPrefix(c, "ENABLE"):
				return "* ENABLED IMAP4rev2\r\n%t OK\r\n"
			case c == `EXAMINE "Envoyés"`:
				return "* OK [UIDVALIDITY 7]\r\n%t OK\r\n"
			}
			return usual
		}}).start(t)
		m := s.client(func(c *email.MailboxConfig) { c.Folder = "Envoyés" })
		defer m.Close()
		if err := m.Fetch(t.Context(), "", time.Time{}, new(haul).take); err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(s.heard(0), func(c string) bool { return !strings.HasPrefix(c, "E") })
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("with %q (-want +got):\n%s", caps, d)
		}
	}
}

// A caller that can't take a batch in gets it again, on the same connection.
func TestFetchTakeFails(t *testing.T) {
	s := (&postbox{security: email.Clear, items: items(2, 3), next: 4}).start(t)
	m := s.client()
	defer m.Close()
	full := errors.New("the disk is full")
	if err := m.Fetch(t.Context(), "7:1", noon, func([]*invites.Mail, string) error { return full }); !errors.Is(err, full) {
		t.Errorf("Fetch = %v, want the error of take as it is", err)
	}
	var h haul
	if err := m.Fetch(t.Context(), "7:1", noon, h.take); err != nil || len(h.cursors) != 2 {
		t.Errorf("Fetch again = %v with %v, want both mails", err, h.cursors)
	}
	if s.heard(1) != nil {
		t.Error("the second Fetch made a connection of its own")
	}
}

// Servers cut connections that lie idle, and so does Close: the next Fetch makes a new one.
func TestFetchAgain(t *testing.T) {
	s := (&postbox{security: email.Clear, items: items(2, 3), next: 4, do: func(n int, c string) string {
		if n == 0 && strings.HasPrefix(c, "UID SEARCH") {
			return "* SEARCH\r\n%t OK\r\n" + gone
		}
		return usual
	}}).start(t)
	m := s.client()
	for n := range 3 {
		var h haul
		if err := m.Fetch(t.Context(), "7:1", noon, h.take); err != nil || len(h.cursors) != min(n, 1)*2 {
			t.Errorf("Fetch %d = %v with %v", n, err, h.cursors)
		}
		if n == 1 {
			m.Close()
			m.Close()
		}
	}
	if len(s.heard(2)) == 0 || s.heard(3) != nil {
		t.Errorf("want three connections")
	}
	m.Close()
}

func TestWait(t *testing.T) {
	tests := []struct {
		name string
		box  *postbox
		want []string // commands after Fetch
		poll bool     // nothing tells of mail
	}{
		{"told in IDLE", &postbox{do: to("IDLE", "+ idling\r\n* OK Still here\r\n* 2 EXISTS\r\n* 3 EXISTS\r\n* 1 RECENT\r\n")}, []string{"NOOP", "IDLE", "DONE"}, false},
		{"one gone and one come in IDLE", &postbox{do: to("IDLE", "+ idling\r\n* 1 EXPUNGE\r\n* 2 EXISTS\r\n")}, []string{"NOOP", "IDLE", "DONE"}, false},
		{"told before IDLE", &postbox{do: to("NOOP", "* 3 EXISTS\r\n%t OK\r\n")}, []string{"NOOP"}, false},
		{"told within Fetch", &postbox{do: to("UID SEARCH", "* SEARCH\r\n* 3 EXISTS\r\n%t OK\r\n")}, []string{"NOOP"}, false},
		{"told behind EXAMINE", &postbox{do: to("EXAMINE", "* 2 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 4]\r\n%t OK\r\n* 3 EXISTS\r\n")}, []string{"NOOP"}, false},
		{"only one gone", &postbox{do: to("IDLE", "+ idling\r\n* 1 EXPUNGE\r\n* 1 EXISTS\r\n")}, []string{"NOOP", "IDLE", "DONE", "NOOP"}, true},
		{"nothing new", &postbox{do: to("IDLE", "+ idling\r\n* 2 EXISTS\r\n* 1 FETCH (FLAGS (\\Seen))\r\n")}, []string{"NOOP", "IDLE", "DONE", "NOOP"}, true},
		{"IDLE refused", &postbox{do: to("IDLE", "%t NO not for you\r\n")}, []string{"NOOP", "IDLE", "NOOP", "NOOP"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.box.security, tt.box.caps, tt.box.items, tt.box.next = email.Clear, "IDLE", items(2, 3), 4
			m := tt.box.start(t).client(func(c *email.MailboxConfig) {
				if tt.poll {
					c.Idle, c.Noop, c.Poll = short/2, short/2, short
				}
			})
			defer m.Close()
			if err := m.Fetch(t.Context(), "7:3", noon, new(haul).take); err != nil {
				t.Fatal(err)
			}
			before := len(tt.box.heard(0))
			if err := m.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := tt.box.heard(0)[before:]
			if tt.poll && len(got) > len(tt.want) {
				got = got[:len(tt.want)] // as often as the time allows
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("commands (-want +got):\n%s", d)
			}
		})
	}
}

// What has been told before a Fetch is no news after it.
func TestWaitAfterFetch(t *testing.T) {
	var searched atomic.Int32
	s := (&postbox{security: email.Clear, caps: "IDLE", items: items(2, 3), next: 4, do: func(_ int, c string) string {
		if strings.HasPrefix(c, "UID SEARCH") && searched.Add(1) == 1 {
			return "* SEARCH\r\n* 3 EXISTS\r\n%t OK\r\n"
		}
		return usual
	}}).start(t)
	m := s.client(func(c *email.MailboxConfig) { c.Idle, c.Poll = short/2, short })
	defer m.Close()
	for range 2 {
		if err := m.Fetch(t.Context(), "7:3", noon, new(haul).take); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(s.heard(0), "IDLE") {
		t.Errorf("Wait did not wait: %q", s.heard(0))
	}
}

// A server that can't tell is asked.
func TestWaitWithoutIdle(t *testing.T) {
	var asked atomic.Int32
	s := (&postbox{security: email.Clear, items: items(2), do: func(_ int, c string) string {
		if c == "NOOP" && asked.Add(1) == 3 {
			return "* 2 EXISTS\r\n%t OK\r\n"
		}
		return usual
	}}).start(t)
	m := s.client(func(c *email.MailboxConfig) { c.Noop = time.Millisecond })
	defer m.Close()
	if err := m.Fetch(t.Context(), "", noon, new(haul).take); err != nil {
		t.Fatal(err)
	}
	if err := m.Wait(t.Context()); err != nil || asked.Load() != 3 {
		t.Errorf("Wait = %v after asking %d times, want 3", err, asked.Load())
	}
}

func TestWaitFails(t *testing.T) {
	const cut = "the connection was cut"
	tests := []struct {
		name string
		box  *postbox
		do   func(m *email.Mailbox, cancel func()) // in IDLE
		text string
	}{
		{"cut in IDLE", &postbox{do: to("IDLE", "+ idling\r\n"+gone)}, nil, cut},
		{"goodbye in IDLE", &postbox{do: to("IDLE", "+ idling\r\n* BYE timeout\r\n"+gone)}, nil, cut},
		{"silence in IDLE", &postbox{do: to("DONE", silence)}, nil, "did not answer in time"},
		{"silence before IDLE", &postbox{do: to("IDLE", silence)}, nil, "did not answer in time"},
		{"silence at NOOP", &postbox{do: to("NOOP", silence)}, nil, "did not answer in time"},
		{"talk without end in IDLE", &postbox{do: to("IDLE", "+ idling\r\n"+again+"* OK Still here\r\n")}, nil, "had no end"},
		{"idles twice", &postbox{do: to("IDLE", "+ idling\r\n+ idling\r\n")}, nil, "none that this program understands"},
		{"the context ends", &postbox{}, func(_ *email.Mailbox, cancel func()) { cancel() }, "this program was told to stop"},
		{"closed", &postbox{}, func(m *email.Mailbox, _ func()) { m.Close() }, cut},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.box.security, tt.box.caps, tt.box.items = email.Clear, "IDLE", items(2)
			m := tt.box.start(t).client(func(c *email.MailboxConfig) {
				if strings.HasPrefix(tt.name, "silence") {
					c.Idle, c.Command = short, short
				}
			})
			defer m.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if err := m.Fetch(ctx, "", noon, new(haul).take); err != nil {
				t.Fatal(err)
			}
			result := make(chan error, 1)
			go func() { result <- m.Wait(ctx) }()
			if tt.do != nil {
				tt.box.wait(t, "IDLE")
				tt.do(m, cancel)
			}
			select {
			case err := <-result:
				if got := fault(t, err); !strings.Contains(got.Text, tt.text) || goSpeak.MatchString(got.Text) || got.Wait != 0 {
					t.Errorf("%+v, want words for people with %q", got, tt.text)
				}
				if errors.Is(err, context.Canceled) != (ctx.Err() != nil) {
					t.Errorf("%v does not tell whether the context ended", fault(t, err).Err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("Wait goes on")
			}
			if err := m.Fetch(t.Context(), "", noon, new(haul).take); err != nil {
				t.Errorf("a Fetch after that: %v", err)
			}
		})
	}
}

// Whatever the server does not do, the end of the context ends the work.
func TestFetchStops(t *testing.T) {
	for _, step := range []string{greeting, "STARTTLS", "CAPABILITY", "AUTHENTICATE PLAIN AGFuYQBnZWhlaW0=", "EXAMINE INBOX", "UID SEARCH UID 2:*",
		"UID FETCH 2 (UID INTERNALDATE RFC822.SIZE)", "UID FETCH 2 (UID BODY.PEEK[]<0.1048576>)"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			s := (&postbox{security: email.StartTLS, caps: "AUTH=PLAIN SASL-IR", items: items(2), do: func(_ int, c string) string {
				if c == step || c == strings.Replace(step, "INTERNALDATE RFC822.SIZE", "RFC822.SIZE INTERNALDATE", 1) {
					return silence
				}
				return usual
			}}).start(t)
			m := s.client()
			defer m.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			result := make(chan error, 1)
			go func() { result <- m.Fetch(ctx, "7:1", noon, new(haul).take) }()
			select {
			case <-s.events:
			case <-time.After(20 * time.Second):
				t.Fatal("the server never got there")
			}
			cancel()
			select {
			case err := <-result:
				if got := fault(t, err); !strings.Contains(got.Text, "this program was told to stop") || !errors.Is(err, context.Canceled) {
					t.Errorf("%+v", got)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("Fetch goes on")
			}
		})
	}
}

func TestSent(t *testing.T) {
	const header = "UID FETCH 4,9 (UID BODY.PEEK[HEADER.FIELDS (\"Message-ID\")])"
	answer := func(lines ...string) reply {
		return func(_ int, c string) string {
			if c == header {
				return strings.Join(lines, "") + "%t OK\r\n"
			}
			return to("UID SEARCH", "* SEARCH 9 4\r\n%t OK\r\n")(0, c)
		}
	}
	one := func(uid int, header string) string {
		return fmt.Sprintf("* 1 FETCH (UID %d BODY[HEADER.FIELDS (\"Message-ID\")] {%d}\r\n%s)\r\n", uid, len(header), header)
	}
	missing := func(list string) reply {
		return func(_ int, c string) string {
			if strings.HasPrefix(c, "LIST") {
				return list
			}
			return to("EXAMINE", "%t NO not so\r\n")(0, c)
		}
	}
	tests := []struct {
		name      string
		do        reply
		found, ok bool
		text      string
	}{
		{"there", answer(one(4, "Message-ID: <a@b>\r\n\r\n"), one(9, "Message-ID: <xa@b>\r\n\r\n")), true, true, ""},
		{"there, folded, in other letters", answer(one(4, "Message-Id:\r\n <a@b> \r\n\r\n")), true, true, ""},
		{"there twice in one", answer(one(9, "Message-ID: <c@b>\r\nMessage-ID: <a@b>\r\n\r\n")), true, true, ""},
		{"only longer ones", answer(one(4, "Message-ID: <xa@b>\r\n\r\n"), one(9, "Message-ID: <a@bc>\r\n\r\n")), false, true, ""},
		{"in other letters", answer(one(4, "Message-ID: <A@b>\r\n\r\n")), false, true, ""},
		{"found and gone", answer(), false, true, ""},
		{"garbage", answer(one(4, "a@b"), one(9, "")), false, true, ""},
		{"not there", to("UID SEARCH", "* SEARCH\r\n%t OK\r\n"), false, true, ""},
		{"no such folder", missing("%t OK\r\n"), false, false, ""},
		{"only a folder of folders", missing("* LIST (\\Noselect) \"/\" \"Sent Mail\"\r\n%t OK\r\n"), false, false, ""},
		{"can't be opened", missing("* LIST () \"/\" {9}\r\nSent Mail\r\n%t OK\r\n"), false, false, "refused (looking for what was sent): not so"},
		{"LIST refused", missing("%t NO never\r\n"), false, false, "refused (looking for what was sent): never"},
		{"SEARCH refused", to("UID SEARCH", "%t NO no index\r\n"), false, false, "no index"},
		{"cut", to("UID SEARCH", drop), false, false, "(looking for what was sent: the connection was cut)"},
		{"wrong password", to("LOGIN", "%t NO wrong\r\n"), false, false, "refused the sign-in: wrong"},
		{"endless header", answer("* 1 FETCH (UID 4 BODY[HEADER.FIELDS (\"Message-ID\")] {999999}\r\n"), false, false, "more than it was asked for"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := (&postbox{security: email.Clear, do: tt.do}).start(t)
			m := s.client(func(c *email.MailboxConfig) { c.SentFolder = "Sent Mail" })
			found, ok, err := m.Sent(t.Context(), "a@b")
			if found != tt.found || ok != tt.ok || (err != nil) != (tt.text != "") {
				t.Fatalf("Sent = %t, %t, %v, want %t, %t", found, ok, err, tt.found, tt.ok)
			}
			if err != nil {
				if got := fault(t, err); !strings.Contains(got.Text, tt.text) || !got.Channel {
					t.Errorf("%+v, want %q", got, tt.text)
				}
			}
			s.wait(t, "closed") // nothing is kept open
		})
	}
	if found, ok, err := email.NewMailbox(email.MailboxConfig{}).Sent(t.Context(), "a@b"); found || ok || err != nil {
		t.Errorf("without a folder Sent = %t, %t, %v", found, ok, err)
	}
}
