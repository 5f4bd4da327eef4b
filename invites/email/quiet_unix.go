//go:build unix

package email

import (
	"net"
	"syscall"
)

// quiet reports whether the other side of conn has neither spoken nor hung up. It takes nothing of what was said.
func quiet(conn net.Conn) bool {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	still := true
	err = raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		still = err == syscall.EAGAIN || err == syscall.EINTR
		return true
	})
	return still && err == nil
}
