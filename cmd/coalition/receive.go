package main

import (
	"cmp"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"coalition/invites"
	"coalition/invites/email/inbound"
	"coalition/scheduler/intake"
	"coalition/scheduler/plan"
)

// mailSize is how many bytes of a mail are read: what matters stands at its beginning.
const mailSize = 1 << 20

// A receipt is what has become of a mail, as `receive --json` shows it. What is absent is null.
type receipt struct {
	File    *string `json:"file"`
	From    *string `json:"from"`
	Subject *string `json:"subject"`
	Message *string `json:"message_id"`
	ID      *string `json:"id"`
	Round   *int    `json:"round"`
	Counted bool    `json:"counted"`
	Text    string  `json:"text"`
}

func (a *app) receiveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "receive FILE…|-",
		Short: "Take in answers from mail files or standard input",
		Long: `Take in what your partners have answered, from mail files (.eml) or, with -, from
standard input: for a rule of your mail program, or replies that you have saved.
A mail counts once, whether it comes this way or from the mailbox. Nothing is sent
by this. Mail that is no answer is left alone.

A reply that names no message of yours counts only where a server of replies.trust
says that your partner has sent it (Authentication-Results); otherwise it is shown
and waits for you. What was not believed counts when it is taken in again after the
reason is gone: its address stands under with.aliases in the plan, or its server
under replies.trust in the config.

With --json, an array. What is absent is null:
  file, from, subject,
  message_id                  which mail
  id, round                   the conversation it belongs to
  counted                     whether it changed the conversation
  text                        what it was, or why it was not believed`,
		Example: "  coalition receive reply.eml\n  coalition receive - <reply.eml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.open(cmd.Context(), false); err != nil {
				return err
			}
			list := []receipt{}
			var unread error
			for _, name := range args {
				data, err := a.readMail(name)
				if err != nil {
					// The others count all the same.
					unread = cmp.Or(unread, err)
					continue
				}
				took, err := a.sched.Intake.Receive(cmd.Context(), []*invites.Mail{inbound.Read(data, a.config.trust())})
				if err != nil {
					return err
				}
				for _, r := range took {
					list = append(list, newReceipt(name, r))
					a.say("%s", received(name, r))
				}
			}
			return cmp.Or(unread, a.data(list))
		},
	}
}

func (a *app) readMail(name string) ([]byte, error) {
	r := a.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usage("the file %s can't be read", "name a mail file, or - for standard input", name)
		}
		defer f.Close()
		r = f
	}
	data, err := io.ReadAll(io.LimitReader(r, mailSize))
	if err != nil {
		return nil, usage("%s can't be read as a mail", "name a mail file, or - for standard input", name)
	}
	// Whoever writes into a pipe must not fail for what is not needed.
	_, _ = io.Copy(io.Discard, r)
	return data, nil
}

func newReceipt(name string, r intake.Receipt) receipt {
	t := receipt{File: orNull(name), Message: orNull(r.Mail.MessageID), From: orNull(r.Mail.From.Email),
		Subject: orNull(r.Mail.Subject), ID: orNull(string(r.ID)), Counted: r.Counted, Text: r.What}
	if r.ID != "" {
		t.Round = &r.Round
	}
	return t
}

func received(name string, r intake.Receipt) string {
	if r.ID == "" {
		return fmt.Sprintf("%s: %s", name, r.What)
	}
	return fmt.Sprintf("%s: %s", plan.Ref(r.ID, r.Round), r.What)
}
