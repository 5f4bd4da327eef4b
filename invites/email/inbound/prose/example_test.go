package prose_test

import (
	"fmt"

	"coalition/invites/email/inbound/prose"
)

func ExampleOwn() {
	fmt.Println(prose.Own(prose.FromHTML("<p>Gladly, on Thursday.</p><div class=gmail_signature>Maya Chen</div>" +
		"<p>On 1 March 2027, 10:00, Ana &lt;ana@example.org&gt; wrote:</p><blockquote>May we talk?</blockquote>")))
	// Output:
	// Gladly, on Thursday.
}
