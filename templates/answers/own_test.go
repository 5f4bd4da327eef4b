package answers_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coalition/invites/zones"
)

// berlin is the clock of whoever writes.
func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := zones.BuiltIn().Location("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// own are replies with a time of their writer's own, said on Monday, 1 February 2027, at ten, where the times offered
// lie from Tuesday, the 9th, to Thursday, the 11th; "" where it is for the organizer to read.
var own = []struct{ lang, text, want string }{
	{"en", "Thursday at 3 would be better", "2027-02-11 15:00"},
	{"en", "Yes, but could we do 5 March at 10:00?", "2027-03-05 10:00"},
	{"de", "lieber Do 4.3. um 15 Uhr", "2027-03-04 15:00"},

	{"en", "How about Thursday, 4 March, 3pm?", "2027-03-04 15:00"},
	{"en", "Could we do 3:30pm on March 4th instead?", "2027-03-04 15:30"},
	{"en", "Gladly. The 4th of March at 3 p.m. would suit me better.", "2027-03-04 15:00"},
	{"en", "I'd prefer Fri 12 Feb at 9", "2027-02-12 09:00"},
	{"en", "2027-03-04 15:00 would be better for me", "2027-03-04 15:00"},
	{"en", "Tomorrow at noon works for me.", "2027-02-02 12:00"},
	{"en", "Hi Ana,\n\nI'd love to talk. I am travelling all of that week. Could we make it Friday 19 February at 11?\n\nBest wishes,\nMaya\n+49 30 1234567", "2027-02-19 11:00"},
	{"en", "Sorry, none of these works for me. Wednesday 3 March, 14:00?", "2027-03-03 14:00"},
	{"en", "Unfortunately I can't make any of these.\n13/2/2027 at 10:00 would be possible", "2027-02-13 10:00"},
	{"en", "13/3/2027 at 10:00 would be better", "2027-03-13 10:00"},
	{"de", "Ja, gern, aber könnten wir am 5. März um 10:00 Uhr sprechen?", "2027-03-05 10:00"},
	{"de", "Mir wäre Donnerstag um 15 Uhr lieber.", "2027-02-11 15:00"},
	{"de", "Ginge auch Freitag, 12.2.2027, 9.30 Uhr?", "2027-02-12 09:30"},
	{"de", "Wie wäre es mit Mittwoch, dem 3. März, um 14 Uhr?", "2027-03-03 14:00"},
	{"de", "Guten Tag Frau Lopes,\n\nleider passt mir keiner der Termine. Am 4.3. hätte ich um 3 Uhr nachmittags Zeit.\n\nViele Grüße\nMaya Chen", "2027-03-04 15:00"},
	{"de", "übermorgen um 11 Uhr ginge es bei mir", "2027-02-03 11:00"},
	{"de", "Do., 4. März 2027, 15h30 passt mir besser", "2027-03-04 15:30"},
	{"en-US", "3/4 at 10:00 AM would be better", "2027-03-04 10:00"},
	{"en-US", "Could we do 3/4/2027 at 3pm?", "2027-03-04 15:00"},
	{"en-US", "Could we do March 4 at 3pm?", "2027-03-04 15:00"},
	{"en-US", "13/3/2027 at 10:00 would be better", "2027-03-13 10:00"},
	{"en-US", "Lieber am 4.3. um 15 Uhr", "2027-03-04 15:00"},
	{"en", "Thursday 4 March at half past three would be better", "2027-03-04 15:30"},
	{"en", "Thursday at quarter to one would be better", "2027-02-11 12:45"},
	{"en", "Thursday at ten thirty would be better", "2027-02-11 10:30"},
	{"de", "lieber Do um halb 3", "2027-02-11 14:30"},
	{"de", "lieber Do halb eins", "2027-02-11 12:30"},
	{"de", "lieber Donnerstag um Viertel nach drei", "2027-02-11 15:15"},
	{"de", "lieber Donnerstag um viertel vor 11", "2027-02-11 10:45"},
	{"de", "lieber Donnerstag um drei Uhr nachmittags", "2027-02-11 15:00"},
	{"en", "25-3-2027 at 10:00 would be better", "2027-03-25 10:00"},
	{"nl", "liever do 4 maart om 15 uur", "2027-03-04 15:00"},
	{"nl", "Donderdag om 3 uur zou beter uitkomen", "2027-02-11 15:00"},
	{"nl", "Kan het ook donderdag half 3?", "2027-02-11 14:30"},
	{"nl", "Ja graag, maar kunnen we donderdag om half drie praten?", "2027-02-11 14:30"},
	{"nl", "Schikt vrijdag 12 februari om kwart over 10?", "2027-02-12 10:15"},
	{"nl", "wo 10 februari om kwart voor 11 past mij beter", "2027-02-10 10:45"},
	{"nl", "Wat dacht je van vrijdag om tien over half 3?", "2027-02-12 14:40"},
	{"nl", "Helaas, geen van deze momenten past. Donderdagmiddag om 2 uur kan wel.", "2027-02-11 14:00"},
	{"nl", "Liever morgen om 10.30 uur", "2027-02-02 10:30"},
	{"nl", "Beste Ana,\n\nik stel voor: donderdag 4 maart, 15u30.\n\nGroet,\nMaya", "2027-03-04 15:30"},
	{"nl", "25-3-2027 om 9 uur 's ochtends zou beter zijn", "2027-03-25 09:00"},
	{"nl", "vrijdag om 3 uur ’s middags kan ook", "2027-02-12 15:00"},
	{"pt", "Prefiro quinta às 15h", "2027-02-11 15:00"},
	{"pt-BR", "Oi Ana, tudo bem? Poderia ser quinta-feira às 15h?", "2027-02-11 15:00"},
	{"pt", "Pode ser quinta-feira às 3 da tarde?", "2027-02-11 15:00"},
	{"pt", "Seria possível na 5ª feira, às 10h30?", "2027-02-11 10:30"},
	{"pt", "Mas poderíamos conversar no dia 4 de março de 2027, às 15 horas?", "2027-03-04 15:00"},
	{"pt", "Quinta, dia 4 de março, às três e meia", "2027-03-04 15:30"},
	{"pt", "que tal terça às 11?", "2027-02-09 11:00"},
	{"pt", "2ª feira às 9 da manhã dava-me mais jeito", "2027-02-08 09:00"},
	{"pt", "Nenhum destes horários me serve. Sexta às 14h funciona para mim.", "2027-02-12 14:00"},
	{"pt", "amanha as 15h fica melhor", "2027-02-02 15:00"},
	{"pt", "Preferia quarta ao meio-dia", "2027-02-10 12:00"},
	{"pt", "Na sexta, quinze para as três da tarde, seria melhor", "2027-02-12 14:45"},
	{"pt", "sexta às quatro menos um quarto", "2027-02-12 15:45"},
	{"es", "El jueves a las 3 me vendría mejor", "2027-02-11 15:00"},
	{"es", "Sí, pero ¿podríamos hablar el 5 de marzo a las 10:00?", "2027-03-05 10:00"},
	{"es", "Hola, Ana:\n\nninguna de esas horas me viene bien. ¿Qué tal el miércoles 3 de marzo de 2027 a las 14:30?\n\nUn saludo\nMaya", "2027-03-03 14:30"},
	{"es", "mejor el jueves a las tres y media", "2027-02-11 15:30"},
	{"es", "¿Le parece bien el miercoles 3 de marzo a las 11?", "2027-03-03 11:00"},
	{"es", "Prefiero mañana a las 12h", "2027-02-02 12:00"},
	{"es", "¿Puede ser el viernes 12/2/2027 a las 4 de la tarde?", ""},
	{"es", "¿Puede ser el viernes 19/2/2027 a las 4 de la tarde?", "2027-02-19 16:00"},
	{"fr", "Plutôt jeudi à 15h", "2027-02-11 15:00"},
	{"fr", "jeudi à 15 h 30 me conviendrait mieux", "2027-02-11 15:30"},
	{"fr", "Oui, mais pourrions-nous parler le 5 mars à 10h ?", "2027-03-05 10:00"},
	{"fr", "Bonjour Ana,\n\nAucun de ces créneaux ne me convient. Que diriez-vous du mercredi 3 mars 2027 à 14h30 ?\n\nCordialement\nMaya", "2027-03-03 14:30"},
	{"fr", "Serait-il possible de se parler le 1er mars à 11 heures ?", "2027-03-01 11:00"},
	{"fr", "demain à midi, c'est possible ?", "2027-02-02 12:00"},
	{"fr", "jeudi a 3 heures et demie de l'après-midi", "2027-02-11 15:30"},
	{"it", "Meglio giovedì alle 15", "2027-02-11 15:00"},
	{"it", "giovedi alle 15.30 mi andrebbe meglio", "2027-02-11 15:30"},
	{"it", "Sì, ma potremmo sentirci il 5 marzo alle ore 10:00?", "2027-03-05 10:00"},
	{"it", "Ciao Ana,\n\nnessuno di questi orari mi va bene. Che ne dici di mercoledì 3 marzo 2027 alle 14:30?\n\nSaluti\nMaya", "2027-03-03 14:30"},
	{"it", "preferirei domani alle undici", ""},
	{"it", "preferirei giovedì alle tre e mezza", "2027-02-11 15:30"},
	{"it", "Sarebbe possibile il 1° marzo alle 11?", "2027-03-01 11:00"},
	// In another language than they were written to.
	{"en", "Plutôt jeudi à 15h", "2027-02-11 15:00"},
	{"fr", "El jueves a las 15:00 me vendría mejor", "2027-02-11 15:00"},
	{"de", "Could we do 5 March at 10:00?", "2027-03-05 10:00"},
	{"en", "Lieber am 4.3. um 15 Uhr", "2027-03-04 15:00"},

	// More than one time, or less.
	{"en", "Thursday or Friday at 3", ""},
	{"en", "Thursday at 3 or 4", ""},
	{"en", "Thursday, 3pm-4pm", ""},
	{"en", "Thursday at 3 would be better, or 2", ""},
	{"en", "Thursday would be better", ""},
	{"en", "3pm would be better", ""},
	{"en", "Could we do March?", ""},
	{"en", "Could we do 10:00 in March?", ""},
	{"en", "Thursday 4 March at 3pm would be better. I am away on Tuesday.", ""},
	{"en", "Thursday 4 March at 3pm would be better. I have 2 children.", ""},
	{"de", "Do oder Fr um 15 Uhr", ""},
	// What may be meant in two ways.
	{"en", "Could we do 4/3 at 10:00?", ""},
	{"pt", "Pode ser 4/3 às 15h?", ""},
	{"pt", "quinta não, às 15h", ""},
	{"pt", "quinta depois das 15h", ""},
	{"pt", "quinta ou sexta às 15h", ""},
	{"pt", "quinta às 15h, uma hora e meia", ""},
	{"pt", "quinta às 7", ""},
	{"pt", "a segunda às 15h ou a terceira", ""},
	{"nl", "liever 4-3-2027 om 15 uur", ""},
	{"nl", "liever niet donderdag om 3 uur", ""},
	{"nl", "donderdag na 3 uur zou beter zijn", ""},
	{"nl", "donderdag om 3 of 4 uur", ""},
	{"nl", "donderdag half 8 kan", ""},
	{"nl", "donderdag liever twee uur lang", ""},
	{"en", "Could we do 4-3-2027 at 10:00?", ""},
	{"en", "Thursday 25-3 at 10:00 would be better", ""},
	{"de", "lieber Do halb 8", ""},
	{"de", "lieber Do um halb 3 oder um drei", ""},
	{"en", "Thursday would be better for one of us", ""},
	{"en", "3/4 at 10:00 AM would be better", ""},
	{"en-GB", "Could we do 3/4/2027 at 3pm?", ""},
	{"de", "3/4 at 10:00 AM would be better", ""},
	{"en", "Thursday at 7 would be better", ""},
	{"en", "Friday 4 March at 3pm would be better", ""},
	{"en", "31 February at 3pm would be better", ""},
	{"en", "next Thursday at 3 would be better", ""},
	{"en", "28 March at 02:30 would be better", ""},
	{"en", "31 October at 02:30 would be better", ""},
	{"en", "1 January at 10:00 would be better", ""},
	{"de", "morgen, Donnerstag, um 15 Uhr wäre besser", ""},
	// What has passed.
	{"en", "2027-01-04 15:00 would be better", ""},
	// What turns the sense around, and what nobody knows.
	{"en", "Not Thursday at 3", ""},
	{"en", "Thursday 4 March at 3 doesn't work for me", ""},
	{"en", "I can do any day but Thursday 4 March at 3pm", ""},
	{"en", "I am free until Thursday 4 March at 3pm", ""},
	{"en", "After Thursday 4 March at 3pm would be better", ""},
	{"en", "Around 3pm on Thursday 4 March would be better", ""},
	{"en", "If Tom comes, Thursday 4 March at 3pm would be better", ""},
	{"en", "I meet Tom on Thursday 4 March at 3pm", ""},
	{"en", "Thursday 4 March at 3pm London time would be better", ""},
	{"de", "Nicht am 4.3. um 15 Uhr", ""},
	{"de", "Am 4.3. um 15 Uhr kann ich leider nicht.", ""},
	{"de", "Lieber nach dem 4.3. um 15 Uhr", ""},
	{"de", "Gegen 15 Uhr am 4.3. wäre besser", ""},
	{"de", "Ich kann ab Donnerstag um 15 Uhr", ""},
	{"de", "Ich habe am 4.3. um 15 Uhr ein Treffen", ""},
	{"de", "Das ist am 4.3. um 15 Uhr?", ""},
	{"en", "Can you do Thursday 4 March at 3pm your time?", ""},
	{"en", "I work on Thursday 4 March at 3pm", ""},
	{"es", "El jueves a las 3 no puedo", ""},
	{"es", "Después del jueves a las 3", ""},
	{"es", "el jueves o el viernes a las 3", ""},
	{"es", "el jueves a las 3, si viene Tomás", ""},
	{"fr", "Pas jeudi à 15h", ""},
	{"fr", "jeudi à 15h je ne peux pas", ""},
	{"fr", "jeudi à 15h ou 16h", ""},
	{"fr", "à partir de jeudi à 15h", ""},
	{"it", "Giovedì alle 15 non posso", ""},
	{"it", "dopo giovedì alle 15", ""},
	{"it", "giovedì alle 15 o alle 16", ""},
	{"it", "4/3 alle 15", ""},
	// Answers are none.
	{"en", "2", ""},
	{"en", "yes", ""},
	{"en", "later", ""},
}

func TestOwn(t *testing.T) {
	r := builtIn
	zone := berlin(t)
	said := time.Date(2027, 2, 1, 10, 0, 0, 0, zone)
	first, last := said.AddDate(0, 0, 8).UTC(), said.AddDate(0, 0, 10).UTC()
	for _, x := range own {
		got := ""
		m := r.Read(x.lang, x.text, "Maya Chen")
		if at, ok := m.Own.In(said, first, last); ok {
			got = at.Format("2006-01-02 15:04")
		}
		if got != x.want {
			t.Errorf("%s %q: %q, want %q (%+v)", x.lang, x.text, got, x.want, m)
		}
	}
}

// Whatever way a moment of the day is written in, it is read as that; with anything of another beside it, as none.
func TestOwnInAllForms(t *testing.T) {
	zone := berlin(t)
	german := strings.NewReplacer("Monday", "Montag", "Tuesday", "Dienstag", "Wednesday", "Mittwoch", "Thursday",
		"Donnerstag", "Friday", "Freitag", "Saturday", "Samstag", "Sunday", "Sonntag", "January", "Januar", "February",
		"Februar", "March", "März", "May", "Mai", "June", "Juni", "July", "Juli", "October", "Oktober", "December",
		"Dezember")
	said := time.Date(2027, 2, 1, 10, 0, 0, 0, zone)
	rapid.Check(t, func(rt *rapid.T) {
		day := rapid.IntRange(1, 180).Draw(rt, "day")
		at := time.Date(2027, 2, 1+day, rapid.IntRange(8, 17).Draw(rt, "hour"), rapid.IntRange(0, 59).Draw(rt, "minute"),
			0, 0, zone)
		en := rapid.SampledFrom([]string{"2 January 2006", "Monday, 2 January", "January 2", "Mon 2 Jan", "2006-01-02",
			"2 January"}).Draw(rt, "date")
		clock := rapid.SampledFrom([]string{"15:04", "at 3:04 pm", "3:04pm", "3.04 pm", "15h04"}).Draw(rt, "clock")
		lang, text := "en", "Could we do "+at.Format(en)+", "+at.Format(clock)+"?"
		if rapid.Bool().Draw(rt, "german") {
			de := rapid.SampledFrom([]string{"2.1.", "2.1.2006", "Monday, 2.1.06", "2. January 2006", "den 2. January"}).
				Draw(rt, "datum")
			clock := rapid.SampledFrom([]string{"15:04", "15.04 Uhr", "um 15:04 Uhr"}).Draw(rt, "zeit")
			lang, text = "de", "Lieber "+german.Replace(at.Format(de))+" "+at.Format(clock)
		}
		got, ok := builtIn.Read(lang, text).Own.In(said, time.Time{}, time.Time{})
		if !ok || !got.Equal(at) {
			rt.Fatalf("%q is %s, %v; want %s", text, got, ok, at)
		}
		more := rapid.SampledFrom([]string{" or at 4", " or Tuesday", " 7", ", nicht vor 9", " 1.1."}).Draw(rt, "more")
		if got := builtIn.Read(lang, text+more).Own; !got.IsZero() {
			rt.Fatalf("%q is %+v", text+more, got)
		}
	})
}
