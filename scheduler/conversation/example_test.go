package conversation_test

import (
	"fmt"
	"time"

	"coalition/invites"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/organizer"
	"coalition/scheduler/plan"
	"coalition/scheduler/ways"
)

// A plan is read, the organizer checks in, the partner says yes: after each the next step is another one.
func ExampleConversation_Next() {
	plans, _, problems := plan.Parse("maya.yaml", "maya", []byte(`
with: {name: Maya Chen, email: maya@example.org}
purpose: Join forces on the spring launch.
offer: [Half a day of my team each week.]
ask: [A decision by March.]
agenda: [{topic: What each of us is committed to, minutes: 60}]
setting: {kind: walk, place: Riverside path}
when: {start: 2027-03-04 10:00}
`), false)

	if problems != nil {
		fmt.Println(problems)
		return
	}
	c := conversation.New("maya", 1, &organizer.Settings{
		Organizer: invites.Address{Name: "Ana Lopes", Email: "ana@example.org"},
		Zone:      "Europe/Lisbon",
		Language:  "en",
		Hours:     plan.Hours{{From: 9 * 60, To: 17 * 60}},
		How:       func(way ways.Way, ref string, _ ...string) string { return string(way) + " " + ref },
	})
	now := time.Date(2027, 2, 22, 9, 0, 0, 0, time.UTC)
	if problems := c.Read(plans[0], now); problems != nil {
		fmt.Println(problems)
		return
	}
	fmt.Println(c.Status(now), "-", c.Next(now).Next)
	for _, change := range []conversation.Change{
		command.CheckIn{},
		conversation.Answer{Value: conversation.Yes, At: now, How: "command"},
	} {
		if err := c.Apply(change, now); err != nil {
			fmt.Println(err)
			return
		}
		step := c.Next(now)
		fmt.Println(c.Status(now), "-", step.Next, "-", step.Kind)
	}
	// Output:
	// planned - check in with yourself (until then nothing goes out): ready maya
	// ready - send the brief - brief
	// permitted - send the invitation - invite
}
