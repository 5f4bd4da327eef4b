package backup

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"coalition/scheduler/store"
	"coalition/scheduler/store/database"
	"coalition/scheduler/store/sqlitefile"
	"coalition/scheduler/store/tables"
)

// A table is one of those that hold what belongs to an organizer.
type table struct {
	name    string
	columns []string
	// flags says which of the columns are BOOLEAN.
	flags []bool
}

// tablesOf are the tables of an SQLite state, those that others refer to first.
func tablesOf(ctx context.Context, db *sql.DB) (list []table, err error) {
	err = database.Each(ctx, db, func(rows *sql.Rows) error {
		var t table
		var column, kind string
		if err := rows.Scan(&t.name, &column, &kind); err != nil {
			return err
		}
		if len(list) == 0 || list[len(list)-1].name != t.name {
			list = append(list, t)
		}
		last := &list[len(list)-1]
		last.columns, last.flags = append(last.columns, column), append(last.flags, kind == "BOOLEAN")
		return nil
	}, `SELECT t.name, c.name, c.type FROM sqlite_schema t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'schema_version'
		ORDER BY CASE t.name WHEN 'conversations' THEN 0 WHEN 'messages' THEN 1 ELSE 2 END, t.name, c.cid`)
	return list, err
}

func (t *table) has(column string) bool { return slices.Contains(t.columns, column) }

// where is the condition that a row belongs to the organizer $1.
func (t *table) where() string {
	switch {
	case t.has("organizer"):
		return "organizer = $1"
	case t.name == "bodies":
		return "message IN (SELECT seq FROM messages WHERE organizer = $1)"
	case t.name == "control":
		return "name = 'paused ' || $1"
	}
	// It belongs to nobody.
	return "$1 = ''"
}

// insert is the statement that writes a row of these columns.
func (t *table) insert(columns []string) string {
	values := make([]string, len(columns))
	for i := range columns {
		values[i] = fmt.Sprintf("$%d", i+1)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", t.name, strings.Join(columns, ", "), strings.Join(values, ", "))
}

// copy gives put each row of the table, in the order in which they were written.
func (t *table) copy(ctx context.Context, from database.Querier, where, organizer string,
	put func(row []any) error) error {
	query := "SELECT " + strings.Join(t.columns, ", ") + " FROM " + t.name + " WHERE " + where
	if t.has("seq") {
		query += " ORDER BY seq"
	}
	return database.Each(ctx, from, func(rows *sql.Rows) error {
		row := make([]any, len(t.columns))
		places := make([]any, len(t.columns))
		for i := range row {
			places[i] = &row[i]
		}
		if err := rows.Scan(places...); err != nil {
			return err
		}
		for i, flag := range t.flags {
			if n, ok := row[i].(int64); ok && flag {
				row[i] = n != 0
			}
		}
		return put(row)
	}, query, organizer)
}

// export writes all that belongs to the organizer, as it is at one moment, into the empty file at path.
func export(ctx context.Context, s *store.Store, path string) error {
	file, err := database.NewFile(ctx, path, tables.Schema)
	if err != nil {
		return err
	}
	defer file.Close()
	list, err := tablesOf(ctx, file)
	if err != nil {
		return err
	}
	from, err := s.Database().Snapshot(ctx)
	if err != nil {
		return err
	}
	// Nothing was written.
	defer func() { _ = from.Rollback() }()
	to, err := file.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// After a commit there is nothing to take back.
	defer func() { _ = to.Rollback() }()
	for _, t := range list {
		if err := t.copy(ctx, from, t.where(), s.Organizer(), func(row []any) error {
			_, err := to.ExecContext(ctx, t.insert(t.columns), row...)
			return err
		}); err != nil {
			return err
		}
	}
	return to.Commit()
}

// replace puts what a backup holds in the place of the organizer's rows, in one transaction. from is the organizer
// under whose address they are in the backup.
func replace(ctx context.Context, s *store.Store, path, from string) error {
	file, err := sqlitefile.OpenRaw(path, true)
	if err != nil {
		return err
	}
	defer file.Close()
	list, err := tablesOf(ctx, file)
	if err != nil {
		return err
	}
	// Who has opened these rows, from where, and who is at work is known better here.
	list = slices.DeleteFunc(list, func(t table) bool {
		return slices.Contains([]string{"organizers", "addresses", "homes", "owners", "control", "lookups"}, t.name)
	})
	return s.Database().Update(ctx, func(tx *database.Tx) error {
		// Whoever has decided on something beside sees that it no longer holds.
		_, err := tx.Exec("UPDATE organizers SET slots = slots + 1 WHERE organizer = $1", s.Organizer())
		if err != nil {
			return err
		}
		for _, t := range slices.Backward(list) {
			if _, err := tx.Exec("DELETE FROM "+t.name+" WHERE "+t.where(), s.Organizer()); err != nil {
				return err
			}
		}
		// Messages are numbered anew: by the row in the backup, that here.
		renumbered := make(map[int64]int64)
		for _, t := range list {
			if err := t.take(ctx, tx, file, from, s.Organizer(), renumbered); err != nil {
				return err
			}
		}
		if _, err := tx.Exec("DELETE FROM lookups WHERE organizer = $1", s.Organizer()); err != nil {
			return err
		}
		if err := tables.Fill(ctx, tx, tx.Do, s.Organizer()); err != nil {
			return err
		}
		if i := slices.IndexFunc(list, func(t table) bool { return t.name == "messages" }); !list[i].has("repeatable") {
			_, err := tx.Exec("UPDATE messages AS m SET repeatable = "+tables.OldRepeatable+" WHERE organizer = $1", s.Organizer())
			if err != nil {
				return err
			}
		}
		if err := s.ReleaseAll(tx); err != nil {
			return err
		}
		return tx.Notify()
	})
}

// take writes the rows of a table that belong to one organizer in file as those of another one.
func (t *table) take(ctx context.Context, tx *database.Tx, file *sql.DB, from, to string,
	renumbered map[int64]int64) error {
	key, columns := slices.Index(t.columns, "seq"), slices.Clone(t.columns)
	if key >= 0 {
		columns = slices.Delete(columns, key, key+1)
	}
	insert := t.insert(columns)
	return t.copy(ctx, file, t.where(), from, func(row []any) error {
		old := int64(0)
		if key >= 0 {
			old, _ = row[key].(int64)
			row = slices.Delete(row, key, key+1)
		}
		for i, column := range columns {
			switch {
			case column == "organizer":
				row[i] = to
			case t.name == "bodies" && column == "message":
				row[i] = renumbered[row[i].(int64)]
			}
		}
		if t.name != "messages" {
			_, err := tx.Exec(insert, row...)
			return err
		}
		seq, _, err := database.Number(ctx, tx, insert+" RETURNING seq", row...)
		renumbered[old] = seq
		return err
	})
}
