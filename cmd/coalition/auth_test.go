package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"coalition/invites/google/googletest"
)

// browse is a browser, and the person in it, who allows all that they are asked for. It writes down what
// everybody can see of it and of the program that started it: their command lines.
func browse() {
	try := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if os.Getenv("BROWSED") == "" {
		try(errors.New("there is no display"))
	}
	seen := strings.Join(os.Args, " ")
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", os.Getppid())); err == nil {
		seen += "\n" + string(line)
	}
	try(os.WriteFile(os.Getenv("BROWSED"), []byte(seen), 0o600))
	page, err := http.Get(os.Args[1])
	try(err)
	page.Body.Close()
	at := page.Request.URL
	form := url.Values{"ticket": {page.Header.Get("Ticket")}, "do": {"allow"}, "scope": strings.Fields(at.Query().Get("scope"))}
	end, err := http.PostForm("http://"+at.Host+"/consent", form)
	try(err)
	end.Body.Close()
	if end.StatusCode != http.StatusOK {
		try(errors.New(end.Status))
	}
}

// A login is somebody with a Google account who uses the program.
type login struct {
	t    *testing.T
	g    *googletest.Server
	dir  string
	said bytes.Buffer // all that the program has printed
}

// newLogin has a config for g, with more of it behind its google block.
func newLogin(t *testing.T, more string) *login {
	g := googletest.Start(t)
	config := fmt.Sprintf("%scalendar:\n  google: {client_file: %q, token_file: ./token, endpoint: %q}\n%s", anaConfig, g.ClientFile(t), g.Endpoint(), more)
	return &login{t: t, g: g, dir: write(t, "config.yaml", config, "conversations/maya.yaml", mayaPlan)}
}

func (l *login) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(l.t.Context(), "coalition", append([]string{"--config", filepath.Join(l.dir, "config.yaml")}, args...)...)
	cmd.Env = append(os.Environ(), "BROWSED="+filepath.Join(l.t.TempDir(), "browsed"))
	return cmd
}

// run wants an exit code, and gives what was printed.
func (l *login) run(want int, args ...string) (stdout, stderr string) {
	l.t.Helper()
	return l.end(want, l.command(args...))
}

func (l *login) end(want int, cmd *exec.Cmd) (stdout, stderr string) {
	l.t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		l.t.Fatalf("%s: exit code %d, want %d\n%s%s", cmd, got, want, &out, &errs)
	}
	l.said.Write(out.Bytes())
	l.said.Write(errs.Bytes())
	return out.String(), errs.String()
}

func (l *login) status(want int) (row authRow) {
	l.t.Helper()
	stdout, _ := l.run(want, "auth", "status", "--json")
	if err := json.Unmarshal([]byte(stdout), &row); err != nil {
		l.t.Fatalf("%v in\n%s", err, stdout)
	}
	return row
}

