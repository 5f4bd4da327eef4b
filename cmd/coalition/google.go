package main

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/google/account"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/strictyaml"
)

// googleChannel is the name of Google Calendar in what is stored.
const googleChannel outbox.Channel = "google"

// googleCalendar is what people call it.
var googleCalendar = organizer.Calendar{Channel: googleChannel, Title: "Google Calendar", Provider: "Google",
	UIDSuffix: "@google.com", Config: "`via: google` under calendar", Key: "calendar.google.calendar"}

// A watched is the calendar of the config, which writes down for `auth status` how it was read last, and
// warns, once a day, before the sign-in ends.
type watched struct {
	*google.Calendar
	account *account.Account
	// The machine's clock.
	wall   func() time.Time
	warn   func(ends time.Time)
	warned time.Time
	stage  *stage
}

// Changes implements [eventsync.Calendar].
func (w *watched) Changes(
	ctx context.Context, cursor string, since time.Time, take func([]*invites.Event, bool) error,
) (string, error) {
	w.stage.begin()
	next, err := w.Calendar.Changes(ctx, cursor, since, func(page []*invites.Event, full bool) error {
		// Events of others are left out of it.
		w.stage.add(1)
		return take(page, full)
	})
	w.stage.end()
	// Whoever asked did not wait.
	if ctx.Err() != nil {
		return next, err
	}
	now := w.wall()
	w.account.Record(now, err)
	if err == nil && now.Sub(w.warned) > 24*time.Hour {
		if s, err := w.account.Status(ctx); err == nil {
			if days, ends := s.Left(now); ends && days < endsSoon {
				w.warn(s.Ends)
				w.warned = now
			}
		}
	}
	return next, err
}

// endsSoon is how many days before its end a sign-in is worth a warning.
const endsSoon = 2

// Write implements [eventsync.Calendar].
func (w *watched) Write(ctx context.Context, ch *invites.EventChange, dot func() error) (*invites.Event, error) {
	e, err := w.Calendar.Write(ctx, ch, dot)
	var fault *invites.DeliveryError
	if errors.As(err, &fault) && fault.Stale == nil && ctx.Err() == nil {
		w.account.Record(w.wall(), err)
	}
	return e, err
}

// calendar returns the calendar of the config, whether invitations go there or by mail; nil: it names no account.
func (c *config) calendar() (*google.Calendar, error) {
	own := c.account()
	if own == nil {
		return nil, nil
	}
	calendar, err := google.New(google.Config{Client: own.Client(), Endpoint: c.Calendar.Google.Endpoint,
		ID: c.Calendar.Google.Calendar, Account: own.Address})
	if err != nil {
		return nil, usage("%s", "mend calendar.google.endpoint in the config", err)
	}
	return calendar, nil
}

// putRight has exactly those times stand in the calendar that are offered, after a command that may have changed them.
// That it can't is told, and no fault of the command: whatever runs next tries again.
func (a *app) putRight() {
	if a.sched == nil || a.sched.Holds == nil || a.soft.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(a.soft, holdWithin)
	defer cancel()
	if _, err := a.sched.Holds.Keep(ctx); err != nil && a.soft.Err() == nil {
		a.note("What is offered can't be held in Google Calendar now, and is when the program runs next: %s", errorText(err))
	}
}

// holdWithin is how long a command takes for that at most.
const holdWithin = 10 * time.Second

// errLogin ends a command for which somebody has to sign in first.
var errLogin = &invites.DeliveryError{
	Text: "Google wants you to sign in; use: coalition auth google", Err: invites.ErrLogin}

// signedIn lets go on at once, after a sign-in has been stored, what has waited for it. Requests
// of a running daemon notice it by themselves.
func (a *app) signedIn(ctx context.Context) error {
	err := a.open(ctx, false)
	if err == nil {
		err = a.sched.Store.Hurry(ctx, googleChannel)
	}
	if err != nil {
		return errors.Join(errors.New("you are signed in, but what waits can't be let go at once"), err)
	}
	return nil
}

// account returns the organizer's Google account; nil where the config names no client.
func (c *config) account() *account.Account {
	g := c.Calendar.Google
	if c.google != nil || g.ClientFile == "" {
		return c.google
	}
	// It counts where the state is a database elsewhere.
	beside := filepath.Dir(c.path)
	if dsn := c.resolve(c.State); !strings.Contains(dsn, "://") {
		beside = filepath.Dir(dsn)
	}
	if abs, err := filepath.Abs(beside); err == nil {
		beside = abs
	}
	mail := c.mailByGoogle()
	c.google = account.New(account.Config{
		ClientFile: c.resolve(g.ClientFile),
		TokenFile:  c.resolve(g.TokenFile),
		Folder:     beside,
		User:       string(c.Organizer.Email),
		// Somebody may sign in first, and change via then.
		Calendar: c.Calendar.Via == "google" || !mail,
		Mail:     mail,
		AddressOf: func(ctx context.Context, client *http.Client) string {
			return google.OwnAddress(ctx, client, g.Endpoint)
		},
	})
	return c.google
}

// clientProblems says why the Google client can't be used, where it is to be.
func (c *config) clientProblems() (list []strictyaml.Problem) {
	a := c.account()
	if a == nil || c.Calendar.Via != "google" && !c.mailByGoogle() {
		return nil
	}
	if err := a.CheckClient(); err != nil {
		list = append(list, c.doc.Problem(err.Error(), "", "calendar", "google", "client_file"))
	}
	return list
}
