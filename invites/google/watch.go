package google

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"

	"coalition/invites"
)

// Watch asks Google to tell of changes in the calendar through a notification channel, and returns what it says of
// that.
func (c *Calendar) Watch(ctx context.Context, channel *calendar.Channel) (*calendar.Channel, error) {
	answer, err := notNull(c.service.Events.Watch(c.id, channel).Context(ctx).Do())
	if err != nil {
		return nil, c.unwatched(ctx, err)
	}
	return answer, nil
}

// StopWatch ends a channel.
func (c *Calendar) StopWatch(ctx context.Context, channel *calendar.Channel) error {
	if err := c.service.Channels.Stop(channel).Context(ctx).Do(); err != nil {
		return c.fault(ctx, err, false)
	}
	return nil
}

// unwatched returns why Google opens no channel.
func (c *Calendar) unwatched(ctx context.Context, err error) *invites.DeliveryError {
	var answer *googleapi.Error
	if errors.As(err, &answer) {
		for _, reason := range reasons(answer) {
			switch strings.TrimPrefix(reason, "push.") {
			case "pushNotSupportedForRequestedResource":
				return &invites.DeliveryError{Final: true, Err: err, Text: "it does not do so for this calendar"}
			// The latter with 401, which is not about the sign-in.
			case "webhookUrlNotHttps", "webhookUrlUnauthorized":
				return &invites.DeliveryError{Final: true, Err: err,
					Text: "it does not accept the address of web.public_url"}
			}
		}
	}
	return c.fault(ctx, err, false)
}
