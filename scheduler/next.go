package scheduler

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/plan"
	"coalition/templates"
)

// Status is the conversation's place in its life.
func (c *Conversation) Status(now time.Time) Status {
	told := c.told()
	switch {
	case c.Cancelled != nil:
		return Cancelled
	case told != nil && c.said(No):
		return Declined
	case told != nil && !now.Before(told.End()) && !c.declined():
		return Met
	case told != nil && c.PartStat == invites.Accepted:
		return Confirmed
	case told != nil:
		return Invited
	case c.said(No):
		return Declined
	case c.said(Wait):
		return Later
	case c.said(Yes) && c.Ready:
		return Permitted
	case c.last((*Message).left, Brief) != nil:
		return Asked
	case c.Ready:
		return Ready
	}
	return Planned
}

// Next is the one next thing in the conversation, why it is that, and when to look again. It is a
// pure function of the conversations with this partner and now, and the only place that decides what is sent.
func (c *Conversation) Next(now time.Time) Step { return c.byItself(c.step(now), now) }

// step is the next thing in the conversation by itself, beside no other one.
func (c *Conversation) step(now time.Time) Step {
	if m := c.inFlight(); m != nil {
		return Step{Next: "deliver the " + m.Kind.noun()}
	}
	if m := c.cutOff(now); m != nil {
		return Step{Next: "write `via: google` under calendar in the config again, for the " + m.Kind.noun(), Again: m.Deadline}
	}
	told := c.told()
	switch {
	case c.Cancelled != nil:
		return c.nextCancelled(now)
	case c.said(No) && told != nil && now.Before(told.Start.Time()) && !c.deleted():
		return Step{Next: "cancel the talk, which still stands in the calendars: " + c.Plan.With.Name + " said no", Again: told.Start.Time()}
	case c.said(No):
		return Step{Next: "let it rest: " + c.Plan.With.Name + " said no"}
	case told != nil && !now.Before(told.End()) && c.declined():
		return Step{Next: "let it rest, or plan another round: " + c.Plan.With.Name + " declined the invitation"}
	case told != nil && !now.Before(told.End()):
		return Step{Next: "look back on the talk"}
	case !c.Ready:
		return c.nextPlanned()
	case told != nil && !c.willing():
		return Step{Next: "move the talk, or cancel it: " + c.Plan.With.Name + " asked for another moment", Again: told.End()}
	case told != nil:
		return c.nextInvited(now, told)
	case c.said(Yes):
		return c.nextPermitted(now)
	}
	return c.nextAsk(now)
}

// cutOff is what is to be written into Google Calendar, where the config does not name that any more; nil:
// there is nothing.
func (c *Conversation) cutOff(now time.Time) *Message {
	for _, m := range c.Messages {
		if m.State != Queued || m.Channel() != Google || c.settings.Google {
			continue
		}
		if _, wanted := c.Wanted(m, now); wanted {
			return m
		}
	}
	return nil
}

// willing reports whether the partner is willing to talk: there is a yes, or they have asked for another
// moment after the invitation, and the organizer has named one since.
func (c *Conversation) willing() bool {
	return c.said(Yes) || c.said(Wait) && c.Answer.Moved
}

// declined reports whether the partner has declined the invitation in their calendar.
func (c *Conversation) declined() bool { return c.PartStat == invites.Declined }

func (c *Conversation) nextPlanned() Step {
	if missing := c.Plan.Missing(); len(missing) > 0 {
		return Step{Next: "fill in " + strings.Join(missing, ", ")}
	}
	if c.NotYet {
		return Step{Next: "check in again (until then nothing goes out): coalition ready " + c.Ref()}
	}
	return Step{Next: "check in with yourself (until then nothing goes out): coalition ready " + c.Ref()}
}

