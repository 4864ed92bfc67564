package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"descent/graph"
	"descent/internal/elementary"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers/schedule"
	"descent/text"
	"descent/train"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// textSetup is what a model of text needs besides its layers.
type textSetup struct {
	*text.Vocabulary
	Context int `json:"context"` // tokens that it sees at once
}

// textFlags are those of train that are for a text.
type textFlags struct {
	context int
	tokens  string
}

func (t *textFlags) add(f *pflag.FlagSet) {
	f.IntVar(&t.context, "context", 64, about("context", ""))
	f.StringVar(&t.tokens, "tokens", "chars", "for a text: what tokens are, chars, bytes or pieces(512), runs of characters that are frequent")
}

// forText are flags that only a text has.
var forText = []string{"context", "tokens"}

// maxText is the longest text that is read.
const maxText = 256 << 20

// A textReport is what train tells about a text.
type textReport struct {
	Data       string        `json:"data"`
	Seed       uint64        `json:"seed"`
	Characters int           `json:"characters"`
	Tokens     int           `json:"tokens"`
	Vocabulary int           `json:"vocabulary"`
	HeldOut    int           `json:"held_out"` // tokens
	Model      string        `json:"model"`
	Optimizer  string        `json:"optimizer"`
	LR         float64       `json:"lr"`
	Batch      int           `json:"batch"`
	Context    int           `json:"context"`
	DType      string        `json:"dtype"`
	Memory     int           `json:"memory"`
	Epochs     []train.Epoch `json:"epochs"`
	// Bits are bits a character of the tail that was held out, beside those of the
	// frequencies of its tokens alone.
	Bits     float64 `json:"bits_per_character"`
	Baseline float64 `json:"baseline"`
	Init     *begun  `json:"init,omitempty"` // the model that it started from
	Out      string  `json:"out,omitempty"`
}

// A textRun is a training on a text.
type textRun struct {
	sequenceRun
	r             textReport
	learned, tail text.Windows
	perCharacter  float64 // tokens of the tail
}

// trainText is train of a model that takes tokens.
func (o *trainOptions) trainText(cmd *cobra.Command, name string) error {
	if err := o.only(cmd, forText, fmt.Sprintf("is for tables and pictures; model %s takes a text", o.Model)); err != nil {
		return err
	}
	if o.run.Method != nil || o.rateFlag.find {
		return usage(errors.New("a model of text is trained by a rule, such as adam(lr=0.003): a search with all rows and --lr find are for tables and pictures"))
	}
	t := &textRun{}
	return o.trainSequence(cmd, name, t, &t.sequenceRun)
}

// read reads the text, learns its tokens and holds out its tail.
func (t *textRun) read(name string) error {
	if err := t.origin.is("a text"); err != nil {
		return err
	}
	s, err := readText(name)
	if err != nil {
		return err
	}
	kind, size, err := parseTokens(t.words.tokens)
	if err != nil {
		return usage(err)
	}
	old := t.origin.of
	if old != nil {
		if kind = old.Text.Kind; !t.given("context") {
			t.words.context = old.Text.Context
		}
	}
	if t.words.context < 1 || t.words.context > 1<<16 {
		return usage(fmt.Errorf("--context %d: it is 1 to %d tokens", t.words.context, 1<<16))
	}
	test := 0.1
	if t.given("test") {
		test = t.test
	}
	cut := len(s) - int(float64(len(s))*test)
	for cut < len(s) && kind != text.Bytes && !utf8.RuneStart(s[cut]) {
		cut++
	}
	var v *text.Vocabulary
	if old != nil {
		v = old.Text.Vocabulary
	} else if v, err = text.Learn(kind, size, s); err != nil {
		return usage(err)
	}
	t.Text = &textSetup{v, t.words.context}
	all := [2][]int{}
	for i, part := range []string{s[:cut], s[cut:]} {
		if all[i], err = v.Encode(part); err != nil {
			return fmt.Errorf("%s: %w: leave --init out, or start from a model of --tokens bytes, which knows all", called(name), err)
		}
	}
	t.learned, t.tail = text.Windows{Tokens: all[0], Length: t.Text.Context}, text.Windows{Tokens: all[1], Length: t.Text.Context}
	t.perCharacter = float64(len(all[1])) / float64(max(1, utf8.RuneCountInString(s[cut:])))
	t.r = textReport{Data: called(name), Seed: t.seed, Characters: utf8.RuneCountInString(s), Tokens: len(all[0]) + len(all[1]), Vocabulary: v.Size(), HeldOut: len(all[1]),
		Model: t.Model.String(), Optimizer: t.optimizer.Text, Context: t.Text.Context, DType: t.dtype, Out: t.out}
	return nil
}

