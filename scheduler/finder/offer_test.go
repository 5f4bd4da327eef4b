package finder

import (
	"testing"
	"time"
)

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0m", 30 * time.Minute: "30m", time.Hour: "1h",
		90 * time.Minute: "1h30m", 70 * time.Minute: "1h10m", 20 * time.Hour: "20h", 24 * time.Hour: "24h"} {
		if got := Length(d); got != want {
			t.Errorf("%s is written %q; want %q", d, got, want)
		}
	}
}
