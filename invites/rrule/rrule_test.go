package rrule_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coalition/invites/rrule"
)

func wall(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse("20060102T150405", s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// between returns the instances of a rule from from on, at most most.
func between(t rapid.TB, rule string, start, from, to time.Time) []time.Time {
	t.Helper()
	r, err := rrule.Parse(rule)
	if err != nil {
		t.Fatalf("%s: %v", rule, err)
	}
	var list []time.Time
	steps := 10_000_000
	if err := r.Between(start, from, to, &steps, func(at time.Time) { list = append(list, at) }); err != nil {
		t.Fatalf("%s: %v", rule, err)
	}
	return list
}

// The examples of RFC 5545, section 3.8.5.3, whose clock is that of New York, and what else the RFC says of the parts.
func TestBetween(t *testing.T) {
	for _, test := range []struct {
		start, rule string
		// want is of the form "1997 9/2 9/3 T10 9/4, 1998 1/1": from a year, month/day, and from a T on the time of
		// day, where it changes. It ends in … where the rule goes on.
		want string
	}{
		{"19970902T090000", "FREQ=DAILY;COUNT=10", "1997 9/2 9/3 9/4 9/5 9/6 9/7 9/8 9/9 9/10 9/11"},
		{"19970902T090000", "FREQ=DAILY;UNTIL=19970905", "1997 9/2 9/3 9/4 9/5"},
		{"19970902T090000", "FREQ=DAILY;UNTIL=19970905T090000", "1997 9/2 9/3 9/4 9/5"},
		{"19970902T090000", "FREQ=DAILY;UNTIL=19970905T085959", "1997 9/2 9/3 9/4"},
		{"19970902T090000", "FREQ=DAILY;INTERVAL=2", "1997 9/2 9/4 9/6 9/8 …"},
		{"19970902T090000", "FREQ=DAILY;INTERVAL=10;COUNT=5", "1997 9/2 9/12 9/22 10/2 10/12"},
		{"19980101T090000", "FREQ=YEARLY;UNTIL=20000131T140000;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
			"1998 1/1 1/2 1/3 1/4 1/5 1/6 1/7 1/8 1/9 1/10 1/11 1/12 1/13 1/14 1/15 1/16 1/17 1/18 1/19 1/20 " +
				"1/21 1/22 1/23 1/24 " +
				"1/25 1/26 1/27 1/28 1/29 1/30 1/31 1999 1/1 1/2 …"},
		{"19970902T090000", "FREQ=WEEKLY;COUNT=10", "1997 9/2 9/9 9/16 9/23 9/30 10/7 10/14 10/21 10/28 11/4"},
		{"19970902T090000", "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
			"1997 9/2 9/16 9/30 10/14 10/28 11/11 11/25 12/9 12/23 1998 1/6 …"},
		{"19970902T090000", "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
			"1997 9/2 9/4 9/9 9/11 9/16 9/18 9/23 9/25 9/30 10/2"},
		{"19970901T090000", "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000;WKST=SU;BYDAY=MO,WE,FR",
			"1997 9/1 9/3 9/5 9/15 9/17 9/19 9/29 10/1 10/3 10/13 10/15 10/17 10/27 10/29 10/31 11/10 11/12 " +
				"11/14 11/24 11/26 11/28 12/8 12/10 12/12 12/22"},
		{"19970902T090000", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
			"1997 9/2 9/4 9/16 9/18 9/30 10/2 10/14 10/16"},
		{"19970905T090000", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "1997 9/5 10/3 11/7 12/5 1998 1/2 2/6 3/6 4/3 5/1 6/5"},
		{"19970907T090000", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
			"1997 9/7 9/28 11/2 11/30 1998 1/4 1/25 3/1 3/29 5/3 5/31"},
		{"19970922T090000", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1997 9/22 10/20 11/17 12/22 1998 1/19 2/16"},
		{"19970928T090000", "FREQ=MONTHLY;BYMONTHDAY=-3", "1997 9/28 10/29 11/28 12/29 1998 1/29 2/26 …"},
		{"19970902T090000", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
			"1997 9/2 9/15 10/2 10/15 11/2 11/15 12/2 12/15 1998 1/2 1/15"},
		{"19970930T090000", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
			"1997 9/30 10/1 10/31 11/1 11/30 12/1 12/31 1998 1/1 1/31 2/1"},
		{"19970910T090000", "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
			"1997 9/10 9/11 9/12 9/13 9/14 9/15 1999 3/10 3/11 3/12 3/13"},
		{"19970902T090000", "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
			"1997 9/2 9/9 9/16 9/23 9/30 11/4 11/11 11/18 11/25 1998 1/6 1/13 1/20 1/27 3/3 …"},
		{"19970610T090000", "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
			"1997 6/10 7/10 1998 6/10 7/10 1999 6/10 7/10 2000 6/10 7/10 2001 6/10 7/10"},
		{"19970310T090000", "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
			"1997 3/10 1999 1/10 2/10 3/10 2001 1/10 2/10 3/10 2003 1/10 2/10 3/10"},
		{"19970101T090000", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
			"1997 1/1 4/10 7/19 2000 1/1 4/9 7/18 2003 1/1 4/10 7/19 2006 1/1"},
		{"19970519T090000", "FREQ=YEARLY;BYDAY=20MO", "1997 5/19 1998 5/18 1999 5/17 …"},
		{"19970512T090000", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997 5/12 1998 5/11 1999 5/17 …"},
		{"19970313T090000", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
			"1997 3/13 3/20 3/27 1998 3/5 3/12 3/19 3/26 1999 3/4 …"},
		{"19970605T090000", "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
			"1997 6/5 6/12 6/19 6/26 7/3 7/10 7/17 7/24 7/31 8/7 8/14 8/21 8/28 1998 6/4 …"},
		// With the start itself, which the RFC's text takes out with an EXDATE.
		{"19970902T090000", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
			"1997 9/2 1998 2/13 3/13 11/13 1999 8/13 2000 10/13 …"},
		{"19970913T090000", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
			"1997 9/13 10/11 11/8 12/13 1998 1/10 2/7 3/7 4/11 5/9 6/13 …"},
		{"19961105T090000", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
			"1996 11/5 2000 11/7 2004 11/2 …"},
		{"19970904T090000", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997 9/4 10/7 11/6"},
		{"19970929T090000", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
			"1997 9/29 10/30 11/27 12/30 1998 1/29 2/26 3/30 …"},
		{"19970902T090000", "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000", "1997 9/2 T12 9/2 T15 9/2"},
		{"19970902T090000", "FREQ=DAILY;BYHOUR=9,10,11;BYMINUTE=0,20,40;COUNT=5",
			"1997 9/2 T0920 9/2 T0940 9/2 T10 9/2 T1020 9/2"},
		{"19970805T090000", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997 8/5 8/10 8/19 8/24"},
		{"19970805T090000", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997 8/5 8/17 8/19 8/31"},
		{"20070115T090000", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007 1/15 1/30 2/15 3/15 3/30"},

		// The start is the first, also where it is not in the rule.
		{"19970903T090000", "FREQ=WEEKLY;BYDAY=TU;COUNT=3", "1997 9/3 9/9 9/16"},
		{"19970903T090000", "FREQ=DAILY;COUNT=1", "1997 9/3"},
		{"19970903T090000", "FREQ=DAILY;UNTIL=19970101", "1997 9/3"},
		{"19970903T090000", "FREQ=DAILY;BYHOUR=8", "1997 9/3 T08 9/4 9/5 …"},
		// What the month or the year does not have is passed over.
		{"19970131T090000", "FREQ=MONTHLY;COUNT=4", "1997 1/31 3/31 5/31 7/31"},
		{"19970131T090000", "FREQ=MONTHLY", "1997 1/31 3/31 5/31 7/31 8/31 10/31 12/31 1998 1/31 …"},
		{"19960229T090000", "FREQ=YEARLY", "1996 2/29 2000 2/29 2004 2/29 …"},
		{"18960229T090000", "FREQ=YEARLY", "1896 2/29 1904 2/29 …"},
		{"19960530T090000", "FREQ=MONTHLY;BYDAY=5TH", "1996 5/30 8/29 10/31 1997 1/30 5/29 …"},
		{"19961231T090000", "FREQ=YEARLY;BYYEARDAY=366", "1996 12/31 2000 12/31 …"},
		{"19961231T090000", "FREQ=YEARLY;BYYEARDAY=-1,-366",
			"1996 12/31 1997 12/31 1998 12/31 1999 12/31 2000 1/1 12/31 …"},
		// Weeks belong to the year that has four of their days. What a rule does not say is as at the start.
		{"19970103T090000", "FREQ=YEARLY;BYWEEKNO=1", "1997 1/3 1998 1/2 1999 1/8 2000 1/7 …"},
		{"19970103T090000", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR", "1997 1/3 1999 1/1 2004 12/31 2010 1/1 …"},
		{"19970103T090000", "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=WE", "1997 1/3 12/24 1998 12/30 1999 12/29 …"},
		{"19970105T090000", "FREQ=YEARLY;BYWEEKNO=2;BYDAY=SU;WKST=SU", "1997 1/5 1998 1/11 1999 1/10 …"},
		{"19970105T090000", "FREQ=YEARLY;BYWEEKNO=2;BYDAY=SU;WKST=MO", "1997 1/5 1/12 1998 1/11 1999 1/17 …"},
		{"19970101T090000", "FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR", "1997 1/1 6/13 1998 2/13 3/13 11/13 1999 8/13 …"},
		{"19970101T090000", "FREQ=YEARLY;BYMONTH=1,11;BYDAY=1MO,-1FR",
			"1997 1/1 1/6 1/31 11/3 11/28 1998 1/5 1/30 11/2 11/27 …"},
		{"19970101T090000", "FREQ=YEARLY;BYDAY=-1FR,2MO", "1997 1/1 1/13 12/26 1998 1/12 12/25 …"},
		{"19970902T090000", "FREQ=YEARLY;BYMONTHDAY=1;BYHOUR=8,9;BYSETPOS=-1,1",
			"1997 9/2 12/1 1998 T08 1/1 T09 12/1 1999 T08 1/1 …"},
		{"19970101T090000", "FREQ=WEEKLY;BYMONTH=3", "1997 1/1 3/5 3/12 3/19 3/26 1998 3/4 …"},
		{"19970101T090000", "FREQ=DAILY;BYMONTH=3;BYMONTHDAY=-1,1;BYDAY=SU,MO,SA",
			"1997 1/1 3/1 3/31 1998 3/1 1999 3/1 2001 3/31 2002 3/31 …"},
		{"19970101T090000", "FREQ=HOURLY;BYHOUR=9,11;BYDAY=MO;BYMINUTE=0,30",
			"1997 1/1 T09 1/6 T0930 1/6 T11 1/6 T1130 1/6 T09 1/13 …"},
		{"19970101T090000", "FREQ=HOURLY;BYYEARDAY=-1;INTERVAL=12", "1997 1/1 12/31 T21 12/31 1998 T09 12/31 …"},
		{"19970101T090000", "freq=hourly; interval=30;", "1997 1/1 T15 1/2 T21 1/3 T03 1/5 …"},
		{"19970101T235930", "FREQ=DAILY;BYSECOND=60,30;COUNT=3", "1997 T235930 1/1 T235959 1/1 T235930 1/2"},
		{"19970101T090000", "FREQ=YEARLY;INTERVAL=99999999999999999999", "1997 1/1"},
		{"19970101T090000", "FREQ=DAILY;COUNT=99999999999999999999", "1997 1/1 1/2 …"},
	} {
		start := wall(t, test.start)
		list, open := strings.CutSuffix(test.want, " …")
		var want []time.Time
		year, clock := "", "T"+test.start[9:]
		for word := range strings.FieldsSeq(list) {
			if word[0] == 'T' {
				clock = (word + "000000")[:7]
				continue
			}
			var month, day int
			if n, _ := fmt.Sscanf(word, "%d/%d", &month, &day); n < 2 {
				year = word
				continue
			}
			want = append(want, wall(t, fmt.Sprintf("%s%02d%02d%s", year, month, day, clock)))
		}
		to := start.AddDate(20, 0, 0)
		if open {
			to = want[len(want)-1].Add(time.Second)
		}
		got := between(t, test.rule, start, start, to)
		if !slices.Equal(got, want) {
			t.Errorf("%s from %s:\ngot  %v\nwant %v", test.rule, test.start, got, want)
		}
		// From each on there is the same, however many are before it.
		for i, from := range want {
			if got := between(t, test.rule, start, from, to); !slices.Equal(got, want[i:]) {
				t.Errorf("%s from %s, from %v on:\ngot  %v\nwant %v", test.rule, test.start, from, got, want[i:])
			}
		}
		// The RFC's examples go on for ever: there is another, some time.
		if more := between(t, test.rule, start, to, start.AddDate(30, 0, 0)); (len(more) > 0) != open {
			t.Errorf("%s from %s: goes on with %d, want more: %v", test.rule, test.start, len(more), open)
		}
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ rule, want string }{
		{"", "can't be read"},
		{"INTERVAL=2", "it has no FREQ"},
		{"FREQ=MINUTELY", "FREQ=MINUTELY can't be read"},
		{"FREQ=SECONDLY", "FREQ=SECONDLY can't be read"},
		{"FREQ=", "FREQ= can't be read"},
		{"FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY can't be read"},
		{"FREQ=DAILY;;INTERVAL=2", " can't be read"},
		{"FREQ=DAILY;INTERVAL=0", "INTERVAL=0 can't be read"},
		{"FREQ=DAILY;INTERVAL=-1", "INTERVAL=-1 can't be read"},
		{"FREQ=DAILY;COUNT=0", "COUNT=0 can't be read"},
		{"FREQ=DAILY;COUNT=1.5", "COUNT=1.5 can't be read"},
		{"FREQ=DAILY;UNTIL=soon", "UNTIL=soon can't be read"},
		{"FREQ=DAILY;UNTIL=20270230", "UNTIL=20270230 can't be read"},
		{"FREQ=DAILY;WKST=XX", "WKST=XX can't be read"},
		{"FREQ=DAILY;BYDAY=", "BYDAY= can't be read"},
		{"FREQ=MONTHLY;BYDAY=0MO", "BYDAY=0MO can't be read"},
		{"FREQ=MONTHLY;BYDAY=54MO", "BYDAY=54MO can't be read"},
		{"FREQ=DAILY;BYMONTH=13", "BYMONTH=13 can't be read"},
		{"FREQ=DAILY;BYMONTH=0", "BYMONTH=0 can't be read"},
		{"FREQ=DAILY;BYMONTHDAY=0", "BYMONTHDAY=0 can't be read"},
		{"FREQ=DAILY;BYMONTHDAY=-32", "BYMONTHDAY=-32 can't be read"},
		{"FREQ=DAILY;BYHOUR=24", "BYHOUR=24 can't be read"},
		{"FREQ=DAILY;BYMINUTE=60", "BYMINUTE=60 can't be read"},
		{"FREQ=DAILY;BYSECOND=61", "BYSECOND=61 can't be read"},
		{"FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY=367 can't be read"},
		{"FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO=54 can't be read"},
		{"FREQ=DAILY;BYSETPOS=0", "BYSETPOS=0 can't be read"},
		{"FREQ=DAILY;X-A=1", "X-A=1 can't be read"},
		{"RSCALE=HEBREW;FREQ=YEARLY", "RSCALE=HEBREW can't be read"},
		{"FREQ=DAILY;X-\u202eA" + strings.Repeat("=", 99), "X-A" + strings.Repeat("=", 36) + "… can't be read"},
		// What the RFC's table has no place for.
		{"FREQ=MONTHLY;BYWEEKNO=20", "BYWEEKNO can't stand there"},
		{"FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "BYWEEKNO can't stand there"},
		{"FREQ=MONTHLY;BYYEARDAY=20", "BYYEARDAY can't stand there"},
		{"FREQ=WEEKLY;BYMONTHDAY=20", "BYMONTHDAY can't stand there"},
		{"FREQ=WEEKLY;BYDAY=1MO", "BYDAY has a number"},
	} {
		if _, err := rrule.Parse(test.rule); err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.rule, err, test.want)
		}
	}
}

// UNTIL in UTC is an instant, which a clock alone does not know: nothing is left out that may be before it.
func TestUntilUTC(t *testing.T) {
	r, err := rrule.Parse("FREQ=HOURLY;UNTIL=20270304T100000Z")
	if err != nil || !r.Until.Equal(time.Date(2027, 3, 4, 10, 0, 0, 0, time.UTC)) {
		t.Fatalf("got %v, %v", r, err)
	}
	start, last, steps := wall(t, "20270304T080000"), time.Time{}, 1_000
	if err := r.Between(start, start, start.AddDate(1, 0, 0), &steps, func(at time.Time) { last = at }); err != nil {
		t.Fatal(err)
	}
	if want := wall(t, "20270305T100000"); !last.Equal(want) {
		t.Errorf("the last is at %v, want %v", last, want)
	}
}

// A rule that is too much work is given up: its time does not depend on what somebody has written.
func TestTooMany(t *testing.T) {
	minutes := "0"
	for i := 1; i < 60; i++ {
		minutes += fmt.Sprint(",", i)
	}
	for _, rule := range []string{
		"FREQ=HOURLY;COUNT=99999999",
		"FREQ=DAILY;COUNT=9999;BYHOUR=0,1,2,3;BYMINUTE=" + minutes + ";BYSECOND=" + minutes,
		"FREQ=YEARLY;BYYEARDAY=1,2,3,4,5,6,7,8,9,10;BYMINUTE=" + minutes + ";BYSECOND=" + minutes,
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31;COUNT=2",
	} {
		r, err := rrule.Parse(rule)
		if err != nil {
			t.Fatal(err)
		}
		steps, count := 10_000, 0
		start := wall(t, "00010101T000000")
		err = r.Between(start, start, wall(t, "99990101T000000"), &steps, func(time.Time) { count++ })
		if !errors.Is(err, rrule.ErrTooMany) || count > 10_000 {
			t.Errorf("%.50s: got %v after %d", rule, err, count)
		}
	}
}

// Whatever a rule says, looking at each day and each minute of it finds the same.
func TestNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := drawRule(t)
		start := time.Unix(rapid.Int64Range(800_000_000, 1_800_000_000).Draw(t, "start")/900*900, 0).UTC()
		if n := naive(parts, start, start.AddDate(2, 0, 0)); len(n) > 1 && rapid.Bool().Draw(t, "start in the rule") {
			start = n[1]
		}
		from := start.AddDate(0, 0, rapid.IntRange(-10, 1000).Draw(t, "from"))
		to := from.AddDate(0, 0, rapid.IntRange(1, 800).Draw(t, "length"))
		var value []string
		for name, text := range parts {
			value = append(value, name+"="+text)
		}
		want := slices.DeleteFunc(naive(parts, start, to), func(at time.Time) bool { return at.Before(from) })
		if got := between(t, strings.Join(value, ";"), start, from, to); !slices.Equal(got, want) {
			t.Fatalf("%v from %v, in %v to %v:\ngot  %v\nwant %v", parts, start, from, to, got, want)
		}
	})
}

// naive returns the instances of a rule before to, the slow way.
func naive(parts map[string]string, start, to time.Time) []time.Time {
	lists := map[string][]string{}
	for name, text := range parts {
		lists[name] = strings.Split(text, ",")
	}
	has := func(name string, values ...any) bool {
		return len(lists[name]) == 0 || slices.ContainsFunc(values,
			func(v any) bool { return slices.Contains(lists[name], fmt.Sprint(v)) })
	}
	one := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(parts[name]); err == nil {
			return n
		}
		return otherwise
	}
	none := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return parts[name] != "" })
	}
	frequency := parts["FREQ"]
	noDay := none("BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")
	weekStart := slices.Index([]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}, cmp.Or(parts["WKST"], "MO"))
	week := func(t time.Time) int { // counted from some Sunday, or what begins the week
		return (int(t.Unix()/86400) + 4 - weekStart) / 7
	}
	period := func(t time.Time) int {
		switch frequency {
		case "YEARLY":
			return t.Year()
		case "MONTHLY":
			return t.Year()*12 + int(t.Month())
		case "WEEKLY":
			return week(t)
		case "DAILY":
			return int(t.Unix() / 86400)
		}
		return int(t.Unix() / 3600)
	}
	day := func(t time.Time) bool {
		name := strings.ToUpper(t.Weekday().String()[:2])
		end := time.Date(t.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC) // of the year
		month := time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		at, back := t.YearDay(), int(end.Sub(t).Hours()/24)
		if frequency == "MONTHLY" || parts["BYMONTH"] != "" {
			at, back = t.Day(), int(month.Sub(t).Hours()/24)
		}
		weekYear, number := t.ISOWeek()
		_, weeks := time.Date(weekYear, 12, 28, 0, 0, 0, 0, time.UTC).ISOWeek()
		switch {
		case frequency == "WEEKLY" && noDay, parts["BYWEEKNO"] != "" && none("BYDAY", "BYMONTHDAY", "BYYEARDAY"):
			if t.Weekday() != start.Weekday() {
				return false
			}
		case (frequency == "MONTHLY" || frequency == "YEARLY") && noDay:
			if t.Day() != start.Day() || frequency == "YEARLY" && parts["BYMONTH"] == "" && t.Month() != start.Month() {
				return false
			}
		}
		return has("BYMONTH", int(t.Month())) &&
			has("BYMONTHDAY", t.Day(), -int(month.Sub(t).Hours()/24)) &&
			has("BYYEARDAY", t.YearDay(), -int(end.Sub(t).Hours()/24)) &&
			has("BYWEEKNO", number, number-weeks-1) &&
			has("BYDAY", name, fmt.Sprint((at+6)/7, name), fmt.Sprint(-(back+6)/7, name))
	}
	var minutes []int // of the day
	for minute := range 24 * 60 {
		hour := minute / 60
		if has("BYHOUR", hour) && (frequency == "HOURLY" || parts["BYHOUR"] != "" || hour == start.Hour()) &&
			has("BYMINUTE", minute%60) && (parts["BYMINUTE"] != "" || minute%60 == start.Minute()) {
			minutes = append(minutes, minute)
		}
	}
	var all, set []time.Time
	flush := func() {
		for i, t := range set {
			if t.After(start) && has("BYSETPOS", i+1, i-len(set)) {
				all = append(all, t)
			}
		}
		set = nil
	}
	base, last := period(start), -1
	all = append(all, start)
	// From where the period of the start may begin.
	for t := start.Truncate(24*time.Hour).AddDate(0, 0, -start.YearDay()+1); t.Before(to.AddDate(1, 0,
		0)); t = t.AddDate(0, 0, 1) {
		if !day(t) {
			continue
		}
		for _, minute := range minutes {
			at := t.Add(time.Duration(minute) * time.Minute)
			if p := period(at); p != last {
				flush()
				last = p
			}
			if last >= base && (last-base)%one("INTERVAL", 1) == 0 {
				set = append(set, at)
			}
		}
	}
	flush()
	if count := one("COUNT", len(all)); count < len(all) {
		all = all[:count]
	}
	until := parts["UNTIL"]
	return slices.DeleteFunc(all, func(t time.Time) bool {
		return !t.Before(to) || until != "" && t.Format("20060102T150405") > until && !t.Equal(start)
	})
}

