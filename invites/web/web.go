package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"coalition/invites/plaintext"
	"coalition/templates"
)

// A Desk knows the talks behind the links, and takes answers in. The methods return a nil page where
// the token belongs to none: never given out, expired, or replaced by a newer one. They are called
// from many goroutines. Their errors go to the log, and must not repeat a note.
type Desk interface {
	// Page is what the link shows, and the language to show it in.
	Page(ctx context.Context, token string) (p *templates.Page, lang string, err error)
	// Answer takes a reply in, whose choice is "yes", "yes2", "later", "no" or "question". Where it does not count,
	// Problem of the page says why, and nothing has changed.
	Answer(ctx context.Context, token string, reply templates.Reply) (p *templates.Page, lang string, err error)
	// Calendar is the agreed talk as an iCalendar file (METHOD:PUBLISH); nil where there is none.
	Calendar(ctx context.Context, token string) ([]byte, error)
}

// Link returns the address of the page of that token. publicURL is where the partner reaches the handler:
// http or https, perhaps with a path.
func Link(publicURL, token string) string { return strings.TrimSuffix(publicURL, "/") + "/a/" + token }

// isToken tells what can be one. Nothing else reaches the desk, or stands in an address of ours.
var isToken = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`).MatchString

const robots = "/robots.txt"

// What a form may bring.
const (
	// maxNote is in characters; the page says so.
	maxNote = 2000
	// maxOwn is in characters; a browser writes sixteen.
	maxOwn = 100
	// maxForm is in bytes; a character of a note may take twelve in a form.
	maxForm = 32 << 10
)

// A Handler serves the pages: GET and HEAD show and change nothing, only a POST of the form answers.
type Handler struct {
	desk  Desk
	words *templates.Set
	log   *slog.Logger
	// prefix is that of every path, where the proxy leaves it.
	prefix string
	// policy is the Content-Security-Policy.
	policy string
	cross  *http.CrossOriginProtection
	limits limits
}

// New returns a handler of the pages whose address is made by [Link]. Behind a proxy that strips the path
// of publicURL it works as behind one that keeps it.
func New(desk Desk, words *templates.Set, log *slog.Logger, publicURL string) (*Handler, error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("the public address of the page is not one of the web, such as https://talk.example.org")
	}
	style, err := words.PageStyle()
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(style))
	h := &Handler{desk: desk, words: words, log: log,
		prefix: strings.TrimSuffix(u.Path, "/"), cross: http.NewCrossOriginProtection(),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
			"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}
	// A proxy need not pass the host on that the browser sees.
	return h, h.cross.AddTrustedOrigin(u.Scheme + "://" + u.Host)
}

const policyHeader = "Content-Security-Policy"

// always are the headers of every answer, besides the policy.
func always() map[string]string {
	return map[string]string{
		"Referrer-Policy":              "no-referrer",
		"Cache-Control":                "no-store",
		"X-Robots-Tag":                 "noindex, nofollow",
		"X-Content-Type-Options":       "nosniff",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	}
}

// Ours reports whether an answer with these headers came from such a handler: a proxy may add some, and set others.
func Ours(header http.Header) bool {
	return strings.HasPrefix(header.Get(policyHeader), "default-src 'none'; style-src 'sha256-") &&
		header.Get("X-Robots-Tag") == always()["X-Robots-Tag"]
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		// What the fault says may be private.
		if fault := recover(); fault != nil {
			h.log.Error("a fault of this program; the rest goes on", "in", "a page",
				"fault", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
			h.trouble(w, r, http.StatusInternalServerError, templates.Failed)
		}
	}()
	header := w.Header()
	header.Set(policyHeader, h.policy)
	for name, value := range always() {
		header.Set(name, value)
	}
	client := h.limits.of(r)
	if wait := client.wait(r.Method == http.MethodPost); wait > 0 {
		header.Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
		h.trouble(w, r, http.StatusTooManyRequests, templates.TooOften)
		return
	}
	path := r.URL.Path
	if below, ok := strings.CutPrefix(path, h.prefix); ok && (strings.HasPrefix(below, "/a/") || below == robots) {
		path = below
	}
	token, isPage := strings.CutPrefix(path, "/a/")
	token, isCalendar := strings.CutSuffix(token, "/talk.ics")
	answers := isPage && !isCalendar
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case !isPage && path != robots:
		h.trouble(w, r, http.StatusNotFound, templates.NoTalk)
	case isPage && !isToken(token):
		h.nowhere(w, r, client)
	case answers && r.Method == http.MethodPost:
		h.answer(w, r, client, token)
	case !reads:
		header.Set("Allow", "GET, HEAD")
		if answers {
			header.Set("Allow", "GET, HEAD, POST")
		}
		h.trouble(w, r, http.StatusMethodNotAllowed, templates.NoForm)
	case !isPage:
		write(w, r, http.StatusOK, "text/plain; charset=utf-8", []byte("User-agent: *\nDisallow: /\n"))
	case isCalendar:
		h.calendar(w, r, client, token)
	default:
		p, lang, err := h.desk.Page(r.Context(), token)
		h.page(w, r, client, token, http.StatusOK, p, lang, err)
	}
}

// page shows what a desk has said about a token.
func (h *Handler) page(
	w http.ResponseWriter, r *http.Request, client *client, token string, status int,
	p *templates.Page, lang string, err error,
) {
	switch {
	case err != nil:
		h.failed(w, r, token, err)
	case p == nil:
		h.nowhere(w, r, client)
	default:
		shown := *p
		shown.Path = token
		body, err := h.words.Page(lang, &shown)
		if err != nil {
			h.failed(w, r, token, err)
			return
		}
		write(w, r, status, "text/html; charset=utf-8", body)
	}
}

func (h *Handler) calendar(w http.ResponseWriter, r *http.Request, client *client, token string) {
	body, err := h.desk.Calendar(r.Context(), token)
	switch {
	case err != nil:
		h.failed(w, r, token, err)
	case body == nil:
		h.nowhere(w, r, client)
	default:
		w.Header().Set("Content-Disposition", `attachment; filename="talk.ics"`)
		write(w, r, http.StatusOK, "text/calendar; charset=utf-8; method=PUBLISH", body)
	}
}

// answer takes the form in. The desk is asked to answer only where the form is whole.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, client *client, token string) {
	if status, why := h.refuses(r); why != "" {
		h.trouble(w, r, status, why)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		h.trouble(w, r, http.StatusRequestEntityTooLarge, templates.TooMuch)
		return
	}
	form, err2 := url.ParseQuery(string(body))
	reply := templates.Reply{Choice: templates.Choice(form.Get("choice")),
		Note: strings.TrimSpace(plaintext.Text(form.Get("note"))), Own: plaintext.Line(form.Get("own"))}
	twice := len(form["choice"]) > 1 || len(form["note"]) > 1 || len(form["own"]) > 1
	if err != nil || err2 != nil || twice || utf8.RuneCountInString(reply.Own) > maxOwn ||
		reply.Choice != "" && !isChoice(string(reply.Choice)) {
		h.trouble(w, r, http.StatusBadRequest, templates.NoForm)
		return
	}
	problem := problemOf(reply)
	ask := func() (*templates.Page, string, error) { return h.desk.Answer(r.Context(), token, reply) }
	if problem != "" {
		ask = func() (*templates.Page, string, error) { return h.desk.Page(r.Context(), token) }
	}
	p, lang, err := ask()
	if err == nil && p != nil {
		shown := *p
		if problem != "" {
			shown.Problem = problem
		}
		if shown.Problem == "" || !shown.Open && shown.Problem != templates.TooLate {
			// To the same address, whatever a proxy has made of the path before it.
			w.Header().Set("Location", token)
			write(w, r, http.StatusSeeOther, "text/plain; charset=utf-8", nil)
			return
		}
		shown.Note, shown.Own = reply.Note, reply.Own
		p = &shown
	}
	h.page(w, r, client, token, http.StatusUnprocessableEntity, p, lang, err)
}

// problemOf returns why a reply does not count, as far as it says so itself; "" where it may.
func problemOf(reply templates.Reply) templates.PageProblem {
	switch {
	case reply.Choice == "":
		return templates.NothingChosen
	case reply.Choice == templates.ChooseAsk && reply.Note == "" && reply.Own == "":
		return templates.NothingAsked
	case utf8.RuneCountInString(reply.Note) > maxNote:
		return templates.TooLong
	case reply.Own != "" && reply.Choice != templates.ChooseYes && strings.HasPrefix(string(reply.Choice), "yes"):
		return templates.TwoTimes
	}
	return ""
}

var isChoice = regexp.MustCompile(`^(yes([1-9][0-9]?)?|later|no|question)$`).MatchString

// refuses looks at what can be seen of a form before it is read.
func (h *Handler) refuses(r *http.Request) (status int, why templates.Trouble) {
	// Since the page sends no referrer, older browsers, and all over plain HTTP, do not say where its
	// form comes from either, but "null" (Fetch, section 3.2). That must not shut them out: what
	// authorizes an answer is the token, which no other site knows.
	blind := r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null"
	if !blind && h.cross.Check(r) != nil {
		return http.StatusForbidden, templates.NoForm
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return http.StatusUnsupportedMediaType, templates.NoForm
	}
	return 0, ""
}

// nowhere answers every link that leads to no talk: the same for all.
func (h *Handler) nowhere(w http.ResponseWriter, r *http.Request, client *client) {
	client.miss()
	h.trouble(w, r, http.StatusNotFound, templates.NoTalk)
}

// failed keeps what went wrong for the log, without the token and all else that was sent.
func (h *Handler) failed(w http.ResponseWriter, r *http.Request, token string, err error) {
	// Otherwise the reader has gone.
	if r.Context().Err() == nil {
		h.log.Error("a page can't be shown", "method", r.Method, "error", strings.ReplaceAll(err.Error(), token, "…"))
	}
	h.trouble(w, r, http.StatusInternalServerError, templates.Failed)
}

// trouble shows a page of no talk, in the language that the browser asks for.
func (h *Handler) trouble(w http.ResponseWriter, r *http.Request, status int, why templates.Trouble) {
	body, err := h.words.Gone(h.language(r), why)
	if err != nil {
		h.log.Error("a page can't be shown", "method", r.Method, "error", err)
		const sorry = "This page can't be shown. Please answer the mail instead.\n"
		write(w, r, status, "text/plain; charset=utf-8", []byte(sorry))
		return
	}
	write(w, r, status, "text/html; charset=utf-8", body)
}

func (h *Handler) language(r *http.Request) string {
	wanted, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	for _, tag := range wanted {
		if lang, ok := h.words.Language(tag.String()); ok {
			return lang
		}
	}
	lang, _ := h.words.Language("")
	return lang
}

func write(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		// The reader may have gone.
		_, _ = w.Write(body)
	}
}

// Serve answers requests that come in on l with h, until ctx is done; then it takes no more, waits for
// those under way, for ten seconds at most, and returns nil. It closes l.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),

		DisableGeneralOptionsHandler: true,
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(wait)
	})
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("the page: %w", err)
	}
	if err := <-stopped; err != nil {
		return errors.Join(fmt.Errorf("the page: %w", err), server.Close())
	}
	return nil
}
