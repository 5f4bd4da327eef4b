// Package google knows Google Calendar (API v3): how a talk is an event there, how its writes are made to
// count once, what has changed since it was looked at last, when it leaves no time, and how it holds one. How a
// person signs in it leaves to package account, how Google tells of changes to package push; what is to be written,
// and what follows from a change, to scheduler; its words to templates. It keeps no state: what has to outlive the
// program, such as a cursor, its callers keep.
//
// # A write
//
// [Calendar.Write] may be called again for the same change, however the last call ended, and guests hear of it once. So
// each event carries two private properties, which only the organizer's copy has: the conversation that it belongs to,
// and the mark (the Key) of the change that was written last. A write is in one of these states:
//
//	not begun   nothing was asked that could change anything; dot has not been called
//	begun       dot was called; a request is on its way
//	accepted    Google has answered: the event is returned as it is then
//	unclear     no answer came. The next call finds the mark, and nothing more is written; or finds none, and writes
//	stale       somebody else has changed the event (If-Match, RFC 9110, section 13.1.1): nothing is written,
//	            and the error has the event as it is now
//	refused     the error says whether that is for good, and whether it is about this event or the whole account
//
// An event is made under an id of ours, which can be there only once: an insert that is refused with 409 was
// done by an earlier call, or is compared with what is there. It is changed and deleted only with If-Match.
// The attendees are sent only where a guest comes or goes. Nothing comes back from the bin unless the change
// says Restore. A cancellation with a reason takes two requests: the reason is written into the event, of
// which nobody hears, and then the event is deleted, of which everybody does.
//
// # A hold
//
// [Calendar.Hold] makes exactly those times stand that are offered, whatever stood before, and writes down nothing: it
// lists what bears the mark of a hold, and writes the difference. An id is made of what the hold says, so that two
// calls, or two programs, make one; it is not of the form of a talk's, whose properties a hold has not, either. What is
// taken out is marked first: a hold in the bin without that mark was deleted by hand, and stays there.
//
// # The sync token
//
// [Calendar.Changes] lists what has changed since a cursor, which holds Google's sync token, when that was
// made, and the version of the parameters it is good for. Where it has run out (410), or is none (400), a
// full listing begins anew; events that are missing in that one prove nothing unless all of its pages came.
// What a channel of
// [Calendar.Watch] tells is a hint that it is time to list again.
package google
