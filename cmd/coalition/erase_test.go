package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/jackc/pgx/v5"

	"coalition/scheduler/store/storetest"
)

const zofiaPlan = `with:
  name: Zofia Wiśniewska
  call: Zofia
  email: zofia.w@kanarek-verein.org
  aliases: [zw@privatkanarek.net]
  timezone: Europe/Berlin
purpose: Zweckkanarek, for both of us.
agenda:
  - {topic: What each of us is committed to, minutes: 60}
setting: {kind: walk, place: Riverside path}
when:
  times: [2027-03-04 10:00, 2027-03-05 15:00]
ready: true
private: {why: Warumkanarek is why}
`

// traces are what nothing may be left of: each stands somewhere in the life below, and nowhere else.
var traces = []string{"zqualle", "zofia", "Wiśniewska", "kanarek", "Notizvogel", "Betreffvogel", "Zusatzvogel", "Fremdvogel", "Lernvogel", "Zusagevogel", "Dankvogel"}

// A past is a life with the program that is told with its own mails.
type past struct {
	t   *testing.T
	dir string
	// mails are those that have come, outside of dir.
	mails string
	// ids are the Message-IDs and UIDs of all that has left to the partner.
	ids []string
	// uid is that of the invitation.
	uid string
}

func (p *past) do(code int, at, args string) string {
	p.t.Helper()
	words := strings.Fields(args)
	for i, w := range words {
		words[i] = strings.ReplaceAll(w, "_", " ")
	}
	got, stdout, stderr := coalition(p.t, p.dir, append([]string{"--at", at}, words...)...)
	if got != code {
		p.t.Fatalf("%s: exit %d, want %d\n%s%s", args, got, code, stdout, stderr)
	}
	return stdout + stderr
}

