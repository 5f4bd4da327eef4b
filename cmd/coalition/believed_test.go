package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBelieved takes in replies as servers hand them over, each in a world of its own: what counts, and
// what the organizer reads of what does not.
func TestBelieved(t *testing.T) {
	const (
		subject = "Subject: Re: May we talk about working as partners?\n"
		named   = subject + "In-Reply-To: BRIEF\nReferences: BRIEF\n"
		dinner  = "Subject: Re: Team dinner\n"
		spf     = "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.org\n"
	)
	for _, test := range []struct {
		name, mail string // MAYA stands for her From
		status     string
		says       string // of receive, and of the list where that is to be read there
		listed     bool
	}{
		{"each check failed by itself", "Authentication-Results: mx.example.org; dmarc=fail (p=reject) header.from=example.org\nAuthentication-Results: mx.example.org; dkim=fail header.d=example.org\nAuthentication-Results: mx.example.org; spf=fail smtp.mailfrom=example.org\nMAYA" + subject + "\n1, with pleasure.\n",
			"asked", "neither SPF nor DKIM passed. If it is theirs all the same, record it: coalition answer maya yes|no|later", true},
		{"no DKIM, SPF passed", "Authentication-Results: mx.example.org; dkim=none\n" + spf + "MAYA" + named + "\n1, with pleasure.\n", "permitted", "maya: yes, ", false},
		{"a foreign pass", "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=news@bulk.example; dkim=none; dmarc=fail (p=REJECT) header.from=example.org\nMAYA" + subject + "\n1\n",
			"asked", "DMARC failed", true},
		{"a foreign pass to our brief", "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=news@bulk.example; dkim=none; dmarc=fail (p=REJECT) header.from=example.org\nMAYA" + named + "\n1\n",
			"permitted", "maya: yes, ", false},
		{"a lower field that may be forged", "Authentication-Results: mx.example.org; dkim=fail header.d=example.org\nAuthentication-Results: mx.example.org; dkim=pass header.d=example.org\nMAYA" + named + "\n1\n",
			"asked", "which may be forged", true},
		{"a scanner's field on top", "Authentication-Results: scan.example.net; x-virus=clean\n" + spf + "MAYA" + subject + "\n1\n", "permitted", "maya: yes, ", false},
		{"without a word of the server", "MAYA" + subject + "\n1\n", "asked", "it names no message of ours", true},
		{"without a word of the server, to our brief", "MAYA" + named + "\n1\n", "permitted", "maya: yes, ", false},
		{"to another mail", spf + "MAYA" + dinner + "In-Reply-To: <dinner@example.org>\n\nYes\n", "asked", "under “Re: Team dinner”: “Yes” (not a reply to the brief", true},
		{"about another meeting", spf + "MAYASubject: Accepted: Team dinner\nContent-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:dinner@example.org\nDTSTAMP:20270301T080000Z\nATTENDEE;PARTSTAT=ACCEPTED:mailto:maya@example.org\nEND:VEVENT\nEND:VCALENDAR\n",
			"asked", "it belongs to no conversation", false},
		{"a robot", "MAYASubject: Abwesenheitsnotiz: May we talk about working as partners?\n\nIch bin bis 1. März nicht im Haus.\n", "asked", "an automatic reply", false},
		{"a vacation in bulk", "MAYA" + named + "Precedence: bulk\n\nI am on vacation until 1 March.\n", "asked", "an automatic reply", false},
	} {
		dir := write(t, "config.yaml", anaConfig+"replies: {trust: [mx.example.org]}\n", "conversations/maya.yaml", mayaPlan)
		coalition(t, dir, "daemon", "--once")
		p := &partner{t: t, dir: dir}
		mail := strings.NewReplacer("MAYA", "From: Maya Chen <maya@example.org>\nTo: ana@example.org\nMessage-ID: <case@example.org>\n",
			"BRIEF", messageID.FindStringSubmatch(p.newest("*-brief-*.eml"))[1]).Replace(test.mail)
		if err := os.WriteFile(filepath.Join(dir, "reply.eml"), []byte(mail), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := coalition(t, dir, "receive", filepath.Join(dir, "reply.eml"))
		if code != 0 || !strings.Contains(stdout, test.says) {
			t.Errorf("%s: exit %d\n%s%s", test.name, code, stdout, stderr)
		}
		if status := statusOf(t, dir); status != test.status {
			t.Errorf("%s: %s, want %s", test.name, status, test.status)
		}
		_, list, _ := coalition(t, dir, "list")
		if _, below, _ := strings.Cut(list, "\nmaya: "); strings.Contains(flatten(below), test.says) != test.listed {
			t.Errorf("%s: the list:\n%s", test.name, list)
		}
	}
}

func statusOf(t *testing.T, dir string) string {
	t.Helper()
	_, stdout, stderr := coalition(t, dir, "list", "--json")
	var rows []row
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || len(rows) != 1 {
		t.Fatal(err, stdout, stderr)
	}
	return rows[0].Status
}

func flatten(s string) string { return strings.Join(strings.Fields(s), " ") }

// The organizer sends the file of a brief with a mail program that gives it a Message-ID of its own; Maya
// answers from home. Once the plan names that address, the same mail counts.
func TestBelievedByFile(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig+"replies: {trust: [mx.example.org]}\n", "conversations/maya.yaml", mayaPlan)
	do := func(want string, args ...string) {
		t.Helper()
		if code, stdout, stderr := coalition(t, dir, args...); code != 0 || !strings.Contains(stdout, want) {
			t.Fatalf("coalition %s: exit %d, want %q\n%s%s", args, code, want, stdout, stderr)
		}
	}
	reply := func(name, from string) string {
		path := filepath.Join(dir, name)
		text := fmt.Sprintf("Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=%s\nFrom: Maya Chen <%[1]s>\nMessage-ID: <%s@example.org>\n"+
			"Subject: Re: May we talk about working as partners?\nIn-Reply-To: <made-by-thunderbird@example.org>\n\n2\n", from, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	do("", "ask", "maya", "--eml", filepath.Join(dir, "brief.eml"))
	do("with.aliases", "receive", reply("home.eml", "maya@home.example"))
	if err := os.WriteFile(filepath.Join(dir, "conversations", "maya.yaml"), []byte(strings.Replace(mayaPlan, "  email: maya@example.org", "  email: maya@example.org\n  aliases: [maya@home.example]", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	do("maya: yes, ", "receive", reply("home.eml", "maya@home.example"))
	do("taken in before", "receive", reply("home.eml", "maya@home.example"))
	if got := statusOf(t, dir); got != "permitted" {
		t.Errorf("status %s", got)
	}
}
