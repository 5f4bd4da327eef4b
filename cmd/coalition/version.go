package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coalition/invites/zones"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version, with its commit and day, and that of the zone data in use",
		Example: "  coalition version", Args: cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			made := built()
			if a.json {
				d := zones.Newest()
				return a.printJSON(map[string]string{"version": made.version, "commit": made.commit, "date": made.date,
					"zones": d.Version, "zones_released": d.Released.Format(time.DateOnly),
					"zones_from": cmp.Or(d.Path, "built in")})
			}
			fmt.Fprintf(a.stdout, "coalition %s\n%s\n", made, zoneData())
			return nil
		},
	}
}

// A build is what the program was built from: the version of the module, or "devel" where it has none, and the commit
// with its day; both are "" where it was not built from a checkout.
type build struct{ version, commit, date string }

func built() build {
	b := build{version: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.version = strings.Trim(info.Main.Version, "()")
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value[:min(12, len(s.Value))]
		case "vcs.time":
			b.date, _, _ = strings.Cut(s.Value, "T")
		}
	}
	return b
}

// String returns it for people.
func (b build) String() string {
	if b.commit == "" {
		return b.version
	}
	return fmt.Sprintf("%s (commit %s, %s)", b.version, b.commit, b.date)
}

// zoneData says by which data clocks are put.
func zoneData() string {
	d := zones.Newest()
	return fmt.Sprintf("Zone data %s, of %s", d, d.Released.Format("2 Jan 2006"))
}
