package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"coalition/invites/email"
	"coalition/invites/provider"
	"coalition/scheduler/plan"
)

// questions ask for what no flag has said.
func (s *setup) questions(here string) []*question {
	// unsaid is for what no flag has said.
	unsaid := func(flag string) func() bool {
		said := flag != ""
		return func() bool { return !said }
	}
	name, address, zone, language, via := unsaid(s.name), unsaid(s.email), unsaid(s.zone), unsaid(s.language), unsaid(s.via)
	// They are only proposed.
	s.zone, s.language, s.via = cmp.Or(s.zone, here), cmp.Or(s.language, "en"), cmp.Or(s.via, viaSMTP)
	smtp := func() bool { return s.via == viaSMTP }
	own := func() bool { return smtp() && !s.typed && (!s.usable() || s.own == other) }
	stored := func() bool { return smtp() && !s.given && s.username != "" }
	domain := func() string { _, d, _ := strings.Cut(s.email, "@"); return d }
	encryption := []choice{{email.TLS, "from the first byte on"}, {email.StartTLS, "after a first word in the clear"}}
	return []*question{
		{key: "name", title: "Your name", explain: "As your partners know it.", text: &s.name, needed: true, when: name},
		{key: "email", title: "Your mail address", explain: "Your partners see it, and answers come back here.",
			text: &s.email, needed: true, valid: new(plan.Email).Parse, when: address},
		{key: "timezone", title: "Your time zone", explain: "Times without a zone are meant on this clock.",
			text: &s.zone, needed: true, valid: new(plan.Zone).Parse, when: zone},
		{key: "language", title: "The language in which you write", explain: "A plan may name another one for its partner.",
			text: &s.language, needed: true, valid: new(plan.Language).Parse, when: language},
		{key: "via", title: "How mail leaves", explain: "Nothing goes before you have checked in on a plan. You can change this later.",
			text: &s.via, when: via, choices: []choice{
				{viaSMTP, "through your own mail account"},
				{viaOutbox, "as files in a folder, to try things out, or to send them yourself"}}},
		{key: "find", when: func() bool { return smtp() && !s.typed },
			now: func(q *question) { q.title = "Looking for the mail servers of " + domain() },
			work: func(ctx context.Context) error {
				s.findServers(ctx)
				return nil
			}},
		{key: "found", text: &s.own, when: func() bool { return smtp() && !s.typed && s.found != nil },
			now: func(q *question) {
				q.title, q.explain = "The servers of "+cmp.Or(s.found.Name, domain()), s.foundWords()
				q.choices = []choice{{take, "these are right"}, {other, "type the servers"}, {viaOutbox, "write files for now"}}
				if !s.usable() {
					q.choices = []choice{{viaOutbox, "write files for now"}, {other, "type other servers"}}
				}
				s.own = q.choices[0].value
			},
			then: func() string {
				switch s.own {
				case take:
					s.use()
				case viaOutbox:
					s.via = viaOutbox
				}
				return ""
			}},
		{key: "smtp", title: "The server that takes your mail", text: &s.smtp.text, needed: true, when: own,
			valid: func(text string) error { return (&mailServer{text: text, usual: 587}).read() },
			now: func(q *question) {
				q.explain = "As your provider's help pages name it, for SMTP; with a port where it is not 587."
				if s.found == nil {
					q.explain = "Nothing is known of " + domain() + ". " + q.explain
				}
			},
			then: func() string { _ = s.smtp.read(); return "" }},
		{key: "smtp-security", title: "How it is encrypted", text: &s.smtp.security, choices: encryption,
			when: func() bool { return own() && s.smtp.unusual() && !local(s.smtp.host) }},
		{key: "imap", title: "The server of your mailbox", text: &s.imap.text, when: own,
			explain: "For IMAP; with a port where it is not 993. It is only read. Empty: you tell the program of answers yourself.",
			valid:   func(text string) error { return (&mailServer{text: text, usual: 993}).read() },
			then:    func() string { _ = s.imap.read(); return "" }},
		{key: "imap-security", title: "How it is encrypted", text: &s.imap.security, choices: encryption,
			when: func() bool { return own() && s.imap.unusual() && !local(s.imap.host) }},
		{key: "username", title: "The name that signs in there", text: &s.username,
			explain: "Often your whole address. Empty: nobody signs in.",
			when: func() bool {
				bridge := s.found != nil && s.found.Need == provider.Bridge
				return !s.named && (own() || smtp() && (s.typed || bridge))
			},
			now: func(*question) {
				if s.username == "" && (own() || s.typed) {
					s.username = s.email
				}
			},
			then: func() string { s.imapUsername = s.username; return "" }},
		// It may ask somebody to unlock it.
		{key: "probe", title: "Looking for the keyring of this system", when: func() bool { return stored() && !s.probed },
			work: func(ctx context.Context) error {
				s.keyring, s.probed = hasKeyring(ctx), true
				return nil
			}},
		{key: "store", title: "Where the password lies", text: &s.store, when: stored,
			now: func(q *question) {
				q.choices = []choice{{inFile, "you type it, and it lies in " + s.freeFile() + ", only yours to read"},
					{byCommand, "a program of yours prints it, such as: pass show mail"}}
				if s.keyring {
					q.choices = slices.Insert(q.choices, 0, choice{inRing, "you type it, and the keyring of this system holds it"})
				}
				s.store = cmp.Or(s.store, q.choices[0].value)
			},
			then: func() string { s.setStore(); return "" }},
		{key: "command", title: "The command", explain: "It prints the password in its first line, within ten seconds.",
			text: &s.in.PasswordCommand, needed: true, when: func() bool { return stored() && s.store == byCommand }},
		{key: "password", secret: &s.password, needed: true, when: func() bool { return stored() && s.store != byCommand },
			now: func(q *question) {
				q.title, q.explain = "The password of "+s.username, ""
				if s.found != nil && s.own == take {
					q.explain = sentence(needed(s.found))
				}
			}},
		{key: "try", when: func() bool { return smtp() && !s.noNetwork },
			now: func(q *question) {
				q.title = "Signing in at " + s.smtp.host
				if s.imap.host != "" && s.imap.host != s.smtp.host {
					q.title += " and " + s.imap.host
				}
			},
			work: func(ctx context.Context) error {
				s.tried, s.sent = nil, ""
				c, err := s.config()
				if err == nil {
					s.tried = c.tryLogins(ctx, 0)
				}
				for _, t := range s.tried {
					s.sent = cmp.Or(s.sent, t.sent)
				}
				return err
			}},
		{key: "failed", title: "The sign-in failed; what now", text: &s.next, when: func() bool { return smtp() && len(s.failed()) > 0 },
			now:  s.askAgain,
			then: s.goOn},
	}
}

