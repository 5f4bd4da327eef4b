package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"coalition/scheduler/plan"
)

// A volume is what a file lies on.
type volume struct {
	// free is how many bytes there is room for.
	free uint64
	// network names the file system where it is one of a server's; "": it is none, or that can't be told.
	network string
}

// lookAtFiles looks at who else can read what is not for them.
func (d *doctor) lookAtFiles() {
	before := len(d.found)
	for _, p := range d.config.secretProblems() {
		d.tell("files", "a secret", faulty, p.Text, p.Mend)
	}
	d.lookAtConfigFile()
	d.tellLoose("journals", matches(d.config.journals(), "*"))
	d.tellLoose("drafts", matches(d.config.resolve(d.config.Conversations), ".drafts", "*"))
	if dsn := d.config.resolve(d.config.State); !postgresState(dsn) {
		state, _ := filepath.Glob(escapeGlob(dsn) + "*")
		d.tellLoose("the state", append(state, matches(d.config.beside(), ".coalition-*", "*")...))
	}
	if d.config.Mail.Via == "outbox" {
		d.tellLoose("mail that has left", matches(d.config.resolve(d.config.Mail.Outbox), "*"))
	}
	folders := []string{d.config.journals(), d.config.resolve(d.config.Conversations), filepath.Dir(d.config.path),
		d.config.beside()}
	if d.config.Mail.Via == "outbox" {
		folders = append(folders, d.config.resolve(d.config.Mail.Outbox))
	}
	d.tellOpen(append(folders, d.config.path))
	if len(d.found) == before {
		d.tell("files", "permissions", fine, "what is private is for you alone", "")
	}
}

// lookAtConfigFile looks at the config file, which may hold what others should not see.
func (d *doctor) lookAtConfigFile() {
	path, err := d.findConfig()
	info, err2 := os.Stat(path)
	if err != nil || err2 != nil || !loose(info) {
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return
	}
	// Of a config that can't be read it is not known what is in it.
	secret := "it can't be told whether secrets are in it"
	if c, problems := parseConfig(path, data); len(problems) == 0 {
		if secret = c.secretInside(); secret == "" {
			return
		}
	}
	d.tell("files", "the config", doubt, fmt.Sprintf("others of this machine can read %s (mode %04o): %s",
		d.tilde(path), info.Mode().Perm(), secret), "use: chmod 600 "+path)
}

// secretInside says what of the config others should not see; "": nothing.
func (c *config) secretInside() string {
	ins := []signIn{c.Mail.SMTP.signIn}
	if c.Replies != nil && c.Replies.IMAP != nil {
		ins = append(ins, c.Replies.IMAP.signIn)
	}
	for _, b := range c.Calendar.Busy {
		ins = append(ins, b.signIn)
		// Whoever knows such an address can read the calendar.
		if u, err := url.Parse(b.ICS); err == nil && u.Host != "" {
			return "the address of a calendar is in it, by which others could read that"
		}
	}
	if slices.ContainsFunc(ins, func(in signIn) bool { return in.PasswordCommand != "" }) {
		return "a password_command is in it"
	}
	return ""
}

// lookAtPlanModes looks at who can read the private blocks of plans, and who can say in the organizer's place whom they
// write to, and what.
func (d *doctor) lookAtPlanModes(plans []*plan.Plan) {
	var list, all []string
	for _, p := range plans {
		path := p.Problem("", "").File
		if all = append(all, path); p.Private.Filled() > 0 {
			list = append(list, path)
		}
	}
	slices.Sort(list)
	d.tellLoose("private blocks", slices.Compact(list))
	d.tellOpen(all)
}

// tellOpen tells of those of some folders and files that everybody can write to.
func (d *doctor) tellOpen(paths []string) {
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		info, err := os.Stat(path)
		if err != nil || !posix || info.Mode().Perm()&0o002 == 0 || info.Mode()&os.ModeSticky != 0 {
			continue
		}
		what, mend := "a file", "use: chmod 600 "
		if info.IsDir() {
			what, mend = "a folder", "use: chmod 700 "
		}
		d.tell("files", what, faulty, fmt.Sprintf("everybody on this machine can write to %s (mode %04o)",
			d.tilde(path), info.Mode().Perm()), mend+path)
	}
}

