package holidays

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cy"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/ee"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fi"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/hu"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/is"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lu"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/mt"
	"github.com/rickar/cal/v2/nc"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/pt"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"

	"coalition/scheduler/strictyaml"
)

// regions are the rules of holidays by the codes of countries and regions (ISO 3166-1 alpha-2, ISO 3166-2). Those are
// left out for which the library missed holidays on working days when it was held against a second source for 2025 to
// 2029: some cantons, and countries whose holidays follow the moon or are moved by yearly decree. So is New Zealand, for
// which it would read the machine's zone at each start of the program.
var regions = sync.OnceValue(func() map[string][]*cal.Holiday {
	// The library counts days in the zone of the machine, which may be one that skips a midnight.
	cal.DefaultLoc = time.UTC
	europe := &cal.Holiday{Name: "Journée de l’Europe", StartYear: 2019, Month: time.May, Day: 9, Func: cal.CalcDayOfMonth}
	return map[string][]*cal.Holiday{
		"AT": at.Holidays, "BE": be.Holidays, "BG": bg.Holidays, "BR": br.Holidays, "CA": ca.Holidays,
		"CY": cy.Holidays, "CZ": cz.Holidays, "DE": de.Holidays, "DK": dk.Holidays, "EE": ee.Holidays,
		"ES": es.Holidays, "FI": fi.Holidays, "FR": fr.Holidays, "GR": gr.Holidays, "HR": hr.Holidays,
		"HU": hu.Holidays, "IE": ie.Holidays, "IS": is.Holidays, "IT": it.Holidays, "JP": jp.Holidays,
		"LT": lt.Holidays, "LV": lv.Holidays, "MT": mt.Holidays, "NC": nc.Holidays, "NL": nl.Holidays,
		"NO": no.Holidays, "PL": pl.Holidays, "PT": pt.Holidays, "RO": ro.Holidays, "SE": se.Holidays,
		"SI": si.Holidays, "SK": sk.Holidays, "US": us.Holidays, "ZA": za.Holidays,
		// Those of England and Wales.
		"GB": gb.Holidays, "GB-ENG": gb.Holidays, "GB-WLS": gb.Holidays,
		// With what the library does not know of yet.
		"LU":    append(slices.Clip(lu.Holidays), europe),
		"DE-MV": append(slices.Clip(de.HolidaysMV), de.Frauentag.Clone(&cal.Holiday{StartYear: 2023})),
		"DE-BB": de.HolidaysBB, "DE-BE": de.HolidaysBE, "DE-BW": de.HolidaysBW, "DE-BY": de.HolidaysBY,
		"DE-HB": de.HolidaysHB, "DE-HE": de.HolidaysHE, "DE-HH": de.HolidaysHH, "DE-NI": de.HolidaysNI,
		"DE-NW": de.HolidaysNW, "DE-RP": de.HolidaysRP, "DE-SH": de.HolidaysSH, "DE-SL": de.HolidaysSL,
		"DE-SN": de.HolidaysSN, "DE-ST": de.HolidaysST, "DE-TH": de.HolidaysTH,
		// What all states have, and each of them.
		"AU":     {au.NewYear, au.AustraliaDay, au.GoodFriday, au.EasterMonday, au.AnzacDay, au.ChristmasDay, au.BoxingDay},
		"AU-ACT": au.HolidaysACT, "AU-NSW": au.HolidaysNSW, "AU-NT": au.HolidaysNT,
		"AU-QLD": au.HolidaysQLD, "AU-SA": au.HolidaysSA, "AU-TAS": au.HolidaysTAS,
		"AU-VIC": au.HolidaysVIC, "AU-WA": au.HolidaysWA,
		// What all cantons have, and some of them.
		"CH":    {ch.Neujahr, ch.Auffahrt, ch.Bundesfeiertag, ch.Weihnachtstag},
		"CH-AR": ch.HolidaysAR, "CH-BE": ch.HolidaysBE, "CH-BL": ch.HolidaysBL, "CH-BS": ch.HolidaysBS,
		"CH-GR": ch.HolidaysGR, "CH-LU": ch.HolidaysLU, "CH-NW": ch.HolidaysNW, "CH-SG": ch.HolidaysSG,
		"CH-SH": ch.HolidaysSH, "CH-SZ": ch.HolidaysSZ, "CH-TG": ch.HolidaysTG, "CH-UR": ch.HolidaysUR,
		"CH-ZH": ch.HolidaysZH,
	}
})

// Region returns the public holidays of a country or region, by its code such as PT or DE-BE, in either case. The error
// is a [strictyaml.Fault] that names what is known.
func Region(code string) (*Calendar, error) {
	code = strings.ToUpper(code)
	rules, known := regions()[code]
	if !known {
		return nil, &strictyaml.Fault{Text: "is no country or region whose holidays are known here",
			Mend: "write " + near(code) + ", or name a calendar file (.ics) that lists them"}
	}
	return newCalendar(yearly(rules)), nil
}

// near are the codes that may be meant by one that is not known: those of its country, or else all countries.
func near(code string) string {
	country, _, _ := strings.Cut(code, "-")
	switch country {
	// As people call them.
	case "UK":
		country = "GB"
	case "EL":
		country = "GR"
	}
	var own, countries []string
	for _, known := range slices.Sorted(maps.Keys(regions())) {
		of, _, region := strings.Cut(known, "-")
		if of == country {
			own = append(own, known)
		}
		if !region {
			countries = append(countries, known)
		}
	}
	if len(own) == 0 {
		own = countries
	}
	return strings.Join(own, ", ")
}
