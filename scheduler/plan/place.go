package plan

import "strings"

// At returns the setting with a place that was given elsewhere, in a line: what is a phone number or an address to join
// at is taken as that. "": the place was taken out.
func (s Setting) At(place string) Setting {
	s.Place = ""
	var link Link
	switch number := numberIn(place); {
	case s.Kind == Phone && number != "":
		s.Phone = number
		return s
	case s.Kind == Video && strings.HasPrefix(place, "https://") && link.Parse(place) == nil:
		s.URL = link
		return s
	case s.Kind == Video:
		s.URL = ""
	}
	s.Place = place
	return s
}

// numberIn is the phone number at the end of a place such as "Phone: +49 30 1234567"; "": there is none, or
// something else behind it. Other figures stand in places as well: a room, a postal code, a date.
func numberIn(place string) (number PhoneNumber) {
	const shortest = len("tel:0301234")
	start := strings.IndexAny(place, "+0123456789")
	if start < 0 || place[start] != '+' && place[start] != '0' {
		return ""
	}
	if number.Parse(strings.TrimSpace(place[start:])) != nil || len(number.URI()) < shortest {
		return ""
	}
	return number
}