// withPlan is the step that begins something new, which needs the plan's word of today.
func (c *Conversation) withPlan(s Step) Step {
	switch c.file {
	case fileUnread:
		return Step{Next: "mend the plan file"}
	case fileGone:
		return Step{Next: "put the plan file back, or: coalition cancel " + c.Ref()}
	}
	if missing := c.Plan.Missing(); len(missing) > 0 {
		return c.nextPlanned()
	}
	return s
}

func (c *Conversation) nextAsk(now time.Time) Step {
	briefs, asks := c.briefs(), c.Asks
	if c.Answer == nil {
		asks = max(1, asks)
	}
	if len(briefs) < asks {
		d := c.dates(now)
		if d.passed(now) || len(c.Plan.When.Offered()) > 0 && len(c.offers(now)) == 0 {
			return c.withPlan(Step{Next: "choose a new time: those of the plan have passed; write others under `when` in its file"})
		}
		return c.withPlan(Step{Kind: Brief, Due: d.AskOn, Next: "send the brief"})
	}
	if len(briefs) > 0 {
		last := briefs[len(briefs)-1]
		if c.Answer == nil && last.replaceable() && last.Content != c.Says(now, Brief) {
			return c.withPlan(Step{Kind: Brief, Due: last.Due, Next: "send the brief"})
		}
		if s, ok := last.waiting(); ok {
			return s
		}
	}
	switch {
	case c.said(Wait):
		return Step{Next: "ask again when the moment is better: coalition ask " + c.Ref()}
	case c.said(Query):
		return Step{Next: "answer the question of " + c.Plan.With.Name + ": coalition show " + c.Ref()}
	case c.Answer == nil && c.Word != nil && !c.Word.Foreign && !c.Word.Sign:
		return Step{Next: "read what " + c.Plan.With.Name + " wrote (coalition show " + c.Ref() + "); if it is the answer: coalition answer " + c.Ref() + " yes|no|later"}
	}
	return Step{Next: "wait for the answer of " + c.Plan.With.Name}
}

func (c *Conversation) nextPermitted(now time.Time) Step {
	start := c.start(now)
	if start.IsZero() {
		why := ""
		if !c.Answer.Taken.IsZero() {
			why = " (" + c.Answer.taken() + ")"
		}
		return Step{Next: "choose a time" + why + ": coalition invite " + c.Ref() + " --start TIME"}
	}
	if !start.Time().After(now) {
		return Step{Next: "choose a new time, the one agreed has passed: coalition invite " + c.Ref() + " --start TIME"}
	}
	if m := c.last(nil, Invite); c.unseen() && (m == nil || !m.open() || !m.Approved) {
		if c.Word == nil {
			return Step{Next: "take or leave what " + c.Plan.With.Name + " adds to the agenda: coalition agenda " + c.Ref()}
		}
		return Step{Next: "read what " + c.Plan.With.Name + " wrote (coalition show " + c.Ref() + "), then: coalition invite " + c.Ref()}
	}
	if m := c.last(nil, Invite, Update); m != nil && (m.State == Sending || m.Content == c.Says(now, Invite)) {
		if s, ok := m.waiting(); ok {
			return s
		}
	}
	due := c.Touched
	if until := c.Answer.Until; until.After(due) {
		due = until
	}
	return c.withPlan(Step{Kind: Invite, Due: due, Next: "send the invitation"})
}

