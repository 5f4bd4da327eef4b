package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/spf13/cobra"

	"coalition/invites"
	"coalition/invites/email"
	"coalition/scheduler"
	"coalition/scheduler/plan"
)

// A sending command makes a draft, shows it, asks, commits it and delivers: each of them in this order.

func (a *app) askCommand() *cobra.Command {
	var again bool
	var file string
	c := a.sends(&cobra.Command{
		Use:   "ask ID",
		Short: "Send the permission-asking brief",
		Long: `Send the brief that asks whether the two of you may have this conversation. It
goes once for each round; --again repeats it. By itself, a brief waits while another
one to the same person is unanswered or the round before is still ahead, and none goes
after a no; this command sends it all the same, and says so in its question. With
--eml it is written to a file that your mail program opens as a draft, and counts as
sent. --dry-run shows it also before you have checked in.`,
		Example:           "  coalition ask maya --dry-run\n  coalition ask maya --yes\n  coalition ask maya --eml brief.eml",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.sending(cmd.Context(), args[0], files{eml: file}, func(c *scheduler.Conversation, now time.Time) (*scheduler.Draft, error) {
				if a.dryRun && !c.Ready { // a rehearsal shows what the check-in is about
					if err := c.Apply(scheduler.CheckIn{}, now); err != nil {
						return nil, err
					}
					a.say("You have not checked in yet: this goes out only after coalition ready %s", c.Ref())
				}
				return a.sched.Brief(c, again, now)
			})
		},
	})
	c.Flags().BoolVar(&again, "again", false, "send the brief once more")
	c.Flags().StringVar(&file, "eml", "", "write the brief to `FILE` instead of sending it (- for standard output)")
	return c
}

func (a *app) inviteCommand() *cobra.Command {
	var start, permitted string
	var byMail bool
	var out files
	c := a.sends(&cobra.Command{
		Use:   "invite ID",
		Short: "Send the invitation, once there is a yes",
		Long: `Send the meeting request with the agenda. There must be a yes on record; one given
in person is recorded with --permitted. With --ics or --eml the invitation is
written to a file to attach to any mail, and counts as sent. The file of --ics is a
meeting request (METHOD:REQUEST), with --publish an entry to hand out
(METHOD:PUBLISH).`,
		Example:           "  coalition invite maya --yes\n  coalition invite maya --start \"2027-03-04 10:00\" --yes\n  coalition invite maya --permitted \"She said yes after the review\" --ics talk.ics",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			if out.publish && out.ics == "" {
				return usage("--publish is for a file", "add --ics FILE")
			}
			return a.sending(cmd.Context(), args[0], out, func(c *scheduler.Conversation, now time.Time) (*scheduler.Draft, error) {
				var at plan.Slot
				if start != "" {
					var err error
					if at, err = a.parseStart(start, c.Plan.When.Timezone.Location(a.sched.Zone)); err != nil {
						return nil, err
					}
				}
				if byMail || out.any() {
					if err := c.Apply(scheduler.ByMail{}, now); err != nil {
						return nil, err
					}
				}
				return a.sched.Invite(c, at, permitted, now)
			})
		},
	})
	c.Flags().StringVar(&start, "start", "", "begin at `TIME`")
	c.Flags().BoolVar(&byMail, "mail", false, "invite by mail, although calendar.via is google")
	c.Flags().StringVar(&out.ics, "ics", "", "write the calendar to `FILE` instead of sending (- for standard output)")
	c.Flags().StringVar(&out.eml, "eml", "", "write the whole mail to `FILE` instead of sending (- for standard output)")
	c.Flags().BoolVar(&out.publish, "publish", false, "with --ics: an entry to hand out, that asks for no answer")
	c.Flags().StringVar(&permitted, "permitted", "", "record a yes given in person: how and when, in your `TEXT`")
	return c
}

