package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOwnCalendar: the organizer's calendar program reads it: every talk that stands, under a UID that is not the
// invitation's, and the days of promises without their words. Nobody is named who could be written to, and what has not
// changed is the same file.
func TestOwnCalendar(t *testing.T) {
	dir := heldTalk(t)
	folder := filepath.Join(dir, "conversations")
	for id, text := range map[string]string{
		"ben": strings.NewReplacer("Maya Chen, email: maya@", "Ben Ito, email: ben@", "2027-03-04", "2027-03-20").Replace(heldPlan),
		"eva": strings.NewReplacer("Maya Chen, email: maya@", "Eva Lund, email: eva@", "2027-03-04", "2027-03-22").Replace(heldPlan),
	} {
		if err := os.WriteFile(filepath.Join(folder, id+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		does(t, dir, "--at", "2027-02-01 11:00", "invite", id, "--permitted", "They said so.", "--yes")
	}
	does(t, dir, "--at", "2027-02-01 12:00", "cancel", "eva", "--yes")
	does(t, dir, "--at", afterTalk, "debrief", "maya", "--no-thanks", "--promise", "me: Feedkanarien by 2027-03-11",
		"--promise", "me: another by 2027-03-11", "--promise", "them: a third", "--yes")
	feed := filepath.Join(dir, "talks.ics")
	does(t, dir, "--at", "2027-03-05 10:00", "agenda", "--ics", feed)
	data, err := os.ReadFile(feed)
	if err != nil {
		t.Fatal(err)
	}
	read := exec.Command("/usr/bin/python3", "-c", `import icalendar, sys
c = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
print(c["METHOD"])
for e in c.walk("VEVENT"):
    print(e["STATUS"], e["TRANSP"], e.decoded("DTSTART").isoformat(), e.decoded("DTEND").isoformat(), e["SUMMARY"], e.get("LOCATION", "-"), sep="; ")`)
	read.Stdin = bytes.NewReader(data)
	said, err := read.CombinedOutput()
	want := `PUBLISH
TENTATIVE; OPAQUE; 2027-03-20T10:00:00+00:00; 2027-03-20T11:00:00+00:00; Conversation: Ana Lopes and Ben Ito; Riverside path
CONFIRMED; OPAQUE; 2027-03-04T10:00:00+00:00; 2027-03-04T11:00:00+00:00; Conversation: Ana Lopes and Maya Chen; Riverside path
CONFIRMED; TRANSPARENT; 2027-03-11; 2027-03-12; A promise to Maya Chen is due; -
CONFIRMED; TRANSPARENT; 2027-03-11; 2027-03-12; A promise to Maya Chen is due; -
`
	if err != nil || string(said) != want {
		t.Errorf("it reads (%v):\n%s\nwant\n%s", err, said, want)
	}
	for _, not := range []string{"ATTENDEE", "ORGANIZER", "mailto", "VALARM", "kanarien", "A joint review"} {
		if bytes.Contains(data, []byte(not)) {
			t.Errorf("it has %q:\n%s", not, data)
		}
	}
	uids := make(map[string]bool)
	for line := range bytes.Lines(data) {
		if uid, ok := bytes.CutPrefix(line, []byte("UID:")); ok {
			uids[strings.TrimSpace(string(uid))] = true
		}
	}
	if len(uids) != 4 {
		t.Errorf("the UIDs are %v", uids)
	}
	invitations, _ := filepath.Glob(filepath.Join(dir, "outbox", "*.ics"))
	for _, path := range invitations {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for uid := range uids {
			if bytes.Contains(text, []byte("UID:"+uid+"\r\n")) {
				t.Errorf("%s is the UID of an invitation, too", uid)
			}
		}
	}
	before, err := os.Stat(feed)
	if err != nil || before.Mode().Perm() != 0o600 || len(invitations) < 3 {
		t.Errorf("%v, %v, %d invitations", before.Mode(), err, len(invitations))
	}
	if said := does(t, dir, "--at", "2027-03-08 10:00", "agenda", "--ics", feed); !strings.Contains(said, "is as it was") {
		t.Errorf("it says %q", said)
	}
	if after, err := os.Stat(feed); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was written anew: %v", err)
	}
	// Those of some days only.
	if said := does(t, dir, "--at", "2027-03-08 10:00", "agenda", "--days", "7", "--ics", "-"); strings.Count(said, "BEGIN:VEVENT") != 2 {
		t.Errorf("a week is:\n%s", said)
	}
}

// does is a command that is to succeed, and what it says.
func does(t *testing.T, dir string, args ...string) string {
	t.Helper()
	code, stdout, stderr := coalition(t, dir, args...)
	if code != 0 {
		t.Fatalf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}
