package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// on sets the clock to a day and time of 2027, UTC.
func (c *coach) on(when string) { c.now = "2027-" + when + ":00Z" }

// hears takes in a reply of the partner to the last mail of that kind to id.
func (c *coach) hears(name, address, id, kind, text string) string {
	c.t.Helper()
	c.replies++
	p := &partner{t: c.t, dir: c.dir}
	to := messageID.FindStringSubmatch(p.newest("*-" + id + "-" + kind + "-*.eml"))[1]
	file := filepath.Join(c.dir, fmt.Sprintf("reply%d.eml", c.replies))
	if err := os.WriteFile(file, fmt.Appendf(nil, "Authentication-Results: mx.example.org; dkim=pass header.d=example.org; dmarc=pass\r\n"+
		"From: %s <%s>\r\nTo: ana@example.org\r\nSubject: Re: your mail\r\nMessage-ID: <r%d@example.org>\r\nIn-Reply-To: %s\r\n\r\n%s\r\n",
		name, address, c.replies, to, text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return c.does(0, "receive", file)
}

// TestYear lives a year of partnerships: three rounds with Maya, a no of Tom's to a second, promises that fall due, Ida from
// whom nothing is heard for long, and the map of it all in the end.
func TestYear(t *testing.T) {
	c := newCoach(t)
	const tom, ida = "tom@example.org", "ida@example.org"
	plan := func(id, name, address string, more ...string) {
		c.does(0, append([]string{"new", name, address, "--id", id, "--result", "Spring launch", "--purpose", "Join forces on the spring launch.",
			"--offer", "A seat in our review", "--ask", "An early word", "--kind", "walk", "--place", "Riverside path",
			"--measure", "A joint review", "--measure", "No surprise study"}, more...)...)
		c.does(0, "ready", id, "--yes")
	}

	// January: all three are asked, and all say yes.
	c.on("01-04T09:00")
	plan("maya", "Maya Chen", "maya@example.org", "--timezone", "Europe/Berlin", "--importance", "5", "--between", "2027-01-11..2027-01-22")
	plan("tom", "Tom Berg", tom, "--importance", "4", "--start", "2027-01-19 10:00")
	plan("ida", "Ida Holm", ida, "--importance", "5", "--start", "2027-01-20 15:00")
	c.does(0, "daemon", "--once")
	if n := len(c.left("brief")); n != 3 {
		t.Fatalf("%d briefs have left", n)
	}
	c.on("01-05T09:00")
	c.sees(c.hears("Maya Chen", "maya@example.org", "maya", "brief", "2, with pleasure"), "maya: yes")
	c.sees(c.hears("Tom Berg", tom, "tom", "brief", "Yes"), "tom: yes")
	c.sees(c.hears("Ida Holm", ida, "ida", "brief", "yes, gladly"), "ida: yes")
	c.does(0, "daemon", "--once")
	if n := len(c.left("invite")); n != 3 {
		t.Fatalf("%d invitations have left", n)
	}
	for _, day := range []string{"12", "13", "14", "15", "18", "19", "20"} {
		c.on("01-" + day + "T08:00")
		c.does(0, "daemon", "--once")
	}

	// After the talks: what came of each, thanks where they are meant, and a next round with two of them.
	c.on("01-21T09:00")
	c.does(0, "debrief", "maya", "--met", "1", "--unmet", "2", "--learned", "Her team loses two people.",
		"--promise", "me: send the figures by 2027-02-15", "--promise", "them: name a contact by 2027-03-01", "--thanks-default", "--next", "2027-04-12", "--yes")
	c.does(0, "debrief", "tom", "--met", "1,2", "--thanks", "You told me straight. Thank you.", "--next", "2027-05-10 10:00", "--yes")
	c.does(0, "debrief", "ida", "--unmet", "1,2", "--no-thanks")
	if n := len(c.left("thanks")); n != 2 {
		t.Fatalf("%d thank-yous have left", n)
	}

	// February: a promise of Ana's is due, then overdue, and Ida drifts.
	c.on("02-12T09:00")
	c.sees(c.does(0, "agenda", "--days", "10"), "send the figures")
	c.on("03-02T09:00")
	list := c.does(0, "list")
	c.sees(list, "you promised: send the figures (overdue")
	c.sees(list, "name a contact (overdue")
	c.sees(list, "ida: you and Ida Holm last talked 5 weeks ago, and no talk is ahead")

	// April: the second round with Maya. Round two was written, and waits for the check-in.
	c.on("04-05T09:00")
	c.does(0, "daemon", "--once")
	if n := len(c.left("brief")); n != 3 {
		t.Fatalf("a brief has left without a check-in: %d", n)
	}
	c.sees(c.does(0, "prepare", "maya/2"), "send the figures", "Her team loses two people.")
	c.does(0, "ready", "maya/2", "--yes")
	c.does(0, "ready", "tom/2", "--yes")
	c.does(0, "daemon", "--once")
	c.on("04-06T09:00")
	c.sees(c.hears("Maya Chen", "maya@example.org", "maya", "brief", "1"), "maya/2: yes")
	c.sees(c.hears("Tom Berg", tom, "tom", "brief", "No, thank you. This year is full."), "tom/2: no")
	c.does(0, "daemon", "--once")
	if n := len(c.left("invite")); n != 4 {
		t.Fatalf("%d invitations have left: Tom has said no", n)
	}

	// June: Maya's second talk is looked back on, the old promises are kept, and a third round is held in autumn.
	c.on("06-01T09:00")
	c.does(0, "daemon", "--once")
	c.does(0, "debrief", "maya/2", "--met", "1,2", "--kept", "1,2", "--thanks-default", "--next", "2027-09-20 10:00", "--yes")
	if promises := c.row("maya", 3)["promises"].([]any); len(promises) != 0 {
		t.Errorf("open promises: %v", promises)
	}
	c.does(0, "ready", "maya/3", "--yes")
	c.on("09-01T09:00")
	c.does(0, "daemon", "--once")
	c.on("09-02T09:00")
	c.hears("Maya Chen", "maya@example.org", "maya", "brief", "yes")
	c.does(0, "daemon", "--once")
	c.on("09-19T12:00")
	c.does(0, "daemon", "--once")
	c.on("09-21T09:00")
	c.does(0, "debrief", "maya/3", "--met", "1,2", "--no-thanks", "--next", "none")

	// December: how it stands, in words, as data and as a picture, and nobody got more than was meant.
	c.on("12-20T09:00")
	c.does(0, "daemon", "--once")
	for i, want := range []string{"closed", "closed", "closed"} {
		if got := c.row("maya", i+1)["status"]; got != want {
			t.Errorf("maya/%d is %v", i+1, got)
		}
	}
	if got := c.row("tom", 2)["status"]; got != "declined" {
		t.Errorf("tom/2 is %v", got)
	}
	if got := c.row("maya", 3)["last_met"]; got != "2027-09-20" {
		t.Errorf("last met %v", got)
	}
	svg := filepath.Join(c.dir, "map.svg")
	c.does(0, "map", "--svg", svg)
	picture, err := os.ReadFile(svg)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Maya Chen", "Tom Berg", "Ida Holm", "Spring launch"} {
		if !strings.Contains(string(picture), name) {
			t.Errorf("%s is not on the map", name)
		}
	}
	counts := map[string]int{"brief": 6, "invite": 5, "thanks": 3, "cancel": 0, "update": 0}
	for kind, want := range counts {
		if got := len(c.left(kind)); got != want {
			t.Errorf("of kind %s %d mails have left in the year, want %d", kind, got, want)
		}
	}
	for _, text := range c.left("*") {
		for _, private := range []string{"joint review", "surprise study", "figures", "loses two"} {
			if strings.Contains(text, private) {
				t.Errorf("%q has left:\n%s", private, text)
			}
		}
	}
}
