package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/zalando/go-keyring"
	"golang.org/x/sync/singleflight"

	"coalition/scheduler/strictyaml"
)

// passwordWithin is how long a password_command may take. After a fifth of it, whoever waits is told for what.
const passwordWithin = 10 * time.Second

// noPassword is the error of a password that can't be had.
type noPassword struct{ error }

// Unwrap returns the cause.
func (e noPassword) Unwrap() error { return e.error }

// password reads the password each time it is asked for, so that a new one counts at once. path is where
// the sign-in stands in the config.
func (c *config) password(in signIn, path string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		read := c.passwordOf
		switch {
		case c.typed != "":
			return c.typed, nil
		case in.PasswordFile != "":
			read = c.passwordIn
		case in.PasswordKeyring != "":
			read = c.passwordKept
		}
		data, err := read(ctx, in, path)
		if err != nil {
			return "", noPassword{err}
		}
		password, _, _ := strings.Cut(string(data), "\n")
		if password = strings.TrimSuffix(password, "\r"); password == "" {
			return "", noPassword{fmt.Errorf("what the %s gives is empty", in.from(path))}
		}
		return password, nil
	}
}

// from tells where the password comes from, in words; a command may have a secret in it, and is not shown.
func (in signIn) from(path string) string {
	switch {
	case in.PasswordFile != "":
		return "file " + in.PasswordFile
	case in.PasswordKeyring != "":
		return "system keyring"
	}
	return "password_command of " + path
}

func (c *config) passwordIn(_ context.Context, in signIn, _ string) ([]byte, error) {
	name := c.resolve(in.PasswordFile)
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the file %s can't be read", in.PasswordFile)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && loose(info) {
		return nil, fmt.Errorf("others of this machine can read the file %s, so it is not used; use: chmod 600 %s",
			in.PasswordFile, name)
	}
	data, err := io.ReadAll(io.LimitReader(f, strictyaml.MaxSize))
	if err != nil {
		return nil, fmt.Errorf("the file %s can't be read", in.PasswordFile)
	}
	return data, nil
}

// keyringService is under what the system keyring holds passwords of this program.
const keyringService = "coalition"

func (c *config) passwordKept(ctx context.Context, in signIn, _ string) ([]byte, error) {
	within, cancel := context.WithTimeout(ctx, keyringWithin)
	defer cancel()
	// It may ask a person to unlock it: as long as that is open, it is not asked once more each time that a daemon tries.
	answer := c.asked.DoChan(in.PasswordKeyring, func() (any, error) {
		return keyring.Get(keyringService, in.PasswordKeyring)
	})
	var got singleflight.Result
	select {
	case got = <-answer:
	case <-within.Done():
		got.Err = within.Err()
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(got.Err, keyring.ErrNotFound):
		return nil, fmt.Errorf("the system keyring holds none for the service %s and the account %s; %s",
			keyringService, in.PasswordKeyring, keep(in.PasswordKeyring))
	case got.Err != nil:
		return nil, errors.New("the system keyring can't be opened from here; unlock it, or use password_file")
	}
	password, _ := got.Val.(string)
	return []byte(password), nil
}

// keep tells how a password gets into the system keyring.
func keep(account string) string {
	switch runtime.GOOS {
	case "linux", "freebsd", "openbsd", "netbsd":
		return fmt.Sprintf("put it there with: secret-tool store --label=%s service %[1]s username %s", keyringService, account)
	case "darwin":
		return fmt.Sprintf("put it there with: security add-generic-password -s %s -a %s -w", keyringService, account)
	}
	return fmt.Sprintf("put it there as %s:%s", keyringService, account)
}

// keyringWithin is for a keyring to answer; it may ask a person to unlock it.
const keyringWithin = 20 * time.Second

// askKeyring asks the keyring, which can't be told to stop.
func askKeyring(ctx context.Context, question func() error) error {
	ctx, cancel := context.WithTimeout(ctx, keyringWithin)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- question() }()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// loose reports whether others than its owner can get at a file.
func loose(info os.FileInfo) bool {
	return info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows"
}

func (c *config) passwordOf(ctx context.Context, in signIn, path string) ([]byte, error) {
	within := cmp.Or(c.within, passwordWithin)
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	cmd := exec.CommandContext(limited, "sh", "-c", in.PasswordCommand)
	cmd.Dir = filepath.Dir(c.path)
	// What it has started may hold on to its output.
	cmd.WaitDelay = 100 * time.Millisecond
	var out bytes.Buffer
	cmd.Stdout = &out
	slow := time.AfterFunc(within/5, func() {
		if c.slow != nil {
			c.slow(fmt.Sprintf("the %s takes its time; it is waited for up to %s", in.from(path), within))
		}
	})
	err := cmd.Run()
	slow.Stop()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, fmt.Errorf("the %s did not end within %s", in.from(path), within)
	case errors.As(err, &exit):
		return nil, fmt.Errorf("the %s failed (%w)", in.from(path), exit)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		// With ErrWaitDelay it has ended, and said what it had to say.
		return nil, fmt.Errorf("the %s can't be run", in.from(path))
	}
	return out.Bytes(), nil
}

// secretProblems names the files with secrets that others can read: they are not used.
func (c *config) secretProblems() (list []strictyaml.Problem) {
	look := func(name string, path ...string) {
		if info, err := os.Stat(c.resolve(name)); name != "" && err == nil && loose(info) {
			text := fmt.Sprintf("others of this machine can read the file %s (mode %04o)", name, info.Mode().Perm())
			list = append(list, c.doc.Problem(text, "use: chmod 600 "+c.resolve(name), path...))
		}
	}
	if c.Mail.Via == "smtp" {
		look(c.Mail.SMTP.PasswordFile, "mail", "smtp", "password_file")
	}
	if c.Replies != nil && c.Replies.IMAP != nil {
		look(c.Replies.IMAP.PasswordFile, "replies", "imap", "password_file")
	}
	for i, b := range c.Calendar.Busy {
		look(b.PasswordFile, "calendar", "busy", fmt.Sprint(i), "password_file")
	}
	if a := c.account(); a != nil && (c.Calendar.Via == "google" || c.mailByGoogle()) {
		look(c.Calendar.Google.TokenFile, "calendar", "google", "token_file")
	}
	// The address of a database may have a password in it.
	if info, err := os.Stat(c.path); err == nil && loose(info) {
		if u, err := url.Parse(c.State); err == nil && u.User != nil {
			if _, ok := u.User.Password(); ok {
				text := fmt.Sprintf("others of this machine can read this file (mode %04o), "+
					"and the password of the database in it", info.Mode().Perm())
				list = append(list, c.doc.Problem(text, "use: chmod 600 "+c.path, "state"))
			}
		}
	}
	for i := range list {
		// A line with a secret is not shown.
		list[i].Excerpt = ""
	}
	return list
}

// guardSecrets refuses to start with secrets that others can read.
func (a *app) guardSecrets() error {
	if list := a.config.secretProblems(); len(list) > 0 {
		return problemsError(list)
	}
	return nil
}
