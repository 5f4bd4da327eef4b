package delivery

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	for _, test := range []struct {
		attempt   int
		low, high time.Duration
	}{
		{1, 562 * time.Millisecond, 938 * time.Millisecond},
		{2, 1125 * time.Millisecond, 1875 * time.Millisecond},
		{10, 288 * time.Second, 480 * time.Second},
		{13, 1350 * time.Second, 2250 * time.Second},
		{1000, 1350 * time.Second, 2250 * time.Second},
	} {
		if low, high := backoff(test.attempt, 0), backoff(test.attempt, 0.999); low < test.low || high > test.high || low >= high {
			t.Errorf("attempt %d: %s to %s, want within %s to %s", test.attempt, low, high, test.low, test.high)
		}
	}
}
