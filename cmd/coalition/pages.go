package main

import (
	"cmp"
	"context"
	"fmt"
	"net"

	"coalition/invites/web"
)

// openPages serves the page of the partners until ctx ends; closed is closed once no answer is being
// taken in any more. Where the config has no page it is closed already.
func (a *app) openPages(ctx context.Context) (closed <-chan struct{}, err error) {
	done := make(chan struct{})
	if a.config.Web == nil {
		close(done)
		return done, nil
	}
	l, err := net.Listen("tcp", a.config.Web.Listen)
	if err != nil {
		return nil, fmt.Errorf("the page can't be served at %s: %w", a.config.Web.Listen, err)
	}
	handler, err := web.New(a.sched, a.sched.Words, a.sched.Log, cmp.Or(string(a.config.Web.PublicURL), "http://"+a.config.Web.Listen))
	if err != nil {
		_ = l.Close() // nobody has come yet
		return nil, fmt.Errorf("the page can't be served under public_url: %w", err)
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