func (a *app) moveCommand() *cobra.Command {
	var start string
	var told bool
	c := a.sends(&cobra.Command{
		Use:   "move ID --start TIME",
		Short: "Move a talk, and tell the partner once",
		Long: `Move a talk that your partner has been invited to. They get one update, and are
asked to answer again.

Where newer zone data puts the clocks of its place otherwise, the talk keeps its time on
the clock, and list asks whether they are to get an update: move it to the time that it
has, or say with --told that they know.`,
		Example:           "  coalition move maya --start \"2027-03-05 15:00\" --yes",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			if start == "" {
				return usage("move needs the new time", "add --start TIME")
			}
			return a.sending(cmd.Context(), args[0], files{}, func(c *scheduler.Conversation, now time.Time) (*scheduler.Draft, error) {
				to, err := a.parseStart(start, c.Plan.When.Timezone.Location(a.sched.Zone))
				if err != nil {
					return nil, err
				}
				if told {
					return a.sched.Take(c, scheduler.Keep{To: to}, now)
				}
				return a.sched.Reschedule(c, to, now)
			})
		},
	})
	c.Flags().StringVar(&start, "start", "", "begin at `TIME`")
	c.Flags().BoolVar(&told, "told", false, "they know that clocks are put otherwise: write to nobody")
	return c
}

func (a *app) cancelCommand() *cobra.Command {
	var reason string
	var told bool
	c := a.sends(&cobra.Command{
		Use:   "cancel ID",
		Short: "Cancel a conversation, and tell the partner once",
		Long: `Cancel a conversation. A partner who has been invited gets one cancellation; one
who has been asked, and has said neither no nor later, gets a short mail that takes the
question back; anybody else hears nothing more. With --told nobody is written to: you
have deleted the event in Google Calendar, and let your partner know.`,
		Example:           "  coalition cancel maya --reason \"I have to be in Porto that week.\" --yes\n  coalition cancel maya --told",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.sending(cmd.Context(), args[0], files{}, func(c *scheduler.Conversation, now time.Time) (*scheduler.Draft, error) {
				if told {
					return a.sched.Take(c, scheduler.Withdraw{Reason: reason, Told: true}, now)
				}
				return a.sched.CallOff(c, reason, now)
			})
		},
	})
	c.Flags().StringVar(&reason, "reason", "", "one line for the partner: `TEXT`")
	c.Flags().BoolVar(&told, "told", false, "they know already: write to nobody")
	return c
}

// sending is what every command that sends does. decide is called again when somebody else has
// carried the conversation on meanwhile.
func (a *app) sending(ctx context.Context, ref string, out files, decide func(*scheduler.Conversation, time.Time) (*scheduler.Draft, error)) error {
	a.aside = out.eml == "-" || out.ics == "-"
	if err := a.openToSend(ctx); err != nil {
		return err
	}
	if a.sched.Online != nil && !a.dryRun { // what is decided here should know what has happened there
		reading, cancel := context.WithTimeout(ctx, 5*time.Second)
		_ = a.sched.ReadCalendar(reading) // where it can't be read, the write finds out
		cancel()
	}
	busyEnd := time.Now().Add(busyFor)
	for try := 1; ; try++ {
		b, err := a.look(ctx)
		if err != nil {
			return err
		}
		c, err := a.find(b, ref)
		if err != nil {
			return err
		}
		d, err := decide(c, b.Now)
		if !a.dryRun && a.busy(ctx, err, busyEnd) {
			try--
			continue
		}
		if err != nil {
			return err
		}
		if try == 1 {
			a.sayOverlaps(b, b.Clashes(d))
		}
		if a.dryRun {
			return a.rehearse(ctx, d)
		}
		if try == 1 {
			a.sayFresh(b)
		}
		err = a.carryOut(ctx, d, out)
		if !errors.Is(err, scheduler.ErrConflict) || try >= 5 {
			return err
		}
	}
}

