package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"coalition/scheduler/store"
	"coalition/scheduler/store/backup"
	"coalition/scheduler/store/erase"
)

func (a *app) backupCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write the whole state into one file",
		Long: `Write the whole state into one file, which only you can read, with the secret that
UIDs and Message-IDs derive from. It is safe at any moment, also while the daemon
sends. The file can be copied onto the state (SQLite), or brought back with restore.
A file that is there is replaced only if it is a backup, and you say so.

Your config, plan files and journals are not in it: they are your own, to be copied
like your other files. What is erased later stays in a backup that was made before.`,
		Example: "  coalition backup coalition-backup.db\n  coalition backup --yes /mnt/backups/coalition.db",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, file := cmd.Context(), args[0]
			c, err := a.readConfig()
			if err != nil {
				return err
			}
			state := c.resolve(c.State)
			if _, err := os.Stat(state); !postgresState(state) && errors.Is(err, fs.ErrNotExist) {
				return usage("there is no state yet at %s, and so nothing to back up",
					"begin with: coalition daemon", state)
			}
			replace, err := a.mayReplace(ctx, c, file)
			if err != nil {
				return err
			}
			if err := a.open(ctx, false); err != nil {
				return err
			}
			if err := backup.Write(ctx, a.state, file, replace); err != nil {
				return cantWrite(file, err)
			}
			sum, err := backup.Inspect(ctx, file, c.addresses())
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(map[string]any{"file": file,
					"conversations": sum.Conversations, "messages": sum.Messages, "sent": sum.Sent})
			}
			a.say("%s holds the whole state: %s, %s. Bring it back with: %s", file,
				count(sum.Conversations, "conversation"), count(sum.Messages, "message"), a.hint("restore "+file))
			return nil
		},
	}
	c.Flags().BoolVarP(&a.yes, "yes", "y", false, "replace a backup that is there without asking")
	return c
}

// mayReplace reports whether there is a backup at file already, which may go.
func (a *app) mayReplace(ctx context.Context, c *config, file string) (bool, error) {
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		if folder, err := os.Stat(filepath.Dir(file)); err != nil || !folder.IsDir() {
			return false, usage("there is no folder %s", "make it, or name a file elsewhere", filepath.Dir(file))
		}
		return false, nil
	}
	if err != nil {
		return false, cantWrite(file, err)
	}
	if sameFile(file, c.resolve(c.State)) {
		return false, usage("%s is the state itself", "name another file", file)
	}
	sum, err := backup.Inspect(ctx, file, c.addresses())
	if err != nil || sum.Copied.IsZero() {
		return false, usage("%s is there already, and is no backup of this state", "name another file", file)
	}
	if a.yes {
		return true, nil
	}
	made := a.local(sum.Copied)
	if !terminal(a.stdin) {
		return false, usage("%s is there already, a backup of %s",
			"add --yes to replace it, or name another file", file, made)
	}
	yes, err := a.agrees(fmt.Sprintf("%s is a backup of %s. Replace it?", file, made))
	if err == nil && !yes {
		err = usage("nothing was written", "")
	}
	return true, err
}

func (a *app) restoreCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Bring back a state from a backup",
		Long: `Put a backup in the place of the state. The state that was there is kept beside it.
Where more has left since than the backup knows of, nothing goes by itself until you
have looked: coalition approve. Stop the daemon before. Conversations that were erased
since the backup are in it still, and come back with it.`,
		Example: "  coalition restore coalition-backup.db",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, file := cmd.Context(), args[0]
			c, err := a.readConfig()
			if err != nil {
				return err
			}
			state := c.resolve(c.State)
			sum, err := backup.Inspect(ctx, file, c.addresses())
			if err != nil {
				return noBackup(file, err)
			}
			if sameFile(file, state) {
				return usage("%s is the state itself", "name a backup", file)
			}
			what := file + " (" + count(sum.Conversations, "conversation") + ", " + count(sum.Messages, "message")
			if !sum.Copied.IsZero() {
				what += ", as on " + a.local(sum.Copied)
			}
			what += ")"
			if !a.yes {
				if !terminal(a.stdin) {
					return usage("nobody can be asked here whether to bring back %s", "add --yes", what)
				}
				yes, err := a.agrees(fmt.Sprintf("Put %s in the place of the state %s? What is there is kept beside.",
					what, shownState(state)))
				if err != nil {
					return err
				}
				if !yes {
					return usage("nothing was changed", "")
				}
			}
			at := home(c.resolve(c.Conversations))
			left := erase.LeftIn(ctx, state, at, c.addresses())
			kept, err := backup.Restore(ctx, state, at, c.addresses(), file)
			switch {
			case errors.Is(err, backup.ErrBusy):
				a.note("coalition: a command is at work on this state\n  try again when it has ended")
				return errPending
			case err != nil:
				return err
			}
			a.say("The state is that of %s again.", what)
			if kept != "" {
				a.say("The one before is kept as %s", kept)
			}
			back, err := left.Carry(ctx, state, at, c.addresses())
			if err != nil {
				return err
			}
			if back > 0 {
				a.note("Since that backup %s erased; what it holds of them is here again. See: %s",
					were(back, "conversation"), a.hint("list"))
			}
			// What is wrong besides, other commands say.
			if b, err := a.board(ctx); err == nil {
				a.sayDoubt(b)
			}
			return nil
		},
	}
	c.Flags().BoolVarP(&a.yes, "yes", "y", false, "restore without asking")
	return c
}

// were counts things, with their verb.
func were(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun + " was"
	}
	return fmt.Sprintf("%d %ss were", n, noun)
}

func postgresState(state string) bool { return strings.Contains(state, "://") }

// shownState shows the state without what signs in to it.
func shownState(state string) string {
	if postgresState(state) {
		return "in the database"
	}
	return state
}

// noBackup says of an error that a file can't be brought back.
func noBackup(file string, err error) error {
	var damaged *store.DamagedError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usage("there is no file %s", "name the file that backup has written", file)
	case errors.As(err, &damaged):
		return fmt.Errorf("%s %s. Nothing was changed; use another backup", file, damaged.What)
	case errors.Is(err, backup.ErrNoBackup):
		return usage("%s is no backup", "name the file that backup has written", file)
	case errors.Is(err, store.ErrOtherOrganizer):
		return usage("%s is a backup of another organizer",
			"if you have changed your address, add the old one to organizer.aliases", file)
	case errors.Is(err, store.ErrNewer):
		return usage("%s was written by a newer version of this program", "use that version", file)
	}
	return fmt.Errorf("%s can't be read: %s", file, errorText(err))
}

func cantWrite(file string, err error) error {
	if errors.As(err, new(*store.DamagedError)) {
		return err
	}
	return fmt.Errorf("%s can't be written: %s", file, errorText(err))
}
