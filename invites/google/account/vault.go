package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
	"github.com/zalando/go-keyring"

	"coalition/invites"
)

const (
	// keyringName is the service, in the words of keyrings.
	keyringName = "coalition"
	// keyringLimit is for a keyring to answer; it may ask a person to unlock it.
	keyringLimit = 20 * time.Second
	// retryLock is how often a lock that another process holds is tried.
	retryLock = 20 * time.Millisecond
)

// A vault is where a grant lies: in a file, or in the keyring of the system. A lock file beside the
// former guards both: whoever changes the grant holds it, so that two processes never renew the same one.
type vault struct {
	// path is that of the file.
	path string
	// ring is the name of the entry in the keyring; "": only the file counts.
	ring string
	// asking holds a value while a question to the keyring is open.
	asking chan struct{}
}

// A version tells whether a grant may have changed: the file, or the lock for what lies in the keyring.
type version struct {
	// file and lock are when they were changed.
	file, lock time.Time
	size       int64
	mode       fs.FileMode
}

func (v *vault) lockPath() string { return v.path + ".lock" }

// lock waits until no other process changes the grant.
func (v *vault) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(v.path), 0o700); err != nil {
		return nil, v.trouble("can't be written", err)
	}
	l := flock.New(v.lockPath(), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	if _, err := l.TryLockContext(ctx, retryLock); err != nil {
		return nil, v.trouble("can't be locked", err)
	}
	// The lock file stays: without it two could hold it.
	return func() { _ = l.Close() }, nil
}

// version returns that of the grant as it lies there now.
func (v *vault) version() (now version) {
	if info, err := os.Stat(v.path); err == nil {
		now.file, now.size, now.mode = info.ModTime(), info.Size(), info.Mode()
	}
	if info, err := os.Stat(v.lockPath()); err == nil {
		now.lock = info.ModTime()
	}
	return now
}

