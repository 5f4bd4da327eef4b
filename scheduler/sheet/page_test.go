package sheet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"coalition/scheduler/journal"
	"coalition/scheduler/plan"
	"coalition/scheduler/sheet"
)

// longest is a sheet of which each text is as long as a plan or a journal may have it; made gives so many letters.
func longest(t *testing.T, made func(letters int) string) *sheet.Sheet {
	one := func(letters int) string { return strings.ReplaceAll(made(letters), `\n`, "MM") }
	list := func(form string, letters int) string {
		return strings.Repeat(fmt.Sprintf(form, one(letters))+", ", 50)
	}
	c := talk(t, fmt.Sprintf("with: {name: %s, email: x@example.org, timezone: Asia/Kolkata}\npurpose: %s\n"+
		"offer: [%s]\nask: [%[3]s]\nagenda: [%s]\nsetting: {kind: video, place: %s, url: \"https://example.org/%s\"}\n"+
		"when: {duration: 12h, times: [%s]}\nprivate: {why: %s, goal: %[8]s, history: %[8]s, measures: [%[3]s]}\n",
		one(200), made(2000), list("%s", 500), list("{topic: %s}", 200), one(300), strings.Repeat("x", 900),
		strings.Join([]string{"2027-03-04 10:00", "2027-03-05 10:00", "2027-03-06 10:00", "2027-03-07 10:00", "2027-03-08 10:00",
			"2027-03-09 10:00", "2027-03-10 10:00", "2027-03-11 10:00", "2027-03-12 10:00"}, ", "), made(4000)))
	plain := func(letters int) (s string) {
		if err := json.Unmarshal([]byte(made(letters)), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	var entries []journal.Entry
	for i := range 40 {
		e := journal.Entry{Round: 1, On: journal.Day(fmt.Sprintf("2026-01-%02d", 1+i%28)), Learned: plain(4000), Note: plain(4000)}
		e.Promises = []journal.Promise{{By: journal.Me, Text: fmt.Sprint(i, plain(490)), Due: "2026-01-01"}}
		entries = append(entries, e)
	}
	for range 10 {
		c.Proposed = append(c.Proposed, plain(2000))
	}
	s := sheet.New(c, now, map[plan.ID][]journal.Entry{"other": entries})
	for range 3 {
		s.Words = append(s.Words, sheet.Words{From: "30 Dec 2026, a question first, as you noted", Text: plain(2000)})
	}
	return s
}

// repeated is text of so many letters, in quotes.
func repeated(piece string) func(int) string {
	return func(letters int) string {
		runes := []rune(strings.Repeat(piece, letters/len([]rune(piece))+1))
		return `"` + strings.TrimRight(string(runes[:letters]), ` \`) + `"`
	}
}

// TestPaper prints sheets in a real browser: each is one page of A4, and one of Letter, on which nothing is cut off;
// there is room for notes; and on a phone nothing is wider than the screen.
func TestPaper(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing; run: make install")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(browser), chromedp.Headless}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	ask := func(expression string) string {
		t.Helper()
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+expression+")"))
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		return got
	}
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	media := func(kind, scheme string) chromedp.Action[chromedp.Void] {
		return func(ctx context.Context, c *chromedp.Target) (v chromedp.Void, err error) {
			_, err = cdp.Call(ctx, c, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: kind,
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			return v, err
		}
	}
	pages := regexp.MustCompile(`/Type\s*/Page\b`)
	for name, s := range map[string]*sheet.Sheet{
		"empty":   sheet.New(talk(t, "with: {name: Li, email: li@example.org}"), now, nil),
		"full":    sheet.New(said(t), now, past()),
		"hostile": laden(t),
		"words":   longest(t, repeated("Verantwortung for the launch and MANY more of us, ")),
		"wide":    longest(t, repeated("WM")),
		"lines":   longest(t, repeated(`a\n`)),
		"han":     longest(t, repeated("験の")),
	} {
		data, err := s.HTML()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), name+".html")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		do(media("", "dark"), chromedp.EmulateViewport(320, 700), chromedp.Navigate("file://"+file))
		if got := ask(`document.scrollingElement.scrollWidth + " " + getComputedStyle(document.body).backgroundColor`); got != "320 rgb(27, 27, 29)" {
			t.Errorf("%s: on a dark phone of 320 pixels its width and ground are %s", name, got)
		}
		for _, paper := range []struct {
			name          string
			width, height float64
		}{{"A4", 210, 297}, {"Letter", 215.9, 279.4}} {
			const inch, pixel, margins = 25.4, 25.4 / 96, 24
			printed, err := chromedp.Run(ctx, func(ctx context.Context, c *chromedp.Target) (page.PrintToPDFResult, error) {
				return cdp.Call(ctx, c, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: paper.width / inch, PaperHeight: paper.height / inch})
			})
			if err != nil {
				t.Fatal(err)
			}
			// For whoever wants to look at them.
			if folder := os.Getenv("SHEETS"); folder != "" {
				if err := os.WriteFile(filepath.Join(folder, name+"-"+paper.name+".pdf"), printed.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if n := len(pages.FindAll(printed.Data, -1)); n != 1 {
				t.Errorf("%s on %s: %d pages", name, paper.name, n)
			}
			do(media("print", "dark"), chromedp.EmulateViewport(int64((paper.width-margins)/pixel), int64((paper.height-margins)/pixel)))
			// How far above the end of the page the last word stands, in millimetres.
			if room, err := strconv.ParseFloat(ask(`(document.querySelector("main").getBoundingClientRect().bottom -
				Math.max(...[...document.querySelectorAll(".columns *")].map(e => e.getBoundingClientRect().bottom))) * 25.4 / 96`), 64); err != nil || room < 5 ||
				room < 28 && ask(`document.querySelector("main").className`) != "size85" {
				t.Errorf("%s on %s: %.0f mm are left over, %v", name, paper.name, room, err)
			} else {
				t.Logf("%s on %s: %.0f mm, %s", name, paper.name, room, ask(`document.querySelector("main").className`))
			}
			if got := ask(`getComputedStyle(document.body).color`); got != "rgb(28, 28, 28)" {
				t.Errorf("%s: is printed in %s", name, got)
			}
		}
	}
}
