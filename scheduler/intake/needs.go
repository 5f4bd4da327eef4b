package intake

import (
	"context"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/lookup"
	"coalition/scheduler/plan"
)

// A Mailbox brings what comes in by mail. It only reads: the mailbox stays as it was.
type Mailbox interface {
	// Fetch calls take with the mails that have come after cursor, in the order of their arrival, batch
	// by batch; next is the cursor once the whole batch is taken in. Where cursor is "" or of no use any
	// more it begins with those that came at or after since; with a zero since there are none of these,
	// and the cursor begins at the end. An error of take ends it, and is returned.
	Fetch(ctx context.Context, cursor string, since time.Time, take func(batch []*invites.Mail, next string) error) error
	// Name tells this mailbox from others that the same state may have been used with.
	Name() string
	// Wait returns when something may have come, and an error when the connection is lost or ctx ends.
	Wait(ctx context.Context) error
	// Sent reports whether the folder of sent mail holds the message of that Message-ID (without its
	// angle brackets); ok is false where there is no such folder.
	Sent(ctx context.Context, messageID string) (found, ok bool, err error)
	// Close ends all connections; the Mailbox can be used again.
	Close()
}

// A Store keeps conversations, and how far what comes in has been read.
type Store interface {
	// Load returns the conversations that are asked for with their messages, by id and round and without the messages'
	// bytes, all as of one moment. There may be others among them.
	Load(ctx context.Context, q lookup.Query) ([]*conversation.Conversation, error)
	// Commit writes a conversation, its new messages and its history in one transaction, and gives
	// the new messages their rows. It returns [conversation.ErrConflict] when the stored revision is not that of
	// the conversation, a message with the same key is there already, or one that was heard of is being
	// sent; and [conversation.ErrKnown] when a mail with that key has been committed, for one that is Open either way.
	Commit(ctx context.Context, d *conversation.Draft) error
	// Slots rises whenever somebody takes a time or has a word about a person, or a pass decides on messages. It
	// is read before Load.
	Slots(ctx context.Context) (int64, error)
	// FirstLeft is when the first message was made that may have left; zero: none has.
	FirstLeft(ctx context.Context) (time.Time, error)
	// Cursor is how far the mailbox or calendar of that name has been read; "" where it has not.
	Cursor(ctx context.Context, name string) (at string, err error)
	SetCursor(ctx context.Context, c conversation.Cursor) error
	// Page is the conversation whose page has a token with that hash; round is 0 where there is none.
	Page(ctx context.Context, hash string) (id plan.ID, round int, err error)
}
