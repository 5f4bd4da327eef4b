package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"coalition/invites/zones"
)

// diagnose has the doctor look at an installation without the network; change, if not nil, tells it about the machine.
func diagnose(t *testing.T, dir string, change func(*doctor)) []finding {
	t.Helper()
	a := &app{environ: os.Environ(), stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard,
		configFile: filepath.Join(dir, "config.yaml"), wall: time.Now}
	d := &doctor{app: a, noNetwork: true,
		volume: func(string) (volume, bool) { return volume{free: 1 << 40}, true }, here: func() (string, error) { return "UTC", nil }}
	if change != nil {
		change(d)
	}
	if err := d.examine(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a.state != nil {
		a.state.Close()
	}
	return d.found
}

// wants looks for a finding of that area and state, whose text and remedy hold these words.
func wants(t *testing.T, found []finding, area, state, text, mend string) {
	t.Helper()
	if !slices.ContainsFunc(found, func(f finding) bool {
		return f.Area == area && f.State == state && strings.Contains(f.What+": "+f.Text, text) && strings.Contains(f.Mend, mend)
	}) {
		t.Errorf("no %s of %s that says %q and %q:\n%+v", state, area, text, mend, wrong(found))
	}
}

// wrong are the findings that are not fine.
func wrong(found []finding) []finding {
	return slices.DeleteFunc(slices.Clone(found), func(f finding) bool { return f.State == fine })
}

// later is a talk that nobody has to do anything about yet.
var laterPlan = strings.Replace(mayaPlan, "ready: true", "ready: false", 1)

// Each fault is found where it is, and the remedy named; nothing else is said to be wrong.
func TestDoctorFaults(t *testing.T) {
	t.Parallel()
	put := func(t *testing.T, dir, name, text string, mode os.FileMode) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	does := func(t *testing.T, dir string, args ...string) {
		t.Helper()
		if code, out, errs := coalition(t, dir, args...); code != 0 {
			t.Fatalf("coalition %v: exit %d\n%s%s", args, code, out, errs)
		}
	}
	for _, tt := range []struct {
		name string
		// more is what the config has besides; plan is Maya's, "" for one about which nothing is to be done.
		more, plan string
		plant      func(t *testing.T, dir string)
		change     func(*doctor)
		area       string
		state      string
		text, mend string
		// also says that more is wrong than that.
		also bool
	}{
		{name: "a word too much in the config", more: "colour: red\n", area: "config", state: faulty, text: "config.yaml:5:1: there is no such key", mend: "organizer, conversations"},
		{name: "no client for Google", more: "calendar: {via: google}\n", area: "config", state: faulty, text: "client", mend: "client_file"},
		{name: "an address that nobody reads", more: "", plant: func(t *testing.T, dir string) {
			put(t, dir, "config.yaml", strings.Replace(anaConfig, "ana@", "noreply@", 1), 0o600)
		}, area: "config", state: doubt, text: "nobody reads", mend: "one that you read"},
		{name: "a plan that can't be read", plan: mayaPlan + "colour: red\n", area: "plans", state: faulty, text: "maya.yaml:", mend: "check"},
		{name: "a plan with a warning", plan: strings.Replace(laterPlan, "name: Maya Chen", "name: Maya Chen\n  language: sv", 1), area: "plans", state: doubt, text: "maya.yaml:", mend: "check"},
		{name: "no folder of plans", more: "conversations: ./plans\n", area: "plans", state: faulty, text: "none at", mend: "mkdir -m 700"},
		{name: "a journal that can't be read", plant: func(t *testing.T, dir string) { put(t, dir, "journal/maya.yaml", "x: [", 0o600) },
			area: "plans", state: faulty, text: "journal", mend: "check"},
		{name: "no folder of templates", more: "templates: ./own\n", area: "templates", state: faulty, text: "no folder", mend: "make it"},
		{name: "a template with a misspelt field", more: "templates: ./own\n",
			plant: func(t *testing.T, dir string) { put(t, dir, "own/en/brief.txt", "{{.Requst}}", 0o600) },
			area:  "templates", state: faulty, text: "own/en/brief.txt:1:", mend: "built-in", also: true},
		{name: "a template by a wrong name", more: "templates: ./own\n",
			plant: func(t *testing.T, dir string) { put(t, dir, "own/en/breif.txt", "Hello", 0o600) },
			area:  "templates", state: doubt, text: "own/en/breif.txt:1:1: no template has this name", mend: "coalition template list"},
		{name: "a language that is not whole", more: "templates: ./own\n",
			plant: func(t *testing.T, dir string) { put(t, dir, "own/sv/brief.txt", "Hej", 0o600) },
			area:  "templates", state: doubt, text: "sv counts for nothing as long as it lacks words.tmpl", mend: "coalition template list"},
		{name: "a language without words", plant: func(t *testing.T, dir string) {
			put(t, dir, "config.yaml", anaConfig+"  language: sv\n", 0o600)
		}, area: "templates", state: doubt, text: "no words in sv", mend: "organizer.language", also: true},
		{name: "another zone than the machine's", change: func(d *doctor) { d.here = func() (string, error) { return "Asia/Tokyo", nil } },
			area: "clock", state: doubt, text: "Asia/Tokyo", mend: "organizer.timezone"},
		{name: "a clock that was put back", plan: mayaPlan, plant: func(t *testing.T, dir string) { does(t, dir, "ask", "maya", "--yes") },
			change: func(d *doctor) { d.wall = func() time.Time { return time.Now().Add(-time.Hour) } },
			area:   "clock", state: faulty, text: "something was written down", mend: "timedatectl"},
		{name: "--at", change: func(d *doctor) { d.at = "2027-03-04 10:00" }, area: "clock", state: doubt, text: "2027-03-04 10:00", mend: "leave --at out", also: true},
		{name: "old zone data", change: func(d *doctor) {
			d.wall = func() time.Time { return zones.BuiltIn().Released.AddDate(1, 0, 0) }
		}, area: "zones", state: doubt, text: "over six months ago", mend: "tzdata"},
		{name: "a password that others can read", more: smtpConfigAt("mail.example.org", 587),
			plant: func(t *testing.T, dir string) { put(t, dir, "password", "geheim", 0o644) },
			area:  "files", state: faulty, text: "password (mode 0644)", mend: "chmod 600"},
		{name: "a config with a secret that others can read", more: "calendar: {busy: [{ics: \"https://cal.example.org/s3cret.ics\"}]}\n",
			plant: func(t *testing.T, dir string) { os.Chmod(filepath.Join(dir, "config.yaml"), 0o640) },
			area:  "files", state: doubt, text: "(mode 0640): the address of a calendar", mend: "chmod 600"},
		{name: "private words that others can read", plan: laterPlan + "private: {why: Trust, goal: A start, measures: [one]}\n",
			plant: func(t *testing.T, dir string) {
				os.Chmod(filepath.Join(dir, "conversations/maya.yaml"), 0o644)
			}, area: "files", state: doubt, text: "private blocks", mend: "chmod 600"},
		{name: "journals that others can read", plant: func(t *testing.T, dir string) { put(t, dir, "journal/maya.yaml", "", 0o644) },
			area: "files", state: doubt, text: "journals", mend: "chmod 600"},
		{name: "a folder that all can write to", plant: func(t *testing.T, dir string) { os.Chmod(filepath.Join(dir, "conversations"), 0o777) },
			area: "files", state: faulty, text: "conversations (mode 0777)", mend: "chmod 700"},
		{name: "a config that all can write to", plant: func(t *testing.T, dir string) { os.Chmod(filepath.Join(dir, "config.yaml"), 0o666) },
			area: "files", state: faulty, text: "config.yaml (mode 0666)", mend: "chmod 600"},
		{name: "a plan that all can write to", plan: laterPlan, plant: func(t *testing.T, dir string) { os.Chmod(filepath.Join(dir, "conversations/maya.yaml"), 0o666) },
			area: "files", state: faulty, text: "maya.yaml (mode 0666)", mend: "chmod 600"},
		{name: "a state that others can read", plan: mayaPlan, plant: func(t *testing.T, dir string) {
			does(t, dir, "ask", "maya", "--yes")
			os.Chmod(filepath.Join(dir, "state/coalition.db"), 0o644)
		}, area: "files", state: doubt, text: "the state", mend: "chmod 600"},
		{name: "an outbox that is no folder", plant: func(t *testing.T, dir string) { put(t, dir, "outbox", "", 0o600) },
			area: "outbox", state: faulty, text: "no folder", mend: "mail.outbox"},
		{name: "an outbox that is copied elsewhere", more: "mail: {outbox: ./Dropbox/mail}\n",
			plant: func(t *testing.T, dir string) { put(t, dir, "Dropbox/x", "", 0o600) },
			area:  "outbox", state: doubt, text: "Dropbox", mend: "mail.outbox"},
		{name: "messages that wait for a word", more: "hold_over: 0\n", plan: mayaPlan, plant: func(t *testing.T, dir string) {
			does(t, dir, "daemon", "--once")
		}, area: "outbox", state: doubt, text: "1 message waits for your word", mend: "approve"},
		{name: "a door that is closed", more: smtpConfigAt("127.0.0.1", 1), plan: mayaPlan, plant: func(t *testing.T, dir string) {
			put(t, dir, "password", "geheim", 0o600)
			coalition(t, dir, "ask", "maya", "--yes")
		}, area: "outbox", state: faulty, text: "mail does not go", mend: "coalition resume", also: true},
		{name: "due, and nobody there", plan: mayaPlan, area: "daemon", state: doubt, text: "none runs, and 1 message is due", mend: "daemon --once"},
		{name: "paused", plant: func(t *testing.T, dir string) { does(t, dir, "pause") }, area: "daemon", state: doubt, text: "paused", mend: "coalition resume"},
		{name: "a state that is damaged", plant: func(t *testing.T, dir string) { put(t, dir, "state/coalition.db", "gone", 0o600) },
			area: "state", state: faulty, text: "is no state", mend: "restore FILE"},
		{name: "a state of somebody else", plant: func(t *testing.T, dir string) {
			does(t, dir, "ask", "maya", "--yes")
			put(t, dir, "config.yaml", strings.Replace(anaConfig, "ana@", "eva@", 1), 0o600)
		}, plan: mayaPlan, area: "state", state: faulty, text: "", mend: "organizer.aliases"},
		{name: "a state that is new, and plans that were sent", plan: mayaPlan, plant: func(t *testing.T, dir string) {
			does(t, dir, "ask", "maya", "--yes")
			os.RemoveAll(filepath.Join(dir, "state"))
		}, area: "state", state: faulty, text: "nothing goes by itself", mend: "restore FILE", also: true},
		{name: "a state on a server's file system", change: func(d *doctor) {
			d.volume = func(string) (volume, bool) { return volume{free: 1 << 40, network: "NFS"}, true }
		}, area: "state", state: doubt, text: "(NFS)", mend: "PostgreSQL"},
		{name: "a state in a folder that is copied", more: "state: ./Nextcloud/coalition.db\n", area: "state", state: doubt, text: "Nextcloud", mend: "elsewhere"},
		{name: "little room", change: func(d *doctor) { d.volume = func(string) (volume, bool) { return volume{free: 50 << 20}, true } },
			area: "state", state: doubt, text: "50 MB", mend: "make room"},
		{name: "no room", change: func(d *doctor) { d.volume = func(string) (volume, bool) { return volume{free: 1 << 20}, true } },
			area: "state", state: faulty, text: "1 MB", mend: "make room"},
		{name: "no sign-in to Google", more: googleConfigAt, plant: func(t *testing.T, dir string) { put(t, dir, "client.json", desktopClient, 0o600) },
			area: "google", state: faulty, text: "", mend: "coalition auth google"},
		{name: "a calendar file that is not there", more: "calendar: {busy: [{name: Work, ics: ./work.ics}]}\n",
			area: "calendars", state: faulty, text: "Work", mend: "calendar.busy"},
		{name: "a page in the open", more: "web: {listen: \"127.0.0.1:0\", public_url: \"http://talk.example.org\"}\n",
			area: "web", state: doubt, text: "in the open", mend: "https"},
		{name: "a server that nobody trusts", more: "replies: {imap: {host: mail.example.org, username: ana, password_file: ./password}}\n",
			plant: func(t *testing.T, dir string) { put(t, dir, "password", "geheim", 0o600) },
			area:  "imap", state: doubt, text: "no server's word", mend: "replies.trust"},
		{name: "a sign-in in another domain", more: strings.Replace(smtpConfigAt("mail.example.org", 587), "username: ana", "username: ana@example.net", 1),
			plant: func(t *testing.T, dir string) { put(t, dir, "password", "geheim", 0o600) },
			area:  "smtp", state: doubt, text: "signed in as ana@example.net", mend: "organizer.email"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.plan == "" {
				tt.plan = laterPlan
			}
			t.Parallel()
			dir := write(t, "config.yaml", anaConfig+tt.more, "conversations/maya.yaml", tt.plan)
			if tt.plant != nil {
				tt.plant(t, dir)
			}
			found := diagnose(t, dir, tt.change)
			wants(t, found, tt.area, tt.state, tt.text, tt.mend)
			if list := wrong(found); len(list) > 1 && !tt.also {
				t.Errorf("more is wrong than that: %+v", list)
			}
		})
	}
}

