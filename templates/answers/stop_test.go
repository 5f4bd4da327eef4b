package answers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coalition/templates"
)

// TestStop: who asks for no more mail is heard, however they put it; nothing else is taken for that.
func TestStop(t *testing.T) {
	s := builtIn
	for _, text := range []string{
		"Stop", "STOP", "stop.", "Stop!", "Please stop.", "Stop please", "Hello Ana,\n\nstop.\n\nMaya", "No. Stop.", "Unsubscribe", "unsubscribe me", "UNSUBSCRIBE\n\nMaya Chen\nNorthwind Ltd, +49 30 1234567",
		"Please unsubscribe me from this.", "Remove me from your list", "please remove me from your mailing list, thanks", "Could you please take me off your list?", "Can you remove me from this list?", "Could you please unsubscribe me?", "Would you stop?", "Please don't contact me.", "Do not contact me about this.", "Please do not email me. Thank you.", "Quit emailing me", "Please refrain from contacting me in future.", "Get me off this list!", "I don't want your emails.",
		"Unterlassen Sie weitere Mails.", "Ich bitte Sie, von weiteren Mails abzusehen.", "Ich verbitte mir weitere Anfragen!", "Schreib mir bitte nicht mehr", "Melde dich bitte nicht mehr.", "Ich möchte von Ihnen nichts mehr hören.", "Hören Sie auf, mir zu schreiben.",
		"Stop emailing me.", "Please stop writing to me, I don't want this.", "No thanks. Please don't contact me again.", "Don't email me again!", "Do not contact me again.", "No more emails please", "No, and please no further mails.",
		"I'm sorry, please remove my address from your records.", "Dear Ana,\nI do not wish to be contacted.\nBest regards\nMaya", "I no longer wish to receive these mails.", "Leave me alone", "Not interested. Stop sending me these mails.",
		"Thank you for your mail. Please remove me from your list.", "I want to unsubscribe", "I would like you to stop contacting me.",
		"Keine weiteren Mails", "Bitte keine weiteren Mails", "bitte nicht mehr schreiben", "Bitte nicht mehr schreiben!", "Nein danke, bitte keine weiteren E-Mails.", "Hallo Frau Lopes,\nbitte schreiben Sie mir nicht mehr.\nViele Grüße\nMaya Chen",
		"Bitte streichen Sie mich von Ihrer Liste.", "Können Sie mich bitte aus dem Verteiler nehmen?", "Nehmen Sie mich bitte von Ihrer Liste.", "Ich möchte keine weiteren Mails bekommen.", "Stopp", "Aufhören!", "Lassen Sie mich in Ruhe.", "Bitte melden Sie mich ab.", "Bitte kontaktieren Sie mich nicht mehr", "Nein. Und bitte keine Mails mehr.",
		"I want no further contact", "Lose my address.", "I ask you not to write to me anymore.", "I must ask you not to contact me again.", "Please erase my data.", "I'd like you to leave me alone.",
		"Bitte schreiben Sie mir keine Mails mehr", "Schick mir bitte keine Nachrichten mehr.", "Bitte lösche meine Daten", "Bitte melde mich ab.", "Ich bitte Sie, mir nicht mehr zu schreiben.", "Ich bitte dich, mich in Ruhe zu lassen.",
		"Bitte löschen Sie meine Daten.", "Ich wünsche keinen weiteren Kontakt.",
	} {
		for _, lang := range append(words.Languages(), "fr") {
			if said := s.Read(lang, text); !said.Stop || said.Value != "no" {
				t.Errorf("%s: %q is %+v; want it to be a stop", lang, text, said)
			}
		}
	}
	for _, text := range []string{
		"No", "Nein danke", "yes", "Stop by on Tuesday.", "Please stop by my office, I have a question.", "Should we stop?", "Stop?", "Don't stop!", "Please don't stop writing.", "Yes, 1. Let's meet at the bus stop.", "1\n\nThe tram stop is across the street.",
		"Yes. No more emails needed, see you then.", "2, and please no more emails before that.", "Ja, gern. Bitte keine weiteren Mails vorher.", "Is there a way to unsubscribe?", "no\n\nBest regards\nMaya\n--\nTo unsubscribe, click here.", "No.\n\nBest regards\nMaya\nUnsubscribe",
		"Remove the second point from the agenda.", "Not now, please write again in May.", "Später, bitte jetzt nicht.", "Was passiert, wenn ich nicht mehr schreiben kann?", "Can we stop the launch?",
		"Please don't write to me again at this address, use maya@example.net. Yes, 1", "Do not contact me again before Monday.", "Bitte schreiben Sie mir nicht mehr an diese Adresse, sondern an maya@example.net.", "Schreib mir nicht mehr vor Montag. Ja", "Ich melde mich ab Montag.", "Bitte melde mich ab Montag wieder an.",
		"Yes.\n\nUnsubscribe", "Please do not contact me before Monday.", "Do not write to me at this address, use the other one.",
	} {
		for _, lang := range words.Languages() {
			if said := s.Read(lang, text); said.Stop {
				t.Errorf("%s: %q is taken for a stop", lang, text)
			}
		}
	}
	// With a yes before it nobody knows what is meant.
	if said := s.Read("en", "Yes, 1. Please stop emailing me."); said.Value != "" {
		t.Errorf("a yes with a stop is %+v; want a question", said)
	}
	// Words of somebody's own that are older than the list still count.
	own := t.TempDir()
	source, err := words.Source("en/answers.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	old, _, _ := strings.Cut(string(source), "{{/* The wish to get no more mail.")
	if err := os.Mkdir(filepath.Join(own, "en"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, "en", "answers.tmpl"), []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	s = must(must(templates.Load(own)).Answers())
	if said := s.Read("en", "yes, 1"); said.Value != "yes" {
		t.Errorf("with own words without stops: %+v", said)
	}
}
