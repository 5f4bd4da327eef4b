// Package prose knows what the writer of a mail has written themself: it reads HTML as a person does, and leaves
// out quotes, the lines that announce them, and signatures. It leaves the parts of a mail to its caller, and
// what the words mean to others. It is pure, and its time grows with the text alone.
package prose

import (
	"slices"
	"strings"

	"coalition/invites/plaintext"
)

// Unflow puts together the lines of format=flowed that belong together (RFC 3676); with delSp, without the space
// at which they were broken.
func Unflow(text string, delSp bool) string {
	var out strings.Builder
	flows, before := false, 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		content := strings.TrimLeft(line, ">")
		depth := len(line) - len(content)
		// A quote is not stuffed.
		if s, stuffed := strings.CutPrefix(content, " "); stuffed && !strings.HasPrefix(s, ">") {
			content = s
		}
		if !flows || depth != before || content == "-- " {
			if out.Len() > 0 {
				out.WriteByte('\n')
			}
			out.WriteString(line[:depth])
		}
		flows, before = strings.HasSuffix(content, " ") && content != "-- ", depth
		if flows && delSp {
			content = content[:len(content)-1]
		}
		out.WriteString(content)
	}
	return out.String()
}

// mostLines is how many lines of a writer's own are looked at.
const mostLines = 5000

// Own returns text without what its writer has not written for it: quotes, the lines that announce them, the mails
// below, and signatures that are marked as such. What stands between quotes stays, in its order.
func Own(text string) string {
	var lines, own, piece []string
	for l := range strings.SplitSeq(plaintext.Text(text), "\n") {
		l = strings.TrimRight(l, " \t")
		// One empty line is as good as two.
		if n := len(lines); l != "" || n > 0 && lines[n-1] != "" {
			lines = append(lines, l)
		}
	}
	endPiece := func() {
		own = append(own, withoutFooter(piece)...)
		own = append(own, "")
		piece = nil
	}
	// quoted looks at the line there, or behind an empty one.
	quoted := func(i int) bool {
		if i < len(lines) && lines[i] == "" {
			i++
		}
		return i < len(lines) && strings.HasPrefix(lines[i], ">")
	}
	looked := 0
	for i := 0; i < len(lines) && looked < mostLines; i++ {
		switch rest := lines[i:]; {
		case strings.HasPrefix(rest[0], ">"):
			if len(piece) > 0 {
				endPiece()
			}
			continue
		// All below is signature.
		case rest[0] == "--":
			i = len(lines)
			continue
		}
		looked++
		n, sure := announced(lines[i:])
		if n == 0 || !sure && !quoted(i+n) {
			piece = append(piece, lines[i])
			continue
		}
		endPiece()
		if !quoted(i + n) {
			// All below is the other mail.
			break
		}
		i += n - 1
	}
	endPiece()
	own = slices.CompactFunc(own, func(a, b string) bool { return a == "" && b == "" })
	return strings.TrimSpace(strings.Join(own, "\n"))
}

// Lines that mail programs put under what is written on a small screen.
var footer = plaintext.Pattern(`(?i)^\W*(sent (from|via) |sent with \W*proton|get (\[|<)?outlook for |` +
	`von meinem .+ gesendet|gesendet (mit|von|aus|via) |diese nachricht wurde von meinem .+ gesendet|` +
	`(holen sie sich )?outlook (für|for) (ios|android|mac)|` +
	`envoyé (à partir|de|depuis|avec|via) |(obtenir|obtenez|téléchargez?|télécharger) outlook pour |` +
	`provenance\s?: (courrier|outlook)|enviad[oa] (desde|con|do) |(obtener|obtén|descargar?) outlook para |` +
	`inviat[oa] (dal?|con|tramite) |(scarica|ottieni) outlook per |` +
	`(verzonden|verstuurd) (vanaf|vanuit|met|via) |((download|haal) )?outlook voor (ios|android|mac)|` +
	`enviad[oa] (da|de|a partir d|pelo|pela|através|via) ?|(obter|obtenha|baixar|baixe) o outlook para |` +
	`outlook para (ios|android|mac)|yahoo mail: )`)

// withoutFooter returns a piece of somebody's words without the footers of their program, and without empty
// lines at its end.
func withoutFooter(piece []string) []string {
	for n := len(piece); n > 0; n = len(piece) {
		last := piece[n-1]
		if last != "" && (len(last) > 120 || !footer().MatchString(last)) {
			break
		}
		piece = piece[:n-1]
	}
	return piece
}

