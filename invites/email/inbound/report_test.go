package inbound_test

import (
	"strings"
	"testing"

	"coalition/invites"
	"coalition/invites/email/inbound"
)

// returned is the beginning of a mail of ours as servers give it back.
const returned = `Received: from laptop.example.org by mail.example.org; Mon, 22 Feb 2027 09:00:00 +0000
Date: Mon, 22 Feb 2027 09:00:00 +0000
From: Ana Lopes <ana@example.org>
To: Maya Chen <maya@example.net>
Subject: May we talk about working as partners?
Message-ID: <b1@example.org>
MIME-Version: 1.0

Hello Maya, should this come back: we will try again. 550 reasons.
`

// notices are what servers write of a mail that they could not, or not yet, deliver: fields, a text, and what
// a person reads in it.
var notices = []struct {
	name, fields, text string
	what               string // final, late, unclear, or none
	says               string // the server's reason
}{
	{"a big provider, no enhanced code", "From: MAILER-DAEMON@mail.example\nSubject: Failure Notice", `Sorry, we were unable to deliver your message to the following address.

<maya@example.net>:
550: User unknown

--- Below this line is a copy of the message.

` + returned, "final", "550: User unknown"},
	{"a group", "From: Mail Delivery Subsystem <mailer-daemon@groups.example>\nSubject: Delivery Status Notification (Failure)", `Hello ana@example.org,

We're writing to let you know that the group you tried to contact (maya) may not exist, or you may not have permission to post messages to the group. A few more details on why you weren't able to post:

 * You might have spelled or formatted the group name incorrectly.
 * The owner of the group may have removed this group.

If you have questions related to this or any other group, visit the Help Center.

----- Original message -----

` + returned, "final", "We're writing to let you know that the group you tried to contact (maya) may not exist"},
	{"a line of qmail without a code", "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice", `Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<maya@example.net>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

` + returned, "final", "5.1.1"},
	{"qmail after a week", "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice", `Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<maya@example.net>:
Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)
I'm not going to try again; this message has been in the queue too long.

--- Below this line is a copy of the message.

` + returned, "final", "4.4.1"},
	{"a small agent", "From: MAILER-DAEMON <>\nSubject: Mail delivery failed", `This is the DragonFly Mail Agent v0.13 at desk.example.org.

There was an error delivering your mail to <maya@example.net>.

mx.example.net [192.0.2.9] did not like our RCPT TO:
553 sorry, that address is not in my list of allowed recipients

Message headers follow.

` + returned, "final", "553 sorry, that address is not in my list of allowed recipients"},
	{"exim, refused", "From: Mail Delivery System <Mailer-Daemon@mx.example.org>\nX-Failed-Recipients: maya@example.net\nSubject: Mail delivery failed: returning message to sender", `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  maya@example.net
    host mx.example.net [192.0.2.9]
    SMTP error from remote mail server after RCPT TO:<maya@example.net>:
    550 Administrative prohibition: the mailbox takes no mail
    from outside

------ This is a copy of the message, including all the headers. ------

` + returned, "final", "550 Administrative prohibition: the mailbox takes no mail"},
	{"exim, gave up", "From: Mail Delivery System <Mailer-Daemon@mx.example.org>\nSubject: Mail delivery failed: returning message to sender", `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  maya@example.net
    host mx.example.net [192.0.2.9]: 451 greylisted, try again later:
    retry timeout exceeded

------ This is a copy of the message, including all the headers. ------

` + returned, "final", "451 greylisted, try again later"},
	{"exim, later", "From: Mail Delivery System <Mailer-Daemon@mx.example.org>\nSubject: Warning: message 1abCDe-0001 delayed 24 hours", `This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.example.org.

The message identifier is:     1abCDe-0001
The subject of the message is: May we talk about working as partners?

The address to which the message has not yet been delivered is:

  maya@example.net
    Delay reason: host mx.example.net [192.0.2.9]: 451 busy

No action is required on your part. Delivery attempts will continue for
some time, and this warning may be repeated at intervals if the message
remains undelivered. Eventually the mail delivery software will give up,
and when that happens, the message will be returned to you.

` + returned, "late", "451 busy"},
	{"the beginning of the mail", "From: MAILER-DAEMON <>\nSubject: Could not deliver your message", `Your mail did not reach this reader:

  <maya@example.net>: 550 no mailbox of that name here

Nothing more will be tried. The beginning of your mail:

From: <ana@example.org>
To: <maya@example.net>
Subject: May we talk about working as partners?
Message-ID: <b1@example.org>
`, "final", "550 no mailbox of that name here"},
	{"sendmail", "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.org>\nSubject: Returned mail: see transcript for details", `The original message was received at Mon, 22 Feb 2027 09:00:00 GMT
from laptop.example.org [192.0.2.7]

   ----- The following addresses had permanent fatal errors -----
<maya@example.net>
    (reason: 550 Mailbox disabled, not accepting messages)

   ----- Transcript of session follows -----
... while talking to mx.example.net.:
>>> RCPT To:<maya@example.net>
<<< 550 Mailbox disabled, not accepting messages

   ----- Message header follows -----
` + returned, "final", "550 Mailbox disabled, not accepting messages"},
	{"a warning of sendmail", "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.org>\nSubject: Warning: could not send message for past 4 hours", `    **********************************************
    **      THIS IS A WARNING MESSAGE ONLY      **
    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
    **********************************************

   ----- Transcript of session follows -----
<maya@example.net>... Deferred: Connection timed out with mx.example.net.
Message could not be delivered for 4 hours
Message will be deleted from queue if not delivered within 5 days

` + returned, "late", ""},
	{"postfix, in parts of another kind", "From: MAILER-DAEMON@mail.example.org (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\nContent-Type: multipart/mixed; boundary=b", `--b
Content-Type: text/plain

This is the mail system at host mail.example.org.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

If you do so, please include this problem report. You can
delete your own text from the attached returned message.

<maya@example.net>: host mx.example.net[192.0.2.9] said: 554 Message refused: the
    content looks like an advertisement (in reply to end of DATA command)

--b
Content-Type: message/rfc822

` + returned + "--b--\n", "final", "554 Message refused: the content looks like an advertisement"},
	{"a provider's delay", "From: Mail Delivery Subsystem <mailer-daemon@mail.example>\nSubject: Delivery Status Notification (Delay)", `** Delivery incomplete **

There was a temporary problem delivering your message to maya@example.net. We'll retry for 46 more hours. You'll be notified if the delivery fails permanently.

The response was: 450 The server is busy

----- Original message -----

` + returned, "late", "450 The server is busy"},
	{"an exchange server's letter", "From: postmaster@example.net\nSubject: Undeliverable: May we talk about working as partners?", `Delivery has failed to these recipients or groups:

Maya Chen (maya@example.net)
The email address you entered couldn't be found. Please check the recipient's email address and try to resend the message. If the problem continues, please contact your email admin.

Diagnostic information for administrators:

Generating server: mx.example.net

maya@example.net
Remote Server returned '550 RESOLVER.ADR.RecipNotFound; not found'

Original message headers:

` + returned, "final", "550 RESOLVER.ADR.RecipNotFound; not found"},
	{"an exchange server, in German", "From: Microsoft Outlook <MicrosoftExchange3@example.net>\nReturn-Path: <>\nSubject: Unzustellbar: May we talk about working as partners?", `Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:

maya@example.net
Die eingegebene E-Mail-Adresse konnte nicht gefunden werden. Überprüfen Sie die E-Mail-Adresse des Empfängers, und versuchen Sie, die Nachricht erneut zu senden. Wenn das Problem weiterhin besteht, wenden Sie sich an den Helpdesk.

Ursprüngliche Nachrichtenkopfzeilen:

` + returned, "final", "Die eingegebene E-Mail-Adresse konnte nicht gefunden werden."},
	{"a delay in German", "From: postmaster@example.net\nSubject: Zustellung verzögert: May we talk?", `Die Nachricht wurde den folgenden Empfängern noch nicht zugestellt:

maya@example.net

Sie müssen die Nachricht nicht erneut senden. Wir versuchen es weiterhin; sobald feststeht, dass sie endgültig unzustellbar ist, bekommen Sie Bescheid.

` + returned, "late", ""},
	{"a provider in German", "From: MAILER-DAEMON@post.example (Mail Delivery System)\nSubject: Ihre E-Mail konnte nicht zugestellt werden", `Diese Nachricht wurde automatisch vom Mailserver erzeugt.

Ihre E-Mail an den folgenden Empfänger konnte nicht zugestellt werden:

  maya@example.net

Grund: Das Postfach des Empfängers ist voll.
Es wird kein weiterer Zustellversuch unternommen.

--- Kopfzeilen der ursprünglichen Nachricht ---

` + returned, "final", "Grund: Das Postfach des Empfängers ist voll."},
	{"given up, in German", "From: Mailer-Daemon <mailer-daemon@post.example>\nSubject: Mail nicht zustellbar", `Wir haben fünf Tage lang versucht, Ihre Mail an maya@example.net zuzustellen, und geben nun auf; sie wird nicht mehr zugestellt.

Letzte Meldung des Servers: 421 too many connections, try again later

` + returned, "final", "421 too many connections, try again later"},
	{"a delay in a frame", "From: MAILER-DAEMON@mail.example.org (Mail Delivery System)\nSubject: Delayed Mail (still being retried)", `This is the mail system at host mail.example.org.

####################################################################
# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #
####################################################################

Your message could not be delivered for more than 2 hour(s).
It will be retried until it is 5 day(s) old.

<maya@example.net>: connect to mx.example.net[192.0.2.9]:25: No route to host

` + returned, "late", "No route to host"},
	{"given up by the queue", "From: Mail Delivery Subsystem <MAILER-DAEMON@mail.example.org>\nSubject: Returned mail: Cannot send message for 5 days", `   ----- Transcript of session follows -----
maya@example.net... Deferred: Connection refused by [192.0.2.9]
Message could not be delivered for 5 days
Message will be deleted from queue

   ----- Message header follows -----
` + returned, "final", "Connection refused"},
	{"fields of the mail above the reason", "From: postmaster@example.net\nSubject: Delivery Notification: Delivery has failed", `This report relates to a message you sent with the following header fields:

  Message-id: <b1@example.org>
  Date: Mon, 22 Feb 2027 09:00:00 +0000
  From: Ana Lopes <ana@example.org>
  To: maya@example.net

Your message cannot be delivered to the following recipients:

  Recipient address: maya@example.net
  Reason: host/domain does not accept mail
`, "final", "does not accept mail"},
	{"a group, in a language of its own", "From: Mail Delivery Subsystem <mailer-daemon@groups.example>\nSubject: Delivery Status Notification (Failure)", `Dobrý den,

skupina, kterou se pokoušíte kontaktovat, pravděpodobně neexistuje nebo do ní nemáte oprávnění psát.

----- Original message -----

` + returned, "final", "skupina, kterou se pokoušíte kontaktovat"},
	{"what no server of ours sent", "From: MAILER-DAEMON@mx.example.net\nSubject: failure notice", "<maya@example.net>:\n550 no\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <other@example.com>\n", "final", "550 no"},
	{"one that names the mail in words", "From: postmaster@example.net\nSubject: Message undeliverable", "Your message could not be delivered.\nMessage id: <b1@example.org>\nRecipient: maya@example.net\nReason: 550 Denied by policy\n", "final", "550 Denied by policy"},
	{"several lines of an answer", "From: MAILER-DAEMON@mx.example.net\nSubject: Mail delivery failed", `Delivery to maya@example.net failed:

550-The address
550-is not in use
550 any more

` + returned, "final", "550-The address is not in use any more"},
	{"an HTML letter", "From: postmaster@example.net\nSubject: Delivery failed\nContent-Type: text/html", "<p>Your message to maya@example.net couldn't be delivered.</p><p>maya wasn't found at example.net: <b>550 not here</b></p><h2>Original message headers:</h2><pre>" + strings.ReplaceAll(strings.ReplaceAll(returned, "<", "&lt;"), ">", "&gt;") + "</pre>", "final", "550 not here"},
	{"a server without an address", "From: \"Courier mail server at mail.example.org\" <@>\nSubject: NOTICE: mail delivery status.", `This is a delivery status notification from mail.example.org, running the Courier mail server, version 0.73.

                           UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<maya@example.net>:
    mx.example.net [192.0.2.9]:
>>> RCPT TO:<maya@example.net>
<<< 550 User unknown.

` + returned, "final", "550 User unknown."},
	{"a server in Italian", "From: postmaster@post.example\nSubject: Mancato recapito", "Il messaggio non è stato recapitato a maya@example.net: utente sconosciuto.\n\n" + returned, "final", "utente sconosciuto"},
	{"a server in Spanish", "From: MAILER-DAEMON@post.example\nSubject: Correo devuelto", "No se ha podido entregar su mensaje a maya@example.net: buzón lleno.\n\n" + returned, "final", "buzón lleno"},
	{"a server in French", "From: MAILER-DAEMON@post.example\nSubject: Message non distribué", "Votre message n'a pas pu être remis à maya@example.net : adresse inconnue.\n\n" + returned, "final", "adresse inconnue"},
	{"a server in Portuguese", "From: MAILER-DAEMON@post.example\nSubject: Mensagem devolvida", "A sua mensagem não pôde ser entregue a maya@example.net: caixa cheia.\n\n" + returned, "final", "caixa cheia"},
	{"a server in Dutch", "From: MAILER-DAEMON@post.example\nSubject: Bericht onbestelbaar", "Uw bericht kon niet worden afgeleverd bij maya@example.net: onbekende gebruiker.\n\n" + returned, "final", "onbekende gebruiker"},
	{"a server in Dutch, by its subject", "From: systeem@post.example\nReturn-Path: <systeem@post.example>\nAuto-Submitted: auto-replied\nSubject: Bericht niet bezorgd: Zullen we praten?", "Uw bericht aan maya@example.net kon niet worden bezorgd: adres onbekend.\n\n" + returned, "final", "adres onbekend"},
	{"a server in Portuguese, by its subject", "From: sistema@post.example\nReturn-Path: <sistema@post.example>\nAuto-Submitted: auto-replied\nSubject: Mensagem não entregue", "Não foi possível entregar a sua mensagem a maya@example.net: endereço desconhecido.\n\n" + returned, "final", "endereço desconhecido"},
	{"a server in Italian, by its subject", "From: sistema@post.example\nReturn-Path: <sistema@post.example>\nAuto-Submitted: auto-replied\nSubject: Non recapitabile: Parliamo?", "Il messaggio non è stato recapitato a maya@example.net: utente sconosciuto.\n\n" + returned, "final", "utente sconosciuto"},
	{"a server in Spanish, by its subject", "From: sistema@post.example\nReturn-Path: <sistema@post.example>\nAuto-Submitted: auto-replied\nSubject: Mensaje no entregado", "No se ha podido entregar su mensaje a maya@example.net: buzón lleno.\n\n" + returned, "final", "buzón lleno"},
	{"a server in French, by its subject", "From: systeme@post.example\nReturn-Path: <systeme@post.example>\nAuto-Submitted: auto-replied\nSubject: Non remis : Parlons", "Votre message n'a pas pu être remis à maya@example.net : adresse inconnue.\n\n" + returned, "final", "adresse inconnue"},
	{"a delay in Spanish", "From: MAILER-DAEMON@post.example\nSubject: Entrega retrasada", "Su mensaje a maya@example.net aún no se ha podido entregar. Se seguirá intentando durante dos días.\n\n" + returned, "late", ""},
	{"a delay in French", "From: MAILER-DAEMON@post.example\nSubject: Remise retardée", "Votre message n'a pas encore pu être remis à maya@example.net. De nouvelles tentatives seront effectuées.\n\n" + returned, "late", ""},
	{"a directory's words", "From: postmaster@example.net\nSubject: DELIVERY FAILURE: User maya not listed in Domino Directory\nIn-Reply-To: <b1@example.org>", "Your message\n\n  Subject: May we talk?\n\nwas not delivered to:\n\n  maya@example.net\n\nbecause:\n\n  User maya (maya@example.net) not listed in Domino Directory\n", "final", "not listed in Domino Directory"},
	{"a puzzle", "From: MAILER-DAEMON@mx.example.net\nSubject: About your mail", "There was something about it that we would like you to know.\n\n" + returned, "unclear", ""},
	{"a report without what was reported", "From: MAILER-DAEMON@mx.example.net\nSubject: Notification\nContent-Type: multipart/report; report-type=delivery-status; boundary=b", "--b\n\nSomething.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nX-Junk: y\n--b\nContent-Type: message/rfc822\n\n" + returned + "--b--\n", "unclear", ""},
}

