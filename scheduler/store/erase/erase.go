// Package erase knows how a conversation leaves a state for good: its rows, what other rows say of it, and the disk
// under them. Whether it may go, and which files there are of it besides, it leaves to its caller; what the rows mean, to
// the store.
package erase

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"coalition/scheduler/conversation"
	"coalition/scheduler/lookup"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/store"
	"coalition/scheduler/store/database"
)

// A Request is what is to be erased: all rounds of one id.
type Request struct {
	ID plan.ID
	// All are all conversations as they were looked at. Where one of that id has changed since, nothing is erased.
	All []*conversation.Conversation
	// Said is what stays of the partner, under a hash of each of Addresses; nil: nothing does.
	Said      *conversation.Silence
	Addresses []string
	// Plans takes the plan files away: before them the conversation must not be gone, or it would begin anew, and after
	// them it must be. It may be called more than once. Where it fails nothing is erased.
	Plans func() error
}

// tables are those that a conversation has rows in, or that others may have had a word of it in.
var tables = []string{"bodies", "messages", "pages", "events", "lookups", "conversations", "doors", "silences"}

// Rows erases what a conversation has in the tables, and takes its plan files away, in one transaction. Until [Disk] has
// been done what was deleted may still be found on the disk. The error is [conversation.ErrConflict] where somebody has
// carried the conversation on meanwhile, that of Plans, or one of the database.
func Rows(ctx context.Context, s *store.Store, r Request) error {
	err := s.Database().Update(ctx, func(tx *database.Tx) error {
		e := erasing{tx, s.Organizer(), s.Secret(), r}
		for _, step := range []func() error{e.conversation, e.beside, e.weeks, e.doors, e.silence} {
			if err := step(); err != nil {
				return err
			}
		}
		for _, query := range []string{
			"UPDATE installations SET erased = erased + 1 WHERE organizer = $1",
			// Whoever has decided beside looks again.
			"UPDATE organizers SET slots = slots + 1 WHERE organizer = $1",
			"INSERT INTO control (name) VALUES ('erasing ' || $1) ON CONFLICT DO NOTHING",
		} {
			if _, err := tx.Exec(query, s.Organizer()); err != nil {
				return err
			}
		}
		if err := r.Plans(); err != nil {
			return err
		}
		return tx.Notify()
	})
	if errors.Is(err, database.ErrCollided) {
		return conversation.ErrConflict
	}
	return err
}

// Disk takes what was deleted off the disk; see [database.DB.Rewrite].
func Disk(ctx context.Context, s *store.Store) error { return s.Database().Rewrite(ctx, tables) }

// Elsewhere reports whether the state has been used with plan files in another place than home, as on another machine: a
// plan that lies there would begin anew.
func Elsewhere(ctx context.Context, s *store.Store, home string) (bool, error) {
	if s.Database().Absent() || s.Database().Exclusive() {
		return false, nil
	}
	n, _, err := database.Number(ctx, s.Database(), "SELECT COUNT(*) FROM homes WHERE organizer = $1 AND home <> $2",
		s.Organizer(), home)
	return n > 0, err
}

// Unfinished reports whether something has been erased, and not all of that was done: [Done] ends it.
func Unfinished(ctx context.Context, s *store.Store) (bool, error) {
	if s.Database().Absent() {
		return false, nil
	}
	n, _, err := database.Number(ctx, s.Database(), "SELECT COUNT(*) FROM control WHERE name = 'erasing ' || $1",
		s.Organizer())
	return n > 0, err
}

// Done takes down that all has been erased.
func Done(ctx context.Context, s *store.Store) error {
	return s.Database().Update(ctx, func(tx *database.Tx) error {
		return tx.Do("DELETE FROM control WHERE name = 'erasing ' || $1", s.Organizer())
	})
}

// An erasing is one in its transaction.
type erasing struct {
	tx        *database.Tx
	organizer string
	secret    []byte
	Request
}

// conversation takes away the rows of all rounds.
func (e *erasing) conversation() error {
	states := make(map[int64]outbox.State)
	rounds := int64(0)
	for _, c := range e.All {
		if c.ID != e.ID || c.Rev == 0 {
			continue
		}
		rounds++
		for _, m := range c.Messages {
			states[m.Row] = m.State
		}
		// Whoever carries it on waits for this row, and finds it gone.
		n, err := e.tx.Exec("UPDATE conversations SET rev = rev + 1 WHERE organizer = $1 AND id = $2 AND round = $3 AND rev = $4",
			e.organizer, string(c.ID), c.Round, c.Rev)
		switch {
		case err != nil:
			return err
		case n == 0:
			return conversation.ErrConflict
		}
	}
	const mine = " WHERE organizer = $1 AND id = $2"
	args := []any{e.organizer, string(e.ID)}
	known, _, err := database.Number(context.Background(), e.tx, "SELECT COUNT(*) FROM conversations"+mine, args...)
	switch {
	case err != nil:
		return err
	case known != rounds:
		return conversation.ErrConflict
	}
	if err := e.tx.Do("DELETE FROM bodies WHERE message IN (SELECT seq FROM messages"+mine+")", args...); err != nil {
		return err
	}
	changed := false
	if err := database.Each(context.Background(), e.tx, func(rows *sql.Rows) error {
		var row int64
		var state outbox.State
		err := rows.Scan(&row, &state)
		changed = changed || states[row] != state
		return err
	}, "DELETE FROM messages"+mine+" RETURNING seq, state", args...); err != nil {
		return err
	}
	if changed {
		// One is leaving at this moment.
		return conversation.ErrConflict
	}
	for _, table := range []string{"pages", "events", "lookups", "conversations"} {
		if err := e.tx.Do("DELETE FROM "+table+mine, args...); err != nil {
			return err
		}
	}
	return nil
}

