package scheduler_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/worklist"
)

// A version is what an answer is given to.
type version struct {
	start, end time.Time
	place      string
	repeats    bool
}

func versionOf(e *invites.Event) version { return version{e.Start, e.End, e.Location, e.Repeats} }

// A witness is the calendar in memory, and knows what its guest has answered, and to what. Whatever the program asks
// for is a look.
type witness struct {
	*online
	looks   int
	given   invites.PartStat // the guest's answer that stands; "" for none
	to      version          // that it was given to
	in      int              // before which look
	started int              // before which look the start has changed last
	changed int              // or anything else of the version
	known   version          // as it was at the last look
	from    version          // and at the last one before the answer
	log     []string
}

func (w *witness) Changes(ctx context.Context, cursor string, since time.Time, take func([]*invites.Event, bool) error) (string, error) {
	w.look()
	return w.online.Changes(ctx, cursor, since, take)
}

func (w *witness) Event(ctx context.Context, in, id string) (*invites.Event, error) {
	w.look()
	return w.online.Event(ctx, in, id)
}

func (w *witness) Write(ctx context.Context, ch *invites.EventChange, dot func() error) (*invites.Event, error) {
	w.look()
	var was *invites.Event
	if e := w.events[ch.ID]; e != nil {
		was = clone(e)
	}
	is, err := w.online.Write(ctx, ch, dot)
	if e := w.events[ch.ID]; e != nil && was != nil {
		w.seen(was, e)
	}
	w.look()
	w.log = append(w.log, fmt.Sprintf("write %s %s %q restore %t: %v", ch.Start.Format("2 15:04"), ch.End.Sub(ch.Start), ch.Location, ch.Restore, err))
	return is, err
}

// look is one look of the program.
func (w *witness) look() {
	w.looks++
	for _, e := range w.events {
		w.known = versionOf(e)
	}
}

// seen notes what a change does to the answer.
func (w *witness) seen(was, e *invites.Event) {
	if !e.Start.Equal(was.Start) {
		w.started = w.looks
	}
	if versionOf(e) != versionOf(was) {
		w.changed = w.looks
	}
	i := slices.IndexFunc(e.Guests, func(g invites.Guest) bool { return g.Email == "maya@example.org" })
	if i < 0 || e.Guests[i].PartStat == invites.NeedsAction || e.Guests[i].PartStat == "" {
		w.given = ""
	}
}

// does has somebody change the event there.
func (w *witness) does(what string, change func(e *invites.Event)) {
	for _, e := range w.events {
		was := clone(e)
		w.edit(change)
		w.seen(was, e)
		w.log = append(w.log, what+": "+fmt.Sprint(versionOf(e), e.Deleted, e.Guests))
	}
}

