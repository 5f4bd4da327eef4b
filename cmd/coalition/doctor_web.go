package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"coalition/invites"
	"coalition/invites/feed"
	"coalition/invites/reach"
	"coalition/invites/web"
)

// lookAtSignIn looks at the sign-in to Google as it lies here.
func (d *doctor) lookAtSignIn(ctx context.Context) {
	const area, what = "google", "the sign-in"
	c := d.config
	if !c.asksGoogle() && !c.mailByGoogle() {
		d.tell(area, what, fine, "Google is not used", "")
		return
	}
	own := c.account()
	if own == nil || len(c.clientProblems()) > 0 {
		// Which is told with the config, or with the calendars.
		return
	}
	s, err := own.Status(ctx)
	if err != nil {
		text, mend, ok := strings.Cut(err.Error(), "; use: ")
		if !ok {
			mend = d.hint("auth google")
		}
		d.tell(area, what, faulty, text, "use: "+mend)
		return
	}
	for _, lacks := range s.Lacks {
		d.tell(area, what, doubt, "you did not allow: "+lacks, "tick all boxes: "+d.hint("auth google"))
	}
	if days, ends := s.Left(d.wall()); ends && days < endsSoon {
		d.tell(area, what, doubt, "it ends on "+d.local(s.Ends),
			"sign in again: "+d.hint("auth google")+`; to make it last, choose "Publish app" in Google's console`)
	}
	mine := func(address string) bool { return strings.EqualFold(address, s.Account) }
	if s.Account != "" && !slices.ContainsFunc(c.addresses(), mine) {
		d.tell(area, "the account", doubt,
			s.Account+" is signed in, which is neither organizer.email nor an alias: invitations come from there",
			"sign in with the account of "+string(c.Organizer.Email)+", or add "+s.Account+" to organizer.aliases")
	}
	text := "as " + cmp.Or(s.Account, "an account whose address is not known")
	if !s.Synced.IsZero() {
		text += "; the calendar was read on " + d.local(s.Synced)
	}
	d.tell(area, what, fine, text, "")
}

// googleLooks ask whether the calendar is there.
func (d *doctor) googleLooks(ctx context.Context) (list []look) {
	c := d.config
	if c.Calendar.Via != "google" || len(c.clientProblems()) > 0 {
		return nil
	}
	// That nobody is signed in is told already.
	if _, err := c.account().Status(ctx); err != nil {
		return nil
	}
	what := "the calendar " + c.Calendar.Google.Calendar
	return []look{{area: "google", what: what, whom: "Google", ask: func(ctx context.Context) []finding {
		calendar, err := c.calendar()
		if err != nil {
			return []finding{{"google", what, faulty, err.Error(), "mend calendar.google.endpoint in the config"}}
		}
		if _, err := calendar.Busy(ctx, "", d.wall(), d.wall().Add(time.Hour)); err != nil {
			text, use, ok := strings.Cut(faultText(err), "; use: ")
			mend := "look at calendar.google.calendar in the config; see: " + d.hint("auth status")
			if ok {
				mend = "use: " + use
			}
			return []finding{{"google", what, faulty, text, mend}}
		}
		if name := calendar.Name(); name != "" && !calendar.Reaches(ctx, name) && ctx.Err() == nil {
			return []finding{{"google", what, faulty, "this account may read it, and not write to it",
				"have its owner allow changes, or name another under calendar.google.calendar"}}
		}
		return []finding{{"google", what, fine, "is there, and may be written to", ""}}
	}}}
}

// faultText is an error for people.
func faultText(err error) string {
	var fault *invites.DeliveryError
	if errors.As(err, &fault) {
		return strings.TrimRight(fault.Text, ". ")
	}
	return err.Error()
}

// calendarLooks look at the calendars that block time.
func (d *doctor) calendarLooks() []look {
	c := d.config
	if len(c.Calendar.Busy) == 0 {
		text := "no calendar is looked at; name yours under calendar.busy in the config"
		if c.Calendar.Via == "google" {
			text = "those of Google Calendar; name further calendars under calendar.busy in the config"
		}
		d.tell("calendars", "busy times", fine, text, "")
		return nil
	}
	ask := func(ctx context.Context) []finding { return d.lookAtCalendars(ctx) }
	if d.noNetwork {
		// Files are here, and of the others it is known what they have said last.
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		d.found = append(d.found, ask(ended)...)
		return nil
	}
	return []look{{area: "calendars", what: "busy times", whom: "your calendars", ask: ask}}
}

