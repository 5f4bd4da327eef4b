package roster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

// A Board is all conversations at one moment: plans and state together.
type Roster struct {
	// Settings are what the organizer has configured.
	Settings      *conversation.Settings
	Now           time.Time
	Slots         int64                        // what [scheduler.Store.Slots] was before it was read
	Conversations []*conversation.Conversation // by id and round
	Problems      []strictyaml.Problem
	Again         time.Time                    // in real time: when a plan file should be read once more; zero: never
	Writing       int                          // plan files that are not read yet since they have just been written
	Fresh         bool                         // the store holds no conversation, and there are plans
	Doors         []*outbox.Door               // those that are closed
	Gone          []*conversation.Conversation // those that are not over, and whose plan file is no more
	Doubt         string                       // why the state may not know of all that has left for the plans; "": it does
}

// Find is the conversation of a reference as people write it: an id or the start of one, with
// "/2" behind it for the second round. Without a round it is the first one that is not over. The
// error is a [conversation.Refusal].
func (b *Roster) Find(ref string) (*conversation.Conversation, error) {
	name, round := ref, 0
	if i := strings.LastIndexByte(ref, '/'); i >= 0 {
		if _, err := fmt.Sscanf(ref[i+1:], "%d", &round); err != nil || round < 1 {
			return nil, conversation.Refuse(conversation.ErrUnfit, fmt.Sprintf("%q names no round", ref), "write it as maya/2")
		}
		name = ref[:i]
	}
	var exact, begins []*conversation.Conversation
	for _, c := range b.Conversations {
		if round != 0 && c.Round != round {
			continue
		}
		if string(c.ID) == name {
			exact = append(exact, c)
		} else if name != "" && strings.HasPrefix(string(c.ID), name) {
			begins = append(begins, c)
		}
	}
	list := exact
	if list == nil {
		list = begins
		for _, c := range begins {
			if c.ID != begins[0].ID {
				return nil, conversation.Refuse(conversation.ErrUnfit, fmt.Sprintf("%q could be %s or %s", ref, begins[0].ID, c.ID), "write more of it")
			}
		}
	}
	if len(list) == 0 {
		return nil, conversation.Refuse(conversation.ErrUnfit, fmt.Sprintf("there is no conversation %q", ref), "see: "+b.Settings.How(conversation.WayList, ""))
	}
	for _, c := range list {
		if st := c.Status(b.Now); st != conversation.Met && st != conversation.Cancelled {
			return c, nil
		}
	}
	return list[len(list)-1], nil
}

// Result is the message of that row as it stands now, with its conversation; nil where there is none.
func (b *Roster) Result(row int64) (*conversation.Conversation, *outbox.Message) {
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			if m.Row == row {
				return c, m
			}
		}
	}
	return nil, nil
}

// Free reports whether the organizer has agreed on no other talk in that span, as far as the
// conversations say. One that is only proposed leaves it free: who answers first has it.
func (b *Roster) Free(start time.Time, length time.Duration, except *conversation.Conversation) bool {
	return len(b.Overlaps(start, length, except)) == 0
}

// Clashes are the other talks agreed on in the time to which a draft invites its partner, or moves a talk.
func (b *Roster) Clashes(d *conversation.Draft) (list []*conversation.Conversation) {
	m, told := d.Sent, d.Conversation.Told()
	if len(d.Messages) > 0 {
		m = d.Messages[0]
	}
	if m == nil || m.Kind != outbox.Invite && m.Kind != outbox.Update || m.MayHaveLeft() || told != nil && told.Start == m.Content.Start && told.Length == m.Content.Length {
		return nil
	}
	return b.Overlaps(m.Content.Start.Time(), m.Content.Length, d.Conversation)
}

// Overlaps are the other talks agreed on in that span.
func (b *Roster) Overlaps(start time.Time, length time.Duration, except *conversation.Conversation) (list []*conversation.Conversation) {
	for _, c := range b.Conversations {
		other := c.Start(b.Now)
		if c == except || other.IsZero() || c.Cancelled != nil || c.Said(conversation.No) || !c.Said(conversation.Yes) && c.Told() == nil {
			continue
		}
		if other.Before(start.Add(length)) && start.Before(other.Add(c.Length())) {
			list = append(list, c)
		}
	}
	return list
}

