package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"
)

// TestLooseSecrets: a file with a secret that others can read is refused by check and at the start, with the
// chmod that mends it; nothing of it is shown, and pause works all the same.
func TestLooseSecrets(t *testing.T) {
	p := &post{password: "geheim"}
	p.serve(t, nil)
	for _, test := range []struct {
		file, more string
		smtp       bool
	}{
		{"secret", "", true},
		{"imap", "replies: {imap: {host: 127.0.0.1, port: 1, security: none, username: ana, password_file: imap}}\n", true},
		{"token", "calendar: {via: google, google: {client_file: client.json, token_file: token}}\n", false},
	} {
		t.Run(test.file, func(t *testing.T) {
			config := anaConfig
			if test.smtp {
				config = doorConfig(p, "password_file: secret")
			}
			dir := write(t, "config.yaml", config+test.more, "conversations/maya.yaml", mayaPlan, "secret", "geheim\n", "imap", "geheim\n", "token", "{}",
				"client.json", `{"installed":{"client_id":"x","client_secret":"y"}}`)
			path := filepath.Join(dir, test.file)
			for _, mode := range []os.FileMode{0o644, 0o640, 0o604} {
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
				for _, args := range [][]string{{"check"}, {"daemon", "--once"}, {"ask", "maya", "--yes"}, {"sync"}} {
					code, stdout, stderr := coalition(t, dir, args...)
					if out := stdout + stderr; code != exitUsage || !strings.Contains(out, "others of this machine can read the file "+test.file) || !strings.Contains(out, "chmod 600 "+path) || strings.Contains(out, "geheim") {
						t.Errorf("%04o, %v: exit %d\n%s", mode, args, code, out)
					}
				}
			}
			if code, _, stderr := coalition(t, dir, "pause"); code != exitDone {
				t.Errorf("pause: exit %d\n%s", code, stderr)
			}
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
			if code, stdout, stderr := coalition(t, dir, "check"); code != exitDone {
				t.Errorf("mended: exit %d\n%s%s", code, stdout, stderr)
			}
		})
	}
	if connects, _ := p.counted(); connects != 0 {
		t.Errorf("%d connections", connects)
	}
	// What is not used is not opened.
	dir := write(t, "config.yaml", anaConfig+"mail: {via: outbox, smtp: {host: x.example.org, username: ana, password_file: secret}}\n", "secret", "geheim\n", "conversations/maya.yaml", mayaPlan)
	if err := os.Chmod(filepath.Join(dir, "secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := coalition(t, dir, "check"); code != exitDone {
		t.Errorf("of a way that is not used: exit %d\n%s%s", code, stdout, stderr)
	}
	dir = write(t, "config.yaml", strings.Replace(anaConfig, "organizer:", "state: postgres://ana:geheim@127.0.0.1:1/coalition\norganizer:", 1), "conversations/maya.yaml", mayaPlan)
	a := &app{configFile: filepath.Join(dir, "config.yaml")}
	if err := os.Chmod(a.configFile, 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := a.readConfig()
	if err != nil {
		t.Fatal(err)
	}
	if list := c.secretProblems(); len(list) != 1 || strings.Contains(fmt.Sprint(list), "geheim") {
		t.Errorf("the password of the database: %v", list)
	}
}

// TestPasswordCommand: a command has its time, is named when it is slow, and what it says counts.
func TestPasswordCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, test := range []struct{ command, password, fault string }{
		{"echo geheim; echo more", "geheim", ""},
		{"cat pass", "from a file", ""},
		{"echo geheim >&2; exit 3", "", "the password_command of mail.smtp failed (exit status 3)"},
		{"true", "", "what the password_command of mail.smtp gives is empty"},
		{"kill -9 $$", "", "the password_command of mail.smtp failed (signal: killed)"},
	} {
		if err := os.WriteFile(filepath.Join(dir, "pass"), []byte("from a file\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c := &config{path: filepath.Join(dir, "config.yaml")}
		got, err := c.password(signIn{PasswordCommand: test.command}, "mail.smtp")(context.Background())
		if got != test.password || (err == nil) != (test.fault == "") || err != nil && err.Error() != test.fault {
			t.Errorf("%s: %q, %v", test.command, got, err)
		}
	}
	told := make(chan string, 9)
	c := &config{path: filepath.Join(dir, "config.yaml"), within: 500 * time.Millisecond, slow: func(text string) { told <- text }}
	begun := time.Now()
	_, err := c.password(signIn{PasswordCommand: "sleep 60 & sleep 60"}, "replies.imap")(context.Background())
	if err == nil || err.Error() != "the password_command of replies.imap did not end within 500ms" || time.Since(begun) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
	if text := <-told; len(told) != 0 || !strings.HasPrefix(text, "the password_command of replies.imap takes its time") {
		t.Errorf("told: %q, and %d more", text, len(told))
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := c.password(signIn{PasswordCommand: "sleep 60"}, "x")(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("told to stop: %v", err)
	}
}

// TestHangup: SIGHUP ends a daemon as SIGTERM does.
func TestHangup(t *testing.T) {
	t.Parallel()
	dir := write(t, "config.yaml", anaConfig, "conversations/maya.yaml", mayaPlan)
	// Under nohup these tests ignore it, and so would whatever they start: who listens has it as it was on the way there.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	d := startDaemon(t, dir)
	d.await("started")
	if code := d.end(syscall.SIGHUP); code != 0 || !strings.Contains(strings.Join(d.seen, "\n"), "msg=stopped") {
		t.Errorf("exit %d\n%s", code, strings.Join(d.seen, "\n"))
	}
}

// TestCounting: one trouble is told once in an hour, with how often it was not; others, and what is none, are told.
func TestCounting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(newCounting(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})))
		for i := range 150 {
			log.Warn("a message was not accepted", "id", "maya", "error", fmt.Sprintf("try again in %d s", i), "attempt", i)
			log.Info("sent", "id", "tom")
			if i < 2 {
				log.Warn("a message was not accepted", "id", "p"+fmt.Sprint(i), "error", "no")
			}
			time.Sleep(time.Minute)
		}
		var troubles []string
		for line := range strings.Lines(out.String()) {
			if strings.Contains(line, "WARN") {
				troubles = append(troubles, strings.TrimSpace(strings.TrimPrefix(line, "level=WARN msg=\"a message was not accepted\" ")))
			}
		}
		want := []string{`id=maya error="try again in 0 s" attempt=0`, "id=p0 error=no", "id=p1 error=no", `id=maya error="try again in 60 s" attempt=60 times=60`, `id=maya error="try again in 120 s" attempt=120 times=60`}
		if fmt.Sprint(troubles) != fmt.Sprint(want) || strings.Count(out.String(), "msg=sent") != 150 {
			t.Errorf("got  %q\nwant %q", troubles, want)
		}
	})
}

