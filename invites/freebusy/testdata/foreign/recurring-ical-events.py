"""Reads calendars with Python's icalendar and recurring_ical_events, and prints for each when it leaves no time: one
JSON list of [start, end] in seconds since 1970, in order, without what is outside of the window.

The arguments are the window's start and end in seconds since 1970, and then a zone and a file for each calendar."""

import datetime
import json
import sys

import icalendar
import pytz
import recurring_ical_events


def seconds(moment, zone):
    """When a date or a time is for somebody in that zone."""
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime(moment.year, moment.month, moment.day)
    if moment.tzinfo is None:
        moment = zone.localize(moment)
    return int(moment.timestamp())


def busy(path, zone, start, end):
    with open(path, "rb") as file:
        calendar = icalendar.Calendar.from_ical(file.read())
    # It leaves out what begins near the edges, on other clocks.
    day = datetime.timedelta(days=3)
    events = recurring_ical_events.of(calendar).between(
        datetime.datetime.fromtimestamp(start, pytz.utc) - day, datetime.datetime.fromtimestamp(end, pytz.utc) + day
    )
    spans = []
    for event in events:
        if event.get("TRANSP", "OPAQUE") == "TRANSPARENT" or event.get("STATUS") == "CANCELLED":
            continue
        spans.append((seconds(event["DTSTART"].dt, zone), seconds(event["DTEND"].dt, zone)))
    clipped = {(max(first, start), min(last, end)) for first, last in spans}
    return sorted(span for span in clipped if span[0] < span[1])


def main():
    start, end = int(sys.argv[1]), int(sys.argv[2])
    for name, path in zip(sys.argv[3::2], sys.argv[4::2]):
        print(json.dumps(busy(path, pytz.timezone(name), start, end)))


main()