// lookAtCalendars asks them as a search would, on a copy of what is kept of them. Where ctx has ended, only files are
// looked at.
func (d *doctor) lookAtCalendars(ctx context.Context) (list []finding) {
	const area = "calendars"
	asks := ctx.Err() == nil
	log := slog.New(slog.DiscardHandler)
	both, err := d.config.calendars(d.wall, log)
	if err != nil {
		return []finding{{area, "busy times", faulty, err.Error(), "mend calendar.google.endpoint in the config"}}
	}
	own, _ := both.(*calendars)
	if own == nil {
		return nil
	}
	config := own.own.Config
	// The one that invitations go to is looked at by itself.
	config.Sources = config.Sources[len(config.Sources)-len(d.config.Calendar.Busy):]
	copied, err := os.MkdirTemp("", "coalition-*")
	if err != nil {
		return []finding{{area, "busy times", doubt,
			"they can't be looked at: there is no room for files that last for a moment", "look at the disk, and at TMPDIR"}}
	}
	defer os.RemoveAll(copied)
	for _, path := range matches(config.Dir, "*") {
		// What can't be copied is read anew.
		if data, err := os.ReadFile(path); err == nil {
			_ = os.WriteFile(filepath.Join(copied, filepath.Base(path)), data, 0o600)
		}
	}
	config.Dir = copied
	now := d.wall()
	said := feed.New(config).FreeBusy(ctx, now, now.AddDate(0, 0, 14))
	for i, s := range said {
		list = append(list, d.judgeCalendar(s, asks || !strings.Contains(config.Sources[i].Address, "://") &&
			s.Kind == feed.ICS))
	}
	return list
}

// judgeCalendar says how a calendar is; asked says whether it was to answer.
func (d *doctor) judgeCalendar(s invites.FreeBusy, asked bool) finding {
	f := finding{Area: "calendars", What: fmt.Sprintf("%s (%s)", s.Name, s.Kind), State: fine}
	read := "it was never read"
	if !s.ReadAt.IsZero() {
		read = "read " + d.local(s.ReadAt)
	}
	f.Text = read
	switch {
	case !asked:
		f.Text += "; not asked now, as --no-network says"
		return f
	case s.State == invites.FailedBusy:
		f.State, f.Mend = faulty, "look at it, and at calendar.busy in the config; as long as that lasts no time is offered"
	case s.State == invites.StaleBusy:
		f.State, f.Mend = doubt, "look at it, and at calendar.busy in the config; what it said last counts for a day"
	case s.Error != "":
		f.State, f.Mend = doubt, "what it says is not known whole; look at what stands there"
	}
	if s.Error != "" {
		f.Text = s.Error
		if !s.ReadAt.IsZero() {
			f.Text += "; " + read
		}
	}
	if text, use, ok := strings.Cut(f.Text, "; use: "); ok {
		f.Text, f.Mend = text, "use: "+use
	}
	return f
}

// lookAtListen looks whether the page can be served, or is.
func (d *doctor) lookAtListen(daemon bool) {
	const area = "web"
	if d.config.Web == nil {
		return
	}
	at := d.config.Web.Listen
	l, err := net.Listen("tcp", at)
	if err == nil {
		// Nobody has come.
		_ = l.Close()
	}
	_, port, _ := net.SplitHostPort(at)
	what := "the address " + at
	switch {
	case err == nil && daemon && port != "0":
		d.tell(area, what, faulty, "the daemon runs, and serves no page there",
			"start the daemon again; it reads the config only then")
	case err == nil, daemon:
		text := "free for the daemon"
		if daemon {
			text = "the daemon serves the page there"
		}
		d.tell(area, what, fine, text, "")
	case errors.Is(err, syscall.EADDRINUSE):
		d.tell(area, what, faulty, "another program has it", "end that, or name another port under web.listen in the config")
	case errors.Is(err, syscall.EACCES):
		d.tell(area, what, faulty, "this user may not use port "+port, "name one above 1023 under web.listen in the config")
	default:
		d.tell(area, what, faulty, "it can't be used: "+errorText(err),
			"name an address of this machine under web.listen in the config")
	}
}