// A password may lie in the keyring of the system; where it does not, it is said how it gets there.
func TestKeyringPassword(t *testing.T) {
	config := func(more string) *config {
		c, problems := parseConfig("config.yaml", []byte(anaConfig+"mail: {via: smtp, smtp: {host: smtp.example.org, username: ana, "+more+"}}\n"))
		if len(problems) > 0 && !strings.Contains(problems[0].Text, "exclude each other") {
			t.Fatal(problems)
		}
		if both := strings.Contains(more, "password_file"); both != (len(problems) > 0) {
			t.Errorf("%s: %v", more, problems)
		}
		return c
	}
	config("password_keyring: ana, password_file: x")
	c := config("password_keyring: ana@example.org")
	read := c.password(c.Mail.SMTP.signIn, "mail.smtp")
	keyring.MockInit()
	if _, err := read(t.Context()); err == nil || !strings.Contains(err.Error(), "the account ana@example.org; put it there") {
		t.Errorf("nothing there: %v", err)
	}
	if err := keyring.Set("coalition", "ana@example.org", "geheim"); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t.Context()); got != "geheim" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	keyring.MockInitWithError(errors.New("dbus: geheim"))
	if _, err := read(t.Context()); err == nil || !strings.Contains(err.Error(), "can't be opened from here") || strings.Contains(err.Error(), "geheim") {
		t.Errorf("closed: %v", err)
	}
}

// A keyring that somebody is to unlock is asked once, however often the password is wanted meanwhile.
func TestKeyringLocked(t *testing.T) {
	keyring.MockInit()
	synctest.Test(t, func(t *testing.T) {
		c := &config{}
		in := signIn{PasswordKeyring: "ana"}
		unlocked := make(chan string)
		c.asked.DoChan("ana", func() (any, error) { return <-unlocked, nil })
		for range 3 {
			if got, err := c.passwordKept(t.Context(), in, ""); err == nil || !strings.Contains(err.Error(), "can't be opened from here") {
				t.Errorf("still locked: %q, %v", got, err)
			}
		}
		go func() { unlocked <- "geheim" }()
		if got, err := c.passwordKept(t.Context(), in, ""); string(got) != "geheim" || err != nil {
			t.Errorf("unlocked: %q, %v", got, err)
		}
	})
}