// sayOverlaps says with which agreed talks a time overlaps that is about to be agreed on, or to be named to the
// partner.
func (a *app) sayOverlaps(b *scheduler.Board, with []*scheduler.Conversation) {
	zone := a.sched.Zone.Location("UTC")
	for _, c := range with {
		start := c.Start(b.Now).In(zone)
		fmt.Fprintf(a.stderr, "Note: this time overlaps with the talk with %s (%s), %s to %s.\n", c.Plan.With.Name, c.Ref(), start.Format(timeLayout), start.Add(c.Length()).Format("15:04"))
	}
}

const busyFor = 40 * time.Second // most writes into the calendar take far less

// busy reports whether to decide once more, after a moment: err says that a change is being written into the
// calendar, by a process that is still there.
func (a *app) busy(ctx context.Context, err error, until time.Time) bool {
	if !errors.Is(err, scheduler.ErrBusy) || time.Now().After(until) {
		return false
	}
	if _, err := a.sched.Store.Recover(ctx, time.Now()); err != nil {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(200 * time.Millisecond):
		return true
	}
}

// openToSend is open for a command that sends, which also takes over what processes that are gone had
// in their hands; a rehearsal only looks.
func (a *app) openToSend(ctx context.Context) error {
	if err := a.open(ctx, a.dryRun); err != nil || a.dryRun {
		return err
	}
	if err := a.guardSecrets(); err != nil {
		return err
	}
	if _, err := a.sched.Store.Recover(ctx, time.Now()); err != nil {
		return err
	}
	return a.sched.Stand(ctx)
}

// rehearse shows the finished message.
func (a *app) rehearse(ctx context.Context, d *scheduler.Draft) error {
	messages := d.Messages
	if d.Objection != "" {
		fmt.Fprintln(a.stderr, "Note: "+d.Objection)
	}
	if d.Sent != nil {
		m, err := a.sched.Store.Message(ctx, d.Sent.Row)
		if err != nil {
			return err
		}
		switch m.State {
		case scheduler.Accepted, scheduler.Bounced:
			a.say("The %s is %s already; nothing more would be sent.", name(m), m.State.Shown())
		case scheduler.Sending, scheduler.Expired:
			a.say("The %s is %s; nothing would be sent.", name(m), m.State.Shown())
		default:
			a.say("The %s is %s; it would be sent now.", name(m), m.State.Shown())
		}
		messages = append(messages, m)
	} else if len(messages) == 0 {
		a.say("Nothing would be sent.")
	}
	return a.printReadings(messages)
}

// A reading is a message as a person reads it, which is what `--dry-run --json` shows.
type reading struct {
	ID       string `json:"id"`
	Round    int    `json:"round"`
	Kind     string `json:"kind"`
	From     string `json:"from"`
	To       string `json:"to"`
	Subject  string `json:"subject"`
	Text     string `json:"text"`
	Calendar string `json:"calendar"` // the iCalendar object; "" where there is none
}

func (a *app) printReadings(messages []*scheduler.Message) error {
	list := []reading{}
	for _, m := range messages {
		r, err := read(m)
		if err != nil {
			return err
		}
		list = append(list, r)
	}
	if a.json {
		return a.printJSON(list)
	}
	for _, r := range list {
		r.print(a.stdout)
	}
	return nil
}

func read(m *scheduler.Message) (reading, error) {
	r := reading{ID: string(m.ID), Round: m.Round, Kind: string(m.Kind), Calendar: strings.ReplaceAll(string(m.Calendar), "\r\n", "\n")}
	if m.Channel() == scheduler.Google {
		return r, r.event(m)
	}
	entity, err := message.Read(bytes.NewReader(m.Data))
	if err != nil {
		return r, err
	}
	for name, value := range map[string]*string{"From": &r.From, "To": &r.To, "Subject": &r.Subject} {
		if *value, err = new(mime.WordDecoder).DecodeHeader(entity.Header.Get(name)); err != nil {
			return r, err
		}
	}
	return r, entity.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil {
			return err
		}
		if kind, _, _ := part.Header.ContentType(); kind != "text/plain" {
			return nil
		}
		body, err := io.ReadAll(part.Body)
		r.Text = strings.ReplaceAll(string(body), "\r\n", "\n")
		return err
	})
}

