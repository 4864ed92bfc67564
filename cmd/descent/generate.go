package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"descent/graph"
	"descent/internal/elementary"
	"descent/models"

	"github.com/spf13/cobra"
)

func generateCommand() *cobra.Command {
	o := &generateOptions{}
	cmd := &cobra.Command{
		Use:   "generate DIR",
		Short: "Write on with a model of text",
		Long: "Write on from a prompt with the model that train has made of a text and saved in DIR: token\n" +
			"by token, each drawn by the model's probabilities. The same seed writes the same.",
		Example: "  descent train alice --model nanogpt --out model\n  descent generate model --prompt 'Alice ' --temperature 0.8 --seed 1",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return o.execute(cmd.OutOrStdout(), args[0]) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.prompt, "prompt", "\n", "what to go on from (default: a new line)")
	f.IntVar(&o.length, "length", 500, "how many tokens to write")
	f.Float64Var(&o.temperature, "temperature", 1, about("temperature", ": 0 takes the most likely token, below 1 is more careful, above 1 bolder"))
	f.IntVar(&o.top, "top-k", 0, "choose among so many tokens, the most likely ones; 0 is all")
	seedFlag(f, &o.seed, "")
	f.Lookup("prompt").DefValue = ""
	return cmd
}

type generateOptions struct {
	prompt      string
	length, top int
	temperature float64
	seed        uint64
}

func (o *generateOptions) execute(w io.Writer, dir string) error {
	if o.length < 0 || o.top < 0 || !(o.temperature >= 0 && o.temperature <= 1e6) {
		return usage(fmt.Errorf("--length %d, --top-k %d, --temperature %v: none is negative", o.length, o.top, o.temperature))
	}
	m, err := readSaved(dir)
	if err != nil {
		return err
	}
	if m.Text == nil {
		return usage(fmt.Errorf("%s: not a model of text: predict applies it", dir))
	}
	prompt, err := m.Text.Encode(o.prompt)
	if err != nil {
		return usage(fmt.Errorf("--prompt: %w", err))
	}
	if len(prompt) == 0 {
		return usage(errors.New("--prompt is empty: a model goes on from at least one token"))
	}
	g, err := m.generator()
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if _, err := io.WriteString(w, o.prompt); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(o.seed, 1))
	next := prompt
	for range o.length {
		scores, err := g.see(next)
		if err != nil {
			return err
		}
		next = []int{o.choose(rng, scores)}
		if _, err := io.WriteString(w, m.Text.Decode(next)); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(w)
	return err
}

// choose draws a token by its score, the logarithm of its probability but for a
// constant.
func (o *generateOptions) choose(rng *rand.Rand, scores []float64) int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	if o.temperature == 0 {
		return order[0]
	}
	if o.top > 0 {
		order = order[:min(o.top, len(order))]
	}
	p, sum := make([]float64, len(order)), 0.0
	for i, k := range order {
		p[i] = elementary.Exp((scores[k] - scores[order[0]]) / o.temperature)
		sum += p[i]
	}
	x := float64(rng.Float64() * sum)
	for i, k := range order {
		if x -= p[i]; x < 0 {
			return k
		}
	}
	return order[0]
}

// A generator is a model that sees one token at a time, and keeps keys and values of
// those before.
type generator struct {
	p                  *graph.Program
	x, position, score *graph.Node
	length             int
	seen               []int
	at                 int // tokens that it has seen since the last start
}

// generator returns the model with its weights.
func (m *saved) generator() (*generator, error) {
	p, err := m.predictor()
	if err != nil {
		return nil, err
	}
	model, _, err := m.Model.ForTokens(m.Text.Context, m.Text.Size())
	if err != nil {
		return nil, err
	}
	root := p.Sibling().StepByStep(m.Text.Context)
	g := &generator{length: m.Text.Context, x: models.Tokens(root, "x", 1, 1, m.Text.Size())}
	g.position, _ = root.Stepwise()
	g.score = model(g.x)
	g.p, err = graph.Function{Outputs: []*graph.Node{g.score}, Updates: root.Kept()}.Compile()
	return g, err
}

// see shows tokens to the model and returns the scores of the next. Where its positions
// end, it starts again with the later half of what it has seen.
func (g *generator) see(tokens []int) ([]float64, error) {
	for len(tokens) > 0 {
		if g.at == g.length {
			tokens = append(slices.Clone(g.seen[len(g.seen)-g.length/2:]), tokens...)
			g.at, g.seen = 0, nil
			if g.length == 1 {
				tokens = tokens[len(tokens)-1:]
			}
		}
		if err := g.p.Run(graph.Let(g.x, tokens[:1]), graph.Let(g.position, []int{g.at})); err != nil {
			return nil, err
		}
		g.seen = append(g.seen, tokens[0])
		g.at++
		tokens = tokens[1:]
	}
	return g.p.Float64s(g.score), nil
}
