# make test    installs the servers and parsers that the tests talk to, where they are missing (as root on
#              Debian; elsewhere it names them), and runs every test, none skipped. Random lives are the
#              same ones each time
# make bench   runs the benchmarks
# make fuzz    lives a thousand new random lives, races processes side by side fifty times, and lets each
#              fuzz target run for 20 seconds
# make lint    runs the linter and the formatter
# make zones   takes the built-in zone data from the newest Debian package, where that is newer

.PHONY: test install bench fuzz lint zones build

test: install
	RAPID_SEED=1 go test ./...

install:
	sh .ci/install

build:
	go build -trimpath -o coalition ./cmd/coalition

bench:
	go test -run '^$$' -bench . -benchmem ./...

fuzz:
	go test ./scheduler -run 'TestLife' -rapid.checks 1000 -timeout 30m
	COALITION_RACES=50 go test ./cmd/coalition -run 'TestOneTime|TestHoldBeside' -timeout 30m
	@grep -rHo --include=*_test.go '^func Fuzz[A-Za-z]*' . | sed 's|/[^/]*:func | |' | \
		while read -r package target; do go test -run '^$$' -fuzz "^$$target\$$" -fuzztime 20s $$package || exit 1; done

lint:
	go tool -modfile=.ci/tools/go.mod golangci-lint run

zones:
	go generate ./invites/zones