func (c *Conversation) nextInvited(now time.Time, told *Content) Step {
	if !now.Before(told.Start.Time()) && !c.declined() {
		return Step{Next: "hold the talk", Again: told.End()}
	}
	content, follows := c.Says(now, Invite), c.follows(now)
	if follows.Waits {
		return Step{Next: c.asksEvent(told), Again: told.End()}
	}
	if follows.Tells {
		if !content.Start.Time().After(now) {
			return Step{Next: "choose a new time, that of the plan has passed: coalition move " + c.Ref() + " --start TIME"}
		}
		if m := c.last(nil, Invite, Update); m.State == Sending || m.Content == content {
			if s, ok := m.waiting(); ok {
				return s
			}
		}
		if c.file == fileRead {
			return c.withPlan(Step{Kind: Update, Next: "send the update"})
		}
	}
	if m := c.last(nil, Invite, Update); m.State == Unclear {
		s, _ := m.waiting()
		s.Again = told.Start.Time()
		return s
	}
	reminder, ok := c.nextReminder(now, told)
	if ok && reminder.IsDue(now) {
		return reminder
	}
	again := told.Start.Time()
	if ok {
		again = reminder.Again
	}
	switch who := c.Plan.With.Name; {
	case c.shifted(now) && !c.declined() && !c.lost():
		return Step{Next: c.asksClocks(told), Again: again}
	case c.Counter != nil && c.Counter.Start.After(now):
		return Step{Next: "take or decline the time that " + who + " proposes, " + c.Counter.slot(c).String() + ": coalition counter " + c.Ref(), Again: again}
	case c.declined():
		if !now.Before(told.Start.Time()) { // too late for both
			return Step{Next: "let it rest, or plan another round: " + who + " declined the invitation"}
		}
		return Step{Next: "move the talk, or cancel it: " + who + " declined the invitation", Again: told.Start.Time()}
	case c.lost():
		return Step{Next: "find another way to reach " + who + ": the " + c.last(nil, Invite, Update).Kind.noun() + " came back", Again: again}
	case ok:
		return reminder
	}
	return Step{Next: "hold the talk", Due: told.Start.Time(), Again: again}
}

// shifted reports whether newer zone data has put the talk at another instant than the partner's calendar may
// show, and the organizer has not said yet what is to follow from that.
func (c *Conversation) shifted(now time.Time) bool {
	known := c.told()
	if known == nil {
		return false
	}
	says := c.Says(now, Invite)
	return says.shifts(known) && c.Clocks.Retold != says.Unix && c.Clocks.Kept != says.Unix
}

// noteClocks lets the organizer have a notice of that, once.
func (c *Conversation) noteClocks(now time.Time) {
	if !c.settings.Notify || c.Cancelled != nil || c.said(No) || !c.shifted(now) || c.declined() || c.lost() || !now.Before(c.told().Start.Time()) {
		return
	}
	if at := c.told().Start.Time().Unix(); c.Clocks.Noted != at {
		c.Clocks.Noted = at
		c.tell(News{What: templates.NewsClocks, At: now,
			Do: []string{"coalition move " + c.Ref() + " --start \"" + c.typed(c.told().Start) + "\"", "coalition move " + c.Ref() + " --start \"" + c.typed(c.told().Start) + "\" --told"}})
	}
}

// asksClocks asks the organizer whether the partner is to hear that clocks are put otherwise.
func (c *Conversation) asksClocks(told *Content) string {
	at := told.Start.Time()
	zone, what := told.Start.Zone, fmt.Sprintf("calendars may show the talk of %s at %s", at.Format("Mon 2 Jan 2006 15:04"), time.Unix(told.Unix, 0).In(at.Location()).Format("15:04"))
	if at.Unix() == told.Unix { // it is the partner's clock
		there := at.In(c.Zone())
		_, clock, _ := strings.Cut(told.There.Wall, "T")
		zone, what = told.There.Zone, fmt.Sprintf("the talk is there at %s now, where they read %s", there.Format("Mon 2 Jan 2006 15:04"), clock)
	}
	return fmt.Sprintf("say whether %s is to get an update: the clocks of %s are put otherwise by newer zone data, and %s: coalition move %s --start %q (with --told if they know)",
		c.Plan.With.Name, zone, what, c.Ref(), c.typed(told.Start))
}

// typed is a start as the organizer gives it to a command.
func (c *Conversation) typed(s plan.Slot) string {
	return s.Time().In(c.settings.Zone.Location("UTC")).Format("2006-01-02 15:04")
}