// parseTokens reads --tokens.
func parseTokens(s string) (text.Kind, int, error) {
	name, rest, ok := strings.Cut(s, "(")
	switch kind := text.Kind(name); {
	case kind == text.Pieces:
		size := 512
		if ok {
			n, err := strconv.Atoi(strings.TrimSuffix(rest, ")"))
			if err != nil {
				return "", 0, fmt.Errorf("--tokens %s: write pieces(512) for 512 of them", s)
			}
			size = n
		}
		return kind, size, nil
	case !ok && (kind == text.Chars || kind == text.Bytes):
		return kind, 0, nil
	}
	return "", 0, fmt.Errorf("--tokens %s: there are chars, bytes and pieces(512)", s)
}

// readText reads an embedded text, a file, or the standard input.
func readText(name string) (string, error) {
	if s, ok := text.Embedded(name); ok {
		return s, nil
	}
	in := io.Reader(os.Stdin)
	if name != stdin {
		f, err := os.Open(name)
		if err != nil {
			return "", usage(fmt.Errorf("%w; embedded texts are %s", err, strings.Join(text.Names(), ", ")))
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxText+1))
	if err == nil && len(b) > maxText {
		err = fmt.Errorf("%s: the text is longer than %d MB", called(name), maxText>>20)
	}
	return string(b), err
}

// prepare chooses what was not given, and makes the trainer.
func (t *textRun) prepare() (err error) {
	if t.Loss == nil {
		t.Loss = must(losses.ByName("cross_entropy"))
	}
	if t.run.Epochs == 0 {
		t.run.Epochs = 10
	}
	if t.run.Batch < 0 {
		t.run.Batch = 32
	}
	if t.run.Batch == 0 {
		return usage(errors.New("--batch 0: a text has no rows to take all of; say how many windows are a batch"))
	}
	if t.run.Generate, err = t.learned.Generator(t.run.Batch); err != nil {
		return usage(fmt.Errorf("%s: %w; --context says how long a window is", t.r.Data, err))
	}
	if t.schedule == nil && !t.given("optimizer") {
		steps := t.run.Epochs * t.run.Generate.Batches
		t.schedule = new(must(schedule.Parse(fmt.Sprintf("warmup(steps=%d) | cosine", min(100, steps/10+1)))))
	}
	val, err := t.tail.Rows(64)
	if err != nil {
		return usage(fmt.Errorf("the tail of %s that is held out: %w; --test says how large it is", t.r.Data, err))
	}
	t.run.Val, t.run.Seed, t.run.Explain, t.run.Stop.Patience = val, t.seed, true, 0
	t.r.LR, t.r.Batch = t.lr, t.run.Batch
	return t.build(t.run.Generate.Batches * t.run.Batch)
}

// textTask is the task of a model of text: what comes next, at each place.
func (s *setup) textTask() (train.Task, error) {
	var none train.Task
	if row := s.Loss.Row; row.Name != "cross_entropy" {
		return none, fmt.Errorf("loss %s: a text is trained by cross_entropy", row.Name)
	}
	tokens, length := s.Text.Size(), s.Text.Context
	model, sum, err := s.Model.ForTokens(length, tokens)
	if err != nil {
		return none, err
	}
	if err := s.AllowWeights(sum); err != nil {
		return none, err
	}
	return train.Task{Compute: func(b *train.Batch) train.Result {
		x := b.Whole("x", length)
		graph.LimitIndex(x, tokens, nil)
		logits := model(x)
		n := b.Rows() * length
		loss := s.Loss.Loss(ops.Reshape(logits, n, tokens), ops.Reshape(b.Whole("y", length), n))
		return train.Result{Predictions: []train.Prediction{{Name: "next", Node: logits}}, Losses: []train.Loss{{Name: "loss", Weight: 1, Node: loss}}}
	}}, nil
}