// TestNotices reads what servers write: whether the mail will not arrive or is late, which one, and why.
func TestNotices(t *testing.T) {
	for _, tt := range notices {
		mail := "To: ana@example.org\n" + tt.fields + "\nDate: Mon, 22 Feb 2027 10:00:00 +0000\n"
		if !strings.Contains(tt.fields, "Return-Path") {
			mail = "Return-Path: <>\n" + mail
		}
		m := inbound.Read([]byte(mail+"\n"+tt.text), nil)
		holds(t, m)
		if m.Sort != invites.Report || m.Bounce == nil {
			t.Errorf("%s: it is %s, %v", tt.name, m.Sort, m.Bounce)
			continue
		}
		b, what := m.Bounce, "late"
		switch {
		case b.Unclear:
			what = "unclear"
		case b.Final:
			what = "final"
		}
		of := "b1@example.org"
		if strings.Contains(tt.text, "other@") {
			of = "other@example.com"
		}
		if what != tt.what || b.Of != of || !strings.Contains(b.Code+" "+b.Text, tt.says) || tt.what == "final" && b.Text == "" {
			t.Errorf("%s: %s of %s: %q %q; want %s: %q", tt.name, what, b.Of, b.Code, b.Text, tt.what, tt.says)
		}
		if strings.Contains(b.Text, "550 reasons") {
			t.Errorf("%s: the reason is taken from our own words", tt.name)
		}
	}
}

// What people write is no report, whatever its subject.
func TestNoReport(t *testing.T) {
	for _, head := range []string{
		"From: maya@example.net\nSubject: Re: Undeliverable: May we talk?",
		"From: maya@example.net\nSubject: Undelivered parcels",
		"From: Maya Postmaster <maya@example.net>\nSubject: failure notice of our press",
		"From: maya@example.net\nReturn-Path: <maya@example.net>\nSubject: Nicht zugestellt?",
	} {
		if m := inbound.Read([]byte(head+"\n\nYes, 1. 550 people will come.\n"), nil); m.Sort != invites.Personal || m.Bounce != nil {
			t.Errorf("%q: %s, %v", head, m.Sort, m.Bounce)
		}
	}
}
