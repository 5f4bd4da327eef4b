package outbox

import (
	"fmt"
	"slices"
	"strings"
)

// Messages are all that was decided to send in one conversation, in that order.
type Messages []*Message

// Last is the newest message to the partner of these kinds that was not dropped, and fits.
func (l Messages) Last(fits func(*Message) bool, kinds ...Kind) *Message {
	for _, m := range slices.Backward(l) {
		if slices.Contains(kinds, m.Kind) && !m.ToOrganizer() && !m.NeverLeft() && (fits == nil || fits(m)) {
			return m
		}
	}
	return nil
}

// Reached reports whether the partner may have got anything.
func (l Messages) Reached() bool {
	return l.Last(func(m *Message) bool { return m.MayHaveLeft() && m.State != Bounced }, Brief, Invite, Update) != nil
}

// LastDecided is the newest invitation or update, whatever has become of it.
func (l Messages) LastDecided() *Message {
	for _, m := range slices.Backward(l) {
		if (m.Kind == Invite || m.Kind == Update) && !m.ToOrganizer() {
			return m
		}
	}
	return &Message{}
}

// NewestBrief is the one that was decided on last, whatever has become of it.
func (l Messages) NewestBrief() *Message { return l.newest(Brief) }

// NewestOffer is the message that was decided on last of those that offer times, a brief or one with other times,
// whatever has become of it.
func (l Messages) NewestOffer() *Message { return l.newest(Brief, Times) }

func (l Messages) newest(kinds ...Kind) *Message {
	for _, m := range slices.Backward(l) {
		if slices.Contains(kinds, m.Kind) {
			return m
		}
	}
	return &Message{}
}

// NextRevision counts the messages of a kind, from 1; prefix is [CopyRevision] for the organizer's own.
func (l Messages) NextRevision(k Kind, prefix string) string {
	n := 1
	for _, m := range l {
		if m.Kind == k && strings.HasPrefix(m.Revision, CopyRevision) == (prefix != "") {
			n++
		}
	}
	return fmt.Sprint(prefix, n)
}

// InFlight is the message that is being written into the calendar at this moment; nil: there is none. What
// the partner knows is not known until it is there.
func (l Messages) InFlight() *Message {
	for _, m := range l {
		if m.InCalendar() && m.State == Sending {
			return m
		}
	}
	return nil
}

// OthersSent is the number of the last mail with other times that may have reached the partner; 0: none has.
func (l Messages) OthersSent() int {
	if m := l.Last((*Message).MayHaveLeft, Times); m != nil {
		return m.Number()
	}
	return 0
}
