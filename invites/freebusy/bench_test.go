package freebusy_test

import (
	"bytes"
	"testing"
	"time"

	"coalition/invites/freebusy"
)

// bare is the least that a reader of a calendar can do: unfold its lines, and split each into its name, its parameters
// and its value. It returns how many there are, so that nothing is left out by the compiler.
func bare(data []byte) (lines, octets int) {
	unfolded := make([]byte, 0, 1<<10)
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			end = len(data) - 1
		}
		line := data[:end]
		data = data[end+1:]
		if len(data) > 0 && (data[0] == ' ' || data[0] == '\t') {
			unfolded = append(unfolded[:0], bytes.TrimSuffix(line, []byte("\r"))...)
			for len(data) > 0 && (data[0] == ' ' || data[0] == '\t') {
				end = bytes.IndexByte(data, '\n')
				if end < 0 {
					end = len(data) - 1
				}
				unfolded = append(unfolded, bytes.TrimSuffix(data[1:end], []byte("\r"))...)
				data = data[end+1:]
			}
			line = unfolded
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		var name, params, value []byte
		quoted := false
	split:
		for i, c := range line {
			switch {
			case c == '"':
				quoted = !quoted
			case c == ';' && !quoted && name == nil:
				name = line[:i]
			case c == ':' && !quoted:
				if name == nil {
					name = line[:i]
				} else {
					params = line[len(name)+1 : i]
				}
				value = line[i+1:]
				break split
			}
		}
		lines++
		octets += len(name) + len(params) + len(value)
	}
	return lines, octets
}

// Twenty calendars of 500 events each are read and expanded for ten weeks in a few times what it takes to look at
// their lines. The ratio of both is told, each in its best run: others are busy on this machine.
func BenchmarkCold(b *testing.B) {
	var files [][]byte
	size := 0
	for person := range uint64(20) {
		data, _ := generate(b, 1, person, 500)
		files = append(files, data)
		size += len(data)
	}
	berlin := zone(b, "Europe/Berlin")
	from := time.Date(2027, 3, 1, 0, 0, 0, 0, berlin)
	to := from.AddDate(0, 0, 70)
	reading, looking := time.Hour, time.Hour
	found := 0
	for b.Loop() {
		began := time.Now()
		for _, data := range files {
			lines, _ := bare(data)
			found += lines
		}
		looked := time.Now()
		for _, data := range files {
			c, err := freebusy.Parse(data)
			if err != nil {
				b.Fatal(err)
			}
			busy, problems := c.Busy(freebusy.Reader{Zone: berlin}, from, to)
			if len(problems) > 0 {
				b.Fatal(problems)
			}
			found += len(busy)
		}
		reading = min(reading, time.Since(looked))
		looking = min(looking, looked.Sub(began))
	}
	b.ReportMetric(reading.Seconds()*1e3, "ms/cold")
	b.ReportMetric(looking.Seconds()*1e3, "ms/bare")
	b.ReportMetric(float64(reading)/float64(looking), "cold/bare")
	b.ReportMetric(float64(size), "octets")
}
