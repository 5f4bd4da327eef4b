//go:build !linux

package main

import (
	"os"
	"runtime"
)

// posix says that a file's mode tells who can read it.
const posix = runtime.GOOS != "windows"

// volumeOf returns what a path lies on; ok is false where that can't be told, as here.
func volumeOf(string) (v volume, ok bool) { return v, false }

// writable reports whether this process may write there, as far as its mode tells.
func writable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o200 != 0
}
