"""Reads iCalendar files with vobject and prints one JSON object for each."""

import json
import sys
from datetime import timezone

import vobject


def text(event, name):
    return getattr(event, name).value if hasattr(event, name) else ""


for path in sys.argv[1:]:
    with open(path, encoding="utf-8", newline="") as file:
        calendar = vobject.readOne(file.read())
    (event,) = calendar.vevent_list
    attendee = event.attendee if hasattr(event, "attendee") else None
    print(json.dumps({
        "method": calendar.method.value,
        "uid": event.uid.value,
        "sequence": int(event.sequence.value),
        "status": event.status.value,
        # The zone is the one of the file: vobject makes it of the VTIMEZONE.
        "start": event.dtstart.value.astimezone(timezone.utc).isoformat(),
        "end": event.dtend.value.astimezone(timezone.utc).isoformat(),
        "summary": text(event, "summary"),
        "description": text(event, "description"),
        "location": text(event, "location"),
        "comment": text(event, "comment"),
        "organizer": event.organizer.value,
        "attendee": attendee.value if attendee else "",
        "organizername": getattr(event.organizer, "cn_param", ""),
        "attendeename": getattr(attendee, "cn_param", "") if attendee else "",
        "partstat": getattr(attendee, "partstat_param", "") if attendee else "",
    }))
