package event

import (
	"fmt"
	"strconv"
	"strings"

	"coalition/scheduler/plan"
)

// A Ref is how what stands in an online calendar names a conversation: its id and always the round, and what tells it
// from one with the same id that was erased, whose event may stand there still.
type Ref struct {
	ID    plan.ID
	Round int
	Era   int64
}

// String returns it as it is written into the calendar.
func (r Ref) String() string {
	ref := fmt.Sprintf("%s/%d", r.ID, r.Round)
	if r.Era > 0 {
		ref += fmt.Sprintf("+%d", r.Era)
	}
	return ref
}

// EraOf is the Era of the conversation that has this Ref.
func EraOf(ref string) int64 {
	_, after, _ := strings.Cut(ref, "+")
	era, _ := strconv.ParseInt(after, 10, 64)
	return era
}

// Owns reports whether what stands in the calendar under that name is of the same conversation, also of a later Era: a
// state that is lost may have known of more that was erased.
func (r Ref) Owns(ref string) bool {
	before, _, _ := strings.Cut(ref, "+")
	return before == fmt.Sprintf("%s/%d", r.ID, r.Round) && EraOf(ref) >= r.Era
}
