package account

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"golang.org/x/oauth2"

	"coalition/invites"
)

// Google's own addresses, for a client file that leaves them out.
const (
	googleAuth  = "https://accounts.google.com/o/oauth2/auth"
	googleToken = "https://oauth2.googleapis.com/token"
)

// tokenTimeout is for the answer of a token endpoint.
const tokenTimeout = 30 * time.Second

// ErrClient says that the client file is not there, or is none that can be used.
var ErrClient = errors.New("the Google client can't be used")

// A client is what Google knows this program by.
type client struct {
	ID string `json:"client_id"`
	// Secret is that of a program that people have on their machines: not secret, in fact (RFC 8252, section 8.5).
	Secret   secret `json:"client_secret"`
	AuthURI  string `json:"auth_uri"`
	TokenURI string `json:"token_uri"`
}

// CheckClient reports why the client file can't be used. Its error wraps [ErrClient].
func (a *Account) CheckClient() error {
	_, err := a.client()
	return err
}

// client reads the client file.
func (a *Account) client() (*client, error) {
	c, why := readClient(a.config.ClientFile)
	if why != "" {
		return nil, &invites.DeliveryError{Channel: true, Account: true, Wait: refusedPause, Err: ErrClient,
			Text: "the Google client in " + a.config.ClientFile + " " + why}
	}
	return c, nil
}

// readClient reads a client file; why not, it says in words.
func readClient(path string) (c *client, why string) {
	const unreadable = "can't be read; look at its permissions"
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "is not there; download it from Google's console, and name its file in calendar.google.client_file"
	case err != nil:
		return nil, unreadable
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, longestGrant))
	if err != nil {
		return nil, unreadable
	}
	var file struct {
		Installed *client         `json:"installed"`
		Web       json.RawMessage `json:"web"`
		Type      string          `json:"type"`
	}
	err = json.Unmarshal(data, &file)
	c = file.Installed
	switch {
	case err == nil && c == nil && file.Web != nil:
		return nil, "is one for web applications; make one of the type Desktop app in Google's console, and download that"
	case err == nil && file.Type == "service_account":
		return nil, "is the key of a service account; make an OAuth client of the type Desktop app in Google's console, " +
			"and download that"
	case err != nil || c == nil || c.ID == "":
		return nil, "is none; make an OAuth client of the type Desktop app in Google's console, and download its JSON file"
	}
	c.AuthURI, c.TokenURI = cmp.Or(c.AuthURI, googleAuth), cmp.Or(c.TokenURI, googleToken)
	if !Safe(c.AuthURI) || !Safe(c.TokenURI) {
		return nil, "names an address without https; download it again"
	}
	return c, ""
}

// Safe reports whether secrets may go to the web address: it is https, or leads to this machine itself.
func Safe(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

func (c *client) config(scopes ...string) *oauth2.Config {
	// AuthStyle is said, since to find it out would send each failing request twice.
	return &oauth2.Config{ClientID: c.ID, ClientSecret: string(c.Secret), Scopes: scopes, Endpoint: oauth2.Endpoint{
		AuthURL: c.AuthURI, TokenURL: c.TokenURI, AuthStyle: oauth2.AuthStyleInParams,
	}}
}

// withTimeout gives ctx to oauth2 with a client that follows nobody elsewhere with a secret.
func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	return context.WithValue(ctx, oauth2.HTTPClient, &http.Client{CheckRedirect: stay}), cancel
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