// Which config counts, and which is hidden by it, depends on where one is.
func TestDoctorConfig(t *testing.T) {
	dir := write(t, "here/config.yaml", anaConfig, "other.yaml", anaConfig, "home/.config/coalition/config.yaml", anaConfig,
		"here/conversations/maya.yaml", laterPlan, "conversations/maya.yaml", laterPlan)
	t.Chdir(filepath.Join(dir, "here"))
	named := func(env ...string) func(*doctor) {
		return func(d *doctor) { d.configFile, d.environ = "", env }
	}
	found := diagnose(t, dir, named("COALITION_CONFIG="+filepath.Join(dir, "other.yaml")))
	wants(t, found, "config", doubt, "config.yaml is there, too, and counts for nothing, as COALITION_CONFIG names it", "--config config.yaml")
	found = diagnose(t, dir, named("HOME="+filepath.Join(dir, "home")))
	wants(t, found, "config", doubt, "~/.config/coalition/config.yaml is there, too", "--config ~/.config")
	found = diagnose(t, dir, named("HOME=/nowhere"))
	wants(t, found, "config", fine, "the file: config.yaml; it lies in this folder", "")
	if list := wrong(found); len(list) > 0 {
		t.Errorf("it is said to be wrong: %+v", list)
	}
	t.Chdir(filepath.Join(dir, "home"))
	wants(t, diagnose(t, dir, named("HOME=/nowhere")), "config", faulty, "there is no config file", "coalition init")
}

