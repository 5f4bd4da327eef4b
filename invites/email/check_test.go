package email_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"

	"coalition/invites"
	"coalition/invites/email"
	"coalition/invites/email/emailtest"
)

func serverAt(t *testing.T, addr, security, password string) email.Server {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return email.Server{Host: host, Port: n, Security: security, Username: "ana",
		Password: func(context.Context) (string, error) { return password, nil }}
}

// A sign-in at real servers works, or is refused in words; it leaves no mail.
func TestCheck(t *testing.T) {
	t.Parallel()
	d := emailtest.StartDovecot(t, &good)
	s := emailtest.StartSubmission(t, d, &good)
	for _, tt := range []struct {
		name, smtp, imap, security, password string
		smtpSays, imapSays                   string
		refused                              bool
	}{
		{name: "tls", smtp: s.TLS, imap: d.IMAPS, security: email.TLS, password: emailtest.Password},
		{name: "starttls", smtp: s.STARTTLS, imap: d.IMAP, security: email.StartTLS, password: emailtest.Password},
		{name: "a wrong password", smtp: s.TLS, imap: d.IMAPS, security: email.TLS, password: "falsch", refused: true,
			smtpSays: "refused the user name or password", imapSays: "refused the sign-in"},
		{name: "no TLS there", smtp: s.STARTTLS, imap: d.IMAP, security: email.TLS, password: emailtest.Password,
			smtpSays: "127.0.0.1 can't be signed in to (TLS: it does not speak TLS on this port)", imapSays: "can't be signed in to (TLS: it does not speak TLS on this port)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			smtp := email.NewSMTP(email.SMTPConfig{Server: serverAt(t, tt.smtp, tt.security, tt.password)})
			says(t, smtp.Check(t.Context(), "ana@example.org"), tt.smtpSays, tt.refused)
			imap := email.NewMailbox(email.MailboxConfig{Server: serverAt(t, tt.imap, tt.security, tt.password)})
			sent, err := imap.Check(t.Context())
			says(t, err, tt.imapSays, tt.refused)
			if err == nil && sent != "Gesendet" {
				t.Errorf("the folder of sent mail is %q", sent)
			}
		})
	}
	imap := email.NewMailbox(email.MailboxConfig{Server: serverAt(t, d.IMAPS, email.TLS, emailtest.Password), Folder: "Nirgends"})
	_, err := imap.Check(t.Context())
	says(t, err, "refused (opening Nirgends): Mailbox doesn't exist", false)
	if mails := d.Messages("ana"); len(mails) > 0 {
		t.Errorf("there is mail: %q", mails)
	}
}

func says(t *testing.T, err error, text string, refused bool) {
	t.Helper()
	if text == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	var got *invites.DeliveryError
	if !errors.As(err, &got) || !strings.Contains(got.Text, text) || (got.Account && got.Wait > 0) != refused {
		t.Errorf("%+v, want %q", err, text)
	}
}
