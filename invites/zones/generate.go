//go:build ignore

// This program makes zoneinfo.zip of the newest Debian package tzdata that this machine's package sources know: each
// zone once, as TZif with all its changes up to 2037 (from the rule behind them Go finds none on the last day of a leap
// year), with the names that are but other names of it, the version, and the days on which the versions came out. It
// needs apt-get, dpkg-deb and zic (libc-bin). Run it with: go generate ./invites/zones
package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const target = "zoneinfo.zip"

func main() {
	log.SetFlags(0)
	work, err := os.MkdirTemp("", "zones")
	if err != nil {
		log.Fatal(err)
	}
	err = generate(work)
	os.RemoveAll(work)
	if err != nil {
		log.Fatal("zoneinfo.zip stays as it is: ", err)
	}
}

func generate(work string) error {
	if err := run(work, "apt-get", "update", "-qq"); err != nil {
		return err
	}
	if err := run(work, "apt-get", "download", "-qq", "tzdata"); err != nil {
		return err
	}
	packages, err := filepath.Glob(filepath.Join(work, "tzdata_*.deb"))
	if err != nil || len(packages) != 1 {
		return errors.New("apt-get has brought no package tzdata")
	}
	if err := run(work, "dpkg-deb", "-x", packages[0], "package"); err != nil {
		return err
	}
	// The rules of all zones, with all their old names: newer Debians have some compiled files in a
	// package of their own, tzdata-legacy, but no rules.
	source := filepath.Join(work, "package/usr/share/zoneinfo/tzdata.zi")
	rules, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	m := regexp.MustCompile(`^# version (\d{4}[a-z]+)\n`).FindSubmatch(rules)
	if m == nil {
		return errors.New("the rules do not name their version")
	}
	version := string(m[1])
	if old, err := oldVersion(); err == nil && old > version {
		return fmt.Errorf("it has %s, and the package has %s", old, version)
	}
	if err := run(work, "zic", "-b", "fat", "-d", "compiled", source); err != nil {
		return err
	}
	releases, err := readReleases(filepath.Join(work, "package/usr/share/doc/tzdata/changelog.gz"))
	if err != nil {
		return err
	}
	if !strings.Contains(releases, version+" ") {
		return fmt.Errorf("the news do not say when %s came out", version)
	}

	// links are the names by their other names.
	links := make(map[string]string)
	for line := range strings.Lines(string(rules)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "L" {
			links[f[2]] = f[1]
		}
	}
	files := map[string][]byte{"version": []byte(version + "\n"), "releases": []byte(releases)}
	var list []string
	for other, name := range links {
		for links[name] != "" {
			name = links[name]
		}
		list = append(list, other+" "+name+"\n")
	}
	slices.Sort(list)
	files["links"] = []byte(strings.Join(list, ""))
	compiled := os.DirFS(filepath.Join(work, "compiled"))
	err = fs.WalkDir(compiled, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || links[path] != "" {
			return err
		}
		files[path], err = fs.ReadFile(compiled, path)
		return err
	})
	if err != nil {
		return err
	}
	if err := write(files); err != nil {
		return err
	}
	fmt.Printf("%s: %s, %d zones, %d other names\n", target, version, len(files)-3, len(links))
	return nil
}

func run(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return nil
}

func oldVersion() (string, error) {
	r, err := zip.OpenReader(target)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := fs.ReadFile(r, "version")
	return strings.TrimSpace(string(data)), err
}

// readReleases returns a line for each version, from the news of the database: "2026f 2026-10-27".
func readReleases(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return "", err
	}
	news, err := io.ReadAll(z)
	if err != nil {
		return "", err
	}
	var list strings.Builder
	release := regexp.MustCompile(`(?m)^Release (\d{4}[a-z]+) - (\d{4}-\d{2}-\d{2}) `)
	for _, m := range release.FindAllSubmatch(news, -1) {
		fmt.Fprintf(&list, "%s %s\n", m[1], m[2])
	}
	return list.String(), nil
}

// write makes the same bytes of the same files.
func write(files map[string][]byte) error {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range names {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err != nil {
			return err
		}
		if _, err := f.Write(files[name]); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(target, out.Bytes(), 0o644)
}
