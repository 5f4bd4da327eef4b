package web

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A tab is one of a real browser that runs no script.
type tab struct {
	*testing.T
	ctx context.Context
}

// browse starts the browser.
func browse(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing; run: make install")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.Headless}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func (t tab) do(actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(t.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

func (t tab) ask(expression string) string {
	t.Helper()
	got, err := chromedp.Run(t.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return got
}

// keys are pressed as a keyboard does it: where a key has done something, no letter comes of it.
func keys(text string) chromedp.Action[chromedp.Void] {
	return chromedp.KeyEvent(text, func(p *input.DispatchKeyEventParams) {
		if p.Type == kb.KeyDown {
			p.Type = input.DispatchKeyEventTypeRawKeyDown
		}
	})
}

// press presses keys one by one; each must find its focus in sight, and with a mark around it.
func (t tab) press(list ...string) {
	t.Helper()
	for _, key := range list {
		t.do(keys(key))
		if key != kb.Tab {
			continue
		}
		if got := t.ask(`(() => {
			const e = document.activeElement, r = e.getBoundingClientRect(), mark = e.closest(".choice") || e;
			return getComputedStyle(mark).outlineStyle + " " + (r.bottom > 0 && r.top < innerHeight);
		})()`); got != "solid true" {
			t.Errorf("the focus on %s is not seen: %s", t.focus(), got)
		}
	}
}

// reach presses the key for the next field until that one has the focus: a date and a time have fields of their own.
func (t tab) reach(field string) {
	t.Helper()
	for range 15 {
		if t.press(kb.Tab); strings.HasPrefix(t.focus(), field) {
			return
		}
	}
	t.Errorf("%s is not reached; the focus is on %s", field, t.focus())
}

// send presses a key and waits for the next page.
func (t tab) send(key string) {
	t.Helper()
	if _, err := chromedp.RunResponse(t.ctx, keys(key)); err != nil {
		t.Fatal(err)
	}
}

// focus is what has the focus: its name or role, and its value.
func (t tab) focus() string {
	t.Helper()
	return t.ask(`(e => [e.name || e.getAttribute("role") || e.tagName, e.value || ""].join(" ").trim())(document.activeElement)`)
}

// focused waits until the focus is there, which takes the browser a moment after a page has come.
func (t tab) focused(want string) {
	t.Helper()
	got := t.focus()
	for late := time.Now().Add(5 * time.Second); got != want && time.Now().Before(late); {
		got = t.focus()
	}
	t.wants("the focus", got, want)
}

func (t tab) wants(what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// looks opens a screen of that width and scheme, on which the letters are that many pixels high.
func (t tab) looks(width int64, scheme string, letters int64) {
	t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	t.do(chromedp.EmulateViewport(width, 700), func(ctx context.Context, c *chromedp.Target) (v chromedp.Void, err error) {
		if _, err = cdp.Call(ctx, c, emulation.SetEmulatedMedia, media); err == nil {
			_, err = cdp.Call(ctx, c, page.SetFontSizes, page.SetFontSizesParams{FontSizes: &page.FontSizes{Standard: letters}})
		}
		return v, err
	})
}

// fits checks that nothing is wider than the screen, and that the page wears its style.
func (t tab) fits(ground string) {
	t.Helper()
	t.wants("what sticks out", t.ask(`[...document.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML).join()`), "")
	if width := t.ask(`document.scrollingElement.scrollWidth - innerWidth`); strings.Trim(width, "-0123456789") != "" || width[0] != '-' && width != "0" {
		t.Errorf("the page is %s pixels too wide", width)
	}
	t.wants("the ground", t.ask(`getComputedStyle(document.body).backgroundColor`), ground)
}

// heard is what a screen reader is told: "role name" of what can be worked with or jumped to.
func (t tab) heard() (list []string) {
	t.Helper()
	tree, err := chromedp.Run(t.ctx, func(ctx context.Context, c *chromedp.Target) (accessibility.GetFullAXTreeResult, error) {
		return cdp.Call(ctx, c, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range tree.Nodes {
		if n.Role == nil || n.Ignored {
			continue
		}
		var role, name string
		if err := json.Unmarshal(n.Role.Value, &role); err != nil {
			t.Fatal(err)
		}
		if n.Name != nil && json.Unmarshal(n.Name.Value, &name) != nil {
			t.Fatalf("a name is %s", n.Name.Value)
		}
		switch role {
		case "main", "form", "group", "radio", "textbox", "button", "alert", "link", "DisclosureTriangle":
			list = append(list, strings.TrimSpace(role+" "+name))
		}
	}
	return list
}

const (
	light = "rgb(245, 244, 240)"
	dark  = "rgb(25, 25, 24)"
)

// TestBrowser answers by keyboard alone, on a narrow screen, in the dark, and with large letters, in a
// browser that runs no script.
func TestBrowser(t *testing.T) {
	b := tab{t, browse(t)}
	b.do(func(ctx context.Context, c *chromedp.Target) (v chromedp.Void, err error) {
		_, err = cdp.Call(ctx, c, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return v, err
	})
	for _, x := range []struct {
		lang, scheme, ground, question, missing, thanks, later string
	}{
		{"en", "light", light, "Would you like to have this conversation with me?", "choose one", "Thank you for saying yes", "Thank you for your answer"},
		{"de", "dark", dark, "Möchten Sie dieses Gespräch mit mir führen?", "wählen Sie eine", "Danke für Ihr Ja", "Danke für Ihre Antwort"},
	} {
		d := newDesk(x.lang)
		d.page.Organizer.Name = "Ana-Sophie Lopes-Wolfeschlegelsteinhausenbergerdorff"
		d.page.Setting.Kind = "video"
		d.page.Setting.URL = "https://meet.example.org/" + strings.Repeat("a-long-way/", 12)
		server := httptest.NewServer(func() *Handler {
			h, _ := handler(t, d, public)
			return h
		}())
		start := Link(server.URL, token)
		b.looks(320, x.scheme, 16)
		b.do(chromedp.Navigate(start))
		b.fits(x.ground)
		b.wants("the language", b.ask("document.documentElement.lang"), x.lang)
		if got := b.heard(); !slices.Contains(got, "main") || !slices.Contains(got, "form "+x.question) || !slices.Contains(got, "group "+x.question) ||
			slices.ContainsFunc(got, func(s string) bool { return s == "radio" || s == "textbox" || s == "button" }) {
			t.Errorf("%s: a screen reader says %q", x.lang, got)
		}

		// An empty form: the problem has the focus, and leads to the answers. The note is kept.
		b.reach("note")
		b.do(keys("gerne, <b>Ana</b>"))
		b.press(kb.Tab)
		b.send(kb.Enter)
		b.focused("alert")
		b.fits(x.ground)
		if got := b.heard(); !slices.Contains(got, "link "+x.missing) {
			t.Errorf("%s: a screen reader says %q", x.lang, got)
		}
		b.press(kb.Tab)
		b.send(kb.Enter)
		b.focused("choice yes1")
		b.wants("what is chosen", b.ask(`document.querySelectorAll(":checked").length`), "0")

		// The second time, with the words that were kept.
		b.press(kb.ArrowDown)
		b.reach("note")
		b.focused("note gerne, <b>Ana</b>")
		b.press(kb.Tab)
		b.send(kb.Enter)
		b.wants("the title", b.ask("document.title"), x.thanks)
		b.wants("the address", b.ask("location.href"), start)
		b.fits(x.ground)

		// Another answer, while it can be changed.
		for range 10 {
			if b.press(kb.Tab); b.focus() == "SUMMARY" {
				break
			}
		}
		b.press(" ", kb.Tab)
		b.wants("what is chosen", b.ask(`document.querySelectorAll(":checked").length`), "0")
		b.press(" ", kb.ArrowDown, kb.ArrowDown, kb.ArrowDown)
		b.reach("note")
		b.press(kb.Tab)
		b.fits(x.ground)
		b.send(kb.Enter)
		b.wants("the title", b.ask("document.title"), x.later)
		if got, want := d.taken(), []string{"yes2|gerne, <b>Ana</b>", "later|"}; !slices.Equal(got, want) {
			t.Errorf("%s: taken: %q, want %q", x.lang, got, want)
		}

		// Letters of twice the size, on a screen of usual width; and no page at all.
		d.page.Answer = ""
		b.looks(640, x.scheme, 32)
		b.do(chromedp.Navigate(start))
		b.wants("the size of letters", b.ask(`getComputedStyle(document.querySelector("main")).fontSize`), "36px")
		b.fits(x.ground)
		b.looks(320, x.scheme, 16)
		b.do(chromedp.Navigate(start + "x"))
		b.fits(x.ground)
		server.Close()
	}
}
