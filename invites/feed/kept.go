package feed

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"time"

	"coalition/invites"
	"coalition/invites/feed/collection"
)

// validators are what the next question about a calendar needs to learn that nothing has changed.
type validators struct {
	// ETag and Modified are a feed's (RFC 9110, sections 8.8.2 and 8.8.3), as it gave them.
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	// Token is a collection's, as package collection gave it.
	Token string `json:"token,omitempty"`
	// Stamp is a file's size and time of change; "": it could not be looked at.
	Stamp string `json:"stamp,omitempty"`
	// Ranged says that only one window of the calendar was read, and that there is more to know beyond it.
	Ranged bool `json:"ranged,omitempty"`
}

// A head is all that is known of a calendar but its spans and entries. Its times are by the clock of [Config].
type head struct {
	// ReadAt is when it was read last, AskedAt when it was asked last, and Again when it is to be asked again.
	ReadAt  time.Time `json:"read_at"`
	AskedAt time.Time `json:"asked_at"`
	Again   time.Time `json:"again"`
	// Failed is what went wrong since ReadAt, and Failures how many times in a row; "" and 0: nothing.
	Failed   string `json:"failed,omitempty"`
	Failures int    `json:"failures,omitempty"`
	// Problems is what in it could not be understood.
	Problems string `json:"problems,omitempty"`
	validators

	// The spans are those between From and To, made with this Key (see question). Longest is that of them, in seconds.
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Key     string    `json:"key"`
	Longest int64     `json:"longest"`
	// Entries is how many are kept; -1: none, since they are lost, or the calendar told its spans itself.
	Entries int `json:"entries"`
}

// kept is what is known of a calendar.
type kept struct {
	head
	// spans are in order of their start, each in spanSize bytes (big endian): its start in Unix seconds (64 bits), its
	// length in seconds (32) and where in texts its own begin (32).
	spans []byte
	// texts are a title and a ref for each event, both with their length before them, as a varint.
	texts string
}

const spanSize = 16

// covers reports whether the spans are all of the window that is asked for.
func (k *kept) covers(q question) bool {
	return k.Key == q.key && !q.from.Before(k.From) && !q.to.After(k.To)
}

// encode puts spans in the place of those that were there.
func (k *kept) encode(busy []invites.Busy) {
	k.spans, k.Longest = make([]byte, 0, spanSize*len(busy)), 0
	var texts []byte
	places := make(map[[2]string]uint32)
	for _, b := range busy {
		// Calendars tell whole seconds; of anything else, all that it touches.
		start, end := b.Start.Unix(), b.End.Add(time.Second-1).Unix()
		length := min(end-start, math.MaxUint32)
		own := [2]string{b.Title, b.Ref}
		place, known := places[own]
		if !known {
			place = uint32(len(texts))
			places[own] = place
			for _, text := range own {
				texts = append(binary.AppendUvarint(texts, uint64(len(text))), text...)
			}
		}
		k.spans = binary.BigEndian.AppendUint64(k.spans, uint64(start))
		k.spans = binary.BigEndian.AppendUint32(k.spans, uint32(length))
		k.spans = binary.BigEndian.AppendUint32(k.spans, place)
		k.Longest = max(k.Longest, length)
	}
	k.texts = string(texts)
}

// between returns the spans that have part in the window.
func (k *kept) between(from, to time.Time) (busy []invites.Busy) {
	start := func(i int) int64 { return int64(binary.BigEndian.Uint64(k.spans[i*spanSize:])) }
	n, begin, end := len(k.spans)/spanSize, from.Unix(), to.Unix()
	first := sort.Search(n, func(i int) bool { return start(i) > begin-k.Longest })
	beyond := sort.Search(n, func(i int) bool { return start(i) >= end })
	for i := first; i < beyond; i++ {
		length := int64(binary.BigEndian.Uint32(k.spans[i*spanSize+8:]))
		if start(i)+length <= begin {
			continue
		}
		b := invites.Busy{Span: invites.Span{Start: time.Unix(start(i), 0).UTC(), End: time.Unix(start(i)+length, 0).UTC()}}
		rest := k.texts[binary.BigEndian.Uint32(k.spans[i*spanSize+12:]):]
		for _, text := range []*string{&b.Title, &b.Ref} {
			size, width := binary.Uvarint([]byte(rest[:min(len(rest), binary.MaxVarintLen64)]))
			*text, rest = rest[width:width+int(size)], rest[width+int(size):]
		}
		busy = append(busy, b)
	}
	return busy
}

