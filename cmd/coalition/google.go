package main

import (
	"context"
	"errors"
	"time"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/google/account"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
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
}

// Changes implements [eventsync.Calendar].
func (w *watched) Changes(
	ctx context.Context, cursor string, since time.Time, take func([]*invites.Event, bool) error,
) (string, error) {
	next, err := w.Calendar.Changes(ctx, cursor, since, take)
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

// online returns the calendar of the config; nil where invitations go by mail.
func (c *config) online(wall func() time.Time, warn func(ends time.Time)) (*watched, error) {
	if c.Calendar.Via != "google" {
		return nil, nil
	}
	own := c.account()
	calendar, err := google.New(google.Config{Client: own.Client(), Endpoint: c.Calendar.Google.Endpoint,
		ID: c.Calendar.Google.Calendar, Account: own.Address})
	if err != nil {
		return nil, usage("%s", "mend calendar.google.endpoint in the config", err)
	}
	return &watched{Calendar: calendar, account: own, wall: wall, warn: warn}, nil
}

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
