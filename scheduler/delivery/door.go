package delivery

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
)

// Doors knows which doors are closed, and closes and opens them.
type Doors struct {
	*conversation.Settings
	Store DoorStore
	// Account says by which account the channel or [outbox.MailboxDoor] of that name goes, and how it is signed in to: another
	// value is another door, which is tried at once. It may change. nil: there is one for each name.
	Account func(name string) string
	Log     *slog.Logger

	mu       sync.Mutex
	told     map[string]string // by name: what was wrong, last; "": it was open
	accounts map[string]string // by name: see renewed
}

// Renewed reports whether an account is another one than when this was asked last, or a door is closed: its time
// may have come while the machine slept, and the timers with it.
func (s *Doors) Renewed() (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.accounts == nil {
		s.accounts = make(map[string]string)
	}
	changed = len(s.told) > 0
	for _, name := range []string{string(outbox.Mail), string(s.Calendar), outbox.MailboxDoor} {
		now := s.AccountOf(name)
		old, known := s.accounts[name]
		s.accounts[name] = now
		changed = changed || known && old != now
	}
	return changed
}

// AccountOf is that of the door of that name.
func (s *Doors) AccountOf(name string) string {
	if s.Account == nil {
		return ""
	}
	return s.Account(name)
}

// Shut closes a door for the process, and for others, after a try in vain; tries is how many there have
// been before. It is until when.
func (s *Doors) Shut(ctx context.Context, name, account string, tries int, fault *invites.DeliveryError) time.Time {
	d := &outbox.Door{Name: name, Account: account, Fault: outbox.FaultServer, Code: fault.Code, Text: plaintext.Clip(plaintext.Line(fault.Text), 300), Since: time.Now(), Tries: tries + 1}
	wait := min(Backoff(tries+1, rand.Float64()), outbox.KnockServer)
	if fault.Account || errors.Is(fault, invites.ErrLogin) || fault.Final {
		d.Fault, wait = outbox.FaultAccount, outbox.KnockAccount
	}
	switch { // the same status means many things there
	case errors.Is(fault, invites.ErrLogin):
		d.Code = outbox.CodeLogin
	case errors.Is(fault, invites.ErrGuests):
		d.Code = outbox.CodeGuests
	case name != string(outbox.Mail) && name != outbox.MailboxDoor:
		d.Code = 0
	}
	if name == string(outbox.Mail) && fault.Code > 0 && !strings.HasPrefix(d.Text, "the mail server") {
		d.Text = "the mail server says: " + d.Text // which may be as short as: busy
	}
	d.Until = d.Since.Add(max(wait, fault.Wait))
	if err := s.Store.Shut(context.WithoutCancel(ctx), d); err != nil {
		s.Log.Error("that a server is out of order can't be written down", "error", err)
	}
	s.tellShut(d)
	return d.Until
}

// tellShut logs that a door is closed, once for each trouble.
func (s *Doors) tellShut(d *outbox.Door) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Servers put the time that it took, and the like, into what they say.
	if text := strings.Map(NoDigit, d.Text); d.Name != outbox.MailboxDoor && s.told[d.Name] != text {
		if s.told == nil {
			s.told = make(map[string]string)
		}
		s.told[d.Name] = text
		s.Log.Warn(s.DoorShut(d)+", and all of it waits", "error", d.Text, "again", d.Until.In(s.Zone.Location("UTC")).Format(time.TimeOnly), "mend", s.DoorMend(d))
	}
}

// Unlock opens a door that this process has tried; was is how it stood before.
func (s *Doors) Unlock(ctx context.Context, was *outbox.Door) {
	if err := s.Store.Unlock(context.WithoutCancel(ctx), was.Name, was.Account); err != nil {
		s.Log.Error("that a server is well again can't be written down", "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if was.Name != outbox.MailboxDoor && (s.told[was.Name] != "" || was.Fault != "") {
		s.Log.Info("the door is open again, and what has waited goes", "by", was.Name, "tried", was.Tries+1)
		delete(s.told, was.Name)
	}
}

// ClosedDoor is the one of that name and account; nil: it is open.
func ClosedDoor(list []*outbox.Door, name, account string) *outbox.Door {
	for _, d := range list {
		if d.Name == name && d.Account == account {
			return d
		}
	}
	return nil
}

// ShutDoors are the closed doors of this config, with their times on the organizer's clock.
func (s *Doors) ShutDoors(ctx context.Context) (list []*outbox.Door, err error) {
	all, err := s.Store.Doors(ctx)
	zone := s.Zone.Location("UTC")
	for _, d := range all {
		if d.Account == s.AccountOf(d.Name) {
			d.Since, d.Until = d.Since.In(zone), d.Until.In(zone)
			list = append(list, d)
		}
	}
	return list, err
}

// WaitAt lets messages know at which closed doors they wait.
func WaitAt(doors []*outbox.Door, list []*conversation.Conversation) {
	at := make(map[outbox.Channel]*outbox.Door)
	for _, d := range doors {
		at[outbox.Channel(d.Name)] = d
	}
	for _, c := range list {
		for _, m := range c.Messages {
			if m.State == outbox.Queued || m.State == outbox.Unclear {
				m.WaitAt(at[m.Channel()])
			}
		}
	}
}

func NoDigit(r rune) rune {
	if r >= '0' && r <= '9' {
		return -1
	}
	return r
}
