"""Reads iCalendar files with Python's icalendar and prints one JSON object for each."""

import json
import sys
from datetime import timezone

import icalendar


def instant(prop, zones):
    tzid = prop.params.get("TZID")
    if tzid is None:
        return prop.dt.astimezone(timezone.utc)
    # The library takes a zone that it knows by name; what counts here is the file's own.
    wall, zone = prop.dt.replace(tzinfo=None), zones[tzid]
    local = zone.localize(wall, is_dst=None) if hasattr(zone, "localize") else wall.replace(tzinfo=zone)
    return local.astimezone(timezone.utc)


for path in sys.argv[1:]:
    with open(path, "rb") as file:
        calendar = icalendar.Calendar.from_ical(file.read())
    zones = {str(z["TZID"]): z.to_tz() for z in calendar.walk("VTIMEZONE")}
    (event,) = calendar.walk("VEVENT")
    attendee = event.get("ATTENDEE")
    print(json.dumps({
        "method": calendar["METHOD"],
        "uid": event["UID"],
        "sequence": event["SEQUENCE"],
        "status": event["STATUS"],
        "start": instant(event["DTSTART"], zones).isoformat(),
        "end": instant(event["DTEND"], zones).isoformat(),
        "summary": event["SUMMARY"],
        "description": event.get("DESCRIPTION", ""),
        "location": event.get("LOCATION", ""),
        "comment": event.get("COMMENT", ""),
        "organizer": event["ORGANIZER"],
        "attendee": attendee or "",
        "organizername": event["ORGANIZER"].params.get("CN", ""),
        "attendeename": attendee.params.get("CN", "") if attendee else "",
        "partstat": attendee.params.get("PARTSTAT", "") if attendee else "",
        "errors": len(event.errors),
    }))
