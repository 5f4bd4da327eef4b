/* Reads iCalendar files with libical and prints one JSON object for each. The files are taken in
   their order, as a calendar takes its mail: "class" is what libical's iTIP part makes of each,
   beside the last one with the same UID. */

#include <libical/ical.h>
#include <libical/icalss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *take(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    long size = ftell(file);
    char *text = calloc(1, size + 1);
    rewind(file);
    if (fread(text, 1, size, file) != (size_t)size) {
        perror(path);
        exit(1);
    }
    fclose(file);
    return text;
}

static void string(const char *name, const char *value)
{
    printf(",\"%s\":\"", name);
    for (; value && *value; value++) {
        unsigned char c = *value;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < ' ')
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void name(const char *key, icalproperty *person)
{
    icalparameter *cn = person ? icalproperty_get_first_parameter(person, ICAL_CN_PARAMETER) : NULL;
    string(key, cn ? icalparameter_get_cn(cn) : "");
}

static void instant(const char *name, icalcomponent *event, icalproperty_kind kind)
{
    /* This looks for the zone in the calendar around the event before it looks anywhere else. */
    icalproperty *p = icalcomponent_get_first_property(event, kind);
    struct icaltimetype t = icalproperty_get_datetime_with_component(p, event);
    t = icaltime_convert_to_zone(t, icaltimezone_get_utc_timezone());
    printf(",\"%s\":\"%04d-%02d-%02dT%02d:%02d:%02dZ\"", name, t.year, t.month, t.day, t.hour, t.minute, t.second);
}

int main(int argc, char **argv)
{
    icalcomponent *known[argc];
    int sequence[argc];
    int count = 0;
    for (int i = 1; i < argc; i++) {
        icalcomponent *calendar = icalparser_parse_string(take(argv[i]));
        if (!calendar || icalcomponent_count_components(calendar, ICAL_VEVENT_COMPONENT) != 1) {
            fprintf(stderr, "%s: not one event\n", argv[i]);
            return 1;
        }
        icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
        icalproperty *attendee = icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY);
        icalparameter *partstat = attendee ? icalproperty_get_first_parameter(attendee, ICAL_PARTSTAT_PARAMETER) : NULL;
        icalproperty *organizer = icalcomponent_get_first_property(event, ICAL_ORGANIZER_PROPERTY);

        int same = 0;
        while (same < count && strcmp(icalcomponent_get_uid(known[same]), icalcomponent_get_uid(calendar)) != 0)
            same++;
        icalproperty_xlicclass class = icalclassify(calendar, same < count ? known[same] : NULL,
                                                    attendee ? icalproperty_get_attendee(attendee) : "");
        /* icalclassify takes any CANCEL; a calendar takes one that is not older than what it has. */
        if (icalcomponent_get_method(calendar) == ICAL_METHOD_CANCEL &&
            (same == count || icalcomponent_get_sequence(event) < sequence[same]))
            class = ICAL_XLICCLASS_OBSOLETE;
        known[same] = calendar;
        sequence[same] = icalcomponent_get_sequence(event);
        count += same == count;

        /* The tables of RFC 5546 for its method; each breach becomes an X-LIC-ERROR. */
        icalrestriction_check(calendar);
        printf("{\"errors\":%d,\"sequence\":%d", icalcomponent_count_errors(calendar), icalcomponent_get_sequence(event));
        string("class", icalproperty_enum_to_string(class));
        string("method", icalproperty_method_to_string(icalcomponent_get_method(calendar)));
        string("uid", icalcomponent_get_uid(event));
        string("status", icalproperty_status_to_string(icalcomponent_get_status(event)));
        instant("start", event, ICAL_DTSTART_PROPERTY);
        instant("end", event, ICAL_DTEND_PROPERTY);
        string("summary", icalcomponent_get_summary(event));
        string("description", icalcomponent_get_description(event));
        string("location", icalcomponent_get_location(event));
        string("comment", icalcomponent_get_comment(event));
        string("organizer", organizer ? icalproperty_get_organizer(organizer) : "");
        string("attendee", attendee ? icalproperty_get_attendee(attendee) : "");
        name("organizername", organizer);
        name("attendeename", attendee);
        string("partstat", partstat ? icalparameter_enum_to_string(icalparameter_get_partstat(partstat)) : "");
        puts("}");
    }
    return 0;
}
