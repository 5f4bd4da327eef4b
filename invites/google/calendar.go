package google

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/option"

	"coalition/invites"
	"coalition/invites/plaintext"
)

const (
	googleAPI = "https://www.googleapis.com/calendar/v3/"
	// primary is the id that stands for the account's own calendar, whose id is the address of the account.
	primary = "primary"
	// perCall is for one request, its answer included.
	perCall = 30 * time.Second
)

// A Config says which calendar it is, and how it is reached. Client is required.
type Config struct {
	// Client signs its requests in; its errors may wrap [invites.ErrLogin].
	Client *http.Client
	// Endpoint is the base address of the API; "": Google's. http:// is for this machine itself, as the
	// requests carry what signs in.
	Endpoint string
	// ID is that of the calendar at Google; "": "primary", the account's own.
	ID string
	// Account returns the address of the account that requests are made for, "" where that is not known; nil:
	// it never is.
	Account func() string
}

// A Calendar is one calendar of one account. It may be used by several goroutines. Errors, but those of a
// caller's own function, are an [*invites.DeliveryError].
type Calendar struct {
	id      string
	account func() string
	service *calendar.Service
}

// New returns the calendar of a config, or an error where its endpoint is not an address to trust. Nothing is
// asked before the first use.
func New(c Config) (*Calendar, error) {
	// The library cuts off what is behind the last slash.
	endpoint := strings.TrimSuffix(cmp.Or(c.Endpoint, googleAPI), "/") + "/"
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the address of the calendar API is not one like https://…/calendar/v3/")
	case u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback():
		return nil, errors.New("the address of the calendar API has to begin with https://, except on this machine itself")
	}
	client := *c.Client
	client.Timeout = perCall
	client.Transport = &strict{cmp.Or[http.RoundTripper](client.Transport, http.DefaultTransport)}
	// The API never redirects. Whoever does would get what signs in.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	service, err := calendar.NewService(context.Background(),
		option.WithHTTPClient(&client), option.WithEndpoint(endpoint))
	if err != nil {
		return nil, err
	}
	return &Calendar{id: cmp.Or(c.ID, primary), account: c.Account, service: service}, nil
}

// OwnAddress asks for the address of the account that signs the requests of client in, which is the id of its
// own calendar; "": it can't be had. See [Config] for the endpoint.
func OwnAddress(ctx context.Context, client *http.Client, endpoint string) string {
	c, err := New(Config{Client: client, Endpoint: endpoint})
	if err != nil {
		return ""
	}
	own, err := notNull(c.service.CalendarList.Get(primary).Fields("id").Context(ctx).Do())
	if err != nil || !strings.Contains(own.Id, "@") {
		return ""
	}
	return plaintext.Line(own.Id)
}

// A strict transport makes an error of an answer to a deletion that says anything: Google's says nothing (204), and
// something else has answered in its place.
type strict struct{ http.RoundTripper }

func (t *strict) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.RoundTripper.RoundTrip(r)
	if err == nil && r.Method == http.MethodDelete &&
		answer.StatusCode/100 == 2 && answer.StatusCode != http.StatusNoContent {
		_ = answer.Body.Close()
		return nil, errOdd
	}
	return answer, err
}

// Name returns the id of the calendar at Google, in lower case, which no other one has; "" where it is not
// known whose own calendar it is.
func (c *Calendar) Name() string {
	switch {
	case c.id != primary:
		return strings.ToLower(c.id)
	case c.account == nil:
		return ""
	}
	return strings.ToLower(c.account())
}

// Capabilities returns what Google Calendar does by itself: all that is asked for.
func (c *Calendar) Capabilities() invites.Capabilities {
	return invites.Capabilities{MailsGuests: true, MakesRooms: true, KnowsFreeBusy: true, KeepsHolds: true}
}

// at returns the calendar of that name, of the same account; c itself where in is "".
func (c *Calendar) at(in string) *Calendar {
	if in == "" || strings.EqualFold(in, c.Name()) || in == c.id {
		return c
	}
	other := *c
	other.id = in
	return &other
}
