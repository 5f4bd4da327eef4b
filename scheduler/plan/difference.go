package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
)

// A Difference is what a plan says otherwise than before, field by field. Place is where or by what the two reach each
// other, and Days the window in which a time is looked for.
type Difference struct{ Any, Ready, Permitted, Place, Length, Start, Times, Days, AskOn bool }

// Diff compares two readings of a plan file; the zero value of old differs from every plan.
func Diff(old, now *Terms) Difference {
	zone := old.When.Timezone != now.When.Timezone
	d := Difference{
		Any:       !reflect.DeepEqual(old, now) && Fingerprint(*old) != Fingerprint(*now),
		Ready:     old.Ready != now.Ready,
		Permitted: old.Permitted != now.Permitted && now.Permitted != "",
		Place:     reaches(&old.Setting) != reaches(&now.Setting),
		Length:    old.When.Length() != now.When.Length(),
		Start:     zone || !same(old.When.Start, now.When.Start),
		Times:     zone || !slices.EqualFunc(old.When.Times, now.When.Times, same),
		AskOn:     !same(old.AskOn, now.AskOn),
	}
	// A window that nobody has named follows from there being no start and no times.
	d.Days = d.Start || d.Times || Fingerprint(old.When.Between) != Fingerprint(now.When.Between)
	return d
}

// ChangedKey leads to the first key of a plan that says something else than in an older reading; nil: none does.
func ChangedKey(old, now *Terms) []string {
	for _, x := range []struct {
		key      string
		old, now any
	}{
		{"with", old.With, now.With},
		{"purpose", old.Purpose, now.Purpose},
		{"offer", old.Offer, now.Offer},
		{"ask", old.Ask, now.Ask},
		{"agenda", old.Agenda, now.Agenda},
		{"setting", old.Setting, now.Setting},
		{"when", old.When, now.When},
		{"ask_on", old.AskOn, now.AskOn},
		{"ready", old.Ready, now.Ready},
		{"permitted", old.Permitted, now.Permitted},
	} {
		if Fingerprint(x.old) != Fingerprint(x.now) {
			return []string{x.key}
		}
	}
	return nil
}

// Fingerprint tells values from others: it is the same for the same values, 16 hexadecimal digits.
func Fingerprint(values ...any) string {
	data, err := json.Marshal(values)
	if err != nil {
		// Its types can always.
		panic("plan: a plan can't be written as JSON: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// reaches is what of a setting says where the two meet, or reach each other.
func reaches(s *Setting) [3]string { return [3]string{s.Place, string(s.Phone), string(s.URL)} }

func same(a, b Date) bool { return a.String() == b.String() }
