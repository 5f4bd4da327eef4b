// Package account knows how a person signs in to Google with a client of their own (OAuth 2.0 for desktop apps, RFC
// 8252), where the sign-in lies, and how it is kept good: in several processes at once, and whatever happens to them.
// What is then asked of Google it leaves to whoever uses the [http.Client] or the access token that an account gives
// out: package google for the calendar, package email for mail. It knows no calendar.
//
// A sign-in (a grant) lies in a file, or in the keyring of the system. It is read again whenever it may have
// changed, and changed only behind a lock: one process renews the access token, and stores it before anybody
// uses it, so that no process is left with a refresh token that was replaced. A grant that Google has refused
// for good is marked as dead, so that Google is not asked again until somebody signs in.
package account

import (
	"context"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"coalition/invites"
	"coalition/invites/reach"
)

// What this program asks to be allowed, at most. None narrower covers what it does.
const (
	eventsScope = "https://www.googleapis.com/auth/calendar.events"
	listScope   = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
	busyScope   = "https://www.googleapis.com/auth/calendar.freebusy"
	mailScope   = "https://mail.google.com/"
)

const (
	// early is how long before its end a token is renewed: clocks differ.
	early = time.Minute
	// refusedPause is how long a server that said no is not asked again.
	refusedPause = 10 * time.Minute
)

// Why somebody has to sign in.
const (
	textNobody = "nobody is signed in to Google"
	textAgain  = "Google wants you to sign in again"
)

// A Config says which account it is, and what for. ClientFile and Folder are required.
type Config struct {
	// ClientFile is the JSON file of a client of the type Desktop app, as Google's console gives it.
	ClientFile string
	// TokenFile is where the sign-in lies; "": in the keyring of the system, or in Folder where there is none.
	TokenFile string
	// Folder is an absolute path. It is made where it is needed.
	Folder string
	// User is the address that the person is expected to sign in with. It names the entry in the keyring.
	User string
	// Calendar and Mail are what the account is for.
	Calendar, Mail bool
	// AddressOf asks Google for the address of the account that signs the requests of client in; "" where that
	// can't be had. nil: it never can. It is called once for each sign-in.
	AddressOf func(ctx context.Context, client *http.Client) string
}

// An Account is one Google account that a person has signed in to. No file is opened, and nothing is asked,
// before it is used. What another process changes, a new sign-in too, counts at once. Its methods may be
// called by several goroutines, and their errors are an [*invites.DeliveryError] with Channel, which wraps
// [invites.ErrLogin] where the person has to sign in.
type Account struct {
	config Config
	vault  *vault

	// turn holds a value while one goroutine has held, inRing, seen, read and unsaved.
	turn chan struct{}
	// held is the grant as it lay in the vault at seen; nil: there is none. It counts where read is true.
	held   *grant
	inRing bool
	seen   version
	read   bool
	// unsaved is what held was renewed to, and could not be stored yet.
	unsaved *grant

	// address is that of held; nil: there is none.
	address atomic.Pointer[string]

	recording sync.Mutex
	// last is the record as it was written last; nil: this process has written none.
	last *record
}

// New returns the account of a config.
func New(c Config) *Account {
	v := &vault{path: c.TokenFile, asking: make(chan struct{}, 1)}
	if c.TokenFile == "" {
		v.path = filepath.Join(c.Folder, "google-token.json")
		// With the folder, so that what one state holds is nobody else's.
		v.ring = c.User + " " + c.Folder
	}
	return &Account{config: c, vault: v, turn: make(chan struct{}, 1)}
}

// alone waits until no other goroutine works on the account.
func (a *Account) alone(ctx context.Context) (done func(), err error) {
	select {
	case a.turn <- struct{}{}:
		return func() { <-a.turn }, nil
	case <-ctx.Done():
		return nil, &invites.DeliveryError{Channel: true, Err: ctx.Err(),
			Text: "Google was not asked: " + reach.Cause(ctx, ctx.Err(), "the connection failed")}
	}
}

// scopes returns those that the account needs, and those that it can do without.
func (a *Account) scopes() (needed, useful []string) {
	if a.config.Calendar {
		needed, useful = append(needed, eventsScope), append(useful, listScope, busyScope)
	}
	if a.config.Mail {
		needed = append(needed, mailScope)
	}
	return needed, useful
}

// loginError returns the error of an account that nobody is signed in to. To wait a little would be in vain.
func loginError(why string) *invites.DeliveryError {
	return &invites.DeliveryError{Channel: true, Wait: refusedPause, Err: invites.ErrLogin,
		Text: why + "; use: coalition auth google"}
}

// Token returns an access token that is good for a minute at least, for XOAUTH2.
func (a *Account) Token(ctx context.Context) (string, error) {
	token, err := a.access(ctx, "")
	return string(token), err
}

// access returns an access token other than refused.
func (a *Account) access(ctx context.Context, refused secret) (secret, error) {
	done, err := a.alone(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	g, err := a.load(ctx)
	if err != nil || g.good(refused) {
		return g.token(), err
	}
	unlock, err := a.vault.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if a.unsaved != nil && a.vault.version() == a.seen {
		if err := a.store(ctx, a.unsaved); err != nil {
			return "", err
		}
	} else {
		// Another process may have renewed it, within one tick of the file system's clock.
		a.read = false
	}
	if g, err = a.load(ctx); err != nil || g.good(refused) {
		return g.token(), err
	}
	if g, err = a.renew(ctx, g); err != nil {
		return "", err
	}
	return g.Access, nil
}

// load returns the grant as it lies in the vault now, where it can be used.
func (a *Account) load(ctx context.Context) (*grant, error) {
	if err := a.look(ctx); err != nil {
		return nil, err
	}
	switch {
	case a.held == nil:
		return nil, loginError(textNobody)
	case !a.held.Dead.IsZero():
		return nil, loginError(textAgain)
	}
	if needed, _ := a.scopes(); len(a.held.lacks(needed)) > 0 {
		return nil, loginError("your sign-in to Google does not cover all that the config wants of it")
	}
	return a.held, nil
}

// look reads the grant where it may have changed since it was read last.
func (a *Account) look(ctx context.Context) error {
	now := a.vault.version()
	if a.read && now == a.seen {
		return nil
	}
	held, inRing, err := a.vault.read(ctx)
	a.held, a.inRing, a.seen, a.read, a.unsaved = held, inRing, now, err == nil, nil
	if a.address.Store(nil); held != nil {
		a.address.Store(&held.Account)
	}
	return err
}

// store keeps g. Whoever calls it holds the lock.
func (a *Account) store(ctx context.Context, g *grant) error {
	// What Google has given out is kept also when this program is told to stop.
	if err := a.vault.write(context.WithoutCancel(ctx), g, a.inRing); err != nil {
		a.unsaved, a.seen = g, a.vault.version()
		return err
	}
	a.held, a.seen, a.read, a.unsaved = g, a.vault.version(), true, nil
	return nil
}

// SignOut takes the grant back at Google, and deletes it here. It reports whether there was one. Where
// Google can't be told, nothing is deleted.
func (a *Account) SignOut(ctx context.Context) (was bool, err error) {
	done, err := a.alone(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	unlock, err := a.vault.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	a.read = false
	if err := a.look(ctx); err != nil || a.held == nil {
		return false, err
	}
	if a.held.Dead.IsZero() {
		if err := revoke(ctx, a.held); err != nil {
			return true, err
		}
	}
	if err := a.vault.remove(ctx, a.inRing); err != nil {
		return true, err
	}
	a.held, a.unsaved, a.read = nil, nil, false
	return true, nil
}
