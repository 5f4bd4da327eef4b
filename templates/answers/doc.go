// Package answers knows how people answer: it reads a reply in their own words and says whether it is a yes, a no or a
// later, to which of the times, and what else its writer wants. It never guesses. Which words mean what is passed to
// it ([phrases.Words]), for each language; what follows from an answer is left to its caller.
//
// # From a sentence to an answer
//
// A word has one form, whatever its case, its Unicode form and its apostrophes; the punctuation between two words is
// kept. A phrase of one or several words has roles: yes, no, article, closing, doubt. A letter is read in steps.
//
//  1. Footers go: what law offices, scanners and lists put below or above what a person wrote.
//  2. The opening ("Hello Ana,") is skipped. A wish for no more mail that stands above the closing ends the reading
//     ([Meaning.Stop]).
//  3. The first sentence is read in the words of one language, and counts only where every word of it is known there.
//     Answers and numbers are taken and fillers are skipped; a number is a time only where it stands by itself: "2",
//     "option 2", "the second one". A dot, an exclamation mark, a semicolon or a new line ends the sentence. A comma
//     does not, since what follows may take back what stands before. The next sentences are read likewise, until one
//     is not understood.
//  4. That one and the rest, up to the closing or the writer's name, is what they add; so is a postscript below it.
//  5. A condition, a question, another answer, a time or a number in the rest takes the answer away. For that the words
//     of all languages count, since people mix them.
//
// All languages are tried, that of the conversation first. Where two of them read different answers there is none.
//
// Where there is no answer, the letter may name one moment in place of those offered ([Meaning.Own]): in a sentence of
// which again every word is known, and beside no other day, time or number.
package answers
