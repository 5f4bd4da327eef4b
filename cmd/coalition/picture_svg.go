package main

import (
	"bytes"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"coalition/invites/plaintext"
	"coalition/scheduler/slots"
)

// svg is the picture as a drawing (SVG 1.1) that can be read without colours, and by ear.
func (p *picture) svg() ([]byte, error) {
	d := &drawing{picture: p, Title: "A time for you and " + p.partner}
	d.from, d.to = p.hours()
	d.draw()
	t, err := template.New("svg").Parse(svgTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, d)
	return b.Bytes(), err
}

// Where things stand: the days, the names, their lanes, and beside them times and words.
const (
	svgMargin = 28.0
	svgNames  = 132.0
	svgLanes  = 205.0
	svgTimes  = 690.0
	svgWords  = 775.0
	svgWidth  = 1120.0
	// laneHeight is that of a lane, with the gap below it; wordHeight of a line of words, which has wordColumns.
	laneHeight  = 21.0
	wordHeight  = 15.5
	wordColumns = 48
)

// A drawing is an SVG on the way to be drawn: lines, then boxes, then texts.
type drawing struct {
	*picture
	Title, Desc string
	Height      float64
	Boxes       []svgBox
	Lines       []svgLine
	Texts       []svgText

	// from and to are the hours of the day between which it is drawn.
	from, to int
	// y is how far down it is drawn already.
	y float64
}

type svgBox struct {
	X, Y, W, H float64
	// Class is the ink; Title is read out, and shown where somebody points.
	Class, Title string
}

type svgLine struct{ X, Y, Y2 float64 }

type svgText struct {
	X, Y        float64
	Class, Text string
}

// Width is that of all.
func (d *drawing) Width() float64 { return svgWidth }

func round(x float64) float64 { return math.Round(x*10) / 10 }

// at is how far to the right a time of a day is.
func (d *drawing) at(day *slots.Day, t time.Time) float64 {
	hours := 24.0
	if t.Before(day.End) {
		local := t.In(d.zone())
		hours = float64(local.Hour()) + float64(local.Minute())/60
	}
	hours = min(max(hours, float64(d.from)), float64(d.to))
	return svgLanes + (hours-float64(d.from))*(svgTimes-24-svgLanes)/float64(d.to-d.from)
}

func (d *drawing) write(x, y float64, class, text string) {
	if text == "" {
		return
	}
	d.Texts = append(d.Texts, svgText{round(x), round(y), class, text})
}

func (d *drawing) box(x, y, w, h float64, class, title string) {
	d.Boxes = append(d.Boxes, svgBox{round(x), round(y), round(w), round(h), class, title})
}

func (d *drawing) draw() {
	d.write(svgMargin, svgMargin+16, "title", d.Title)
	d.write(svgMargin, svgMargin+38, "words", d.heading()+".")
	d.y = svgMargin + 56
	told := []string{d.heading() + "."}
	for _, s := range d.stretches() {
		if s.idle != "" {
			d.write(svgMargin, d.y+14, "day", s.label)
			d.write(svgTimes, d.y+14, "small", s.idle)
			d.y += 30
			told = append(told, s.label+": "+s.idle+".")
			continue
		}
		if s.axis {
			d.axis(s.day)
		}
		told = append(told, s.label+": "+d.day(s)+".")
	}
	d.key()
	d.Height = round(d.y + svgMargin)
	d.Desc = strings.Join(told, " ")
}

// axis writes the hours of a day on the clocks of both.
func (d *drawing) axis(day *slots.Day) {
	for _, zone := range d.zones() {
		d.y += 16
		d.write(svgNames, d.y, "hour name", city(zone))
		end := d.clock(day, d.to*3600)
		for t := d.clock(day, d.from*3600); !t.After(end); t = t.Add(15 * time.Minute) {
			if local := t.In(zone); local.Minute() == 0 {
				d.write(d.at(day, t), d.y, "hour", local.Format("15"))
			}
		}
	}
	d.y += 8
}

