// Command coalition carries out planned one-to-one conversations: it asks permission first, then
// invites, reminds and keeps the books. It knows files, flags, the environment, signals and exit
// codes, and puts the other packages together; what a command means it leaves to the scheduler.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
