package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"coalition/invites"
	"coalition/invites/email"
	"coalition/invites/email/eml"
	"coalition/invites/web"
	"coalition/scheduler"
	"coalition/scheduler/delivery"
	"coalition/scheduler/intake"
	"coalition/scheduler/journal"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/folder"
	"coalition/scheduler/store"
	"coalition/scheduler/strictyaml"
	"coalition/templates"
	"coalition/templates/answers"
)

// open reads the config and opens the state; a read-only one is neither made nor changed.
func (a *app) open(ctx context.Context, readOnly bool) error {
	c, err := a.readConfig()
	if err != nil {
		return err
	}
	return a.openFor(ctx, c, readOnly)
}

// openFor is open with a config that was read.
func (a *app) openFor(ctx context.Context, c *config, readOnly bool) error {
	words, err := c.words()
	if err != nil {
		return problemsError{c.doc.Problem("the folder of templates is not there",
			"make it, or leave the key empty", "templates")}
	}
	dsn, plans := c.resolve(c.State), c.resolve(c.Conversations)
	files := &folder.Folder{Path: plans, Shown: plans, Meet: c.Calendar.Via == "google"}
	// Where a marker is there was a state, and one with nothing in it is none.
	if marker, err := files.Marker(); marker != nil || err != nil {
		if err := store.Blank(ctx, dsn); err != nil {
			return fmt.Errorf("the state can't be used: %w", err)
		}
	}
	st, err := store.OpenFrom(ctx, dsn, home(plans), c.addresses(), readOnly)
	if err != nil {
		return fmt.Errorf("the state can't be used: %w", err)
	}
	a.state = st
	settings := c.settings()
	settings.Secret, settings.Via = st.Secret(), string(c.Mail.Via)
	a.parts = scheduler.Config{
		Settings:   settings,
		Plans:      files,
		Store:      st,
		Sender:     c.sender(),
		Words:      words,
		Understand: understand(words),
		Finish:     email.Finish,
		Now:        a.wall,
		Log:        a.log,
		Account:    c.accountOf,
		Mailbox:    a.shown(c.mailbox()),
		Link:       c.link(),
		Journals: func() map[plan.ID]*journal.Journal {
			// What can't be used of them is told by check and list.
			all, _ := journal.ReadAll(c.journals())
			return all
		},
	}
	if a.log != nil {
		a.parts.Beat = a.beats()
	} else {
		a.parts.Log = slog.New(slog.NewTextHandler(above{a}, &slog.HandlerOptions{Level: slog.LevelError}))
	}
	if a.at != "" {
		start, err := a.parseTime(a.at, a.wall())
		if err != nil {
			return err
		}
		began := a.wall()
		a.parts.Now = func() time.Time { return start.Add(a.wall().Sub(began)) }
	}
	if a.parts.FreeBusy, err = c.calendars(a.parts.Now, a.parts.Log); err != nil {
		return err
	}
	if !readOnly {
		warn := func(ends time.Time) {
			a.note("The sign-in to Google ends on %s. Before it does, use: coalition auth google", a.local(ends))
		}
		calendar, err := c.calendar()
		if err != nil {
			return err
		}
		if calendar != nil {
			a.parts.Holds = calendar
		}
		if c.Calendar.Via == "google" {
			a.online = &watched{Calendar: calendar, account: c.account(), wall: a.wall, warn: warn}
			a.parts.Calendar, a.parts.Poll = a.online, time.Duration(c.Calendar.Google.Poll)
		}
	}
	a.sched = scheduler.New(a.parts)
	a.showProgress()
	return nil
}

// understand returns what reads replies in the words of the templates. Those are read with the first reply,
// since most commands see none; where they can't be read no reply says anything, and the organizer decides.
func understand(words *templates.Set) func(lang, text string, names ...string) answers.Meaning {
	reader := sync.OnceValues(words.Answers)
	return func(lang, text string, names ...string) answers.Meaning {
		r, err := reader()
		if err != nil {
			return answers.Meaning{}
		}
		return r.Read(lang, text, names...)
	}
}

