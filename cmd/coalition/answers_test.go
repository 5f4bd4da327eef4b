package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A partner answers what stands in the outbox of dir, as mail programs and calendars do.
type partner struct {
	t     *testing.T
	dir   string
	mails int
}

// newest is the newest file of that kind in the outbox.
func (p *partner) newest(pattern string) string {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "outbox", pattern))
	if err != nil || len(files) == 0 {
		p.t.Fatalf("no %s in the outbox", pattern)
	}
	newest, at := "", time.Time{}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			p.t.Fatal(err)
		}
		if !info.ModTime().Before(at) {
			newest, at = f, info.ModTime()
		}
	}
	data, err := os.ReadFile(newest)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

var messageID = regexp.MustCompile(`(?i)\r\nMessage-Id: (<[^>]+>)`)

// mail writes a mail file that answers the newest message of that kind, and gives its name.
func (p *partner) mail(kind, header, body string) string {
	p.t.Helper()
	p.mails++
	m := messageID.FindStringSubmatch(p.newest("*-" + kind + "-*.eml"))
	if m == nil {
		p.t.Fatal("the message has no Message-ID")
	}
	if !strings.Contains(header, "From:") {
		header = "From: Maya Chen <maya@example.org>\n" + header
	}
	name := filepath.Join(p.dir, fmt.Sprintf("reply%d.eml", p.mails))
	text := fmt.Sprintf("%sTo: ana@example.org\nSubject: Re: your mail\nMessage-ID: <r%d@example.org>\nIn-Reply-To: %s\nReferences: %[3]s\nMIME-Version: 1.0\n%s", header, p.mails, m[1], body)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return name
}

// says writes a plain reply.
func (p *partner) says(kind, text string) string {
	return p.mail(kind, "", "Content-Type: text/plain; charset=utf-8\n\n"+text+"\n\n> quoted: no, later, 2\n")
}

var (
	partStat = regexp.MustCompile(`PARTSTAT=[A-Z-]+`)
	dtStamp  = regexp.MustCompile(`DTSTAMP:\w+`)
	dtTimes  = regexp.MustCompile(`DT(START|END)(;TZID=[^:]+)?:\w+`)
)

// replies writes what a calendar answers to the newest invitation or update; at, where not zero, is
// another start.
func (p *partner) replies(method, answer string, at time.Time) string {
	p.t.Helper()
	kind := "invite"
	if files, _ := filepath.Glob(filepath.Join(p.dir, "outbox", "*-update-*.ics")); len(files) > 0 {
		kind = "update"
	}
	ics := strings.ReplaceAll(p.newest("*-"+kind+"-*.ics"), "\r\n ", "")
	ics = strings.Replace(ics, "METHOD:REQUEST", "METHOD:"+method, 1)
	ics = partStat.ReplaceAllString(ics, "PARTSTAT="+answer)
	ics = dtStamp.ReplaceAllString(ics, "DTSTAMP:"+time.Now().UTC().Add(time.Duration(p.mails)*time.Second).Format("20060102T150405Z"))
	if !at.IsZero() {
		ics = dtTimes.ReplaceAllStringFunc(ics, func(s string) string {
			t := at
			if strings.HasPrefix(s, "DTEND") {
				t = t.Add(time.Hour)
			}
			return regexp.MustCompile(`^DT(START|END)`).FindString(s) + ":" + t.UTC().Format("20060102T150405Z")
		})
	}
	return p.mail(kind, "", "Content-Type: text/calendar; method="+method+"; charset=utf-8\n\n"+ics)
}

