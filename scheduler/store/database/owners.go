package database

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// beats is how often a process that holds rows says that it lives.
	beats = 10 * time.Second
	// lease is the age of the last word from which on an owner counts as silent.
	lease = time.Minute
)

// forgetAfter is the age in milliseconds of the last word from which on an owner without rows is forgotten.
const forgetAfter = "86400000"

// A Life is what others can tell of an owner.
type Life int

// What has become of an owner.
const (
	// Alive is an owner that has said within a minute that it lives.
	Alive Life = iota
	// Silent is one that has not: it may have been stopped, or cut off, and may go on.
	Silent
	// Gone is one whose process is no more.
	Gone
)

// Owner returns the owner under which this process takes rows, whose life others can see from then on; the error
// is [ErrReadOnly] or that of [DB.Update].
func (d *DB) Owner(ctx context.Context) (string, error) {
	if d.rw == nil {
		return "", ErrReadOnly
	}
	d.owning.Lock()
	defer d.owning.Unlock()
	if owner := d.OwnerID(); owner != "" {
		return owner, nil
	}
	b := make([]byte, 8)
	// Read never fails.
	rand.Read(b)
	owner := hex.EncodeToString(b)
	if err := d.dialect.own(ctx, owner); err != nil {
		return "", err
	}
	if err := d.Update(ctx, func(tx *Tx) error {
		_, err := tx.Exec("DELETE FROM owners WHERE organizer = $1 AND beat < "+d.dialect.clock()+" - "+forgetAfter+
			" AND NOT EXISTS ("+d.schema.InUse+")", d.organizer)
		if err != nil {
			return err
		}
		return tx.Beat(owner)
	}); err != nil {
		return "", err
	}
	d.mu.Lock()
	d.owner, d.held = owner, make(map[int64]bool)
	d.mu.Unlock()
	go d.keepBeating(owner)
	return owner, nil
}

// OwnerID returns the owner as [DB.Owner] has made it; "" where it has not.
func (d *DB) OwnerID() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.owner
}

// Beat says that owner lives.
func (t *Tx) Beat(owner string) error {
	clock := t.db.dialect.clock()
	_, err := t.Exec("INSERT INTO owners (owner, organizer, host, pid, beat) VALUES ($1, $2, $3, $4, "+clock+
		") ON CONFLICT (owner) DO UPDATE SET beat = "+clock, owner, t.db.organizer, here(), os.Getpid())
	return err
}

// keepBeating says so until the database is closed, as long as this process holds rows.
func (d *DB) keepBeating(owner string) {
	ticker := time.NewTicker(beats)
	defer ticker.Stop()
	for {
		select {
		case <-d.ended:
			return
		case <-ticker.C:
		}
		if d.holding() {
			// Where one is lost the next one may arrive.
			_ = d.Update(context.Background(), func(tx *Tx) error { return tx.Beat(owner) })
		}
	}
}

// Hold keeps in mind that this process has taken a row, after [DB.Owner]: as long as there is any it says that it
// lives.
func (d *DB) Hold(row int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held[row] = true
}

// LetGo ends what Hold began.
func (d *DB) LetGo(row int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, row)
}

func (d *DB) holding() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.held) > 0
}

// leave says that this process ends: what it still holds is for others.
func (d *DB) leave() {
	owner := d.OwnerID()
	if owner == "" {
		return
	}
	query := "DELETE FROM owners WHERE owner = $1"
	if d.holding() {
		query = "UPDATE owners SET pid = 0 WHERE owner = $1"
	}
	// Where this fails others wait until its last word is old.
	_ = d.Update(context.Background(), func(tx *Tx) error {
		_, err := tx.Exec(query, owner)
		return err
	})
}

// Life returns what has become of an owner. One that is not known is [Silent]: it is of a version that does not
// say that it lives, or has been forgotten.
func (t *Tx) Life(owner string) (Life, error) {
	life := Silent
	err := Each(context.Background(), t, func(rows *sql.Rows) error {
		var host string
		var pid int
		var age int64
		if err := rows.Scan(&host, &pid, &age); err != nil {
			return err
		}
		switch {
		case pid == 0, host != "" && host == here() && !running(pid):
			life = Gone
		case age <= lease.Milliseconds():
			life = Alive
		}
		return nil
	}, "SELECT host, pid, "+t.db.dialect.clock()+" - beat FROM owners WHERE owner = $1", owner)
	if err != nil || life == Gone {
		return life, err
	}
	if gone, err := t.db.dialect.gone(owner); err != nil || gone {
		return Gone, err
	}
	return life, nil
}

// Forget takes an owner that is [Gone] off the list.
func (t *Tx) Forget(owner string) error {
	_, err := t.Exec("DELETE FROM owners WHERE owner = $1", owner)
	return err
}

// here tells the machine, and the processes that can be seen on it, from all others; "" where that can't
// be told.
func here() string {
	name, err := os.Hostname()
	if err != nil || runtime.GOOS != "linux" {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return name + " " + strings.TrimSpace(string(boot)) + " " + space
}

// running reports whether there is a process with that id, which may be another one by now.
func running(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	err = p.Signal(syscall.Signal(0))
	return !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH)
}
