package main

import (
	"cmp"
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"

	"coalition/invites/plaintext"
)

// A screen asks the questions of a walk on a terminal. The fields are huh's; its forms go on in messages of their own,
// between which what is typed ahead would land in the wrong field, so that keys are taken here.
type screen struct {
	a *app
	w *walk
	// field is the one for the current question; nil while work is done.
	field huh.Field
	line  string
	yes   bool
	// What is wrong with the last answer.
	fault         string
	width, height int
	// Work that is done, and what was typed meanwhile.
	stop  context.CancelFunc
	ahead []tea.Msg
	err   error
	over  bool
}

// worked tells that work is done.
type worked struct{ err error }

// walkScreen asks with a field for each question, below the answers so far. These are left on the screen.
func (a *app) walkScreen(w *walk) error {
	s := &screen{a: a, w: w, width: 80, height: 24}
	options := []tea.ProgramOption{
		tea.WithContext(a.soft), tea.WithInput(a.stdin), tea.WithOutput(a.stderr), tea.WithEnvironment(a.environ),
		// The program has its own.
		tea.WithoutSignalHandler(),
	}
	if a.noColor || a.getenv("NO_COLOR") != "" {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	_, err := tea.NewProgram(s, options...).Run()
	switch {
	case a.soft.Err() != nil:
		return errStopped
	case err != nil:
		return usage("the terminal can't be used to ask (%s)", "answer by flags, or set TERM=dumb", err)
	}
	for _, line := range s.answered() {
		a.note("%s", strings.Join(plaintext.Wrap(line, s.width), "\n"))
	}
	return s.err
}

// columns are those that a question takes: lines that are too long are hard to read.
func (s *screen) columns() int { return min(s.width, 100) }

func (s *screen) Init() tea.Cmd { return s.ask() }

// ask begins the current question.
func (s *screen) ask() tea.Cmd {
	q := s.w.current()
	s.fault, s.field = "", nil
	if q.work != nil {
		ctx, stop := context.WithCancel(s.a.soft)
		s.stop = stop
		return func() tea.Msg {
			defer stop()
			return worked{q.work(ctx)}
		}
	}
	keys := huh.NewDefaultKeyMap()
	keys.Select.Filter.SetEnabled(false)
	keys.Text.NewLine = key.NewBinding(key.WithKeys("enter"))
	switch {
	case q.choices != nil:
		s.line = *q.text
		labels := q.labels(s.columns()-2, 0)
		options := make([]huh.Option[string], len(labels))
		for i, c := range q.choices {
			options[i] = huh.NewOption(labels[i], c.value)
		}
		s.field = huh.NewSelect[string]().Title(q.title).Description(q.explain).Options(options...).Value(&s.line)
	case q.yes != nil:
		s.yes = *q.yes
		s.field = huh.NewConfirm().Title(q.title).Description(q.explain).Value(&s.yes).WithButtonAlignment(lipgloss.Left)
	case q.list != nil:
		if s.line = strings.Join(*q.list, "\n"); s.line != "" {
			s.line += "\n"
		}
		s.line = cmp.Or(q.unsent, s.line)
		s.field = huh.NewText().Title(q.title).Description(q.explain).ExternalEditor(false).Lines(5).Value(&s.line)
	case q.long:
		s.line = cmp.Or(q.unsent, *q.text)
		s.field = huh.NewText().Title(q.title).Description(q.explain).ExternalEditor(false).Lines(3).Value(&s.line)
	case q.secret != nil:
		s.line = *q.secret
		s.field = huh.NewInput().Title(q.title).Description(q.explain).EchoMode(huh.EchoModePassword).Value(&s.line)
	default:
		s.line = cmp.Or(q.unsent, *q.text)
		s.field = huh.NewInput().Title(q.title).Description(q.explain).Value(&s.line)
	}
	s.field = s.field.WithTheme(huh.ThemeFunc(theme)).WithKeyMap(keys).WithWidth(s.columns())
	return tea.Batch(s.field.Init(), s.field.Focus())
}

// theme uses the terminal's own colours, which its owner can read.
func theme(dark bool) *huh.Styles {
	t := huh.ThemeBase16(dark)
	f := &t.Focused
	f.Base = lipgloss.NewStyle()
	f.Title = lipgloss.NewStyle().Bold(true)
	f.Description = lipgloss.NewStyle().Faint(true)
	f.Option, f.UnselectedOption = lipgloss.NewStyle(), lipgloss.NewStyle()
	f.SelectedOption = lipgloss.NewStyle().Bold(true)
	f.FocusedButton = lipgloss.NewStyle().Reverse(true).Padding(0, 2).MarginRight(1)
	f.BlurredButton = lipgloss.NewStyle().Padding(0, 2).MarginRight(1)
	return t
}

func (s *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
		if s.field != nil {
			s.field = s.field.WithWidth(s.columns())
		}
		return s, nil
	case worked:
		if s.stop = nil; msg.err != nil {
			return s, s.end(msg.err)
		}
		cmds := []tea.Cmd{s.next()}
		ahead := s.ahead
		s.ahead = nil
		for _, msg := range ahead {
			_, cmd := s.Update(msg)
			cmds = append(cmds, cmd)
		}
		return s, tea.Batch(cmds...)
	case tea.KeyPressMsg:
		return s, s.press(msg)
	case tea.PasteMsg:
		if s.field == nil {
			s.ahead = append(s.ahead, msg)
			return s, nil
		}
	}
	return s, s.pass(msg)
}