// beside takes out of other conversations that this one had a time that somebody has chosen there.
func (e *erasing) beside() error {
	for _, c := range e.All {
		if c.ID == e.ID || c.Rev == 0 || c.Answer == nil || !e.isRef(c.Answer.By) {
			continue
		}
		args := []any{e.organizer, string(c.ID), c.Round}
		const its = " WHERE organizer = $1 AND id = $2 AND round = $3"
		// As it is stored, without what its plan says anew.
		stored, ref := conversation.New(c.ID, c.Round, nil), c.Answer.By
		if err := database.Each(context.Background(), e.tx, func(rows *sql.Rows) error {
			var data sql.RawBytes
			if err := rows.Scan(&data); err != nil {
				return err
			}
			return json.Unmarshal(data, stored)
		}, "SELECT data FROM conversations"+its, args...); err != nil {
			return err
		}
		if stored.Answer != nil && stored.Answer.By == ref {
			stored.Answer.By = ""
		}
		for i, n := range stored.Notices {
			stored.Notices[i].Do = slices.DeleteFunc(n.Do, func(way string) bool { return strings.HasSuffix(way, " "+ref) })
		}
		data, err := json.Marshal(stored)
		if err != nil {
			return err
		}
		if err := e.tx.Do("UPDATE conversations SET rev = rev + 1, data = $4"+its, append(args, string(data))...); err != nil {
			return err
		}
		// What the organizer was told of it.
		if err := e.tx.Do("UPDATE bodies SET data = $4 WHERE message IN (SELECT seq FROM messages"+its+
			" AND kind = 'notice' AND state = 'accepted')", append(args, []byte{})...); err != nil {
			return err
		}
	}
	return e.history()
}

// weeks takes the words out of what the organizer was told of all conversations: it may name this one. What has not left
// yet does not.
func (e *erasing) weeks() error {
	const weeks = " WHERE organizer = $1 AND kind = 'notice' AND revision LIKE '" + outbox.WeekRevision + "%'"
	leaving, _, err := database.Number(context.Background(), e.tx, "SELECT COUNT(*) FROM messages"+weeks+" AND state = 'sending'", e.organizer)
	switch {
	case err != nil:
		return err
	case leaving > 0:
		return conversation.ErrConflict
	}
	if err := e.tx.Do("UPDATE messages SET state = 'cancelled'"+weeks+" AND state IN ('held', 'queued', 'unclear')", e.organizer); err != nil {
		return err
	}
	return e.tx.Do("UPDATE bodies SET data = $2 WHERE message IN (SELECT seq FROM messages"+weeks+")", e.organizer, []byte{})
}

// history does the same in what has been written down of others.
func (e *erasing) history() error {
	const taken = "is taken by the talk "
	words := make(map[int64]string)
	if err := database.Each(context.Background(), e.tx, func(rows *sql.Rows) error {
		var row int64
		var text string
		if err := rows.Scan(&row, &text); err != nil {
			return err
		}
		before, after, _ := strings.Cut(text, taken)
		end := strings.IndexAny(after+" ", " :")
		if e.isRef(after[:end]) {
			words[row] = before + "is not free any more" + after[end:]
		}
		return nil
	}, "SELECT seq, words FROM events WHERE organizer = $1 AND words LIKE '%"+taken+"%'", e.organizer); err != nil {
		return err
	}
	for row, text := range words {
		if err := e.tx.Do("UPDATE events SET words = $2 WHERE organizer = $1 AND seq = $3", e.organizer, text, row); err != nil {
			return err
		}
	}
	return nil
}

// isRef reports whether a reference is one of this conversation.
func (e *erasing) isRef(ref string) bool {
	id, _, _ := strings.Cut(ref, "/")
	return id != "" && plan.ID(id) == e.ID
}

// doors takes out of what servers have said whom it was about.
func (e *erasing) doors() error {
	type door struct{ name, account, words string }
	var list []door
	if err := database.Each(context.Background(), e.tx, func(rows *sql.Rows) error {
		var d door
		err := rows.Scan(&d.name, &d.account, &d.words)
		list = append(list, d)
		return err
	}, "SELECT name, account, words FROM doors WHERE organizer = $1", e.organizer); err != nil {
		return err
	}
	for _, d := range list {
		words := strings.ToLower(d.words)
		if !slices.ContainsFunc(e.Addresses, func(a string) bool { return strings.Contains(words, strings.ToLower(a)) }) {
			continue
		}
		if err := e.tx.Do("UPDATE doors SET words = '(erased)' WHERE organizer = $1 AND name = $2 AND account = $3",
			e.organizer, d.name, d.account); err != nil {
			return err
		}
	}
	return nil
}

// silence keeps what the partner has said, and nothing else of them.
func (e *erasing) silence() error {
	if e.Said == nil {
		return nil
	}
	for _, address := range e.Addresses {
		if err := keep(e.tx, e.organizer, lookup.SilenceKey(e.secret, address), *e.Said); err != nil {
			return err
		}
	}
	return nil
}
