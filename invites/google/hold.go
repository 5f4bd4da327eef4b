package google

import (
	"context"
	"net/http"
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/googleapi"

	"coalition/invites"
)

// The keys of private properties of a hold, which has none of those of a talk.
const (
	// holdKey is for whom it holds a time, by which holds are listed.
	holdKey = "coalitionHold"
	// holdRefKey is that of Hold.Ref.
	holdRefKey = "coalitionHoldFor"
	// overKey is there once it is this program that takes it out: no hand has then.
	overKey = "coalitionHoldOver"
)

const (
	// holdID begins the id of a hold, before its Key and one letter more, so that none looks like that of a talk.
	holdID = "hold"
	// holdLetters are those: the second is for a hold that this program has taken out before, and so on, since an id
	// that is in the bin is taken for ever.
	holdLetters = "0123456789abcdefghijklmnopqrstuv"
)

// isHold reports whether the event only keeps a time.
func isHold(event *calendar.Event) bool { return has(event, holdKey) }

// has reports whether the event has that private property.
func has(event *calendar.Event, key string) bool {
	return event != nil && event.ExtendedProperties != nil && event.ExtendedProperties.Private[key] != ""
}

// Hold has these times of the owner, an address, stand in the calendar of that name ("": c itself), and no others of
// theirs; wrote reports whether it had to change anything. Nobody hears of it. It may be called again however the last
// call ended, also by several at once: each hold is made once, and what is gone is gone. A hold that somebody has
// deleted in the calendar does not come back, and one that they have changed stays as it is until it goes. The error is
// an [*invites.DeliveryError]: some may stand by then, and some not.
func (c *Calendar) Hold(ctx context.Context, in, owner string, holds []invites.Hold) (wrote bool, err error) {
	there := c.at(in)
	standing, f := there.holds(ctx, owner)
	if f != nil {
		return false, f
	}
	missing := make(map[string]bool)
	for _, h := range holds {
		missing[h.Key] = true
	}
	for _, id := range standing {
		if key := keyOf(id); missing[key] {
			delete(missing, key)
			continue
		}
		wrote = true
		if f := there.release(ctx, id); f != nil {
			return wrote, f
		}
	}
	for _, h := range holds {
		if !missing[h.Key] {
			continue
		}
		made, f := there.hold(ctx, owner, &h)
		if wrote = wrote || made; f != nil {
			return wrote, f
		}
	}
	return wrote, nil
}

// keyOf returns the Key of the hold with that id; "": it has none, since somebody has made it of another.
func keyOf(id string) string {
	rest, ok := strings.CutPrefix(id, holdID)
	if !ok || rest == "" {
		return ""
	}
	return rest[:len(rest)-1]
}

// holds returns the ids of the owner's holds that stand.
func (c *Calendar) holds(ctx context.Context, owner string) (ids []string, f *invites.DeliveryError) {
	call := c.service.Events.List(c.id).PrivateExtendedProperty(holdKey+"="+owner).Context(ctx).
		Fields("nextPageToken,accessRole", googleapi.Field("items/id"))
	for {
		var page *calendar.Events
		f := c.read(ctx, func() (err error) {
			if page, err = notNull(call.Do()); err == nil {
				err = c.checkRole(page)
			}
			return err
		})
		if f != nil {
			return nil, f
		}
		for _, event := range page.Items {
			if event != nil {
				ids = append(ids, event.Id)
			}
		}
		if page.NextPageToken == "" {
			return ids, nil
		}
		call.PageToken(page.NextPageToken)
	}
}

// hold makes a hold, where nobody has deleted it, and reports whether it was missing.
func (c *Calendar) hold(ctx context.Context, owner string, h *invites.Hold) (made bool, f *invites.DeliveryError) {
	zone, err := invites.Location(h.Zone)
	if err != nil {
		zone = time.UTC
	}
	at := func(t time.Time) *calendar.EventDateTime {
		return &calendar.EventDateTime{DateTime: t.In(zone).Format(time.RFC3339), TimeZone: zone.String()}
	}
	event := &calendar.Event{Summary: h.Title, Start: at(h.Start), End: at(h.End), Status: "tentative",
		Visibility: "private", Transparency: "opaque", Reminders: reminders(nil),
		ExtendedProperties: &calendar.EventExtendedProperties{
			Private: map[string]string{holdKey: owner, holdRefKey: h.Ref}}}
	for _, letter := range holdLetters {
		event.Id = holdID + h.Key + string(letter)
		_, err := notEmpty(c.service.Events.Insert(c.id, event).SendUpdates("none").Fields("id").Context(ctx).Do())
		if err == nil {
			return true, nil
		}
		if status(err) != http.StatusConflict {
			return true, c.fault(ctx, err, true)
		}
		taken, err := c.get(ctx, event.Id)
		if err != nil {
			return false, c.fault(ctx, err, false)
		}
		if !has(taken, overKey) {
			return false, nil
		}
	}
	return false, nil
}

// release takes a hold out. It says first that it does, since a hold that a hand has taken out does not come back.
func (c *Calendar) release(ctx context.Context, id string) *invites.DeliveryError {
	over := &calendar.Event{ExtendedProperties: &calendar.EventExtendedProperties{
		Private: map[string]string{overKey: "1"}}}
	_, err := notEmpty(c.service.Events.Patch(c.id, id, over).SendUpdates("none").Fields("id").Context(ctx).Do())
	if err == nil {
		err = c.service.Events.Delete(c.id, id).SendUpdates("none").Context(ctx).Do()
	}
	if err == nil || status(err) == http.StatusNotFound || status(err) == http.StatusGone {
		return nil
	}
	f := c.fault(ctx, err, true)
	if forbidden(f) {
		// It may be in the bin by now.
		if got, err := c.get(ctx, id); err == nil && deleted(got) {
			return nil
		}
	}
	return f
}