// introduce prints what is going to happen.
func (t *textRun) introduce() error {
	_, sum, err := t.Model.ForTokens(t.Text.Context, t.Text.Size())
	if err != nil {
		return err
	}
	r := &t.r
	fmt.Fprintf(t.w, "%s: %d characters, %d tokens (%s) of %d kinds\n", r.Data, r.Characters, r.Tokens, t.Text.Kind, r.Vocabulary)
	fmt.Fprintf(t.w, "held out: the last %d tokens\nmemory: about %s for the run\n", r.HeldOut, amount(int64(t.memory)))
	fmt.Fprintf(t.w, "%s, %s at learning rate %.4g, batch %d of %d tokens, %d batches an epoch, seed %d, %s\n\n%s\n", r.Model, r.Optimizer, r.LR, r.Batch, r.Context,
		t.run.Generate.Batches, r.Seed, r.DType, sum)
	return nil
}

func (t *textRun) shown() (string, func(train.Epoch)) {
	return "bits", func(e train.Epoch) { e.Val["bits"] = t.bits(e.Val["loss"]) }
}

func (t *textRun) settings() map[string]string {
	return map[string]string{"tokens": t.words.tokens, "text": fmt.Sprintf("%d characters", t.r.Characters), "context": fmt.Sprint(t.r.Context), "test": fmt.Sprint(t.r.HeldOut)}
}

// bits are bits a character of the tail, of a loss in nats a token.
func (t *textRun) bits(loss float64) float64 { return loss / math.Ln2 * t.perCharacter }

func (t *textRun) saved() *saved  { return &saved{Data: t.r.Data} }
func (t *textRun) reader() string { return "generate" }

func (t *textRun) told() any {
	t.r.Memory, t.r.Epochs, t.r.Init = t.memory, t.epochs, t.origin.tell()
	return &t.r
}

func (t *textRun) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "\non the last %d tokens, held out: %.4f bits a character\nby the frequencies of tokens alone: %.4f\n", t.r.HeldOut, t.r.Bits, t.r.Baseline)
	return err
}

// score scores all of the tail, some windows at a time.
func (t *textRun) score(context.Context) error {
	all, err := t.tail.Rows(math.MaxInt)
	if err != nil {
		return err
	}
	sum, n := 0.0, all.Rows()
	for from := 0; from < n; from += 64 {
		to := min(n, from+64)
		part := text.Windows{Tokens: t.tail.Tokens[from*t.r.Context : to*t.r.Context+1], Length: t.r.Context}
		rows, err := part.Rows(to - from)
		if err != nil {
			return err
		}
		s, err := t.trainer.Evaluate(rows)
		if err != nil {
			return err
		}
		sum += float64(s.Loss * float64(to-from))
	}
	t.r.Bits = t.bits(sum / float64(n))
	t.r.Baseline = t.bits(t.frequencies())
	return nil
}

// frequencies is the loss of the tail by the frequencies of tokens in what was trained
// on, each counted once more than it is there.
func (t *textRun) frequencies() (loss float64) {
	count := make([]float64, t.Text.Size())
	for _, k := range t.learned.Tokens {
		count[k]++
	}
	for _, k := range t.tail.Tokens {
		loss -= elementary.Log((count[k] + 1) / float64(len(t.learned.Tokens)+len(count)))
	}
	return loss / float64(len(t.tail.Tokens))
}

// check reports a text model that was not saved so.
func (s *textSetup) check(model models.Spec) error {
	if s.Vocabulary == nil || s.Context < 1 || s.Context > 1<<16 {
		return fmt.Errorf("a context of %d tokens", s.Context)
	}
	if !model.Tokens() {
		return fmt.Errorf("model %s takes no tokens", model)
	}
	return s.Vocabulary.Check()
}
