package scheduler

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/delivery"
	"coalition/scheduler/guard"
	"coalition/scheduler/lookup"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/folder"
	"coalition/scheduler/roster"
	"coalition/scheduler/ways"
)

// Look reads the plan files and the store. Nothing is written: what the plans say anew is taken in by [Scheduler.Pass]
// and by the commands. still is how long a file must have been left alone to count, in real time; see
// [folder.Folder.Read].
func (s *Scheduler) Look(ctx context.Context, still time.Duration) (*roster.Roster, error) {
	set, stored, slots, err := s.read(ctx, still)
	if err != nil {
		return nil, err
	}
	doors, err := s.Doors.Closed(ctx)
	if err != nil {
		return nil, err
	}
	delivery.WaitAt(doors, stored)
	b := &roster.Roster{Settings: &s.Settings, Now: s.Now(), Slots: slots, Doors: doors, Problems: set.Problems,
		Again: set.Again, Writing: set.Fresh, Busy: s.Finder.Busy(ctx), Fresh: len(stored) == 0 && len(set.Plans) > 0}
	if _, _, b.Doubt, err = s.Marks.Doubt(ctx); err != nil {
		return nil, err
	}
	s.join(b, set, stored)
	if s.Sync != nil {
		name, blind := s.Sync.Calendar.Name(), s.Sync.Blind()
		for _, c := range b.Conversations {
			c.SetBlind(c.Booking != nil &&
				(blind || c.Booking.Strays(name) && (!c.Booking.Away || !s.Sync.Follows(c.Booking.In))))
		}
	}
	slices.SortFunc(b.Conversations, func(a, b *conversation.Conversation) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Round, b.Round))
	})
	roster.Acquaint(b.Conversations)
	erased, err := s.remember(ctx, b.Conversations)
	if err != nil {
		return nil, err
	}
	b.Fresh = b.Fresh && erased == 0
	for _, c := range b.Conversations {
		if c.EditedAfter() && c.After == nil {
			how := "over"
			if c.Cancelled != nil {
				how = "cancelled"
			}
			b.Problems = append(b.Problems, c.Source().Warning("the conversation "+c.Ref()+" is "+how+
				", and what its plan says anew counts no more; "+c.Another(), "or put it back as it was",
				plan.ChangedKey(&c.Plan, &c.Source().Terms)...))
		}
	}
	return b, nil
}

// read reads the plan files and the store side by side: both take their time where there are thousands.
func (s *Scheduler) read(ctx context.Context, still time.Duration) (set *folder.Set, stored []*conversation.Conversation,
	slots int64, err error) {
	// Before the plans: with a conversation that is erased its file goes first, and then this rises. What such a plan
	// would begin anew does not count any more.
	if slots, err = s.Store.Slots(ctx); err != nil {
		return nil, nil, 0, err
	}
	var unreadable error
	read := make(chan bool)
	go func() {
		defer close(read)
		set, unreadable = s.Plans.Read(time.Now(), still)
	}()
	stored, err = s.Store.Load(ctx, lookup.Query{})
	<-read
	return set, stored, slots, cmp.Or(unreadable, err)
}

// remember tells the conversations what is left of others that were erased: what their partners have said there, and,
// where they are new, that theirs are to be other names. It returns how many were erased.
func (s *Scheduler) remember(ctx context.Context, list []*conversation.Conversation) (int64, error) {
	erased, said, err := s.Store.Erased(ctx)
	if err != nil || erased == 0 {
		return 0, err
	}
	for _, c := range list {
		if c.Rev == 0 {
			c.Era = erased
		}
		for _, a := range c.Addresses() {
			if e := said(a); e != nil && (c.Erased == nil || e.At.After(c.Erased.At)) {
				c.Erased = e
			}
		}
	}
	return erased, nil
}

// join puts the conversations into b: what is stored, with its plan where there still is one, and those of new plans.
func (s *Scheduler) join(b *roster.Roster, set *folder.Set, stored []*conversation.Conversation) {
	type key struct {
		id    plan.ID
		round int
	}
	unplanned := make(map[key]*conversation.Conversation, len(stored))
	for _, c := range stored {
		c.Attach(&s.Settings)
		unplanned[key{c.ID, c.Round}] = c
	}
	// Those that are not stored yet.
	var fresh []*plan.Plan
	for _, p := range set.Plans {
		k := key{p.ID, p.Round}
		c := unplanned[k]
		if c == nil {
			fresh = append(fresh, p)
			continue
		}
		delete(unplanned, k)
		if !guard.Run(s.Log, "reading a plan", c.Ref(), func() { b.Problems = append(b.Problems, c.Read(p, b.Now)...) }) {
			c.Unplanned(true)
		}
		b.Conversations = append(b.Conversations, c)
	}
	// Talks whose file is gone, by their partner's address and by their terms.
	gone := make(map[string]*conversation.Conversation)
	for _, c := range unplanned {
		if c.Unplanned(set.Unread[c.ID]); !c.Unread() {
			if st := c.Status(b.Now); st != conversation.Cancelled && !st.Held() {
				b.Gone = append(b.Gone, c)
				if len(c.Messages) > 0 {
					gone[strings.ToLower(string(c.Plan.With.Email))] = c
				}
			}
			gone[plan.Fingerprint(c.Plan)] = c
		}
		b.Conversations = append(b.Conversations, c)
	}
	for _, p := range fresh {
		c := conversation.New(p.ID, p.Round, &s.Settings)
		problems := c.Read(p, b.Now)
		var other *conversation.Conversation
		// Fingerprints take their time where there are thousands.
		if len(gone) > 0 {
			other = cmp.Or(gone[strings.ToLower(string(p.With.Email))], gone[plan.Fingerprint(p.Terms)])
		}
		if other != nil && other.ID != p.ID {
			mend := "if it was renamed, give it its old name back; a further talk needs a plan of its own"
			if slices.Contains(b.Gone, other) {
				mend = "if it was renamed, give it its old name back; else first: " + other.How(ways.Cancel)
			}
			problems = append(problems, p.Problem("this person has been written to in the conversation "+other.Ref()+
				", whose plan file is gone", mend, "with", "email"))
		}
		b.Problems = append(b.Problems, problems...)
		if problems == nil {
			b.Conversations = append(b.Conversations, c)
		}
	}
}
