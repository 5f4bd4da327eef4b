package answers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"coalition/templates"
	"coalition/templates/answers"
)

// replies are what people write: the language of their brief, their words, what those say, and what
// the writer would add.
var replies = []struct {
	lang, text, want string
	adds             []string
}{
	// What the brief asks for.
	{"en", "yes", "yes", nil},
	{"en", "Yes", "yes", nil},
	{"en", "YES!", "yes", nil},
	{"en", "yes please", "yes", nil},
	{"en", "Yes, please.", "yes", nil},
	{"en", "1", "yes 1", nil},
	{"en", "2.", "yes 2", nil},
	{"en", "2)", "yes 2", nil},
	{"en", "(2)", "yes 2", nil},
	{"en", "#2", "yes 2", nil},
	{"en", "“1”", "yes 1", nil},
	{"en", "'2'", "yes 2", nil},
	{"en", "1 or 3", "yes 1 3", nil},
	{"en", "1 or 2 or 3", "yes 1 2 3", nil},
	{"en", "1, 3", "yes 1 3", nil},
	{"en", "1,3", "yes 1 3", nil},
	{"en", "1/3", "yes 1 3", nil},
	{"en", "1 and 3", "yes 1 3", nil},
	{"en", "1 & 3", "yes 1 3", nil},
	{"en", "1 + 3", "yes 1 3", nil},
	{"en", "1, 2, or 3", "yes 1 2 3", nil},
	{"en", "either 1 or 3", "yes 1 3", nil},
	{"en", "- 1\n- 3", "yes 1 3", nil},
	{"en", "no", "no", nil},
	{"en", "No thanks", "no", nil},
	{"en", "No, thank you.", "no", nil},
	{"en", "later", "later", nil},
	{"en", "Later, please", "later", nil},
	{"de", "ja", "yes", nil},
	{"de", "Ja, bitte", "yes", nil},
	{"de", "1 oder 3", "yes 1 3", nil},
	{"de", "„1“", "yes 1", nil},
	{"de", "»1« oder »2«", "yes 1 2", nil},
	{"de", "nein", "no", nil},
	{"de", "Nein danke", "no", nil},
	{"de", "Nein, danke!", "no", nil},
	{"de", "später", "later", nil},
	{"de", "Später bitte.", "later", nil},

	// In more words.
	{"en", "y", "yes", nil},
	{"en", "ok", "yes", nil},
	{"en", "Okay, thanks", "yes", nil},
	{"en", "Sure!", "yes", nil},
	{"en", "Sure, 2 works", "yes 2", nil},
	{"en", "Of course.", "yes", nil},
	{"en", "Gladly.", "yes", nil},
	{"en", "Works for me", "yes", nil},
	{"en", "2 works for me", "yes 2", nil},
	{"en", "2 works. 3 works, too.", "yes 2 3", nil},
	{"en", "2 suits me best", "yes 2", nil},
	{"en", "Yes, 2.", "yes 2", nil},
	{"en", "yes - 2", "yes 2", nil},
	{"en", "Yes: 2", "yes 2", nil},
	{"en", "option 2", "yes 2", nil},
	{"en", "option2", "yes 2", nil},
	{"en", "Option #2 please", "yes 2", nil},
	{"en", "option two", "yes 2", nil},
	{"en", "Option 1 or option 3", "yes 1 3", nil},
	{"en", "the second one", "yes 2", nil},
	{"en", "The second option, please.", "yes 2", nil},
	{"en", "the first or third", "yes 1 3", nil},
	{"en", "the 1st or the 3rd", "yes 1 3", nil},
	{"en", "the 2nd", "yes 2", nil},
	{"en", "Number 2 would be great", "yes 2", nil},
	{"en", "time 2", "yes 2", nil},
	{"en", "Time slot 2 works for me, thank you!", "yes 2", nil},
	{"en", "I'd be happy to talk. 1 is fine.", "yes 1", nil},
	{"en", "I’d love to!", "yes", nil},
	{"en", "Yes, let's talk. Looking forward to it!", "yes", nil},
	{"en", "Yes, we may.", "yes", nil},
	{"en", "2, option 2", "yes 2", nil},
	{"en", "02", "yes 2", nil},
	{"en", "Sounds good, 1 it is", "yes 1", nil},
	{"en", "Sure, let's do 1", "yes 1", nil},
	{"en", "1 or 2, both work", "yes 1 2", nil},
	{"en", "Let's take the second.", "yes 2", nil},
	{"en", "👍", "yes", nil},
	{"en", "👍🏽", "yes", nil},
	{"en", "👍👍", "yes", nil},
	{"en", "Yes 😊", "yes", nil},
	{"en", "1️⃣", "yes 1", nil},
	{"en", "Nope.", "no", nil},
	{"en", "Sorry, no.", "no", nil},
	{"en", "Unfortunately no. Thank you for asking.", "no", nil},
	{"en", "I'd rather not.", "no", nil},
	{"en", "Not interested, thanks.", "no", nil},
	{"en", "Not now", "later", nil},
	{"en", "Not right now, sorry", "later", nil},
	{"en", "Maybe later.", "later", nil},
	{"en", "This is not the moment.", "later", nil},
	{"de", "Ja, gerne. 2 passt.", "yes 2", nil},
	{"de", "Ja gern", "yes", nil},
	{"de", "Sehr gerne!", "yes", nil},
	{"de", "Jep", "yes", nil},
	{"de", "Jo, passt", "yes", nil},
	{"de", "passt", "yes", nil},
	{"de", "2 passt mir gut", "yes 2", nil},
	{"de", "2. passt mir gut", "yes 2", nil},
	{"de", "Termin 2", "yes 2", nil},
	{"de", "Termin2", "yes 2", nil},
	{"de", "Nr. 2", "yes 2", nil},
	{"de", "Termin Nr. 2 bitte", "yes 2", nil},
	{"de", "Ja, Nr. 2 passt.", "yes 2", nil},
	{"de", "der zweite", "yes 2", nil},
	{"de", "Der 2. Termin wäre gut.", "yes 2", nil},
	{"de", "Den ersten Termin bitte", "yes 1", nil},
	{"de", "Gern den dritten.", "yes 3", nil},
	{"de", "zweiter Termin", "yes 2", nil},
	{"de", "Der erste oder der dritte", "yes 1 3", nil},
	{"de", "Einverstanden. Ich freue mich auf unser Gespräch.", "yes", nil},
	{"de", "In Ordnung, 1", "yes 1", nil},
	{"de", "Das geht. Ich nehme Termin 3.", "yes 3", nil},
	{"de", "Ja, ich freue mich darauf!", "yes", nil},
	{"de", "Mir passt Termin 2 am besten", "yes 2", nil},
	{"de", "Termin 1 passt mir gut, Termin 2 auch.", "yes 1 2", nil},
	{"de", "Leider nein.", "no", nil},
	{"de", "Nein, leider. Vielen Dank für Ihre Anfrage.", "no", nil},
	{"de", "Lieber nicht.", "no", nil},
	{"de", "Kein Interesse", "no", nil},
	{"de", "Jetzt nicht", "later", nil},
	{"de", "Gerade nicht, danke", "later", nil},
	{"de", "Vielleicht später", "later", nil},
	{"de", "Es passt mir im Moment nicht.", "later", nil},
	{"de", "Ein andermal gern", "", nil}, // perhaps later; but gladly is a yes
	{"de", "Spaeter", "later", nil},

	// Openings and closings.
	{"en", "Hi Ana,\n\nyes please.\n\nBest,\nMaya", "yes", nil},
	{"en", "Hi Ana, yes please", "yes", nil},
	{"en", "Hello!\n\n1 or 3.\n\nBest regards\nMaya Chen\nHead of Research\n+49 30 1234567", "yes 1 3", nil},
	{"en", "Dear Ms. Lopes,\nyes, 2.\nKind regards,\nMaya", "yes 2", nil},
	{"en", "Good morning Ana,\n\nthank you for asking. Yes, gladly.\n\nCheers\nM", "yes", nil},
	{"en", "Ana,\n\nyes, 1.\n\nMaya", "yes 1", nil},
	{"en", "Hey, sure thing", "yes", nil},
	{"en", "Hi yes", "yes", nil},
	{"en", "Yes, 2\n\nThanks,\nMaya", "yes 2", nil},
	{"en", "Yes, 2\n\nThanks\nMaya", "yes 2", nil},
	{"en", "Yes. Thanks!", "yes", nil},
	{"en", "yes\n\nMaya Chen", "yes", nil},
	{"en", "Yes, best, Maya", "yes", nil},
	{"en", "No.\n\nBest,\nJo", "no", nil},
	{"en", "Yes.\n\nSent from my iPhone", "yes", nil},
	{"de", "Guten Tag Frau Lopes,\n\nja, gern. Termin 1 passt mir gut.\n\nViele Grüße\nMaya Chen", "yes 1", nil},
	{"de", "Guten Tag Frau Dr. Lopes,\nja.\nMfG\nM. Chen", "yes", nil},
	{"de", "Liebe Ana,\n\nja, sehr gerne!\n\nLG\nMaya", "yes", nil},
	{"de", "Lieber Tom,\n\nja, sehr gerne!\n\nLG\nMaya", "yes", nil},
	{"de", "Hallo Ana, ja, 2. LG Maya", "yes 2", nil},
	{"de", "Sehr geehrte Frau Lopes,\nnein, danke.\nMit freundlichen Grüßen\nMaya Chen", "no", nil},
	{"de", "Moin,\nnein danke\nGruß\nMaya", "no", nil},
	{"de", "Ja\n\nVon meinem iPhone gesendet", "yes", nil},

	// The other language, and both.
	{"de", "yes", "yes", nil},
	{"de", "Hi Ana, yes, 2 works for me. Cheers, Maya", "yes 2", nil},
	{"en", "ja", "yes", nil},
	{"en", "Ja, gerne. 2 passt.", "yes 2", nil},
	{"en", "nein", "no", nil},
	{"en", "später", "later", nil},
	{"en", "Hallo Ana, yes", "yes", nil},
	{"en", "Yes, 2.\n\nLG Maya", "yes 2", nil},
	{"pt", "yes", "yes", nil},
	{"", "ja", "yes", nil},
	{"de", "ja, works for me", "", nil},
	{"en", "yes, passt", "", nil},
	{"de", "ja, but not now", "", nil},
	{"en", "yes, aber nicht jetzt", "", nil},
	{"en", "Yes.\nnein", "", nil},

	// However it is written.
	{"en", "ＹＥＳ", "yes", nil},
	{"en", "２", "yes 2", nil},
	{"en", "yes,\u00a02", "yes 2", nil},
	{"en", "\ufeffyes\u200b", "yes", nil},
	{"en", "*yes*", "yes", nil},
	{"en", "yes\r\n\r\nMaya\r\n", "yes", nil},
	{"de", "spa\u0308ter", "later", nil},
	{"de", "eins der drei", "", nil},
	{"de", "Ja, zum 2.", "", nil},
	{"de", "Lieber später", "", nil},
	{"de", "GROSSARTIG, JA", "yes", nil},
	{"de", "Ja.\n\nMIT FREUNDLICHEN GRÜSSEN\nM. C.", "yes", nil},

	// What else they have to say.
	{"en", "Yes, 2. I would add: hiring plan", "yes 2", []string{"hiring plan"}},
	{"en", "Yes, 2, and I'd add the hiring plan.", "yes 2", []string{"the hiring plan."}},
	{"en", "Yes please. Please add the hiring plan. Thanks!", "yes", []string{"the hiring plan."}},
	{"en", "1\n\nI would add:\n- the hiring plan\n- the budget\n\nBest,\nMaya", "yes 1", []string{"the hiring plan", "the budget"}},
	{"en", "Yes, 2.\nI would add:\n1. hiring plan\n2. budget", "yes 2", []string{"hiring plan", "budget"}},
	{"en", "Yes\n\n1) hiring plan\n2) budget; and travel", "yes", []string{"hiring plan", "budget; and travel"}},
	{"en", "Yes. I would love to hear about the roadmap. It matters to my team.", "yes", []string{"I would love to hear about the roadmap. It matters to my team."}},
	{"en", "Yes!\n\nBring the roadmap.\n\nMaya", "yes", []string{"Bring the roadmap."}},
	{"en", "No. We have that already.", "no", []string{"We have that already."}},
	{"de", "Ja, 1. Ergänzung: der Einstellungsplan", "yes 1", []string{"der Einstellungsplan"}},
	{"de", "Ja, gern.\n\nIch würde noch ergänzen: Einstellungsplan\n\nViele Grüße\nMaya", "yes", []string{"Einstellungsplan"}},
	{"en", "Yes.\na\nb\nc\nd\ne", "yes", []string{"a", "b", "c", "d", "e"}},
	{"en", "Yes.\na\nb\nc\nd\ne\nf", "yes", nil},
	{"en", "Yes.\n" + strings.Repeat("ä", 200), "yes", []string{strings.Repeat("ä", 200)}},
	{"en", "Yes.\n" + strings.Repeat("ä", 201), "yes", nil},

	{"en", "Yes.\nThanks\nMaya", "yes", nil},
	{"en", "Yes.\nThanks\nhiring plan", "yes", []string{"hiring plan"}},
	{"en", "Yes.\nMaya", "yes", []string{"Maya"}},

	// What is not beyond doubt.
	{"en", "", "", nil},
	{"en", " \n ", "", nil},
	{"en", "Hi Ana,\n\nBest,\nMaya", "", nil},
	{"en", "Thanks!", "", nil},
	{"en", "Yes?", "", nil},
	{"en", "yes. Who else will know of it?", "", nil},
	{"en", "Yes\n\nBest,\nMaya\n\nWill you bring Tom？", "", nil},
	{"en", "What is this about", "", nil},
	{"en", "yes and no", "", nil},
	{"en", "Yes or no", "", nil},
	{"en", "Yes, but not this week", "", nil},
	{"en", "Yes, if Tom comes too", "", nil},
	{"en", "Yes. Only if Tom comes too.", "", nil},
	{"en", "Yes\n\nBest,\nMaya\n\nPS: later would be easier", "", nil},
	{"en", "2, unless it rains", "", nil},
	{"en", "no problem", "", nil},
	{"en", "No worries!", "", nil},
	{"en", "Not a problem", "", nil},
	{"en", "No objections", "", nil},
	{"en", "No time", "", nil},
	{"en", "no 2", "", nil},
	{"en", "No. 2", "", nil},
	{"en", "2 no", "", nil},
	{"en", "1 yes, 2 no", "", nil},
	{"en", "2 later", "", nil},
	{"en", "Neither 1 nor 2", "", nil},
	{"en", "both", "", nil},
	{"en", "not sure", "", nil},
	{"en", "Maybe", "", nil},
	{"en", "Why not", "", nil},
	{"en", "Yes...", "", nil},
	{"en", "Yes, I got your mail.", "", nil},
	{"en", "Yes, let me think about it", "", nil},
	{"en", "Yes - will get back to you", "", nil},
	{"en", "Yes. I will get back to you with a time.", "", nil},
	{"en", "Yes. Better Friday at 3", "", nil},
	{"en", "Yes. Friday suits me.", "", nil},
	{"en", "Yes. At three.", "", nil},
	{"en", "Yes. It takes 2 hours.", "", nil},
	{"en", "yes, tomorrow", "", nil},
	{"en", "Fridays", "", nil},
	{"en", "10:00", "", nil},
	{"en", "10.30", "", nil},
	{"en", "１０：００", "", nil},
	{"en", "3pm", "", nil},
	{"en", "3 pm", "", nil},
	{"en", "at 3", "", nil},
	{"en", "100", "", nil},
	{"en", "0", "", nil},
	{"en", "2027", "", nil},
	{"en", "1-3", "", nil},
	{"en", "1 3", "", nil},
	{"en", "1. 3.", "", nil},
	{"en", "1/3/27", "", nil},
	{"en", "+1", "", nil},
	{"en", "½", "", nil},
	{"en", "1%", "", nil},
	{"en", "2x", "", nil},
	{"en", "second", "", nil},
	{"en", "First, yes", "", nil},
	{"en", "My first choice: 2", "", nil},
	{"en", "Great. More of the same.", "", nil},
	{"en", "Ok. I will have a look.", "", nil},
	{"en", "Ten four", "", nil},
	{"en", "one of the three", "", nil},
	{"en", "Another time, please.", "", nil},
	{"en", "10 to 2", "", nil},
	{"en", "Yes. Please contact my assistant.", "", nil},
	{"en", "I second that", "", nil},
	{"en", "One question", "", nil},
	{"en", "Just a second", "", nil},
	{"en", "I'm good, thanks", "", nil},
	{"en", "Yes\n2) is possible as well", "", nil},
	{"en", "Yes. Unfortunately I have to leave early.", "", nil},
	{"en", "Sorry, yes", "", nil},
	{"en", "Yes.\n\nBest,\nMaya\n\nNo, later", "", nil},
	{"en", "Yes. Fridays are good.", "", nil},
	{"en", "No. Ok, gladly", "", nil},
	{"en", "Unsubscribe", "no", nil},
	{"en", "Hi I disagree and so yes", "", nil},
	{"en", "Lieber telefonisch, ja", "", nil},
	{"en", "🤔", "", nil},
	{"en", "Yes 🤔", "", nil},
	{"en", "👍👎", "", nil},
	{"en", "<3", "", nil},
	{"en", "уes", "", nil}, // its first letter is Cyrillic
	{"de", "Ja, aber erst im Mai", "", nil},
	{"de", "Ja, wenn Tom mitkommt", "", nil},
	{"de", "Ja. Nur nicht im Büro.", "", nil},
	{"de", "Nicht 1, sondern 2", "", nil},
	{"de", "Kein Problem", "", nil},
	{"de", "Keine Zeit", "", nil},
	{"de", "10 Uhr", "", nil},
	{"de", "um 10", "", nil},
	{"de", "Ja, am 2.", "", nil},
	{"de", "4.3.", "", nil},
	{"de", "Freitagnachmittag", "", nil},
	{"de", "Ja. Lieber Freitag um 15 Uhr.", "", nil},
	{"de", "Der 2. kostet zu viel", "", nil},
	{"de", "Ja, der 2. Termin ist eng", "", nil},
	{"de", "Ja, der 2. kostet zu viel", "", nil},
	{"de", "Ja. Freitagnachmittag.", "", nil},
	{"de", "2. kostet zu viel", "", nil},
	{"de", "Ja, 2. Termin kostet zu viel", "", nil},
	{"de", "jein", "", nil},
	{"de", "Ja und nein", "", nil},
	{"de", "naja, ok", "", nil},
	{"de", "Ich melde mich", "", nil},
	{"de", "Ja. Ich melde mich.", "", nil},
	{"de", "Weder noch", "", nil},
	{"de", "Nein, aber gerne später", "", nil},
	{"de", "Ja, oder", "", nil},
	{"de", "Passt gerade nicht", "later", nil},
	{"de", "2 passt nicht", "", nil},
}

