package main

import (
	"cmp"
	"fmt"
	"strings"

	"coalition/invites/email"
)

// text is the config: what was answered, and what else there is as comments.
func (s *setup) text() []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	// key writes a line with a comment behind it, in one column for all of them.
	key := func(start, comment string) { line("%-37s # %s", start, comment) }
	line("# The configuration of coalition, as coalition init has written it. Change what you like, and look whether")
	line("# it holds with:  coalition check   What begins with # is optional; there are more keys, which this explains:")
	line("# coalition schema config   Paths are relative to this file.")
	line("")
	line("# You.")
	line("organizer:")
	line("  name: %s", quoted(s.name))
	key("  email: "+quoted(s.email), "From, and ORGANIZER, of all that is sent; answers come back here")
	key("#  aliases: [me@example.org]", "other addresses of yours")
	key("  timezone: "+quoted(s.zone), "on whose clock you write times")
	key("  language: "+quoted(cmp.Or(s.language, "en")), "of partners whose plan names no other")
	key(`#  working_hours: {days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:30"}`, "when talks may lie")
	key("#  holidays: PT", "on which you have off: a country or region (PT, DE-BE), or an .ics file")
	line("")
	line("# Your plan files, one conversation each, and what has happened so far.")
	line("conversations: ./conversations")
	line("state: ./state/coalition.db")
	line("")
	line("# How mail leaves: outbox writes files into a folder, smtp hands it to a server.")
	line("mail:")
	line("  via: %s", quoted(cmp.Or(s.via, viaOutbox)))
	key("#  outbox: ./outbox", "the folder; one .eml for each message")
	key("#  copy_to_self: true", "you get each invitation, for your own calendar")
	if s.via == viaSMTP {
		line("  smtp:")
		s.server(line, key, &s.smtp, s.username)
		key("#    connections: 4", "how many messages go side by side")
	} else {
		line("#  smtp: {host: smtp.example.org, port: 587, security: starttls, username: ana, password_file: %s}", passwordFile)
	}
	line("")
	line("# Where answers are read, by the daemon and coalition sync. The mailbox stays as it is. Without it, tell of an")
	line("# answer yourself:  coalition answer ID yes   or give its mail to:  coalition receive FILE")
	if s.via == viaSMTP && s.imap.host != "" {
		line("replies:")
		line("  imap:")
		s.server(line, key, &s.imap, cmp.Or(s.imapUsername, s.username))
		key("    mailbox: INBOX", "the folder that is read")
		key("    sent: "+quoted(cmp.Or(s.sent, "Sent")), "where your mail program keeps what you have sent")
		key("#  trust: [mx.example.org]", "the server whose word about a sender counts: the one that takes your mail")
	} else {
		line("#replies:")
		line("#  imap: {host: imap.example.org, port: 993, security: tls, username: ana, password_file: %s}", passwordFile)
	}
	line("")
	line("# Calendars that say when you have no time: files, addresses, CalDAV; or Google, which can also hold the talks.")
	line("#calendar:")
	line("#  busy:")
	line("#    - {name: private, ics: ./private.ics}")
	line("")
	line("# How long before a talk its partner is reminded, and how many messages may go at once without your word.")
	line("reminders: [24h, 1h]")
	line("hold_over: 10")
	line("")
	line("# A short mail to yourself about each answer that waits for you.")
	line("notify: false")
	return []byte(b.String())
}

// server writes the keys of a mail server.
func (s *setup) server(
	line func(format string, args ...any), key func(start, comment string), m *mailServer, username string,
) {
	line("    host: %s", quoted(m.host))
	line("    port: %d", m.port)
	key("    security: "+m.security, map[string]string{email.TLS: "from the first byte on",
		email.StartTLS: "required, never optional", email.Clear: "this machine only"}[m.security])
	if username == "" {
		return
	}
	line("    username: %s", quoted(username))
	switch {
	case s.in.PasswordFile != "":
		key("    password_file: "+quoted(s.in.PasswordFile), "only yours: chmod 600")
	case s.in.PasswordCommand != "":
		key("    password_command: "+quoted(s.in.PasswordCommand), "prints it, within ten seconds")
	case s.in.PasswordKeyring != "":
		key("    password_keyring: "+quoted(s.in.PasswordKeyring), "in the system keyring, for the service coalition")
	}
}
