package main

import (
	"fmt"
	"strings"

	"coalition/scheduler/conversation"
)

// commands are the words for what the organizer can do, with the conversation and a time in them.
var commands = map[conversation.Way]string{
	conversation.WayReady:         "coalition ready %s",
	conversation.WayAsk:           "coalition ask %s",
	conversation.WayRecord:        "coalition answer %s yes|no|later",
	conversation.WayRecordYes:     "coalition answer %s yes",
	conversation.WayInvite:        "coalition invite %s",
	conversation.WayInviteAt:      "coalition invite %s --start TIME",
	conversation.WayInviteByMail:  "coalition invite %s --mail",
	conversation.WayMove:          "coalition move %s --start TIME",
	conversation.WayMoveTo:        "coalition move %s --start %q",
	conversation.WayKeep:          "coalition move %s --start %q --told",
	conversation.WayCancel:        "coalition cancel %s",
	conversation.WayCancelTold:    "coalition cancel %s --told",
	conversation.WayCounter:       "coalition counter %s",
	conversation.WayTakeCounter:   "coalition counter %s take",
	conversation.WayRefuseCounter: "coalition counter %s decline",
	conversation.WayAgenda:        "coalition agenda %s",
	conversation.WayTakeAgenda:    "coalition agenda %s take",
	conversation.WayLeaveAgenda:   "coalition agenda %s leave",
	conversation.WayShow:          "coalition show %s",
	conversation.WaySlots:         "coalition slots %s",
	conversation.WayLog:           "coalition log %s",
	conversation.WayApprove:       "coalition approve %s",
	conversation.WayApproveAll:    "coalition approve --all",
	conversation.WayIfTold:        "with --told if they know",
	conversation.WayList:          "coalition list",
	conversation.WayReceive:       "coalition receive FILE",
	conversation.WaySignIn:        "coalition auth google",
	conversation.WayResume:        "coalition resume",
}

// how words what the organizer can do about a conversation; see [conversation.Settings].
func how(way conversation.Way, ref string, at ...string) string {
	words := commands[way]
	// All rounds are in one log.
	if way == conversation.WayLog {
		ref, _, _ = strings.Cut(ref, "/")
	}
	switch strings.Count(words, "%") {
	case 0:
		return words
	case 2:
		return fmt.Sprintf(words, ref, at[0])
	}
	return strings.TrimSpace(fmt.Sprintf(words, ref))
}
