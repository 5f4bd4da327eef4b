package scheduler_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"coalition/scheduler/check"
	"coalition/scheduler/conversation"
)

// A time that two open briefs offer is named once, with both places; one that is agreed already, too.
func TestCheckOffers(t *testing.T) {
	const three = "when: {times: [2027-03-04 10:00, 2027-03-05 15:00, 2027-03-08 9:30]}"
	tom := func(changes ...string) string {
		return maya(append([]string{"  name: Tom Weiss", "  email: tom@example.org"}, changes...)...)
	}
	warnings := func(w *world) (list []string) {
		for _, p := range check.Plans(w.board(), w.Words, w.Finder.Holidays) {
			if strings.Contains(p.Text, "offered to") || strings.Contains(p.Text, "agreed with") || strings.Contains(p.Text, "overlaps") {
				list = append(list, p.File[strings.LastIndexByte(p.File, '/')+1:]+": "+p.Text)
			}
		}
		return list
	}
	for _, test := range []struct {
		name, other string
		want        []string // in the one warning; none: there is no warning
	}{
		{"the same time", tom("when: {times: [2027-03-05 15:00, 2027-03-09 9:00]}"), []string{"tom.yaml: Fri 5 Mar 2027 15:00", "offered to Maya Chen as well", "maya.yaml:11"}},
		{"two of them", tom(three), []string{"is offered to Maya Chen as well"}},
		{"half an hour later", tom("when: {times: [2027-03-05 15:30, 2027-03-09 9:00]}"), []string{"offered to Maya Chen as well"}},
		{"one time", tom("when: {start: 2027-03-08 10:00}"), []string{"offered to Maya Chen as well"}},
		{"right behind it", tom("when: {times: [2027-03-05 16:00, 2027-03-09 9:00]}"), nil},
		{"not ready yet", tom(three, "ready: false"), nil},
		{"agreed", tom("when: {start: 2027-03-08 10:00}", "permitted: He said so."), []string{"maya.yaml: Mon 8 Mar 2027 9:30", "is agreed with Tom Weiss already", "tom.yaml:11"}},
	} {
		w := newWorld(t)
		w.plan("maya", maya(three))
		w.plan("tom", test.other)
		for range 2 { // before the briefs go, and after
			got := warnings(w)
			if len(got) != min(1, len(test.want)) {
				t.Errorf("%s: %q", test.name, got)
			}
			for _, s := range test.want {
				if len(got) > 0 && !strings.Contains(strings.ReplaceAll(got[0], " 09:", " 9:"), s) {
					t.Errorf("%s: %q, without %q", test.name, got, s)
				}
			}
			w.pass()
			w.later(time.Hour)
		}
	}
	// One plan is named once, however many others it clashes with.
	many := newWorld(t)
	for _, id := range []string{"a", "b", "c", "d"} {
		many.plan(id, maya(three, "  name: Person "+id, "  email: "+id+"@example.org"))
	}
	const first = "Thu 4 Mar 2027 10:00 (Europe/Lisbon) is offered to Person a as well"
	got := strings.Join(warnings(many), "\n")
	if strings.Count(got, "\n") != 2 || strings.Count(got, first) != 3 || !strings.Contains(got, "; so it is with 1 other plan\n") ||
		!strings.HasSuffix(got, "; so it is with 2 other plans") {
		t.Errorf("four with the same times:\n%s", got)
	}
	// Of very many it says so, and what is agreed is still named.
	for i := range 30 {
		id := fmt.Sprintf("e%02d", i)
		many.plan(id, maya(three, "  name: Person "+id, "  email: "+id+"@example.org"))
	}
	many.plan("z", maya("when: {start: 2027-03-08 10:00}", "permitted: He said so.", "  name: Zoe", "  email: z@example.org"))
	got = strings.Join(warnings(many), "\n")
	if !strings.Contains(got, "; so it is with many other plans") {
		t.Errorf("very many with the same times:\n%s", got)
	}
	if n := strings.Count(got, "is agreed with Zoe already"); n != 34 {
		t.Errorf("%d plans are told of the talk that is agreed:\n%s", n, got)
	}
	// Whoever has said no, or is not asked any more, is in nobody's way.
	w := newWorld(t)
	w.plan("maya", maya(three))
	w.plan("tom", tom(three))
	w.pass()
	w.take("tom", conversation.Answer{Value: conversation.No, How: "command"})
	if got := warnings(w); got != nil {
		t.Errorf("after a no: %q", got)
	}
}
