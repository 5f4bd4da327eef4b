package inbound_test

import (
	"fmt"

	"coalition/invites/email/inbound"
)

func ExampleRead() {
	mail := inbound.Read([]byte("Authentication-Results: mx.example.org; dkim=pass header.d=example.com\n"+
		"From: Maya Chen <maya@example.com>\nIn-Reply-To: <brief-1@example.org>\nMessage-ID: <m1@example.com>\n\n"+
		"Yes, the second.\n\nOn Mon, 1 Mar 2027 at 10:00, Ana <ana@example.org> wrote:\n> May we talk?\n"),
		[]string{"mx.example.org"})
	fmt.Printf("%s, a %s mail, about %s, vouched for: %t\n%s\n", mail.From, mail.Sort, mail.Refs[0], mail.Vouched, mail.Text)
	// Output:
	// Maya Chen <maya@example.com>, a personal mail, about brief-1@example.org, vouched for: true
	// Yes, the second.
}
