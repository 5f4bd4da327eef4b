package chart

import (
	"fmt"
	"strings"

	"coalition/scheduler/conversation"
)

// A look is how a status is drawn: each in a form of its own, so that none needs its colour.
type look struct {
	status conversation.Status
	// hue is the class of its colour, which it has in common with those it is near to.
	hue string
	// full says that the form is filled, dashed that its line is broken.
	full, dashed bool
	// path is its form around 0, 0; over is drawn above it.
	path, over string
}

const (
	circle   = "M-7 0A7 7 0 1 1 7 0A7 7 0 1 1-7 0Z"
	triangle = "M-6-7.5L8 0L-6 7.5Z"
	diamond  = "M-8.5 0L0-8.5L8.5 0L0 8.5Z"
)

// looks are those of all states, in the order of a life.
var looks = []look{
	{status: conversation.Planned, hue: "begun", dashed: true, path: circle},
	{status: conversation.Ready, hue: "begun", path: circle},
	{status: conversation.Asked, hue: "asked", path: triangle},
	{status: conversation.Later, hue: "asked", path: "M-6-7H-2V7H-6ZM2-7H6V7H2Z", full: true},
	{status: conversation.Permitted, hue: "permitted", path: triangle, full: true},
	{status: conversation.Invited, hue: "agreed", path: diamond},
	{status: conversation.Confirmed, hue: "agreed", path: diamond, full: true},
	{status: conversation.Met, hue: "done", path: circle, full: true},
	{status: conversation.Closed, hue: "done", path: circle, full: true, over: "M-3.5 .5L-1 3L4-3"},
	{status: conversation.Declined, hue: "ended", path: "M-7-4L-4-7L0-3L4-7L7-4L3 0L7 4L4 7L0 3L-4 7L-7 4L-3 0Z", full: true},
	{status: conversation.Cancelled, hue: "ended", path: circle + "M-5 5L5-5"},
}

// lookOf is how a status is drawn; one that nobody knows yet is a square.
func lookOf(s conversation.Status) look {
	for _, l := range looks {
		if l.status == s {
			return l
		}
	}
	return look{status: s, hue: "begun", path: "M-6-6H6V6H-6Z"}
}

// A palette is the colours of a picture by what they are for.
type palette struct {
	// ground is behind all, band behind a group; guide only decorates them.
	ground, band, guide string
	// ink and muted are text.
	ink, muted string
	// tie is a line between people; mine and theirs are promises, with their numbers.
	tie, mine, theirs string
	// hues are those of the states.
	hues map[string]string
}

func light() *palette {
	return &palette{ground: "#fffdf9", band: "#f7f1e7", guide: "#e0d5c5", ink: "#2b221a", muted: "#5f5244",
		tie: "#857562", mine: "#8f4700", theirs: "#1d5c9e", hues: map[string]string{"begun": "#6a5d50", "asked": "#1d5c9e",
			"permitted": "#0b6b66", "agreed": "#22693f", "done": "#6b3f86", "ended": "#a02f1c"}}
}

func dark() *palette {
	return &palette{ground: "#171411", band: "#241f1a", guide: "#3d352c", ink: "#f3eadd", muted: "#c2b3a0",
		tie: "#a08f7b", mine: "#f0a860", theirs: "#86b9ee", hues: map[string]string{"begun": "#b5a695", "asked": "#86b9ee",
			"permitted": "#5cc7bf", "agreed": "#7ccb94", "done": "#cda3e6", "ended": "#f0907c"}}
}

// rules are those of a style sheet that colour a picture.
func (p *palette) rules() string {
	var b strings.Builder
	fmt.Fprintf(&b, ".ground{fill:%s}.band,.mark{fill:%s}.over{stroke:%s}.halo{stroke:%s}.guide{stroke:%s}\n",
		p.ground, p.band, p.band, p.band, p.guide)
	fmt.Fprintf(&b, "text{fill:%s}.muted{fill:%s}.tie{stroke:%s}.core{fill:%s;stroke:%s}.hub{fill:%s}\n",
		p.ink, p.muted, p.tie, p.band, p.ink, p.tie)
	fmt.Fprintf(&b, ".mine{stroke:%s}.theirs{stroke:%s}text.mine,path.mine.head{fill:%s}text.theirs,path.theirs.head{fill:%s}\n",
		p.mine, p.theirs, p.mine, p.theirs)
	for _, hue := range []string{"begun", "asked", "permitted", "agreed", "done", "ended"} {
		fmt.Fprintf(&b, ".%s{stroke:%s}.%s.full{fill:%s}", hue, p.hues[hue], hue, p.hues[hue])
	}
	fmt.Fprintf(&b, ".mark-mine{stroke:%s}.mark-mine.full{fill:%s}.mark-theirs{stroke:%s}\n", p.mine, p.mine, p.theirs)
	return b.String()
}

// fonts are those of all text.
const fonts = `system-ui,"Segoe UI","DejaVu Sans",sans-serif`

// style is the style sheet of a picture: light, and dark on screens that are.
func style() string {
	return `text{font:13px ` + fonts + `}
.title{font-size:22px;font-weight:600}.result{font-size:15px;font-weight:600}.name{font-weight:600}
.small{font-size:11.5px;font-weight:400}.end{text-anchor:end}.mid{text-anchor:middle}
.number{font-size:10.5px;font-weight:700;stroke:none}
.halo{font-size:10.5px;font-weight:700;fill:none;stroke-width:4;stroke-linejoin:round}.wide{font-size:11.5px;font-weight:400;stroke-width:8}
.mark{stroke-width:2;stroke-linejoin:round}.dashed{stroke-dasharray:2.6 2.9}.over{fill:none;stroke-width:2;stroke-linecap:round}
.tie,.guide,.mine,.theirs{fill:none}.guide{stroke-dasharray:1 4}.core{stroke-width:2}
.near0{stroke-width:6}.near1{stroke-width:4}.near2{stroke-width:2.4}.near3{stroke-width:1.2}` +
		`.near4{stroke-width:1.6;stroke-dasharray:1.6 4}.trunk{stroke-width:2}
.open{stroke-width:1.4}.late{stroke-width:2.4;stroke-dasharray:6 3}.head{stroke-width:1}
@page{margin:10mm}@media print{svg{width:100%;height:auto}}
` + light().rules() + "@media screen and (prefers-color-scheme:dark){" + dark().rules() + "}"
}
