// Package guard knows how a fault of this program in one conversation is kept from stopping the others. What has become
// of what it was about it leaves to whoever calls.
package guard

import (
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
)

// Run calls f, and keeps a panic in it from taking down more than what f was about: one conversation's fault is logged,
// and all else goes on. It reports whether f came to its end.
func Run(log *slog.Logger, what, id string, f func()) (done bool) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		// What is no runtime.Error may quote what is private.
		said := fmt.Sprintf("%T", fault)
		if err, ok := fault.(runtime.Error); ok {
			said = err.Error()
		}
		log.Error("a fault of this program; the rest goes on", "in", what, "id", id, "fault", said,
			"stack", string(debug.Stack()))
	}()
	f()
	return true
}