// magic begins each file, and changes with what is in it.
const magic = "coalition calendar 2\n"

// load reads what is kept at path, with the entries where they are wanted: nil where there are none. What is missing
// or damaged is as if it had never been there.
func load(path string, whole bool) (k kept, entries []collection.Entry) {
	file, err := os.Open(path)
	if err != nil {
		return kept{}, nil
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return kept{}, nil
	}
	r := bufio.NewReaderSize(file, 32<<10)
	begin := make([]byte, len(magic))
	if _, err := io.ReadFull(r, begin); err != nil || string(begin) != magic {
		return kept{}, nil
	}
	first, ok := readPart(r, info.Size())
	spans, too := readPart(r, info.Size())
	texts, all := readPart(r, info.Size())
	if !ok || !too || !all || json.Unmarshal(first, &k.head) != nil {
		return kept{}, nil
	}
	k.spans, k.texts = spans, string(texts)
	if !whole || k.Entries < 0 {
		return k, nil
	}
	entries = []collection.Entry{}
	for range k.Entries {
		href, ok := readPart(r, info.Size())
		etag, too := readPart(r, info.Size())
		data, all := readPart(r, info.Size())
		if !ok || !too || !all {
			return k, nil
		}
		entries = append(entries, collection.Entry{Href: string(href), ETag: string(etag), Data: data})
	}
	return k, entries
}

// save writes k to path, for its owner only: whole, or not at all. nil entries are those that lie there.
func (k *kept) save(path string, entries []collection.Entry) error {
	if entries == nil {
		_, entries = load(path, true)
	}
	if k.Entries = len(entries); entries == nil {
		k.Entries = -1
	}
	first, err := json.Marshal(k.head)
	if err := errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700)); err != nil {
		return err
	}
	// For its owner only.
	temp, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	w := bufio.NewWriter(temp)
	parts := [][]byte{first, k.spans, []byte(k.texts)}
	for _, r := range entries {
		parts = append(parts, []byte(r.Href), []byte(r.ETag), r.Data)
	}
	_, err = w.WriteString(magic)
	for _, part := range parts {
		err = errors.Join(err, writePart(w, part))
	}
	// Not synced to the disk: what a power cut takes is read anew.
	if err := errors.Join(err, w.Flush(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// A part is its length (64 bits) and its checksum (CRC-32), and then itself.
func writePart(w io.Writer, part []byte) error {
	before := binary.BigEndian.AppendUint64(nil, uint64(len(part)))
	before = binary.BigEndian.AppendUint32(before, crc32.ChecksumIEEE(part))
	_, err := w.Write(before)
	_, too := w.Write(part)
	return errors.Join(err, too)
}

// readPart returns the next part, of at most that size, where it is whole.
func readPart(r io.Reader, most int64) (part []byte, ok bool) {
	var before [12]byte
	if _, err := io.ReadFull(r, before[:]); err != nil {
		return nil, false
	}
	length := binary.BigEndian.Uint64(before[:])
	if length > uint64(most) {
		return nil, false
	}
	part = make([]byte, length)
	if _, err := io.ReadFull(r, part); err != nil {
		return nil, false
	}
	return part, crc32.ChecksumIEEE(part) == binary.BigEndian.Uint32(before[8:])
}

// onDisk returns what is wrong with a file or a folder, in the words of the system, without its path.
func onDisk(err error) string {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return err.Error()
}
