package delivery

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/conversation"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
)

// A DoorStore keeps which doors are closed, for all processes on one state.
type DoorStore interface {
	// Doors returns the doors that are closed.
	Doors(ctx context.Context) ([]*outbox.Door, error)
	// Knock reports whether this process may try a door now, alone; it must say then what has come of it, with Shut,
	// Unlock or Leave. door is how it stands. wall is real time; with force its Until does not count.
	Knock(ctx context.Context, name, account string, wall time.Time, force bool) (ok bool, door *outbox.Door, err error)
	// Shut closes a door after one more try in vain; one that is closed keeps its Since.
	Shut(ctx context.Context, d *outbox.Door) error
	// Unlock opens a door.
	Unlock(ctx context.Context, name, account string) error
	// Leave ends a try that has told nothing.
	Leave(ctx context.Context, name, account string) error
}

// Doors are those to the servers that messages leave by and answers come in by: it knows which are closed, and closes
// and opens them.
type Doors struct {
	settings *organizer.Settings
	store    DoorStore
	account  func(name string) string
	log      *slog.Logger

	mu sync.Mutex
	// told is what was wrong last, by a door's name; one that was open has none.
	told map[string]string
	// accounts are those that Renewed has seen last, by a door's name.
	accounts map[string]string
}

// NewDoors returns the doors that store keeps. account says by which account the channel or [outbox.MailboxDoor] of
// that name goes, and how it is signed in to: another value is another door, which is tried at once. It may change.
// nil: there is one for each name.
func NewDoors(settings *organizer.Settings, store DoorStore, account func(name string) string,
	log *slog.Logger) *Doors {
	if account == nil {
		account = func(string) string { return "" }
	}
	return &Doors{settings: settings, store: store, account: account, log: log,
		told: make(map[string]string), accounts: make(map[string]string)}
}

// Renewed reports whether an account is another one than when this was asked last, or a door is closed: its time may
// have come while the machine slept, and the timers with it.
func (doors *Doors) Renewed() (changed bool) {
	doors.mu.Lock()
	defer doors.mu.Unlock()
	changed = len(doors.told) > 0
	for _, name := range []string{string(outbox.Mail), string(doors.settings.Calendar), outbox.MailboxDoor} {
		now := doors.account(name)
		old, known := doors.accounts[name]
		doors.accounts[name] = now
		changed = changed || known && old != now
	}
	return changed
}

// Through does what goes through the door of that name: nothing where it is closed, unless force is true; the error is
// the door's then, an [*invites.DeliveryError]. Nobody has to knock alone at it: it is for what one process does, and
// may take long.
func (doors *Doors) Through(ctx context.Context, name string, force bool, do func() error) error {
	door, err := doors.closed(ctx, name)
	if err != nil {
		return err
	}
	if door != nil && !force && time.Now().Before(door.Until) {
		return &invites.DeliveryError{Channel: true, Account: door.Fault == outbox.FaultAccount,
			Wait: time.Until(door.Until), Text: door.Text}
	}
	account := doors.account(name)
	err = do()
	var fault *invites.DeliveryError
	switch {
	case errors.As(err, &fault) && fault.Channel && ctx.Err() == nil:
		tries := 0
		if door != nil {
			tries = door.Tries
		}
		doors.shut(ctx, name, account, tries, fault)
	case err == nil && door != nil:
		doors.unlock(ctx, door)
	}
	return err
}

// closed returns the closed door of that name; nil: it is open.
func (doors *Doors) closed(ctx context.Context, name string) (*outbox.Door, error) {
	list, err := doors.store.Doors(ctx)
	account := doors.account(name)
	for _, d := range list {
		if d.Name == name && d.Account == account {
			return d, err
		}
	}
	return nil, err
}

// shut closes a door for the process, and for others, after a try in vain; tries is how many there have been before. It
// returns until when.
func (doors *Doors) shut(ctx context.Context, name, account string, tries int, fault *invites.DeliveryError) time.Time {
	mail := name == string(outbox.Mail)
	d := &outbox.Door{Name: name, Account: account, Fault: outbox.FaultServer,
		Code: codeOf(fault, fault.Code, mail || name == outbox.MailboxDoor),
		Text: plaintext.Clip(plaintext.Line(fault.Text), 300), Since: time.Now(), Tries: tries + 1}
	wait := min(Backoff(tries+1), outbox.KnockServer)
	if fault.Account || errors.Is(fault, invites.ErrLogin) || fault.Final {
		d.Fault, wait = outbox.FaultAccount, outbox.KnockAccount
	}
	if mail && fault.Code > 0 && !strings.HasPrefix(d.Text, "the mail server") {
		// What it says may be as short as: busy.
		d.Text = "the mail server says: " + d.Text
	}
	d.Until = d.Since.Add(max(wait, fault.Wait))
	if err := doors.store.Shut(context.WithoutCancel(ctx), d); err != nil {
		doors.log.Error("that a server is out of order can't be written down", "error", err)
	}
	doors.tellShut(d)
	return d.Until
}

// tellShut logs that a door is closed, once for each trouble.
func (doors *Doors) tellShut(d *outbox.Door) {
	doors.mu.Lock()
	defer doors.mu.Unlock()
	if d.Name != outbox.MailboxDoor && !SameTrouble(doors.told[d.Name], d.Text) {
		doors.told[d.Name] = d.Text
		doors.log.Warn(doors.settings.DoorShut(d)+", and all of it waits", "error", d.Text,
			"again", d.Until.In(doors.settings.Zone.Location("UTC")).Format(time.TimeOnly), "mend", doors.settings.DoorMend(d))
	}
}

// unlock opens a door that this process has tried; was is how it stood before.
func (doors *Doors) unlock(ctx context.Context, was *outbox.Door) {
	if err := doors.store.Unlock(context.WithoutCancel(ctx), was.Name, was.Account); err != nil {
		doors.log.Error("that a server is well again can't be written down", "error", err)
	}
	doors.mu.Lock()
	defer doors.mu.Unlock()
	if was.Name != outbox.MailboxDoor && (doors.told[was.Name] != "" || was.Fault != "") {
		doors.log.Info("the door is open again, and what has waited goes", "by", was.Name, "tried", was.Tries+1)
		delete(doors.told, was.Name)
	}
}

// Closed returns the closed doors of this config, with their times on the organizer's clock.
func (doors *Doors) Closed(ctx context.Context) (list []*outbox.Door, err error) {
	all, err := doors.store.Doors(ctx)
	zone := doors.settings.Zone.Location("UTC")
	for _, d := range all {
		if d.Account == doors.account(d.Name) {
			d.Since, d.Until, d.Remains = d.Since.In(zone), d.Until.In(zone), time.Until(d.Until)
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

// SameTrouble reports whether two texts tell of the same trouble: servers put the time that it took, and the like, into
// what they say.
func SameTrouble(a, b string) bool {
	noDigit := func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}
	return strings.Map(noDigit, a) == strings.Map(noDigit, b)
}
