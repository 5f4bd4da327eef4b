// Package web knows the page on which a partner answers the brief: its routes, forms, headers and limits. Which talk a
// link belongs to, and what an answer changes, it leaves to a [Desk]; the words to templates; and TLS, with all that
// holds for a whole host, to the proxy in front of it.
//
//	GET  /a/TOKEN            the page; shows, and changes nothing, since scanners follow links
//	POST /a/TOKEN            the answer, from the form of this page only; then 303 to the page
//	GET  /a/TOKEN/talk.ics   the agreed talk as a file
//
// Whoever has the token may answer: it is the only secret, and stands in no log, no referrer and no cache. Every link
// that leads to no talk gets the same answer, whether it was never given out, has expired, or was replaced. One address
// (of IPv6, one /64) may come once a second, send a form every ten seconds, and guess every ten seconds, each after a
// burst; then it gets 429. A note has 2,000 characters at most.
package web
