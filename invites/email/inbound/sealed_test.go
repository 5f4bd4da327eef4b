package inbound_test

import (
	"strings"
	"testing"

	"coalition/invites"
	"coalition/invites/email/inbound"
)

// TestSealed: a mail whose text can't be read says why, whatever the program that has encrypted it; one whose
// text can be read is read.
func TestSealed(t *testing.T) {
	const pgp = "-----BEGIN PGP MESSAGE-----\n\nhQEMA5vJ\n=abcd\n-----END PGP MESSAGE-----\n"
	for _, tt := range []struct{ name, kind, body, sealed, text string }{
		{"PGP/MIME", `multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b`, "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream; name=encrypted.asc\n\n" + pgp + "--b--", "OpenPGP", ""},
		{"PGP/MIME below a list's footer", "multipart/mixed; boundary=a", "--a\nContent-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\n" + pgp + "--b--\n--a\n\nTeam mailing list\n--a--", "OpenPGP", ""},
		{"PGP in the text", "text/plain", pgp, "OpenPGP", ""},
		{"PGP in the text, quoted-printable", "text/plain\nContent-Transfer-Encoding: quoted-printable", strings.ReplaceAll(pgp, "=", "=3D"), "OpenPGP", ""},
		{"PGP as a file alone", "application/octet-stream; name=message.asc", pgp, "OpenPGP", ""},
		{"S/MIME", "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=smime.p7m", "MIAGCSqGSIb3DQEHA6CA", "encrypted with S/MIME", ""},
		{"S/MIME by a gateway", "application/octet-stream\nContent-Disposition: attachment; filename=smime.p7m", "MIAG", "S/MIME", ""},
		{"S/MIME, signed and hidden", "application/x-pkcs7-mime; smime-type=signed-data; name=smime.p7m\nContent-Transfer-Encoding: base64", "MIAGCSqGSIb3DQEHAqCA", "signed with S/MIME", ""},
		{"Microsoft's rights", "multipart/mixed; boundary=b", "--b\n\nYou have received a protected message.\n--b\nContent-Type: application/x-microsoft-rpmsg-message; name=message.rpmsg\n\nAAAA\n--b--", "rights management", ""},
		{"signed beside the text", "multipart/signed; boundary=b", "--b\n\nyes, 1\n--b\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\nMIAG\n--b--", "", "yes, 1"},
		{"signed in the text", "text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nyes, 1\n- -- \nMaya\n-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n", "", "yes, 1"},
		{"a file beside the text", "multipart/mixed; boundary=b", "--b\n\nyes, 1\n--b\nContent-Type: application/octet-stream; name=notes.asc\nContent-Disposition: attachment\n\n" + pgp + "--b--", "", "yes, 1"},
		{"a quoted one", "text/plain", "yes, 1\n\nOn Mon, 22 Feb 2027 at 10:00, Ana wrote:\n> -----BEGIN PGP MESSAGE-----\n> hQEM", "", "yes, 1"},
	} {
		m := inbound.Read([]byte("From: maya@example.org\nIn-Reply-To: <b1@example.org>\nContent-Type: "+tt.kind+"\n\n"+tt.body+"\n"), nil)
		holds(t, m)
		if !strings.Contains(m.Sealed, tt.sealed) || (m.Sealed == "") != (tt.sealed == "") || m.Text != tt.text || m.Sort != invites.Personal {
			t.Errorf("%s: %s, sealed %q, text %q", tt.name, m.Sort, m.Sealed, m.Text)
		}
	}
}

// TestReaction: a sign that somebody has put to a mail is none of their words; whoever writes has written.
func TestReaction(t *testing.T) {
	const gmail = "multipart/alternative; boundary=b"
	sign := func(text, json string) string {
		return "--b\nContent-Type: text/plain; charset=utf-8\n\n" + text + "\n--b\nContent-Type: text/vnd.google.email-reaction+json; charset=utf-8\n\n" + json +
			"\n--b\nContent-Type: text/html\n\n<p>" + text + "</p>\n--b--"
	}
	for _, tt := range []struct{ name, kind, body, sign string }{
		{"Gmail", gmail, sign("👍\n\nMaya Chen reacted to your message", `{"version": 1, "emoji": "\ud83d\udc4d"}`), "👍"},
		{"Gmail, with a link", gmail, sign("🎉\n\nMaya reacted via Gmail <https://mail.example/about>", `{"emoji":"🎉","version":1}`), "🎉"},
		{"Gmail, of a later kind", gmail, sign("No", `{"version": 9}`), "a sign"},
		{"Gmail through a list", "text/plain; charset=utf-8", "❤️\n\nMaya Chen reacted via Gmail\n", "❤️"},
		{"Outlook", "text/plain", "[like] Maya Chen reacted to your message:\n________________________________\nFrom: Ana Lopes <ana@example.org>\nSent: Monday\nTo: Maya\nSubject: May we talk?\n\nYes", "like"},
		{"Outlook, HTML", "text/html; charset=utf-8", "<div>[heart] Maya Chen reacted to your message:</div><hr><div id=divRplyFwdMsg>From: Ana</div>", "heart"},
		{"Outlook, the sign behind", "text/plain; charset=utf-8", "Maya Chen reacted to your message: 👍\n", "👍"},
		{"Outlook, in German", "text/plain; charset=utf-8", "[like] Maya Chen hat auf Ihre Nachricht reagiert:\n", "like"},
		{"Gmail's text alone, with the link below", "text/plain; charset=utf-8", "👍\n\nMaya Chen reacted via Gmail\n<https://mail.example/about?x=y#app>\n", "👍"},
		{"Gmail's text alone, in French", "text/plain; charset=utf-8", "👍\n\nMaya Chen a réagi via Gmail\n", "👍"},
		{"Gmail's text alone, in Spanish", "text/plain; charset=utf-8", "👍\n\nMaya Chen ha reaccionado mediante Gmail\n", "👍"},
		{"Gmail's text alone, in Dutch", "text/plain; charset=utf-8", "✅\n\nMaya Chen heeft gereageerd via Gmail\n", "✅"},
		{"Gmail's text alone, in Russian", "text/plain; charset=utf-8", "👍\n\nMaya Chen отреагировал(а) через Gmail\n", "👍"},
		{"Gmail's text alone, in Japanese", "text/plain; charset=utf-8", "👍\n\nMaya Chen さんが Gmail でリアクションしました\n", "👍"},
		{"Outlook, in Italian", "text/plain; charset=utf-8", "👍 Maya Chen ha reagito al messaggio:\n", "a sign"},
		{"a person's sign above a program's mark", "text/plain; charset=utf-8", "👍\n\nSent from Gmail Mobile\n", ""},
		{"a person's sign and words", "text/plain; charset=utf-8", "👍\n\nI have reacted to that in the board, too.\n", ""},
		{"a person's sign", "text/plain; charset=utf-8", "👍", ""},
		{"a person's words about one", "text/plain", "Yes, 1.\n\nMaya Chen reacted to your message", ""},
		{"a person who tells", "text/plain", "I reacted to your message yesterday, and would say no.", ""},
	} {
		m := inbound.Read([]byte("From: Maya Chen <maya@example.org>\nIn-Reply-To: <b1@example.org>\nContent-Type: "+tt.kind+"\n\n"+tt.body+"\n"), nil)
		holds(t, m)
		if (m.Sort == invites.Reaction) != (tt.sign != "") || tt.sign != "" && m.Text != tt.sign {
			t.Errorf("%s: %s, %q; want %q", tt.name, m.Sort, m.Text, tt.sign)
		}
	}
}
