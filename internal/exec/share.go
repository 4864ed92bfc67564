package exec

// A step is one thing to do in a run. It knows its operands and their sizes.
type step interface {
	run()
	// slots visits the places where the step keeps the addresses of arrays: a loop
	// changes those that move from one of its steps to the next.
	slots(visit func(*uintptr))
}

// divisible is a step that a team can share: its work is in chunks, which may be
// done in any order, by any worker, at the same time. How many there are depends
// on shapes only, and whoever does them, and run alone, gives the same bits.
type divisible interface {
	step
	chunks() int
	reserve(workers int) // before the first run: memory that each worker needs
	prepare()            // in each run, by one worker, before the chunks
	chunk(i, worker int)
	finish() // after them
}

// rows is embedded by steps that compute n rows which are independent of each
// other: a chunk is some of them.
type rows struct{ n, each int }

// rowsOf divides n rows that take work picoseconds each.
func rowsOf(n, work int) rows { return rows{n, chunkLen(n, 1, work)} }

func (r *rows) chunks() int { return max(1, (r.n+r.each-1)/r.each) }

// span returns the rows of chunk i: lo to hi, hi excluded.
func (r *rows) span(i int) (lo, hi int) { return i * r.each, min(r.n, (i+1)*r.each) }

func (*rows) reserve(int) {}
func (*rows) prepare()    {}
func (*rows) finish()     {}

// chunkWork is how long a worker should be busy with a chunk, in picoseconds:
// long beside the handing over. Tests make it shorter.
var chunkWork = 4_000_000

// mostChunks is how many chunks are enough for a team to end together.
const mostChunks = 32

// chunkLen divides n items that take work picoseconds each: how many of them, a
// multiple of unit, are a chunk. That is all if they are worth no handing over,
// else equal chunks, so that a team of two, four or eight ends together.
func chunkLen(n, unit, work int) int {
	chunks := n * work / chunkWork
	if chunks < 2 || unit >= n {
		return max(n, 1)
	}
	if chunks > 8 {
		chunks = min(chunks&^7, mostChunks)
	}
	return ((n+chunks-1)/chunks + unit - 1) / unit * unit
}

// sharedStep is a step that a team shares.
type sharedStep struct {
	divisible
	team *Team
	n    int // chunks
	each func(chunk, worker int)
}

// shared lets the team share a step that is large enough.
func (p *Program[T]) shared(s step) step {
	d, ok := s.(divisible)
	if !ok || p.team.Size() == 1 || d.chunks() == 1 {
		return s
	}
	d.reserve(p.team.Size())
	p.shares = true
	return &sharedStep{d, p.team, d.chunks(), d.chunk}
}

func (s *sharedStep) run() {
	if s.team.alone {
		s.divisible.run()
		return
	}
	s.prepare()
	s.team.each(s.n, s.each)
	s.finish()
}