// How lines begin that announce a quote, and what is in them; and lines between one's own words and another mail.
var (
	opener = plaintext.Pattern(`^(On|Am|Le|El|Op|Il|Em|No dia|Den|Dne|Dnia|W dniu|Po) .*\d`)
	wrote  = plaintext.Pattern(`(?i)(wrote|writes|schrieb|geschrieben|a écrit|escribió|escreveu|schreef|geschreven|` +
		`ha scritto|skrev|napisał|napsal|kirjoitti)`)
	mailbox = plaintext.Pattern(`<[^<>\s]+@[^<>\s]+>|\[[^\[\]\s]+@[^\[\]\s]+\]`)
	clock   = plaintext.Pattern(`\b\d?\d[:.h]\d\d\b`)
	dated   = plaintext.Pattern(`@|\b(19|20)\d\d\b|\b\d?\d[:.h]\d\d\b`)
	between = plaintext.Pattern(`(?i)^-{2,}.*(original[- ]?(message|nachricht|appointment)|` +
		`(ursprüngliche|weitergeleitete) (nachricht|mail|e-mail)|forwarded message|message (d'origine|original|transféré)|` +
		`mensaje (original|reenviado)|mensagem (original|encaminhada|reencaminhada)|messaggio (originale|inoltrato)|` +
		`(oorspronkelijk|doorgestuurd) bericht|(wrote|schrieb)\b.*-{2,}$)`)
	forwards = plaintext.Pattern(`(?i)^(begin forwarded message|anfang der weitergeleiteten (nachricht|e-mail)|` +
		`début du message (réexpédié|transféré)|inicio del mensaje reenviado|inizio (del )?messaggio inoltrato|` +
		`begin (van )?(het )?doorgestuurd(e)? bericht|início da mensagem (reencaminhada|encaminhada))\s?:$`)
	rule = plaintext.Pattern(`^_{20,}$`)
)

// What the fields are called in the header of a mail that is quoted as text.
var (
	fromLabels = set("from von de van da från fra od expéditeur absender lähettäjä feladó kimden " +
		"от від 差出人 发件人 寄件者 寄件人")
	sentLabels = set("sent date gesendet datum envoyé fecha enviado enviada verzonden inviato data skickat sendt " +
		"wysłano odesláno lähetetty elküldve gönderilme отправлено дата надіслано " +
		"送信日時 日時 日付 发送时间 发送日期 日期 時間 时间 寄件日期")
	toLabels      = set("to an à para aan till til a do komu vastaanottaja címzett kime кому 宛先 收件人 收件者")
	subjectLabels = set("subject betreff objet asunto onderwerp oggetto assunto ämne emne temat " +
		"předmět predmet aihe tárgy konu тема 件名 主题 主旨 主題")
	otherLabels = set("cc kopie bcc")
)

// announced returns how many lines the announcement of another mail has with which lines begin; 0: they are
// none. sure is whether that is so also where no quote follows.
func announced(lines []string) (n int, sure bool) {
	// longest is how many characters such a line may have.
	const longest = 200
	if lines[0] == "" || len(lines[0]) > longest {
		return 0, false
	}
	if rule().MatchString(lines[0]) || strings.HasPrefix(lines[0], "--") && between().MatchString(lines[0]) ||
		strings.HasSuffix(lines[0], ":") && forwards().MatchString(lines[0]) {
		n = 1
		if len(lines) > 2 && lines[1] == "" {
			n = 2
		}
		return n + quotedHeader(lines[n:]), true
	}
	if n := quotedHeader(lines); n > 0 {
		return n, true
	}
	joined := ""
	for i, l := range lines[:min(len(lines), 4)] {
		if l == "" || l[0] == '>' || len(l) > longest || i > 0 && opener().MatchString(l) {
			break
		}
		joined += " " + l
		if !strings.HasSuffix(l, ":") {
			continue
		}
		says := wrote().MatchString(joined)
		switch {
		case says && (opener().MatchString(joined[1:]) ||
			mailbox().MatchString(lines[0]) && (i == 0 || wrote().MatchString(lines[0]))):
			return i + 1, mailbox().MatchString(joined) || clock().MatchString(joined)
		case i == 0 && (says || dated().MatchString(l)):
			// Some write no more than when and who.
			return 1, l[0] >= '0' && l[0] <= '9' && mailbox().MatchString(l) && clock().MatchString(l)
		}
		break
	}
	return 0, false
}

// quotedHeader returns how many lines the header has with which lines begin: at least three of who wrote,
// when, to whom and about what. A field may go on for a line or two.
func quotedHeader(lines []string) (n int) {
	var from, sent, to, subject int
	goesOn := 0
	for i, l := range lines[:min(len(lines), 12)] {
		goesOn++
		name, _, ok := strings.Cut(strings.Replace(l, "：", ":", 1), ":")
		// As in "Enviado el: …".
		name, _, _ = strings.Cut(strings.Trim(name, "*_ "), " ")
		if ok && len(name) < 20 {
			known := true
			switch name = strings.ToLower(name); {
			case fromLabels[name]:
				from = 1
			case sentLabels[name]:
				sent = 1
			case toLabels[name]:
				to = 1
			case subjectLabels[name]:
				subject = 1
			default:
				known = otherLabels[name]
			}
			if known {
				goesOn, n = 0, i+1
			}
		}
		if n == 0 || l == "" || goesOn > 2 {
			break
		}
	}
	if from == 0 || from+sent+to+subject < 3 {
		return 0
	}
	return n
}
