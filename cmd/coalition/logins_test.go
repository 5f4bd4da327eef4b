package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"coalition/invites/email/emailtest"
)

// Each way in which a sign-in can fail is told with the key of the config to look at.
func TestTryLogins(t *testing.T) {
	t.Parallel()
	d := emailtest.StartDovecot(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := port(l.Addr().String())
	l.Close()
	const good = "port: IMAP, security: none, username: ana, password_file: right"
	for _, tt := range []struct {
		imap, text, mend string
		refused          bool
	}{
		{good, "", "", false},
		{strings.Replace(good, "right", "wrong", 1), "refused the sign-in: ", "look at the password, and at the user name (ana)", true},
		{strings.Replace(good, "right", "nowhere", 1), "can't be read: the file nowhere can't be read", "look at replies.imap.password_file", false},
		{strings.Replace(good, "file: right", `command: "exit 3"`, 1), "the password_command of replies.imap failed", "look at replies.imap.password_command", false},
		{good + ", mailbox: Nirgends", "opening Nirgends): ", "look at replies.imap.mailbox", false},
		{strings.Replace(good, "none", "tls", 1), "it does not speak TLS on this port", "write `security: starttls` under replies.imap, or look at its port (IMAP)", false},
		{strings.Replace(good, "none", "starttls", 1), "it offers no STARTTLS", "look at replies.imap", false},
		{strings.Replace(good, "IMAP", closed, 1), "nobody listens there", "look at replies.imap.host and its port, and at the network", false},
	} {
		dir := write(t, "right", emailtest.Password+"\n", "wrong", "falsch\n")
		in := strings.NewReplacer("IMAP", port(d.IMAP))
		text := anaConfig + fmt.Sprintf("mail: {via: smtp, smtp: {host: 127.0.0.1, port: %s, security: none}}\nreplies: {imap: {host: 127.0.0.1, %s}}\n",
			closed, in.Replace(tt.imap))
		c, problems := parseConfig(filepath.Join(dir, "config.yaml"), []byte(text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got := c.tryLogins(t.Context(), 0)
		if len(got) != 2 || got[0].area != "smtp" || !strings.Contains(got[0].text, "nobody listens there") || got[0].mend != "look at mail.smtp.host and its port, and at the network" {
			t.Fatalf("%s: %+v", tt.imap, got)
		}
		if i := got[1]; i.area != "imap" || !strings.Contains(i.text, tt.text) || (tt.text == "") != (i.text == "") || i.mend != in.Replace(tt.mend) || i.refused != tt.refused {
			t.Errorf("%s: %+v", tt.imap, i)
		}
	}
}