// asksEvent asks the organizer what is to become of an event that is gone, or has lost its time.
func (c *Conversation) asksEvent(told *Content) string {
	restore := "coalition move " + c.Ref() + " --start \"" + c.typed(told.Start) + "\", or call it off: coalition cancel " + c.Ref()
	switch {
	case c.deleted():
	case c.Booking.Is.Start.IsZero():
		return "say when the talk is, since its event has no time of day any more in Google Calendar: " + restore
	default:
		return "say when the talk is, since its event repeats in Google Calendar now, and here it is one talk: " + restore
	}
	return "say whether the talk is off, since its event was deleted in Google Calendar: coalition cancel " + c.Ref() + " (with --told if they know), or bring it back: coalition invite " + c.Ref()
}

// present is the SEQUENCE of what stands: that of a change that is still to reach the partner, or else of
// what they know. One that was taken back before it reached them leaves a gap.
func (c *Conversation) present(now time.Time) int {
	known := c.last((*Message).left, Invite, Update)
	if says := c.Says(now, Invite); known == nil || says.moves(&known.Content) || says.shifts(&known.Content) && c.Clocks.Retold == says.Unix {
		return c.Sequence
	}
	return known.Sequence
}

// lost reports whether the newest invitation or update has come back, and the partner has not answered
// it all the same.
func (c *Conversation) lost() bool {
	return c.last(nil, Invite, Update).State == Bounced && c.PartStat == invites.NeedsAction
}

// nextReminder is the reminder that is due or comes next. One that was passed over because the
// talk was agreed too late for it, or because a nearer one is due as well, does not go any more.
func (c *Conversation) nextReminder(now time.Time, told *Content) (Step, bool) {
	if c.declined() || c.lost() || c.lostTime() || c.unheardAnswer() == invites.Declined {
		return Step{}, false
	}
	var agreed time.Time // when the partner first learnt of this time
	for _, m := range slices.Backward(c.Messages) {
		if (m.Kind == Invite || m.Kind == Update) && m.left() && !m.copy() && m.Content.Start == told.Start {
			agreed = m.Stamp
		}
	}
	if c.Booking != nil && c.Booking.Moved.After(agreed) {
		agreed = c.Booking.Moved
	}
	before := slices.Clone(c.settings.Reminders)
	slices.Sort(before)
	var next *Step
	for _, b := range before { // from the nearest to the start outwards
		due := told.Start.Time().Add(-b)
		if !due.After(agreed) {
			break
		}
		s := Step{Kind: Reminder, Due: due, Next: "remind " + c.Plan.With.Name, Again: due,
			revision: fmt.Sprintf("%s %s %s", told.Start.Wall, told.Start.Zone, b)}
		if due.After(now) {
			next = &s
			continue
		}
		if slices.ContainsFunc(c.Messages, func(m *Message) bool { return m.Kind == Reminder && m.Revision == s.revision }) {
			break
		}
		if c.blind { // it may have been moved: better late than wrong, and late than never
			if s.Due = due.Add(b / 2); s.Due.After(now) {
				s.Next, s.Again = "remind "+c.Plan.With.Name+", once it is known how the event stands in Google Calendar", s.Due
			}
		}
		return s, true
	}
	if next == nil {
		return Step{}, false
	}
	return *next, true
}

func (c *Conversation) nextCancelled(now time.Time) Step {
	if c.returned(now) {
		return Step{Next: "take the event out again, which somebody has brought back in Google Calendar: coalition cancel " + c.Ref(), Again: c.told().Start.Time()}
	}
	if m := c.last(nil, Cancel); m != nil {
		s, _ := m.waiting()
		if m.State == Expired {
			return Step{}
		}
		return s
	}
	if !c.tellsCancel(now) {
		return Step{}
	}
	return Step{Kind: Cancel, Due: c.Cancelled.At, Next: "send the cancellation"}
}