// bounces writes what a mail server says when it can't deliver the newest message of that kind.
func (p *partner) bounces(kind string) string {
	p.t.Helper()
	id := messageID.FindStringSubmatch(p.newest("*-" + kind + "-*.eml"))[1]
	name := filepath.Join(p.dir, "bounce.eml")
	if err := os.WriteFile(name, []byte("From: MAILER-DAEMON@mx.example.org\nTo: ana@example.org\nSubject: Undelivered\nMIME-Version: 1.0\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nIt came back.\n--b\nContent-Type: message/delivery-status\n\n"+
		"Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; maya@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n\n"+
		"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: "+id+"\n\n--b--\n"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return name
}

// What came back goes again by the command that sent it, and by nothing else.
func TestBouncedGoesAgain(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", mayaPlan)
	p := &partner{t: t, dir: dir}
	for _, step := range []struct{ args, want string }{
		{"ask maya --yes", "is on its way"},
		{"receive BOUNCE", "came back"},
		{"daemon --once", "mend the address"},
		{"ask maya --dry-run", "Subject: May we talk about working as partners?"},
		{"ask maya --yes", "is on its way"},
		{"ask maya --yes", "nothing more is sent"},
	} {
		if strings.Contains(step.args, "BOUNCE") {
			step.args = "receive " + p.bounces("brief")
		}
		if code, stdout, stderr := coalition(t, dir, strings.Fields(step.args)...); code != 0 || !strings.Contains(stdout, step.want) {
			t.Errorf("coalition %s: exit %d, want %q\n%s%s", step.args, code, step.want, stdout, stderr)
		}
	}
}

// A yes to a time that has gone is answered with those that are left, by the next pass.
func TestOtherTimesFromFiles(t *testing.T) {
	tom := strings.NewReplacer("Maya Chen", "Tom Weiss", "maya@", "tom@",
		"times: [in 8 working days at 10:00, in 9 working days at 15:00]", "start: in 8 working days at 10:30").Replace(mayaPlan)
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", mayaPlan,
		"conversations/tom.yaml", tom+"permitted: He said so.\n")
	p := &partner{t: t, dir: dir}
	for _, step := range []struct{ args, want string }{
		{"daemon --once", "maya, the brief to maya@example.org"},
		{"receive 1", "which was offered, is taken by the talk tom"},
		{"daemon --once --dry-run", "would send   maya, the mail with other times"},
		{"daemon --once", "maya, the mail with other times to maya@example.org"},
		{"daemon --once", "wait until Maya Chen has chosen another time"},
		{"log maya --json", `"kind": "times"`},
		{"slots maya", "Offered, and not answered yet:"},
		{"receive yes", "maya: yes, "},
		{"daemon --once", "maya, the invitation to maya@example.org"},
	} {
		if word, ok := strings.CutPrefix(step.args, "receive "); ok {
			kind := map[string]string{"1": "maya-brief", "yes": "maya-times"}[word]
			step.args = "receive " + p.says(kind, word)
		}
		code, stdout, stderr := coalition(t, dir, strings.Fields(step.args)...)
		if code != 0 || !strings.Contains(stdout, step.want) {
			t.Errorf("coalition %s: exit %d, want %q\n%s%s", step.args, code, step.want, stdout, stderr)
		}
	}
}

// A time of their own in a reply is shown with whether it is free, and taken by one command, which tells first what it
// breaks.
func TestOwnTimeFromFiles(t *testing.T) {
	plan := strings.Replace(mayaPlan, "times: [in 8 working days at 10:00, in 9 working days at 15:00]",
		"times: [2027-03-04 10:00, 2027-03-05 15:00]", 1)
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", plan)
	p := &partner{t: t, dir: dir}
	for _, step := range []struct {
		args string
		code int
		want string
	}{
		{"daemon --once", 0, "maya, the brief to maya@example.org"},
		{"counter maya take --yes", 2, "no other time is proposed for maya"},
		{"receive Saturday 6 March at 14:00 would be better", 0, "would rather have Sat 6 Mar 2027 13:00"},
		{"list", 0, "which does not suit (outside the hours of both)"},
		{"receive Wednesday 10 March at 11:00 would be better", 0, "would rather have Wed 10 Mar 2027 10:00"},
		{"list --json", 0, "Wed 10 Mar 2027 10:00 (Europe/Lisbon), which is free as far as is known: coalition counter maya"},
		{"show maya", 0, "Wed 10 Mar 2027 10:00, 60 min, proposed on"},
		{"daemon --once", 0, "take or decline the time that Maya Chen would rather have"},
		{"counter maya decline", 0, "declined the time proposed, Wed 10 Mar 2027 10:00 (Europe/Lisbon). Nobody is written"},
		{"receive Saturday 6 March at 14:00 would be better!", 0, "would rather have Sat 6 Mar 2027 13:00"},
		{"counter maya take --dry-run", 0, "Sat 6 Mar 2027 13:00 (Europe/Lisbon): outside the hours of both."},
		{"counter maya take --yes", 0, "The invitation to maya@example.org is on its way."},
	} {
		words := strings.Fields(step.args)
		if text, ok := strings.CutPrefix(step.args, "receive "); ok {
			words = []string{"receive", p.says("maya-brief", text)}
		}
		code, stdout, stderr := coalition(t, dir, append(words, "--at", "2027-02-22 10:00")...)
		if text := strings.Join(strings.Fields(stdout+stderr), " "); code != step.code || !strings.Contains(text, step.want) {
			t.Errorf("coalition %s: exit %d, want %d and %q\n%s%s", step.args, code, step.code, step.want, stdout, stderr)
		}
	}
}

func TestAnswersFromFiles(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", mayaPlan)
	p := &partner{t: t, dir: dir}
	do := func(want string, args ...string) string {
		t.Helper()
		code, stdout, stderr := coalition(t, dir, args...)
		if code != 0 || !strings.Contains(stdout, want) {
			t.Fatalf("coalition %s: exit %d, want 0 and %q\n%s%s", strings.Join(args, " "), code, want, stdout, stderr)
		}
		return stdout
	}
	state := func() row {
		t.Helper()
		var rows []row
		if err := json.Unmarshal([]byte(do("", "list", "--json")), &rows); err != nil || len(rows) != 1 {
			t.Fatal(err, rows)
		}
		return rows[0]
	}
	do("", "daemon", "--once")
	do("maya: question", "receive", p.says("brief", "What is it about?"))
	if r := state(); r.Status != "asked" || r.Answer.Value != "question" || r.Answer.How != "mail" || *r.Answer.Note != "What is it about?" || !strings.HasPrefix(*r.Next, "answer the question") {
		t.Errorf("after a question: %+v, %+v", r, r.Answer)
	}
	do("What is it about?", "list")
	two := p.says("brief", "2")
	do("maya: yes, ", "receive", two)
	do("taken in before", "receive", two)
	if r := state(); r.Status != "permitted" || r.Answer.Value != "yes" || !strings.HasPrefix(*r.Next, "send the invitation") {
		t.Errorf("after a yes: %+v", r)
	}
	do("", "daemon", "--once")
	do("accepted", "receive", p.replies("REPLY", "ACCEPTED", time.Time{}))
	if r := state(); r.Status != "confirmed" || *r.PartStat != "ACCEPTED" || *r.Sequence != 0 {
		t.Errorf("after an acceptance: %+v", r)
	}
	start, err := time.Parse(time.RFC3339, *state().Start)
	if err != nil {
		t.Fatal(err)
	}
	other := start.Add(2 * time.Hour)
	do("another time", "receive", p.replies("COUNTER", "TENTATIVE", other))
	if r := state(); r.Status != "invited" || *r.PartStat != "TENTATIVE" || !strings.Contains(*r.Next, "coalition counter maya") {
		t.Errorf("after a counter-proposal: %+v", r)
	}
	do("proposed on", "show", "maya")
	if code, _, stderr := coalition(t, dir, "counter", "maya", "take"); code != 2 || !strings.Contains(stderr, "--yes") {
		t.Errorf("taken without being asked: %d, %s", code, stderr)
	}
	do("METHOD:DECLINECOUNTER", "counter", "maya", "decline", "--dry-run")
	do("is on its way", "counter", "maya", "take", "--yes")
	if r := state(); *r.Sequence != 1 || *r.PartStat != "NEEDS-ACTION" || r.Status != "invited" || *r.Start != other.In(start.Location()).Format(time.RFC3339) {
		t.Errorf("after it was taken: %+v, %s", r, *r.Start)
	}
	if ics := p.newest("*-update-1.ics"); !strings.Contains(ics, "SEQUENCE:1") || !strings.Contains(ics, "METHOD:REQUEST") {
		t.Errorf("the update:\n%s", ics)
	}
	do("another time", "receive", p.replies("COUNTER", "DECLINED", other.Add(time.Hour)))
	do("is on its way", "counter", "maya", "decline", "--reason", "On the train.", "--yes")
	if ics := p.newest("*-declinecounter-1.ics"); !strings.Contains(ics, "METHOD:DECLINECOUNTER") || !strings.Contains(ics, "COMMENT:On the train.") {
		t.Errorf("the refusal:\n%s", ics)
	}
	forged := p.replies("REPLY", "ACCEPTED", time.Time{})
	data, err := os.ReadFile(forged)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := run(context.Background(), []string{"--config", filepath.Join(dir, "config.yaml"), "receive", "-", "--json"}, nil,
		bytes.NewReader(bytes.Replace(data, []byte("Maya Chen <maya@"), []byte("Mallory <mallory@"), 1)), &out, &errs)
	var receipts []receipt
	if err := json.Unmarshal(out.Bytes(), &receipts); code != 0 || err != nil || len(receipts) != 1 || receipts[0].Counted || !strings.Contains(receipts[0].Text, "mallory@example.org") {
		t.Errorf("a forgery: %d, %s%s", code, &out, &errs)
	}
	do("does not come from maya@example.org", "log", "maya", "--json")
	do("does not come from maya@example.org", "show", "maya", "--json")
	do("does not come from maya@example.org", "list")
	if r := state(); *r.PartStat != "DECLINED" {
		t.Errorf("after a forgery: %+v", r)
	}
	do("came back: 5.1.1", "receive", p.bounces("update"))
	var log []logRow
	if err := json.Unmarshal([]byte(do("", "log", "maya", "--json")), &log); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, r := range log {
		found = found || r.Kind == "update" && *r.State == "bounced" && strings.Contains(*r.Error, "no such user")
	}
	if !found {
		t.Errorf("the log shows no bounce: %+v", log)
	}
	// It goes again once the organizer wants it to, with what she has answered since.
	sent := len(inOutbox(t, dir, "*-update-1*.eml"))
	do("is on its way", "invite", "maya", "--yes")
	if n := len(inOutbox(t, dir, "*-update-1*.eml")); n != sent+1 || !strings.Contains(p.newest("*-update-1*.ics"), "PARTSTAT=DECLINED") {
		t.Errorf("%d files of the update, and there were %d", n, sent)
	}
	if err := os.WriteFile(filepath.Join(dir, "none.eml"), []byte("From: x@example.net\nSubject: Buy\n\nthis\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	do("belongs to no conversation", "receive", filepath.Join(dir, "none.eml"))
	if code, stdout, stderr := coalition(t, dir, "receive", filepath.Join(dir, "nothing.eml"), filepath.Join(dir, "none.eml")); code != 2 ||
		!strings.Contains(stderr, "nothing.eml") || !strings.Contains(stdout, "belongs to no conversation") {
		t.Errorf("a file that is not there, and one that is: %d, %s%s", code, stdout, stderr)
	}
	before, err := filepath.Glob(filepath.Join(dir, "outbox", "*"))
	if err != nil {
		t.Fatal(err)
	}
	do("", "daemon", "--once")
	if after, _ := filepath.Glob(filepath.Join(dir, "outbox", "*")); len(after) != len(before) {
		t.Errorf("the daemon has sent something nobody meant: %v", after)
	}
}
