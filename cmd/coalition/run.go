package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"coalition/invites"
	"coalition/invites/email"
	"coalition/invites/google"
	"coalition/scheduler"
	"coalition/scheduler/plan"
	"coalition/scheduler/store"
	"coalition/scheduler/strictyaml"
	"coalition/templates"
	"coalition/templates/answers"
)

// The exit codes. They are part of what scripts rely on.
const (
	exitDone    = 0
	exitFailed  = 1   // failed, or still pending at the end of a sending command
	exitUsage   = 2   // wrong usage, invalid input, not ready
	exitLogin   = 4   // somebody has to sign in
	exitNoYes   = 8   // no yes is on record
	exitStopped = 130 // Ctrl-C at a question
	timeLayout  = "Mon 2 Jan 2006 15:04"
	drainWithin = 20 * time.Second // how long messages being handed over are waited for after a signal
)

// An app is one run of the program.
type app struct {
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer

	configFile string
	at         string
	json       bool
	aside      bool // stdout carries a message: talk goes to stderr
	noColor    bool
	quiet      bool
	yes        bool
	dryRun     bool

	config   *config
	state    *store.Store
	sched    *scheduler.Scheduler
	online   *watched        // the online calendar of the config; nil: there is none
	soft     context.Context // ends with the first signal
	hard     context.Context // ends when nothing may be waited for any more
	lines    *bufio.Reader   // what is typed; see prompt
	toldDoor *scheduler.Door // see atDoor
}

// run is the program: args without its name, the environment as of [os.Environ]. It returns the exit
// code.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	debug.SetGCPercent(1600) // a command is soon over: nothing is collected below 64 MB; the daemon sets it back
	a := &app{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr}
	return a.run(ctx, args)
}

func (a *app) run(ctx context.Context, args []string) int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
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
			stop() // a second signal ends the program at once
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
	if a.state != nil {
		a.state.Close()
	}
	return a.exit(cmd, err)
}

// A usageError is a fault of how the program was called. Its hint says what to do instead.
type usageError struct{ text, hint string }

func (e *usageError) Error() string { return e.text }

func usage(text, hint string, args ...any) error {
	return &usageError{fmt.Sprintf(text, args...), hint}
}

// errPending ends a sending command whose messages have not all gone.
var errPending = errors.New("not everything has gone")

