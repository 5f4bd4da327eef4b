package main

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"coalition/invites"
	"coalition/invites/email"
	"coalition/invites/google/account"
	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

// A config is the file config.yaml. What it leaves out has the default named here.
type config struct {
	Organizer     organizerConfig `yaml:"organizer" strict:"required" doc:"You."`
	Conversations string          `yaml:"conversations" strict:"max=1000" doc:"The folder of plan files; default ./conversations."`
	Journal       string          `yaml:"journal" strict:"max=1000" doc:"The folder of your journals, which say what came of the talks; default: journal, beside the folder of plan files."`
	State         string          `yaml:"state" strict:"max=1000" doc:"An SQLite file, or postgres://…; default ./state/coalition.db."`
	Mail          mailConfig      `yaml:"mail" doc:"How mail leaves."`
	Replies       *repliesConfig  `yaml:"replies" doc:"Where the daemon reads answers."`
	Calendar      calendarConfig  `yaml:"calendar" doc:"How invitations are made."`
	Times         timesConfig     `yaml:"times" doc:"By which rules free times are found."`
	Web           *webConfig      `yaml:"web" doc:"The page on which the partner answers."`
	Templates     string          `yaml:"templates" strict:"max=1000" doc:"A folder with own versions of any template."`
	Notify        bool            `yaml:"notify" doc:"true: you get a short mail about each answer that waits for you."`
	Digest        bool            `yaml:"digest" doc:"true: you get a mail on your first working day of the week: your talks, who waits for whom, promises that are due."`
	Reminders     []ahead         `yaml:"reminders" doc:"How long before a talk the partner is reminded; default 24h and 1h."`
	HoldOver      int             `yaml:"hold_over" doc:"A daemon pass with more messages than this waits for approve; default 10."`

	// The path of the file.
	path string
	doc  *strictyaml.Document
	// See account.
	google *account.Account
	// Says what is waited for; nil: nobody is told.
	slow func(text string)
	// How long a password_command may take; 0: [passwordWithin].
	within time.Duration
	// What was typed, and does not lie yet where the file says; see init.
	typed string
	// What the system keyring was asked and has not answered yet, by the account.
	asked singleflight.Group
}

type organizerConfig struct {
	Name         string        `yaml:"name" strict:"required" doc:"As your partners know you."`
	Email        plan.Email    `yaml:"email" strict:"required" doc:"From and ORGANIZER of all that is sent; replies come back here."`
	Aliases      []plan.Email  `yaml:"aliases" doc:"Other addresses of yours."`
	Timezone     plan.Zone     `yaml:"timezone" strict:"required" doc:"Its IANA name, such as Europe/Lisbon."`
	Language     plan.Language `yaml:"language" doc:"Default en."`
	WorkingHours plan.Hours    `yaml:"working_hours" strict:"alone" doc:"A block, or a list of them; default Monday to Friday, 09:00 to 17:30."`
	Holidays     plan.Holidays `yaml:"holidays" doc:"Yours: a country or region such as PT or DE-BE, or a calendar file (.ics); default: none."`
}

type mailConfig struct {
	Via        mailVia    `yaml:"via" doc:"outbox (a folder of .eml files) or smtp; default outbox."`
	Outbox     string     `yaml:"outbox" strict:"max=1000" doc:"The folder; default ./outbox."`
	CopyToSelf bool       `yaml:"copy_to_self" doc:"true: you get each invitation, and each cancellation, as a mail for your own calendar."`
	SMTP       smtpConfig `yaml:"smtp" doc:"The server that takes your mail."`
}

type smtpConfig struct {
	Host        string   `yaml:"host" doc:"Its name."`
	Port        int      `yaml:"port" doc:"Default 587."`
	Security    security `yaml:"security" doc:"starttls (required, never optional), tls, or none (this machine only); default starttls."`
	Auth        mailAuth `yaml:"auth" doc:"password, or xoauth2 (with the Google account of calendar.google); default password."`
	signIn      `doc:"-"`
	Connections int `yaml:"connections" doc:"How many messages go side by side; default 4."`
}

// signIn is how the program signs in at a server.
type signIn struct {
	Username        string `yaml:"username" doc:"Absent: no sign-in."`
	PasswordFile    string `yaml:"password_file" strict:"max=1000" doc:"A file that holds the password."`
	PasswordCommand string `yaml:"password_command" strict:"max=1000" doc:"A command that prints the password."`
	PasswordKeyring string `yaml:"password_keyring" strict:"max=300" doc:"The account under which the system keyring holds the password, as that of the service coalition."`
}

// passwords are the keys for a password that are set, of which there can be one.
func (in signIn) passwords() (keys []string) {
	for _, k := range [][2]string{
		{"password_file", in.PasswordFile}, {"password_command", in.PasswordCommand}, {"password_keyring", in.PasswordKeyring},
	} {
		if k[1] != "" {
			keys = append(keys, k[0])
		}
	}
	return keys
}

type repliesConfig struct {
	IMAP  *imapConfig `yaml:"imap" doc:"Your mailbox."`
	Trust []string    `yaml:"trust" doc:"Servers whose Authentication-Results header counts: your own mail server's name."`
}