// webLooks ask for the page as partners do.
func (d *doctor) webLooks() []look {
	if d.config.Web == nil {
		d.tell("web", "the page", fine, "there is none; partners answer by mail", "")
		return nil
	}
	public := string(d.config.Web.PublicURL)
	u, err := url.Parse(public)
	if err != nil || u.Host == "" {
		// Without one the config has a warning.
		return nil
	}
	what := "the page at " + u.Host
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil ||
		!ip.IsLoopback()) {
		d.tell("web", what, doubt, "answers travel there in the open", "serve it by https, and write that in web.public_url")
	}
	return []look{{area: "web", what: what, whom: u.Hostname(), ask: func(ctx context.Context) []finding {
		return d.askPage(ctx, what, public)
	}}}
}

// askPage asks for the page of a talk that there is not: whoever answers as our pages do is one of them.
func (d *doctor) askPage(ctx context.Context, what, public string) []finding {
	const area = "web"
	const mend = "look whether the daemon runs, and at what hands over to it (web.public_url, web.listen, the proxy)"
	answer, err := visit(ctx, http.MethodGet, web.Link(public, "doctor"))
	if err != nil {
		text, mend := "partners don't reach it: "+whyNot(ctx, err), mend
		var invalid x509.CertificateInvalidError
		if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
			text, mend = "its certificate has ended", "renew it; look whether what renews it still runs"
		}
		if dns := new(net.DNSError); errors.As(err, &dns) {
			mend = "look at web.public_url, and at the DNS of its domain"
		}
		return []finding{{area, what, faulty, text, mend}}
	}
	if !web.Ours(answer.Header) {
		return []finding{{area, what, faulty, fmt.Sprintf("something else answers there (%d %s)", answer.StatusCode, http.StatusText(answer.StatusCode)), mend}}
	}
	list := []finding{{area, what, fine, "answers", ""}}
	if answer.TLS != nil && len(answer.TLS.PeerCertificates) > 0 {
		if f, soon := d.ending(area, what, answer.TLS.PeerCertificates[0].NotAfter,
			"renew it; look whether what renews it still runs"); soon {
			list = append(list, f)
		}
	}
	return list
}

// whyNot says why nobody answered, without the address.
func whyNot(ctx context.Context, err error) string {
	var fault *url.Error
	if errors.As(err, &fault) {
		err = fault.Err
	}
	return reach.Cause(ctx, err, "it does not answer as a web server does")
}

// visit asks a web server once, and follows it nowhere.
func visit(ctx context.Context, method, address string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	// What the page says is of no interest, and need not come whole.
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10)
	return answer, nil
}

// clockLooks hold the clock against that of a web server which the config names.
func (d *doctor) clockLooks() []look {
	c := d.config
	var hosts []string
	add := func(address string) {
		address = strings.Replace(address, "webcal://", "https://", 1)
		if u, err := url.Parse(address); err == nil && u.Scheme == "https" && u.Host != "" && !slices.Contains(hosts,
			u.Host) {
			hosts = append(hosts, u.Host)
		}
	}
	if c.asksGoogle() || c.mailByGoogle() {
		add(cmp.Or(c.Calendar.Google.Endpoint, "https://www.googleapis.com/"))
	}
	for _, b := range c.Calendar.Busy {
		add(b.ICS)
		add(string(b.CalDAV))
	}
	if c.Web != nil {
		add(string(c.Web.PublicURL))
	}
	if len(hosts) == 0 {
		return nil
	}
	host := hosts[0]
	return []look{{area: "clock", what: "the time", whom: (&url.URL{Host: host}).Hostname(),
		ask: func(ctx context.Context) []finding {
			asked := d.wall()
			answer, err := visit(ctx, http.MethodHead, "https://"+host+"/")
			if err != nil {
				// That nobody answers is told elsewhere.
				return nil
			}
			said, err := http.ParseTime(answer.Header.Get("Date"))
			if err != nil {
				return nil
			}
			return judgeClock(asked, d.wall(), said)
		}}}
}

const (
	// clockSlack is how far clocks differ without a reason, clockWrong from where on mail is at the wrong time.
	clockSlack = time.Minute
	clockWrong = 10 * time.Minute
)

// judgeClock holds the clock of this machine, at the question and at the answer, against what a server said between.
func judgeClock(asked, answered, said time.Time) []finding {
	off, way := said.Sub(answered), "behind"
	if said.Before(asked) {
		off, way = asked.Sub(said), "ahead"
	}
	if off <= clockSlack {
		return nil
	}
	state := doubt
	if off > clockWrong {
		state = faulty
	}
	return []finding{{"clock", "the time", state, fmt.Sprintf("the clock of this machine is %s %s of that of a server",
		off.Round(time.Second), way), setClock}}
}
