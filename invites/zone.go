package invites

import (
	"coalition/invites/zones"
	"strings"
	"time"
)

// Location returns the zone of that IANA name in the newest zone data, always the same value. It refuses
// what means something else on each machine ("Local", "localtime", the empty name), other spellings of a
// name that only a file system takes ("Europe//Berlin"), and the "posix/" and "right/" copies.
func Location(name string) (*time.Location, error) {
	lower := strings.ToLower(name)
	if name == "" || strings.HasPrefix(lower, "local") || strings.HasPrefix(lower, "right/") ||
		strings.HasPrefix(lower, "posix") ||
		lower == "factory" {
		return nil, zones.ErrUnknown
	}
	return zones.Newest().Location(name)
}
