package scheduler_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// TestLifeOfPeople lives random lives of several talks with one person: whatever happens, no brief goes to
// them by itself beside another that is unanswered, after a no or before the round before it was held, and
// nothing at all after a stop. A test of its own memory judges what has left.
func TestLifeOfPeople(t *testing.T) {
	lives := 8
	if testing.Short() {
		lives = 3
	}
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() != f.DefValue {
		if _, err := fmt.Sscan(f.Value.String(), &lives); err != nil {
			t.Fatal(err)
		}
	}
	for seed := range lives {
		liveWith(t, uint64(seed))
		if t.Failed() {
			t.Fatalf("in life %d", seed)
		}
	}
}

func liveWith(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(1, seed))
	w := newWorld(t)
	defer w.store.Close()
	other := []string{"  email: m@example.net", "  timezone: Europe/Berlin\n  aliases: [maya@example.org]"}
	plans := map[string]string{
		"a": maya("  timezone: Europe/Berlin\n  aliases: [m@example.net]") + "---\n" + maya("id: a", "round: 2", "when: {start: 2027-04-01 10:00}"),
		"b": maya(append(other, "when: {start: 2027-03-11 10:00}")...),
		"c": maya("when: {start: 2027-03-18 10:00}", "private: {importance: 5}"),
		"d": maya("permitted: She said so.", "when: {start: 2027-03-25 10:00}"),
	}
	refs := []string{"a/1", "a/2", "b", "c", "d"}
	var did []string
	no, stop := false, false // what stands
	asked := map[string]bool{}
	seen := 0
	look := func() {
		t.Helper()
		b := w.board()
		pass := 0
		for ; seen < len(w.arrived); seen++ {
			p := w.arrived[seen]
			var c *conversation.Conversation
			var m *outbox.Message
			for _, x := range b.Conversations {
				for _, y := range x.Messages {
					if y.MessageID == p.MessageID {
						c, m = x, y
					}
				}
			}
			switch {
			case m.Kind == outbox.Notice || m.Approved:
			case stop:
				t.Errorf("%s of %s has left by itself after a stop: %v", m.Kind, c.Ref(), did)
			case m.Kind != outbox.Brief:
			case no:
				t.Errorf("the brief of %s has left by itself after a no: %v", c.Ref(), did)
			case c.Round == 2 && !w.find("a/1").Status(w.now).Held() && !asked["a/2"]:
				t.Errorf("round 2 has left before round 1 was held: %v", did)
			default:
				if pass++; pass > 1 {
					t.Errorf("two briefs in one pass: %v", did)
				}
				for _, x := range b.Conversations {
					if x != c && x.Answer == nil && x.Cancelled == nil && !x.Invited() && slices.ContainsFunc(w.arrived[:seen], func(q *invites.Submission) bool {
						return q.ID == string(x.ID) && q.Kind == "brief" && has(x, q.MessageID)
					}) {
						t.Errorf("the brief of %s has left while that of %s is unanswered: %v", c.Ref(), x.Ref(), did)
					}
				}
			}
		}
	}
	for range 25 {
		w.later(time.Duration(1+rnd.IntN(90)) * time.Minute)
		ref := refs[rnd.IntN(len(refs))]
		what := rnd.IntN(11)
		did = append(did, fmt.Sprint(what, " ", ref))
		switch what {
		case 0, 1:
			id := ref[:1]
			w.plan(id, plans[id])
			w.pass()
		case 2, 3:
			w.pass()
		case 4:
			w.later(time.Duration(rnd.IntN(10*24)) * time.Hour)
			w.pass()
		case 5: // the partner writes
			if len(w.arrived) == 0 {
				continue
			}
			p := w.arrived[rnd.IntN(len(w.arrived))]
			text := []string{"yes", "no", "later", "no", "stop", "What for?"}[rnd.IntN(6)]
			before := answers(w)
			r := w.receive(w.letterOf(p, text))
			if text == "stop" && r.Counted {
				stop = true
			}
			if r.Counted && answers(w)[plan.Ref(r.ID, r.Round)] == conversation.Yes { // also one that the organizer had recorded already
				stop = false
			}
			for ref, now := range answers(w) {
				if now != before[ref] {
					switch now {
					case conversation.No:
						no = true
					case conversation.Yes:
						stop = false
					}
				}
			}
		case 6: // the organizer asks
			c, err := w.board().Find(ref)
			if err != nil {
				continue
			}
			if d, err := w.ask(c, true, w.now); err == nil && d.Sent == nil {
				w.commit(d, nil)
				asked[c.Ref()], no = true, false
				w.pass()
			}
		case 7: // and records
			c, err := w.board().Find(ref)
			if err != nil || c.Rev == 0 {
				continue
			}
			value := []string{conversation.Yes, conversation.No, conversation.Wait}[rnd.IntN(3)]
			if d, err := w.Take(c, conversation.Answer{Value: value, How: "command"}, w.now); err == nil {
				w.commit(d, nil)
				no = value == conversation.No
				w.pass()
			}
		case 8:
			if c, err := w.board().Find(ref); err == nil {
				if d, err := w.callOff(c, "", w.now); err == nil && d.Sent == nil {
					w.commit(d, nil)
				}
			}
		case 10: // a talk is looked back on, where it is over
			c, err := w.board().Find(ref)
			if err != nil {
				continue
			}
			if d, err := w.debrief(c.Ref(), &command.Thanks{}); err == nil {
				w.commit(d, nil)
				w.pass()
			}
		case 9: // the server is away for a while, and what waits must not go by then
			w.answer = func(*invites.Submission, func() error) error {
				return &invites.DeliveryError{Code: 451, Text: "not now"}
			}
			w.pass()
			w.answer = nil
			if err := w.store.Hurry(context.Background(), outbox.Mail); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !slices.ContainsFunc(w.board().Conversations, func(c *conversation.Conversation) bool { return c.Answer != nil && c.Answer.Value == conversation.No }) {
			no = false
		}
		look()
	}
}

func answers(w *world) map[string]string {
	m := make(map[string]string)
	for _, c := range w.board().Conversations {
		if c.Answer != nil {
			m[c.Ref()] = c.Answer.Value
		}
	}
	return m
}

func has(c *conversation.Conversation, messageID string) bool {
	return slices.ContainsFunc(c.Messages, func(m *outbox.Message) bool { return m.MessageID == messageID })
}
