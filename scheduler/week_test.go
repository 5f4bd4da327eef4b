package scheduler_test

import (
	"strings"
	"testing"
	"time"

	"coalition/scheduler"
	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/nurture"
	"coalition/scheduler/plan"
)

func TestBeginOfWeek(t *testing.T) {
	for _, tt := range []struct {
		name  string
		hours plan.Hours
		now   string
		want  string
	}{
		{"the day itself, early", ana.Hours, "2027-03-08 00:10", "2027-03-08 09:00"},
		{"the day itself, late", ana.Hours, "2027-03-08 23:50", "2027-03-08 09:00"},
		{"with Monday off, on Monday", plan.Hours{{Days: []plan.Weekday{plan.Weekday(time.Tuesday)}, From: 10 * 60, To: 12 * 60}}, "2027-03-08 12:00", "2027-03-09 10:00"},
		{"in office hours", nil, "2027-03-10 12:00", "2027-03-08 09:00"},
		{"on Sunday", ana.Hours, "2027-03-14 23:50", "2027-03-08 09:00"},
		{"after the clocks were put on", ana.Hours, "2027-03-29 08:00", "2027-03-29 09:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now, err := time.ParseInLocation("2006-01-02 15:04", tt.now, lisbon)
			if err != nil {
				t.Fatal(err)
			}
			if got := nurture.BeginOfWeek(now, tt.hours, lisbon).In(lisbon).Format("2006-01-02 15:04"); got != tt.want {
				t.Errorf("it begins on %s, want %s", got, tt.want)
			}
		})
	}
}

// weekly is a world whose organizer wants to be told of each week, with a few talks under way.
func weekly(t *testing.T) *world {
	w := newWorld(t)
	w.with(func(c *scheduler.Config) {
		c.Journals = func() map[plan.ID]*journal.Journal {
			return map[plan.ID]*journal.Journal{"ben": {Entries: []journal.Entry{{Round: 1, On: "2027-01-04", Promises: []journal.Promise{
				{By: journal.Me, Text: "Digestkanarien", Due: "2027-03-05"}, {By: journal.Them, Text: "Digestkanarien two", Due: "2027-03-10"},
				{By: journal.Them, Text: "Digestkanarien three", Due: "2027-04-10"}}}}}}
		}
	})
	w.Digest = true
	with := func(name string, changes ...string) string {
		return maya(append([]string{"  name: " + name, "  email: " + strings.ToLower(name) + "@example.org"}, changes...)...)
	}
	w.plan("ada", with("Ada", "when: {start: 2027-03-10 10:00}", "permitted: Yes."))
	w.plan("ben", with("Ben", "when: {start: 2027-03-11 10:00}", "ready: false", "private: {importance: 5, why: Digestkanarien}"))
	w.plan("eva", with("Eva", "when: {start: 2027-04-10 10:00}"))
	w.plan("lee", with("Lee", "when: {times: [2027-04-11 10:00, 2027-04-12 10:00]}"))
	w.now = time.Date(2027, 3, 4, 12, 0, 0, 0, lisbon)
	w.pass()
	w.take("lee", conversation.Answer{Value: conversation.Query, How: "command"})
	return w
}