// event is the reading of what is written into Google Calendar.
func (r *reading) event(m *scheduler.Message) error {
	var ch invites.Change
	if err := json.Unmarshal(m.Data, &ch); err != nil {
		return err
	}
	zone, err := invites.Location(ch.Zone)
	if err != nil {
		return err
	}
	r.From, r.To, r.Subject = "Google Calendar", m.To, ch.Summary
	if ch.Cancel {
		r.Subject = "Cancelled: " + ch.Summary
	}
	text := ""
	if ch.Restore && !ch.Cancel {
		text = "The event was deleted in Google Calendar; this brings it back.\n\n"
	}
	text += fmt.Sprintf("%s to %s (%s)\n", ch.Start.In(zone).Format(timeLayout), ch.End.In(zone).Format("15:04"), ch.Zone)
	if ch.Location != "" {
		text += ch.Location + "\n"
	}
	if ch.Meet {
		text += "Google makes a room for a video call.\n"
	}
	if ch.Reason != "" {
		text += "\n" + ch.Reason + "\n"
	}
	if !ch.Cancel {
		text += "\n" + email.HTMLText(ch.Description)
	}
	r.Text = strings.TrimRight(text, "\n") + "\n"
	return nil
}

func (r *reading) print(w io.Writer) {
	fmt.Fprintf(w, "From: %s\nTo: %s\nSubject: %s\n\n%s\n", r.From, r.To, r.Subject, r.Text)
	if r.Calendar != "" {
		fmt.Fprintf(w, "--- invite.ics\n%s\n", r.Calendar)
	}
}

// longest is how many messages are shown in full before they are asked about; of more, the heads are.
const longest = 3

// present shows what is asked about: to whom, when, where, and the words. Code that programs read is
// left out.
func (a *app) present(c *scheduler.Conversation, m *scheduler.Message) error {
	r, err := read(m)
	if err != nil {
		return err
	}
	a.presentHead(c, m, &r)
	fmt.Fprintf(a.stderr, "\n%s\n", r.Text)
	return nil
}

func (a *app) presentHead(c *scheduler.Conversation, m *scheduler.Message, r *reading) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(a.stderr, "%-9s%s\n", name, value)
		}
	}
	line("To:", r.To)
	line("Subject:", r.Subject)
	var times []string
	switch zone := a.sched.Zone.Location("UTC"); {
	case !m.Content.Start.IsZero():
		times = append(times, spanWords(m.Content.Start.Time(), m.Content.Length, zone, c.Zone()))
	case m.Kind == scheduler.Brief:
		for _, slot := range c.Offered {
			times = append(times, spanWords(slot.Time(), c.Length(), zone, c.Zone()))
		}
	}
	for i, t := range times {
		line([]string{"When:", ""}[min(i, 1)], t)
	}
	line("Where:", whereWords(c.Where()))
}

// spanWords is a time of a talk on the clocks of both.
func spanWords(start time.Time, length time.Duration, here, there *time.Location) string {
	at := start.In(here)
	s := at.Format(timeLayout) + " to " + at.Add(length).Format("15:04") + " (" + here.String() + ")"
	if theirs := start.In(there); theirs.Format(timeLayout) != at.Format(timeLayout) {
		s += "; for them " + theirs.Format(timeLayout) + " (" + there.String() + ")"
	}
	return s
}

// whereWords is a setting in one line.
func whereWords(s plan.Setting) string {
	caller := ""
	if s.Kind == plan.Phone {
		caller = "you call them"
		if s.Caller == plan.CallerPartner {
			caller = "they call you"
		}
	}
	return strings.Join(slices.DeleteFunc([]string{string(s.Kind), s.Place, caller, string(s.Phone), string(s.URL)}, func(s string) bool { return s == "" }), ", ")
}