// day draws one, and returns what it says in words.
func (d *drawing) day(s stretch) string {
	top := d.y
	d.write(svgMargin, top+14, "day", s.label)
	for n, who := range []slots.Who{slots.Organizer, slots.Partner} {
		y := top + float64(n)*laneHeight
		name := "you"
		if who == slots.Partner {
			name = runewidth.Truncate(d.partner, 10, "…")
		}
		d.write(svgNames, y+14, "words", name)
		for _, p := range d.parts(s.day, who) {
			// What is free is so for both.
			if p.ink < inkFree {
				d.part(s.day, p, y, laneHeight-3)
			}
		}
	}
	bottom := top + 2*laneHeight - 3
	for h := d.from; h <= d.to; h++ {
		x := d.at(s.day, d.clock(s.day, h*3600))
		d.Lines = append(d.Lines, svgLine{round(x), round(top - 3), round(bottom + 3)})
	}
	for _, p := range d.parts(s.day, slots.Organizer) {
		if p.ink >= inkFree {
			d.part(s.day, p, top, bottom-top)
		}
	}
	var told []string
	y := top + 13
	for _, r := range d.remarks(s.day) {
		told = append(told, strings.TrimSpace(r.when+" "+r.what))
		x, columns := svgWords, wordColumns
		if r.when == "" {
			x, columns = svgTimes, columns+12
		}
		d.write(svgTimes, y, "small", r.when)
		for _, piece := range plaintext.Wrap(r.what, columns) {
			d.write(x, y, "small", piece)
			y += wordHeight
		}
	}
	d.y = max(bottom, y-wordHeight+6) + 18
	if len(told) == 0 {
		return "free"
	}
	return strings.Join(told, "; ")
}

// part draws a part of a day.
func (d *drawing) part(day *slots.Day, p part, y, height float64) {
	x, end := d.at(day, p.Start), d.at(day, p.End)
	if x >= end {
		return
	}
	d.box(x, y, end-x, height, "ink"+strconv.Itoa(int(p.ink)), strings.TrimSpace(d.times(p.Span)+" "+p.label))
	if p.number > 0 {
		d.write((x+end)/2, y+height/2+6, "number", strconv.Itoa(p.number))
	}
}

// key says what the inks mean.
func (d *drawing) key() {
	d.y += 6
	x := svgMargin
	for _, l := range legend {
		d.box(x, d.y, 26, 16, "ink"+strconv.Itoa(int(l.ink)), "")
		if l.ink == inkOffered {
			d.write(x+13, d.y+13, "number small", "1")
		}
		d.write(x+33, d.y+13, "small", l.means)
		x += 33 + float64(len(l.means))*6.6 + 24
	}
	d.y += 16
}

// svgTemplate draws in few colours, each of them also a pattern or a weight of its own.
const svgTemplate = `<svg xmlns="http://www.w3.org/2000/svg" lang="en" role="img" aria-labelledby="title desc" ` +
	`width="{{.Width}}" height="{{.Height}}" viewBox="0 0 {{.Width}} {{.Height}}">
<title id="title">{{.Title}}</title>
<desc id="desc">{{.Desc}}</desc>
<style>
text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #33291f }
.title { font-size: 21px; font-weight: 600 }
.day { font-weight: 600 }
.small { font-size: 12px }
.hour { font-size: 11px; fill: #6d5f50; text-anchor: middle }
.name { text-anchor: start }
.number { font-size: 15px; font-weight: 700; fill: #fff; text-anchor: middle }
.number.small { font-size: 12px }
line { stroke: #cdbfae; stroke-width: .6 }
rect { stroke-width: 1 }
.ink1 { fill: #fff; fill-opacity: .5; stroke: #a3937f }
.ink2 { fill: url(#rule); stroke: #a3937f }
.ink3 { fill: url(#travel); stroke: #8a7a67 }
.ink4 { fill: url(#others); stroke: #6b4a7d }
.ink5 { fill: #6a5a4a; stroke: #33291f }
.ink6 { fill: #dff0e2; stroke: #22693f; stroke-width: 2 }
.ink7 { fill: #22693f; stroke: #123d24; stroke-width: 2 }
@page { margin: 10mm }
@media print { svg { width: 100%; height: auto } }
</style>
<defs>
<pattern id="rule" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
	`<rect width="6" height="6" fill="#fbf3e4" stroke="none"/><path d="M0 0V6" stroke="#b98b3e" stroke-width="1.6"/></pattern>
<pattern id="travel" width="5" height="5" patternUnits="userSpaceOnUse">` +
	`<rect width="5" height="5" fill="#fff" stroke="none"/><circle cx="2.5" cy="2.5" r="1.1" fill="#6a5a4a"/></pattern>
<pattern id="others" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
	`<rect width="7" height="7" fill="#f3ebf7" stroke="none"/><path d="M0 0V7M0 0H7" stroke="#6b4a7d" stroke-width="1.6"/></pattern>
</defs>
<rect width="{{.Width}}" height="{{.Height}}" fill="#fffdf9"/>
{{- range .Lines}}
<line x1="{{.X}}" y1="{{.Y}}" x2="{{.X}}" y2="{{.Y2}}"/>
{{- end}}
{{- range .Boxes}}
<rect class="{{.Class}}" x="{{.X}}" y="{{.Y}}" width="{{.W}}" height="{{.H}}" rx="2">{{with .Title}}<title>{{.}}</title>{{end}}</rect>
{{- end}}
{{- range .Texts}}
<text class="{{.Class}}" x="{{.X}}" y="{{.Y}}">{{.Text}}</text>
{{- end}}
</svg>
`
