package invites_test

import (
	"strings"
	"testing"

	"coalition/invites"
)

func TestParseEmail(t *testing.T) {
	const (
		noDomain = "has no valid domain behind the @"
		badLocal = "has a character before the @ that mail does not allow there"
		tooLong  = "is longer than mail allows (64 before the @, 254 in all)"
		bare     = "is more than the bare address"
	)
	a64 := strings.Repeat("a", 64)
	long := strings.Repeat("bbb.", 62) // 248 octets
	for _, test := range []struct{ in, want, err string }{
		{in: "maya@example.org", want: "maya@example.org"},
		{in: "Maya.Chen+talks@Example.ORG", want: "Maya.Chen+talks@example.org"}, // the local part belongs to its server (RFC 5321, section 2.4)
		{in: "a!#$%&'*+-/=?^_`{|}~b@example.org", want: "a!#$%&'*+-/=?^_`{|}~b@example.org"},
		{in: "maya@MÜLLER.example", want: "maya@xn--mller-kva.example"},
		{in: "maya@xn--mller-kva.example", want: "maya@xn--mller-kva.example"},
		{in: "maya@faß.example", want: "maya@xn--fa-hia.example"}, // not fass: another domain since IDNA 2008
		{in: "maya@例え。example", want: "maya@xn--r8jz45g.example"}, // as a Japanese keyboard writes the dot
		{in: "root@localhost", want: "root@localhost"},
		{in: "maya@3com.example", want: "maya@3com.example"},
		{in: a64 + "@example.org", want: a64 + "@example.org"},
		{in: "a@" + long + "orgg", want: "a@" + long + "orgg"}, // 254 in all

		{in: "", err: "is empty"},
		{in: "maya", err: "has no @"},
		{in: "@example.org", err: badLocal},
		{in: "maya@", err: noDomain},
		{in: "Maya <maya@example.org>", err: bare},
		{in: "<maya@example.org>", err: bare},
		{in: "maya@example.org (Maya)", err: noDomain},
		{in: "maya@example.org, eve@example.org", err: badLocal},
		{in: "maya@eve@example.org", err: badLocal},
		{in: "mailto:maya@example.org", err: badLocal},
		{in: `"maya chen"@example.org`, err: badLocal},
		{in: `"maya"@example.org`, err: badLocal}, // valid, and the same mailbox as without: one form only
		{in: "maya chen@example.org", err: badLocal},
		{in: " maya@example.org", err: badLocal},
		{in: "maya@example.org ", err: noDomain},
		{in: ".maya@example.org", err: badLocal},
		{in: "maya..chen@example.org", err: badLocal},
		{in: "maya.@example.org", err: badLocal},
		{in: `maya\@example.org`, err: badLocal},
		{in: "mäya@example.org", err: "has a letter before the @ that most mail servers refuse"},
		{in: "maya@example.org\r\nBcc: eve@example.org", err: "has a line break"},
		{in: "maya\n@example.org", err: "has a line break"},
		{in: "maya@exam\tple.org", err: "has a tab"},
		{in: "maya@example.org\x00", err: "has a control character (U+0000)"},
		{in: "maya@\u202eexample.org", err: "has a character that reorders text on the screen (U+202E)"},
		{in: "maya@example.org\xff", err: "is not UTF-8"},
		{in: "maya@[127.0.0.1]", err: noDomain},
		{in: "maya@[IPv6:::1]", err: noDomain},
		{in: "maya@127.0.0.1", err: noDomain},
		{in: "maya@example.org.", err: noDomain},
		{in: "maya@.example.org", err: noDomain},
		{in: "maya@example..org", err: noDomain},
		{in: "maya@-example.org", err: noDomain},
		{in: "maya@exam_ple.org", err: noDomain},
		{in: "maya@xn--a.example", err: noDomain}, // no Punycode
		{in: "maya@" + strings.Repeat("b", 64) + ".example", err: noDomain},
		{in: a64 + "a@example.org", err: tooLong},
		{in: "a@" + long + "orggg", err: tooLong},
		{in: "a@" + strings.Repeat("ü.", 80) + "example", err: tooLong}, // only as A-labels
	} {
		got, err := invites.ParseEmail(test.in)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != test.want || text != test.err {
			t.Errorf("ParseEmail(%q): got %q, %q; want %q, %q", test.in, got, text, test.want, test.err)
		}
	}
}

func TestLocation(t *testing.T) {
	for _, name := range []string{"UTC", "Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Calcutta", "EST5EDT", "Etc/GMT+5"} {
		loc, err := invites.Location(name)
		if err != nil || loc.String() != name {
			t.Errorf("Location(%q): got %v, %v", name, loc, err)
		}
		if again, _ := invites.Location(name); again != loc {
			t.Errorf("Location(%q) twice: got two zones, want one", name)
		}
	}
	// Some are files that a machine may have beside its zones: what is refused must not hang on that.
	for _, name := range []string{
		"", "Local", "local", "localtime", "Factory", "posixrules",
		"posix/Europe/Berlin", "right/Europe/Berlin", "Posix/Europe/Berlin",
		"/etc/localtime", "../../../etc/localtime", "Europe/../Europe/Berlin", `..\Berlin`, `Europe\Berlin`,
		"Europe//Berlin", "./Europe/Berlin", "Europe/./Berlin", "Europe/Berlin/", "Europe", "Europe/Berlin\x00",
		"zone.tab", "tzdata.zi", "leapseconds", "Europe/Atlantis", "W. Europe Standard Time", "+01:00", "UTC+1", "CET-1CEST",
	} {
		loc, err := invites.Location(name)
		if err == nil || err.Error() != "is no IANA time zone" || loc != nil {
			t.Errorf("Location(%q): got %v, %v; want it refused", name, loc, err)
		}
	}
}

func TestAddressString(t *testing.T) {
	for _, test := range []struct {
		in   invites.Address
		want string
	}{
		{invites.Address{Name: "Maya Chen", Email: "maya@example.org"}, "Maya Chen <maya@example.org>"},
		{invites.Address{Email: "maya@example.org"}, "maya@example.org"},
	} {
		if got := test.in.String(); got != test.want {
			t.Errorf("String: got %q, want %q", got, test.want)
		}
	}
}

// What looks like an address that nobody reads, and what only resembles one.
func TestNoReply(t *testing.T) {
	for _, s := range []string{"noreply@example.org", "No-Reply@example.org", "ana.no-reply@example.org", "noreply2@example.org", "noreply+x@example.org", "do_not_reply@example.org",
		"nicht-antworten@example.org", "mailer-daemon@example.org", "12345+ana@users.noreply.github.com", "ana@noreply.example.org", "ana@no-reply.example.org"} {
		if !invites.NoReply(s) {
			t.Errorf("%s: not seen", s)
		}
	}
	for _, s := range []string{"ana@example.org", "noreen@example.org", "reply@example.org", "no@example.org", "norepl@example.org", "ana@noreplying.example.org"} {
		if invites.NoReply(s) {
			t.Errorf("%s is taken for one", s)
		}
	}
}
