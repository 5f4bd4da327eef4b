package compose

import (
	"testing"
	"time"

	"coalition/invites"
	"coalition/invites/email"
	"coalition/scheduler/conversation"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/templates"
)

// BenchmarkWrite makes whole messages, on one core: the words as text and as a page, the calendar where
// the message carries one, and MIME.
func BenchmarkWrite(b *testing.B) {
	plans, _, problems := plan.Parse("maya.yaml", "maya", []byte(`with:
  name: Maya Chen
  email: maya@example.org
  timezone: Europe/Berlin
purpose: Join forces on the spring launch, so that research and product pull the same way.
offer: [A standing seat for research in our roadmap review]
ask: [An early word when a study changes what we should build]
agenda:
  - {topic: What each of us is committed to, minutes: 20}
  - {topic: How we could support each other, minutes: 25}
  - {topic: What we agree on and how we keep it, minutes: 15}
setting: {kind: walk, place: "Riverside path, meeting at the north gate"}
when: {start: 2027-03-04 10:00}
ready: true
`), false)

	if len(plans) != 1 {
		b.Fatal(problems)
	}
	words, err := templates.Load("")
	if err != nil {
		b.Fatal(err)
	}
	s := &Composer{Words: words, Finish: email.Finish, Settings: &organizer.Settings{
		Organizer: invites.Address{Name: "Ana Lopes", Email: "ana@example.org"}, Zone: "Europe/Lisbon", Language: "en"}}
	now := time.Date(2027, 2, 1, 10, 0, 0, 0, time.UTC)
	c := conversation.New("maya", 1, s.Settings)
	if problems := c.Read(plans[0], now); problems != nil {
		b.Fatal(problems)
	}
	c.Settle(now)
	for _, kind := range []outbox.Kind{outbox.Brief, outbox.Invite} {
		b.Run(string(kind), func(b *testing.B) {
			b.ReportAllocs()
			content, size := c.Says(now, kind), 0
			for b.Loop() {
				m := &outbox.Message{Kind: kind, To: "maya@example.org", Content: content}
				if err := s.Write(&conversation.Draft{At: now, Conversation: c, Messages: []*outbox.Message{m}}); err != nil {
					b.Fatal(err)
				}
				size = len(m.Data)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			b.ReportMetric(float64(size), "bytes/message")
		})
	}
}
