package main

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coalition/invites/google/account"
)

func (a *app) authCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "auth",
		Short: "Sign in to Google, look at the sign-in, sign out",
		Long: `Sign in to your Google account, for invitations through Google Calendar, and for mail
where the config says auth: xoauth2. This takes a client of your own: make one of
the type Desktop app in Google's console, download its file, and name it under
calendar.google.client_file in the config.`,
		Example: "  coalition auth google\n  coalition auth status",
		RunE:    onlyGroup,
	}
	c.AddCommand(a.authGoogleCommand(), a.authStatusCommand(), a.authLogoutCommand())
	return c
}

// account returns the Google account of the config, which it reads.
func (a *app) account() (*account.Account, error) {
	c, err := a.readConfig()
	if err != nil {
		return nil, err
	}
	own := c.account()
	if own == nil {
		return nil, usage("the config names no Google client", "make one of the type Desktop app in Google's console, "+
			"download its file, and name it under calendar.google.client_file")
	}
	return own, nil
}

func (a *app) authGoogleCommand() *cobra.Command {
	var noBrowser bool
	c := &cobra.Command{
		Use:   "google",
		Short: "Sign in to your Google account",
		Long: `Sign in to your Google account: Google's page opens in your browser, and asks what this
program may do. With --no-browser the address of that page is printed, alone on a
line, for a browser of your choice. If that is on another machine, it ends at an
address that does not open there: copy it, and paste it here.

The sign-in lies in the keyring of your system, where there is one, or else in a file
beside the state that only you can read.`,
		Example: "  coalition auth google\n  coalition auth google --no-browser",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			own, err := a.account()
			if err != nil {
				return err
			}
			if err := own.CheckClient(); err != nil {
				return err
			}
			p := account.Prompt{Browser: openBrowser, Say: func(text string) { a.note("%s", text) }}
			if noBrowser {
				p.Browser, p.Show, p.Pasted = nil, a.stdout, a.stdin
				if a.json {
					p.Show = a.stderr
				}
				p.Say("Open this address in a browser, and say there what this program may do. " +
					"If the browser then can't open the address that it ends at, paste that here:")
			} else {
				a.say("Google's page opens in your browser: choose %s there, and tick all boxes.", a.config.Organizer.Email)
			}
			s, err := own.SignIn(cmd.Context(), p)
			if err != nil {
				return err
			}
			if err := a.data(a.newAuth(s, nil)); err != nil {
				return err
			}
			a.sayGranted(s)
			return a.signedIn(cmd.Context())
		},
	}
	c.Flags().BoolVar(&noBrowser, "no-browser", false, "print the address of Google's page instead of opening it")
	return c
}

// sayGranted says what a sign-in has brought, and what to look after.
func (a *app) sayGranted(s account.Status) {
	who := s.Account
	if who == "" {
		who = "your Google account"
	}
	a.say("You are signed in to %s. The sign-in lies in %s.", who, s.Place)
	for _, box := range s.Lacks {
		a.note("You did not allow: %s. It works without, but knows less. To change that, sign in again.", box)
	}
	own := func(address string) bool { return strings.EqualFold(address, s.Account) }
	if s.Account != "" && !slices.ContainsFunc(a.config.addresses(), own) {
		a.note("%s is not organizer.email of the config, nor an alias: invitations come from that account. "+
			"If that is meant, add it to organizer.aliases.", s.Account)
	}
	if !s.Ends.IsZero() {
		a.note(`The sign-in ends on %s, because the client has the status "Testing". To make it last, choose
"Publish app" under "Audience" in Google's console, and sign in again.`, a.local(s.Ends))
	}
}

// openBrowser opens an address in the browser of this desktop.
func openBrowser(address string) error {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	if exec.Command(name, args...).Run() != nil {
		return errors.New("no browser could be opened from here; use: coalition auth google --no-browser")
	}
	return nil
}

// An authRow is the sign-in, as `auth status --json` shows it. What is absent is null.
type authRow struct {
	SignedIn bool     `json:"signed_in"`
	Account  *string  `json:"account"`
	Scopes   []string `json:"scopes"`
	Lacks    []string `json:"lacks"`
	Place    *string  `json:"place"`
	Since    *string  `json:"since"`
	Ends     *string  `json:"ends"`
	DaysLeft *int     `json:"days_left"`
	Dead     *string  `json:"dead_since"`
	Synced   *string  `json:"synced"`
	Trouble  *string  `json:"trouble"`
	Troubled *string  `json:"troubled"`
}

// newAuth shows s; err is why it can't be used.
func (a *app) newAuth(s account.Status, err error) authRow {
	zone := a.zone()
	row := authRow{SignedIn: err == nil, Account: orNull(s.Account),
		Scopes: append([]string{}, s.Scopes...), Lacks: append([]string{}, s.Lacks...),
		Place: orNull(s.Place), Since: stamp(s.Since, zone), Ends: stamp(s.Ends, zone), Dead: stamp(s.Dead, zone),
		Synced: stamp(s.Synced, zone), Trouble: orNull(s.Trouble), Troubled: stamp(s.Troubled, zone)}
	if days, ok := s.Left(a.wall()); ok {
		row.DaysLeft = &days
	}
	return row
}

func (a *app) authStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show who is signed in to Google, and for how long",
		Long: `Show the sign-in to Google, without asking Google. The exit code is 4 where somebody has
to sign in.

With --json, an object. What is absent is null:
  signed_in                   whether it can be used, as far as is known
  account                     its address
  scopes, lacks               what was granted, and what was not, in Google's words
  place                       where it lies
  since, ends, days_left      when you signed in, and when that ends
  dead_since                  since when Google refuses it
  synced                      when the calendar was read last
  trouble, troubled           what was wrong with that last, and when`,
		Example: "  coalition auth status\n  coalition auth status --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			own, err := a.account()
			if err != nil {
				return err
			}
			s, unusable := own.Status(cmd.Context())
			if a.json {
				if err := a.printJSON(a.newAuth(s, unusable)); err != nil {
					return err
				}
				return unusable
			}
			line := func(name, value string) {
				if value != "" {
					fmt.Fprintf(a.stdout, "%-13s%s\n", name, value)
				}
			}
			at := func(name string, t time.Time, more string) {
				if !t.IsZero() {
					line(name, a.local(t)+more)
				}
			}
			line("account", s.Account)
			at("signed in", s.Since, "")
			line("lies in", s.Place)
			line("may", strings.Join(s.Scopes, "\n             "))
			line("not allowed", strings.Join(s.Lacks, "\n             "))
			days, ends := s.Left(a.wall())
			left := "less than a day"
			if days != 0 {
				left = count(days, "day")
			}
			at("ends", s.Ends, ", in "+left)
			at("refused", s.Dead, "")
			at("last read", s.Synced, "")
			if s.Trouble != "" {
				at("last trouble", s.Troubled, ": "+s.Trouble)
			}
			if ends && days < endsSoon && unusable == nil {
				a.note("The sign-in ends soon. Before it does, use: coalition auth google")
			}
			return unusable
		},
	}
}

func (a *app) authLogoutCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "logout",
		Short:   "Take the sign-in back at Google, and delete it here",
		Long:    "Take the sign-in back at Google, and delete it here. Talks and invitations stay as they are.",
		Example: "  coalition auth logout",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			own, err := a.account()
			if err != nil {
				return err
			}
			was, err := own.SignOut(cmd.Context())
			switch {
			case err != nil:
				return err
			case was:
				a.say("You are signed out: the sign-in is taken back at Google, and deleted here.")
			default:
				a.say("Nobody was signed in.")
			}
			return nil
		},
	}
}