// Pick is the earliest of the times with these numbers, as a brief counts them from 1, that is still
// free, zero where none is; or the first number that means no time.
func (b *Roster) Pick(c *conversation.Conversation, numbers []int) (best plan.Slot, unknown int) {
	offered := c.Choices(b.Now)
	for _, n := range numbers {
		if n < 1 || n > len(offered) {
			return plan.Slot{}, n
		}
		slot := offered[n-1]
		if at := slot.Time(); at.After(b.Now) && c.Stands(slot, b.Now) && b.Free(at, c.Length(), c) && (best.IsZero() || at.Before(best.Time())) {
			best = slot
		}
	}
	return best, 0
}

// Taken is the first of the times with these numbers that another talk has, and which one has it.
func (b *Roster) Taken(c *conversation.Conversation, numbers []int) (plan.Slot, string) {
	offered := c.Choices(b.Now)
	for _, n := range numbers {
		if n < 1 || n > len(offered) || !offered[n-1].Time().After(b.Now) || !c.Stands(offered[n-1], b.Now) {
			continue
		}
		if others := b.Overlaps(offered[n-1].Time(), c.Length(), c); len(others) > 0 {
			return offered[n-1], others[0].Ref()
		}
	}
	return plan.Slot{}, ""
}

// Choose is the earliest of the times with these numbers, as a brief counts them from 1, that is still
// free. The error is a [conversation.Refusal].
func (b *Roster) Choose(c *conversation.Conversation, numbers []int) (plan.Slot, error) {
	if slices.Contains(numbers, 0) {
		return plan.Slot{}, conversation.Refuse(conversation.ErrUnfit, "there is no time with the number 0", "see: "+c.How(conversation.WayShow))
	}
	slot, unknown := b.Pick(c, numbers)
	switch {
	case unknown != 0:
		return slot, conversation.Refuse(conversation.ErrUnfit, fmt.Sprintf("there is no time with the number %d", unknown), "see: "+c.How(conversation.WayShow))
	case slot.IsZero():
		return slot, conversation.Refuse(conversation.ErrUnfit, "none of these times is free any more", "record the yes without --time, and choose another one together")
	}
	return slot, nil
}

// HeldBeside reports whether messages are held besides these.
func (b *Roster) HeldBeside(these []*outbox.Message) bool {
	for _, c := range b.Conversations {
		for _, m := range c.Approvable(b.Now) {
			if m.State == outbox.Held && !slices.ContainsFunc(these, func(t *outbox.Message) bool { return t.Row == m.Row }) {
				return true
			}
		}
	}
	return false
}

// CheckOverlaps finds talks ahead that can't both be held; each is named once.
func (b *Roster) CheckOverlaps() (list []strictyaml.Problem) {
	type talk struct {
		c          *conversation.Conversation
		start, end time.Time
	}
	var talks []talk
	for _, c := range b.Conversations {
		if start := c.Start(b.Now); start.After(b.Now) && c.Cancelled == nil && !c.Said(conversation.No) {
			talks = append(talks, talk{c, start, start.Add(c.Length())})
		}
	}
	slices.SortStableFunc(talks, func(a, b talk) int { return a.start.Compare(b.start) })
	var first talk // of those before, the one that ends last
	for _, second := range talks {
		if second.start.Before(first.end) {
			c, other := second.c, first.c
			if c.Source() == nil || !c.Planned() {
				c, other = other, c
			}
			if c.Source() != nil && c.Planned() {
				list = append(list, c.Source().Warning("this talk overlaps with that of "+other.Ref(), "move one of them", "when"))
			}
		}
		if second.end.After(first.end) {
			first = second
		}
	}
	return list
}