func TestAuth(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "")
	if row := l.status(exitLogin); row.SignedIn || row.Account != nil || row.Place != nil || row.DaysLeft != nil {
		t.Errorf("before: %+v", row)
	}
	if _, stderr := l.run(exitLogin, "auth", "status"); stderr != "coalition: nobody is signed in to Google; use: coalition auth google\n" {
		t.Errorf("before: %s", stderr)
	}
	if stdout, _ := l.run(exitDone, "auth", "logout"); stdout != "Nobody was signed in.\n" {
		t.Errorf("logout before: %s", stdout)
	}

	google := l.command("auth", "google")
	stdout, stderr := l.end(exitDone, google)
	token := filepath.Join(l.dir, "token")
	if want := "You are signed in to ana@example.org. The sign-in lies in " + token + "."; !strings.Contains(stdout, want) || stderr != "" {
		t.Errorf("sign-in:\n%s%s", stdout, stderr)
	}
	browsed := google.Env[len(google.Env)-1]
	seen, err := os.ReadFile(strings.TrimPrefix(browsed, "BROWSED="))
	if err != nil || !bytes.Contains(seen, []byte("http://127.0.0.1:")) {
		t.Fatalf("%s %v", seen, err)
	}
	for _, r := range l.g.Requests() {
		for _, hidden := range []string{r.Query.Get("state"), r.Query.Get("code_challenge"), "ana@", "code"} {
			if hidden != "" && bytes.Contains(seen, []byte(hidden)) {
				t.Errorf("%s is seen by everybody: %s", hidden, seen)
			}
		}
	}
	row := l.status(exitDone)
	if !row.SignedIn || row.Account == nil || *row.Account != "ana@example.org" || len(row.Scopes) != 3 || len(row.Lacks) != 0 || row.Place == nil || *row.Place != token ||
		row.Since == nil || row.Ends != nil || row.DaysLeft != nil || row.Dead != nil {
		t.Errorf("after: %+v", row)
	}
	stdout, stderr = l.run(exitDone, "auth", "status")
	for _, want := range []string{"account      ana@example.org\n", "signed in    ", "lies in      " + token + "\n", "may          https://www.googleapis.com/auth/calendar.events\n"} {
		if !strings.Contains(stdout, want) || stderr != "" {
			t.Errorf("status without %q:\n%s%s", want, stdout, stderr)
		}
	}
	if stdout, _ := l.run(exitDone, "auth", "logout"); stdout != "You are signed out: the sign-in is taken back at Google, and deleted here.\n" || len(l.g.Granted()) != 0 {
		t.Errorf("logout: %s", stdout)
	}
	l.status(exitLogin)

	// Where no browser can be opened, the way out is named.
	blind := l.command("auth", "google")
	blind.Env = append(blind.Env, "BROWSED=")
	if _, stderr := l.end(exitFailed, blind); stderr != "coalition: no browser could be opened from here; use: coalition auth google --no-browser\n" {
		t.Errorf("without a display: %s", stderr)
	}
}

// The address stands alone on a line of stdout; the person brings it back by loopback, or as text.
func TestAuthNoBrowser(t *testing.T) {
	t.Parallel()
	for _, paste := range []bool{false, true} {
		l := newLogin(t, "")
		l.g.Set(func(s *googletest.Settings) { s.RefreshExpiresIn = 604799 * time.Second })
		cmd := l.command("-q", "auth", "google", "--no-browser")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, show := io.Pipe()
		var errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = show, &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(out)
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		go io.Copy(io.Discard, r)
		address := strings.TrimSuffix(line, "\n")
		if paste {
			var back string
			if back, err = l.g.Redirect(t.Context(), address); err == nil {
				_, err = io.WriteString(stdin, "nonsense\n"+back+"\n")
			}
		} else {
			err = l.g.Consent(t.Context(), address)
		}
		if err = errors.Join(err, cmd.Wait()); err != nil {
			t.Fatalf("%v\n%s", err, &errs)
		}
		show.Close()
		if text := errs.String(); strings.Contains(text, "This is not the address that your browser has ended at") != paste ||
			!strings.Contains(text, `because the client has the status "Testing"`) || !strings.Contains(text, "Publish app") {
			t.Errorf("stderr:\n%s", text)
		}
		if row := l.status(exitDone); row.DaysLeft == nil || *row.DaysLeft != 6 || row.Ends == nil {
			t.Errorf("%+v", row)
		}
	}
}

