package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"coalition/invites"
	"coalition/invites/feed"
	"coalition/invites/freebusy"
	"coalition/scheduler/finder"
)

// calendars are those that say when people have no time: the organizer's own, and what partners show of theirs.
type calendars struct {
	own *feed.Feeds
	// shown returns the calendar that the person with an address may show; nil: nobody's can be asked for.
	shown func(address string) feed.Source
	// config is what the others are made by.
	config feed.Config

	mu       sync.Mutex
	partners map[string]*feed.Feeds
}

// FreeBusy implements [finder.Calendars].
func (c *calendars) FreeBusy(ctx context.Context, address string, from, to time.Time) []invites.FreeBusy {
	list := c.own.FreeBusy(ctx, from, to)
	if c.shown == nil || address == "" {
		return list
	}
	theirs := c.partner(address).FreeBusy(ctx, from, to)
	// Most show nothing: that is no calendar.
	return append(list, slices.DeleteFunc(theirs, func(f invites.FreeBusy) bool {
		return f.State == invites.FreshBusy && len(f.Busy) == 0
	})...)
}

func (c *calendars) partner(address string) *feed.Feeds {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.ToLower(address)
	if c.partners[key] == nil {
		config := c.config
		config.Sources = []feed.Source{c.shown(address)}
		c.partners[key] = feed.New(config)
	}
	return c.partners[key]
}

// keptCalendars returns the folder of what calendars have said last.
func (c *config) keptCalendars() string { return filepath.Join(c.beside(), ".coalition-calendars") }

// theirs returns the calendar of a partner, where Google shows it.
func theirs(address string) feed.Source {
	return feed.Source{Name: address, Kind: string(googleChannel), Address: address, Partner: true}
}

// calendars returns those of the config, nil where there are none; now is the clock by which they age.
func (c *config) calendars(now func() time.Time, log *slog.Logger) (finder.Calendars, error) {
	settings := c.settings()
	list := &calendars{partners: make(map[string]*feed.Feeds), config: feed.Config{
		Dir:    c.keptCalendars(),
		Reader: freebusy.Reader{Zone: settings.Zone.Location("UTC"), Self: c.addresses()}, Now: now, Log: log}}
	// ask reads one calendar of Google's, by its id.
	ask := func(string) func(context.Context, time.Time, time.Time) ([]invites.Busy, error) { return nil }
	calendar, err := c.calendar()
	if err != nil {
		return nil, err
	}
	if calendar != nil && c.asksGoogle() {
		ask = func(id string) func(context.Context, time.Time, time.Time) ([]invites.Busy, error) {
			return func(ctx context.Context, from, to time.Time) ([]invites.Busy, error) {
				return calendar.Busy(ctx, id, from, to)
			}
		}
		list.shown = func(address string) feed.Source {
			s := theirs(address)
			s.Ask = func(ctx context.Context, from, to time.Time) ([]invites.Busy, error) {
				busy, _, err := calendar.FreeBusy(ctx, address, from, to)
				return busy, err
			}
			return s
		}
	}
	var sources []feed.Source
	if c.Calendar.Via == "google" {
		id := c.Calendar.Google.Calendar
		sources = append(sources, feed.Source{Name: googleCalendar.Title, Kind: string(googleChannel), Address: id, Ask: ask(id)})
	}
	for i, b := range c.Calendar.Busy {
		s := feed.Source{Name: b.Name, Username: b.Username}
		switch {
		case b.Google != "":
			s.Kind, s.Address, s.Ask = string(googleChannel), b.Google, ask(b.Google)
		case b.ICS != "":
			s.Kind, s.Address = feed.ICS, c.resolve(b.ICS)
			if path, err := filepath.Abs(s.Address); err == nil && !strings.Contains(s.Address, "://") {
				s.Address = path
			}
		default:
			s.Kind, s.Address = feed.CalDAV, string(b.CalDAV)
		}
		if b.Username != "" {
			s.Password = c.password(b.signIn, fmt.Sprintf("calendar.busy, number %d", i+1))
		}
		sources = append(sources, s)
	}
	if len(sources) == 0 && list.shown == nil {
		return nil, nil
	}
	config := list.config
	config.Sources = sources
	list.own = feed.New(config)
	return list, nil
}

// asksGoogle reports whether a calendar of Google's is to be kept free.
func (c *config) asksGoogle() bool {
	return c.Calendar.Via == "google" ||
		slices.ContainsFunc(c.Calendar.Busy, func(b busyConfig) bool { return b.Google != "" })
}
