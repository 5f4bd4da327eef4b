package main

import (
	"context"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// notify tells systemd how the daemon is (sd_notify(3)); it does nothing where systemd has not started it.
func (a *app) notify(state string) {
	if _, err := systemd.SdNotify(false, state); err != nil {
		a.sched.Log.Warn("systemd can't be told how the daemon is", "error", err)
	}
}

// beats returns what tells systemd that the daemon is ready, once, and then that it goes round: a unit with
// WatchdogSec= starts it anew where that is not heard for so long.
func (a *app) beats() func() {
	state := systemd.SdNotifyReady
	return func() {
		a.notify(state)
		state = systemd.SdNotifyWatchdog
	}
}

// leaving tells systemd that the daemon drains, as soon as it is asked to end.
func (a *app) leaving(ctx context.Context) {
	context.AfterFunc(ctx, func() { a.notify(systemd.SdNotifyStopping) })
}
