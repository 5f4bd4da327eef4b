package templates

import "time"

// Sample returns a talk in which everything is said that can be said, for checks and for looking at templates.
func Sample() *Talk {
	// All of it is in winter, and needs no zone data.
	berlin, lisbon := time.FixedZone("Europe/Berlin", 60*60), time.FixedZone("Europe/Lisbon", 0)
	start := time.Date(2027, 3, 4, 10, 0, 0, 0, lisbon)
	return &Talk{
		Organizer: Person{Name: "Ana Lopes", Email: "ana@example.org", Zone: lisbon},
		Partner:   Person{Name: "Maya Chen", Email: "maya@example.org", Zone: berlin},
		Purpose:   "Join forces on the spring launch, so that research and product pull the same way.",
		Offer:     []string{"A standing seat for research in our roadmap review"},
		Ask:       []string{"An early word when a study changes what we should build"},
		Agenda: []Item{
			{1, "What each of us is committed to", 20},
			{2, "How we could support each other", 25},
			{3, "What we agree on and how we keep it", 15},
		},
		Setting: Setting{Kind: "walk", Place: "Riverside path, meeting at the north gate", Phone: "+49 30 1234567",
			URL: "https://meet.example.org/x"},
		Length: time.Hour,
		Start:  start,
		Times:  []time.Time{start, start.Add(29 * time.Hour)},
		From:   start,
		To:     start.AddDate(0, 0, 11),
		Before: OtherTime{start.Add(-24 * time.Hour), time.Hour},
		Reason: "I have to be in Porto that day.",
		Page:   "https://talk.example.org/t/Yx3mP0sVb7Qk2LwEo9Rt4A",
		News: &News{
			Calendar: "Google Calendar", Provider: "Google",
			What: "question", From: "maya@example.org", How: "mail", At: start.AddDate(0, 0, -9),
			Text:     "Gladly, but who else would know of it?",
			Commands: []string{"coalition answer maya yes --time 1", "coalition answer maya no"},
		},
		Proposed: OtherTime{start.Add(51 * time.Hour), time.Hour},
		Week: &Week{
			Day:   start.AddDate(0, 0, -3),
			Talks: []WeekTalk{{"Maya Chen", start, time.Hour, berlin}, {"Tomás Rivera", start.Add(29 * time.Hour), time.Hour, lisbon}},
			Yours: []string{"Priya Nair"}, LookBack: []string{"Ben Ito"},
			Theirs:   []WeekSince{{"Lee Okonkwo", start.AddDate(0, 0, -11)}},
			Drifting: []WeekSince{{"Eva Lund", start.AddDate(0, 0, -75)}},
			Promises: []WeekPromises{{"Maya Chen", 2, 1}, {"Ben Ito", 1, 0}},
		},
	}
}

// SamplePage returns a page on which everything is said that can be said at once, for checks and for
// looking at templates.
func SamplePage() *Page {
	talk := Sample()
	return &Page{
		Talk:    *talk,
		Numbers: []int{1, 2},
		Answer:  "yes1",
		At:      talk.Start.AddDate(0, 0, -8), Changeable: talk.Start.AddDate(0, 0, -8).Add(5 * time.Minute),
		Open: true, Invited: true, HasCalendar: true,
		Problem: TimeGone, Note: "Who else should know of this?",
		Path: "link",
	}
}
