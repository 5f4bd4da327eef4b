// Command coalition carries out planned one-to-one conversations: it asks permission first, then
// invites, reminds and keeps the books. It knows files, flags, the environment, signals and exit
// codes, and puts the other packages together; what a command means it leaves to the scheduler.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"coalition/scheduler"
	"coalition/scheduler/outbox"
	"coalition/scheduler/store"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// drainWithin is how long messages being handed over are waited for after a signal.
const drainWithin = 20 * time.Second

// An app is one run of the program.
type app struct {
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer

	configFile string
	at         string
	json       bool
	noColor    bool
	quiet      bool
	yes        bool
	dryRun     bool

	// stdout carries a message: talk goes to stderr.
	aside bool
	// The machine's clock, which --at leaves as it is.
	wall   func() time.Time
	config *config
	state  *store.Store
	sched  *scheduler.Scheduler
	// What sched was made of.
	parts scheduler.Config
	// The daemon's log; nil: a command says itself what has become of messages.
	log *slog.Logger
	// The online calendar of the config; nil: there is none.
	online *watched
	// Ends with the first signal.
	soft context.Context
	// Ends when nothing may be waited for any more.
	hard context.Context
	// What is typed; see prompt.
	lines *bufio.Reader
	// What a named start breaks has been said; see startOf.
	judged bool
	// The door that was told of last; see atDoor.
	toldDoor *outbox.Door
	// How far long work has come; see stage.
	status statusLine
}

// run does what the program does: args without its name, the environment as of [os.Environ]. It returns the exit
// code.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// A command is soon over: nothing is collected below 64 MB. The daemon sets it back.
	debug.SetGCPercent(1600)
	a := &app{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr, wall: time.Now}
	return a.run(ctx, args)
}

func (a *app) run(ctx context.Context, args []string) int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	// It is ignored under nohup.
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(ctx, signals...)
	defer stop()
	hard, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	a.soft, a.hard = ctx, hard
	go func() {
		select {
		case <-ctx.Done():
			// A second signal ends the program at once.
			stop()
			time.AfterFunc(drainWithin, end)
		case <-hard.Done():
		}
	}()
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	cmd, err := root.ExecuteContextC(ctx)
	a.putRight()
	if a.state != nil {
		a.state.Close()
	}
	return a.exit(cmd, err)
}

func (a *app) getenv(name string) string {
	for _, pair := range slices.Backward(a.environ) {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "coalition",
		Short: "Carry out planned one-to-one conversations: ask, invite, remind",
		Long: `coalition carries out the one-to-one conversations that you plan in files: it asks
permission first with an honest brief, invites once there is a yes, reminds, and
keeps the books. Nothing goes out that you did not mean to send.

Start with:  coalition init, coalition new, coalition check
Then:        coalition daemon`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		DisableAutoGenTag: true,
	}
	f := root.PersistentFlags()
	f.StringVar(&a.configFile, "config", "",
		"the config `FILE` (default $COALITION_CONFIG, ./config.yaml, ~/.config/coalition/config.yaml)")
	f.BoolVar(&a.json, "json", false, "print data as JSON")
	f.BoolVar(&a.noColor, "no-color", false, "print without colors")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "print only data and errors")
	f.StringVar(&a.at, "at", "", "let the clock start at `TIME` (it sends for real; rehearse with --dry-run)")
	root.AddGroup(
		&cobra.Group{ID: "plan", Title: "Plan:"},
		&cobra.Group{ID: "send", Title: "Ask, invite, change:"},
		&cobra.Group{ID: "run", Title: "Let it run:"},
		&cobra.Group{ID: "look", Title: "Look:"},
	)
	group := func(id string, list ...*cobra.Command) {
		for _, c := range list {
			c.GroupID = id
			root.AddCommand(c)
		}
	}
	group("plan", a.initCommand(), a.newCommand(), a.editCommand(), a.importCommand(), a.checkCommand(), a.schemaCommand(), a.templateCommand())
	group("send", a.readyCommand(), a.askCommand(), a.answerCommand(), a.inviteCommand(), a.moveCommand(),
		a.counterCommand(), a.agendaCommand(), a.cancelCommand(), a.debriefCommand())
	group("run", a.daemonCommand(), a.receiveCommand(), a.syncCommand(), a.approveCommand(), a.pauseCommand(),
		a.resumeCommand(), a.backupCommand(), a.restoreCommand(), a.exportCommand(), a.eraseCommand(), a.authCommand())
	group("look", a.listCommand(), a.mapCommand(), a.showCommand(), a.prepareCommand(), a.slotsCommand(), a.logCommand(),
		a.doctorCommand())
	root.AddCommand(a.versionCommand())
	root.SetHelpCommand(a.helpCommand())
	root.Version = built().String()
	root.SetVersionTemplate("coalition {{.Version}}\n")
	root.InitDefaultCompletionCmd()
	if c, _, err := root.Find([]string{"completion"}); err == nil {
		c.RunE = onlyGroup
	}
	return root
}

// onlyGroup refuses a command that only has others below it.
func onlyGroup(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		text, mend := misread(cmd, fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath()))
		return usage("%s", mend, text)
	}
	return usage("%s needs one more word", "see: "+cmd.CommandPath()+" --help", cmd.CommandPath())
}

// sends adds the flags of a command that sends.
func (a *app) sends(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVarP(&a.yes, "yes", "y", false, "send without asking")
	c.Flags().BoolVar(&a.dryRun, "dry-run", false, "show the finished message and send nothing")
	return c
}
