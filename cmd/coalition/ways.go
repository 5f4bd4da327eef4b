package main

import (
	"fmt"
	"strings"

	"coalition/scheduler/ways"
)

// commands are the words for what the organizer can do, with the conversation and a time in them.
var commands = map[ways.Way]string{
	ways.Ready:         "coalition ready %s",
	ways.Ask:           "coalition ask %s",
	ways.AskAgain:      "coalition ask %s --again",
	ways.Record:        "coalition answer %s yes|no|later",
	ways.RecordYes:     "coalition answer %s yes",
	ways.Invite:        "coalition invite %s",
	ways.InviteAt:      "coalition invite %s --start TIME",
	ways.InviteByMail:  "coalition invite %s --mail",
	ways.Move:          "coalition move %s --start TIME",
	ways.MoveTo:        "coalition move %s --start %q",
	ways.Keep:          "coalition move %s --start %q --told",
	ways.Cancel:        "coalition cancel %s",
	ways.CancelTold:    "coalition cancel %s --told",
	ways.Counter:       "coalition counter %s",
	ways.TakeCounter:   "coalition counter %s take",
	ways.RefuseCounter: "coalition counter %s decline",
	ways.Agenda:        "coalition agenda %s",
	ways.TakeAgenda:    "coalition agenda %s take",
	ways.LeaveAgenda:   "coalition agenda %s leave",
	ways.Show:          "coalition show %s",
	ways.Slots:         "coalition slots %s",
	ways.Log:           "coalition log %s",
	ways.Approve:       "coalition approve %s",
	ways.Debrief:       "coalition debrief %s",
	ways.ApproveAll:    "coalition approve --all",
	ways.IfTold:        "with --told if they know",
	ways.List:          "coalition list",
	ways.Receive:       "coalition receive FILE",
	ways.SignIn:        "coalition auth google",
	ways.Resume:        "coalition resume",
}

// how words what the organizer can do about a conversation; see [organizer.Settings].
func how(way ways.Way, ref string, at ...string) string {
	words := commands[way]
	// All rounds are in one log.
	if way == ways.Log {
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