// home stands for a folder of plans on this machine, among all that may share a state.
func home(plans string) string {
	// Without a name, the path has to do.
	host, _ := os.Hostname()
	if path, err := filepath.Abs(plans); err == nil {
		plans = path
	}
	sum := sha256.Sum256([]byte(host + "\x00" + plans))
	return hex.EncodeToString(sum[:16])
}

// findConfig returns the path of the config file: the one named, or the first there is.
func (a *app) findConfig() (string, error) {
	if a.configFile != "" {
		return a.configFile, nil
	}
	if path := a.getenv("COALITION_CONFIG"); path != "" {
		return path, nil
	}
	looked := []string{"config.yaml"}
	if base := a.getenv("XDG_CONFIG_HOME"); base != "" {
		looked = append(looked, filepath.Join(base, "coalition", "config.yaml"))
	} else if home := a.getenv("HOME"); home != "" {
		looked = append(looked, filepath.Join(home, ".config", "coalition", "config.yaml"))
	}
	for _, path := range looked {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", usage("there is no config file (looked for %s)", "make one with: coalition init",
		strings.Join(looked, ", "))
}

// readConfig reads the config file, which counts from then on, and says everything that is wrong with it.
func (a *app) readConfig() (*config, error) {
	path, err := a.findConfig()
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, usage("the config file %s can't be read", "name another with --config", path)
	case info.Size() > strictyaml.MaxSize || !info.Mode().IsRegular():
		return nil, problemsError{{File: path, Line: 1, Column: 1,
			Text: "this is no config file", Mend: "name another with --config"}}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usage("the config file %s can't be read", "look at its permissions", path)
	}
	c, problems := parseConfig(path, data)
	if len(problems) > 0 {
		return nil, problemsError(problems)
	}
	a.config = c
	return c, nil
}

// A problemsError is what is wrong in files that people write.
type problemsError []strictyaml.Problem

// Error returns the number of problems; the program prints them one by one.
func (e problemsError) Error() string {
	if len(e) == 1 {
		return "1 problem"
	}
	return fmt.Sprintf("%d problems", len(e))
}

// resolve returns a path of the config, relative to its file.
func (c *config) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) || strings.Contains(path, "://") {
		return path
	}
	return filepath.Join(filepath.Dir(c.path), path)
}

// journals returns the folder of the journals.
func (c *config) journals() string {
	if c.Journal != "" {
		return c.resolve(c.Journal)
	}
	plans, beside := filepath.Clean(c.resolve(c.Conversations)), filepath.Dir(c.path)
	if plans != beside {
		beside = filepath.Dir(plans)
	}
	return filepath.Join(beside, "journal")
}

func (c *config) settings() organizer.Settings {
	o := &c.Organizer
	s := organizer.Settings{
		Organizer:  invites.Address{Name: o.Name, Email: string(o.Email)},
		Zone:       o.Timezone,
		Language:   o.Language,
		Hours:      o.WorkingHours,
		Holidays:   c.holidays(),
		Times:      c.times(),
		HoldOver:   c.HoldOver,
		CopyToSelf: c.Mail.CopyToSelf,
		Notify:     c.Notify,
		Digest:     c.Digest,
		Calendars:  []organizer.Calendar{googleCalendar},
		How:        how,
	}
	if c.Calendar.Via == "google" {
		s.Calendar = googleChannel
	}
	for _, alias := range o.Aliases {
		s.Aliases = append(s.Aliases, string(alias))
	}
	for _, r := range c.Reminders {
		s.Reminders = append(s.Reminders, time.Duration(r))
	}
	return s
}

// addresses returns all of the organizer's.
func (c *config) addresses() []string {
	s := c.settings()
	return append([]string{s.Organizer.Email}, s.Aliases...)
}

