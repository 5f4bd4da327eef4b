package store_test

import (
	"errors"
	"strings"
	"testing"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/lookup"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/store"
	"coalition/scheduler/store/database"
	"coalition/scheduler/store/erase"
)

// What is erased has no row left, wherever; all others have theirs, also who has the same id with another organizer.
func testErase(t *testing.T, dsn string) {
	s := open(t, dsn)
	// rows counts those in which the id stands, and that are of an organizer.
	rows := func(organizer string) (n int) {
		t.Helper()
		for _, table := range []string{"conversations", "messages", "pages", "events", "lookups"} {
			some, _, err := database.Number(ctx, s.Database(), "SELECT COUNT(*) FROM "+table+" WHERE organizer = $1 AND id = 'maya'", organizer)
			if err != nil {
				t.Fatal(err)
			}
			n += int(some)
		}
		return n
	}
	begin := func(organizer string, id plan.ID) {
		d := draft(id, outbox.Invite)
		d.Messages[0].Via, d.Messages[0].MessageID = "google", organizer+"@"+string(id)
		d.Page = organizer + string(id)
		d.Events = []conversation.HistoryEntry{d.Conversation.Entry(at, "answer", "yes")}
		commit(t, open(t, dsn, organizer), d)
	}
	begin(ana, "maya")
	begin(ana, "tom")
	if shared := !s.Database().Exclusive(); shared {
		begin("bob@example.org", "maya")
		defer func() {
			if n := rows("bob@example.org"); n != 6 {
				t.Errorf("another organizer's conversation of that id has %d rows, want 6", n)
			}
		}()
	}
	elsewhere, err := store.OpenFrom(ctx, dsn, "there", []string{ana}, false)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere.Close()
	for home, want := range map[string]bool{"": !s.Database().Exclusive(), "there": !s.Database().Exclusive()} {
		if other, err := erase.Elsewhere(ctx, s, home); err != nil || other != want {
			t.Errorf("seen from %q, plans may lie elsewhere: %t, %v", home, other, err)
		}
	}
	for _, words := range []string{"550 <MAYA@example.org> is not known", "550 <tom@example.org> is not known"} {
		if err := s.Shut(ctx, &outbox.Door{Name: words[5:9], Account: "a", Fault: outbox.FaultServer, Text: words, Since: at, Until: at}); err != nil {
			t.Fatal(err)
		}
	}
	claimed, err := s.Claim(ctx, at, "google", 1, nil, yes)
	if err != nil || len(claimed) != 1 || claimed[0].ID != "maya" {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	request := erase.Request{ID: "maya", All: load(t, s), Addresses: []string{"maya@example.org"}, Said: &conversation.Silence{At: at, Stop: true}}
	request.Plans = func() error { return errors.New("it is in use") }
	if err := erase.Rows(ctx, s, request); err == nil || rows(ana) != 6 {
		t.Errorf("where the plan could not be deleted: %v, and %d rows are left", err, rows(ana))
	}
	request.Plans = func() error { return nil }
	if err := erase.Rows(ctx, s, request); err != nil {
		t.Fatal(err)
	}
	// Whoever still has a message of theirs in their hands does not bring them back.
	m := claimed[0]
	m.State, m.Entry = outbox.Accepted, &invites.Event{}
	if err := s.Settle(ctx, m); err != nil {
		t.Error(err)
	}
	if n := rows(ana); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if list := load(t, s); len(list) != 1 || list[0].ID != "tom" || len(list[0].Messages) != 1 {
		t.Errorf("of the others there are %v", list)
	}
	if list, err := s.Load(ctx, lookup.Query{Keys: []string{lookup.AddressKey("maya@example.org")}}); err != nil || len(list) != 1 {
		t.Errorf("by their address are found %v, %v", list, err)
	}
	doors, err := s.Doors(ctx)
	said := ""
	for _, d := range doors {
		said += d.Text + "; "
	}
	if err != nil || strings.Contains(said, "MAYA") || !strings.Contains(said, "tom@") {
		t.Errorf("servers have said %q, %v", said, err)
	}
	if n, by, err := s.Erased(ctx); err != nil || n != 1 || by("Maya@Example.org") == nil || !by("maya@example.org").Stop || by("tom@example.org") != nil {
		t.Errorf("%d are erased, %v", n, err)
	}
	for _, want := range []bool{true, false} {
		if un, err := erase.Unfinished(ctx, s); err != nil || un != want {
			t.Errorf("unfinished: %t, %v; want %t", un, err, want)
		}
		if err := errors.Join(erase.Disk(ctx, s), erase.Done(ctx, s)); err != nil {
			t.Error(err)
		}
	}
}