// returned reports whether the event of a talk that was cancelled is in the calendar again.
func (c *Conversation) returned(now time.Time) bool {
	if b := c.Booking; c.Cancelled == nil || b == nil || b.Is.Deleted || !now.Before(b.Told.Start.Time()) {
		return false
	}
	m := c.last(nil, Cancel)
	return m == nil && c.Cancelled.Told || m != nil && m.State == Accepted
}

// tellsCancel reports whether the partner is to be told that the talk is off: where there is an
// event ahead in their calendar, or a question that they may still be thinking about.
func (c *Conversation) tellsCancel(now time.Time) bool {
	if c.Cancelled.Told {
		return false
	}
	if told := c.told(); told != nil {
		return now.Before(told.Start.Time())
	}
	return !c.said(No) && !c.said(Wait) && c.last((*Message).left, Brief) != nil
}

// Wanted looks again at a message that is about to leave: does the conversation still mean it? If not,
// end is the state in which it ends: [Dropped], [Superseded], [Expired], or [Unclear] for one that may
// have arrived before and is just not repeated.
func (c *Conversation) Wanted(m *Message, now time.Time) (end State, ok bool) {
	if end = c.unwanted(m, now); end == "" {
		return "", true
	}
	if m.Unclears > 0 {
		return Unclear, false
	}
	return end, false
}

func (c *Conversation) unwanted(m *Message, now time.Time) State {
	switch {
	case !m.Deadline.IsZero() && !now.Before(m.Deadline):
		return Expired
	case m.copy() || m.Kind == Cancel:
		return ""
	case c.Cancelled != nil || !c.Ready:
		return Dropped
	}
	switch m.Kind {
	case Brief:
		switch {
		case c.Answer != nil:
			return Dropped
		case m.Unclears > 0: // it may have arrived: the same bytes again, unless it was asked for once more
			if n, err := strconv.Atoi(m.Revision); err == nil && n < c.Asks {
				return Superseded
			}
		case m.Content != c.Says(now, Brief):
			return Superseded
		}
	case Invite, Update:
		switch {
		case c.told() != nil && c.follows(now).Waits:
			return Dropped
		case !c.willing() || m.Kind == Invite && c.said(Yes) && c.unseen() && !m.Approved && m.Unclears == 0:
			return Dropped
		case m.Unclears > 0: // it may have arrived: the same bytes again, unless an update says more
			if says := c.Says(now, Invite); !says.tells(&m.Content) {
				return Superseded
			}
		case m.Content != c.Says(now, Invite):
			return Superseded
		case m.Kind == Update && c.Booking != nil && !c.Booking.Restore && m.Content.tells(&c.Booking.Told) && !m.Content.shifts(&c.Booking.Told): // somebody has done the same in the calendar
			return Superseded
		}
	case Reminder:
		switch {
		case !c.willing() || c.declined() || c.deleted() || c.lostTime() || c.unheardAnswer() == invites.Declined:
			return Dropped
		case m.Content.Start != c.start(now):
			return Superseded
		}
		for _, before := range c.settings.Reminders { // one nearer to the start is due as well
			if due := m.Content.Start.Time().Add(-before); due.After(m.Due) && !due.After(now) {
				return Superseded
			}
		}
	case DeclineCounter:
		switch {
		case c.said(No):
			return Dropped
		case m.Content.Start != c.start(now): // another time stands by now
			return Superseded
		}
	}
	return ""
}

