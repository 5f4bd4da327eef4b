package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/thlib/go-timezone-local/tzlocal"
	"github.com/zalando/go-keyring"
	"go.yaml.in/yaml/v3"

	"coalition/scheduler/strictyaml"
)

func (a *app) initCommand() *cobra.Command {
	var s setup
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a config file",
		Long: `Write a config file, with a comment for each key: config.yaml, or the one that
--config names. On a terminal you are asked for what no flag says; elsewhere mail
goes to a folder of files until you say how to send it.

For --via smtp your provider's servers are found: in a list that comes with the
program, at autoconfig.DOMAIN and DOMAIN itself (which get your address), or in the
DNS of your domain. They are signed in to before anything is written; no mail is
sent. What you type as the password lies in the system keyring or in a file that
only you can read, never in the config.`,
		Example: `  coalition init
  coalition init --name "Ana Lopes" --email ana@example.org
  coalition init --name "Ana Lopes" --email ana@example.org --via smtp \
    --password-command "pass show mail"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s.path = cmp.Or(a.configFile, "config.yaml")
			if _, err := os.Stat(s.path); err == nil {
				return isThere(s.path)
			}
			if _, err := os.Stat(filepath.Dir(s.path)); err != nil {
				return noFolder(s.path)
			}
			return a.setUp(cmd.Context(), &s)
		},
	}
	f := c.Flags()
	f.StringVar(&s.name, "name", "", "your `NAME`, as your partners know it")
	f.StringVar(&s.email, "email", "", "your `ADDRESS`")
	f.StringVar(&s.zone, "timezone", "", "the IANA name of your `ZONE` (default this machine's)")
	f.StringVar(&s.language, "language", "", "the `LANGUAGE` in which you write (default en)")
	f.StringVar(&s.via, "via", "", "`HOW` mail leaves: outbox, files in a folder, or smtp, your provider's server")
	f.StringVar(&s.smtp.text, "smtp-host", "", "the `SERVER` that takes your mail, with a port where it is not 587 (default: found)")
	f.StringVar(&s.imap.text, "imap-host", "", "the `SERVER` of your mailbox, with a port where it is not 993 (default: found)")
	f.StringVar(&s.username, "username", "", "the `NAME` that signs in there (default what your provider wants)")
	f.StringVar(&s.in.PasswordFile, "password-file", "", "the `FILE` that holds the password")
	f.StringVar(&s.in.PasswordCommand, "password-command", "", "the `COMMAND` that prints the password")
	f.StringVar(&s.in.PasswordKeyring, "password-keyring", "", "the `ACCOUNT` under which the system keyring holds the password")
	f.BoolVar(&s.noNetwork, "no-network", false, "find servers in the list only, and don't try to sign in")
	return c
}

// setUp asks for what no flag says, tries what was said, and writes it.
func (a *app) setUp(ctx context.Context, s *setup) error {
	if len(s.in.passwords()) > 1 {
		return usage("several flags say where the password lies", "keep one of them")
	}
	// The flag names a file as seen from here, the config as seen from itself.
	if s.in.PasswordFile != "" {
		path, err := filepath.Rel(filepath.Dir(s.path), s.in.PasswordFile)
		if err != nil || filepath.IsAbs(s.in.PasswordFile) {
			path = s.in.PasswordFile
		}
		s.in.PasswordFile = path
	}
	s.smtp.usual, s.imap.usual = 587, 993
	s.typed, s.named, s.given = s.smtp.text != "", s.username != "", len(s.in.passwords()) > 0
	for _, server := range []*mailServer{&s.smtp, &s.imap} {
		if err := server.read(); err != nil {
			return usage("%s %s", "write it as mail.example.org, or mail.example.org:465", server.text, err)
		}
	}
	switch {
	case s.via != "" && s.via != viaSMTP && s.via != viaOutbox:
		return usage("--via %s is no way", "write --via outbox or --via smtp", s.via)
	case s.via == viaOutbox && (s.typed || s.named || s.given || s.imap.text != ""):
		return usage("servers and passwords belong to --via smtp", "leave one of the two out")
	case s.imap.text != "" && !s.typed:
		return usage("--imap-host names one server of two", "add --smtp-host SERVER")
	}
	if s.imapUsername = s.username; s.via == "" && (s.typed || s.given) {
		s.via = viaSMTP
	}
	// What flags have said is looked at before anything is asked.
	said := setup{path: s.path, name: cmp.Or(s.name, "-"), email: cmp.Or(s.email, "me@example.org"),
		zone: cmp.Or(s.zone, "UTC"), language: s.language}
	if _, err := said.config(); err != nil {
		return err
	}
	here, zoneErr := tzlocal.RuntimeTZ()
	missing := s.name == "" || s.email == ""
	switch {
	case terminal(a.stdin) && (missing || s.via == "smtp" && !s.given):
		err := a.walk(s.questions(here), nil)
		if errors.Is(err, errStopped) {
			a.note("\nNothing was written.")
		}
		if err != nil {
			return err
		}
		if s.next == leave {
			return usage("nothing was written", "")
		}
	case missing:
		return usage("init needs your name and your address", "add --name NAME --email ADDRESS")
	default:
		if s.zone = cmp.Or(s.zone, here); s.zone == "" && zoneErr != nil {
			return usage("the time zone of this machine can't be told", "add --timezone, such as --timezone Europe/Lisbon")
		}
		if err := a.setUpUnasked(ctx, s); err != nil {
			return err
		}
	}
	c, err := s.config()
	if err != nil {
		return err
	}
	a.config = c
	return a.writeSetUp(s, c)
}

// setUpUnasked does without questions what the walk does.
func (a *app) setUpUnasked(ctx context.Context, s *setup) error {
	if _, err := s.config(); s.via != "smtp" {
		return err
	}
	if s.smtp.text == "" {
		s.findServers(ctx)
		if err := s.takeFound(); err != nil {
			return err
		}
	}
	if s.given && s.username == "" {
		s.username, s.imapUsername = s.email, s.email
	}
	if !s.given && s.username != "" {
		return usage("init needs to know where the password lies",
			"add --password-file FILE, --password-command COMMAND or --password-keyring ACCOUNT")
	}
	c, err := s.config()
	if err != nil || s.noNetwork {
		return err
	}
	a.config = c
	s.tried = c.tryLogins(ctx, 0)
	if words := s.failedWords(); words != "" {
		return fmt.Errorf("%s\nNothing was written; to write it all the same, add --no-network", words)
	}
	return nil
}

// writeSetUp writes what was typed as the password, the config, and the folder of plan files, and says what comes next.
func (a *app) writeSetUp(s *setup, c *config) error {
	where, undo, err := s.keepPassword()
	if err != nil {
		return err
	}
	if err := writeNew(s.path, s.text()); err != nil {
		undo()
		return err
	}
	folder := c.resolve(c.Conversations)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return usage("the folder %s can't be made", "make it yourself", folder)
	}
	for _, t := range s.tried {
		if t.text == "" {
			a.say("Signed in at %s.", t.server)
		} else {
			a.note("Not signed in at %s: %s. Mend it in the config before mail is to leave.", t.server, t.mend)
		}
	}
	a.say("Wrote %s%s.", s.path, where)
	if c.Mail.Via == "outbox" {
		a.say("Mail goes to the folder %s, as files, until you change mail.via there.", c.resolve(c.Mail.Outbox))
	}
	a.say("Next, plan a conversation: %s", a.hint("new"))
	if other := a.getenv("COALITION_CONFIG"); other != "" && !sameFile(other, s.path) {
		a.note("But COALITION_CONFIG names %s, which commands use instead. "+
			"End that with: unset COALITION_CONFIG", other)
	}
	return a.data(map[string]string{"file": s.path})
}

// keepPassword puts what was typed where the config says that it lies, and tells where; undo takes it back. Without a
// keyring that takes it, it lies in a file.
func (s *setup) keepPassword() (where string, undo func(), err error) {
	undo = func() {}
	if s.password == "" {
		return "", undo, nil
	}
	if account := s.in.PasswordKeyring; account != "" {
		err := askKeyring(context.Background(), func() error { return keyring.Set(keyringService, account, s.password) })
		if err == nil {
			return ", and put the password into the system keyring", func() {
				_ = askKeyring(context.Background(), func() error { return keyring.Delete(keyringService, account) })
			}, nil
		}
		s.in.PasswordKeyring, s.in.PasswordFile = "", s.freeFile()
	}
	path := s.in.PasswordFile
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(s.path), path)
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", undo, usage("the folder %s can't be made", "make it yourself", folder)
	}
	if err := writeNew(path, []byte(s.password+"\n")); err != nil {
		return "", undo, err
	}
	// The folder goes only where it is empty.
	undo = func() {
		os.Remove(path)
		os.Remove(folder)
	}
	return fmt.Sprintf(", and the password to %s, which only you can read", path), undo, nil
}

// sameFile reports whether two paths lead to one file.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	y, err2 := os.Stat(b)
	return err == nil && err2 == nil && os.SameFile(x, y)
}

// fromFlags returns as one error the problems of a file that was made of flags: their places mean nothing.
func fromFlags(problems []strictyaml.Problem) error {
	var lines []string
	for _, p := range problems {
		lines = append(lines, strings.TrimSuffix(p.Text+"; "+p.Mend, "; "))
	}
	return usage("%s", "nothing was written", strings.Join(lines, "\n  "))
}

// quoted returns s as one YAML value.
func quoted(s string) string {
	b, err := yaml.Marshal(s)
	if err != nil || bytes.Count(b, []byte("\n")) > 1 {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSpace(string(b))
}

func isThere(path string) error {
	return usage("%s is there already", "look at it, or name another file", path)
}

func noFolder(path string) error {
	return usage("%s can't be written", "is its folder there?", path)
}

// writeNew writes a file that is not there yet, for its owner only: whole, or not at all.
func writeNew(path string, data []byte) error {
	if _, err := os.Lstat(path); err == nil {
		return isThere(path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return noFolder(path)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return cantWrite(path, err)
	}
	err = os.Link(f.Name(), path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return isThere(path)
	case err != nil:
		// The file system has no hard links.
		if err := os.Rename(f.Name(), path); err != nil {
			return cantWrite(path, err)
		}
	}
	return nil
}