// words are those built in, and builtIn reads replies in them.
var (
	words   = must(templates.Load(""))
	builtIn = must(words.Answers())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// say is a reply in one line: the value and the numbers.
func say(said answers.Meaning) string {
	parts := []string{said.Value}
	for _, n := range said.Numbers {
		parts = append(parts, fmt.Sprint(n))
	}
	return strings.Join(parts, " ")
}

// TestRead takes what is plain, and never guesses.
func TestRead(t *testing.T) {
	s := builtIn
	for _, x := range replies {
		got := s.Read(x.lang, x.text)
		if say(got) != x.want || !slices.Equal(got.Adds, x.adds) {
			t.Errorf("%s %q is %q, adding %q; want %q, adding %q", x.lang, x.text, say(got), got.Adds, x.want, x.adds)
		}
	}
}

// TestReadProperties: however a reply is put together, neither its case nor its Unicode form nor
// a signature below it changes what it says; a question, or a condition, above it or below take all
// doubtless meaning away, but for the wish to get no more mail.
func TestReadProperties(t *testing.T) {
	s := builtIn
	pieces := []string{" ", "\n", "\n\n", ", ", ". ", "! ", "; ", " - ", "2", "13", "1) ", "- ", "the hiring plan", "Grüße", "Maya", "naïve", "👍", "10:00", "Friday"}
	for _, x := range replies {
		pieces = append(pieces, strings.ReplaceAll(x.text, "\r\n", "\n"))
		pieces = append(pieces, strings.Fields(x.text)...)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 8).Draw(t, "pieces"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		lang := rapid.SampledFrom(words.Languages()).Draw(t, "lang")
		want := say(s.Read(lang, text))
		for _, same := range []string{strings.ToUpper(text), strings.ToLower(text), norm.NFD.String(text), strings.ReplaceAll(text, "\n", "\r\n"), strings.ReplaceAll(text, " ", "\u00a0")} {
			if got := say(s.Read(lang, same)); got != want {
				t.Fatalf("%q is %q, and %q is %q", text, want, same, got)
			}
		}
		for _, signature := range []string{"\n\nBest regards,\nMaya Chen\nHead of Research\n+49 30 1234567", "\n\nViele Grüße\nMaya", "\nLG Maya"} {
			if got := say(s.Read(lang, text+signature)); want != "" && got != want {
				t.Fatalf("%q is %q, and with a signature %q", text, want, got)
			}
		}
		for _, doubt := range []string{"?" + text, text + "\n\nWill you?", text + "\nbut not", text + "\n\nPS aber nicht"} {
			if got := s.Read(lang, doubt); !got.Stop && (got.Value != "" || got.Numbers != nil || got.Adds != nil) {
				t.Fatalf("%q is %v", doubt, got)
			}
		}
	})
}