// CheckOffers finds times that two open briefs offer, or that a brief offers and another talk has: who
// answers first gets them, and the other is asked to choose again. What both know as their one start is an
// overlap, and named there.
func (b *Roster) CheckOffers() (list []strictyaml.Problem) {
	type offer struct {
		c          *conversation.Conversation
		slot       plan.Slot
		start, end time.Time
		open       bool // a question, not an agreement
	}
	var offers []offer
	for _, c := range b.Conversations {
		slots := []plan.Slot{c.StartSlot(b.Now)}
		open := c.Open(b.Now) && c.Ready && !c.Said(conversation.Yes) && !c.Said(conversation.Wait)
		if agreed := c.Said(conversation.Yes) || c.Told() != nil; c.Cancelled != nil || c.Said(conversation.No) || !open && !agreed {
			continue
		}
		if open {
			slots = c.Offers(b.Now)
		}
		for _, s := range slots {
			if at := s.Time(); at.After(b.Now) {
				offers = append(offers, offer{c, s, at, at.Add(c.Length()), open})
			}
		}
	}
	slices.SortStableFunc(offers, func(x, y offer) int { return x.start.Compare(y.start) })
	named := make(map[[2]*conversation.Conversation]bool)
	var before []offer // those that may not be over yet
	for _, o := range offers {
		before = slices.DeleteFunc(before, func(other offer) bool { return !o.start.Before(other.end) })
		for _, other := range before {
			mine, theirs := o, other
			if !mine.open || mine.c.Source() == nil || !mine.c.Planned() {
				mine, theirs = other, o
			}
			pair := [2]*conversation.Conversation{mine.c, theirs.c}
			both := !mine.c.StartSlot(b.Now).IsZero() && !theirs.c.StartSlot(b.Now).IsZero()
			if mine.c == theirs.c || both || !mine.open || mine.c.Source() == nil || !mine.c.Planned() || named[pair] {
				continue
			}
			named[pair], named[[2]*conversation.Conversation{theirs.c, mine.c}] = true, true
			text := mine.slot.String() + " is offered to " + theirs.c.Plan.With.Name + " as well" + site(theirs.c, theirs.slot, b.Now)
			if !theirs.open {
				text = mine.slot.String() + " is agreed with " + theirs.c.Plan.With.Name + " already" + site(theirs.c, theirs.slot, b.Now)
			}
			list = append(list, mine.c.Source().Warning(text, "offer another, or leave it to who answers first", pathOf(mine.c, mine.slot, b.Now)...))
		}
		before = append(before, o)
	}
	return list
}

// CheckPerson warns of a brief that will not go by itself, since of what has been said or asked in another
// conversation with the same person, or since the round before it is still ahead.
func CheckPerson(c *conversation.Conversation, now time.Time) []strictyaml.Problem {
	if c.Cancelled != nil || c.Answer != nil || c.Told() != nil || len(c.Briefs()) > 0 {
		return nil
	}
	o := obstacleTo(c, now)
	if o == nil {
		return nil
	}
	path, mend := []string{"with", "email"}, "leave it, or send it by a word of your own: "+c.How(conversation.WayAsk)
	if c.Before != nil && silenceOf(c).in == nil {
		path = []string{"round"}
	}
	return []strictyaml.Problem{c.Source().Warning(o.why+": no brief goes by itself", mend, path...)}
}

// path is that of a time's key in the plan.
func pathOf(c *conversation.Conversation, slot plan.Slot, now time.Time) []string {
	if i := slices.Index(c.DatesAt(now).Times, slot); i >= 0 && i < len(c.Source().When.Times) {
		return []string{"when", "times", fmt.Sprint(i)}
	}
	return []string{"when", WhenKey(c.Source().When)}
}

// site is where the plan names a time, in brackets; "" where its file can't be read.
func site(c *conversation.Conversation, slot plan.Slot, now time.Time) string {
	if c.Source() == nil || !c.Planned() {
		return ""
	}
	p := c.Source().Problem("", "", pathOf(c, slot, now)...)
	return fmt.Sprintf(" (%s:%d)", p.File, p.Line)
}

func WhenKey(w plan.When) string {
	if w.Start.IsZero() {
		return "times"
	}
	return "start"
}