// read returns the grant, and whether it lies in the keyring; nil: there is none. The file counts first: it
// is only there where the keyring could not be had.
func (v *vault) read(ctx context.Context) (g *grant, inRing bool, err error) {
	data, err := v.readFile()
	if errors.Is(err, fs.ErrNotExist) && v.ring != "" {
		data, err = v.readRing(ctx)
		inRing = err == nil
		if inRing && data == nil {
			return nil, true, nil
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	g = new(grant)
	// The cause is left out: it may quote what it read.
	if json.Unmarshal(data, g) != nil || g.Refresh == "" {
		return nil, inRing, loginError("the sign-in to Google in " + v.place(inRing) + " can't be read")
	}
	return g, inRing, nil
}

// readRing returns what lies in the keyring; nil: nothing.
func (v *vault) readRing(ctx context.Context) (data []byte, err error) {
	var text string
	err = v.ask(ctx, func() (err error) {
		text, err = keyring.Get(keyringName, v.ring)
		return err
	})
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return nil, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, &invites.DeliveryError{Channel: true, Wait: refusedPause, Err: invites.ErrLogin,
			Text: "there is no sign-in to Google beside the state, and the system keyring can't be opened from here; " +
				"sign in with: coalition auth google, or name a calendar.google.token_file in the config"}
	}
	return []byte(text), nil
}

// readFile returns what lies in the file. Its error wraps [fs.ErrNotExist] where there is none.
func (v *vault) readFile() ([]byte, error) {
	f, err := os.Open(v.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, v.trouble("can't be read", err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, v.trouble("can't be read", err)
	case !info.Mode().IsRegular():
		return nil, &invites.DeliveryError{Channel: true,
			Text: v.path + ", where the sign-in to Google should be, is no file"}
	case info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows":
		return nil, &invites.DeliveryError{Channel: true,
			Text: fmt.Sprintf("others of this machine can read the sign-in to Google in %s (mode %04o), "+
				"so it is not used; use: chmod 600 %[1]s", v.path, info.Mode().Perm())}
	}
	data, err := io.ReadAll(io.LimitReader(f, longestGrant))
	if err != nil {
		return nil, v.trouble("can't be read", err)
	}
	return data, nil
}

// write stores g where the last one lies. Whoever calls it holds the lock.
func (v *vault) write(ctx context.Context, g *grant, inRing bool) error {
	if !inRing {
		return v.writeFile(g)
	}
	data, err := json.Marshal(g)
	if err != nil {
		return err
	}
	set := func(text string) error {
		return v.ask(ctx, func() error { return keyring.Set(keyringName, v.ring, text) })
	}
	if err = set(string(data)); errors.Is(err, keyring.ErrSetDataTooBig) {
		// So it is on Windows. Each process gets an access token of its own then.
		less := *g
		less.Access = ""
		if data, err = json.Marshal(less); err != nil {
			return err
		}
		err = set(string(data))
	}
	if err != nil {
		return &invites.DeliveryError{Channel: true, Err: err,
			Text: "the sign-in to Google can't be written to the system keyring"}
	}
	return v.touch()
}

// touch tells other processes that what the keyring holds has changed.
func (v *vault) touch() error {
	now := time.Now()
	if err := os.Chtimes(v.lockPath(), now, now); err != nil {
		return v.trouble("can't be written", err)
	}
	return nil
}

// writeFile replaces the file whole, so that whatever happens meanwhile either the old or the new one is
// there (rename(2)), also after the power has failed.
func (v *vault) writeFile(g *grant) error {
	data, err := json.MarshalIndent(g, "", "  ")
	if err != nil {
		return err
	}
	path := v.path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if err := replaceFile(path, append(data, '\n'), true); err != nil {
		return v.trouble("can't be written", err)
	}
	return nil
}

// replaceFile writes a file that only its owner can read. Nobody else may write it at the same time.
func replaceFile(path string, data []byte, durable bool) (err error) {
	next := path + ".new"
	// One may be left of a process that was killed.
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil && durable {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		_ = os.Remove(next)
		return err
	}
	if !durable {
		return nil
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes what was renamed in a folder last, also where the power fails.
func syncFolder(path string) error {
	// Windows can't sync folders.
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// first stores the grant of a new sign-in: in the keyring where there is one. Whoever calls it holds the lock.
func (v *vault) first(ctx context.Context, g *grant) error {
	if v.ring != "" && v.write(ctx, g, true) == nil {
		if err := os.Remove(v.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return v.trouble("can't be removed", err)
		}
		return nil
	}
	return v.writeFile(g)
}

// remove deletes the grant, and one of before that lies in the keyring behind a file. Whoever calls it holds the lock.
func (v *vault) remove(ctx context.Context, inRing bool) error {
	if v.ring != "" {
		err := v.ask(ctx, func() error { return keyring.Delete(keyringName, v.ring) })
		if err != nil && !errors.Is(err, keyring.ErrNotFound) && inRing {
			return &invites.DeliveryError{Channel: true, Err: err,
				Text: "the sign-in to Google can't be taken out of the system keyring"}
		}
		if err := v.touch(); err != nil {
			return err
		}
	}
	if err := os.Remove(v.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return v.trouble("can't be removed", err)
	}
	return nil
}

// ask asks the keyring, which can't be told to stop: it may be waiting for a person.
func (v *vault) ask(ctx context.Context, question func() error) error {
	ctx, cancel := context.WithTimeout(ctx, keyringLimit)
	defer cancel()
	select {
	case v.asking <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	answer := make(chan error, 1)
	go func() {
		answer <- question()
		<-v.asking
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// place says where the grant lies, in words.
func (v *vault) place(inRing bool) string {
	if inRing {
		return "the system keyring"
	}
	return v.path
}

// trouble returns the error of a sign-in that could not be reached in its file.
func (v *vault) trouble(what string, err error) error {
	text := "the sign-in to Google in " + v.path + " " + what
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		text += " (" + path.Err.Error() + ")"
	case errors.As(err, &link):
		text += " (" + link.Err.Error() + ")"
	}
	return &invites.DeliveryError{Channel: true, Err: err, Text: text}
}