// FuzzRead: whatever a stranger writes, it is read to its end, and what comes out is in order.
func FuzzRead(f *testing.F) {
	s := builtIn
	for _, x := range replies {
		f.Add(x.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, lang := range words.Languages() {
			said := s.Read(lang, text)
			if !slices.Contains([]string{"", "yes", "no", "later"}, said.Value) || said.Value != "yes" && said.Numbers != nil || said.Value == "" && said.Adds != nil || len(said.Adds) > 5 {
				t.Errorf("%q is %+v", text, said)
			}
			for _, line := range said.Adds {
				if line == "" || strings.ContainsAny(line, "\n\r") || len([]rune(line)) > 200 {
					t.Errorf("%q adds %q", text, line)
				}
			}
			if got := s.Read(lang, "?"+text); got.Value != "" && !got.Stop {
				t.Errorf("%q with a question mark is %q", text, got.Value)
			}
			if got := s.Read(lang, "but not\n"+text); got.Value != "" && !got.Stop {
				t.Errorf("but not %q is %q", text, got.Value)
			}
		}
	})
}

// TestReadHostile: eight times the text takes nowhere near 64 times the time.
func TestReadHostile(t *testing.T) {
	s := builtIn
	s.Read("en", "yes")
	for _, unit := range []string{"yes ", "yes\n", "not ", "thanks for your mail ", "1, ", "1) a\n", "a", "\u0301", ".", "\n", "yes.\nthe plan\n", "best\n", "best regards ", "ja - ", "👍", "Option1 ", "Ü\u0301", "Ü" + strings.Repeat("\u0301", 1000)} {
		took := func(size int) time.Duration {
			text := "Yes.\n" + strings.Repeat(unit, size/len(unit))
			best := time.Hour
			for range 3 {
				start := time.Now()
				s.Read("de", text)
				best = min(best, time.Since(start))
			}
			return best
		}
		short, long := took(4000), took(32000)
		for range 10 { // others may have had the machine meanwhile
			if long <= 40*short+5*time.Millisecond {
				break
			}
			short, long = max(short, took(4000)), min(long, took(32000))
		}
		if long > 40*short+5*time.Millisecond {
			t.Errorf("%q: %v for 4,000 bytes, %v for 32,000", unit, short, long)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	s := builtIn
	b.ReportAllocs()
	for b.Loop() {
		s.Read("en", "Hi Ana,\n\nyes, gladly. 2 works for me.\n\nBest regards\nMaya")
	}
}
