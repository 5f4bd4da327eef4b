// Package chart knows how partnerships are drawn: a coalition as a map, one partnership as a timeline, each as SVG that
// can be read without colours, in the dark, on paper and by ear, and the map as a page with its words below. What is
// true of them it leaves to whoever fills them in, and where a picture is written to cmd. It has no field for what is
// private but counts: no text of a plan, a journal or a mail can get into a picture.
package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"coalition/scheduler/conversation"
)

// A Map is a coalition on one day: people around the results they serve, the organizer in the middle.
type Map struct {
	Organizer string
	// Day is the one it is drawn on: midnight UTC of the organizer's day.
	Day time.Time
	// People are in any order. Somebody in two partnerships stands there twice.
	People []Person
}

// A Person is the partner in one partnership, with all its rounds.
type Person struct {
	// ID tells people of one name apart, and is not drawn.
	ID, Name string
	// Result is what the partnership serves; "": none is named.
	Result string
	// Round is the newest one, and Status how that stands.
	Round  int
	Status conversation.Status
	// LastMet is the day of the last talk held, as Day is; zero: there was none.
	LastMet time.Time
	// Mine are the organizer's promises, Theirs the partner's.
	Mine, Theirs Promises
}

// Promises are those that are open.
type Promises struct {
	// Open counts all of them, Overdue those whose day has passed.
	Open, Overdue int
}

// A closeness is how long ago the last talk was.
type closeness int

const (
	thisMonth closeness = iota
	threeMonths
	sixMonths
	longAgo
	never
)

func (c closeness) String() string {
	return [...]string{"a talk in the last 30 days", "in the last three months", "in the last six months", "longer ago",
		"no talk yet"}[c]
}

// days is how many days ago the last talk was; -1: there was none.
func (m *Map) days(p *Person) int { return daysSince(p.LastMet, m.Day) }

func daysSince(day, now time.Time) int {
	if day.IsZero() {
		return -1
	}
	return max(0, int(now.Sub(day)/(24*time.Hour)))
}

func (m *Map) closeness(p *Person) closeness {
	switch days := m.days(p); {
	case days < 0:
		return never
	case days <= 30:
		return thisMonth
	case days <= 91:
		return threeMonths
	case days <= 182:
		return sixMonths
	}
	return longAgo
}

// Since says how long ago the last talk with somebody was, such as "12 days ago"; "": there was none.
func (m *Map) Since(p *Person) string { return Since(p.LastMet, m.Day) }

// Since says how long before a day another one was, such as "12 days ago"; "" for a zero day.
func Since(day, now time.Time) string {
	switch days := daysSince(day, now); {
	case days < 0:
		return ""
	case days == 0:
		return "today"
	default:
		return span(days) + " ago"
	}
}

// span is so many days, in the unit that people count them in.
func span(days int) string {
	switch {
	case days < 21:
		return count(days, "day")
	case days < 63:
		return count(days/7, "week")
	case days < 730:
		return count(days*12/365, "month")
	}
	return count(days/365, "year")
}

// Words says what is open, by whom, such as "yours 2 (1 overdue), theirs 1"; "": nothing is.
func (p *Person) Words() string {
	var list []string
	add := func(whose string, of Promises) {
		if of.Open > 0 {
			whose += fmt.Sprintf(" %d", of.Open)
			if of.Overdue > 0 {
				whose += fmt.Sprintf(" (%d overdue)", of.Overdue)
			}
			list = append(list, whose)
		}
	}
	add("yours", p.Mine)
	add("theirs", p.Theirs)
	return strings.Join(list, ", ")
}

// Stands says how it stands with somebody, such as "invited, round 2; met 12 days ago; open promises: yours 1".
func (m *Map) Stands(p *Person) string {
	text := string(p.Status)
	if p.Round > 1 {
		text += fmt.Sprintf(", round %d", p.Round)
	}
	switch since := m.Since(p); {
	case since == "":
		text += "; no talk yet"
	case text == string(conversation.Met):
		text += " " + since
	default:
		text += "; met " + since
	}
	if open := p.Words(); open != "" {
		text += "; open promises: " + open
	}
	return text
}

// A Group is the people who serve one result, by their names.
type Group struct {
	// Result is "" where none is named.
	Result string
	People []*Person
}

// Name is what the group is called.
func (g *Group) Name() string { return cmp.Or(g.Result, "No result named") }

// Groups are the results by their names, and last those who serve none. The order says nothing of what matters more:
// that is private, and whoever is there keeps their place from month to month.
func (m *Map) Groups() []Group {
	by := make(map[string][]*Person)
	for i := range m.People {
		p := &m.People[i]
		by[p.Result] = append(by[p.Result], p)
	}
	var list []Group
	for result, people := range by {
		slices.SortFunc(people, func(a, b *Person) int {
			return cmp.Or(cmp.Compare(sortKey(a.Name), sortKey(b.Name)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
		list = append(list, Group{result, people})
	}
	slices.SortFunc(list, func(a, b Group) int {
		switch {
		case a.Result == "":
			return 1
		case b.Result == "":
			return -1
		}
		return cmp.Or(cmp.Compare(sortKey(a.Result), sortKey(b.Result)), cmp.Compare(a.Result, b.Result))
	})
	return list
}

// sortKey lets names stand where people look for them: Ágnes beside Agnes.
func sortKey(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}

// title is what the picture is called.
func (m *Map) title() string { return "The coalition of " + isolated(m.Organizer) }

// summary says in a line what there is.
func (m *Map) summary() string {
	if len(m.People) == 0 {
		return day(m.Day) + ": no conversations yet"
	}
	results, near, fresh := 0, 0, 0
	for _, g := range m.Groups() {
		if g.Result != "" {
			results++
		}
	}
	for i := range m.People {
		switch m.closeness(&m.People[i]) {
		case thisMonth:
			near++
		case never:
			fresh++
		default:
		}
	}
	text := day(m.Day) + ": " + count(len(m.People), "partnership")
	if results > 0 {
		text += " for " + count(results, "result")
	}
	return fmt.Sprintf("%s; a talk in the last 30 days with %d, none yet with %d", text, near, fresh)
}

func day(t time.Time) string { return t.Format("2 January 2006") }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