// TestLifeBetweenLooks lives random lives of one talk in Google Calendar, with any number of deeds between two looks.
// In the end the list equals what the partner's calendar shows, or says why it does not; and an answer is what the
// partner gave to what stands, and nothing else.
func TestLifeBetweenLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ testing.TB }{t}, func(rt *rapid.T) {
			w := newWorld(&tb{T: t, fail: rt})
			w.now = monday
			o := newOnline(w)
			o.now = time.Now
			o.asks = rapid.Bool().Draw(rt, "requests reset answers")
			wit := &witness{online: o}
			w.online(wit)
			starts := []string{"2027-03-04 10:00", "2027-03-05 15:00", "2027-03-08 09:00"}
			places := []string{"Riverside path", "Corner café", "South gate"}
			slot := func() plan.Slot {
				d := must(plan.ParseDate(rapid.SampledFrom(starts).Draw(rt, "start")))
				return must(d.Slot(w.now, "Europe/Lisbon", ana.Hours, 0))
			}
			when, place, purpose, length := starts[0], places[0], "Join forces.", 60
			write := func() {
				w.plan("maya", maya("permitted: She said yes.", "purpose: "+purpose, fmt.Sprintf("when: {start: %s, duration: %dm}", when, length),
					"setting: {kind: walk, place: "+place+"}"))
				now := time.Now()
				if err := os.Chtimes(filepath.Join(w.Plans.Path, "maya.yaml"), now, now); err != nil {
					rt.Fatal(err)
				}
			}
			write()
			w.pass()
			there := func(do func(e *invites.Event)) func(e *invites.Event) { // what can be done to an event that is there
				return func(e *invites.Event) {
					if !e.Deleted {
						do(e)
					}
				}
			}
			command := func(d *conversation.Draft, err error) {
				wit.log = append(wit.log, fmt.Sprint("command: ", err))
				if err == nil && d.Sent == nil {
					w.commit(d, nil)
				}
			}
			settle := func() {
				o.before, o.after = nil, nil
				for range 5 {
					w.again()
					w.sync()
					w.pass()
				}
			}
			check := func() {
				c := w.find("maya")
				next := roster.Next(c, w.now).Next
				fail := func(format string, args ...any) {
					rt.Fatalf(format+"\nnext: %s\n%s\n--\n%s", append(args, next, w.history("sync", "answer", "plan", "move", "cancel"), strings.Join(wit.log, "\n"))...)
				}
				if len(o.events) > 1 {
					fail("there are %d events", len(o.events))
				}
				for _, e := range o.events {
					shown := place
					if c.Place != nil {
						shown = *c.Place
					}
					switch {
					case c.Cancelled != nil:
						if !e.Deleted && !strings.Contains(next, "take the event out again") {
							fail("it is cancelled, and its event is there")
						}
						continue
					case e.Deleted:
						if !strings.Contains(next, "deleted in Google Calendar") {
							fail("it is deleted")
						}
						continue
					case e.Start.IsZero() || e.Repeats:
						if !strings.Contains(next, "say when the talk is") {
							fail("it has lost its time")
						}
					case !c.Start(w.now).Equal(e.Start) || c.Length() != e.End.Sub(e.Start):
						fail("the list says %s for %s, the calendar %s for %s", c.Start(w.now), c.Length(), e.Start, e.End.Sub(e.Start))
					case shown != e.Location:
						fail("the list says %q, the calendar %q", shown, e.Location)
					}
					named := strings.Contains(strings.Join(worklist.Lines(c, w.now), "\n"), "stands in Google Calendar")
					switch {
					case !hasGuest(e, "maya@example.org"):
						if c.PartStat != invites.Declined {
							fail("she has left, and it is %s", c.PartStat)
						}
					case c.PartStat == invites.NeedsAction:
						if wit.given != "" && wit.to == versionOf(e) && !e.Start.IsZero() && !e.Repeats && !named {
							fail("she has answered %s to what stands, and the list says nothing", wit.given)
						}
					case wit.given != c.PartStat:
						fail("it is %s, and she has said %q", c.PartStat, wit.given)
					case wit.changed == wit.in && wit.from == versionOf(e): // changed and changed back between two looks, which nobody can see
					case wit.to != versionOf(e) && (!wit.to.start.Equal(e.Start) || wit.started != wit.in):
						fail("it is %s, which was said to %v; now there stands %v", c.PartStat, wit.to, versionOf(e))
					}
				}
				for _, m := range c.Messages {
					if m.State == outbox.Queued || m.State == outbox.Sending {
						fail("the %s is still %s: %s", m.Kind, m.State, m.Error)
					}
				}
				if len(w.arrived) > 0 {
					fail("mail has left: %s", w.kinds())
				}
			}
			rt.Repeat(map[string]func(*rapid.T){
				"": func(*rapid.T) { time.Sleep(10 * time.Millisecond) },
				"edit": func(rt *rapid.T) {
					switch rapid.IntRange(0, 3).Draw(rt, "what") {
					case 0:
						when = rapid.SampledFrom(starts).Draw(rt, "start")
					case 1:
						place = rapid.SampledFrom(places).Draw(rt, "place")
					case 2:
						purpose = rapid.SampledFrom([]string{"Join forces.", "Something else."}).Draw(rt, "purpose")
					case 3:
						length = rapid.SampledFrom([]int{60, 90}).Draw(rt, "length")
					}
					write()
					wit.log = append(wit.log, fmt.Sprint("plan: ", when, place, purpose, length))
					must(w.Pass(context.Background(), w.board()))
				},
				"move": func(rt *rapid.T) {
					w.sync() // as commands do
					command(w.reschedule(w.find("maya"), slot(), w.now))
				},
				"invite": func(*rapid.T) {
					w.sync()
					command(w.invite(w.find("maya"), plan.Slot{}, "", w.now))
				},
				"cancel": func(rt *rapid.T) {
					if w.find("maya").Cancelled != nil || rapid.IntRange(0, 9).Draw(rt, "really") == 0 {
						command(w.callOff(w.find("maya"), "", w.now))
					}
				},
				"move there": func(rt *rapid.T) {
					to := slot().Time().UTC()
					wit.does("move", there(func(e *invites.Event) { e.Start, e.End = to, to.Add(time.Hour) }))
				},
				"length there": func(rt *rapid.T) {
					long := time.Duration(rapid.SampledFrom([]int{30, 60, 120}).Draw(rt, "minutes")) * time.Minute
					wit.does("length", there(func(e *invites.Event) {
						if !e.Start.IsZero() {
							e.End = e.Start.Add(long)
						}
					}))
				},
				"place there": func(rt *rapid.T) {
					to := rapid.SampledFrom(places).Draw(rt, "place")
					wit.does("place", there(func(e *invites.Event) { e.Location = to }))
				},
				"colour":      func(*rapid.T) { wit.does("colour", func(*invites.Event) {}) },
				"description": func(*rapid.T) { wit.does("words", there(func(e *invites.Event) { e.Description += "!" })) },
				"other guest": func(*rapid.T) {
					wit.does("other guest", there(func(e *invites.Event) {
						if !hasGuest(e, "zoe@example.org") {
							e.Guests = append(e.Guests, invites.Guest{Email: "zoe@example.org", PartStat: invites.Accepted})
						} else {
							e.Guests = slices.DeleteFunc(e.Guests, func(g invites.Guest) bool { return g.Email == "zoe@example.org" })
						}
					}))
				},
				"leave": func(rt *rapid.T) {
					if rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
						wit.does("leave", there(func(e *invites.Event) {
							e.Guests = slices.DeleteFunc(e.Guests, func(g invites.Guest) bool { return g.Email == "maya@example.org" })
						}))
					}
				},
				"all day": func(rt *rapid.T) {
					if rapid.IntRange(0, 2).Draw(rt, "really") == 0 {
						wit.does("all day", there(func(e *invites.Event) { e.Start, e.End = time.Time{}, time.Time{} }))
					}
				},
				"series": func(rt *rapid.T) {
					if rapid.IntRange(0, 2).Draw(rt, "really") == 0 {
						wit.does("series", there(func(e *invites.Event) { e.Repeats = !e.Repeats }))
					}
				},
				"delete": func(rt *rapid.T) {
					if rapid.IntRange(0, 2).Draw(rt, "really") == 0 {
						wit.does("delete", deleteIt)
					}
				},
				"restore": func(*rapid.T) { wit.does("restore", func(e *invites.Event) { e.Deleted = false }) },
				"answer": func(rt *rapid.T) {
					p := rapid.SampledFrom([]invites.PartStat{invites.Accepted, invites.Accepted, invites.Tentative, invites.Declined}).Draw(rt, "answer")
					wit.does("answer", there(func(e *invites.Event) {
						for i := range e.Guests {
							if e.Guests[i].Email == "maya@example.org" {
								e.Guests[i].PartStat = p
								wit.given, wit.to, wit.in, wit.from = p, versionOf(e), wit.looks, wit.known
							}
						}
					}))
				},
				"network": func(rt *rapid.T) {
					o.before, o.after = nil, nil
					switch rapid.SampledFrom([]string{"fine", "fine", "refused", "cut before", "cut after"}).Draw(rt, "network") {
					case "refused":
						o.before = &invites.DeliveryError{Text: "503"}
					case "cut before":
						o.before = &invites.DeliveryError{Unclear: true, Text: "cut"}
					case "cut after":
						o.after = &invites.DeliveryError{Unclear: true, Text: "cut"}
					}
				},
				"pass":  func(*rapid.T) { w.pass() },
				"again": func(*rapid.T) { w.again() },
				"sync":  func(*rapid.T) { w.sync() },
				"lost":  func(*rapid.T) { o.forget = true },
				"settle": func(*rapid.T) {
					settle()
					check()
				},
			})
			settle()
			check()
		})
	})
}
