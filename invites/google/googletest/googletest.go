// Package googletest knows a small Google for tests: the Calendar API, checked against Google's own
// description of it, and the sign-in. It keeps events in memory, and mails nobody: it writes down who
// would have got what.
package googletest
