package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"

	"coalition/invites/google"
	"coalition/invites/google/push"
	"coalition/invites/web"
	"coalition/scheduler/conversation"
)

// openPages serves the page of the partners until ctx ends, and beside it, where tells is not nil, what
// Google Calendar sends; closed is closed once no answer is being taken in any more. Where the config has
// no page it is closed already.
func (a *app) openPages(ctx context.Context, tells *push.Push) (closed <-chan struct{}, err error) {
	done := make(chan struct{})
	if a.config.Web == nil {
		close(done)
		return done, nil
	}
	l, err := net.Listen("tcp", a.config.Web.Listen)
	if err != nil {
		return nil, fmt.Errorf("the page can't be served at %s: %w", a.config.Web.Listen, err)
	}
	public := cmp.Or(string(a.config.Web.PublicURL), "http://"+a.config.Web.Listen)
	pages, err := web.New(a.sched.Pages, a.sched.Words, a.sched.Log, public)
	if err != nil {
		// Nobody has come yet.
		_ = l.Close()
		return nil, fmt.Errorf("the page can't be served under public_url: %w", err)
	}
	handler := http.Handler(pages)
	if tells != nil {
		handler = tells.Beside(pages)
	}
	a.sched.Log.Info("serving the page", "at", l.Addr())
	go func() {
		defer close(done)
		if err := web.Serve(ctx, l, handler, a.sched.Log); err != nil {
			a.sched.Log.Error("the page is not served any more", "error", err)
		}
	}()
	return done, nil
}

// push has Google tell of changes in the calendar, where the config has a page that can be reached from
// outside. hint is called when there may be some.
func (a *app) push(c *google.Calendar, hint func()) *push.Push {
	// The name of the cursor, beside those of mailboxes.
	const name = "google push"
	p := push.Config{
		Calendar: c,
		Hint:     hint,
		Load:     func() (string, error) { return a.state.Cursor(a.hard, name) },
		Save: func(at string) error {
			return a.state.SetCursor(a.hard, conversation.Cursor{Name: name, At: at})
		},
		Log: a.sched.Log,
	}
	if a.config.Web != nil {
		p.PublicURL = string(a.config.Web.PublicURL)
	}
	return push.New(p)
}