// The end of a consent is told before it comes; what has ended, once it has.
func TestAuthEnds(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "")
	l.g.Set(func(s *googletest.Settings) { s.RefreshExpiresIn = 47 * time.Hour })
	l.run(exitDone, "auth", "google")
	stdout, stderr := l.run(exitDone, "auth", "status")
	if !strings.Contains(stdout, ", in 1 day\n") || stderr != "The sign-in ends soon. Before it does, use: coalition auth google\n" {
		t.Errorf("%s%s", stdout, stderr)
	}
	// Another account than the config's is worth a word, and so is what was not allowed.
	config := filepath.Join(l.dir, "config.yaml")
	data, err := os.ReadFile(config)
	if err == nil {
		err = os.WriteFile(config, bytes.Replace(data, []byte("ana@example.org"), []byte("ana.lopes@example.org"), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, stderr := l.run(exitDone, "auth", "google"); !strings.Contains(stderr, "ana@example.org is not organizer.email of the config, nor an alias") {
		t.Errorf("another account: %s", stderr)
	}
}

// A mailGoogle takes mail from whoever shows a token that its Google has handed out.
type mailGoogle struct {
	*smtpDelivery
	g *googletest.Server
}

func (m *mailGoogle) AuthMechanisms() []string { return []string{"XOAUTH2"} }

func (m *mailGoogle) Auth(string) (sasl.Server, error) { return m, nil }

// Next implements [sasl.Server].
func (m *mailGoogle) Next(response []byte) ([]byte, bool, error) {
	word, _ := strings.CutPrefix(string(response), "user=ana@example.org\x01auth=Bearer ")
	token, ok := strings.CutSuffix(word, "\x01\x01")
	if ok && strings.HasPrefix(token, "ya29.") && slices.Contains(m.g.Secrets(), token) {
		return nil, true, nil
	}
	return nil, true, errors.New("no")
}

// Mail through Google, with nothing but the sign-in; and through all of it nobody sees a token, a code or
// a secret: not in what is printed, not in any file but the sign-in's own.
func TestAuthMail(t *testing.T) {
	t.Parallel()
	box := newMailbox(t)
	l := newLogin(t, "")
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailGoogle{&smtpDelivery{b: box}, l.g}, nil }))
	s.Domain, s.AllowInsecureAuth, s.ErrorLog = "localhost", true, log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { s.Serve(listener) })
	t.Cleanup(func() { s.Close(); running.Wait() })
	config := filepath.Join(l.dir, "config.yaml")
	f, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintf(f, "mail: {via: smtp, smtp: {host: 127.0.0.1, port: %d, security: none, username: ana@example.org, auth: xoauth2}}\n", listener.Addr().(*net.TCPAddr).Port)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}

	if _, stderr := l.run(exitLogin, "daemon", "--once"); !strings.Contains(stderr, "nobody is signed in to Google; use: coalition auth google") {
		t.Errorf("before: %s", stderr)
	}
	l.run(exitDone, "auth", "google")
	if granted := l.g.Granted(); !slices.Equal(granted, []string{"https://mail.google.com/"}) {
		t.Errorf("asked for %v", granted)
	}
	l.run(exitDone, "ask", "maya", "--again", "--yes")
	if n := box.count(); n == 0 {
		t.Error("no mail was taken")
	}
	token, err := os.ReadFile(filepath.Join(l.dir, "token"))
	if err != nil {
		t.Fatal(err)
	}
	spoilt := bytes.Replace(token, []byte(`"expiry": "20`), []byte(`"expiry": "19`), 1)
	if err := os.WriteFile(filepath.Join(l.dir, "token"), spoilt, 0o600); err != nil {
		t.Fatal(err)
	}
	l.g.RevokeGrant()
	l.g.Forget()
	for range 2 {
		_, stderr := l.run(exitLogin, "ask", "maya", "--again", "--yes")
		if !strings.Contains(stderr, "Google wants you to sign in again; use: coalition auth google") {
			t.Errorf("taken back: %s", stderr)
		}
	}
	if n := l.g.Count(); n != 1 {
		t.Errorf("Google was asked %d times for what is no more, want 1", n)
	}
	if row := l.status(exitLogin); row.SignedIn || row.Dead == nil {
		t.Errorf("%+v", row)
	}
	l.run(exitDone, "log", "--json")
	l.run(exitDone, "auth", "google", "--json")
	l.run(exitDone, "check", "--json")
	l.run(exitDone, "ask", "maya", "--again", "--yes")
	l.run(exitDone, "auth", "logout")

	if len(l.g.Secrets()) < 6 {
		t.Fatal("too few secrets were made")
	}
	look := func(where string, data []byte) {
		for _, secret := range l.g.Secrets() {
			if bytes.Contains(data, []byte(secret)) || bytes.Contains(data, []byte(url.QueryEscape(secret))) {
				t.Errorf("%s is in %s", secret, where)
			}
		}
	}
	look("what was printed", l.said.Bytes())
	err = filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		look(path, data)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
