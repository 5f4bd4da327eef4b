package account

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// A secret is shown to nobody: it can be stored and sent, and printing it prints nothing of it.
type secret string

func (secret) String() string   { return "…" }
func (secret) GoString() string { return "…" }

// A grant is what a person has granted this program, as it is stored. It is never changed, but replaced.
type grant struct {
	// Client is whom it was granted to, and TokenURI that client's token endpoint.
	Client   string `json:"client_id"`
	TokenURI string `json:"token_uri"`
	Refresh  secret `json:"refresh_token"`
	Access   secret `json:"access_token,omitempty"`
	// Expiry is that of Access; zero: it is good until it is refused.
	Expiry time.Time `json:"expiry,omitzero"`
	Scopes []string  `json:"scopes"`
	// Account is its address; "": not known.
	Account string `json:"account,omitempty"`
	// Since is when the person granted it, and Ends when it will not count any more; zero: that is open.
	Since time.Time `json:"since"`
	Ends  time.Time `json:"ends,omitzero"`
	// Dead is when Google refused it for good; zero: it has not.
	Dead time.Time `json:"dead_since,omitzero"`
}

// longestGrant is in bytes. No client file and no answer is longer, either.
const longestGrant = 64 << 10

// token returns the access token; "" where there is no grant.
func (g *grant) token() secret {
	if g == nil {
		return ""
	}
	return g.Access
}

// good reports whether the access token can be used.
func (g *grant) good(refused secret) bool {
	return g != nil && g.Access != "" && g.Access != refused && (g.Expiry.IsZero() || time.Until(g.Expiry) > early)
}

// take takes over what the token endpoint has answered. What the answer leaves out stays as it was.
func (g *grant) take(token *oauth2.Token) {
	g.Access, g.Expiry = secret(token.AccessToken), token.Expiry.UTC().Truncate(time.Second)
	if token.Expiry.IsZero() {
		g.Expiry = time.Time{}
	}
	if scope, _ := token.Extra("scope").(string); scope != "" {
		g.Scopes = strings.Fields(scope)
	}
	// Where none came, oauth2 gives the old one back.
	if secret(token.RefreshToken) == g.Refresh {
		return
	}
	g.Refresh, g.Ends = secret(token.RefreshToken), time.Time{}
	if seconds, _ := token.Extra("refresh_token_expires_in").(float64); seconds > 0 {
		g.Ends = time.Now().UTC().Truncate(time.Second).Add(time.Duration(seconds) * time.Second)
	}
}

// lacks returns which of the scopes were not granted, in words.
func (g *grant) lacks(scopes []string) (words []string) {
	for _, scope := range scopes {
		if !slices.Contains(g.Scopes, scope) {
			words = append(words, boxes[scope])
		}
	}
	return words
}

// boxes holds the words that Google has beside the box of each scope.
var boxes = map[string]string{
	eventsScope: "View and edit events on all your calendars",
	listScope:   "See the list of Google calendars you’re subscribed to",
	busyScope:   "View your availability in your calendars",
	mailScope:   "Read, compose, send, and permanently delete all your email from Gmail",
}
