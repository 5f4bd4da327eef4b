package main

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"
)

// countFor is how long one and the same trouble is only counted once it has been told.
const countFor = time.Hour

// A counting handler tells of a trouble once, and then counts how often it comes again: after an hour,
// and only if it is still there, it is told once more, with the number of times that it was not.
type counting struct {
	slog.Handler
	*counts
}

type counts struct {
	mu   sync.Mutex
	seen map[string]*counted
}

type counted struct {
	told time.Time
	// How often since then.
	more int
}

func newCounting(h slog.Handler) *counting {
	return &counting{h, &counts{seen: make(map[string]*counted)}}
}

// Handle implements [slog.Handler].
func (c *counting) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn {
		return c.Handler.Handle(ctx, r)
	}
	key := r.Message
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "attempt", "again":
			// These are never the same.
		case "error":
			// Servers put the time that it took, and the like, into what they say.
			key += "\x00" + strings.Map(func(r rune) rune {
				if unicode.IsDigit(r) {
					return -1
				}
				return r
			}, a.Value.String())
		default:
			key += "\x00" + a.Key + "\x00" + a.Value.String()
		}
		return true
	})
	more := 0
	c.mu.Lock()
	before := c.seen[key]
	known := before != nil && r.Time.Sub(before.told) < countFor
	if known {
		before.more++
	} else {
		if before != nil {
			more = before.more
		}
		// What is long over is forgotten.
		for k, old := range c.seen {
			if r.Time.Sub(old.told) > 2*countFor {
				delete(c.seen, k)
			}
		}
		c.seen[key] = &counted{told: r.Time}
	}
	c.mu.Unlock()
	if known {
		return nil
	}
	if more > 0 {
		r = r.Clone()
		r.Add("times", more+1)
	}
	return c.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (c *counting) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &counting{c.Handler.WithAttrs(attrs), c.counts}
}

// WithGroup implements [slog.Handler].
func (c *counting) WithGroup(name string) slog.Handler {
	return &counting{c.Handler.WithGroup(name), c.counts}
}
