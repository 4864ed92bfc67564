package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"time"

	"descent/cmd/descent/internal/engine"
	"descent/cmd/descent/internal/play"
	"descent/internal/atomicfile"
	"descent/internal/web"

	"github.com/spf13/cobra"
)

func playCommand() *cobra.Command {
	var out, addr string
	cmd := &cobra.Command{
		Use:   "play {--out PAGE.html | --serve ADDRESS}",
		Short: "Make a page on which optimizers descend any function",
		Long: "Make a page, one file that works offline, on which anybody types a function of one or two\n" +
			"variables, sets a start, chooses optimizers and their settings, and sees them descend: the map\n" +
			"with all paths moving together, value, gradient and length of step, the kind of point that each\n" +
			"reaches, and the learning rate from which on it diverges. On a second tab nets learn points of two\n" +
			"classes. The engine of the page is this program's, as WebAssembly: numbers are those of\n" +
			"DESCENT_ISA=portable. --serve shows the page to browsers until it is interrupted; only those of\n" +
			"this machine reach it unless the address says otherwise.",
		Example: "  descent play --out page.html\n  descent play --serve 127.0.0.1:8080",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case out == "" && addr == "":
				return usage(errors.New("--out names the page to write, such as page.html; or --serve 127.0.0.1:8080 shows it to browsers"))
			case out != "" && addr != "":
				return usage(errors.New("--out and --serve: the page is written or shown, choose one"))
			}
			if out != "" {
				if err := checkPicture("--out", out, ".html"); err != nil {
					return usage(err)
				}
				if err := writable(out); err != nil {
					return err
				}
			}
			e, err := engine.Load(release())
			if err != nil {
				return err
			}
			var page bytes.Buffer
			if err := play.Write(&page, e); err != nil {
				return err
			}
			if addr != "" {
				return servePage(cmd, addr, page.Bytes())
			}
			if err := atomicfile.Write(out, page.Bytes()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "page: %s, %s\n", out, amount(int64(page.Len())))
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", about("out", ": a page, .html"))
	textFlag(f, &addr, "serve", "", "", "address and port, such as 127.0.0.1:8080, at which browsers see the page; port 0 is any that is free", parseAddress)
	return cmd
}

// servePage shows a page to browsers until the command is interrupted.
func servePage(cmd *cobra.Command, addr string, text []byte) error {
	l, err := listen(cmd, "--serve", addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "page: http://%s/ until it is interrupted\n", l.Addr())
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(text) // who asked may have gone
	})
	return web.Serve(cmd.Context(), l, web.Guard(mux), time.Minute, 16)
}
