// Package phrases knows words: how a text is cut into them, each in the one form for all ways to write it, and what the
// phrases of a language can be in a sentence. What a sentence says with them it leaves to answers and moment.
package phrases
