package invites_test

import (
	"net/mail"
	"strings"
	"testing"

	"coalition/invites"
)

func FuzzParseEmail(f *testing.F) {
	for _, s := range []string{
		"maya@example.org", "Maya.Chen+talks@MÜLLER.Example", "maya@faß.example", "maya@例え。example", "a@" + strings.Repeat("ü.", 80) + "x",
		`"a b"@example.org`, "Maya <maya@example.org>", "a@[127.0.0.1]", "a@b\r\nBcc: c@d", "=?utf-8?q?a?=@example.org", "a@xn--a", "a@b@c", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := invites.ParseEmail(s)
		if err != nil {
			if got != "" {
				t.Errorf("ParseEmail(%q): got %q beside the error %v", s, got, err)
			}
			return
		}
		if again, err := invites.ParseEmail(got); again != got || err != nil {
			t.Errorf("ParseEmail(%q): got %q, and of that %q, %v", s, got, again, err)
		}
		if a, err := mail.ParseAddress(got); err != nil || a.Address != got || a.Name != "" {
			t.Errorf("ParseEmail(%q): got %q, which is %v, %v to others", s, got, a, err)
		}
		for _, c := range []byte(got) {
			if c <= ' ' || c >= 0x7f {
				t.Errorf("ParseEmail(%q): got %q with an octet %#x", s, got, c)
			}
		}
		if len(got) > 254 { // RFC 3696, erratum 1690
			t.Errorf("ParseEmail(%q): got %d octets", s, len(got))
		}
	})
}