// drawRule returns the parts of a rule.
func drawRule(t *rapid.T) map[string]string {
	frequency := rapid.SampledFrom([]string{"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(t, "frequency")
	parts := map[string]string{"FREQ": frequency}
	maybe := func(name string, value func() string) {
		if rapid.IntRange(0, 3).Draw(t, name) == 0 {
			parts[name] = value()
		}
	}
	list := func(least, most int) func() string {
		number := rapid.IntRange(least, most).Filter(func(n int) bool { return n != 0 || least == 0 })
		return func() string {
			numbers := rapid.SliceOfNDistinct(number, 1, 5, rapid.ID[int]).Draw(t, "numbers")
			return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]")
		}
	}
	weekday := rapid.SampledFrom([]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"})
	days := func() string {
		var all []string
		for _, day := range rapid.SliceOfNDistinct(weekday, 1, 4, rapid.ID[string]).Draw(t, "days") {
			n := rapid.IntRange(-5, 5).Draw(t, "nth")
			if n != 0 && parts["BYWEEKNO"] == "" && (frequency == "MONTHLY" || frequency == "YEARLY") {
				day = fmt.Sprint(n, day)
			}
			all = append(all, day)
		}
		return strings.Join(all, ",")
	}
	maybe("INTERVAL", func() string { return fmt.Sprint(rapid.IntRange(1, 5).Draw(t, "interval")) })
	maybe("WKST", func() string { return weekday.Draw(t, "week") })
	maybe("BYMONTH", list(1, 12))
	if frequency != "WEEKLY" {
		maybe("BYMONTHDAY", list(-31, 31))
	}
	if frequency == "YEARLY" || frequency == "HOURLY" {
		maybe("BYYEARDAY", list(-366, 366))
	}
	if frequency == "YEARLY" && (parts["WKST"] == "" || parts["WKST"] == "MO") {
		maybe("BYWEEKNO", list(-53, 53))
	}
	maybe("BYDAY", days)
	maybe("BYHOUR", list(0, 23))
	maybe("BYMINUTE", list(0, 59))
	maybe("BYSETPOS", list(-9, 9))
	switch rapid.IntRange(0, 5).Draw(t, "end") {
	case 0:
		parts["COUNT"] = fmt.Sprint(rapid.IntRange(1, 100).Draw(t, "count"))
	case 1:
		parts["UNTIL"] = time.Unix(rapid.Int64Range(1_300_000_000, 2_000_000_000).Draw(t, "until"),
			0).UTC().Format("20060102T150405")
	}
	return parts
}

// Steps are taken near the window: a rule without COUNT costs as little in thirty years as in its first week.
func BenchmarkBetween(b *testing.B) {
	for _, rule := range []string{"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=YEARLY",
		"FREQ=WEEKLY;COUNT=1000"} {
		b.Run(rule, func(b *testing.B) {
			start := wall(b, "20000103T090000")
			from := start.AddDate(27, 0, 0)
			for b.Loop() {
				r, err := rrule.Parse(rule)
				if err != nil {
					b.Fatal(err)
				}
				steps := 100_000
				if err := r.Between(start, from, from.AddDate(0, 0, 60), &steps, func(time.Time) {}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
