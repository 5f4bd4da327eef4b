package answers_test

import (
	"slices"
	"strings"
	"testing"
)

// phrasings are whole replies as people write them, with what stands around the words. who is the writer's
// name, as the mail gives it.
var phrasings = []struct {
	lang, who, text, want string
	adds                  []string
}{
	// A no.
	{"en", "", "I'm afraid not.", "no", nil},
	{"en", "", "Hi Ana,\n\nI'm afraid I can't. Thank you for asking me.\n\nBest,\nMaya", "no", nil},
	{"en", "", "Thanks, but no thanks.", "no", nil},
	{"en", "", "Thank you for thinking of me, but I'll have to decline.", "no", nil},
	{"en", "", "No, I don't have time for this.", "no", nil},
	{"en", "", "No. I don't have the time, and I'm not the right person either.", "no", nil},
	{"en", "", "Unfortunately that doesn't work for me.", "no", nil},
	{"en", "", "Sorry, I'm too busy.", "no", nil},
	{"en", "", "I'd rather not have this conversation.", "no", nil},
	{"en", "", "Not for me, thanks.", "no", nil},
	{"en", "", "It's a no from me, sorry.", "no", nil},
	{"en", "", "Please count me out.\n\nRegards\nJo", "no", nil},
	{"de", "", "Nein, keine Zeit", "no", nil},
	{"de", "", "passt mir leider nicht", "no", nil},
	{"de", "", "Das passt mir leider gar nicht.", "no", nil},
	{"de", "", "Hallo Ana,\n\nleider nicht. Ich habe dafür keine Zeit.\n\nViele Grüße\nMaya", "no", nil},
	{"de", "", "Ich habe leider keine Zeit.", "no", nil},
	{"de", "", "Danke für die Anfrage, aber da muss ich leider passen.", "no", nil},
	{"de", "", "Danke, aber nein.", "no", nil},
	{"de", "", "Ich kann leider nicht.\nLG Maya", "no", nil},
	{"de", "", "Das ist nichts für mich, danke.", "no", nil},
	{"de", "", "Nein danke. Wir haben dafür gerade keine Leute.", "no", []string{"Wir haben dafür gerade keine Leute."}},
	{"de", "", "Leider muss ich dankend ablehnen.", "no", nil},
	{"de", "", "Vielen Dank, ich möchte das lieber nicht.", "no", nil},

	{"en", "", "I'm afraid that won't be possible.", "no", nil},
	{"en", "", "Thanks for reaching out, but I'm not interested.", "no", nil},
	{"en", "", "Thanks for asking! I'm going to pass on this one.", "no", nil},
	{"de", "", "Das ist mir leider nicht möglich.", "no", nil},
	{"de", "", "Danke, aber ich habe kein Interesse.", "no", nil},
	{"de", "", "Ehrlich gesagt: lieber nicht.", "no", nil},
	{"en", "", "Thank you for your mail. I'm going to say no to this one.", "no", nil},

	// A later.
	{"de", "", "Im Moment leider nicht.", "later", nil},
	{"de", "", "Nein, im Moment nicht.", "later", nil},
	{"en", "", "No, not right now.", "later", nil},
	{"en", "", "I can't right now, sorry.", "later", nil},
	{"en", "", "I don't have time at the moment.", "later", nil},
	{"en", "", "This isn't a good time, please ask me again later.", "later", nil},
	{"de", "", "Ich habe gerade leider keine Zeit.", "later", nil},
	{"de", "", "Im Moment geht es bei mir leider nicht.", "later", nil},
	{"de", "", "Später gern wieder. Gerade habe ich keine Zeit.", "later", nil},

	// A yes.
	{"en", "", "Sounds good, let's do it.", "yes", nil},
	{"en", "", "I'd be delighted! Option 2 would suit me best.", "yes 2", nil},
	{"en", "", "Sounds like a plan - 1 it is.", "yes 1", nil},
	{"en", "", "Absolutely, happy to have this conversation. The first slot is ideal.", "yes 1", nil},
	{"en", "", "I'd prefer 2, please.", "yes 2", nil},
	{"en", "", "Yes of course! Let's go for the third option. See you then!", "yes 3", nil},
	{"en", "", "By all means. 3 works perfectly for me.", "yes 3", nil},
	{"en", "", "Yes, I'd be glad to. Thank you so much for your openness.", "yes", nil},
	{"en", "", "I'll go with 1.\n\nThanks again and all the best,\nMaya", "yes 1", nil},
	{"de", "", "Klingt gut, das machen wir so.", "yes", nil},
	{"de", "", "Aber gern! Mir würde Termin 3 am besten passen.", "yes 3", nil},
	{"de", "", "Klar, lass uns reden. 1 wäre mir am liebsten.", "yes 1", nil},
	{"de", "", "Da bin ich gern dabei, Termin 2 ist ideal.", "yes 2", nil},
	{"de", "", "Ich würde den zweiten Termin nehmen.", "yes 2", nil},
	{"de", "", "Dann nehmen wir Termin 1!", "yes 1", nil},
	{"de", "", "Sehr gern, vielen Dank für Ihre offene Mail. Termin 2 passt wunderbar.", "yes 2", nil},
	{"de", "", "Na klar doch, 3 passt mir super", "yes 3", nil},

	{"en", "", "1 works best for me, 2 would also work.", "yes 1 2", nil},
	{"en", "", "Yes, 2. Let me know if anything changes.", "yes 2", nil},
	{"de", "", "Klingt gut, lass es uns machen.", "yes", nil},
	{"de", "", "Auf jeden Fall, Termin 1.", "yes 1", nil},
	{"en", "Maya Chen", "Yes, gladly - option 2. Talk soon! Maya", "yes 2", nil},
	{"de", "", "Ja, Termin 1. Bei Fragen melden Sie sich gern.", "yes 1", nil},

	// What stands around it.
	{"en", "Maya Chen", "Yes, 1 works for me.\n\nBest wishes\nMaya\n\nMaya Chen | Head of Research | 14 Harbour Street | +44 20 5550 0142\nThis message may be confidential. If it was not meant for you, please do not read on, delete it and tell us.", "yes 1", nil},
	{"de", "Maya Chen", "Ja, gern, Termin 1.\n\nViele Grüße\nMaya Chen\n\nTel. 030 5550 0142\nDiese Nachricht kann vertraulich sein. Wenn sie nicht für Sie bestimmt ist, löschen Sie sie bitte und sagen uns kurz Bescheid.", "yes 1", nil},
	{"en", "Maya Chen", "2 please\n\nMaya\nHead of Research, Example Ltd\n14 Harbour Street, 2nd floor\nT +44 20 5550 0142", "yes 2", nil},
	{"en", "", "2 please\n\nMaya Chen\nHead of Research\n14 Harbour Street\n+44 20 5550 0142", "yes 2", nil},
	{"en", "Chen, Maya", "Yes.\nMaya", "yes", nil},
	{"en", "Maya Chen", "Yes.\nM.", "yes", nil},
	{"en", "Maya Chen", "Yes.\nMaya Chen | Room 2.14 | ext. 17", "yes", nil},
	{"en", "", "2\n\n[image: logo.png]\nMaya Chen\nExample Ltd\n14, Harbour Street", "yes 2", nil},
	{"de", "", "Ja, 2.\n\n[cid:image001.png@01DA.5A]<https://www.example.de>\nMaya Chen | +49 40 5550142", "yes 2", nil},
	{"en", "", "No, thank you.\n\nSent from my Galaxy S23 5G\n\nIf you did not expect this mail, call 020 5550 0142.", "no", nil},
	{"en", "", "CAUTION: This email originated from outside of the organization. Do not click links unless you know the sender.\n\nYes, 2.", "yes 2", nil},
	{"en", "", "1, gladly.\n\nThe information contained in this e-mail is intended solely for the\naddressee. If you are not the intended recipient, you may not copy it\nor act on it.\n\nPlease consider the environment before printing this email. Do you really need to?", "yes 1", nil},
	{"en", "", "Yes, 3.\n\nThis email has been checked for viruses by a scanner that never sleeps.\nwww.scanner.example", "yes 3", nil},
	{"en", "", "Later, please.\n\nYou received this message because you are subscribed to the group \"team\".\nTo unsubscribe from this group, do not reply, but write to team+unsubscribe@lists.example.org.", "later", nil},
	{"en", "", "Yes please!\n\nCheers from sunny Lisbon,\nTom\n\nI work flexibly; do not feel that you have to answer if you get this after hours.", "yes", nil},
	{"de", "", "Termin 2 passt mir gut.\n\nBeste Grüße aus Hamburg\nJ. Weiß\n\nBeispiel GmbH · Hafenstraße 14 · 20457 Hamburg\nGeschäftsführer: K. Holm · Amtsgericht Hamburg, HRB 12345\nHaben Sie Fragen? Wir sind von 9 bis 17 Uhr für Sie da.", "yes 2", nil},
	{"de", "", "Nein, danke.\n\nMit freundlichen Grüßen\ni. A. Weiß\n\nDiese E-Mail kann vertrauliche Informationen enthalten. Falls Sie nicht der richtige Adressat sind, vernichten Sie sie bitte.", "no", nil},
	{"de", "", "Ja, 1.\n\nVon meinem Pixel 8 gesendet\n\nBitte prüfen Sie, ob diese E-Mail wirklich ausgedruckt werden muss.", "yes 1", nil},
	{"de", "", "ACHTUNG: Diese E-Mail stammt von einem externen Absender. Öffnen Sie keine Anhänge, wenn Sie ihn nicht kennen.\n\nJa, sehr gern. Termin 3.\n\nHerzlich\nMaya", "yes 3", nil},
	{"de", "Dr. Maya Chen", "Termin 1, bitte\n\nDr. Maya Chen\nLeiterin Forschung\nHafenstraße 14, 20457 Hamburg\nTel. 040 5550 142", "yes 1", nil},
	{"de", "", "Ja, gern.\n\nVielen Dank und herzliche Grüße\nMaya\n\nDiese E-Mail wurde von einem Virenscanner geprüft und enthält keine Viren. Nicht antworten, wenn Sie zweifeln.", "yes", nil},
	{"de", "", "Passt, 2.\n\nLG\nTom\n\n„Wenn du ein Schiff bauen willst, dann trommle nicht Leute zusammen.“", "yes 2", nil},

	// A postscript is part of the letter.
	{"en", "", "Yes, 1.\n\nBest,\nMaya\n\nP.S. Bring the roadmap.", "yes 1", []string{"Bring the roadmap."}},
	{"en", "", "Yes, 1.\n\nBest,\nMaya\n\nPS: only if Tom can join.", "", nil},
	{"en", "", "Yes, 1.\n\nBest,\nMaya\n\nPS 2 is fine as well", "", nil},
	{"en", "", "Yes, 1.\n\nBest wishes\nBut not at the office.", "", nil},
	{"en", "", "Yes, 1.\n\nBest,\nMaya\n\nIf Tom comes, too.", "", nil},
	{"de", "", "Ja, Termin 2.\n\nLG\nMaya\n\nPS: Allerdings nur, wenn es nicht regnet.", "", nil},
	{"de", "", "Ja, gern.\n\nViele Grüße\nMaya\n\nAber bitte nicht im Büro!", "", nil},
	{"de", "", "Ja, Termin 1\n\nGruß\nMaya\n\nNachtrag: Bitte die Zahlen mitbringen.", "yes 1", []string{"Bitte die Zahlen mitbringen."}},

	{"en", "", "Yes, 1.\n\nBest,\nMaya\n\nI can only do it by phone.", "", nil},
	{"de", "", "Ja, 1.\n\nLG\nMaya\n\nIch kann aber nur bis Mittag bleiben.", "", nil},

	// What sounds like a footer, and is a person's.
	{"en", "", "Yes, 1.\nBut no confidential information, please.", "", nil},
	{"en", "", "Yes. But no confidential information, please.", "", nil},
	{"en", "", "Yes. If my boss may have the confidential information.", "", nil},
	{"en", "", "Yes, 2.\nOnly the named addressee, that is you, may come.", "", nil},
	{"en", "", "Yes. It must be checked by legal, unless you are in a hurry.", "", nil},
	{"de", "", "Ja, 1.\nAber ohne vertrauliche Informationen.", "", nil},
	{"de", "", "Ja, gern. Nur wenn mein Geschäftsführer mitkommt.", "", nil},

	// Never a yes that is none.
	{"en", "", "Yes, provided that legal agrees.", "", nil},
	{"en", "", "Only after the board has met, then yes.", "", nil},
	{"en", "", "Sure, once the quarter is closed.", "", nil},
	{"en", "", "Yes, pending approval.", "", nil},
	{"en", "", "Yes. Subject to approval by my boss.", "", nil},
	{"en", "", "No problem with the time but I don't see why we should.", "", nil},
	{"en", "", "No problem with 1.", "", nil},
	{"en", "", "No, I don't mind.", "", nil},
	{"en", "", "No. Not a problem at all.", "", nil},
	{"en", "", "Yes?", "", nil},
	{"en", "", "Yeah, right.", "", nil},
	{"en", "", "Oh great, another meeting.", "", nil},
	{"en", "", "Yes, as if.", "", nil},
	{"en", "", "You want me to say “yes”.", "", nil},
	{"en", "", "\"Yes, 1\" is what you would like to hear.", "", nil},
	{"en", "", "I'd love to, but I can't.", "", nil},
	{"en", "", "Of course not.", "no", nil},
	{"en", "", "I can't do 1, 2 works.", "", nil},
	{"en", "", "2 doesn't work for me.", "", nil},
	{"en", "", "None of these times work for me.", "", nil},
	{"en", "", "Yes. Let me know if that suits my boss.", "", nil},
	{"en", "", "I'd go for 2, if at all.", "", nil},
	{"en", "", "Sure, when hell freezes over.", "", nil},
	{"en", "", "Great. Just what I needed.", "", nil},
	{"en", "", "Yes. Whatever.", "", nil},
	{"en", "", "Yes, no time.", "", nil},
	{"en", "", "Yes. I don't have time for this.", "", nil},
	{"en", "Maya Chen", "Yes, 1.\n\nMaya, only if Tom comes", "", nil},
	{"en", "Maya Chen", "Yes, 1.\n\nMaya\n2 or 3 would work as well", "", nil},
	{"de", "", "Ja, vorbehaltlich der Zustimmung meiner Chefin.", "", nil},
	{"de", "", "Gern, sofern der Vorstand zustimmt.", "", nil},
	{"de", "", "Erst nach Ostern, dann gern.", "", nil},
	{"de", "", "Ja. Ich muss aber noch Rücksprache halten.", "", nil},
	{"de", "", "Ja. Nach Rücksprache mit Tom.", "", nil},
	{"de", "", "Ich würde ja gern.", "", nil},
	{"de", "", "Ja klar, als ob.", "", nil},
	{"de", "", "Na toll, noch ein Termin.", "", nil},
	{"de", "", "Jaja.", "", nil},
	{"de", "", "Nein, kein Problem.", "", nil},
	{"de", "", "Nein, ich habe nichts dagegen.", "", nil},
	{"de", "", "Nein. Das stört mich nicht.", "", nil},
	{"de", "", "Termin 2 passt mir leider nicht.", "", nil},
	{"de", "", "Die Termine passen mir leider nicht.", "", nil},
	{"de", "", "Da kann ich leider nicht.", "", nil},
	{"de", "", "Sie hätten wohl gern ein „Ja“.", "", nil},
	{"de", "", "Passt mir nicht schlecht.", "", nil},

	// As people put it in a hurry, or with more words than they need.
	{"en", "", "It's no.", "no", nil},
	{"en", "", "I wouldn't like to.", "no", nil},
	{"en", "", "No, I would not like to have this conversation.", "no", nil},
	{"en", "", "I do not want this conversation.", "no", nil},
	{"en", "", "I prefer not to have this conversation", "no", nil},
	{"en", "", "Hard no.", "no", nil},
	{"en", "", "I have to turn this down.", "no", nil},
	{"en", "", "I decline your invitation.", "no", nil},
	{"en", "", "I'm afraid that I have to say no.", "no", nil},
	{"en", "", "No, but thank you for asking.", "no", nil},
	{"en", "", "Appreciate you asking, but no.", "no", nil},
	{"en", "", "After some thought, no.", "no", nil},
	{"en", "", "I have decided to decline.", "no", nil},
	{"en", "", "That's not possible for me.", "no", nil},
	{"en", "", "I won't.", "no", nil},
	{"en", "", "Now is not the time.", "later", nil},
	{"en", "", "Maybe another time.", "later", nil},
	{"en", "", "Not this month.", "later", nil},
	{"en", "", "Too early.", "later", nil},
	{"en", "", "Please ask me again in April.", "later", nil},
	{"en", "", "It's not a good time for me right now, sorry.", "later", nil},
	{"en", "", "Thank you for your thoughtful message. Yes, I would like that very much. Option 2 works best for me.", "yes 2", nil},
	{"en", "", "Thanks for the invite! 2 works for me.", "yes 2", nil},
	{"en", "", "What a lovely idea. Yes, 2.", "yes 2", nil},
	{"en", "", "Nice to hear from you. Yes, option 2.", "yes 2", nil},
	{"en", "", "2. I'll be there.", "yes 2", nil},
	{"en", "", "2! Can't wait.", "yes 2", nil},
	{"en", "", "Confirmed: 2", "yes 2", nil},
	{"en", "", "I can confirm option 2", "yes 2", nil},
	{"en", "", "Please send me an invite for 2.", "yes 2", nil},
	{"en", "", "I'm free for 2", "yes 2", nil},
	{"en", "", "2 works on my end", "yes 2", nil},
	{"en", "", "Hi, Ana. 2 please.", "yes 2", nil},
	{"en", "", "[EXTERNAL EMAIL] Yes, 2.", "yes 2", nil},
	{"en", "", "EXTERNAL\n\nYes, 2.", "yes 2", nil},
	{"en", "", "*** EXTERNAL EMAIL ***\n\nYes, 2.", "yes 2", nil},
	{"en", "", "Yes, 2 works for me.\n\nUntil then,\nMaya", "yes 2", nil},
	{"en", "", "2\n\nHave a great week!\nMaya", "yes 2", nil},
	{"en", "", "2\n\nVery best,\nMaya", "yes 2", nil},
	{"en", "", "2\n\nGreetings from Berlin,\nMaya", "yes 2", nil},
	{"en", "", "1, 2 or 3 all work for me", "yes 1 2 3", nil},
	{"de", "", "Ich habe kein Interesse an diesem Gespräch.", "no", nil},
	{"de", "", "Ich möchte dieses Gespräch lieber nicht führen, danke.", "no", nil},
	{"de", "", "Vielen Dank für Ihre Anfrage. Leider muss ich Ihnen absagen.", "no", nil},
	{"de", "", "Nein, das passt für mich nicht", "no", nil},
	{"de", "", "Leider habe ich dafür keine Kapazitäten.", "no", nil},
	{"de", "", "Dazu habe ich leider keine Zeit", "no", nil},
	{"de", "", "Auf gar keinen Fall", "no", nil},
	{"de", "", "Vergessen Sie es", "no", nil},
	{"de", "", "Derzeit passt es leider nicht.", "later", nil},
	{"de", "", "Jetzt passt es gerade nicht", "later", nil},
	{"de", "", "Gerade ist kein guter Zeitpunkt", "later", nil},
	{"de", "", "Melde dich bitte im April noch mal", "later", nil},
	{"de", "", "Vielen Dank für Ihre Anfrage. Gerne führe ich das Gespräch mit Ihnen. Termin 2 würde mir passen.", "yes 2", nil},
	{"de", "", "Passt, Termin 2.\n\nPfiat di\nMaya", "yes 2", nil},
	{"en", "", "Yes, 2.\n\nMy topics:\n- the hiring plan", "yes 2", []string{"the hiring plan"}},
	{"en", "", "Yes, 2.\nPlease add to the agenda: the hiring plan", "yes 2", []string{"the hiring plan"}},
	{"en", "", "Yes, 2. I'd like to add the following to our agenda: the hiring plan", "yes 2", []string{"the hiring plan"}},
	{"de", "", "Ja, 2.\nBitte noch auf die Tagesordnung setzen: der Einstellungsplan", "yes 2", []string{"der Einstellungsplan"}},
	{"es", "", "Sí, la 2.\nPor favor, añada al orden del día: el plan de contratación", "yes 2", []string{"el plan de contratación"}},
	{"fr", "", "Oui, le 2.\nMerci d'ajouter à l'ordre du jour : le plan de recrutement", "yes 2", []string{"le plan de recrutement"}},
	{"it", "", "Sì, la 2.\nPer favore aggiunga all'ordine del giorno: il piano delle assunzioni", "yes 2", []string{"il piano delle assunzioni"}},
	{"nl", "", "Ja, 2.\nGraag op de agenda zetten: het aannameplan", "yes 2", []string{"het aannameplan"}},
	{"pt", "", "Sim, a 2.\nPor favor, inclua na ordem de trabalhos: o plano de contratação", "yes 2", []string{"o plano de contratação"}},
	{"pt-BR", "", "Sim, a 2.\nPor favor, inclua na pauta: o plano de contratação", "yes 2", []string{"o plano de contratação"}},
	{"de", "", "Ja, 1.\n\nThemen von mir:\n- Einstellungsplan", "yes 1", []string{"Einstellungsplan"}},
	{"en", "", "Yes. My boss decides.", "", nil},
	{"en", "", "Yes\n\nScratch that", "", nil},
	{"en", "", "Yes\n\n(kidding)", "", nil},
	{"en", "", "Yes :(", "", nil},
	{"en", "", "1 :-/", "", nil},
	{"en", "", "Yes, not this month.", "", nil},
	{"en", "", "I'm available at 2", "", nil},
	{"en", "", "2 is booked", "", nil},
	{"en", "", "Yes, but thanks to Tom", "", nil},
	{"en", "", "I confirm receipt", "", nil},
	{"en", "", "I can confirm that I got 1 mail", "", nil},
	{"en", "", "Hello, Theoretically, not.", "", nil},
	{"en", "", "Please book 2 rooms", "", nil},
	{"en", "", "It's no problem", "", nil},
	{"en", "", "I won't say no", "", nil},
	{"de", "", "Ja. Mein Chef entscheidet das.", "", nil},
	{"de", "", "Geht so", "", nil},
	{"de", "", "Ja. Quatsch.", "", nil},
	{"de", "", "Ja\n\nVertippt", "", nil},
	{"de", "", "Ja :(", "", nil},
	{"de", "", "Gern führe ich das Gespräch, falls Tom kommt", "", nil},
}