// Content is what a message says, as far as it matters whether it has been said already.
type Content struct {
	Start  plan.Slot     `json:"start,omitzero"` // of the event; zero in a brief
	Length time.Duration `json:"length"`
	Place  string        `json:"place,omitempty"` // fingerprint of the setting
	Rest   string        `json:"rest,omitempty"`  // fingerprint of purpose, offer, ask and agenda
	Aim    string        `json:"aim,omitempty"`   // that of Rest without the agenda
	Form   string        `json:"form,omitempty"`  // fingerprint of all that shapes the words besides

	PartStat invites.PartStat `json:"partstat,omitempty"` // of the attendee; "" is NEEDS-ACTION

	// Unix is the instant of Start, in seconds, by the zone data that it was written with; 0: not known. An
	// appointment is a time on a clock: it keeps that where a government puts the clocks otherwise.
	Unix int64 `json:"unix,omitempty"`
	// There is what the partner's clock shows at Start, by the same data; zero: not known.
	There plan.Slot `json:"there,omitzero"`

	Gone    bool `json:"-"` // of what stands in the calendar: somebody else than us has deleted it
	Repeats bool `json:"-"` // likewise: it is a series
}

// place is the fingerprint of where and how the two talk.
func (c *Conversation) place() string {
	where := c.where(&c.Plan)
	if where.Caller == plan.CallerMe { // which goes without saying
		where.Caller = ""
	}
	return fingerprint(where)
}

// End is when the talk is over.
func (c *Content) End() time.Time { return c.Start.Time().Add(c.Length) }

// moves reports whether somebody who knows of other would have to be asked again.
func (c *Content) moves(other *Content) bool {
	return c.Start != other.Start || c.Length != other.Length || c.Place != other.Place
}

// shifts reports whether c is at the same time of the same clock as other, and at another instant, or at another
// time of the partner's clock, since clocks are put otherwise by newer zone data.
func (c *Content) shifts(other *Content) bool {
	if c.Start != other.Start || c.Unix == 0 || other.Unix == 0 {
		return false
	}
	return c.Unix != other.Unix || c.There.Zone == other.There.Zone && c.There.Wall != other.There.Wall
}

// tells reports whether somebody who knows of other knows c.
func (c *Content) tells(other *Content) bool { return !c.moves(other) && c.Rest == other.Rest }

// Says is what a message of that kind would say now: a brief, or else an invitation.
func (c *Conversation) Says(now time.Time, kind Kind) Content {
	p := &c.Plan
	content := Content{
		Start:  c.start(now),
		Length: c.Length(),
		Place:  c.place(),
		Rest:   fingerprint(p.Purpose, p.Offer, p.Ask, p.Agenda),
		Aim:    fingerprint(p.Purpose, p.Offer, p.Ask),
		Form:   fingerprint(p.With.Name, p.With.Email, c.Language(), c.Zone().String(), c.settings.Organizer, c.settings.Zone),
	}
	if c.Channel == Google {
		content.Form = fingerprint(content.Form, c.Channel)
	}
	if p.With.Call != "" || p.With.Familiar {
		content.Form = fingerprint(content.Form, p.With.Call, p.With.Familiar)
	}
	if len(c.Taken) > 0 {
		content.Rest = fingerprint(content.Rest, c.Taken)
	}
	if kind != Brief && c.PartStat != invites.NeedsAction && c.Channel != Google { // which knows it itself
		content.PartStat = c.PartStat
	}
	if !content.Start.IsZero() {
		at := content.Start.Time()
		content.Unix, content.There = at.Unix(), plan.SlotOf(at.In(c.Zone()))
	}
	if kind == Brief {
		d := c.dates(now)
		content.Start, content.Unix, content.There = plan.Slot{}, 0, plan.Slot{}
		offers := c.offers(now)
		var clocks []string // both people's, which the words name
		for _, slot := range offers {
			clocks = append(clocks, slot.Time().UTC().Format(time.RFC3339), slot.Time().In(c.Zone()).Format(time.RFC3339))
		}
		content.Rest = fingerprint(content.Rest, offers, clocks, d.From, d.To)
		if p.Opening != "" {
			content.Form = fingerprint(content.Form, p.Opening)
		}
	}
	return content
}

func fingerprint(values ...any) string {
	data, err := json.Marshal(values)
	if err != nil {
		panic("scheduler: a plan can't be written as JSON: " + err.Error()) // its types can always
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}
