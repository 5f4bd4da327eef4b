package main

import "golang.org/x/sys/unix"

// posix says that a file's mode tells who can read it.
const posix = true

// networked are the file systems that lie on a server (statfs(2)).
var networked = map[int64]string{0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB", 0x5346414f: "AFS"}

// volumeOf returns what a path lies on; ok is false where that can't be told.
func volumeOf(path string) (v volume, ok bool) {
	var s unix.Statfs_t
	if unix.Statfs(path, &s) != nil {
		return v, false
	}
	kind := int64(s.Type) //nolint:unconvert // it is shorter on some machines
	return volume{free: s.Bavail * uint64(s.Bsize), network: networked[kind&0xffffffff]}, true
}

// writable reports whether this process may write there.
func writable(path string) bool { return unix.Access(path, unix.W_OK) == nil }
