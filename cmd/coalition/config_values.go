package main

import (
	"slices"
	"time"

	"coalition/invites/email"
	"coalition/scheduler/strictyaml"
)

// A word is a text that is one of a few.
type (
	mailVia     string
	calendarVia string
	mailAuth    string
	security    string
)

func oneOf[T ~string](v *T, text string, words ...string) error {
	if !slices.Contains(words, text) {
		return strictyaml.OneOf(words...)
	}
	*v = T(text)
	return nil
}

// Parse implements [strictyaml.Scalar].
func (v *mailVia) Parse(text string) error { return oneOf(v, text, "outbox", "smtp") }

// JSONSchema describes what Parse reads.
func (mailVia) JSONSchema() map[string]any { return strictyaml.Enum("outbox", "smtp") }

// Parse implements [strictyaml.Scalar].
func (v *calendarVia) Parse(text string) error { return oneOf(v, text, "ics", "google") }

// JSONSchema describes what Parse reads.
func (calendarVia) JSONSchema() map[string]any { return strictyaml.Enum("ics", "google") }

// How the program signs in at a mail server.
const (
	byPassword mailAuth = "password"
	byGoogle   mailAuth = "xoauth2"
)

// Parse implements [strictyaml.Scalar].
func (v *mailAuth) Parse(text string) error {
	return oneOf(v, text, string(byPassword), string(byGoogle))
}

// JSONSchema describes what Parse reads.
func (mailAuth) JSONSchema() map[string]any {
	return strictyaml.Enum(string(byPassword), string(byGoogle))
}

// Parse implements [strictyaml.Scalar].
func (v *security) Parse(text string) error {
	return oneOf(v, text, email.StartTLS, email.TLS, email.Clear)
}

// JSONSchema describes what Parse reads.
func (security) JSONSchema() map[string]any {
	return strictyaml.Enum(email.StartTLS, email.TLS, email.Clear)
}

// ahead is how long before a talk a reminder goes: one minute to 30 days.
type ahead time.Duration

// Parse implements [strictyaml.Scalar].
func (a *ahead) Parse(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Minute || d > 30*24*time.Hour {
		return &strictyaml.Fault{Text: "is no time before a talk", Mend: "write 24h, 1h or 30m"}
	}
	*a = ahead(d)
	return nil
}

// interval is how long to wait from one look at a calendar to the next: 15 seconds to a day.
type interval time.Duration

// Parse implements [strictyaml.Scalar].
func (i *interval) Parse(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < 15*time.Second || d > 24*time.Hour {
		return &strictyaml.Fault{Text: "is no time from 15 seconds to a day", Mend: "write 2m, 30s or 1h"}
	}
	*i = interval(d)
	return nil
}