func (a *app) carryOut(ctx context.Context, d *scheduler.Draft, out files) error {
	zone := a.sched.Zone.Location("UTC")
	c := d.Conversation
	if m := d.Sent; m != nil {
		at := m.Changed.In(zone).Format(timeLayout)
		switch {
		case out.any():
			if m.State != scheduler.Held && m.State != scheduler.Queued && m.State != scheduler.Failed {
				a.say("The %s was %s on %s; this is a copy of it.", name(m), m.State.Shown(), at)
				return a.writeCopies(ctx, c, m, out)
			}
		case m.State == scheduler.Held, m.State == scheduler.Queued, m.State == scheduler.Unclear, m.State == scheduler.Failed:
			return a.letGo(ctx, []*scheduler.Message{m}, nil)
		case m.State == scheduler.Sending:
			fmt.Fprintf(a.stderr, "The %s is being sent at this moment by another process.\n", name(m))
			return errPending
		case m.State == scheduler.Expired:
			fmt.Fprintf(a.stderr, "The %s could not go in time: %s\n", name(m), m.Error)
			return errPending
		default:
			a.say("The %s was %s on %s; nothing more is sent.", name(m), m.State.Shown(), at)
			if a.json {
				return a.printJSON([]logRow{a.messageRow(m)})
			}
			return nil
		}
	} else if len(d.Messages) == 0 && out.any() {
		return usage("there is nothing to write", "")
	}
	if out.any() {
		return a.toFiles(ctx, d, out)
	}
	for _, m := range d.Messages {
		a.announce(m)
	}
	if len(d.Messages) > 0 {
		if terminal(a.stdin) && !a.yes {
			if err := a.present(c, d.Messages[0]); err != nil {
				return err
			}
		}
		if err := a.confirm(a.allTheSame(d.Objection, "Send it?")); err != nil {
			return err
		}
	} else if err := a.confirmQuiet(d); err != nil {
		return err
	}
	d.Slots = scheduler.Anyway // it may take a time, or be for somebody who is asked about another one
	if err := a.sched.Store.Commit(ctx, d); err != nil {
		return err
	}
	if len(d.Messages) == 0 {
		more := "Nobody is written to."
		if slices.ContainsFunc(c.Messages, func(m *scheduler.Message) bool { return m.State == scheduler.Unclear }) {
			more = "Nobody is written to, unless it turns out that the message before it has arrived."
		}
		a.say("%s: %s. %s", c.Ref(), d.What(), more)
		if a.json {
			return a.printJSON([]logRow{})
		}
		return nil
	}
	return a.deliver(ctx, d.Messages)
}

// allTheSame is a question with what the organizer should know first, which is said, too, where nobody is asked.
func (a *app) allTheSame(objection, question string) string {
	if objection == "" {
		return question
	}
	if a.yes {
		fmt.Fprintln(a.stderr, "Note: "+objection)
	}
	return objection + " " + strings.TrimSuffix(question, "?") + " all the same?"
}

// confirmQuiet asks before something that sends nothing and can't be taken back.
func (a *app) confirmQuiet(d *scheduler.Draft) error {
	if !terminal(a.stdin) {
		return nil
	}
	return a.confirm(fmt.Sprintf("%s: %s, and nobody is written to. Do it?", d.Conversation.Ref(), d.What()))
}

func name(m *scheduler.Message) string {
	switch m.Kind {
	case scheduler.Invite:
		return "invitation"
	case scheduler.Cancel:
		return "cancellation"
	case scheduler.DeclineCounter:
		return "refusal"
	}
	return string(m.Kind)
}

// unheard is why nobody hears of m, and what to do.
func unheard(m *scheduler.Message) string {
	return m.To + " has left the event there, and is told nothing: write to them yourself where they should know."
}

func (a *app) announce(m *scheduler.Message) {
	via := m.Via
	if m.Channel() == scheduler.Google {
		via = "Google Calendar"
	}
	a.say("%s to %s, by %s", strings.ToUpper(name(m)[:1])+name(m)[1:], m.To, via)
}

