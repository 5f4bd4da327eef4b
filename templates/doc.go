// Package templates knows the words: how a brief, an invitation, an update, a cancellation, a reminder, a refusal, a
// thank-you, a notice, a calendar entry and the partner's page are said, in each language, as text and as HTML, and
// where the words stand in which people answer, which [coalition/templates/answers] reads. Who says them, when, and to
// whom is left to the scheduler; how they travel, to invites. It has no type for what is private in a plan, so no
// template can name it.
//
// # A new language
//
// A language is one folder, named by its tag (BCP 47, such as es), and nothing else names it. To make one:
//
//	cp -r templates/en templates/es
//	go test ./templates -run 'TestLanguages|TestReplies'
//
// The test names each file, template and list of answers that still says the same as in English, until none does. The
// names of templates ({{define "subject brief"}}) and what stands in {{ }} stay; comments say what a list is for. In
// testdata:
//
//   - replies.txt is what people answer in it, and what that means.
//   - doubts.txt is what takes a yes away that stands before it.
//   - wrong.txt is an expression for what no text in it has, such as a question mark behind a plain space in French; it
//     may be missing.
//   - same.txt names, a line each and as the test does, what is right as it is in English.
//   - formal.txt is an expression for the words with which nobody is addressed in the familiar form; it is there only
//     where the language has one, for which templates choose by {{.You "formal" "familiar"}}.
//
// What is said otherwise in a region stands in a folder of its own, such as pt-BR, whose readers get everything else from
// that of the language, here pt: file by file, and in words.tmpl and answers.tmpl template by template. words.tmpl may
// have two more there, or anywhere: "clock", where hours are not written as 15:00, and "month first", where 3/4 is the
// fourth of March.
//
// At last the golden files are made, and read by somebody who speaks the language:
//
//	go test ./templates -update && go test ./cmd/coalition -run TestGolden -update
package templates