// exit says what went wrong, in words, and gives the exit code.
func (a *app) exit(cmd *cobra.Command, err error) int {
	var refusal *scheduler.Refusal
	var wrong *usageError
	var problems problemsError
	var bad *badPlanError
	var running *store.RunningError
	var damaged *store.DamagedError
	say := func(text, hint string) {
		fmt.Fprintf(a.stderr, "coalition: %s\n", text)
		if hint != "" {
			fmt.Fprintf(a.stderr, "  %s\n", hint)
		}
	}
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errPending):
		return exitFailed
	case errors.Is(err, errStopped):
		fmt.Fprintln(a.stderr)
		return exitStopped
	case errors.Is(err, errFound):
		return exitUsage
	case errors.As(err, &problems):
		printProblems(a.stderr, problems, true)
		return exitUsage
	case errors.As(err, &bad):
		printProblems(a.stderr, bad.problems, false)
		fmt.Fprintf(a.stderr, "  see the lines with: coalition check %s\n", bad.ref)
		return exitUsage
	case errors.As(err, &refusal):
		say(refusal.Text, refusal.Mend)
		switch {
		case errors.Is(err, scheduler.ErrNoYes):
			return exitNoYes
		case errors.Is(err, scheduler.ErrBusy):
			return exitFailed
		}
		return exitUsage
	case errors.As(err, &wrong):
		say(wrong.text, wrong.hint)
		return exitUsage
	case errors.Is(err, google.ErrClient):
		say(err.Error(), "")
		return exitUsage
	case errors.Is(err, invites.ErrLogin):
		say(err.Error(), "") // which says how
		return exitLogin
	case errors.As(err, &running):
		say(running.Error(), "stop it first, or leave the work to it")
		return exitFailed
	case errors.As(err, &damaged):
		if damaged.Path == "" && a.config != nil {
			damaged.Path = a.config.resolve(a.config.State)
		}
		say("the state can't be used: "+damaged.Error(), damaged.Mend())
		return exitFailed
	case errors.Is(err, store.ErrNewer):
		say(err.Error(), "use that version, or another state")
		return exitFailed
	case errors.Is(err, store.ErrOtherOrganizer):
		say(err.Error(), "if you have changed your address, add the old one to organizer.aliases")
		return exitUsage
	case a.config == nil && !strings.HasPrefix(err.Error(), "coalition:"): // cobra: a wrong flag, command or number of arguments
		say(misread(cmd, err))
		return exitUsage
	case errors.Is(err, context.Canceled):
		say("stopped", "")
		return exitFailed
	}
	say(err.Error(), "")
	return exitFailed
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
	f.StringVar(&a.configFile, "config", "", "the config `FILE` (default $COALITION_CONFIG, ./config.yaml, ~/.config/coalition/config.yaml)")
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
	group("plan", a.initCommand(), a.newCommand(), a.checkCommand(), a.schemaCommand(), a.templateCommand())
	group("send", a.readyCommand(), a.askCommand(), a.answerCommand(), a.inviteCommand(), a.moveCommand(), a.counterCommand(), a.agendaCommand(), a.cancelCommand())
	group("run", a.daemonCommand(), a.receiveCommand(), a.syncCommand(), a.approveCommand(), a.pauseCommand(), a.resumeCommand(), a.backupCommand(), a.restoreCommand(), a.authCommand())
	group("look", a.listCommand(), a.showCommand(), a.logCommand())
	root.AddCommand(a.versionCommand())
	root.SetHelpCommand(a.helpCommand())
	root.Version = version()
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

// open reads the config and opens the state; a read-only one is neither made nor changed.
func (a *app) open(ctx context.Context, readOnly bool) error {
	c, err := a.readConfig()
	if err != nil {
		return err
	}
	words, err := c.words()
	if err != nil {
		return problemsError{c.doc.Problem("the folder of templates is not there", "make it, or leave the key empty", "templates")}
	}
	dsn := c.resolve(c.State)
	settings := c.settings()
	a.config = c
	folder := &plan.Folder{Path: c.resolve(c.Conversations), Shown: c.resolve(c.Conversations), Meet: c.Calendar.Via == "google"}
	if marker, err := folder.Marker(); marker != nil || err != nil { // there was a state, and one with nothing in it is none
		if err := store.Blank(ctx, dsn); err != nil {
			return fmt.Errorf("the state can't be used: %w", err)
		}
	}
	st, err := store.OpenFrom(ctx, dsn, home(folder.Path), c.addresses(), readOnly)
	if err != nil {
		return fmt.Errorf("the state can't be used: %w", err)
	}
	a.state = st
	a.sched = &scheduler.Scheduler{
		Settings: settings,
		Plans:    folder,
		Store:    st,
		Secret:   st.Secret(),
		Sender:   c.sender(),
		Via:      string(c.Mail.Via),
		Words:    words,
		Finish:   email.Finish,
		Now:      time.Now,

		Understand: understand(words),
		// Commands say themselves what has become of messages; only the daemon keeps a log.
		Log:     slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Account: c.accountOf,
		Mailbox: c.mailbox(),
		Link:    c.link(),
	}
	if !readOnly {
		if a.online, err = c.online(func(ends time.Time) {
			fmt.Fprintf(a.stderr, "The sign-in to Google ends on %s. Before it does, use: coalition auth google\n", a.local(ends))
		}); err != nil {
			return err
		}
	}
	if a.online != nil {
		a.sched.Online, a.sched.Poll = a.online, time.Duration(c.Calendar.Google.Poll)
	}
	if a.at != "" {
		start, err := a.parseTime(a.at, time.Now())
		if err != nil {
			return err
		}
		began := time.Now()
		a.sched.Now = func() time.Time { return start.Add(time.Since(began)) }
	}
	return nil
}

