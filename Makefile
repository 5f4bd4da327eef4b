# make test    installs the servers and parsers that the tests talk to, where they are missing (as root on
#              Debian; elsewhere it names them), and runs every test, none skipped. Random lives are the
#              same ones each time
# make cover   runs every test, and shows how much of each package they run, from whichever package they
#              are; the profile is .cache/cover.out
# make bench   runs the benchmarks
# make fuzz    lives a thousand new random lives, races processes side by side fifty times, has 80,000 events
#              read by other programs, and lets each fuzz target try 20,000 inputs; make targets does only
#              the last, for FUZZTIME, below FUZZIN
# make lint    runs the linter and the formatter
# make vulns   looks for known vulnerabilities in what the program calls
# make manual  writes the manual pages into .cache/man, make completions those of the shells into .cache/completions;
#              a release (.ci/goreleaser.yaml) carries both
# make zones   takes the built-in zone data from the newest Debian package, where that is newer

# Counted in tries (x): where time (20s) runs out within one, Go 1.26 calls that a failure (go.dev/issue/75804).
FUZZTIME = 20000x
FUZZIN = .

.PHONY: test install build cover bench fuzz targets lint vulns manual completions zones

test: install
	RAPID_SEED=1 go test ./...

install:
	sh .ci/install

build:
	go build -trimpath -o coalition ./cmd/coalition

cover: install
	@mkdir -p .cache
	RAPID_SEED=1 go test -coverprofile=.cache/cover.out -coverpkg=$$(go list ./... | grep -v test$$ | paste -sd,) ./...
	@awk 'NR > 1 { size[$$1] = $$2; if ($$3) hit[$$1] = 1 } \
		END { for (block in size) { package = block; sub("/[^/]*$$", "", package); \
			all[package] += size[block]; if (block in hit) run[package] += size[block] } \
			for (package in all) printf "%5.1f%%  %s\n", 100 * run[package] / all[package], package }' \
		.cache/cover.out | sort -k 2
	@go tool cover -func .cache/cover.out | tail -1

bench:
	go test -run '^$$' -bench . -benchmem ./...

fuzz:
	go test ./scheduler -run 'TestLife' -rapid.checks 1000 -timeout 30m
	COALITION_RACES=50 go test ./cmd/coalition -run 'TestOneTime|TestHoldBeside' -timeout 30m
	go test ./invites/freebusy -run TestForeign -everybody -timeout 30m
	@$(MAKE) targets

targets:
	@grep -rHo --include=*_test.go '^func Fuzz[A-Za-z]*' $(FUZZIN) | sed 's|/[^/]*:func | |; s|^\./||; s|^|./|' | \
		xargs -P 2 -L 1 sh -c 'go test -run "^$$" -fuzz "^$$2\$$" -fuzztime $(FUZZTIME) $$1 || exit 255' fuzz

lint:
	go tool -modfile=.ci/tools/go.mod golangci-lint run

vulns:
	sh .ci/vulns

manual:
	rm -rf .cache/man && mkdir -p .cache/man
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) COALITION_MANUAL=$(CURDIR)/.cache/man \
		go test -count=1 ./cmd/coalition -run '^TestManual$$'
	gzip -9nk .cache/man/*

completions:
	mkdir -p .cache/completions
	for shell in bash zsh fish powershell; do \
		go run ./cmd/coalition completion $$shell >.cache/completions/coalition.$$shell || exit 1; done

zones:
	go generate ./invites/zones