type imapConfig struct {
	Host     string   `yaml:"host" strict:"required" doc:"Its name."`
	Port     int      `yaml:"port" doc:"Default 993."`
	Security security `yaml:"security" doc:"tls, starttls, or none (this machine only); default tls."`
	Auth     mailAuth `yaml:"auth" doc:"password, or xoauth2 (with the Google account of calendar.google); default password."`
	signIn   `doc:"-"`
	Mailbox  string `yaml:"mailbox" doc:"Default INBOX."`
	Sent     string `yaml:"sent" doc:"The folder of sent mail; default Sent."`
}

type calendarConfig struct {
	Via    calendarVia  `yaml:"via" doc:"ics (invitation by mail) or google (an event; Google mails the guest); default ics."`
	Google googleConfig `yaml:"google" doc:"Your Google Calendar."`
	Busy   []busyConfig `yaml:"busy" doc:"Further calendars that block time."`
}

type googleConfig struct {
	ClientFile string   `yaml:"client_file" strict:"max=1000" doc:"The downloaded Desktop OAuth client."`
	TokenFile  string   `yaml:"token_file" strict:"max=1000" doc:"Default: the system keyring, else a file beside the state."`
	Calendar   string   `yaml:"calendar" doc:"Default primary."`
	Endpoint   string   `yaml:"endpoint" strict:"max=1000" doc:"Another base address of the API."`
	Poll       interval `yaml:"poll" doc:"How often the calendar is looked at, 15s to 24h; default 2m."`
}

type busyConfig struct {
	Name   string    `yaml:"name" strict:"max=60" doc:"What you call it; default: the name of its file, or of its server."`
	Google string    `yaml:"google" doc:"The id of a Google calendar."`
	ICS    string    `yaml:"ics" strict:"max=1000" doc:"The address or the file of an iCalendar file."`
	CalDAV plan.Link `yaml:"caldav" doc:"The address of a CalDAV calendar."`
	signIn `doc:"-"`
}

type webConfig struct {
	Listen    string    `yaml:"listen" strict:"required" doc:"Address and port, such as 127.0.0.1:8080."`
	PublicURL plan.Link `yaml:"public_url" doc:"How partners reach it."`
}

func parseConfig(path string, data []byte) (*config, []strictyaml.Problem) {
	docs, problems := strictyaml.Parse(path, data)
	if problems != nil {
		return nil, problems
	}
	c := &config{
		path:          path,
		doc:           docs[0],
		Conversations: "./conversations",
		State:         "./state/coalition.db",
		Mail: mailConfig{Via: "outbox", Outbox: "./outbox",
			SMTP: smtpConfig{Port: 587, Security: email.StartTLS, Connections: 4}},
		Calendar: calendarConfig{Via: "ics",
			Google: googleConfig{Calendar: "primary", Poll: interval(2 * time.Minute)}},
		Times:     defaultTimes(),
		Reminders: []ahead{ahead(24 * time.Hour), ahead(time.Hour)},
		HoldOver:  10,
	}
	c.Organizer.Language = "en"
	c.Organizer.WorkingHours = plan.Hours{{}}
	problems = c.doc.Decode(c)
	c.fill(c.Organizer.WorkingHours, 9*60, 17*60+30, "organizer", "working_hours")
	c.fillTimes()
	problems = append(problems, c.rules()...)
	if len(docs) > 1 {
		problems = append(problems, docs[1].Problem("a config is one document",
			"take out what stands from the line --- on"))
	}
	return c, strictyaml.First(problems)
}

// fill gives the blocks of hours at that path the times that they leave out.
func (c *config) fill(hours plan.Hours, from, to plan.Clock, path ...string) {
	for i := range hours {
		at := append(slices.Clip(path), fmt.Sprint(i))
		if !c.doc.Has(append(at, "from")...) {
			hours[i].From = from
		}
		if !c.doc.Has(append(at, "to")...) {
			hours[i].To = to
		}
	}
}

// A refusing takes down what is wrong at a path of the config, and how to mend it.
type refusing func(text, mend string, path ...string)