// receives has a mail come in, and wants to read what becomes of it.
func (p *past) receives(at, name, mail, says string) {
	p.t.Helper()
	file := filepath.Join(p.mails, name)
	if err := os.WriteFile(file, []byte(mail), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if out := p.do(0, at, "receive "+file); !strings.Contains(out, says) {
		p.t.Errorf("%s: want %q\n%s", name, says, out)
	}
}

// newest returns the newest file of the outbox of that pattern, and takes down by which ids it is known.
func (p *past) newest(pattern string) string {
	p.t.Helper()
	list, _ := filepath.Glob(filepath.Join(p.dir, "outbox", pattern))
	slices.Sort(list)
	var data []byte
	for _, file := range list {
		// Not the organizer's own copy.
		text, err := os.ReadFile(file)
		if err != nil {
			p.t.Fatal(err)
		}
		if !regexp.MustCompile(`\nTo: .*ana@example`).Match(text) {
			data = text
		}
	}
	if data == nil {
		p.t.Fatalf("no %s has left: %s", pattern, list)
	}
	for _, id := range regexp.MustCompile(`(?m)^(?:Message-ID: <|UID:)([^>@\r\n]+)`).FindAllSubmatch(data, -1) {
		p.ids = append(p.ids, string(id[1]))
	}
	return string(data)
}

const zofiaMail = "Authentication-Results: mx.example.org; dmarc=pass\nFrom: Zofia Wiśniewska <zofia.w@kanarek-verein.org>\nTo: ana@example.org\n"

// live has everything happen that is kept anywhere: two rounds with one person, a brief and a notice, mails that count,
// that are only shown and that are not believed, an invitation that comes back, an answer by calendar, a journal, times
// that somebody else wanted, and in the end the wish for no more mail.
func (p *past) live() {
	replyTo := func(data string) string { return "In-Reply-To: " + messageID.FindStringSubmatch(data)[1] + "\n" }
	p.do(0, "2027-02-01 10:00", "daemon --once")
	brief, tom := p.newest("*-zqualle-brief-*.eml"), p.newest("*-tom-brief-*.eml")
	p.ids = p.ids[:1]
	p.receives("2027-02-01 11:00", "forged.eml", "From: x@fremdvogel.example.net\nReply-To: zofia.w@kanarek-verein.org\nSubject: Re: May we talk about working as partners?\n\nno Fremdvogel\n", "not believed")
	p.receives("2027-02-01 12:00", "question.eml", zofiaMail+"Message-ID: <q@kanarek-verein.org>\nSubject: Betreffvogel\n"+replyTo(brief)+"\nWhat is it about, Notizvogel?\n", "zqualle")
	p.receives("2027-02-01 12:30", "dinner.eml", zofiaMail+"Message-ID: <d@kanarek-verein.org>\nSubject: Betreffvogel\nIn-Reply-To: <dinner@example.org>\n\nyes\n", "Betreffvogel")
	p.receives("2027-02-01 13:00", "yes.eml", zofiaMail+"Message-ID: <y@kanarek-verein.org>\nSubject: Re: Betreffvogel\n"+replyTo(brief)+"\n1\n\n- Zusatzvogel\n", "zqualle: yes")
	p.do(0, "2027-02-01 14:00", "daemon --once")
	invitation := p.newest("*-zqualle-invite-*.eml")
	p.newest("*-zqualle-invite-*.ics")
	p.uid = p.ids[len(p.ids)-1]
	p.receives("2027-02-01 15:00", "tom.eml", "Authentication-Results: mx.example.org; dmarc=pass\nFrom: tom@example.org\nTo: ana@example.org\nMessage-ID: <t@example.org>\nSubject: Re: x\n"+replyTo(tom)+"\n1\n", "taken by the talk zqualle")
	p.receives("2027-02-01 16:00", "bounce.eml", "From: MAILER-DAEMON@mx.example.org\nMIME-Version: 1.0\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nIt came back.\n--b\nContent-Type: message/delivery-status\n\n"+
		"Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; zofia.w@kanarek-verein.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n\n"+
		"--b\nContent-Type: message/rfc822\n\nMessage-ID: "+messageID.FindStringSubmatch(invitation)[1]+"\n\n--b--\n", "came back")
	p.receives("2027-02-02 10:00", "reply.eml", zofiaMail+"Message-ID: <c@kanarek-verein.org>\nSubject: Accepted\nContent-Type: text/calendar; method=REPLY\n\n"+
		"BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:"+p.uid+"\nSEQUENCE:0\nDTSTAMP:20270202T090000Z\nATTENDEE;PARTSTAT=ACCEPTED:mailto:zofia.w@kanarek-verein.org\nEND:VEVENT\nEND:VCALENDAR\n", "accepted")
	p.do(0, "2027-03-03 11:00", "daemon --once")
	p.newest("*-zqualle-reminder-*.eml")
	p.do(0, "2027-03-05 10:00", "debrief zqualle --learned Lernvogel --promise me:_Zusagevogel_by_2027-04-01 --thanks Dankvogel. --next 2027-04-06_10:00 --yes")
	p.newest("*-zqualle-thanks-*.eml")
	p.do(0, "2027-03-10 09:00", "ready zqualle/2 --yes")
	p.do(0, "2027-03-10 10:00", "ask zqualle/2 --yes")
	again := p.newest("*-zqualle-brief-*.eml")
	p.receives("2027-03-11 10:00", "stop.eml", zofiaMail+"Message-ID: <s@kanarek-verein.org>\nSubject: Re: x\n"+replyTo(again)+"\nNo. Please do not write to me again, Notizvogel.\n", "zqualle/2: asked for no more mail")
	p.do(0, "2027-03-11 11:00", "daemon --once")
}

func (p *past) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// forms are all in which a word may lie on a disk: as it is, and as mail, web, databases and other systems write it.
func forms(word string) (list [][]byte) {
	word = strings.ToLower(word)
	list = append(list, []byte(word), []byte(strings.ToLower(url.QueryEscape(word))), []byte(hex.EncodeToString([]byte(word))))
	quoted, wide := "", []byte{}
	for _, b := range []byte(word) {
		if b < 0x80 {
			quoted += string(b)
		} else {
			quoted += fmt.Sprintf("=%02x", b)
		}
	}
	for _, r := range utf16.Encode([]rune(word)) {
		wide = append(wide, byte(r), byte(r>>8))
	}
	return append(list, []byte(quoted), wide)
}

// coded are the forms in base64, which goes by case: wherever in a group of three bytes the word begins.
func coded(word string) (list [][]byte) {
	for _, w := range []string{word, strings.ToLower(word), strings.ToUpper(word[:1]) + word[1:]} {
		for shift := range 3 {
			s := base64.StdEncoding.EncodeToString(append(make([]byte, shift), w...))
			// What others than the word itself have a say in.
			list = append(list, []byte(s[(shift*8+5)/6:len(s)-4]))
		}
	}
	return list
}

// folds are the ends of lines that mail and calendars may have put into the midst of a word.
var folds = strings.NewReplacer("=\r\n", "", "\r\n ", "", "\r\n", "", "=\n", "")

// traced returns which of some words stand in data, in whatever form.
func traced(data []byte, words []string) (found []string) {
	whole := []byte(folds.Replace(string(data)))
	lower := bytes.ToLower(whole)
	for _, word := range words {
		stands := func(in []byte) func([]byte) bool {
			return func(form []byte) bool { return len(form) > 3 && bytes.Contains(in, form) }
		}
		if slices.ContainsFunc(forms(word), stands(lower)) || slices.ContainsFunc(coded(word), stands(whole)) {
			found = append(found, word)
		}
	}
	return found
}

// traces returns in which files and tables which of some words stand.
func (p *past) traces(words []string, server func() map[string][]byte) (found []string) {
	p.t.Helper()
	look := func(where string, data []byte) {
		for _, word := range append(traced(data, words), traced([]byte(where), words)...) {
			found = append(found, word+" in "+where)
		}
	}
	if err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(p.dir, path)
		look(name, data)
		return err
	}); err != nil {
		p.t.Fatal(err)
	}
	for where, data := range server() {
		look(where, data)
	}
	return found
}