// smtpConfigAt sends by a server there, with the password in a file beside the config.
func smtpConfigAt(host string, port int) string {
	return "mail: {via: smtp, smtp: {host: " + host + ", port: " + strconv.Itoa(port) + ", username: ana, password_file: ./password}}\n"
}

const googleConfigAt = "calendar: {via: google, google: {client_file: ./client.json, token_file: ./token.json}}\n"

const desktopClient = `{"installed": {"client_id": "1-x.apps.googleusercontent.com", "client_secret": "GOCSPX-x",
	"auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": "https://oauth2.googleapis.com/token"}}`

// With --no-network nobody is connected to, and nothing is changed, whatever the config names.
func TestDoctorStaysHome(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	called := make(chan bool, 1)
	go func() {
		if _, err := l.Accept(); err == nil {
			called <- true
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	at := "{host: 127.0.0.1, port: " + port + ", security: none, username: ana, password_file: ./password}"
	dir := write(t, "config.yaml", anaConfig+"mail: {via: smtp, smtp: "+at+"}\nreplies: {imap: "+at+", trust: [mx.example.org]}\n"+
		"web: {listen: \"127.0.0.1:0\", public_url: \"http://127.0.0.1:"+port+"\"}\n"+
		"calendar:\n  via: google\n  google: {client_file: ./client.json, token_file: ./token.json, endpoint: \"http://127.0.0.1:"+port+"/\"}\n"+
		"  busy: [{ics: \"http://127.0.0.1:"+port+"/s3cret.ics\"}, {google: x@example.org}]\n",
		"password", "geheim", "client.json", desktopClient, "conversations/maya.yaml", laterPlan)
	if code, out, errs := coalition(t, dir, "pause"); code != 0 {
		t.Fatalf("pause: %d %s%s", code, out, errs)
	}
	before := snapshot(t, dir)
	code, out, errs := coalition(t, dir, "doctor", "--no-network")
	if code != exitFailed || !strings.Contains(out, "not looked at, as --no-network says") || strings.Contains(out+errs, "s3cret") {
		t.Errorf("exit %d:\n%s%s", code, out, errs)
	}
	unchanged(t, dir, before)
	select {
	case <-called:
		t.Error("somebody was connected to")
	default:
	}
	// The listener would have heard of it.
	c, err := net.DialTimeout("tcp", l.Addr().String(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if !<-called {
		t.Error("the listener is deaf")
	}
}

// snapshot is what a folder holds: the bytes, modes and times of its files.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		all[path] = info.Mode().String()
		if err == nil && info.Mode().IsRegular() {
			var data []byte
			data, err = os.ReadFile(path)
			all[path] += info.ModTime().String() + string(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What a server has refused, and what may have arrived or not, waits for a word, which is named.
func TestDoctorOutbox(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ step, do, state, text, mend string }{
		{"RCPT", "550 5.1.1 no such person", faulty, "maya: the brief to maya@example.org has failed: no such person", "approve maya"},
		{"dot", "drop", doubt, "unclear: 1 message may have arrived or not", "ask your partner"},
	} {
		p := &post{step: tt.step, do: tt.do, again: 9}
		p.serve(t, nil)
		host, port, _ := net.SplitHostPort(p.addr)
		dir := write(t, "config.yaml", anaConfig+"mail: {via: smtp, smtp: {host: "+host+", port: "+port+", security: none}}\n", "conversations/maya.yaml", mayaPlan)
		coalition(t, dir, "ask", "maya", "--yes")
		coalition(t, dir, "daemon", "--once")
		wants(t, diagnose(t, dir, nil), "outbox", tt.state, tt.text, tt.mend)
	}
}

// What lies on a disk of this machine is on no server.
func TestVolume(t *testing.T) {
	if v, ok := volumeOf(t.TempDir()); ok && (v.free == 0 || v.network != "") {
		t.Errorf("%+v", v)
	}
	if _, ok := volumeOf("/nowhere/at/all"); ok {
		t.Error("something is known of nothing")
	}
}

// A daemon that runs is seen, and what it does not know yet: a config that was changed since.
func TestDoctorDaemon(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig+"web: {listen: \"127.0.0.1:0\", public_url: \"http://127.0.0.1:1\"}\n", "conversations/maya.yaml", laterPlan)
	d := startDaemon(t, dir)
	d.await("serving the page")
	found := diagnose(t, dir, nil)
	wants(t, found, "daemon", fine, "it runs, process ", "")
	if list := wrong(found); len(list) > 0 {
		t.Errorf("it is said to be wrong: %+v", list)
	}
	soon := time.Now().Add(time.Second)
	if err := os.Chtimes(filepath.Join(dir, "config.yaml"), soon, soon); err != nil {
		t.Fatal(err)
	}
	wants(t, diagnose(t, dir, nil), "daemon", doubt, "the config was changed after that", "start it again")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d.stop()
	config := anaConfig + "web: {listen: \"" + l.Addr().String() + "\", public_url: \"http://127.0.0.1:1\"}\n"
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	found = diagnose(t, dir, nil)
	wants(t, found, "daemon", fine, "none runs", "")
	wants(t, found, "web", faulty, "another program has it", "web.listen")
}

// What a stranger's server says of itself does not steer the terminal.
func TestDoctorStranger(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			// Who answers before it was asked is no web server.
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 404 \x1b]0;owned\x07\r\nContent-Length: 0\r\n\r\n")
			_ = conn.Close()
		}
	}()
	d := &doctor{app: &app{}}
	found := d.askPage(t.Context(), "the page", "http://"+l.Addr().String())
	if len(found) != 1 || found[0].Text != "something else answers there (404 Not Found)" {
		t.Errorf("%q", found)
	}
	rude, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer rude.Close()
	go func() {
		if conn, err := rude.Accept(); err == nil {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "\x1b]0;owned\x07 hello\r\n\r\n")
			_ = conn.Close()
		}
	}()
	found = d.askPage(t.Context(), "the page", "http://"+rude.Addr().String())
	if len(found) != 1 || found[0].Text != "partners don't reach it: it does not answer as a web server does" {
		t.Errorf("%q", found)
	}
	var out strings.Builder
	d = &doctor{app: &app{stdout: &out}, found: []finding{{"imap", "trust", doubt, "mx\x1b]0;owned\x07 says so", "name \x1b[8mmx"}}}
	if d.print(); strings.ContainsAny(out.String(), "\x1b\x07") {
		t.Errorf("%q", out.String())
	}
}