// setStore puts into the config where the password lies.
func (s *setup) setStore() {
	command := s.in.PasswordCommand
	s.in = signIn{}
	switch s.store {
	case inRing:
		s.in.PasswordKeyring = s.username
	case inFile:
		s.in.PasswordFile = s.freeFile()
	case byCommand:
		s.in.PasswordCommand, s.password = command, ""
	}
}

// askAgain says why a sign-in has failed, and what can be done.
func (s *setup) askAgain(q *question) {
	var refused, sending bool
	for _, t := range s.failed() {
		refused = refused || t.refused
		sending = sending || t.area == "smtp"
	}
	q.explain, q.choices = s.failedWords(), nil
	if !s.given && s.username != "" {
		q.choices = append(q.choices, choice{again, "give the password again"})
	}
	q.choices = append(q.choices, choice{other, "type other servers, or another user name"})
	if !refused && len(q.choices) > 1 {
		slices.Reverse(q.choices)
	}
	if !sending {
		q.choices = append(q.choices, choice{noMailbox, "leave the mailbox out: you tell the program of answers yourself"})
	}
	q.choices = append(q.choices, choice{untried, "write it as it stands, though the sign-in failed"},
		choice{leave, "write nothing"})
	s.next = q.choices[0].value
}

// goOn does what was answered then.
func (s *setup) goOn() string {
	switch s.next {
	case again:
		if s.store == byCommand {
			return "command"
		}
		s.password = ""
		return "password"
	case other:
		s.own, s.typed, s.named = other, false, false
		return "smtp"
	case noMailbox:
		s.imap = mailServer{usual: s.imap.usual}
	}
	return ""
}