// tellLoose tells of those of some files that others can read.
func (d *doctor) tellLoose(what string, paths []string) {
	var wide []string
	mode := fs.FileMode(0)
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && loose(info) {
			wide = append(wide, path)
			mode |= info.Mode().Perm()
		}
	}
	if len(wide) == 0 {
		return
	}
	text := fmt.Sprintf("others of this machine can read %s (mode %04o)", d.tilde(wide[0]), mode)
	mend := "use: chmod 600 " + wide[0]
	if len(wide) > 1 {
		text = fmt.Sprintf("others of this machine can read %s, the first of them %s (mode %04o)", count(len(wide), "file"),
			d.tilde(wide[0]), mode)
		mend = "use: chmod go-rwx " + strings.Join(wide[:min(len(wide), 3)], " ")
		if len(wide) > 3 {
			mend = fmt.Sprintf("use: chmod -R go-rwx %s", filepath.Dir(wide[0]))
		}
	}
	d.tell("files", what, doubt, text, mend)
}

// matches returns what below a folder, whatever that is called, matches the parts of a pattern.
func matches(folder string, pattern ...string) []string {
	// The patterns are in order.
	list, _ := filepath.Glob(filepath.Join(append([]string{escapeGlob(folder)}, pattern...)...))
	return list
}

// escapeGlob returns the pattern that means a path itself.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

const (
	// fullDisk is too little room for a state to be written safely, littleRoom what deserves a look, in bytes.
	fullDisk   = 10 << 20
	littleRoom = 200 << 20
)

// lookAtDisk looks at what the state lies on.
func (d *doctor) lookAtDisk(dsn string) {
	if postgresState(dsn) {
		return
	}
	path := filepath.Dir(dsn)
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			break
		}
		path = filepath.Dir(path)
	}
	if _, err := os.Stat(dsn); err == nil && !writable(dsn) {
		d.tell("state", "the file", faulty, "nothing can be written to "+d.tilde(dsn), "use: chmod 600 "+dsn)
	}
	v, ok := d.volume(path)
	switch {
	case ok && v.free < fullDisk:
		d.tell("state", "the disk", faulty, fmt.Sprintf("there is room for %d MB where the state lies", v.free>>20),
			"make room there, before anything is sent")
	case ok && v.free < littleRoom:
		d.tell("state", "the disk", doubt, fmt.Sprintf("there is room for %d MB where the state lies", v.free>>20),
			"make room there")
	}
	if v.network != "" {
		d.tell("state", "the disk", doubt,
			fmt.Sprintf("the state lies on a file system of a server (%s), where SQLite can't lock its file reliably",
				v.network),
			"name a file on a disk of this machine under state in the config, or a PostgreSQL server")
	}
	if whose := shared(dsn); whose != "" {
		d.tell("state", "the file", doubt,
			d.tilde(dsn)+" lies in "+whose+": what copies or changes it meanwhile may damage it",
			"name a file elsewhere under state in the config")
	}
}

// synced are folders that programs copy elsewhere, by their names, which may go on.
var synced = []string{"Dropbox", "OneDrive", "Google Drive", "GoogleDrive", "iCloud Drive", "Mobile Documents",
	"CloudStorage", "Nextcloud",
	"ownCloud", "pCloudDrive", "MEGA", "Seafile", "Tresorit"}

// public are those that others look into.
var public = []string{"public_html", "Public", "www", "htdocs"}

// shared says in whose hands a path lies besides its owner's, by the names of the folders above it and by what
// programs leave there; "": nobody's, as far as can be told.
func shared(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	for {
		parent := filepath.Dir(path)
		if parent == path {
			return ""
		}
		name := filepath.Base(path)
		switch {
		case slices.ContainsFunc(synced, func(s string) bool { return name == s || strings.HasPrefix(name, s+" ") }):
			return "the folder " + name + ", which is copied elsewhere"
		case slices.Contains(public, name):
			return "the folder " + name + ", which others look into"
		}
		if _, err := os.Stat(filepath.Join(path, ".stfolder")); err == nil {
			return "the folder " + name + ", which Syncthing copies elsewhere"
		}
		path = parent
	}
}