// At the begin of their week the organizer gets one mail, to themself, with names, days and counts; no more of it in the
// same week, whoever looks, and none for weeks that nobody looked in.
func TestDigest(t *testing.T) {
	w := weekly(t)
	digests := func() (list []string) {
		for _, p := range w.arrived {
			if strings.Contains(string(p.Data), "Subject: Your week from") {
				list = append(list, string(p.Data))
				if p.To != "ana@example.org" {
					t.Errorf("it goes to %v", p.To)
				}
			}
		}
		return list
	}
	if again := w.pass().Again; len(digests()) != 0 || !again.Equal(time.Date(2027, 3, 8, 9, 0, 0, 0, lisbon)) {
		t.Fatalf("%d on a Thursday; it looks again at %v", len(digests()), again)
	}
	w.now = time.Date(2027, 3, 8, 8, 59, 0, 0, lisbon)
	if again := w.pass().Again; len(digests()) != 0 || !again.Equal(w.now.Add(time.Minute)) {
		t.Fatalf("%d before the hours begin; it looks again at %v", len(digests()), again)
	}
	w.now = w.now.Add(time.Minute)
	for i := range 4 {
		if r := w.pass(); i > 1 && (r.Beaten || len(r.Decided) > 0) {
			t.Errorf("later it decides on %v", r.Decided)
		}
		w.later(3 * time.Hour)
		if i == 0 {
			// It comes before all others.
			w.plan("aaa", maya("  email: aaa@example.org", "when: {start: 2027-04-20 10:00}", "permitted: Yes."))
		}
	}
	list := digests()
	if len(list) != 1 {
		t.Fatalf("%d on a Monday", len(list))
	}
	for _, want := range []string{"Your talks", "- Ada: Wednesday, 10 March 2027, 10:00", "Waiting for a word of yours\r\n- Lee", "No answer yet\r\n- Ada, asked on Thursday, 4 March 2027\r\n- Eva, asked on Thursday, 4 March 2027",
		"- Ben: yours 1, theirs 1", "Not talked with for a while\r\n- Ben, last on Monday, 4 January 2027"} {
		if !strings.Contains(list[0], want) {
			t.Errorf("it lacks %q:\n%s", want, list[0])
		}
	}
	if strings.Contains(list[0], "- Ben: Thursday") {
		t.Errorf("a talk that nobody knows of is in it:\n%s", list[0])
	}
	if strings.Contains(list[0], "kanarien") {
		t.Errorf("it has private words:\n%s", list[0])
	}
	w.now = time.Date(2027, 3, 9, 9, 0, 0, 0, lisbon)
	w.pass()
	// Nobody looks for three weeks and a day.
	w.now = time.Date(2027, 3, 30, 9, 0, 0, 0, lisbon)
	w.pass()
	if n := len(digests()); n != 1 {
		t.Errorf("%d by then", n)
	}
	w.now = time.Date(2027, 4, 5, 15, 0, 0, 0, lisbon)
	w.pass()
	if n := len(digests()); n != 2 {
		t.Errorf("%d in the week after", n)
	}
}

// Where there is nothing to say there is no mail, and none where it is not wanted.
func TestNoDigest(t *testing.T) {
	w := newWorld(t)
	w.Digest = true
	w.plan("maya", maya("permitted: Yes."))
	w.now = time.Date(2027, 2, 22, 9, 0, 0, 0, lisbon)
	w.pass()
	w.take("maya", conversation.Answer{Value: conversation.No, How: "command"})
	w.commit(w.callOff(w.find("maya"), "", w.now))
	w.pass()
	before := w.kinds()
	w.now = time.Date(2027, 3, 1, 9, 0, 0, 0, lisbon)
	// Nothing else would have it look again.
	if again, next := w.pass().Again, time.Date(2027, 3, 8, 9, 0, 0, 0, lisbon); !again.Equal(next) {
		t.Errorf("it looks again at %v, and the next week begins at %v", again, next)
	}
	if got := w.kinds(); got != before {
		t.Errorf("arrived: %s; before: %s", got, before)
	}
	other := weekly(t)
	other.Digest = false
	before = other.kinds()
	other.now = time.Date(2027, 3, 8, 9, 0, 0, 0, lisbon)
	other.pass()
	if got := other.kinds(); got != before {
		t.Errorf("arrived: %s; before: %s", got, before)
	}
}

// Of two that look at the same moment, one writes it.
func TestDigestOnce(t *testing.T) {
	w := weekly(t)
	w.now = time.Date(2027, 3, 8, 9, 0, 0, 0, lisbon)
	one, two := w.board(), w.board()
	_, _ = w.Pass(t.Context(), one)
	_, _ = w.Pass(t.Context(), two)
	n := 0
	for _, c := range w.board().Conversations {
		for _, m := range c.Messages {
			if strings.HasPrefix(m.Revision, "week ") {
				n++
			}
		}
	}
	if n != 1 {
		t.Errorf("%d are written down", n)
	}
	if len(w.find("ada").Notices) != 0 {
		t.Errorf("kept: %v", w.find("ada").Notices)
	}
}
