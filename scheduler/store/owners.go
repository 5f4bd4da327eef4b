package store

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

	"coalition/scheduler"
)

// Whoever has messages in their hands says so every few seconds, on the clock of the database. Whose
// word is too old is taken for gone, whatever a session or a lock says: a process that was stopped keeps
// its locks, and one whose session was cut goes on sending. What it had not begun to hand over goes to
// others at once, since it finds at its dot that the claim is not its own any more. What it may be
// handing over at this moment stays with it for a while longer, unless it is surely gone.
const (
	beats = 10 * time.Second
	lease = time.Minute // the age of the last word from which on an owner counts as gone
	// doubt is how long a message that its owner may just be handing over is left to it.
	doubt = 10 * time.Minute
)

// owned is the owner of this process's claims, whose life other processes can see.
func (s *Store) owned(ctx context.Context) (string, error) {
	if s.rw == nil {
		return "", errReadOnly
	}
	s.owning.Lock()
	defer s.owning.Unlock()
	if owner := s.ownerID(); owner != "" {
		return owner, nil
	}
	b := make([]byte, 8)
	rand.Read(b) // which never fails
	owner := hex.EncodeToString(b)
	if err := s.db.own(ctx, owner); err != nil {
		return "", err
	}
	if err := s.update(ctx, func(tx *txn) error {
		if _, err := tx.exec("DELETE FROM owners WHERE organizer = $1 AND beat < "+s.db.clock()+" - 86400000 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.organizer = $1 AND m.owner = owners.owner)", s.organizer); err != nil {
			return err
		}
		return s.beat(tx, owner)
	}); err != nil {
		return "", err
	}
	s.mu.Lock()
	s.owner, s.hands = owner, make(map[int64]bool)
	s.mu.Unlock()
	go s.keepBeating(owner)
	return owner, nil
}

// beat says that owner lives.
func (s *Store) beat(tx *txn, owner string) error {
	_, err := tx.exec("INSERT INTO owners (owner, organizer, host, pid, beat) VALUES ($1, $2, $3, $4, "+s.db.clock()+") ON CONFLICT (owner) DO UPDATE SET beat = "+s.db.clock(),
		owner, s.organizer, here(), os.Getpid())
	return err
}

// keepBeating says so until the store is closed, as long as there is something in this process's hands.
func (s *Store) keepBeating(owner string) {
	ticker := time.NewTicker(beats)
	defer ticker.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
		}
		if s.busy() {
			_ = s.update(context.Background(), func(tx *txn) error { return s.beat(tx, owner) }) // the next one may arrive
		}
	}
}

func (s *Store) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.hands) > 0
}

// takes and lets keep in mind what is in this process's hands.
func (s *Store) takes(m *scheduler.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hands[m.Row] = true
}

func (s *Store) lets(m *scheduler.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.hands, m.Row)
}

func (s *Store) ownerID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owner
}

// leave says that this process ends: what is still in its hands is for others.
func (s *Store) leave() {
	owner := s.ownerID()
	if owner == "" {
		return
	}
	query := "DELETE FROM owners WHERE owner = $1"
	if s.busy() {
		query = "UPDATE owners SET pid = 0 WHERE owner = $1"
	}
	_ = s.update(context.Background(), func(tx *txn) error { // else others wait until its last word is old
		_, err := tx.exec(query, owner)
		return err
	})
}

// A fate is what has become of the owner of a claim, as far as others can tell.
type fate int

const (
	living fate = iota
	silent      // it has not said for a while that it lives
	gone        // its process is no more
)

func (s *Store) fate(tx *txn, owner string) (f fate, err error) {
	f = silent // of a version that does not say, or has been swept up
	err = each(context.Background(), tx, func(rows *sql.Rows) error {
		var host string
		var pid int
		var age int64
		if err := rows.Scan(&host, &pid, &age); err != nil {
			return err
		}
		switch {
		case pid == 0, host != "" && host == here() && !running(pid):
			f = gone
		case age <= lease.Milliseconds():
			f = living
		}
		return nil
	}, "SELECT host, pid, "+s.db.clock()+" - beat FROM owners WHERE owner = $1", owner)
	if err != nil || f == gone {
		return f, err
	}
	if out, err := s.db.gone(owner); err != nil || out {
		return gone, err
	}
	return f, nil
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

// Recover implements [scheduler.Store].
func (s *Store) Recover(ctx context.Context, wall time.Time) ([]*scheduler.Message, error) {
	const claims = "SELECT DISTINCT owner FROM messages WHERE organizer = $1 AND owner <> ''"
	var owners []string
	if err := each(ctx, s.ro, func(rows *sql.Rows) error {
		var owner string
		err := rows.Scan(&owner)
		if owner != s.ownerID() {
			owners = append(owners, owner)
		}
		return err
	}, claims, s.organizer); err != nil || len(owners) == 0 {
		return nil, err
	}
	var freed []*scheduler.Message
	err := s.update(ctx, func(tx *txn) error {
		freed = nil
		for _, owner := range owners {
			f, err := s.fate(tx, owner)
			if err != nil {
				return err
			}
			if f == living {
				continue
			}
			keep, until := "''", wall
			if f == silent {
				keep, until = "owner", wall.Add(doubt)
			}
			if err := each(ctx, tx, func(rows *sql.Rows) error {
				m, err := scanMessage(rows)
				freed = append(freed, m)
				return err
			}, `UPDATE messages AS m SET owner = CASE WHEN phase = 'dot' THEN `+keep+` ELSE '' END, phase = '',
				not_before = CASE WHEN phase = 'dot' THEN CAST($1 AS BIGINT) ELSE CAST($2 AS BIGINT) END,
				unclears = CASE WHEN phase <> 'dot' THEN unclears WHEN via = 'google' THEN 1 ELSE unclears + 1 END,
				state = CASE WHEN phase = 'dot' OR unclears = 1 AND kind <> 'reminder' THEN 'unclear' ELSE 'queued' END
				WHERE organizer = $3 AND owner = $4 AND state = 'sending' RETURNING `+strings.ReplaceAll(messageColumns, "m.", ""), ms(until), ms(wall), s.organizer, owner); err != nil {
				return err
			}
			// What was left to an owner that is gone by now, or for long enough.
			left := "UPDATE messages SET owner = '', not_before = $1 WHERE organizer = $2 AND owner = $3 AND state <> 'sending'"
			if f == silent {
				left += " AND not_before <= $1"
			}
			if _, err := tx.exec(left, ms(wall), s.organizer, owner); err != nil {
				return err
			}
			if f == gone {
				if _, err := tx.exec("DELETE FROM owners WHERE owner = $1", owner); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return freed, err
}
