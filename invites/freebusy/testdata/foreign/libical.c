/* Reads calendars with libical, and prints for each when it leaves no time: one JSON list of [start, end] in seconds
   since 1970, in order, without what is outside of the window. The library reads, repeats and knows the zones; what
   replaces what is put together here.

   The arguments are the window's start and end in seconds since 1970, and then a zone and a file for each calendar. */

#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span {
    long start, end;
};

static struct span *spans;
static int count, room;
static long from, to;
static icaltimezone *own;

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

/* The moment of a property, with the zone that its calendar means. */
static struct icaltimetype moment(icalproperty *p, icalcomponent *event)
{
    if (icalproperty_isa(p) != ICAL_RDATE_PROPERTY)
        return icalproperty_get_datetime_with_component(p, event);
    struct icaltimetype t = icalproperty_get_rdate(p).time;
    icalparameter *id = icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);
    if (id) {
        icaltimezone *zone = icalcomponent_get_timezone(icalcomponent_get_parent(event), icalparameter_get_tzid(id));
        if (!zone)
            zone = icaltimezone_get_builtin_timezone(icalparameter_get_tzid(id));
        t.zone = zone;
    }
    return t;
}

static long seconds(struct icaltimetype t)
{
    const icaltimezone *zone = t.zone;
    if (t.is_date || (!zone && !icaltime_is_utc(t)))
        zone = own;
    t.is_date = 0;
    return icaltime_as_timet_with_zone(t, zone);
}

struct override {
    const char *uid;
    long at;
};

static struct override *overrides;
static int known;

/* Whether an EXDATE, or an event that differs, takes an instance of a series out. */
static int is_out(icalcomponent *event, long start)
{
    if (icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY))
        return 0;
    for (icalproperty *p = icalcomponent_get_first_property(event, ICAL_EXDATE_PROPERTY); p;
         p = icalcomponent_get_next_property(event, ICAL_EXDATE_PROPERTY))
        if (seconds(moment(p, event)) == start)
            return 1;
    for (int i = 0; i < known; i++)
        if (overrides[i].at == start && strcmp(overrides[i].uid, icalcomponent_get_uid(event)) == 0)
            return 1;
    return 0;
}

static void instance(icalcomponent *event, struct icaltimetype t, int days, long length)
{
    long start = seconds(t);
    if (is_out(event, start))
        return;
    long end = start + length;
    if (days) {
        icaltime_adjust(&t, days, 0, 0, 0);
        end = seconds(t);
    }
    start = start < from ? from : start;
    end = end > to ? to : end;
    if (start >= end)
        return;
    if (count == room)
        spans = realloc(spans, (room = room * 2 + 64) * sizeof *spans);
    spans[count++] = (struct span){start, end};
}

static void expand(icalcomponent *event)
{
    icalproperty *transp = icalcomponent_get_first_property(event, ICAL_TRANSP_PROPERTY);
    if (icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED ||
        (transp && icalproperty_get_transp(transp) == ICAL_TRANSP_TRANSPARENT))
        return;
    struct icaltimetype start = moment(icalcomponent_get_first_property(event, ICAL_DTSTART_PROPERTY), event);
    icalproperty *dtend = icalcomponent_get_first_property(event, ICAL_DTEND_PROPERTY);
    long length = 0;
    int days = 0;
    if (dtend && start.is_date)
        days = icaldurationtype_as_int(icaltime_subtract(moment(dtend, event), start)) / 86400;
    else if (dtend)
        length = seconds(moment(dtend, event)) - seconds(start);
    else
        length = icaldurationtype_as_int(
            icalproperty_get_duration(icalcomponent_get_first_property(event, ICAL_DURATION_PROPERTY)));

    icalproperty *rule = icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);
    if (rule) {
        icalrecur_iterator *i = icalrecur_iterator_new(icalproperty_get_rrule(rule), start);
        for (struct icaltimetype t = icalrecur_iterator_next(i); !icaltime_is_null_time(t) && seconds(t) < to;
             t = icalrecur_iterator_next(i))
            if (seconds(t) > from - 9 * 86400)
                instance(event, t, days, length);
        icalrecur_iterator_free(i);
    } else {
        instance(event, start, days, length);
    }
    icalproperty *dates[99];
    int n = 0;
    for (icalproperty *p = icalcomponent_get_first_property(event, ICAL_RDATE_PROPERTY); p && n < 99;
         p = icalcomponent_get_next_property(event, ICAL_RDATE_PROPERTY))
        dates[n++] = p;
    for (int i = 0; i < n; i++)
        instance(event, moment(dates[i], event), days, length);
}

static int compare(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

int main(int argc, char **argv)
{
    from = atol(argv[1]);
    to = atol(argv[2]);
    for (int arg = 3; arg + 1 < argc; arg += 2) {
        own = icaltimezone_get_builtin_timezone(argv[arg]);
        icalcomponent *calendar = icalparser_parse_string(take(argv[arg + 1]));
        if (!own || !calendar) {
            fprintf(stderr, "%s, %s: can't be read\n", argv[arg], argv[arg + 1]);
            return 1;
        }
        int size = icalcomponent_count_components(calendar, ICAL_VEVENT_COMPONENT);
        icalcomponent **events = calloc(size, sizeof *events);
        overrides = realloc(overrides, size * sizeof *overrides);
        known = count = 0;
        int n = 0;
        for (icalcomponent *e = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); e;
             e = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
            events[n++] = e;
            icalproperty *id = icalcomponent_get_first_property(e, ICAL_RECURRENCEID_PROPERTY);
            if (id)
                overrides[known++] = (struct override){icalcomponent_get_uid(e), seconds(moment(id, e))};
        }
        for (int i = 0; i < n; i++)
            expand(events[i]);
        qsort(spans, count, sizeof *spans, compare);
        printf("[");
        int written = 0;
        for (int i = 0; i < count; i++)
            if (i == 0 || compare(&spans[i], &spans[i - 1]) != 0)
                printf("%s[%ld,%ld]", written++ ? "," : "", spans[i].start, spans[i].end);
        printf("]\n");
        icalcomponent_free(calendar);
        free(events);
    }
    return 0;
}
