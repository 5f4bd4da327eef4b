package email_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"coalition/invites"
	"coalition/invites/email"
)

// bearer is what the servers of these tests want of XOAUTH2.
const bearer = "user=ana\x01auth=Bearer geheim\x01\x01"

func token(text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return text, nil }
}

var signedIn = "XOAUTH2 " + base64.StdEncoding.EncodeToString([]byte(bearer))

// With a token there is no way in but XOAUTH2, and the password is not asked for.
func TestSendToken(t *testing.T) {
	s := (&server{security: email.StartTLS, auth: "PLAIN LOGIN XOAUTH2"}).start(t)
	c := s.client(func(c *email.SMTPConfig) { c.Password, c.Token = nil, token("geheim") })
	if err := c.Send(t.Context(), submission(1), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	c.Idle()
	if said := s.said(0); !slices.Contains(said, "AUTH "+signedIn) || s.took() != 1 {
		t.Errorf("said %q", said)
	}
}

func TestFetchToken(t *testing.T) {
	for caps, want := range map[string][]string{
		"AUTH=PLAIN AUTH=XOAUTH2 SASL-IR": {"CAPABILITY", "AUTHENTICATE " + signedIn, "CAPABILITY"},
		"AUTH=XOAUTH2 LOGINDISABLED":      {"CAPABILITY", "AUTHENTICATE XOAUTH2", "CAPABILITY"},
	} {
		s := (&postbox{security: email.TLS, caps: caps, items: items(3)}).start(t)
		m := s.client(func(c *email.MailboxConfig) { c.Password, c.Token = nil, token("geheim") })
		var h haul
		if err := m.Fetch(t.Context(), "", noon, h.take); err != nil || len(h.subjects) != 1 {
			t.Errorf("%s: %v %v", caps, h.subjects, err)
		}
		if d := cmp.Diff(want, s.heard(0)[:3]); d != "" {
			t.Errorf("%s (-want +got):\n%s", caps, d)
		}
		m.Close()
	}
}

// A token that is refused wants a person to sign in; and nothing of it is told, whatever the server says.
func TestTokenRefused(t *testing.T) {
	const secret = "ya29.much-too-secret"
	first := base64.StdEncoding.EncodeToString([]byte("user=ana\x01auth=Bearer " + secret + "\x01\x01"))
	gone := errors.New("the account is gone")
	dead := &invites.DeliveryError{Channel: true, Wait: time.Hour, Err: invites.ErrLogin, Text: "please sign in again"}
	for _, tt := range []struct {
		name  string
		smtp  string // the answer to AUTH; "": as it should be
		imap  string
		offer string
		err   error // of the token
		login bool
		wait  time.Duration
		text  string
	}{
		{"refused", "", "", "XOAUTH2", nil, true, 10 * time.Minute, "; use: coalition auth google)"},
		{"command said again", "535 5.7.8 no AUTH XOAUTH2 " + first, "%t NO no AUTHENTICATE XOAUTH2 " + first + "\r\n", "XOAUTH2", nil, true, 10 * time.Minute, "XOAUTH2 …"},
		{"token said again", "535 5.7.8 no " + secret, "%t BAD no " + secret + "\r\n", "XOAUTH2", nil, true, 10 * time.Minute, "no … (as ana"},
		{"down for now", "454 4.7.0 no " + first, "%t NO [UNAVAILABLE] no " + first + "\r\n", "XOAUTH2", nil, false, 0, "no …"},
		{"not offered", "", "", "PLAIN", nil, false, 0, "it offers no way to sign in that this program knows: XOAUTH2"},
		{"no token", "", "", "XOAUTH2", gone, false, 0, "there is no token for the mail server: the account is gone"},
		{"nobody signed in", "", "", "XOAUTH2", dead, true, time.Hour, "please sign in again"},
	} {
		give := func(context.Context) (string, error) { return secret, tt.err }
		srv := &server{auth: tt.offer}
		box := &postbox{security: email.Clear, caps: "SASL-IR AUTH=" + tt.offer}
		if tt.smtp != "" {
			srv.do, box.do = at("AUTH", tt.smtp), to("AUTHENTICATE", tt.imap)
		}
		srv.security = email.Clear
		c := srv.start(t).client(func(c *email.SMTPConfig) { c.Password, c.Token = nil, give })
		m := box.start(t).client(func(c *email.MailboxConfig) { c.Password, c.Token = nil, give })
		for name, err := range map[string]error{
			"smtp": c.Send(t.Context(), submission(1), func() error { t.Error("sent"); return nil }),
			"imap": m.Fetch(t.Context(), "", noon, new(haul).take),
		} {
			got, wait := fault(t, err), tt.wait
			if name == "smtp" && tt.err == nil { // it got as far as the sign-in
				wait = max(wait, time.Minute)
			}
			if errors.Is(err, invites.ErrLogin) != tt.login || got.Wait != wait || !got.Channel || got.Final || !strings.Contains(got.Text, tt.text) || goSpeak.MatchString(got.Text) {
				t.Errorf("%s, %s: %+v", tt.name, name, got)
			}
			if all := fmt.Sprintf("%v %+v %+v", err, got, got.Err); strings.Contains(all, secret) || strings.Contains(all, first) {
				t.Errorf("%s, %s: the token is told: %s", tt.name, name, all)
			}
		}
		if said := srv.said(0); tt.name == "refused" && (len(said) < 3 || said[2] != "") {
			t.Errorf("to the reason the client said %q, want an empty line", said)
		}
		m.Close()
	}
}