// understand returns what reads replies in the words of the templates. Those are read with the first reply, since most
// commands see none; where they can't be read no reply says anything, and the organizer decides.
func understand(words *templates.Set) func(lang, text string, names ...string) answers.Meaning {
	reader := sync.OnceValues(words.Answers)
	return func(lang, text string, names ...string) answers.Meaning {
		r, err := reader()
		if err != nil {
			return answers.Meaning{}
		}
		return r.Read(lang, text, names...)
	}
}

// home stands for a folder of plans on this machine, among all that may share a state.
func home(folder string) string {
	host, _ := os.Hostname() // without a name, the path has to do
	if path, err := filepath.Abs(folder); err == nil {
		folder = path
	}
	sum := sha256.Sum256([]byte(host + "\x00" + folder))
	return hex.EncodeToString(sum[:16])
}

// parseTime reads a TIME of the command line; relative ones count from now.
func (a *app) parseTime(s string, now time.Time) (time.Time, error) {
	d, err := plan.ParseDate(s)
	if err != nil {
		return time.Time{}, usage("%q is no time", "write 2027-03-04 10:00, 2027-03-04T10:00:00+01:00, 2027-03-04, or `in 10 days at 10:00`", s)
	}
	t, err := d.Instant(now, string(a.sched.Zone), a.sched.Hours)
	if err != nil {
		return time.Time{}, usage("%s %s", "choose another time", s, err)
	}
	return t, nil
}

// parseStart reads a TIME at which a talk is to begin, which is the organizer's, and gives it on the
// clock of zone.
func (a *app) parseStart(s string, zone *time.Location) (plan.Slot, error) {
	d, err := plan.ParseDate(s)
	if err == nil && !d.HasClock() {
		return plan.Slot{}, usage("%q has no time of day", "write it as 2027-03-04 10:00", s)
	}
	at, err := a.parseTime(s, a.sched.Now())
	if err != nil {
		return plan.Slot{}, err
	}
	slot := plan.SlotOf(at.In(zone))
	if !slot.Time().Equal(at) {
		return plan.Slot{}, usage("on the clock of %s this time exists twice", "choose another", zone)
	}
	return slot, nil
}

// board is all conversations as they stand, for a command that only looks.
func (a *app) board(ctx context.Context) (*scheduler.Board, error) {
	if err := a.open(ctx, true); err != nil {
		return nil, err
	}
	return a.look(ctx)
}

// look is all conversations as they stand.
func (a *app) look(ctx context.Context) (*scheduler.Board, error) {
	b, err := a.sched.Look(ctx, 0)
	return b, a.noFolder(err)
}

// noFolder says of an error that there is no folder of plan files, where that is what it says.
func (a *app) noFolder(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return usage("there is no folder of plan files at %s", "make it, or name another under conversations in the config", a.sched.Plans.Path)
	}
	return err
}

// A badPlanError is that of a command that names a plan which can't be used.
type badPlanError struct {
	ref      string
	problems []strictyaml.Problem // shown without their lines, which only check shows
}

func (e *badPlanError) Error() string { return "the plan of " + e.ref + " can't be used" }

// find is the conversation that a command names. A plan with a problem is refused: what it means is
// not known.
func (a *app) find(b *scheduler.Board, ref string) (*scheduler.Conversation, error) {
	c, err := b.Find(ref)
	id, _, _ := strings.Cut(ref, "/")
	if err == nil {
		id = string(c.ID)
	}
	bad := &badPlanError{ref: id}
	for _, p := range b.Problems {
		if !p.Warning && p.Owner == id {
			bad.problems = append(bad.problems, p)
		}
	}
	if len(bad.problems) > 0 && (err != nil || c.Unread()) {
		return nil, bad
	}
	return c, err
}