// rules checks what takes more than one key to see.
func (c *config) rules() (list []strictyaml.Problem) {
	refuse := func(text, mend string, path ...string) {
		list = append(list, c.doc.Problem(text, mend, path...))
	}
	c.Organizer.WorkingHours.Check(c.doc, refuse, "organizer", "working_hours")
	c.timesRules(refuse)
	if filepath.Clean(c.journals()) == filepath.Clean(c.resolve(c.Conversations)) {
		refuse("journals can't lie among the plan files", "name another folder", "journal")
	}
	if c.HoldOver < 0 || c.HoldOver > 10000 {
		refuse("hold_over is no number of messages", "write 10, or another number from 0 to 10000", "hold_over")
	}
	if smtp := c.Mail.SMTP; c.doc.Has("mail", "smtp") || c.Mail.Via == "smtp" {
		if smtp.Host == "" {
			refuse("mail.smtp.host is missing", "add `host:`", "mail", "smtp")
		}
		if smtp.Connections < 1 || smtp.Connections > 50 {
			refuse("connections is no number from 1 to 50", "write 4", "mail", "smtp", "connections")
		}
		c.serverRules(refuse, smtp.Host, smtp.Port, smtp.Security, smtp.Auth, smtp.signIn, "mail", "smtp")
	}
	if c.Replies != nil && c.Replies.IMAP != nil {
		imap := c.Replies.IMAP
		if imap.Security == "" {
			imap.Security = email.TLS
		}
		if imap.Port == 0 && !c.doc.Has("replies", "imap", "port") {
			imap.Port = 993
		}
		if imap.Mailbox == "" {
			imap.Mailbox = "INBOX"
		}
		if imap.Sent == "" && !c.doc.Has("replies", "imap", "sent") {
			imap.Sent = "Sent"
		}
		c.serverRules(refuse, imap.Host, imap.Port, imap.Security, imap.Auth, imap.signIn, "replies", "imap")
	}
	if c.Replies != nil {
		for i, server := range c.Replies.Trust {
			if server == "" || strings.ContainsAny(server, " ;\t") {
				refuse("this is no name of a server",
					"write the name that its Authentication-Results begins with, such as mx.example.org",
					"replies", "trust", fmt.Sprint(i))
			}
		}
	}
	if c.Calendar.Via == "google" && c.Calendar.Google.ClientFile == "" {
		refuse("Google Calendar needs a client of your own", "add `client_file:` under google, "+
			"with the Desktop client that you have downloaded from Google's console", "calendar", "via")
	}
	if e := c.Calendar.Google.Endpoint; e != "" {
		u, err := url.Parse(e)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.ContainsAny(e, "?#@"):
			refuse("endpoint is no web address",
				"write it in full, such as https://proxy.example.org/calendar/v3/, or leave it out",
				"calendar", "google", "endpoint")
		case !account.Safe(e):
			refuse("endpoint would carry your sign-in without https",
				"write https, which only this machine itself can do without", "calendar", "google", "endpoint")
		}
	}
	c.busyRules(refuse)
	if c.Web != nil {
		_, port, err := net.SplitHostPort(c.Web.Listen)
		if _, bad := strconv.ParseUint(port, 10, 16); (err != nil || bad != nil) && c.Web.Listen != "" {
			refuse("listen is no address with a port", "write it as 127.0.0.1:8080", "web", "listen")
		}
		if strings.ContainsAny(string(c.Web.PublicURL), "?#") {
			refuse("public_url has more than an address and a path", "write it as https://talk.example.org",
				"web", "public_url")
		}
	}
	return list
}

func (c *config) serverRules(
	refuse refusing, host string, port int, s security, auth mailAuth, in signIn, path ...string,
) {
	if port < 1 || port > 65535 {
		refuse("port is no port", "write one from 1 to 65535", append(path, "port")...)
	}
	if strings.ContainsAny(host, " /:@") && net.ParseIP(host) == nil {
		refuse("host is no name of a server", "write the bare name, such as smtp.example.org", append(path, "host")...)
	}
	if ip := net.ParseIP(host); s == email.Clear && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		refuse("security none is for a server on this machine only", "write starttls or tls",
			append(path, "security")...)
	}
	if auth != byGoogle {
		if !c.doc.Faulty(append(path, "auth")...) {
			c.signInRules(refuse, in, path...)
		}
		return
	}
	for _, key := range in.passwords() {
		refuse("auth xoauth2 has no password", "take "+key+" out, or write `auth: password`", append(path, key)...)
	}
	if in.Username == "" {
		refuse("auth xoauth2 needs the address of the Google account", "add `username:`", append(path, "auth")...)
	}
	if c.Calendar.Google.ClientFile == "" {
		refuse("auth xoauth2 needs a Google client", "add `client_file:` under calendar.google",
			append(path, "auth")...)
	}
}

func (c *config) signInRules(refuse refusing, in signIn, path ...string) {
	switch keys := in.passwords(); {
	case in.Username != "" && len(keys) == 0:
		refuse("a user name needs a password", "add `password_file:`, `password_command:` or `password_keyring:`",
			append(path, "username")...)
	case len(keys) > 1:
		refuse(keys[0]+" and "+keys[1]+" exclude each other", "keep one of them", append(path, keys[1])...)
	case in.Username == "" && len(keys) > 0:
		refuse("a password needs a user name", "add `username:`", path...)
	}
}

// warnings names what is allowed, and hardly meant.
func (c *config) warnings() (list []strictyaml.Problem) {
	if c.Web != nil && c.Web.PublicURL == "" {
		list = append(list, c.doc.Warning("without public_url no brief has a link to the page",
			"add the address at which partners reach it", "web"))
	}
	if invites.NoReply(string(c.Organizer.Email)) {
		list = append(list, c.doc.Warning("this looks like an address that nobody reads, and answers come back to it",
			"name one that you read", "organizer", "email"))
	}
	list = append(list, c.timesWarnings()...)
	return append(list, c.doc.Doubts()...)
}
