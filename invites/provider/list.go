package provider

import (
	"cmp"
	_ "embed"
	"net"
	"strconv"
	"strings"
)

// providers is read where it is asked, line by line: few commands do.
//
//go:embed providers.txt
var providers string

// known returns the line of the list with the longest domain that fits; nil: there is none.
func known(local, domain string, fits func(domain string) bool) (found *Settings) {
	longest := ""
	for line := range strings.Lines(providers) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "|")
		if len(fields) != 5 {
			continue
		}
		for _, d := range strings.Fields(fields[4]) {
			if len(d) > len(longest) && fits(d) {
				longest, found = d, entry(fields, local, domain)
			}
		}
	}
	return found
}

// entry reads a line of the list.
func entry(fields []string, local, domain string) *Settings {
	s := &Settings{Name: strings.TrimSpace(fields[0]),
		IMAP: listed(fields[1], local, domain), SMTP: listed(fields[2], local, domain)}
	need, help, _ := strings.Cut(strings.TrimSpace(fields[3]), " ")
	s.Help = help
	switch need {
	case "app":
		s.Need = AppPassword
	case "on":
		s.Need = SwitchedOn
	case "oauth":
		s.Need = OAuth
	case "bridge":
		s.Need = Bridge
	case "none":
		s.Need = Nothing
	}
	return s
}

// listed reads a server of the list.
func listed(field, local, domain string) (s Server) {
	words := strings.Fields(field)
	if len(words) < 2 {
		return s
	}
	var port string
	s.Host, port, _ = net.SplitHostPort(words[0])
	s.Port, _ = strconv.Atoi(port)
	s.TLS = words[1] != "starttls"
	if s.Username = local; words[len(words)-1] == "@" {
		s.Username = cmp.Or(local+"@"+domain, local)
	}
	return s
}