func (c *config) words() (*templates.Set, error) { return templates.Load(c.resolve(c.Templates)) }

func (c *config) sender() delivery.Sender {
	if c.Mail.Via == "outbox" {
		return eml.NewFolder(c.resolve(c.Mail.Outbox))
	}
	s := c.Mail.SMTP
	return email.NewSMTP(email.SMTPConfig{
		Server:   c.server(s.Host, s.Port, s.Security, s.Auth, s.signIn, "mail.smtp"),
		Parallel: s.Connections,
	})
}

// mailbox returns where answers are read; nil where there is none.
func (c *config) mailbox() intake.Mailbox {
	if c.Replies == nil || c.Replies.IMAP == nil {
		return nil
	}
	i := c.Replies.IMAP
	return email.NewMailbox(email.MailboxConfig{
		Server: c.server(i.Host, i.Port, i.Security, i.Auth, i.signIn, "replies.imap"),
		Folder: i.Mailbox, SentFolder: i.Sent, Trust: c.Replies.Trust,
	})
}

// server returns a mail server as the part of the configuration at path has it.
func (c *config) server(host string, port int, s security, auth mailAuth, in signIn, path string) email.Server {
	server := email.Server{Host: host, Port: port, Security: string(s), Username: in.Username, Password: c.password(in, path)}
	if auth == byGoogle {
		server.Token = c.account().Token
	}
	return server
}

// trust returns the servers whose word about a sender counts.
func (c *config) trust() []string {
	if c.Replies == nil {
		return nil
	}
	return c.Replies.Trust
}

// link makes the address of a partner's page; nil where there are no pages.
func (c *config) link() func(token string) string {
	if c.Web == nil || c.Web.PublicURL == "" {
		return nil
	}
	return func(token string) string { return web.Link(string(c.Web.PublicURL), token) }
}

// mailByGoogle reports whether the account is what signs in to a mail server, or to the mailbox.
func (c *config) mailByGoogle() bool {
	return c.Mail.Via == "smtp" && c.Mail.SMTP.Auth == byGoogle ||
		c.Replies != nil && c.Replies.IMAP != nil && c.Replies.IMAP.Auth == byGoogle
}

// beside returns the folder of the state, or, where that is a database elsewhere, of the config.
func (c *config) beside() string {
	folder := filepath.Dir(c.path)
	if dsn := c.resolve(c.State); !strings.Contains(dsn, "://") {
		folder = filepath.Dir(dsn)
	}
	if abs, err := filepath.Abs(folder); err == nil {
		folder = abs
	}
	return folder
}

// accountOf says by which account the door of that name leads out, and how it is signed in to, without
// telling either: see [scheduler.Config].
func (c *config) accountOf(name string) string {
	var with []any
	switch {
	case name == string(googleChannel):
		g := c.Calendar.Google
		with = append(with, g, age(c.resolve(g.ClientFile)))
	case name == outbox.MailboxDoor && c.Replies != nil && c.Replies.IMAP != nil:
		i := *c.Replies.IMAP
		with = append(with, i.Host, i.Port, i.Security, i.Auth, i.signIn, age(c.resolve(i.PasswordFile)))
	case name == string(outbox.Mail) && c.Mail.Via == "smtp":
		s := c.Mail.SMTP
		with = append(with, s.Host, s.Port, s.Security, s.Auth, s.signIn, age(c.resolve(s.PasswordFile)),
			c.Organizer.Email)
	default:
		with = append(with, c.resolve(c.Mail.Outbox))
	}
	sum := sha256.Sum256(fmt.Append(nil, with...))
	// Too short to find out a command by.
	return hex.EncodeToString(sum[:4])
}

// age tells when a file was written last, and how long it is; "" where there is none.
func age(path string) string {
	info, err := os.Stat(path)
	if err != nil || path == "" {
		return ""
	}
	return fmt.Sprint(info.ModTime().UnixNano(), info.Size())
}