func TestErase(t *testing.T) {
	t.Parallel()
	testErase(t, "./state/coalition.db", func() map[string][]byte { return nil })
}

func TestErasePostgres(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)(t)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	testErase(t, dsn, func() map[string][]byte {
		// Which keeps samples of what it has seen.
		if _, err := conn.Exec(ctx, "ANALYZE"); err != nil {
			t.Fatal(err)
		}
		return onServer(t, conn)
	})
}

// onServer is every row of every table, and every file of the server but its log of changes.
func onServer(t *testing.T, conn *pgx.Conn) map[string][]byte {
	t.Helper()
	ctx, all := context.Background(), make(map[string][]byte)
	rows, err := conn.Query(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		rows, err := conn.Query(ctx, "SELECT t::text FROM "+name+" t")
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		all["table "+name] = []byte(strings.Join(list, "\n"))
	}
	if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	var folder string
	if err := conn.QueryRow(ctx, "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = current_database()").Scan(&folder); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		// What every database begins with says nothing.
		if template, _ := os.ReadFile(filepath.Join(filepath.Dir(folder), "1", d.Name())); !bytes.Equal(data, template) {
			all["server "+path] = data
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func newPast(t *testing.T, state string) *past {
	dir := write(t, "config.yaml", anaConfig+fmt.Sprintf("state: %q\nmail: {copy_to_self: true}\nreplies: {trust: [mx.example.org]}\nnotify: true\nweb: {listen: \"127.0.0.1:0\", public_url: https://talk.example.org}\n", state),
		"conversations/zqualle.yaml", zofiaPlan,
		"conversations/tom.yaml", strings.NewReplacer("Maya Chen", "Tom Weiss", "maya@", "tom@", "in 8 working days at 10:00, in 9 working days at 15:00", "2027-03-04 10:00, 2027-03-05 10:00").Replace(mayaPlan))
	return &past{t: t, dir: dir, mails: t.TempDir()}
}

// testErase lives a whole life with one person, erases it, and looks for what is left in every file and table.
func testErase(t *testing.T, state string, server func() map[string][]byte) {
	p := newPast(t, state)
	dir := p.dir
	p.live()
	const at = "2027-03-12 10:00"
	// What calendars said last: hers, as far as it was shown, and the organizer's own.
	kept := "state/.coalition-calendars"
	if strings.Contains(state, "://") {
		kept = ".coalition-calendars"
	}
	hers := theirs("zofia.w@kanarek-verein.org").Kept(kept)
	p.write(hers, "busy")
	p.write(kept+"/own", "SUMMARY:Lunch with Zofia Wiśniewska")
	if code, _, stderr := coalition(t, dir, "backup", filepath.Join(p.mails, "before.db")); code != 0 {
		t.Fatal(stderr)
	}
	words := append(slices.Clone(traces), p.ids...)
	before := strings.Join(p.traces(words, server), "\n")
	for _, word := range words {
		if !strings.Contains(before, word+" in ") {
			t.Errorf("nothing to find of %s before", word)
		}
	}
	out := p.do(0, at, "erase zqualle --yes")
	for _, says := range []string{"2 rounds, ", "the plan " + filepath.Join(dir, "conversations/zqualle-2.yaml"), "wants no more mail", "zqualle is erased."} {
		if !strings.Contains(out, says) {
			t.Errorf("erase does not say %q:\n%s", says, out)
		}
	}
	if found := p.traces(words, server); len(found) > 0 {
		t.Errorf("left: %s", strings.Join(found, "\n"))
	}
	if _, err := os.Stat(filepath.Join(dir, hers)); err == nil {
		t.Error("what was read of her calendar is left")
	}
	if out := p.do(0, at, "show tom"); !strings.Contains(strings.Join(strings.Fields(out), " "), "is not free any more") {
		t.Errorf("what Tom wanted is not known any more:\n%s", out)
	}
	// Mail that comes once more, or late, is nobody's.
	for _, name := range []string{"question.eml", "yes.eml", "reply.eml", "stop.eml", "bounce.eml"} {
		if out := p.do(0, at, "receive "+filepath.Join(p.mails, name)); strings.Contains(out, "zqualle") {
			t.Errorf("%s: %s", name, out)
		}
	}
	p.do(0, at, "daemon --once")
	if found := p.traces(words, server); len(found) > 0 {
		t.Errorf("come back: %s", strings.Join(found, "\n"))
	}
	// The silence holds, whatever name they are planned by, until the organizer asks; and what is sent then is no repeat.
	p.write("conversations/zqualle.yaml", strings.NewReplacer("zofia.w@kanarek-verein.org", "ZW@privatkanarek.net", "aliases: [zw@privatkanarek.net]", "familiar: true", "2027-03-04 10:00, 2027-03-05 15:00", "2027-05-04 10:00").Replace(zofiaPlan))
	p.do(0, at, "daemon --once")
	if out := p.do(0, at, "list"); !strings.Contains(strings.Join(strings.Fields(out), " "), "asked for no more mail (11 Mar 2027, in a conversation that is erased)") {
		t.Errorf("the silence does not hold:\n%s", out)
	}
	if list, _ := filepath.Glob(filepath.Join(dir, "outbox", "*-zqualle-*")); len(list) > 0 {
		t.Errorf("they were written to by itself: %s", list)
	}
	p.write("conversations/zqualle.yaml", strings.Replace(zofiaPlan, "2027-03-04 10:00, 2027-03-05 15:00", "2027-05-04 10:00", 1))
	p.do(0, at, "ask zqualle --yes")
	p.do(0, at, "answer zqualle yes")
	known := len(p.ids)
	p.do(0, at, "invite zqualle --start 2027-05-04_10:00 --yes")
	p.newest("*-zqualle-invite-*.ics")
	if slices.Contains(p.ids[:known], p.ids[known]) {
		t.Error("the new invitation has the UID of the old one: calendars would take it for older, and pass over it")
	}
	// A backup that was made before has all of it still, and says so.
	if code, _, stderr := coalition(t, dir, "restore", "--yes", filepath.Join(p.mails, "before.db")); code != 0 || !strings.Contains(stderr, "Since that backup 1 conversation was erased; what it holds of them is here again") {
		t.Errorf("restore: exit %d\n%s", code, stderr)
	}
}

// TestEraseBesideDaemon erases while a daemon works on the same state, which must not write the person back.
func TestEraseBesideDaemon(t *testing.T) {
	t.Parallel()
	tom := strings.NewReplacer("Maya Chen", "Tom Weiss", "maya@", "tom@")
	dir := write(t, "config.yaml", anaConfig, "conversations/zqualle.yaml", zofiaPlan, "conversations/tom.yaml", tom.Replace(mayaPlan))
	old := time.Now().Add(-time.Minute)
	aged := func(name string) {
		if err := os.Chtimes(filepath.Join(dir, "conversations", name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	aged("zqualle.yaml")
	aged("tom.yaml")
	d := startDaemon(t, dir, "--at", "2027-02-01 10:00")
	// That it is on record, too, that both briefs have left.
	d.await("msg=sent")
	d.await("msg=sent")
	if code, stdout, stderr := coalition(t, dir, "--at", "2027-02-01 10:00", "erase", "zqualle", "--yes"); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	// What the daemon does next it does without them.
	if code, stdout, stderr := coalition(t, dir, "--at", "2027-02-01 10:00", "answer", "tom", "yes", "--time", "1"); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	d.await("msg=sent id=tom kind=invite")
	code := d.stop()
	if log := strings.Join(d.seen, "\n"); code != 0 || strings.Contains(log, "is gone") {
		t.Errorf("exit %d; the daemon misses what was erased:\n%s", code, log)
	}
	p := &past{t: t, dir: dir}
	if found := p.traces(traces, func() map[string][]byte { return nil }); len(found) > 0 {
		t.Errorf("left: %s", strings.Join(found, "\n"))
	}
}

// TestEraseCutOff erases anew what was cut off in the midst of it: after the rows were gone, before all else was.
func TestEraseCutOff(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig, "conversations/zqualle.yaml", zofiaPlan)
	p := &past{t: t, dir: dir}
	const at = "2027-02-01 10:00"
	p.do(0, at, "daemon --once")
	var nowhere bytes.Buffer
	a := &app{configFile: filepath.Join(dir, "config.yaml"), stdin: &nowhere, stdout: &nowhere, stderr: &nowhere, wall: time.Now, yes: true}
	ctx := t.Context()
	if err := a.open(ctx, false); err != nil {
		t.Fatal(err)
	}
	b, err := a.look(ctx)
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.erasureOf(ctx, b, "zqualle")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.eraseRows(ctx, b, e); err != nil {
		t.Fatal(err)
	}
	a.state.Close()
	if err := removeAll(e.beside); err != nil {
		t.Fatal(err)
	}
	if out := p.do(0, at, "erase zqualle --yes"); !strings.Contains(out, "zqualle is erased") {
		t.Errorf("the second time: %s", out)
	}
	if found := p.traces(traces, func() map[string][]byte { return nil }); len(found) > 0 {
		t.Errorf("left: %s", strings.Join(found, "\n"))
	}
	p.do(2, at, "erase zqualle --yes")
}

// What a crash has left half-written goes as well, and what is just being written stays.
func TestEraseHalfWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, text string, age time.Duration) string {
		path := filepath.Join(dir, name)
		at := time.Now().Add(-age)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("config.yaml", anaConfig, 0)
	put("conversations/zofia.yaml", zofiaPlan, time.Hour)
	var left []string
	for _, folder := range []string{"conversations", "conversations/.drafts", "journal", "outbox"} {
		left = append(left, put(folder+"/.writing-1", "Lernvogel", time.Hour))
	}
	now := put("journal/.writing-2", "of somebody else", 0)
	if code, out, errs := coalition(t, dir, "erase", "zofia", "--yes"); code != 0 || strings.Count(out, ".writing-1") != len(left) {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	for _, path := range left {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there", path)
		}
	}
	if _, err := os.Stat(now); err != nil {
		t.Error(err)
	}
}