// deliver hands messages over and says what has become of each.
func (a *app) deliver(ctx context.Context, messages []*scheduler.Message) error {
	var rows []int64
	for _, m := range messages {
		rows = append(rows, m.Row)
	}
	if err := a.sched.DeliverPatiently(ctx, a.hard, rows...); err != nil {
		return err
	}
	b, err := a.look(a.hard)
	if err != nil {
		return err
	}
	paused, err := a.sched.Store.Paused(a.hard)
	if err != nil {
		return err
	}
	pending, login := false, false
	list := []logRow{}
	for _, row := range rows {
		c, m := b.Result(row)
		if m == nil {
			continue
		}
		list = append(list, a.messageRow(m))
		switch m.State {
		case scheduler.Accepted:
			if c.Unheard(m) {
				a.say("The %s stands in Google Calendar. %s", name(m), unheard(m))
				break
			}
			a.say("The %s to %s is on its way.", name(m), m.To)
		case scheduler.Queued:
			pending = true
			login = login || m.NeedsLogin()
			reason := ": " + m.Error
			switch {
			case paused:
				reason = ": " + pausedText
			case m.Channel() == scheduler.Google && a.online == nil:
				reason = ": " + otherVia
			case m.Door() != nil:
				reason = a.atDoor(m.Door())
			case m.Error == "":
				reason = ": " + otherTries
			}
			fmt.Fprintf(a.stderr, "The %s to %s waits%s\n", name(m), m.To, reason)
		case scheduler.Unclear:
			pending = true
			login = login || m.NeedsLogin()
			fmt.Fprintf(a.stderr, "Whether the %s to %s arrived is unclear: %s\n  see: coalition log %s\n", name(m), m.To, m.Error, m.ID)
		case scheduler.Failed:
			pending = true
			fmt.Fprintf(a.stderr, "The %s to %s was refused: %s\n  once that is mended: %s\n", name(m), m.To, m.Error, m.WayBack())
		default:
			pending = true
			fmt.Fprintf(a.stderr, "The %s to %s is %s.\n", name(m), m.To, m.State.Shown())
			if step := c.Next(b.Now); step.Next != "" {
				fmt.Fprintf(a.stderr, "  next: %s\n", nextWords(step, b.Now, a.sched.Zone.Location("UTC")))
			}
		}
	}
	if a.json {
		if err := a.printJSON(list); err != nil {
			return err
		}
	}
	switch {
	case login:
		return errLogin
	case pending:
		return errPending
	}
	return nil
}

// letGo approves messages that wait, and delivers them; before that, once the organizer has said yes, it
// does what is in first, which may be nil.
func (a *app) letGo(ctx context.Context, messages []*scheduler.Message, first func(context.Context) error) error {
	var rows []int64
	for _, m := range messages {
		a.announce(m)
		rows = append(rows, m.Row)
	}
	b, err := a.look(ctx)
	if err != nil {
		return err
	}
	objection := ""
	for _, row := range rows {
		if c, m := b.Result(row); m != nil && m.Kind != scheduler.Notice {
			if o := c.Objection(m.Kind, b.Now); o != "" && !strings.Contains(objection, o) {
				objection = strings.TrimPrefix(objection+" "+o, " ")
			}
		}
	}
	if terminal(a.stdin) && !a.yes {
		for _, row := range rows {
			c, m := b.Result(row)
			if m == nil {
				continue
			}
			if m, err = a.sched.Store.Message(ctx, row); err != nil {
				return err
			}
			if len(rows) <= longest {
				err = a.present(c, m)
			} else {
				var r reading
				if r, err = read(m); err == nil {
					a.presentHead(c, m, &r)
					fmt.Fprintln(a.stderr)
				}
			}
			if err != nil {
				return err
			}
		}
		if len(rows) > longest {
			fmt.Fprintln(a.stderr, "Their words are shown with --dry-run.")
		}
	}
	if err := a.confirm(a.allTheSame(objection, "Send?")); err != nil {
		return err
	}
	if first != nil {
		if err := first(ctx); err != nil {
			return err
		}
	}
	if err := a.sched.Store.Approve(ctx, rows); err != nil {
		return err
	}
	return a.deliver(ctx, messages)
}
