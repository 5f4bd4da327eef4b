// Package intake knows what a mail changes in a conversation: who is believed, what counts, and what only waits for the
// organizer. It leaves to others how mail is read (invites/email), what words mean (templates/answers), what a click on
// the partner's page changes (page), and what follows (conversation). It sends nothing.
//
// Each mail counts once, however often it comes: its key, the conversation that it changed and the cursor of the
// mailbox are written in one transaction. What others have decided meanwhile makes it be judged anew.
package intake