// pass hands a message to the field.
func (s *screen) pass(msg tea.Msg) tea.Cmd {
	if s.field == nil {
		return nil
	}
	m, cmd := s.field.Update(msg)
	s.field, _ = m.(huh.Field)
	return cmd
}

func (s *screen) press(msg tea.KeyPressMsg) tea.Cmd {
	switch pressed := msg.String(); {
	case s.over:
		return nil
	case pressed == "ctrl+c":
		return s.end(errStopped)
	case pressed == "ctrl+z":
		return tea.Suspend
	case s.field == nil:
		s.ahead = append(s.ahead, msg)
		return nil
	case pressed == "esc" || pressed == "shift+tab":
		if q := s.w.current(); q.text != nil && q.choices == nil || q.list != nil {
			q.unsent = s.line
		}
		s.w.back()
		return s.ask()
	case pressed == "tab" || pressed == "enter" && !s.unended():
		return s.submit()
	case pressed == "ctrl+d" && s.w.current().list != nil:
		return s.submit()
	case s.w.current().yes != nil && strings.Contains("yYnN", pressed):
		s.yes = strings.EqualFold(pressed, "y")
		return s.submit()
	}
	s.fault = ""
	return s.pass(msg)
}

// unended reports whether Enter begins a new line of a list.
func (s *screen) unended() bool {
	return s.w.current().list != nil && s.line != "" && !strings.HasSuffix(s.line, "\n")
}

// submit takes the answer, or says what is wrong with it.
func (s *screen) submit() tea.Cmd {
	q := s.w.current()
	s.fault = ""
	switch {
	case q.yes != nil:
		*q.yes = s.yes
	case q.choices != nil:
		*q.text = s.line
	case q.list != nil:
		before := *q.list
		*q.list = nil
		for line := range strings.SplitSeq(s.line, "\n") {
			if s.fault == "" && strings.TrimSpace(line) != "" {
				s.fault = q.take(line)
			}
		}
		if s.fault == "" && len(*q.list) == 0 {
			s.fault = q.take("")
		}
		if s.fault != "" {
			*q.list = before
		}
	default:
		s.fault = q.take(strings.ReplaceAll(s.line, "\n", " "))
	}
	if s.fault != "" {
		return nil
	}
	q.unsent = ""
	return s.next()
}

func (s *screen) next() tea.Cmd {
	more, err := s.w.next()
	if err != nil || !more {
		return s.end(err)
	}
	return s.ask()
}

func (s *screen) end(err error) tea.Cmd {
	if s.stop != nil {
		s.stop()
	}
	s.err, s.over = err, true
	return tea.Quit
}

// answered are the answers so far, a line for each.
func (s *screen) answered() []string {
	var list []string
	for _, i := range s.w.past {
		q := s.w.questions[i]
		answer := q.answer()
		if answer == "" {
			answer = "-"
		}
		list = append(list, q.title+": "+answer)
	}
	return list
}

func (s *screen) View() tea.View {
	if s.over {
		return tea.NewView("")
	}
	faint := lipgloss.NewStyle().Faint(true)
	var below []string
	if s.field == nil {
		below = append(below, s.w.current().title+" …", "", faint.Render("Ctrl-C leaves."))
	} else {
		below = append(below, s.field.View())
		if s.fault != "" {
			red := lipgloss.NewStyle().Foreground(lipgloss.Red)
			below = append(below, red.Render(strings.Join(plaintext.Wrap(s.fault, s.width-2), "\n")))
		}
		below = append(below, "", faint.Render(strings.Join(plaintext.Wrap(s.keys(), s.width-2), "\n")))
	}
	text := strings.Join(below, "\n")
	// The newest answers, as far as there is room.
	var above []string
	for _, line := range s.answered() {
		above = append(above, plaintext.Wrap(line, s.width-2)...)
	}
	if room := max(0, s.height-lipgloss.Height(text)-2); len(above) > room {
		above = above[len(above)-room:]
	}
	if len(above) > 0 {
		text = faint.Render(strings.Join(above, "\n")) + "\n\n" + text
	}
	return tea.NewView(text)
}

// keys tells which keys do what.
func (s *screen) keys() string {
	list := "Enter goes on"
	switch q := s.w.current(); {
	case q.choices != nil:
		list = "Up and down choose, Enter goes on"
	case q.yes != nil:
		list = "y or n"
	case q.list != nil:
		list = "One to a line, an empty line goes on"
	}
	if len(s.w.past) > 0 {
		list += ", Esc goes back"
	}
	return list + ", Ctrl-C leaves."
}
