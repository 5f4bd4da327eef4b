package outbox

import "time"

// A Door leads to a server through one account, and is the same for all processes on one state: while it is closed
// nobody goes there but one that tries whether it opens. All times are real ones.
type Door struct {
	// Name is a channel, or [MailboxDoor].
	Name string
	// Account is that by which the server is reached: another one is another door.
	Account string
	// Fault is why it is closed; "": it is not.
	Fault Fault
	// Code is the server's reply, as that of a message, and Text what was wrong, one line for people.
	Code int
	Text string
	// Since is when it was closed, Until when it is tried again.
	Since, Until time.Time
	// Remains is how long until that was when the door was looked at; not stored.
	Remains time.Duration
	// Tries counts those in vain, since it was closed.
	Tries int
	// Trying is until when another process tries it at most; zero: none does.
	Trying time.Time
}

// NeedsLogin reports whether it opens when somebody has signed in again.
func (d *Door) NeedsLogin() bool { return d.Code == CodeLogin }

// MailboxDoor is the name of the door to the mailbox that answers are read from.
const MailboxDoor = "mailbox"

// A Fault is what has closed a door.
type Fault string

const (
	// FaultServer is a server that can't be reached, or has no time: that passes.
	FaultServer Fault = "server"
	// FaultAccount is a wrong password and the like: somebody has to mend it.
	FaultAccount Fault = "account"
)

const (
	// KnockServer is how far apart a server is tried at most that can't be reached.
	KnockServer = time.Minute
	// KnockAccount is how far apart an account is tried at least: knocking with a wrong password locks it.
	KnockAccount = 10 * time.Minute
)