// ids completes the ids of conversations.
func (a *app) ids(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 && cmd.Name() != "check" && cmd.Name() != "approve" {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	b, err := a.board(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []string
	for _, c := range b.Conversations {
		if ref := c.Ref(); strings.HasPrefix(ref, begun) && !slices.Contains(args, ref) {
			list = append(list, ref+"\t"+c.Plan.With.Name+", "+string(c.Status(b.Now)))
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// say prints talk: on stderr where stdout carries data.
func (a *app) say(format string, args ...any) {
	if a.quiet {
		return
	}
	w := a.stdout
	if a.json || a.aside {
		w = a.stderr
	}
	fmt.Fprintf(w, format+"\n", args...)
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printProblems prints each problem, with its line where that can't end up in a log.
func printProblems(w io.Writer, list []strictyaml.Problem, lines bool) {
	for _, p := range list {
		fmt.Fprintln(w, p)
		if lines && p.Excerpt != "" {
			fmt.Fprintln(w, p.Excerpt)
		}
	}
}

// terminal reports whether v is a terminal.
func terminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// confirm asks y/N on a terminal. Where nobody can be asked, --yes is needed.
func (a *app) confirm(question string) error {
	if a.yes {
		return nil
	}
	if !terminal(a.stdin) {
		return usage("nobody can be asked here whether to send", "add --yes, or look first with --dry-run")
	}
	yes, err := a.agrees(question)
	if err == nil && !yes {
		err = usage("nothing was sent", "")
	}
	return err
}

// agrees asks y/N; no answer is a no.
func (a *app) agrees(question string) (bool, error) {
	answer, err := a.prompt(question + " [y/N] ")
	if errors.Is(err, io.EOF) {
		fmt.Fprintln(a.stderr) // what follows begins on a line of its own
		err = nil
	}
	answer = strings.ToLower(answer)
	return answer == "y" || answer == "yes", err
}

// inquire asks until the answer is one that valid takes; an empty one stands for preset. Where nothing may
// be left out, needed says so.
func (a *app) inquire(question, preset string, needed bool, valid func(string) error) (string, error) {
	if preset != "" {
		question += " [" + preset + "]"
	}
	for {
		answer, err := a.prompt(question + ": ")
		if errors.Is(err, io.EOF) {
			fmt.Fprintln(a.stderr)
			return "", usage("nothing was written: the answers ended too soon", "")
		}
		if err != nil {
			return "", err
		}
		if answer == "" {
			answer = preset
		}
		switch {
		case answer == "" && !needed:
			return "", nil
		case answer == "":
			fmt.Fprintln(a.stderr, "  This one is needed; Ctrl-C leaves.")
			continue
		}
		if err := invites.Line(answer); err != nil {
			fmt.Fprintf(a.stderr, "  This %s.\n", err)
			continue
		}
		if valid == nil {
			return answer, nil
		}
		var fault *strictyaml.Fault
		switch err := valid(answer); {
		case err == nil:
			return answer, nil
		case errors.As(err, &fault):
			fmt.Fprintf(a.stderr, "  This %s; %s.\n", fault.Text, fault.Mend)
		default:
			fmt.Fprintf(a.stderr, "  This %s.\n", err)
		}
	}
}

// errStopped ends a command at whose question somebody has pressed Ctrl-C.
var errStopped = errors.New("stopped at a question")

// prompt is the line that is typed behind text; the error is io.EOF at the end of the input, or errStopped.
func (a *app) prompt(text string) (string, error) {
	fmt.Fprint(a.stderr, text)
	if a.lines == nil {
		a.lines = bufio.NewReader(a.stdin)
	}
	type input struct {
		line string
		err  error
	}
	typed := make(chan input, 1)
	go func() { // nothing calls a read back
		line, err := a.lines.ReadString('\n')
		if line = strings.TrimSpace(line); line != "" {
			err = nil
		}
		typed <- input{line, err}
	}()
	select {
	case in := <-typed:
		return in.line, in.err
	case <-a.soft.Done():
		return "", errStopped
	}
}
