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
		Use: "version", Short: "Print the version, and that of the zone data in use",
		Example: "  coalition version", Args: cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			v := version()
			if a.json {
				d := zones.Newest()
				return a.printJSON(map[string]string{"version": v, "zones": d.Version,
					"zones_released": d.Released.Format(time.DateOnly), "zones_from": cmp.Or(d.Path, "built in")})
			}
			fmt.Fprintf(a.stdout, "coalition %s\n%s\n", v, zoneData())
			return nil
		},
	}
}

// version returns that of the module, with the commit where it was built from one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := strings.Trim(info.Main.Version, "()")
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v == "devel" {
			v += "-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return v
}

// zoneData says by which data clocks are put.
func zoneData() string {
	d := zones.Newest()
	return fmt.Sprintf("Zone data %s, of %s", d, d.Released.Format("2 Jan 2006"))
}
