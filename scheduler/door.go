package scheduler

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
)

// A Door leads to a server through one account, and is the same for all processes on one state: while it is
// closed nobody goes there but one that tries whether it opens. All times are real ones.
type Door struct {
	Name    string // a channel, or [MailboxDoor]
	Account string // see [Scheduler.Account]
	Fault   Fault  // why it is closed; "": it is not
	Code    int    // the server's reply, as that of a message
	Text    string // what was wrong, one line for people
	Since   time.Time
	Until   time.Time // when it is tried again
	Tries   int       // in vain, since it was closed
	Trying  time.Time // until when another process tries it at most; zero: none does
}

// MailboxDoor is the name of the door to the mailbox that answers are read from.
const MailboxDoor = "mailbox"

// A Fault is what has closed a door.
type Fault string

// The faults.
const (
	FaultServer  Fault = "server"  // it can't be reached, or has no time: that passes
	FaultAccount Fault = "account" // a wrong password and the like: somebody has to mend it
)

const (
	// knockServer is how far apart a server is tried at most that can't be reached.
	knockServer = time.Minute
	// knockAccount is how far apart an account is tried at least: knocking with a wrong password locks it.
	knockAccount = 10 * time.Minute
)

// waits is the next step of a conversation whose message m waits at the door.
func (d *Door) waits(m *Message) string {
	what, at := m.Kind.noun(), "at "+d.Until.Format("15:04")
	if !time.Now().Before(d.Until) {
		at = "at once where a daemon runs"
	}
	switch {
	case d.Code == codeLogin:
		return "sign in to Google again, for the " + what + ": coalition auth google"
	case d.Code == codeGuests && m.Kind == Invite:
		return "wait until Google takes guests again, or send the invitation by mail: coalition invite " + Ref(m.ID, m.Round) + " --mail"
	case d.Fault == FaultAccount:
		return fmt.Sprintf("mend what keeps the %s from going, then: coalition resume (it is tried again %s): %s", what, at, d.Text)
	case time.Until(d.Until) > knockServer:
		return fmt.Sprintf("deliver the %s, which is tried again %s: %s", what, at, d.Text)
	}
	return fmt.Sprintf("deliver the %s, which is tried again within a minute: %s", what, d.Text)
}

// What is what does not go, or is not read, in words that begin a sentence.
func (d *Door) What() string { return doorWords[d.Name] }

// Way is the way out for what waits at the door.
func (d *Door) Way() string {
	switch {
	case d.Code == codeLogin:
		return "coalition auth google"
	case d.Fault == FaultAccount:
		return "mend it, then: coalition resume"
	}
	return "it is tried again by itself, and at once by: coalition resume"
}

// NeedsLogin reports whether it opens when somebody has signed in to Google.
func (d *Door) NeedsLogin() bool { return d.Code == codeLogin }

// doors is what a process has said of doors in its log.
type doors struct {
	mu       sync.Mutex
	told     map[string]string // by name: what was wrong, last; "": it was open
	accounts map[string]string // by name: see renewed
}

// retries gets a value when somebody may have mended what kept the mailbox from being read.
func (s *Scheduler) retries() chan struct{} {
	s.pokes()
	return s.retry
}

// renewed reports whether an account is another one than when this was asked last, or a door is closed: its time
// may have come while the machine slept, and the timers with it.
func (s *Scheduler) renewed() (changed bool) {
	s.doors.mu.Lock()
	defer s.doors.mu.Unlock()
	if s.doors.accounts == nil {
		s.doors.accounts = make(map[string]string)
	}
	changed = len(s.doors.told) > 0
	for _, name := range []string{string(Mail), string(Google), MailboxDoor} {
		now := s.account(name)
		old, known := s.doors.accounts[name]
		s.doors.accounts[name] = now
		changed = changed || known && old != now
	}
	return changed
}

// account is that of the door of that name.
func (s *Scheduler) account(name string) string {
	if s.Account == nil {
		return ""
	}
	return s.Account(name)
}

