package chart

import (
	"bytes"
	"html/template"
)

// HTML is the map as a page, with a table below that says the same in words.
func (m *Map) HTML() ([]byte, error) {
	t, err := template.New("page").Parse(page)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	l, d := light(), dark()
	err = t.Execute(&b, map[string]any{
		"Map": m, "Title": m.title(), "Day": day(m.Day),
		"Style": template.CSS(pageRules(l) + "@media screen and (prefers-color-scheme:dark){" + pageRules(d) + "}"),
		// Our own, and everything in it is escaped.
		"Drawing": template.HTML(m.svg(false)),
	})
	return b.Bytes(), err
}

func pageRules(p *palette) string {
	return "body{background:" + p.ground + ";color:" + p.ink + "}caption,.muted{color:" + p.muted + "}" +
		"tbody th[scope=rowgroup]{background:" + p.band + "}td,th{border-color:" + p.guide + "}" +
		"figure:focus-visible{outline-color:" + p.hues["asked"] + "}"
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{{.Title}}, {{.Day}}</title>
<style>
body{margin:0 auto;padding:1rem;max-width:82rem;font:1rem/1.45 ` + fonts + `}
h1{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%)}
figure{margin:0;overflow-x:auto}
figure:focus-visible{outline:3px solid}
figure svg{display:block;margin:0 auto;width:100%;height:auto;min-width:60rem}
figure.narrow svg{min-width:30rem;max-width:44rem}
table{border-collapse:collapse;margin:2rem auto 1rem;width:100%;max-width:52rem}
caption{text-align:start;padding-bottom:.5rem}
td,th{border-bottom:1px solid;padding:.35rem .5rem;text-align:start;vertical-align:top;overflow-wrap:break-word}
th{font-weight:600}
tbody th[scope=rowgroup]{padding-top:.7rem}
td:nth-child(n+2){white-space:nowrap}
@media (max-width:34rem){body{padding:.75rem}table{font-size:.8125rem;table-layout:fixed}col{width:25%}col:first-child{width:30%}col:nth-child(3){width:20%}
td,th{padding:.3rem .2rem}td:nth-child(n+2){white-space:normal}}
@page{margin:12mm}
@media print{body{padding:0;max-width:none}figure{overflow:visible}figure svg,figure.narrow svg{min-width:0}tr{break-inside:avoid}thead{display:table-header-group}
table{font-size:9pt;max-width:none}td,th{padding:.15rem .4rem}}
{{.Style}}
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<figure role="group" aria-label="The map; the table below says the same in words" tabindex="0"{{if not .Map.Wide}} class="narrow"{{end}}>
{{.Drawing}}</figure>
<table>
<caption>The same in words, on {{.Day}}. Open promises: yours are the organizer's, theirs the partner's.</caption>
<colgroup><col><col><col><col></colgroup>
<thead><tr><th scope="col">Who</th><th scope="col">State</th><th scope="col">Last talk</th><th scope="col">Promises</th></tr></thead>
{{- range .Map.Groups}}
<tbody>
<tr><th scope="rowgroup" colspan="4"><bdi>{{.Name}}</bdi></th></tr>
{{- range .People}}
<tr><th scope="row"><bdi>{{.Name}}</bdi></th><td>{{.Status}}{{if gt .Round 1}}, round {{.Round}}{{end}}</td>` +
	`<td>{{or ($.Map.Since .) "none yet"}}</td><td>{{or .Words "none"}}</td></tr>
{{- end}}
</tbody>
{{- else}}
<tbody><tr><td colspan="4">No conversations yet.</td></tr></tbody>
{{- end}}
</table>
</main>
</body>
</html>
`
