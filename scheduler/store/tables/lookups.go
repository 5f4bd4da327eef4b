package tables

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"coalition/scheduler/conversation"
	"coalition/scheduler/lookup"
	"coalition/scheduler/plan"
	"coalition/scheduler/store/database"
)

// Exec carries out a statement.
type Exec func(query string, args ...any) error

// PutKeys writes by what a conversation is looked up; there is nothing of it yet.
func PutKeys(exec Exec, organizer string, id plan.ID, round int, keys []string) error {
	args, rows := []any{organizer, string(id), round}, make([]string, len(keys))
	for i, key := range keys {
		args, rows[i] = append(args, key), fmt.Sprintf("($1, $%d, $2, $3)", i+4)
	}
	return exec("INSERT INTO lookups (organizer, key, id, round) VALUES "+strings.Join(rows, ", "), args...)
}

// Fill writes by what the conversations of an organizer are looked up, or with "" those of all. One that can't be
// read has no keys.
func Fill(ctx context.Context, from database.Querier, exec Exec, organizer string) error {
	type row struct {
		organizer string
		*conversation.Conversation
	}
	var list []row
	err := database.Each(ctx, from, func(rows *sql.Rows) error {
		r := row{Conversation: new(conversation.Conversation)}
		var data sql.RawBytes
		if err := rows.Scan(&r.organizer, &r.ID, &r.Round, &data); err != nil {
			return err
		}
		if json.Unmarshal(data, r.Conversation) == nil {
			list = append(list, r)
		}
		return nil
	}, "SELECT organizer, id, round, data FROM conversations WHERE $1 = '' OR organizer = $1", organizer)
	for _, r := range list {
		if err == nil {
			err = PutKeys(exec, r.organizer, r.ID, r.Round, lookup.Keys(r.Conversation))
		}
	}
	return err
}