// shut closes a door for the process, and for others, after a try in vain; tries is how many there have
// been before. It is until when.
func (s *Scheduler) shut(ctx context.Context, name, account string, tries int, fault *invites.DeliveryError) time.Time {
	d := &Door{Name: name, Account: account, Fault: FaultServer, Code: fault.Code, Text: plaintext.Clip(plaintext.Line(fault.Text), 300), Since: time.Now(), Tries: tries + 1}
	wait := min(Backoff(tries+1, rand.Float64()), knockServer)
	if fault.Account || errors.Is(fault, invites.ErrLogin) || fault.Final {
		d.Fault, wait = FaultAccount, knockAccount
	}
	switch { // the same status means many things there
	case errors.Is(fault, invites.ErrLogin):
		d.Code = codeLogin
	case errors.Is(fault, invites.ErrGuests):
		d.Code = codeGuests
	case name == string(Google):
		d.Code = 0
	}
	if name == string(Mail) && fault.Code > 0 && !strings.HasPrefix(d.Text, "the mail server") {
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
func (s *Scheduler) tellShut(d *Door) {
	s.doors.mu.Lock()
	defer s.doors.mu.Unlock()
	// Servers put the time that it took, and the like, into what they say.
	if text := strings.Map(noDigit, d.Text); d.Name != MailboxDoor && s.doors.told[d.Name] != text {
		if s.doors.told == nil {
			s.doors.told = make(map[string]string)
		}
		s.doors.told[d.Name] = text
		s.Log.Warn(doorWords[d.Name]+", and all of it waits", "error", d.Text, "again", d.Until.In(s.Zone.Location("UTC")).Format(time.TimeOnly), "mend", d.Way())
	}
}

var doorWords = map[string]string{string(Mail): "mail does not go", string(Google): "Google Calendar takes nothing", MailboxDoor: "the mailbox can't be read"}

// unlock opens a door that this process has tried; was is how it stood before.
func (s *Scheduler) unlock(ctx context.Context, was *Door) {
	if err := s.Store.Unlock(context.WithoutCancel(ctx), was.Name, was.Account); err != nil {
		s.Log.Error("that a server is well again can't be written down", "error", err)
	}
	s.doors.mu.Lock()
	defer s.doors.mu.Unlock()
	if was.Name != MailboxDoor && (s.doors.told[was.Name] != "" || was.Fault != "") {
		s.Log.Info("the door is open again, and what has waited goes", "by", was.Name, "tried", was.Tries+1)
		delete(s.doors.told, was.Name)
	}
}

// through does what goes through the door to the mailbox: nothing where it is closed, unless force is true.
// Nobody has to knock alone there: one process reads it, and that may take long.
func (s *Scheduler) through(ctx context.Context, force bool, do func() error) error {
	account := s.account(MailboxDoor)
	list, err := s.Store.Doors(ctx)
	if err != nil {
		return err
	}
	door := closedDoor(list, MailboxDoor, account)
	if door != nil && !force && time.Now().Before(door.Until) {
		return &invites.DeliveryError{Channel: true, Account: door.Fault == FaultAccount, Wait: time.Until(door.Until), Text: door.Text}
	}
	err = do()
	var fault *invites.DeliveryError
	switch {
	case errors.As(err, &fault) && fault.Channel && ctx.Err() == nil:
		tries := 0
		if door != nil {
			tries = door.Tries
		}
		s.shut(ctx, MailboxDoor, account, tries, fault)
	case err == nil && door != nil:
		s.unlock(ctx, door)
	}
	return err
}

// closedDoor is the one of that name and account; nil: it is open.
func closedDoor(list []*Door, name, account string) *Door {
	for _, d := range list {
		if d.Name == name && d.Account == account {
			return d
		}
	}
	return nil
}

// shutDoors are the closed doors of this config, with their times on the organizer's clock.
func (s *Scheduler) shutDoors(ctx context.Context) (list []*Door, err error) {
	all, err := s.Store.Doors(ctx)
	zone := s.Zone.Location("UTC")
	for _, d := range all {
		if d.Account == s.account(d.Name) {
			d.Since, d.Until = d.Since.In(zone), d.Until.In(zone)
			list = append(list, d)
		}
	}
	return list, err
}

// waitAt lets messages know at which closed doors they wait.
func waitAt(doors []*Door, list []*Conversation) {
	at := make(map[Channel]*Door)
	for _, d := range doors {
		at[Channel(d.Name)] = d
	}
	for _, c := range list {
		for _, m := range c.Messages {
			if m.State == Queued || m.State == Unclear {
				m.door = at[m.Channel()]
			}
		}
	}
}
