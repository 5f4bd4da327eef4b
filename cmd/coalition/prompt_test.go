package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
)

// Ctrl-C at a question ends the command at once, although the read of what is typed goes on.
func TestPromptStopped(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	silent, _ := io.Pipe()
	var stderr bytes.Buffer
	a := &app{stdin: silent, stderr: &stderr, soft: ctx}
	stop()
	yes, err := a.agrees("Send it?")
	if yes || !errors.Is(err, errStopped) {
		t.Errorf("agrees: %v, %v", yes, err)
	}
	if code := a.exit(nil, err); code != exitStopped {
		t.Errorf("exit code %d, want %d", code, exitStopped)
	}
}