// TestPhrasings reads whole replies: the answer is what a person would read in them, what stands below
// it changes nothing, and nothing that is no yes becomes one.
func TestPhrasings(t *testing.T) {
	s := builtIn
	for _, x := range phrasings {
		got := s.Read(x.lang, x.text, x.who)
		if say(got) != x.want || !slices.Equal(got.Adds, x.adds) {
			t.Errorf("%s %q is %q, adding %q; want %q, adding %q", x.lang, x.text, say(got), got.Adds, x.want, x.adds)
		}
	}
}

// Whatever of this stands below a clear answer changes nothing of it, and is nothing for the agenda.
func TestBelowAnAnswer(t *testing.T) {
	s := builtIn
	below := []string{
		"Best regards,\nMaya Chen\nHead of Research\n14 Harbour Street, 2nd floor\n+44 20 5550 0142",
		"Kind regards\n\nMaya Chen | Example Ltd | Registered in England and Wales No. 1234567",
		"Many thanks and best wishes\nMaya\n\nOffice hours: Monday to Thursday, not on Fridays",
		"Sent from my iPhone 15 Pro",
		"Get Outlook for iOS<https://aka.example/o0ukef>",
		"Sent from Outlook for Android, if you wonder",
		"CONFIDENTIALITY NOTICE: The contents may be privileged. If you have received this email in error, do not use it; would you please tell us?",
		"**********\nThis footnote confirms that this email message has been swept for the presence of computer viruses. But no scanner finds all of them.\n**********",
		strings.Repeat("_", 60) + "\nThis email may be confidential.",
		"Viele Grüße\nMaya Chen\n\nTel.: 030 5550 0142, Fax: 030 5550 0143\nHafenstraße 14, 10115 Berlin\nSitz der Gesellschaft: Berlin, Amtsgericht Charlottenburg, HRB 12345 B",
		"Mit freundlichen Grüßen\n\ni. V. Dr. M. Chen\nAbteilung 3, Raum 2.14",
		"Von meinem iPhone gesendet",
		"Gesendet mit der mobilen Mail App, wenn auch mit Fehlern",
		"LG\nMaya\n\nBitte denken Sie an die Umwelt, bevor Sie diese E-Mail ausdrucken.",
		"Der Inhalt dieser E-Mail ist ausschließlich für den bezeichneten Adressaten bestimmt. Wenn Sie nicht der vorgesehene Adressat sind, löschen Sie sie. Haben Sie Fragen?",
		"Herzliche Grüße\nMaya\n\n– – –\nMeine Arbeitszeiten: Mo bis Do, 9 bis 15 Uhr; später nur nach Absprache",
	}
	for _, answer := range []struct{ lang, text, want string }{
		{"en", "Yes, 1 works for me.", "yes 1"}, {"en", "No, thank you.", "no"}, {"en", "Later, please", "later"}, {"en", "Yes", "yes"},
		{"de", "Ja, gern, Termin 2", "yes 2"}, {"de", "Nein, danke.", "no"}, {"de", "Später bitte", "later"}, {"de", "1 oder 3", "yes 1 3"},
	} {
		for _, part := range below {
			for _, text := range []string{answer.text + "\n\n" + part, answer.text + "\n" + part, answer.text + "\n\n" + part + "\n\n" + below[6], below[7] + "\n\n" + answer.text + "\n\n" + part} {
				if got := s.Read(answer.lang, text); say(got) != answer.want || got.Adds != nil {
					t.Errorf("%q is %q, adding %q; want %q", text, say(got), got.Adds, answer.want)
				}
			}
			// But what is no clear answer does not become one by it.
			for _, text := range []string{"Yes, if Tom comes\n\n" + part, "Ja?\n\n" + part, part} {
				if got := s.Read(answer.lang, text); got.Value != "" {
					t.Errorf("%q is %q", text, say(got))
				}
			}
		}
	}
}

// What stands below is not counted among the writer's words.
func TestLetterLength(t *testing.T) {
	s := builtIn
	text := "Yes, 1 works for me.\n\nBest wishes\nMaya\n\n" + strings.Repeat("If this message was not meant for you, do not read on. ", 20)
	if got := s.Read("en", text); say(got) != "yes 1" || got.Length > 40 {
		t.Errorf("%q, %d characters", say(got), got.Length)
	}
}
