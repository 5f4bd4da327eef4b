package sqlitefile

import (
	"context"
	"database/sql"
	"net/url"
	"time"
)

// Rewrite writes the file anew, with nothing in it of rows that were deleted, and empties its log of changes. Others may
// have it open: they wait for it, and it for them. The error is [ErrBusy] where somebody reads for long, or one of the
// system; the file is whole then, too.
func (f *File) Rewrite(ctx context.Context) error {
	// A connection of its own: what is freed is overwritten, which others need not pay for.
	db, err := sql.Open("sqlite", f.dsn(url.Values{
		"mode": {"rw"}, "_pragma": {"busy_timeout(10000)", "synchronous(FULL)", "secure_delete(1)"}}))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "VACUUM"); err != nil {
		if resultCode(err) == codeBusy {
			return ErrBusy
		}
		return Whole(err)
	}
	// Those who write wait meanwhile.
	if _, err := db.ExecContext(ctx, "PRAGMA busy_timeout = 500"); err != nil {
		return err
	}
	for end := time.Now().Add(10 * time.Second); ; {
		var kept, pages, taken int
		err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&kept, &pages, &taken)
		if err != nil || kept == 0 {
			return Whole(err)
		}
		if time.Now().After(end) {
			return ErrBusy
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
